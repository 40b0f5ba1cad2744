"""States of optimizers, taken apart by name and put together again, block by block."""

import numpy as np


def joined(parts_of_blocks):
    """Return the parts of the whole vector from those of its blocks; a number is the same in all."""
    first, *others = parts_of_blocks
    return {
        name: np.concatenate([part, *(parts[name] for parts in others)]) if isinstance(part, np.ndarray) else part
        for name, part in first.items()
    }


def cut(like, whole, part, prefix=""):
    """Return the state of one block, a state like another one, from the parts of the whole vector."""

    def value(name, old):
        if hasattr(old, "_asdict"):
            return cut(old, whole, part, f"{prefix}{name}.")
        array = whole[prefix + name]
        return array[part] if array.ndim else array.item()

    return type(like)(*(value(name, old) for name, old in like._asdict().items()))
