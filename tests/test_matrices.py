"""Muon, Shampoo, SOAP and Adafactor: singular values, and Adam where they meet; recorded runs are in test_dialects."""

import numpy as np
import pytest

from adamcourse.descent import descend
from adamcourse.networks import transformer, windows
from adamcourse.optimizers import (
    SOAP,
    Adafactor,
    Adam,
    Cosine,
    Groups,
    Muon,
    Scheduled,
    Shampoo,
    orthogonalised,
)
from adamcourse.optimizers.optimizer import parts
from adamcourse.training import Training

KINDS = {"Muon": Muon, "Shampoo": Shampoo, "SOAP": SOAP, "Adafactor": Adafactor}
each = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
SHAPES = [(4, 3), (3, 5), (1, 6), (6, 1)]


def walked(optimizer, gradients, x=None):
    x = np.zeros_like(gradients[0]) if x is None else x
    state, path = optimizer.start(x), [x]
    for g in gradients:
        x, state = optimizer.update(x, g, state)
        path.append(x)
    return np.array(path)


def whole_and_resumed(training, folder, at):
    """Return a training of 25 steps, and one that was saved on the way and resumed; `training` makes them."""
    whole, part = training(), training()
    whole.run_until(steps=25)
    part.run_until(steps=at)
    part.save(folder / "part.npz")
    again = training().resume(folder / "part.npz")
    again.run_until(steps=25)
    return whole, again


# --- Newton and Schulz, and Muon -----------------------------------------------------------------------------------


def test_five_steps_send_every_singular_value_into_a_band_and_keep_the_vectors():
    """The iteration acts on each singular value by itself, as a s + b s³ + c s⁵."""
    rng = np.random.default_rng(0)
    U, V = (np.linalg.qr(rng.normal(size=(side, side)))[0] for side in (40, 60))
    s = np.geomspace(1, 0.01, 40)
    s[0] = 1
    G = U @ np.diag(s) @ V[:40]
    values = s / np.linalg.norm(s)
    for _ in range(5):
        values = 3.4445 * values - 4.7750 * values**3 + 2.0315 * values**5
    np.testing.assert_allclose(U.T @ orthogonalised(G) @ V[:40].T, np.diag(values), atol=1e-12)
    np.testing.assert_allclose(orthogonalised(G.T), orthogonalised(G).T, atol=1e-12)
    line = np.linspace(0.01, 1, 100_000)
    for _ in range(5):
        line = 3.4445 * line - 4.7750 * line**3 + 2.0315 * line**5
    assert line.min() > 0.68 and line.max() < 1.14
    assert (orthogonalised(np.zeros((3, 2))) == 0).all()


