"""Lessons as pages and slides: everything of the notebook is there, and nothing of the network."""

import html
import re
from functools import cache
from urllib.parse import unquote

import nbformat
import pytest
from bs4 import BeautifulSoup

from notebooks.teaching import pages, refresh

LESSONS = {file.stem: nbformat.read(file, as_version=4) for file in refresh.lessons()}
every_lesson = pytest.mark.parametrize("name", LESSONS)


@cache
def page_of(name):
    return pages.page(LESSONS[name])


@cache
def deck_of(name):
    return pages.deck(LESSONS[name])


def words(text):
    """Return the words of HTML or Markdown, without tags and marks."""
    return re.findall(r"\w+", html.unescape(re.sub(r"<[^>]*>", "", text)))


@every_lesson
def test_a_page_has_all_cells_all_captions_no_address_outside_and_is_short(name):
    page, notebook = page_of(name), LESSONS[name]
    shown = " ".join(words(page))
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert " ".join(words(html.escape(cell.source))) in shown
            for output in cell.outputs:
                assert " ".join(words(html.escape(output.get("text", "")))) in shown
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    captions = [output.metadata["image/png"]["alt"] for output in outputs if "image/png" in output.get("data", {})]
    assert [image["alt"] for image in BeautifulSoup(page, "html.parser").find_all("img")] == captions
    assert max(len(page.encode()), len(deck_of(name).encode())) < 3e6
    assert set(re.findall(r"https?://[^\s\"'<>]+", page)) <= {"http://www.w3.org/1998/Math/MathML"}


@every_lesson
def test_every_formula_is_set_as_mathml(name):
    source = "\n".join(cell.source for cell in LESSONS[name].cells if cell.cell_type == "markdown")
    formulas = re.findall(r"\$\$.+?\$\$|\$[^$]+\$", source, flags=re.S)
    page = BeautifulSoup(page_of(name), "html.parser")
    assert len(page.find_all("math")) >= len(formulas)
    for code in page.select("style, .code, .printed"):
        code.decompose()
    assert "\\" not in page.text and "$" not in page.text


@every_lesson
def test_slides_begin_where_the_cells_say_and_at_each_picture(name):
    notebook = LESSONS[name]
    kinds = [cell.metadata.get("slideshow", {}).get("slide_type", "-") for cell in notebook.cells]
    pictures = sum(
        "image/png" in output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", [])
    )
    deck = deck_of(name)
    texts = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    headings = sum(text.startswith(("# ", "## ")) for text in texts)
    assert kinds.count("slide") == headings > 3
    assert deck.count("<section>") == 2 * headings + kinds.count("subslide") + pictures
    assert deck.count("</section>") == deck.count("<section>")
    for cell, kind in zip(notebook.cells, kinds, strict=True):
        assert kind != "skip" or all(
            line.startswith(("#", "import adamcourse  #")) for line in cell.source.splitlines()
        )


def test_links_between_lessons_lead_to_pages():
    page = page_of("06_assemble_adam") + pages.page(pages.sheet())
    links = re.findall(r'href="([^"]+)"', page)
    assert links and all(link.removesuffix(".html") in LESSONS for link in links)


def test_a_link_to_a_section_leads_to_its_heading():
    @cache
    def headings_of(name):
        return {heading["id"] for heading in BeautifulSoup(page_of(name), "html.parser").select("h2[id], h3[id]")}

    found = 0
    for name in LESSONS:
        for file, section in re.findall(r'href="(\w+)\.html#([^"]+)"', page_of(name)):
            assert unquote(html.unescape(section)) in headings_of(file), (name, file, section)
            found += 1
    assert found > 10


def test_the_command_writes_pages_and_slides(tmp_path, capsys):
    for arguments, written in ((["06"], "pages/06_assemble_adam"), (["00", "--slides"], "slides/00_start_here")):
        pages.main([*arguments, "--to", str(tmp_path / "new")])
        file = tmp_path / "new" / f"{written}.html"
        assert capsys.readouterr().out.split() == [str(file)]
        assert file.read_text(encoding="utf-8").endswith("</html>")


def test_an_unknown_lesson_is_named(capsys):
    with pytest.raises(SystemExit) as stopped:
        pages.main(["19"])
    assert stopped.value.code == 2
    assert "19: there are lessons 00 to 18, and sheet" in capsys.readouterr().err
