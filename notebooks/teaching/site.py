"""Write the course as a site: lessons, slides, guides, the package's reference, and Python in the browser.

    python notebooks/teaching/site.py            into the folder site
    python notebooks/teaching/site.py FOLDER     into another one, which is replaced

Nothing is executed, and nothing is written twice: the pages are the README, the lessons and the guides themselves, set
by Sphinx (templates/site/conf.py); slides are those of pages.py, the part that runs Python that of browser_site.py. All
but that part can be read from the folder, without a server or a network.
"""

import re
import shutil
import sys
import tempfile
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import nbformat

import adamcourse
from notebooks.teaching import browser_site, links, pages, refresh

ROOT = refresh.LESSONS.parent
FOLDER = ROOT / "site"
TEMPLATES = pages.TEMPLATES / "site"
DOCUMENTS = ("CONTRIBUTING.md", "CHANGELOG.md", "data/README.md", "notebooks/glossary.md")
FILES = ("LICENSE", "CITATION.cff", "tests/benchmarks/learner.md")  # what documents link to besides
PICTURE = "notebooks/teaching/race.gif"
FOR_TEACHERS = ("guide", "sheet", "questions", "article", "grading", "hosting", "writing")


def write_sources(folder, course=None):
    """Write what Sphinx builds the site from; each file lies where it lies in the repository."""
    shutil.copytree(TEMPLATES, folder, dirs_exist_ok=True)
    shutil.copy(pages.TEMPLATES / "page" / "explorer.css", folder / "_static")
    for file in (*DOCUMENTS, *FILES, *(f"notebooks/teaching/{name}.md" for name in FOR_TEACHERS)):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        text = "---\norphan: true\n---\n" * file.startswith("tests/") + (ROOT / file).read_text(encoding="utf-8")
        (folder / file).write_text(text.replace("](../../README.md)", "](../../index.md)"), encoding="utf-8")
    shutil.copy(ROOT / PICTURE, folder / PICTURE)
    for file in refresh.lessons():
        lesson = for_the_site(file, course)
        (folder / "notebooks" / file.name).write_text(refresh.text_of(lesson), encoding="utf-8")
    for file, text in {**front_pages(), **reference()}.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(text, encoding="utf-8")


def for_the_site(file, course=None):
    """Return a lesson with recorded explorers, and links that open it elsewhere below what it says of itself."""
    lesson = pages.with_explorers(nbformat.read(file, as_version=4))
    lesson.metadata.language_info["pygments_lexer"] = "ipython3"
    lesson.cells.insert(1, nbformat.v4.new_markdown_cell(doors(file, course), id="doors"))
    return lesson


def doors(file, course=None):
    """Return the links that run, show or give a lesson, as HTML; those to Binder and Colab need a published course.

    >>> doors(Path("00_start_here.ipynb"))[-46:]
    '<a href="00_start_here.ipynb">Download</a></p>'
    """
    here = {"Run it in the browser": f"../run/lab/index.html?path={file.name}"}
    elsewhere = {"Binder": links.binder(course, file.name), "Colab": links.colab(course, file.name)} if course else {}
    return _row(here | elsewhere | {"Slides": f"../slides/{file.stem}.html", "Download": file.name})


def _row(doors):
    each = [f'<a href="{to}">{name}</a>' for name, to in doors.items()]
    return f'<p class="doors">{" ".join(each)}</p>'


def front_pages():
    """Return the pages that the menu names, by file: parts of the README, with a list of the pages below each."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    begin = _row(
        {
            "Read": "notebooks/00_start_here.html",
            "Run in the browser": "run/lab/index.html?path=00_start_here.ipynb",
            "Install": "#install",
        }
    )
    picture = re.search(r"^!\[.*$", readme, flags=re.M)[0]
    front = readme.replace(picture, f"{picture}\n\n{begin}\n\n## Install")
    lessons = [file.stem for file in refresh.lessons()]
    return {
        "index.md": front + _below(["notebooks/index", "reference/index", "notebooks/teaching/index", "about"]),
        "notebooks/index.md": _part(readme, "The lessons", "notebooks/") + _below([*lessons, "glossary"]),
        "notebooks/teaching/index.md": _part(readme, "To teach with it", "notebooks/teaching/") + _below(FOR_TEACHERS),
        "about.md": _part(readme, "Contributing and licence")
        + _below([name.removesuffix(".md") for name in DOCUMENTS[:-1]]),
    }


def _part(text, title, above=""):
    """Return a section of a text as a page, with links from a folder below."""
    part = re.search(rf"^#(# {title}\n.*?)(?=^## |\Z)", text, flags=re.M | re.S)[1]
    return part.replace(f"]({above}", "](")


def _below(names):
    return "\n".join(["", "```{toctree}", ":hidden:", *names, "```", ""])


def reference():
    """Return the pages of the package's reference, by file: one for each room."""
    rooms = re.findall(r"^(\w+) {2,}(.+)$", adamcourse.__doc__, flags=re.M)
    listed = "\n".join(f":doc:`{room}`\n   {said}" for room, said in rooms)
    below = "\n".join(["", "", ".. toctree::", "   :hidden:", "", *(f"   {room}" for room, _ in rooms), ""])
    return {"reference/index.rst": _title("The package", "=") + listed + below} | {
        f"reference/{room}.rst": _room(f"adamcourse.{room}") for room, _ in rooms
    }


def _room(name):
    """Return the page of a module, or of a package and the modules that its docstring lists."""
    room = import_module(name)
    listed = re.findall(r"^(\w+) {2,}", room.__doc__, flags=re.M) if hasattr(room, "__path__") else []
    modules = [module for module in listed if find_spec(f"{name}.{module}")]
    parts = [_title(name, "=") + f".. automodule:: {name}\n"]
    parts += [_title(module, "-") + f".. automodule:: {name}.{module}\n" for module in modules]
    return "\n".join(parts)


def _title(words, line):
    return f"{words}\n{line * len(words)}\n\n"


def write_site(folder, course=None):
    """Write the site into a folder; one that is there is replaced."""
    with tempfile.TemporaryDirectory() as temporary:
        sources, built = Path(temporary) / "sources", Path(temporary) / "site"
        write_sources(sources, course)
        command = [sys.executable, "-m", "sphinx", "--fail-on-warning", "--keep-going", "--quiet", "--jobs", "auto"]
        browser_site.run(
            [*command, "--doctree-dir", str(Path(temporary) / "trees"), str(sources), str(built)], cwd=ROOT
        )
        for file in refresh.lessons():
            shutil.copy(file, built / "notebooks")
            slides = built / "slides" / f"{file.stem}.html"
            slides.parent.mkdir(exist_ok=True)
            slides.write_text(pages.deck(nbformat.read(file, as_version=4)), encoding="utf-8")
        browser_site.write_site(built / "run")
        browser_site.replace(folder, built)


def main(arguments=None):
    folder = browser_site.chosen_folder(arguments, "Write the course as a site.", FOLDER, mark="searchindex.js")
    write_site(folder, links.published())
    print(f"{folder}: written. Open {folder / 'index.html'}, or, to run Python there, first:")
    print(f"python -m http.server --directory {folder}")


if __name__ == "__main__":
    sys.exit(main())
