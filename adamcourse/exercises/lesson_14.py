"""Lesson 14: a head of attention, the way back through its softmax, and the loss of foretelling the next token."""

import numpy as np

from adamcourse.exercises.cases import Call
from adamcourse.exercises.exercise import Exercise, Mistake


def attention_head(q, k, v):
    """Return what one head gives at each place; q, k and v have shape (places, e), and nobody sees what comes later."""
    scores = np.where(np.tri(len(q), dtype=bool), q @ k.T / np.sqrt(q.shape[-1]), -np.inf)
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return e @ v / e.sum(axis=-1, keepdims=True)


def softmax_backward(a, da):
    """Return ds, row by row, for a = softmax of each row of s, from da = ∂f/∂a; both have shape (queries, keys)."""
    share = (a * da).sum(axis=-1, keepdims=True)
    return a * (da - share)


def next_token_loss(scores, tokens):
    """Return the mean loss in bits; scores[t], seen after tokens[t], foretell tokens[t + 1], and the last is unused."""
    below = scores - scores.max(axis=-1, keepdims=True)
    logs = below - np.log(np.exp(below).sum(axis=-1, keepdims=True))
    return -logs[np.arange(len(tokens) - 1), tokens[1:]].mean() / np.log(2)


Q = ((0.7, -1.3), (1.9, 0.4), (-0.6, 2.3))
K = ((1.1, 0.3), (-0.8, 1.7), (0.5, -1.4))
V = ((2.1, -0.9), (0.35, 1.6), (-1.2, 0.75))
WIDE = tuple((*row, extra, 0.3) for row, extra in zip(Q, (0.9, -1.1, 1.7), strict=True))
A = ((1.0, 0.0, 0.0), (0.37, 0.63, 0.0), (0.21, 0.33, 0.46))
DA = ((0.7, -1.3, 2.1), (0.4, -0.9, 1.6), (-1.1, 0.35, 0.83))
SCORES = ((0.7, -1.3, 2.1), (0.4, 0.9, -1.6), (-1.1, 0.35, 0.83), (1.9, -0.7, 0.3))
MASK, ROOT, ALL = "np.tri(len(q), dtype=bool)", "np.sqrt(q.shape[-1])", "q @ k.T / np.sqrt(q.shape[-1])"
LARGEST, FORETOLD = "scores.max(axis=-1, keepdims=True)", "logs[np.arange(len(tokens) - 1), tokens[1:]]"

