"""An explorer as it stands on a page: its controls, picture and words, moved with keys and clicks."""

import base64
import io

from ipywidgets import IntSlider
from PIL import Image
from playwright.sync_api import expect

from tests.test_explorers import picture

SLIDER, TICK, LIST = ".noUi-handle", "input[type=checkbox]", "select"
AT_LAST = {
    SLIDER: "handle => handle.ariaValueNow === handle.ariaValueMax",
    LIST: "list => list.selectedIndex === list.length - 1",
}
VALUE = "(handle, base) => (x => base ? base ** x : x)(handle.closest('.noUi-target').noUiSlider.get(true))"
HOLDS = f"([handle, base, value]) => Math.abs(({VALUE})(handle, base) - value) <= 1e-6 * Math.abs(value)"


class Shown:
    """The explorer with a number, counted from the top of the page, and among those that a selector finds."""

    def __init__(self, page, number=0, among=".widget-vbox:has(.explorer-picture)"):
        self.page = page
        self.box = page.locator(among).nth(number)
        self.picture, self.sentence, self.verdict = (
            self.box.locator(f".explorer-{part}") for part in ("picture", "sentence", "verdict")
        )

    def controls(self):
        """Return what the keyboard can reach of each control, with its kind."""
        rows = self.box.locator(".widget-slider, .widget-checkbox, .widget-dropdown").all()
        kinds = [next(kind for kind in (SLIDER, TICK, LIST) if row.locator(kind).count()) for row in rows]
        return [(kind, row.locator(kind)) for kind, row in zip(kinds, rows, strict=True)]

    def press(self, kind, control):
        """Move a control by one step with the keyboard."""
        control.focus()
        back = kind != TICK and control.evaluate(AT_LAST[kind])
        if kind == SLIDER:
            self.page.keyboard.press("ArrowLeft" if back else "ArrowRight")
            return
        self.page.keyboard.press("Space")
        if kind == LIST:  # while a list is closed, JupyterLab takes the arrows to go from cell to cell
            self.box.locator("select:open").wait_for()
            self.page.keyboard.press("ArrowUp" if back else "ArrowDown")
            self.page.keyboard.press("Enter")

    def set(self, kind, control, value, base=None):
        """Give a control a value, as a learner types or clicks it; base is that of a logarithmic slider."""
        if kind == TICK:
            control.set_checked(value)
        elif kind == LIST:
            control.select_option(label=str(value))
        else:
            readout = self.readout(control)
            readout.fill(f"{value:.9g}")
            readout.press("Enter")
            self.page.wait_for_function(HOLDS, arg=[control.element_handle(), base, value])

    def track(self, handle):
        """Return what a slider's handle slides on."""
        return handle.locator("xpath=ancestor::*[contains(@class, 'noUi-base')]")

    def readout(self, handle):
        """Return the number beside a slider."""
        return handle.locator("xpath=ancestor::*[contains(@class, 'widget-slider')]").locator(".widget-readout")

    def value(self, handle, control):
        """Return the value that a slider's handle stands at; control is the same slider in Python."""
        value = handle.evaluate(VALUE, getattr(control, "base", None))
        return round(value) if isinstance(control, IntSlider) else value  # 11.000000000000002 is 11

    def click(self, name):
        """Press a button of the explorer."""
        self.box.get_by_role("button", name=name, exact=True).click()

    def says(self, words):
        """Wait until the explorer says this, below the picture and as the picture's name."""
        expect(self.sentence).to_have_text(words)
        expect(self.picture).to_have_attribute("aria-label", words)

    def drawn(self):
        """Return the picture that is drawn on the canvas."""
        png = self.picture.evaluate("canvas => canvas.toDataURL()").split(",")[1]
        return Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB")

    def shows(self, made):
        """Wait until the explorer says what the same one in this process says, and see that it draws the same."""
        self.says(made.readout.text)
        assert self.drawn().tobytes() == picture(made).tobytes(), made.readout.text

    def pixels(self):
        """Return what is seen of the picture."""
        return self.picture.screenshot()
