"""The scripts of data/ as modules."""

import importlib.util
import sys

from adamcourse.datasets import data_file


def script_of_data(name):
    """Return a script of data/ as a module; it finds the others there."""
    file = data_file(f"{name}.py")
    sys.path.insert(0, str(file.parent))
    try:
        spec = importlib.util.spec_from_file_location(name, file)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(file.parent))
    return module
