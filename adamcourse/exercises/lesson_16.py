"""Lesson 16: a step of Newton and Schulz, a factored second moment, an average in place of a schedule, and state."""

import numpy as np

from adamcourse.exercises.cases import Call
from adamcourse.exercises.exercise import Exercise, Mistake


def newton_schulz_step(X, a, b, c):
    """Return a X + b (X Xᵀ) X + c (X Xᵀ)² X, the powers of matrices."""
    A = X @ X.T
    return a * X + b * (A @ X) + c * (A @ A @ X)


def factored(squares):
    """Return a matrix of the shape of squares: the mean of the row times that of the column over the mean of all."""
    rows, columns = squares.mean(axis=1), squares.mean(axis=0)
    return np.outer(rows, columns) / squares.mean()


def average_step(average, z, t, beta):
    """Return the mean of the first t z's from that of t - 1, and x = (1 - beta) z + beta average, with the new one."""
    average = average + (z - average) / t
    return average, (1 - beta) * z + beta * average


def numbers_of_state(m, n):
    """Return how many numbers Adam, Muon, Adafactor and SOAP keep for a matrix of m rows and n columns."""
    adam = 2 * m * n
    muon = m * n
    adafactor = m + n
    soap = 2 * n * m + 2 * m**2 + 2 * n**2
    return adam, muon, adafactor, soap


