"""Write lessons as pages to read and print, or as slides to project: each is one file that needs no network.

    python notebooks/teaching/pages.py                   every lesson as a page, into the folder pages
    python notebooks/teaching/pages.py 06 --slides       lesson 06 as slides, into the folder slides
    python notebooks/teaching/pages.py sheet             the derivation of Adam on one sheet of paper

No cell is executed: pages and slides show the stored outputs. Explorers are recorded, so that their main slider and
their presets work without Python (see recorded.py). The browser sets the formulas itself, as MathML.
In a deck a picture begins a slide of its own; where else one begins is set by the slide types of the cells, which
JupyterLab shows in its property inspector.
"""

import argparse
import copy
import html
import itertools
import re
from pathlib import Path

import nbformat
from latex2mathml.converter import convert
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from pygments.formatters import HtmlFormatter

from notebooks.teaching import recorded, refresh

HERE = Path(__file__).resolve().parent
ROOT = refresh.LESSONS.parent
TEMPLATES = HERE / "templates"
SHEET = HERE / "sheet.md"
EXPLORER = re.compile(r"^from adamcourse\.explorers\.(\w+) import \1$", flags=re.M)  # what a cell that shows one says
CODE_STYLE = "xcode"  # of Pygments; its colours have enough contrast on light grey


def anchor(title):
    """Return the name under which JupyterLab links to a heading: its words, joined by hyphens.

    >>> anchor("Save and resume")
    'Save-and-resume'
    """
    return title.replace(" ", "-")


class MathML(IPythonRenderer):
    """Renders Markdown with formulas as MathML, which browsers set and screen readers read without a library.

    A heading can be linked to as in JupyterLab.
    """

    def heading(self, text, level, **attributes):
        return f'<h{level} id="{anchor(re.sub("<[^>]*>", "", text))}">{text}</h{level}>\n'

    def inline_math(self, body):
        return convert(body)

    def block_math(self, body):
        return convert(body, display="block")


def markdown(text):
    """Return Markdown as HTML; a formula and the punctuation after it stay on one line."""
    made = MarkdownWithMath(MathML(escape=False, exclude_anchor_links=True)).render(text)
    return re.sub(r"(<math(?:(?!</math>).)*</math>[,.;:)?!]+)", r'<span class="together">\1</span>', made, flags=re.S)


def page(notebook):
    """Return a notebook as one HTML page."""
    return _written("page", with_explorers(notebook), style=_style("page/page.css", "page/explorer.css"))


def deck(notebook):
    """Return a notebook as slides, one HTML file with reveal.js inside it."""
    return _written(
        "deck",
        pictures_apart(with_explorers(notebook)),
        style=_style("page/page.css", "page/explorer.css", "deck/deck.css"),
        reveal_style=_text("deck/reveal.css"),
        reveal_script=_text("deck/reveal.js"),
    )


def sheet():
    """Return the sheet as a notebook of one cell."""
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(SHEET.read_text(encoding="utf-8"))])


def with_explorers(notebook):
    """Return a copy of a notebook in which pictures are HTML, and those of explorers have a record that moves them."""
    notebook = copy.deepcopy(notebook)
    for cell in notebook.cells:
        name = EXPLORER.search(cell.source)
        for output, caption in itertools.pairwise(cell.get("outputs", [])):
            if "image/png" in output.get("data", {}):
                picture, output.metadata["picture"] = _image(output), True
                if name:
                    record = recorded.record(name[1])
                    about = caption.data["text/markdown"].partition(" At first: ")[0]
                    caption.data["text/markdown"] = f"{about} {record['note']}*"
                output.data = {"text/html": recorded.html(record, picture) if name else picture}
    return notebook


def _image(output):
    how = output.metadata["image/png"]
    data, alt = output.data["image/png"].replace("\n", ""), html.escape(how["alt"])
    return f'<img src="data:image/png;base64,{data}" alt="{alt}" width="{how["width"]}" height="{how["height"]}">'


def pictures_apart(notebook):
    """Return a copy of a notebook in which each picture, and what comes after it, has a cell and a slide of its own."""
    notebook, cells = copy.deepcopy(notebook), []
    for cell in notebook.cells:
        cells.append(cell)
        outputs = cell.get("outputs", [])
        first = next((i for i, output in enumerate(outputs) if output.get("metadata", {}).get("picture")), len(outputs))
        if first < len(outputs):
            shown = nbformat.v4.new_code_cell(
                outputs=outputs[first:], metadata={"slideshow": {"slide_type": "subslide"}}
            )
            cells.append(shown)
            cell.outputs = outputs[:first]
    notebook.cells = cells
    return notebook


def _written(template, notebook, **parts):
    folder = [str(TEMPLATES)]
    exporter = HTMLExporter(template_name=template, extra_template_basedirs=folder, extra_template_paths=folder)
    exporter.exclude_input_prompt = exporter.exclude_output_prompt = True
    exporter.register_filter("markdown2html", markdown)
    title = re.search(r"^# (.+)", notebook.cells[0].source, flags=re.M)[1]
    text, _ = exporter.from_notebook_node(notebook, resources={"title": title} | parts)
    return re.sub(r'href="(?:\.\./)?(\d\d_\w+)\.ipynb', r'href="\1.html', text)


def _style(*files):
    return "\n".join([HtmlFormatter(style=CODE_STYLE).get_style_defs(".highlight"), *map(_text, files)])


def _text(file):
    return (TEMPLATES / file).read_text(encoding="utf-8")


def notebooks(names):
    """Return the notebooks of lessons, all of them without names, and of the sheet, by the name of their page.

    Raises ValueError when a name is neither the number of a lesson nor "sheet".
    """
    numbers = [file.name[:2] for file in refresh.lessons()]
    for name in names:
        if name not in [*numbers, "sheet"]:
            raise ValueError(f"{name}: there are lessons {numbers[0]} to {numbers[-1]}, and sheet")
    files = [] if set(names) == {"sheet"} else refresh.lessons(names)
    found = {file.stem: nbformat.read(file, as_version=4) for file in files}
    return found | ({"sheet": sheet()} if "sheet" in names else {})


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="numbers of lessons, such as 06, or sheet; default: all lessons")
    parser.add_argument("--slides", action="store_true", help="write slides to project")
    parser.add_argument("--to", type=Path, default=ROOT, help="where the folder pages or slides is made; default: here")
    arguments = parser.parse_args(arguments)
    folder, write = ("slides", deck) if arguments.slides else ("pages", page)
    try:
        chosen = notebooks(arguments.names)
    except ValueError as error:
        parser.error(str(error))
    for name, notebook in chosen.items():
        file = arguments.to / folder / f"{name}.html"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(write(notebook), encoding="utf-8")
        print(file)


if __name__ == "__main__":
    main()
