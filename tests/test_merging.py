"""Updates of a lesson: whatever both sides have edited, nothing of the learner's is lost, and what is new arrives."""

import string
from copy import deepcopy

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adamcourse.merging import alike, merged

LONG = 56 * "x"  # ids that differ after what a note's id keeps of them, and some that look like a note's
NAMES = st.sampled_from([*string.ascii_lowercase[:5], "a-new", "b-new", "b-new-2", LONG + "1", LONG + "2", 64 * "y"])
TEXTS = st.sampled_from(["", "x = 1", "x = 2", "y = 3", "```\na fence\n```", "# A title"])


def cell(name, source, kind="code"):
    make = nbformat.v4.new_code_cell if kind == "code" else nbformat.v4.new_markdown_cell
    return make(source, id=name)


def notebook(*cells):
    return nbformat.v4.new_notebook(cells=[cell(*parts) for parts in cells])


@st.composite
def notebooks(draw, names=NAMES):
    order = draw(st.lists(names, unique=True, max_size=6))
    return notebook(*[(name, draw(TEXTS), draw(st.sampled_from(["code", "markdown"]))) for name in order])


@st.composite
def edited(draw, base, prefix):
    """A notebook that somebody has made of another one: cells changed, deleted, moved and added."""
    cells = [(c.id, draw(st.just(c.source) | TEXTS), c.cell_type) for c in base.cells if draw(st.integers(0, 4)) > 0]
    for number in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(cells)))
        cells.insert(place, (f"{prefix}{number}", draw(TEXTS), "code"))
    if draw(st.booleans()):
        cells = draw(st.permutations(cells))
    return notebook(*cells)


@st.composite
def three(draw):
    base = draw(notebooks())
    return base, draw(edited(base, "mine")), draw(edited(base, "new"))


def sources(found):
    return [(c.cell_type, c.source) for c in found.cells]


def by_id(found):
    return {c.id: c for c in found.cells}


@given(three())
def test_nothing_that_the_learner_wrote_is_lost_and_the_notebook_is_valid(versions):
    base, mine, theirs = versions
    untouched = deepcopy(versions)
    result, _ = merged(*versions)
    assert versions == untouched
    nbformat.validate(result)
    assert len(by_id(result)) == len(result.cells)
    given, kept = by_id(base), by_id(result)
    for own in mine.cells:
        was = given.get(own.id)
        if was is None or (was.cell_type, was.source) != (own.cell_type, own.source):
            assert (kept[own.id].cell_type, kept[own.id].source) == (own.cell_type, own.source)


@given(three())
def test_all_that_is_new_in_the_course_arrives(versions):
    """As a cell, or as text below one that the learner has changed, too; not where the learner has deleted it."""
    base, mine, theirs = versions
    result, both = merged(*versions)
    given, own, kept = by_id(base), by_id(mine), by_id(result)
    for new in theirs.cells:
        if new.id in own and new.id in both:
            place = [c.id for c in result.cells].index(new.id)
            assert result.cells[place].source == own[new.id].source
            assert new.source in result.cells[place + 1].source and result.cells[place + 1].cell_type == "markdown"
        elif new.id in own and new.id in given and new.source != given[new.id].source:
            assert kept[new.id].source == new.source
        elif new.id not in own and new.id not in given:
            assert kept[new.id] == new


@given(three())
def test_who_has_changed_nothing_gets_the_new_version(versions):
    base, _, theirs = versions
    result, both = merged(base, base, theirs)
    assert result.cells == theirs.cells and both == []


@given(three())
def test_where_the_course_has_not_changed_everything_stays(versions):
    base, mine, _ = versions
    result, both = merged(base, mine, base)
    assert result.cells == mine.cells and both == []


@given(three())
def test_a_second_update_changes_nothing_whether_or_not_the_first_came_to_its_end(versions):
    base, _, theirs = versions
    result, _ = merged(*versions)
    for known in (base, theirs):  # interrupted before the course's version was stored, or not
        again, _ = merged(known, result, theirs)
        assert alike(again, result)


@given(three())
def test_cells_keep_the_learner_s_order_or_have_the_course_s(versions):
    base, mine, theirs = versions
    order = [c.id for c in merged(*versions)[0].cells]
    given = [c.id for c in base.cells if c.id in by_id(mine) and c.id in order]
    moved = given != [c.id for c in mine.cells if c.id in by_id(base) and c.id in order]
    main = [c.id for c in (mine if moved else theirs).cells if c.id in order]
    assert [name for name in order if name in main] == main


# --- one case each, by hand ------------------------------------------------------------------------------------------

BASE = notebook(("a", "A", "markdown"), ("b", "..."), ("c", "C"))


def test_an_answer_stays_below_a_new_text():
    mine = notebook(("a", "A", "markdown"), ("b", "return x"), ("mine", "print(x)"), ("c", "C"))
    theirs = notebook(("a", "A, said better", "markdown"), ("new", "N"), ("b", "..."), ("c", "C2"))
    result, both = merged(BASE, mine, theirs)
    assert [c.source for c in result.cells] == ["A, said better", "N", "return x", "print(x)", "C2"]
    assert both == []


def test_what_both_have_changed_is_there_twice_and_the_new_one_does_not_run():
    mine, theirs = notebook(("b", "return x")), notebook(("b", "... # a better blank"))
    result, both = merged(notebook(("b", "...")), mine, theirs)
    assert both == ["b"]
    assert [c.cell_type for c in result.cells] == ["code", "markdown"]
    assert result.cells[0].source == "return x"
    assert result.cells[1].source.endswith("The new one:**\n\n```python\n... # a better blank\n```")