EXERCISES = (
    Exercise(
        reference=newton_schulz_step,
        outputs=("X",),
        cases=(
            Call({"X": ((0.7, -0.3), (0.2, 0.5)), "a": 3.4, "b": -4.7, "c": 2.1}),
            Call(
                {"X": ((0.31, -0.43, 0.57), (0.11, 0.73, -0.29), (0.17, 0.05, -0.61)), "a": 1.9, "b": -1.3, "c": 0.37}
            ),
            Call({"X": ((-0.83, 0.21), (0.37, 1.03)), "a": 1.5, "b": -0.5, "c": 0.7}),
        ),
        mistakes=(
            Mistake(
                "the powers are of each number, not of the matrix",
                {"b * (A @ X)": "b * X**3", "c * (A @ A @ X)": "c * X**5"},
                "X ** 3 takes each number to the third power. Singular values need products of matrices: X @ X.T @ X.",
            ),
            Mistake(
                "the square is of each number of A",
                {"A @ A @ X": "A**2 @ X"},
                "A ** 2 squares each number. The square of a matrix is A @ A.",
            ),
            Mistake(
                "the last factor X is missing behind the square",
                {"c * (A @ A @ X)": "c * (A @ A)"},
                "A @ A is square, of the rows of X. Multiply it by X once more.",
            ),
            Mistake(
                "the product stops at X Xᵀ",
                {"b * (A @ X)": "b * A"},
                "A = X Xᵀ is square, of the rows of X. Multiply it by X once more.",
            ),
            Mistake(
                "A is Xᵀ X and multiplies from the left",
                {"X @ X.T": "X.T @ X"},
                "X Xᵀ stands to the left of X; Xᵀ X would stand to the right.",
            ),
            Mistake(
                "X Xᵀ has the third power in the last term",
                {"A @ A @ X": "A @ A @ A @ X"},
                "(X Xᵀ)² X: two factors A, and one X.",
            ),
            Mistake(
                "the last power is the third",
                {"A @ A @ X": "A @ X"},
                "The last term has (X Xᵀ)²: A @ A @ X.",
            ),
            Mistake(
                "X is made of length 1 first, with ε",
                {
                    "X @ X.T": "X @ X.T / (np.sqrt((X**2).sum()) + 1e-7) ** 2",
                    "a * X": "a * X / (np.sqrt((X**2).sum()) + 1e-7)",
                    "A @ X": "A @ X / (np.sqrt((X**2).sum()) + 1e-7)",
                    "A @ A @ X": "A @ A @ X / (np.sqrt((X**2).sum()) + 1e-7)",
                },
                "That belongs before the first step. Here one step is asked for.",
            ),
            Mistake(
                "Muon's numbers stand in the place of a, b and c",
                {
                    "a * X": "3.4445 * X",
                    "b * (A @ X)": "-4.775 * (A @ X)",
                    "c * (A @ A @ X)": "2.0315 * (A @ A @ X)",
                },
                "a, b and c are arguments: others may be tried.",
            ),
            Mistake(
                "a is missing",
                {"a * X": "X"},
                "The first term is a X.",
            ),
            Mistake(
                "X is made of length 1 first",
                {"X @ X.T": "X @ X.T / (X**2).sum()", "a * X": "a * X / np.sqrt((X**2).sum())"}
                | {"A @ X": "A @ X / np.sqrt((X**2).sum())", "A @ A @ X": "A @ A @ X / np.sqrt((X**2).sum())"},
                "That belongs before the first step. Here one step is asked for.",
            ),
        ),
        hints=(
            "Which product of X and its transpose is a square matrix with as many rows as X?",
            "A = X @ X.T. Then b A X and c A A X, all products of matrices.",
            "A = X @ X.T, then a * X + (b * A + c * A @ A) @ X.",
        ),
        praise="Each singular value s becomes a s + b s³ + c s⁵; the singular vectors stay.",
    ),
    Exercise(
        reference=factored,
        outputs=("V",),
        cases=(
            Call({"squares": ((0.9, 0.4, 0.1), (2.3, 1.7, 0.6))}),
            Call({"squares": ((1.3, 0.2), (0.7, 3.1), (2.9, 0.5), (0.3, 1.1))}),
            Call({"squares": ((0.04, 0.07, 0.11, 0.02, 0.05),)}),
        ),
        mistakes=(
            Mistake(
                "nothing is divided by the mean",
                {"np.outer(rows, columns) / squares.mean()": "np.outer(rows, columns)"},
                "The product of two means has the unit of g⁴. Divide by the mean of all.",
            ),
            Mistake(
                "these are sums divided by the mean",
                {"squares.mean(axis=1)": "squares.sum(axis=1)", "squares.mean(axis=0)": "squares.sum(axis=0)"},
                "With sums, divide by the sum of all; with means, by the mean of all.",
            ),
            Mistake(
                "the means are divided by the sum of all",
                {"squares.mean()": "squares.sum()"},
                "With means, divide by the mean of all; with sums, by the sum of all.",
            ),
            Mistake(
                "rows and columns are exchanged",
                {"squares.mean(axis=1)": "squares.mean(axis=0)", "squares.mean(axis=0)": "squares.mean(axis=1)"},
                "A row mean is a mean over columns: axis=1.",
            ),
            Mistake(
                "the root is taken",
                {"np.outer(rows, columns) / squares.mean()": "np.sqrt(np.outer(rows, columns) / squares.mean())"},
                "V stands in the place of Adam's v. The root is taken later.",
            ),
            Mistake(
                "the means are added",
                {"np.outer(rows, columns)": "rows[:, None] + columns"},
                "A product of rows and columns: then a row that is twice as large has a V twice as large.",
            ),
            Mistake(
                "row and column are added, and the mean taken off",
                {"np.outer(rows, columns) / squares.mean()": "rows[:, None] + columns - squares.mean()"},
                "That fits differences. Rows should be multiples of each other: multiply, then divide by the mean.",
            ),
            Mistake(
                "this is the largest of each column",
                {"squares.mean(axis=0)": "squares.max(axis=0)"},
                "That is another method, SM3. Adafactor keeps means.",
            ),
            Mistake(
                "axis 1 stands twice",
                {"squares.mean(axis=0)": "squares.mean(axis=1)"},
                "A column mean is a mean over rows: axis=0.",
            ),
            Mistake(
                "the squares are squared once more",
                {
                    "squares.mean(axis=1)": "(squares**2).mean(axis=1)",
                    "squares.mean(axis=0)": "(squares**2).mean(axis=0)",
                    "squares.mean()": "(squares**2).mean()",
                },
                "The argument holds squares of gradients already.",
            ),
            Mistake(
                "this is the geometric mean of row and column",
                {"np.outer(rows, columns) / squares.mean()": "np.sqrt(np.outer(rows, columns))"},
                "No root here: the product, divided by the mean of all.",
            ),
        ),
        hints=(
            "What are the means of the rows, and of the columns? Which axis does each go over?",
            "The number in row i and column j is rows[i] times columns[j], over the mean of all.",
            "np.outer(squares.mean(axis=1), squares.mean(axis=0)) / squares.mean()",
        ),
        praise="m + n numbers in the place of m n: exact where a row of squares is a multiple of every other row.",
    ),
    Exercise(
        reference=average_step,
        outputs=("average", "x"),
        cases=(
            Call({"average": (0.7, -1.3), "z": (2.1, 0.4), "t": 5, "beta": 0.9}),
            Call({"average": (1.9, 0.3, -0.7), "z": (-1.1, 0.9, 2.3), "t": 2, "beta": 0.6}),
            Call({"average": (0.37,), "z": (1.21,), "t": 1, "beta": 0.8}),
        ),
        mistakes=(
            Mistake(
                "x is made with the old average",
                {"beta * average": "beta * (average - z / t) / (1 - 1 / t) if t > 1 else beta * 0 * z"},
                "First the average, then x with the new one.",
            ),
            Mistake(
                "t is counted from 0",
                {"(z - average) / t": "(z - average) / (t + 1)"},
                "t counts z's, this one included: the first one has t = 1, and is its own mean.",
            ),
            Mistake(
                "this is a running mean with β, which forgets",
                {"average + (z - average) / t": "beta * average + (1 - beta) * z"},
                "All z's count alike: the newest has the share 1/t.",
            ),
            Mistake(
                "the mean of the old average and z",
                {"average + (z - average) / t": "(average + z) / 2"},
                "The old average stands for t - 1 z's, the new one for one: its share is 1/t.",
            ),
            Mistake(
                "the shares are exchanged",
                {"average + (z - average) / t": "average / t + z * (1 - 1 / t)"},
                "The newest z has the share 1/t, the old average the rest.",
            ),
            Mistake(
                "β and 1 - β are exchanged in x",
                {"(1 - beta) * z + beta * average": "beta * z + (1 - beta) * average"},
                "x lies near the average: at β = 0.9 nine tenths of it.",
            ),
            Mistake(
                "x is the average",
                {"(1 - beta) * z + beta * average": "average"},
                "The gradient is taken between z and the average: x = (1 - β) z + β average.",
            ),
            Mistake(
                "x is z",
                {"(1 - beta) * z + beta * average": "z"},
                "The gradient is taken between z and the average: x = (1 - β) z + β average.",
            ),
            Mistake(
                "only one of the two is divided by t: a bracket is missing",
                {"average + (z - average) / t": "average + z - average / t"},
                "The difference is divided: average + (z - average) / t.",
            ),
            Mistake(
                "// cuts the fraction off",
                {"(z - average) / t": "(z - average) // t"},
                "// rounds down to a whole number. Divide with /.",
            ),
            Mistake(
                "this is the sum of all z",
                {"average + (z - average) / t": "average * (t - 1) + z"},
                "Divide by t: the mean is asked for.",
            ),
            Mistake(
                "this is a sum",
                {"average + (z - average) / t": "average + z"},
                "The mean of t numbers: the old one counts (t - 1) / t, the new one 1/t.",
            ),
            Mistake(
                "z is added whole",
                {"(z - average) / t": "z / t"},
                "What is new counts 1/t, and what is old loses as much: average + (z - average) / t.",
            ),
        ),
        hints=(
            "If the mean of t - 1 numbers is known, what does one more do to it?",
            "average + (z - average) / t. Then x, with the new average.",
            "average = average + (z - average) / t, and x = (1 - beta) * z + beta * average.",
        ),
        praise="Where steps of z go to and fro, their mean stands still: no rate has to fall.",
    ),
    Exercise(
        reference=numbers_of_state,
        outputs=("Adam", "Muon", "Adafactor", "SOAP"),
        cases=(
            Call({"m": 32, "n": 128}),
            Call({"m": 7, "n": 3}),
            Call({"m": 1, "n": 5}),
        ),
        mistakes=(
            Mistake(
                "SOAP keeps the matrices L and R, and no bases",
                {"2 * m**2": "m**2", "2 * n**2": "n**2"},
                "SOAP keeps L and R and their eigenvectors: two matrices of m × m, and two of n × n.",
            ),
            Mistake(
                "SOAP's own Adam is forgotten",
                {"2 * n * m": "0 * m"},
                "SOAP runs Adam in turned directions: m and v are there besides.",
            ),
            Mistake(
                "Muon is counted with two moments",
                {"m * n": "2 * m * n"},
                "Muon keeps a mean of gradients, and nothing of their squares.",
            ),
            Mistake(
                "Muon keeps X Xᵀ as well",
                {"m * n": "m * n + m * m"},
                "X Xᵀ is made anew in each step. What stays is the mean of gradients.",
            ),
            Mistake(
                "Adam is counted with the sides of the matrix",
                {"2 * m * n": "2 * (m + n)"},
                "m and v are matrices of m × n.",
            ),
            Mistake(
                "Adam is counted with one moment",
                {"2 * m * n": "m * n"},
                "Adam keeps m and v, each of the size of the matrix.",
            ),
            Mistake(
                "Adafactor is counted with a first moment",
                {"m + n": "m * n + m + n"},
                "Without a first moment, as here, Adafactor keeps a mean of each row and of each column.",
            ),
            Mistake(
                "Adafactor's means are multiplied, not counted",
                {"m + n": "m * n"},
                "m row means and n column means: m + n numbers. Their product is not kept.",
            ),
            Mistake(
                "SOAP's matrices have the sides m and n",
                {"2 * m**2": "2 * m * n", "2 * n**2": "2 * m * n"},
                "G Gᵀ is m × m, and Gᵀ G is n × n.",
            ),
            Mistake(
                "^ is no power in Python",
                {"2 * n * m + 2 * m**2 + 2 * n**2": "2 * m * n + 2 * m ^ 2 + 2 * n ^ 2"},
                "A power is **; ^ works on bits.",
            ),
            Mistake(
                "these are bytes in float32",
                {"adam, muon, adafactor, soap": "4 * adam, 4 * muon, 4 * adafactor, 4 * soap"},
                "Asked are numbers, not bytes.",
            ),
        ),
        hints=(
            "Write down what each keeps from step to step, and the shape of each part.",
            "Adam: m and v. Muon: m. Adafactor: row and column means. SOAP: m, v, L, R and a basis for each side.",
            "2 * m * n, m * n, m + n, 2 * m * n + 2 * m**2 + 2 * n**2",
        ),
        praise="For m = n that is 2, 1, nearly 0 and 6 numbers a parameter.",
    ),
)
