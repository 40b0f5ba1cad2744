"""The site: every link on it leads somewhere, nothing on it is fetched from elsewhere, and pages are not heavy."""

import doctest
import re
from functools import cache
from importlib import import_module
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup

from notebooks.teaching import links, refresh, site

COURSE = links.Published("someone/adamcourse", "main")


@cache
def parsed(file):
    """Return a page without what its explorer carries, which is long and has no links."""
    page = re.sub(r"<script.*?</script>", "", file.read_text(encoding="utf-8"), flags=re.S)
    return BeautifulSoup(re.sub(r'src="data:[^"]*"', "", page), "html.parser")


@cache
def ids_of(file):
    return {tag["id"] for tag in parsed(file).select("[id]")}


@pytest.fixture(scope="module", autouse=True)
def parsed_is_forgotten():
    yield
    parsed.cache_clear()


def pages_of(folder):
    """Return the pages that Sphinx has written; slides, and the part that runs Python, have tests of their own."""
    files = sorted(folder.rglob("*.html"))
    return [file for file in files if file.relative_to(folder).parts[0] not in ("run", "slides", "_static")]


def test_every_link_anchor_and_download_is_there(whole_site):
    found = 0
    for file in pages_of(whole_site):
        for tag in parsed(file).select("[href], [src]"):
            address = urlsplit(tag.get("href") or tag["src"])
            if address.scheme or tag.name == "math" or not (address.path or address.fragment):
                continue
            target = (file.parent / unquote(address.path)).resolve() if address.path else file
            target = target / "index.html" if target.is_dir() else target
            assert target.exists(), (file.name, tag)
            if address.fragment and target.suffix == ".html":
                assert unquote(address.fragment) in ids_of(target), (file.name, tag)
            found += 1
    assert found > 3000


def test_nothing_is_fetched_from_elsewhere(whole_site):
    for file in pages_of(whole_site):
        html = file.read_text(encoding="utf-8")
        for address in re.findall(r'<(?:script|img|iframe)[^>]* src="([^"]*)"|<link[^>]* href="([^"]*)"', html):
            assert not re.match("https?:|//", "".join(address)), (file.name, address)


def test_pages_are_lighter_than_3_mb(whole_site):
    assert max(file.stat().st_size for file in pages_of(whole_site)) < 3e6


def test_every_lesson_has_its_doors_and_they_are_its_own_repository_s(whole_site):
    for lesson in refresh.lessons():
        doors = {a.text: a["href"] for a in parsed(whole_site / "notebooks" / f"{lesson.stem}.html").select(".doors a")}
        assert doors["Run it in the browser"] == f"../run/lab/index.html?path={lesson.name}"
        assert doors["Binder"] == links.binder(COURSE, lesson.name)
        assert doors["Colab"] == links.colab(COURSE, lesson.name)
        assert (whole_site / "notebooks" / doors["Download"]).read_bytes() == lesson.read_bytes()


def test_without_a_published_course_there_are_no_links_to_it():
    assert "Binder" not in site.doors(refresh.lessons()[0]) and "Colab" not in site.doors(refresh.lessons()[0])


def test_the_reference_has_every_public_name(whole_site):
    """What the rooms of the package hand on, each with its equations where `help` has them."""
    for page in (whole_site / "reference").glob("*.html"):
        if page.stem == "index":
            continue
        room = import_module(f"adamcourse.{page.stem}")
        names = [n for n, it in vars(room).items() if getattr(it, "__module__", "").startswith(room.__name__)]
        ids = {tag["id"].split(".")[-1] for tag in parsed(page).select("dt[id]")}
        assert {name for name in names if not name.startswith("_") and callable(getattr(room, name))} <= ids, page.stem
    formulas = parsed(whole_site / "reference" / "optimizers.html").select(".formula")
    assert "m̂ = m / (1 - β1^t),  v̂ = v / (1 - β2^t)" in [line.text for f in formulas for line in f.select(".line")]


def test_the_examples_of_its_docstrings():
    assert doctest.testmod(site) == (0, 1)


def test_a_folder_that_holds_something_else_is_not_replaced(tmp_path, capsys):
    (tmp_path / "thesis.txt").write_text("work", encoding="utf-8")
    with pytest.raises(SystemExit):
        site.main([str(tmp_path)])
    assert "holds something else" in capsys.readouterr().err and (tmp_path / "thesis.txt").exists()
