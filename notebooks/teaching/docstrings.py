"""Turn the package's docstrings into reStructuredText, which Sphinx sets: paragraphs, formulas, arguments, tables.

Blocks are parted by empty lines. The course writes text plainly, so that `help` is good to read; what stands for
markup in reStructuredText, such as a star, is escaped.
"""

import re

ENTRY = re.compile(r"^([\w*][^:\n]*?) : ")
PARTS = re.compile(r"\n(?=(?:Convention|Raises|Source)\b)")  # each of these lines begins a paragraph
ROW = re.compile(r"^(\w[\w, ]*?) {2,}(\S.*)$")


def to_rest(text):
    """Return a docstring, whose lines are already dedented, as reStructuredText.

    >>> print(to_rest("Halve it.\\n\\nx ← x / 2\\n\\nArguments\\n---------\\nx : a number, or *many*."))
    Halve it.
    <BLANKLINE>
    .. rst-class:: formula
    <BLANKLINE>
    | x ← x / 2
    <BLANKLINE>
    ``x``
        a number, or \\*many\\*.
    """
    return "\n\n".join(_block(lines) for lines in _blocks(text))


def _blocks(text):
    return [part.split("\n") for block in re.split(r"\n\s*\n", text.strip("\n")) for part in PARTS.split(block)]


def _block(lines):
    if lines[0].startswith(">>> "):
        return "\n".join(lines)
    if len(lines) > 1 and set(lines[1]) == {"-"}:  # a heading, such as Arguments
        return _definitions(lines[2:], ENTRY)
    if all(line.startswith("    ") for line in lines):
        return "\n".join(["::", "", *lines])
    if all(ROW.match(line) or line.startswith("  ") for line in lines):
        return _definitions(lines, ROW)
    if any("←" in line for line in lines) or all(re.search(r"\S = \S", line) for line in lines):
        return "\n".join([".. rst-class:: formula", "", *(f"| {_escaped(line)}" for line in lines)])
    return "\n".join(map(_escaped, lines))


def _definitions(lines, form):
    """Return names and what they are as a list; a line of another form goes on with the one before it."""
    written = []
    for line in lines:
        if match := form.match(line):
            written += [f"``{match[1].strip()}``", f"    {_escaped(line[match.end(1) :].lstrip(' :'))}"]
        else:
            written.append(f"    {_escaped(line.strip())}")
    return "\n".join(written)


def _escaped(line):
    """Return a line of text with its `code` as literals and everything else as it is."""
    parts = line.split("`")
    if len(parts) % 2 == 0:  # a code that goes on in the next line: its marks are escaped, too
        return re.sub(r"([\\*|_`])", r"\\\1", line)
    text = [part if i % 2 else re.sub(r"([\\*|_])", r"\\\1", part) for i, part in enumerate(parts)]
    return "".join(f"``{part}``" if i % 2 else part for i, part in enumerate(text))