def test_muon_does_not_see_a_scale_nor_the_axes():
    rng = np.random.default_rng(0)
    gradients = rng.normal(size=(6, 4, 3))
    U, V = (np.linalg.qr(rng.normal(size=(side, side)))[0] for side in (4, 3))
    plain = walked(Muon(0.1), gradients)
    np.testing.assert_allclose(walked(Muon(0.1), 1e6 * gradients), plain, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(walked(Muon(0.1), U @ gradients @ V), U @ plain @ V, atol=1e-12)
    assert np.abs(walked(Adam(0.1), U @ gradients @ V) - U @ walked(Adam(0.1), gradients) @ V).max() > 0.01


def test_the_length_of_muons_step_is_near_that_of_adam():
    rng = np.random.default_rng(0)
    for shape in ((64, 64), (32, 128), (128, 32)):
        step = np.diff(walked(Muon(1.0), rng.normal(size=(1, *shape))), axis=0)
        assert 0.14 < np.sqrt(np.mean(step**2)) < 0.23


# --- Shampoo and SOAP ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", SHAPES)
def test_shampoo_without_memory_walks_along_the_singular_vectors(shape):
    rng = np.random.default_rng(0)
    G = rng.normal(size=shape)
    U, _, V = np.linalg.svd(G, full_matrices=False)
    step = walked(Shampoo(0.1, beta=0.0), [G])[1]
    np.testing.assert_allclose(step / np.linalg.norm(step), -U @ V / np.linalg.norm(U @ V), atol=1e-6)
    assert np.linalg.norm(step) == pytest.approx(np.linalg.norm(walked(Adam(0.1), [G])[1]), rel=1e-6)


def test_the_roots_of_shampoo_are_those_of_its_sums():
    rng = np.random.default_rng(0)
    gradients = rng.normal(size=(3, 3, 3))
    shampoo, x = Shampoo(0.1, beta=0.5, every=1), np.zeros((3, 3))
    state = shampoo.start(x)
    for g in gradients:
        x, state = shampoo.update(x, g, state)
    L = sum(0.5 ** (3 - k) * g @ g.T for k, g in enumerate(gradients))
    np.testing.assert_allclose(state.L, L, rtol=1e-12)
    np.testing.assert_allclose(np.linalg.matrix_power(np.linalg.inv(state.left), 4), L, rtol=1e-6)


def test_soap_on_axes_that_need_no_turning_is_adam():
    """Diagonal gradients: G Gᵀ and Gᵀ G are diagonal, and their eigenvectors the axes."""
    rng = np.random.default_rng(0)
    sizes = rng.normal(size=(12, 1, 1)) * np.diag([3.0, 2.0, 1.0])
    for every in (1, 5):
        soap = walked(SOAP(0.01, every=every), sizes)
        np.testing.assert_allclose(soap, walked(Adam(0.01, 0.95, 0.95), sizes), rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("every", [1, 3])
def test_soap_keeps_each_second_moment_with_its_direction_when_their_order_changes(every):
    """Diagonal gradients whose sizes overtake each other: the axes are put in another order, and it is still Adam."""
    gradients = np.array([np.diag(row) for row in np.random.default_rng(0).uniform(0.1, 3, (40, 4))])
    expected = walked(Adam(0.01, 0.95, 0.95), gradients)
    found = walked(SOAP(0.01, every=every), gradients)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-8)  # off the diagonal rounding is divided by ε


def test_soap_with_new_bases_at_each_step_turns_with_the_axes():
    rng = np.random.default_rng(0)
    gradients = rng.normal(size=(8, 4, 3))
    U, V = (np.linalg.qr(rng.normal(size=(side, side)))[0] for side in (4, 3))
    one, turned = walked(SOAP(0.1, every=1), gradients), walked(SOAP(0.1, every=1), U @ gradients @ V)
    np.testing.assert_allclose(turned[1], U @ one[1] @ V, atol=1e-6)  # later v belongs to the bases of before


# --- Adafactor -------------------------------------------------------------------------------------------------------


def test_adafactor_on_squares_of_rank_one_is_adam_without_a_first_moment():
    """|g| = a bᵀ: the product of row and column means over the mean is g² itself."""
    rng = np.random.default_rng(0)
    a, b = rng.uniform(0.5, 2, (5, 1)), rng.uniform(0.5, 2, (1, 4))
    signs = rng.choice([-1, 1], (7, 5, 4))
    path = walked(Adafactor(0.1, clip=1e9), signs * a * b)
    np.testing.assert_allclose(np.diff(path, axis=0), -0.1 * signs, rtol=1e-9)


def test_adafactor_bounds_the_length_of_a_step():
    gradients = np.ones((20, 3, 3))
    gradients[10] = 1e6  # v knows nothing of it yet but its own share
    steps = np.diff(walked(Adafactor(0.1), gradients), axis=0)
    assert np.sqrt(np.mean(steps**2, axis=(1, 2))).max() <= 0.1 * (1 + 1e-9)


# --- what all of them promise --------------------------------------------------------------------------------------


@each
@pytest.mark.parametrize("shape", SHAPES)
def test_float32_stays_nothing_is_changed_and_zeros_move_nothing(kind, shape):
    rng = np.random.default_rng(0)
    gradients = rng.normal(size=(12, *shape)).astype(np.float32)
    x = rng.normal(size=shape).astype(np.float32)
    before, optimizer = x.copy(), kind(0.01)
    state = optimizer.start(x)
    y, after = optimizer.update(x, gradients[0], state)
    assert y.dtype == np.float32 and (x == before).all()
    assert all(part.dtype == np.float32 for part in parts(after).values() if np.ndim(part))
    path = walked(optimizer, gradients, x)
    assert np.isfinite(path).all() and (path[1:] != path[:-1]).any(axis=(1, 2)).all()
    still, _ = optimizer.update(x, np.zeros_like(x), optimizer.start(x))
    assert np.isfinite(still).all() and (still == x).all()


@pytest.mark.parametrize("kind", [Muon, Shampoo, SOAP])
def test_a_vector_is_refused(kind):
    with pytest.raises(
        ValueError, match=rf"x has shape \(3,\): {kind.__name__} takes a matrix; with Groups, give others"
    ):
        kind(0.1).start(np.zeros(3))


@each
def test_what_is_not_finite_stays_so_and_raises_nothing(kind):
    gradients = np.ones((3, 4, 3))
    gradients[0] = np.nan
    assert np.isnan(walked(kind(0.1), gradients)[1:]).all()


def test_shampoo_in_float32_leaves_alone_what_a_gradient_of_low_rank_does_not_have():
    """The roots are those of the first gradient, and the second one has what it had not."""
    rng = np.random.default_rng(0)
    low = rng.normal(size=(32, 5)) @ rng.normal(size=(5, 128))
    gradients = 1e-3 * np.array([low, rng.normal(size=(32, 128))])
    steps = [np.diff(walked(Shampoo(0.1), gradients.astype(kind)), axis=0)[1].ravel() for kind in (float, np.float32)]
    fine, coarse = (step.astype(float) / np.linalg.norm(step) for step in steps)
    assert fine @ coarse > 0.9999


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Shampoo(every=0), "every = 0: every must be 1 or more"),
        (lambda: SOAP(every=-3), "every = -3: every must be 1 or more"),
        (lambda: Adafactor(clip=0), "clip = 0: clip must be above 0"),
        (lambda: Muon(rms=-1), "rms = -1: rms must be 0 or more"),
    ],
)
def test_what_is_out_of_range_is_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@each
def test_a_state_of_another_matrix_is_refused(kind):
    with pytest.raises(ValueError, match="state belongs to an x of shape"):
        kind(0.1).update(np.zeros((4, 3)), np.ones((4, 3)), kind(0.1).start(np.zeros((5, 2))))


