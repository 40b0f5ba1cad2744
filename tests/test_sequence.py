"""Transformers: their layers beyond what test_layers.py asks of all, the whole against PyTorch, and what they write."""

import json
from pathlib import Path

import numpy as np
import pytest

from adamcourse.descent import descend
from adamcourse.gradients import numerical_gradient, relative_error
from adamcourse.networks import (
    Dense,
    Embedding,
    LayerNorm,
    Network,
    Positions,
    ReLU,
    Residual,
    SelfAttention,
    bits,
    sample,
    transformer,
    windows,
)
from adamcourse.optimizers import Adam
from tests.test_layers import batch_of, parameters
from tests.test_network import five_steps_by_torch, numbers

GOLDEN = Path(__file__).parent / "golden" / "networks" / "transformer.json"
TOKENS = np.arange(40) ** 2 % 7  # some often, some seldom
EXAMPLES = windows(TOKENS, 5)
SMALL = {norm: transformer(7, context=5, features=8, heads=2, blocks=2, norm=norm) for norm in ("pre", "post")}
each_norm = pytest.mark.parametrize("norm", SMALL)


def begin(network, size=0.3):
    """Parameters away from every symmetry, so that no gradient is 0 by chance; they need no generator."""
    return size * numbers(network.size, 97)


# --- against finite differences and PyTorch ---------------------------------------------------------------------


@pytest.mark.parametrize("dropout", [0.0, 0.3])
@each_norm
def test_the_gradient_of_a_transformer_agrees_with_finite_differences(norm, dropout):
    network = transformer(7, context=5, features=8, heads=2, blocks=2, norm=norm, dropout=dropout)
    loss, w = network.loss_on(*EXAMPLES), begin(network)

    def value(w):
        loss.rewind()  # the same dropout each time
        return loss.value_and_gradient(w)[0]

    loss.rewind()
    assert relative_error(loss.value_and_gradient(w)[1], numerical_gradient(value, w)) < 1e-8


def by_torch(norm):
    """A transformer in PyTorch: losses and gradients of five steps of Adam, and the parameters after them.

    The recorded file is what this returned: json.dumps({"version": torch.__version__, "pre": by_torch("pre"), ...}).
    """
    torch = pytest.importorskip("torch")
    network, functional = SMALL[norm], torch.nn.functional
    p = {name: torch.tensor(view, requires_grad=True) for name, view in network.views(begin(network)).items()}
    tokens, labels = (torch.tensor(part) for part in EXAMPLES)

    def normed(x, number):
        return functional.layer_norm(x, (8,), p[f"LayerNorm{number}.gain"])

    def attended(x, number):
        q, k, v = ((x @ p[f"SelfAttention{number}.{part}"]).unflatten(2, (2, 4)).transpose(1, 2) for part in "QKV")
        mixed = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        return mixed.transpose(1, 2).flatten(2) @ p[f"SelfAttention{number}.O"]

    def dense(x, number):
        return x @ p[f"Dense{number}.W"] + p[f"Dense{number}.b"]

    def loss():
        x = functional.embedding(tokens, p["Embedding1.W"]) + p["Positions1.P"]
        for block in (0, 1):
            one, two = 2 * block + 1, 2 * block + 2
            if norm == "pre":
                x = x + attended(normed(x, one), block + 1)
                x = x + dense(torch.relu(dense(normed(x, two), one)), two)
            else:
                x = normed(x + attended(x, block + 1), one)
                x = normed(x + dense(torch.relu(dense(x, one)), two), two)
        x = normed(x, 5) if norm == "pre" else x
        return functional.cross_entropy(dense(x, 5).flatten(0, 1), labels.flatten())

    return five_steps_by_torch(p, loss)