def test_a_deleted_cell_stays_deleted_and_a_cell_that_the_course_drops_goes_unless_it_was_changed():
    mine = notebook(("b", "return x"), ("c", "C"))
    result, _ = merged(BASE, mine, notebook(("a", "A2", "markdown")))
    assert [c.source for c in result.cells] == ["return x"]


def test_outputs_that_the_learner_has_computed_stay_where_the_text_is_the_same():
    mine = notebook(("b", "..."), ("c", "C"))
    for own in mine.cells:
        own.outputs = [nbformat.v4.new_output("stream", text="computed")]
    result, _ = merged(notebook(("b", "..."), ("c", "C")), mine, notebook(("b", "..."), ("c", "C2")))
    assert [len(c.outputs) for c in result.cells] == [1, 0]


def test_a_program_that_drops_the_ids_is_forgiven():
    """As notebooks of format 4.4 have none: by their text, cells that were not changed are known again."""
    mine = notebook(("a", "A", "markdown"), ("b", "return x"), ("c", "C"))
    for own in mine.cells:
        del own["id"]
    mine.nbformat_minor = 4
    untouched = deepcopy(mine)
    result, _ = merged(BASE, mine, notebook(("a", "A2", "markdown"), ("b", "..."), ("c", "C2")))
    assert mine == untouched
    nbformat.validate(result)
    assert [c.source for c in result.cells] == ["A2", "return x", "C2"]


def test_a_cell_that_was_copied_with_its_id_is_the_learner_s_own():
    mine = notebook(("a", "A", "markdown"), ("b", "..."), ("copy", "return x"), ("c", "C"))
    mine.cells[2]["id"] = "b"
    result, _ = merged(BASE, mine, notebook(("a", "A", "markdown"), ("b", "... better"), ("c", "C")))
    assert [c.source for c in result.cells] == ["A", "... better", "return x", "C"]
    assert len(by_id(result)) == 4


@pytest.mark.parametrize("kernel", ["python3", "other"])
def test_the_learner_s_kernel_stays(kernel):
    mine = notebook(("b", "..."))
    mine.metadata["kernelspec"] = {"name": kernel, "display_name": kernel}
    theirs = notebook(("b", "... better"))
    theirs.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    assert merged(notebook(("b", "...")), mine, theirs)[0].metadata.kernelspec.name == kernel


def test_an_id_that_no_notebook_may_have_becomes_another_one():
    mine = notebook(("a", "A", "markdown"), ("b", "return x"), ("c", "C"))
    mine.cells[1]["id"], mine.cells[2]["id"] = "b c.d", 65 * "c"
    result, _ = merged(BASE, mine, notebook(("a", "A", "markdown"), ("b", "..."), ("c", "C2")))
    nbformat.validate(result)
    assert [c.source for c in result.cells] == ["A", "return x", "C2"]


def test_the_second_conflict_replaces_the_note_of_the_first_unless_somebody_wrote_in_it():
    blank, first, second = (notebook(("b", text)) for text in ("...", "# first", "# second"))
    mine, both = merged(blank, notebook(("b", "return x")), first)
    assert both == ["b"]
    touched = deepcopy(mine)
    touched.cells[1].source += "\nmy remark"
    assert [c.source.count("# ") for c in merged(first, mine, second)[0].cells] == [0, 1]
    kept = merged(first, touched, second)[0]
    assert [c.source.count("my remark") for c in kept.cells] == [0, 0, 1] and "# second" in kept.cells[1].source


def test_two_cells_with_the_same_new_text_have_a_note_each():
    base, theirs = notebook(("a", "1"), ("b", "2")), notebook(("a", "same"), ("b", "same"))
    result, both = merged(base, notebook(("a", "mine"), ("b", "mine, too")), theirs)
    assert both == ["a", "b"] and [c.cell_type for c in result.cells] == ["code", "markdown"] * 2


def test_a_fence_is_longer_than_any_in_the_text():
    mine, theirs = notebook(("b", "x")), notebook(("b", "````\nmore\n````"))
    note = merged(notebook(("b", "...")), mine, theirs)[0].cells[1].source
    assert note.endswith("`````python\n````\nmore\n````\n`````")


def test_a_new_picture_in_a_text_arrives_and_one_of_the_learner_s_stays():
    base, mine, theirs = (notebook(("a", "![](p)", "markdown")) for _ in range(3))
    theirs.cells[0].attachments = {"p": {"image/png": "new"}}
    assert merged(base, mine, theirs)[0].cells[0].attachments == {"p": {"image/png": "new"}}
    mine.cells[0].attachments = {"p": {"image/png": "mine"}}
    theirs.cells[0].source = "![](p) said better"
    result, both = merged(base, mine, theirs)
    assert both == ["a"] and result.cells[0].attachments == {"p": {"image/png": "mine"}}


def test_new_outputs_arrive_where_a_cell_was_not_run():
    base, theirs = notebook(("b", "x")), notebook(("b", "x"))
    theirs.cells[0].outputs = [nbformat.v4.new_output("stream", text="new")]
    assert merged(base, deepcopy(base), theirs)[0].cells[0].outputs == theirs.cells[0].outputs
