"""One long vector, updated block by block, its state in parts and whole, and the memory that a training takes."""

import numpy as np

from adamcourse.checks import whole_number
from adamcourse.optimizers.in_place import update_in_place
from adamcourse.optimizers.optimizer import floats, parts

PROBES = slice(None), slice(4), slice(4, None)
BLOCK = 131_072  # floats: half a megabyte in float32


def blocks(n, optimizer):
    """Return the stretches in which an optimizer updates a vector of n numbers, a list of slices."""
    size = BLOCK if getattr(optimizer, "elementwise", False) else n
    return [slice(first, first + size) for first in range(0, n, size)]


def start_in_blocks(optimizer, x):
    """Return the states before the first step, one for each block of the vector x."""
    if getattr(optimizer, "shape", ()) != ():
        raise ValueError(
            f"{optimizer} has hyperparameters of shape {optimizer.shape}: a training takes one number for each. "
            "Train once for each value, or compare them with `descend`, which takes arrays as many descents"
        )
    check_elementwise(optimizer)
    return [optimizer.start(x[part].copy()) for part in blocks(len(x), optimizer)]  # it may remember where it began


def check_elementwise(optimizer):
    """Raise ValueError when an optimizer calls itself elementwise and half a vector moves otherwise than the whole."""
    rng = np.random.default_rng(0)
    for size in (1.0, 1e6) if getattr(optimizer, "elementwise", False) else ():
        x, g = rng.normal(size=(2, 8)) * [[1.0], [size]]
        whole, *halves = (optimizer.update(x[part], g[part], optimizer.start(x[part]))[0] for part in PROBES)
        if not np.allclose(whole, np.concatenate(halves)):
            raise ValueError(
                f"{optimizer} says elementwise = True, but half a vector moves otherwise than the whole: leave it out"
            )


def update_in_blocks(optimizer, x, gradient, states):
    """Take one step of an optimizer, block by block: x and the list of states are overwritten.

    An update works on each coordinate alone, so the result is that of one update of the whole, to the last bit. But a
    block and what is computed on the way stay in the processor's cache: tests/benchmarks/optimizers.md has the gain.
    An optimizer that is not `elementwise` gets the vector as one block.

    Arguments
    ---------
    optimizer : anything with `update(x, gradient, state)`.
    x, gradient : vectors of one length.
    states : what `start_in_blocks` returned.

    >>> from adamcourse.optimizers import Adam
    >>> x, adam = np.zeros(300_000), Adam(lr=0.1)
    >>> states = start_in_blocks(adam, x)
    >>> update_in_blocks(adam, x, np.ones(300_000), states)
    >>> len(states), x[[0, -1]].round(4)
    (3, array([-0.1, -0.1]))
    """
    for k, part in enumerate(blocks(len(x), optimizer)):
        states[k] = update_in_place(optimizer, x[part], gradient[part], states[k])


def join_blocks(parts_of_blocks):
    """Return the parts of the whole vector from those of its blocks; a number is the same in all."""
    first, *others = parts_of_blocks
    return {
        name: np.concatenate([part, *(parts[name] for parts in others)]) if isinstance(part, np.ndarray) else part
        for name, part in first.items()
    }


def take_block(like, whole, part, prefix=""):
    """Return the state of one block, a state like another one, from the parts of the whole vector."""

    def value(name, old):
        if hasattr(old, "_asdict"):
            return take_block(old, whole, part, f"{prefix}{name}.")
        array = whole[prefix + name]
        return array[part] if array.ndim else array.item()

    return type(like)(*(value(name, old) for name, old in like._asdict().items()))


def memory_bytes(network, optimizer, dtype=np.float32, stored=None, workers=1, stage=0):
    """Return how many bytes the vectors of a training take on each worker, by part.

    A state that has a part for each number can be cut among workers as it is cut into blocks, to the last bit. The
    stages of ZeRO cut 1: the state, 2: the gradients, too, and 3: the parameters as well.

    Arguments
    ---------
    network : anything with a size, the number of its parameters.
    optimizer : an optimizer; its state is measured.
    dtype : in which the optimizer computes, float32 or float64, default float32.
    stored : bytes of a parameter and of a gradient where they are stored with fewer, 2 for 16 bits; default those of
        dtype. Put the optimizer into MasterWeights then, whose copy belongs to the state.
    workers : how many share the work, 1 or more, default 1.
    stage : of ZeRO, 0 to 3, default 0: each worker keeps all.

    Raises ValueError when an argument is outside its range.
    Source: Rajbhandari and others 2020, section 3.

    >>> from adamcourse.networks import article_cnn
    >>> from adamcourse.optimizers import Adam
    >>> memory_bytes(article_cnn(), Adam())  # Adam remembers two numbers for each parameter
    {'parameters': 2775848, 'gradients': 2775848, 'optimizer state': 5551696}
    """
    w = floats(np.zeros(network.size, dtype))
    whole_number("workers", workers, 1), whole_number("stage", stage, 0, 3)
    vector = w.nbytes if stored is None else whole_number("stored", stored, 1) * network.size
    state = sum(part.nbytes for part in parts(optimizer.start(w)).values() if isinstance(part, np.ndarray))
    kept = {"parameters": (vector, 3), "gradients": (vector, 2), "optimizer state": (state, 1)}
    return {name: -(-size // workers) if stage >= cut else size for name, (size, cut) in kept.items()}