def assert_equal_to_ours(norm, run):
    network = SMALL[norm]
    path = descend(network.loss_on(*EXAMPLES), Adam(lr=0.01), begin(network), 5)
    np.testing.assert_allclose(path.loss[:5], run["losses"], rtol=1e-10)
    np.testing.assert_allclose(path.gradient[:5], run["gradients"], rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(path.x[5], run["w"], rtol=1e-9, atol=1e-12)  # Adam divides by the smallest gradients
    assert (np.array(run["gradients"]) != 0).mean() > 0.7  # a network of dead units would agree with anything


@each_norm
def test_a_transformer_agrees_with_the_recorded_run_of_pytorch(norm):
    assert_equal_to_ours(norm, json.loads(GOLDEN.read_text())[norm])


@each_norm
def test_a_transformer_agrees_with_pytorch(norm):
    assert_equal_to_ours(norm, by_torch(norm))


# --- layers --------------------------------------------------------------------------------------------------------


def test_embedding_against_a_sum_over_all_places():
    layer, tokens = Embedding(5, 3), np.array([[0, 4, 0], [2, 0, 4]])
    p, dy = parameters(layer, (3,)), batch_of(2, (3, 3))
    y = layer.forward(tokens, p)
    dp, expected = np.full_like(p, np.nan), np.zeros((5, 3))
    layer.backward(dy, p, dp)
    for i, t in np.ndindex(2, 3):
        np.testing.assert_array_equal(y[t, i], p.reshape(5, 3)[tokens[i, t]])
        expected[tokens[i, t]] += dy[t, i]
    np.testing.assert_allclose(dp.reshape(5, 3), expected)


def test_attention_is_what_its_equation_says():
    layer, x = SelfAttention(2), batch_of(3, (5, 4))
    p = parameters(layer, (5, 4))
    Q, K, V, out = p.reshape(4, 4, 4)
    y = layer.forward(x, p)
    for i, t in np.ndindex(3, 5):
        mixed = []
        for head in (slice(0, 2), slice(2, 4)):
            q, k, v = (x[t, i] @ Q)[head], (x[: t + 1, i] @ K)[:, head], (x[: t + 1, i] @ V)[:, head]
            weights = np.exp(k @ q / np.sqrt(2))
            mixed.append(weights @ v / weights.sum())
        np.testing.assert_allclose(y[t, i], np.concatenate(mixed) @ out, rtol=1e-12)


def test_large_scores_overflow_nothing():
    layer, p = SelfAttention(1), np.tile(np.eye(2).ravel(), 4)
    x = np.array([[[800.0, 0.0]], [[0.0, 800.0]], [[800.0, 800.0]]])
    assert np.isfinite(layer.forward(x, p)).all()


def test_heads_may_be_exchanged():
    layer, x = SelfAttention(2), batch_of(3, (5, 4))
    p = parameters(layer, (5, 4))
    Q, K, V, out = p.reshape(4, 4, 4)
    other = [2, 3, 0, 1]
    exchanged = np.stack([Q[:, other], K[:, other], V[:, other], out[other]]).ravel()
    np.testing.assert_allclose(layer.forward(x, p).copy(), layer.forward(x, exchanged), rtol=1e-12)


def test_attention_without_positions_knows_no_order():
    layer, x = SelfAttention(2), batch_of(1, (5, 4))
    p = parameters(layer, (5, 4))
    last = layer.forward(x, p)[-1].copy()
    np.testing.assert_allclose(layer.forward(x[[2, 0, 3, 1, 4]], p)[-1], last, rtol=1e-12)


def test_layer_norm_has_mean_0_and_variance_1_and_ignores_scale_and_shift():
    x = batch_of(6, (3, 8))
    y = LayerNorm().forward(x, np.ones(8)).copy()
    np.testing.assert_allclose(y.mean(axis=-1), 0, atol=1e-12)
    np.testing.assert_allclose(y.var(axis=-1), 1, rtol=1e-3)  # but for ε
    np.testing.assert_allclose(LayerNorm().forward(1e4 * x + 7, np.ones(8)), y, atol=1e-3)  # but for ε again
    np.testing.assert_allclose(LayerNorm().forward(np.full((2, 8), 3.0), np.ones(8)), 0)


@each_norm
def test_a_later_token_changes_no_earlier_score(norm):
    network, rng = SMALL[norm], np.random.default_rng(0)
    w, row = rng.normal(size=network.size), rng.integers(0, 7, (1, 5))
    before = network.forward(w, row).copy()
    for place in range(5):
        other = row.copy()
        other[0, place] = (row[0, place] + 3) % 7
        after = network.forward(w, other)
        np.testing.assert_array_equal(after[:place], before[:place])
        assert (after[place:] != before[place:]).any(axis=(1, 2)).all()  # and it does change all later ones


def test_a_transformer_is_a_list_of_layers_with_names_in_their_order():
    names = list(SMALL["pre"].shapes)
    assert names[:7] == [
        "Embedding1.W",
        "Positions1.P",
        "LayerNorm1.gain",
        *(f"SelfAttention1.{part}" for part in "QKVO"),
    ]
    assert names[-3:] == ["LayerNorm5.gain", "Dense5.W", "Dense5.b"]
    network = transformer(65)
    assert network.size == 65 * 32 + 32 * 32 + 2 * (32 + 4 * 32**2 + 32 + 8 * 32**2 + 5 * 32) + 32 + 33 * 65


def test_gains_begin_at_1_and_biases_at_0():
    for name, view in transformer(65).views(transformer(65).start()).items():
        if view.ndim == 1:
            assert (view == name.endswith("gain")).all()
        else:
            assert view.std() > 0


def test_the_start_of_gpt_has_one_spread_everywhere_and_a_small_head_only_at_the_end():
    network = transformer(65)
    gpt, glorot, small = (network.views(network.start(init=init)) for init in ("gpt", "glorot", "small_head"))
    for name, view in gpt.items():
        if view.ndim == 2:
            assert view.std() == pytest.approx(0.02, rel=0.1)
        if name == "Dense5.W":
            assert small[name].std() == pytest.approx(0.02, rel=0.1) and glorot[name].std() > 0.1
        else:
            np.testing.assert_array_equal(small[name], glorot[name])


def test_dropout_in_residuals_has_numbers_of_its_own_and_is_rewound():
    network = Network([Residual([Dense(40)]), transformer_dropout(), transformer_dropout(), Dense(3)], (40,))
    first, second = (leaf for leaf in network.leaves if hasattr(leaf, "rng"))
    assert (first.place, second.place) == (0, 1)
    loss, w = network.loss_on(np.ones((2, 40)), np.array([0, 1])), network.start()
    value, other = (loss.value_and_gradient(w)[0] for _ in range(2))
    loss.rewind()
    assert loss.value_and_gradient(w)[0] == value != other


def transformer_dropout():
    return transformer(7, dropout=0.5, features=40, heads=2, blocks=1).layers[3]


def test_arrays_of_a_transformer_are_allocated_once():
    network = transformer(7, context=5, features=8, heads=2, blocks=1)
    loss, w = network.loss_on(*windows(TOKENS, 5), batch_size=3), network.start()
    for _ in range(5):
        loss.value_and_gradient(w)  # three and three and one window
    kept = {id(array) for leaf in loss.network.leaves for array in leaf._kept.values()}
    loss.value_and_gradient(w)
    assert {id(array) for leaf in loss.network.leaves for array in leaf._kept.values()} == kept


# --- text ----------------------------------------------------------------------------------------------------------


def test_before_training_every_token_is_a_guess():
    network = transformer(64)
    loss = network.evaluate(network.start(init="gpt"), *windows(np.arange(640) % 64, 32)).loss
    assert bits(loss) == pytest.approx(6, abs=0.05)  # log2 of 64, and a little for a start that is not 0


def test_windows_foretell_each_token_once():
    tokens = np.arange(11)
    rows, labels = windows(tokens, 3)
    np.testing.assert_array_equal(rows.ravel(), np.arange(9))
    np.testing.assert_array_equal(labels.ravel(), np.arange(1, 10))
    assert windows(tokens, 10)[0].shape == (1, 10)


def test_a_text_of_one_period_is_learned_and_written_on():
    """After 0 1 2 0 1 2 ... the next token is certain: the loss goes to 0, and the network goes on so."""
    network = transformer(3, context=6, features=8, heads=2, blocks=1)
    loss = network.loss_on(*windows(np.arange(301) % 3, 6), batch_size=20)
    path = descend(loss, Adam(lr=0.03), network.start(), 150)
    assert path.loss[-1] < 0.01
    np.testing.assert_array_equal(sample(network, path.x[-1], [1], 20, temperature=0.1), (np.arange(20) + 2) % 3)


def test_what_stands_behind_the_seen_changes_nothing_that_is_written():
    network = SMALL["pre"]
    w = begin(network)
    whole = sample(network, w, [3, 1], 12, seed=4)
    for cut in (1, 5, 9):  # written in two parts, from generators that have drawn as often
        assert (sample(network, w, [3, 1], cut, seed=4) == whole[:cut]).all()
    assert len(sample(network, w, [0], 0)) == 0


def test_a_low_temperature_takes_the_most_probable_token():
    network = SMALL["pre"]
    w, row = begin(network), np.array([[3, 1, 4, 1, 5]])
    assert sample(network, w, row[0], 1, temperature=1e-3) == network.forward(w, row)[-1, 0].argmax()


def test_the_temperature_sets_the_frequencies():
    network = SMALL["pre"]
    w = begin(network)
    scores = network.forward(w, np.array([[2] * 5]))[-1, 0].copy()
    p = np.exp(scores / 2) / np.exp(scores / 2).sum()
    drawn = [sample(network, w, [2] * 5, 1, temperature=2, seed=seed)[0] for seed in range(2000)]
    counts = np.bincount(drawn, minlength=7)
    assert ((counts - 2000 * p) ** 2 / (2000 * p)).sum() < 22.46  # chi-square, 6 degrees of freedom: 1 in 1,000


# --- what is wrong is named --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Embedding(0, 4), "vocabulary = 0: give a whole number, 1 or more"),
        (lambda: Embedding(4, 2.0), "features = 2.0"),
        (lambda: SelfAttention(0), "heads = 0: give a whole number, 1 or more"),
        (lambda: SelfAttention(3).output_shape((5, 8)), r"a multiple of 3; here: \(5, 8\)"),
        (lambda: SelfAttention(2).output_shape((8,)), r"SelfAttention takes places x features"),
        (lambda: Embedding(7, 8).output_shape((5, 8)), r"rows of tokens, here come \(5, 8\): put it first"),
        (lambda: Network([Residual([Dense(3)])], (4,)), r"what comes in, \(4,\), and what its layers give, \(3,\)"),
        (lambda: transformer(7, norm="none"), "norm = 'none': give 'pre' or 'post'"),
        (lambda: transformer(7, context=0), "context = 0: give a whole number, 1 or more"),
        (lambda: windows([1.5, 2.5], 1), r"tokens of shape \(2,\) and type float64: give a row of whole numbers"),
        (lambda: windows([1], 1), "tokens has length 1: give 2 or more"),
        (lambda: windows([], 1), "give"),
        (lambda: windows([1, 2, 3], 3), "context = 3: give a whole number, 1 to 2"),
        (lambda: SMALL["pre"].loss_on(EXAMPLES[0] + 5, EXAMPLES[1]), "tokens .*: give whole numbers from 0 to 6"),
        (lambda: SMALL["pre"].loss_on(EXAMPLES[0] - 1, EXAMPLES[1]), "tokens .*: give whole numbers from 0 to 6"),
        (lambda: SMALL["pre"].loss_on(EXAMPLES[0] / 2, EXAMPLES[1]), "tokens of type float64"),
        (lambda: SMALL["pre"].loss_on(EXAMPLES[0], EXAMPLES[1][:, 0]), r"give shapes \(n, ...\) and \(n, places\)"),
        (lambda: SMALL["pre"].loss_on(EXAMPLES[0], EXAMPLES[1] + 9), "labels with .*: give whole numbers from 0 to 6"),
        (lambda: SMALL["pre"].forward(begin(SMALL["pre"]), np.zeros((1, 6), int)), r"have shape \(1, 6\)"),
        (lambda: sample(SMALL["pre"], begin(SMALL["pre"]), [], 3), "tokens is empty"),
        (lambda: sample(SMALL["pre"], begin(SMALL["pre"]), [9], 3), "tokens .*: give whole numbers from 0 to 6"),
        (lambda: sample(SMALL["pre"], begin(SMALL["pre"]), [0], 3, temperature=0), "temperature = 0: give a number"),
        (lambda: sample(SMALL["pre"], begin(SMALL["pre"]) * np.nan, [0], 3), "scores are not finite: has its training"),
    ],
)
def test_nonsense_is_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_float32_stays_float32():
    network = SMALL["pre"]
    loss = network.loss_on(*EXAMPLES)
    gradient = loss.value_and_gradient(network.start())[1]
    assert gradient.dtype == network.forward(network.start(), EXAMPLES[0]).dtype == np.float32
    exact = loss.value_and_gradient(network.start().astype(np.float64))[1]
    assert relative_error(gradient, exact) < 1e-5


def test_a_layer_between_two_attentions_may_be_anything_that_works_at_each_place():
    network = Network([Embedding(5, 4), SelfAttention(1), ReLU(), LayerNorm(), Positions(), Dense(5)], (3,))
    assert network.forward(network.start(), np.array([[0, 1, 2]])).shape == (3, 1, 5)
