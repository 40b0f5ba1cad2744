"""What the course puts on a page is legible in JupyterLab's light theme and in its dark one."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import SCREENSHOTS

LIGHT, DARK = "JupyterLab Light", "JupyterLab Dark"
ENOUGH = 4.5  # the contrast that the Web Content Accessibility Guidelines 2.2 ask of text, 1.4.3
CONTRASTS = """
() => {
    const pixel = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const shade = layers => {  // the luminance of colours painted over one another
        for (const colour of ['white', ...layers]) { pixel.fillStyle = colour; pixel.fillRect(0, 0, 1, 1); }
        const light = [...pixel.getImageData(0, 0, 1, 1).data].map(
            c => c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);
        return 0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2];
    };
    const isText = node => node.nodeType === Node.TEXT_NODE && node.data.trim();
    const texts = [...document.querySelectorAll('.jp-OutputArea *')].filter(
        e => e.checkVisibility() && (e.matches('select') || [...e.childNodes].some(isText)));
    return texts.map(element => {
        const layers = [getComputedStyle(element).color];
        for (let e = element; e; e = e.parentElement) layers.unshift(getComputedStyle(e).backgroundColor);
        const [dark, light] = [shade(layers), shade(layers.slice(0, -1))].sort((a, b) => a - b);
        return [element.textContent.trim().slice(0, 60), (light + 0.05) / (dark + 0.05)];
    });
}
"""
PICTURES = """
() => Promise.all([...document.querySelectorAll('.jp-OutputArea :is(img, canvas)')].map(async image => {
    await image.decode?.();
    const [width, height] = [image.naturalWidth ?? image.width, image.naturalHeight ?? image.height];
    const canvas = new OffscreenCanvas(width, height).getContext('2d');
    canvas.drawImage(image, 0, 0);
    const data = canvas.getImageData(0, 0, width, height).data;
    return [[...data.slice(0, 3)], data.every((value, i) => i % 4 < 3 || value === 255)];
}))
"""


def change_theme(page, theme):
    """Ask for a theme; JupyterLab answers when it has noted the wish, and then loads the theme for a second or more."""
    page.evaluate("theme => jupyterapp.commands.execute('apputils:change-theme', { theme }).then(() => null)", theme)


def test_every_text_stands_out_in_both_themes(lesson):
    lesson.locator("input[type=radio]").first.check()
    expect(lesson.locator(".widget-html", has_text=re.compile("Right\\.|Not this one\\.")).first).to_be_visible()
    lesson.locator(".explorer-picture").first.scroll_into_view_if_needed()
    try:
        for theme in (LIGHT, DARK):
            change_theme(lesson, theme)
            expect(lesson.locator("body")).to_have_attribute("data-jp-theme-name", theme)
            lesson.screenshot(path=SCREENSHOTS / f"{lesson.lesson} {theme}.png")
            contrasts = lesson.evaluate(CONTRASTS)
            assert len(contrasts) > 20
            assert not [(text, contrast) for text, contrast in contrasts if contrast < ENOUGH], theme
    finally:
        change_theme(lesson, LIGHT)  # the next page opens in it; nobody has to see this one change back


def test_pictures_are_white_and_opaque_and_so_legible_on_any_page(lesson):
    pictures = lesson.evaluate(PICTURES)
    assert pictures
    assert all(picture == [[255, 255, 255], True] for picture in pictures)