@each
def test_groups_hand_each_matrix_in_its_shape(kind):
    rng = np.random.default_rng(0)
    shapes = {"Dense1.W": (4, 3), "Dense1.b": (3,), "Dense2.W": (3, 5), "Dense2.b": (5,)}
    gradients, x = rng.normal(size=(5, 35)), rng.normal(size=35)
    path = walked(Groups(shapes, {"*.W": kind(0.02), "*": Adam(0.01)}), gradients, x)
    for part, shape in ((slice(0, 12), (4, 3)), (slice(15, 30), (3, 5))):
        alone = walked(kind(0.02), gradients[:, part].reshape(5, *shape), x[part].reshape(shape))
        np.testing.assert_array_equal(path[:, part], alone.reshape(6, -1))
    vectors = np.r_[12:15, 30:35]
    np.testing.assert_array_equal(path[:, vectors], walked(Adam(0.01), gradients[:, vectors], x[vectors]))


@each
def test_a_language_model_is_trained_saved_and_resumed(kind, tmp_path):
    rows = windows(np.arange(400) ** 2 % 7, 5)
    network = transformer(7, context=5, features=8, heads=2, blocks=1)

    def training():
        hidden = {"SelfAttention*": kind(0.02), "Dense[12].W": Scheduled(kind(0.02), Cosine(99)), "*": Adam(0.01)}
        return Training(network, Groups(network.shapes, hidden), rows, rows, batch_size=8)

    whole, again = whole_and_resumed(training, tmp_path, at=12)
    np.testing.assert_array_equal(again.w, whole.w)
    assert whole.history.minibatch_losses[-1] < whole.history.minibatch_losses[0]


def test_a_quadratic_of_matrices_is_descended_by_all():
    """½ ‖A W B - C‖² with a curvature that no coordinate by itself has."""
    rng = np.random.default_rng(0)
    A, B = rng.normal(size=(4, 4)), rng.normal(size=(3, 3))
    C = rng.normal(size=(4, 3))

    class Loss:
        def value_and_gradient(self, w):
            r = A @ w.reshape(4, 3) @ B - C
            return 0.5 * np.sum(r**2), (A.T @ r @ B.T).ravel()

    for kind in KINDS.values():
        optimizer = Scheduled(Groups({"W": (4, 3)}, {"*": kind(0.1)}), Cosine(600))
        path = descend(Loss(), optimizer, np.zeros(12), 600)
        assert path.loss[-1] < 0.1 * path.loss[0]