EXERCISES = (
    Exercise(
        reference=attention_head,
        outputs=("y",),
        cases=(
            Call({"q": Q, "k": K, "v": V}),
            Call({"q": WIDE, "k": tuple(row[::-1] for row in WIDE), "v": V}),
            Call({"q": ((90.3, -20.7), (40.9, 70.1)), "k": ((60.7, 10.3), (-80.9, 50.3)), "v": V[:2]}),
            Call({"q": ((30.1, 0.7), (-20.3, 40.9)), "k": ((0.9, 1.3), (50.7, 30.3)), "v": V[:2]}),
            Call({"q": ((25.3, 3.1), (11.2, 20.9)), "k": ((21.7, 9.3), (-8.9, 15.1)), "v": V[:2]}),
            Call({"q": K, "k": Q, "v": V}),
        ),
        mistakes=(
            Mistake(
                "each place sees what comes later",
                {MASK: "True"},
                "Without the mask the network reads the answer: only keys with u ≤ t may count, as np.tri has it.",
            ),
            Mistake(
                "no place sees itself",
                {MASK: "np.tri(len(q), k=-1, dtype=bool)"},
                "u may be t: what stands at a place is known there. And the first place has to look at something.",
            ),
            Mistake(
                "each place sees one place ahead",
                {MASK: "np.tri(len(q), k=1, dtype=bool)"},
                "That is the very place it has to foretell: u ≤ t.",
            ),
            Mistake(
                "the sums of the rows stand along the columns",
                {"e @ v / e.sum(axis=-1, keepdims=True)": "e / e.sum(axis=-1) @ v"},
                "Without keepdims=True they are one row, and NumPy divides column by column.",
            ),
            Mistake(
                "the mask is turned round: each place sees only what comes later",
                {MASK: "np.tri(len(q), dtype=bool).T"},
                "Row t is a query, column u a key: True where u ≤ t, so on and below the diagonal.",
            ),
            Mistake(
                "the scores are divided by e and not by its root",
                {ROOT: "q.shape[-1]"},
                "A sum of e products of unit variance has variance e, so √e brings it back to 1.",
            ),
            Mistake(
                "the scores are not divided by √e",
                {ALL: "q @ k.T"},
                "With many features the scores grow, and softmax becomes a choice of one.",
            ),
            Mistake(
                "the scores are divided by the root of the number of places",
                {ROOT: "np.sqrt(len(q))"},
                "e is the number of features of a query: q.shape[-1].",
            ),
            Mistake(
                "what is masked gets the score 0, and not the weight 0",
                {"-np.inf": "0.0"},
                "exp(0) is 1, so a score of 0 still counts. Put -∞ there before exp, or 0 behind it.",
            ),
            Mistake(
                "softmax goes over the queries",
                {"e.sum(axis=-1, keepdims=True)": "e.sum(axis=0)[:, None]"},
                "Each query's weights add up to 1: sum over the keys, along each row.",
            ),
            Mistake(
                "the weights do not add up to 1",
                {"e @ v / e.sum(axis=-1, keepdims=True)": "e @ v"},
                "Divide each row by its sum: a weighted mean needs weights that add up to 1.",
            ),
            Mistake(
                "the sum takes in what is masked",
                {"e.sum(axis=-1, keepdims=True)": f"np.exp({ALL} - {LARGEST}).sum(axis=-1, keepdims=True)"},
                "Mask first, then divide by the sum of what is left.",
            ),
            Mistake(
                "the largest score is looked for among those that are masked, too",
                {LARGEST: f"({ALL}).max(axis=-1, keepdims=True)"},
                "If a later score is larger by 800, exp of all the others is 0, and 0 / 0 is no number. Mask first.",
            ),
        ),
        hints=(
            "Three steps: scores q · k / √e of all pairs, a weight for each, a weighted mean of v.",
            "q @ k.T has a row for each query. np.where(np.tri(len(q), dtype=bool), ..., -np.inf) takes out what is "
            "later. exp of large scores overflows, so take the largest of each row off first.",
            "e = np.exp(scores - scores.max(axis=-1, keepdims=True)), then e @ v / e.sum(axis=-1, keepdims=True).",
        ),
        praise="Four of these side by side are a layer of attention.",
    ),
    Exercise(
        reference=softmax_backward,
        outputs=("ds",),
        cases=(
            Call({"a": A, "da": DA}, fixed=("a",)),
            Call({"a": ((0.13, 0.29, 0.58),), "da": ((2.3, -0.7, 0.45),)}, fixed=("a",)),
            Call({"a": tuple(row[::-1] for row in A), "da": DA[::-1]}, fixed=("a",)),
        ),
        mistakes=(
            Mistake(
                "da is missing inside the sum",
                {"(a * da).sum(axis=-1, keepdims=True)": "a.sum(axis=-1, keepdims=True)"},
                "The sum is Σ a da over the row: how the row as a whole would change.",
            ),
            Mistake(
                "this is the way back through the logarithm of softmax",
                {"a * (da - share)": "da - a * da.sum(axis=-1, keepdims=True)"},
                "There da is with respect to log a. Here it is with respect to a itself.",
            ),
            Mistake(
                "a mean is taken in the place of the sum",
                {"(a * da).sum(axis=-1, keepdims=True)": "(a * da).mean(axis=-1, keepdims=True)"},
                "The chain rule adds up what comes from all weights of the row.",
            ),
            Mistake(
                "the sum goes over the queries",
                {"(a * da).sum(axis=-1, keepdims=True)": "(a * da).sum(axis=0)"},
                "Each row is a softmax of its own: sum along the row.",
            ),
            Mistake(
                "one sum is taken over all rows",
                {"(a * da).sum(axis=-1, keepdims=True)": "(a * da).sum()"},
                "Each row is a softmax of its own: axis=-1, keepdims=True.",
            ),
            Mistake(
                "this is softmax as if each weight stood alone",
                {"a * (da - share)": "a * da"},
                "When one weight grows the others of its row shrink: take Σ a da off.",
            ),
            Mistake(
                "this is the derivative of a sigmoid",
                {"a * (da - share)": "a * (1 - a) * da"},
                "That is the diagonal alone. The weights of a row share one sum, so each score moves all of them.",
            ),
            Mistake(
                "this is p - onehot, which belongs to the cross-entropy",
                {"a * (da - share)": "a - da"},
                "Here f is any function of a: start from ∂a_i/∂s_j = a_i (1 if i = j, else 0, minus a_j).",
            ),
        ),
        hints=(
            "∂a_i/∂s_j = a_i (δ_ij - a_j): what does the chain rule give for ∂f/∂s_j = Σ_i da_i ∂a_i/∂s_j?",
            "Σ_i da_i a_i (δ_ij - a_j) = a_j da_j - a_j Σ_i a_i da_i. The second sum is one number for each row.",
            "a * (da - (a * da).sum(axis=-1, keepdims=True))",
        ),
        praise="Where a is 0, ds is 0: the mask needs no line of its own on the way back.",
    ),
    Exercise(
        reference=next_token_loss,
        outputs=("loss",),
        cases=(
            Call({"scores": SCORES, "tokens": (0, 2, 1, 2)}),
            Call({"scores": SCORES[::-1], "tokens": (1, 0, 0, 1)}),
            Call({"scores": ((1000.7, 3.1), (-1200.3, -1201.9), (2.3, 0.1)), "tokens": (1, 0, 1)}),
            Call({"scores": SCORES, "tokens": (2, 0, 2, 0)}),
        ),
        mistakes=(
            Mistake(
                "each place foretells the token that it has just seen",
                {"tokens[1:]": "tokens[:-1]"},
                "scores[t] come after tokens[t] was read: the right answer is tokens[t + 1].",
            ),
            Mistake(
                "each place is held against the token that it has seen, the last one, too",
                {"np.arange(len(tokens) - 1), tokens[1:]": "np.arange(len(tokens)), tokens"},
                "scores[t] come after tokens[t] was read: the right answer is tokens[t + 1].",
            ),
            Mistake(
                "the places are shifted the wrong way: scores[t] are held against tokens[t - 1]",
                {"np.arange(len(tokens) - 1), tokens[1:]": "np.arange(1, len(tokens)), tokens[:-1]"},
                "scores[t] come after tokens[t] was read: the right answer is tokens[t + 1].",
            ),
            Mistake(
                "the loss is in natural units, not in bits",
                {"np.log(2)": "1"},
                "A bit is log 2 of them: divide by np.log(2).",
            ),
            Mistake(
                "the loss is multiplied by log 2",
                {f"-{FORETOLD}.mean() / np.log(2)": (f"-{FORETOLD}.mean() * np.log(2)")},
                "A bit is log 2 = 0.69 natural units, so there are more bits than those: divide.",
            ),
            Mistake(
                "it is divided by all tokens, not by those that were foretold",
                {f"-{FORETOLD}.mean()": (f"-{FORETOLD}.sum() / len(tokens)")},
                "The first token is foretold by nobody, so there is one term less than tokens.",
            ),
            Mistake(
                "exp overflows at large scores",
                {"scores - scores.max(axis=-1, keepdims=True)": "scores"},
                "exp(1000) is infinite. Take the largest score of each row off first.",
            ),
            Mistake(
                "this is a mean of probabilities, and no logarithm is taken",
                {
                    f"-{FORETOLD}.mean() / np.log(2)": (
                        "1 - np.exp(logs)[np.arange(len(tokens) - 1), tokens[1:]].mean()"
                    )
                },
                "The loss of a token is -log p: a token that was held impossible costs infinitely much.",
            ),
            Mistake(
                "the logarithm is taken of the mean probability",
                {
                    f"-{FORETOLD}.mean() / np.log(2)": (
                        "-np.log(np.exp(logs)[np.arange(len(tokens) - 1), tokens[1:]].mean()) / np.log(2)"
                    )
                },
                "First the logarithm of each token's probability, then the mean.",
            ),
        ),
        hints=(
            "softmax of each row gives the probabilities of the next token. Which token is the right one for row t?",
            "Row t belongs to tokens[t + 1], and the last row to nothing. A loss is -log p; over log 2 it is in bits.",
            "With logs = log softmax: -logs[np.arange(len(tokens) - 1), tokens[1:]].mean() / np.log(2).",
        ),
        praise="A perfect guess among 65 characters costs 6.02 bits; the network of this lesson needs about half.",
    ),
)
