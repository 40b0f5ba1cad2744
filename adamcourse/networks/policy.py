"""Learning from rewards: problems in which a network chooses what to do, and its expected return as a loss."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from adamcourse.checks import has_functions, valid_seed, whole_number
from adamcourse.losses.classification import cross_entropy, softmax


@dataclass(frozen=True)
class CartPole:
    """A pole that stands on a cart; push the cart to the left (0) or to the right (1), so that the pole does not fall.

    θ'' = (g sin θ - cos θ h) / (l (4/3 - m cos² θ / (m + M))),  h = (F + m l θ'² sin θ) / (m + M)
    x'' = h - m l θ'' cos θ / (m + M)

    Each step takes 0.02 seconds (Euler's method), has the reward 1, and ends the run when the pole leans by more than
    12 degrees or the cart is more than 2.4 metres from the middle. A state is x, x', θ, θ'; many are stepped at once.

    Arguments
    ---------
    force : F in newtons, of a push to the right, default 10; a negative one wires the motor the other way round.
    length : of the pole in metres, 2 l > 0, default 1.

    Raises ValueError when force is 0 or not finite, or length is not above 0.
    Source: Barto, Sutton and Anderson 1983, their appendix, without friction; limits and start as in OpenAI Gym.

    >>> states, rewards, over = CartPole().step(np.zeros((2, 4)), np.array([0, 1]))  # pushed apart from rest
    >>> states[:, 1].round(3), over
    (array([-0.195,  0.195]), array([False, False]))
    """

    force: float = 10.0
    length: float = 1.0
    actions: ClassVar[int] = 2
    features: ClassVar[int] = 4

    def __post_init__(self):
        if not 0 < abs(self.force) < np.inf:
            raise ValueError(f"force = {self.force}: a push is a finite number other than 0")
        if not 0 < self.length < np.inf:
            raise ValueError(f"length = {self.length}: a pole is longer than 0")

    def begin(self, rng, runs):
        """Return states to begin with, shape (runs, 4): almost at rest, almost upright."""
        return rng.uniform(-0.05, 0.05, (runs, 4))

    def step(self, states, actions):
        """Return the next states, the rewards, and whether each run is over; actions of shape (runs,)."""
        gravity, cart, pole, half, seconds = 9.8, 1.0, 0.1, self.length / 2, 0.02
        x, speed, angle, turning = states.T
        total = cart + pole
        push = (self.force * np.where(actions == 1, 1, -1) + pole * half * turning**2 * np.sin(angle)) / total
        inertia = half * (4 / 3 - pole * np.cos(angle) ** 2 / total)
        tipping = (gravity * np.sin(angle) - np.cos(angle) * push) / inertia
        driving = push - pole * half * tipping * np.cos(angle) / total
        change = np.stack([speed, driving, turning, tipping], axis=1)
        states = states + seconds * change
        over = (np.abs(states[:, 0]) > 2.4) | (np.abs(states[:, 2]) > np.radians(12))
        return states, np.ones(len(states)), over


@dataclass(frozen=True)
class Corridor:
    """A walk along places in a row, a step to the left (0) or to the right (1) each time; the last place pays 1.

    A problem so small that all ways through it can be summed: the estimate of `PolicyLoss` is checked on it. A state is
    the place as a row with one 1; whoever walks against an end stays there.

    Arguments
    ---------
    places : how many there are, a whole number, 2 or more, default 3; a run begins at the first.

    Raises ValueError when places is not such a number.

    >>> states, rewards, over = Corridor(2).step(np.array([[1.0, 0.0]]), np.array([1]))
    >>> states, rewards, over
    (array([[0., 1.]]), array([1.]), array([False]))
    """

    places: int = 3
    actions: ClassVar[int] = 2

    def __post_init__(self):
        whole_number("places", self.places, 2)

    @property
    def features(self):
        return self.places

    def begin(self, rng, runs):
        """Return the first place for each run, shape (runs, places)."""
        return np.tile(np.eye(self.places)[0], (runs, 1))

    def step(self, states, actions):
        """Return the next states, the rewards, and that no run is over; actions of shape (runs,)."""
        place = (states.argmax(axis=1) + np.where(actions == 1, 1, -1)).clip(0, self.places - 1)
        return np.eye(self.places)[place], (place == self.places - 1).astype(float), np.zeros(len(place), bool)


class Played(NamedTuple):
    """What happened in some runs, first axis the steps, second the runs."""

    states: np.ndarray
    actions: np.ndarray
    rewards: np.ndarray
    going: np.ndarray


class PolicyLoss:
    """Minus the expected return of a network that chooses, as a function of its flat parameter vector w: REINFORCE.

    f(w) = -E[R],  ∇f = -E[Σ_t (R_t - b_t) ∇ log p(a_t)],  R_t the sum of rewards from step t on

    p is the softmax of the network's scores. The expectation is a mean over runs played at w. b_t, the baseline, is the
    mean R_t of the other runs: it has no part in the choice a_t, so the estimate stays right on average, and its noise
    is smaller. The network is trained on what it has done, so that each step changes the data of the next one.

    Arguments
    ---------
    network : a Network whose inputs are states and whose scores are one for each action.
    problem : what is to be learned, such as CartPole(): `begin(rng, runs)` gives states, shape (runs, features), and
        `step(states, actions)` the next ones, the rewards, and which runs are over.
    runs : so many at once, a whole number, 2 or more, default 16.
    steps : of a run at most, a whole number, 1 or more, default 200.
    reward : a number that each reward is multiplied by, default 1.
    seed : of starts and choices, default 0.

    Raises ValueError when network and problem do not fit, or an argument is outside its range.
    Source: Williams 1992 (REINFORCE); Kool, van Hoof and Welling 2019 (this baseline).

    >>> from adamcourse.networks import Dense, Network
    >>> loss = PolicyLoss(Network([Dense(2)], (4,)), CartPole())
    >>> value, gradient = loss.value_and_gradient(np.zeros(10))  # pushed at random, the pole falls soon
    >>> float(value), gradient.shape
    (-20.875, (10,))
    """

    def __init__(self, network, problem, runs=16, steps=200, reward=1.0, seed=0):
        has_functions("problem", problem, "begin", "step")
        self.network, self.problem, self.reward, self.seed = network, problem, reward, valid_seed(seed)
        self.runs, self.steps = whole_number("runs", runs, 2), whole_number("steps", steps, 1)
        fits = (network.input_shape, network.scores_shape) == ((problem.features,), (problem.actions,))
        if not fits:
            raise ValueError(
                f"network takes {network.input_shape} and gives {network.scores_shape}: "
                f"this problem has {problem.features} features and {problem.actions} actions"
            )
        if not 0 < abs(reward) < np.inf:
            raise ValueError(f"reward = {reward}: give a finite number other than 0")
        self.rewind()

    def rewind(self):
        """Begin anew with the starts and choices, so that the next descent meets the same luck."""
        self._rng = np.random.default_rng(self.seed)

    def value_and_gradient(self, w):
        """Return f and ∇f, estimated from runs that are played at the flat vector w."""
        w, played = self.network._vector(w), self.play(w)
        returns = self.reward * played.rewards[::-1].cumsum(axis=0)[::-1]  # (steps, runs): R_t
        others = (returns.sum(axis=1, keepdims=True) - returns) / (self.runs - 1)  # b_t
        better = (returns - others)[played.going]
        scores = self.network.forward(w, played.states[played.going], training=True)
        _, dscores = cross_entropy(scores, played.actions[played.going])  # of -log p(a)
        gradient = np.empty_like(w)
        self.network.backward(w, (dscores * better[:, None]).astype(w.dtype), gradient)
        return -returns[0].mean(), gradient / self.runs

    def play(self, w):
        """Return what happens in as many runs as the loss has, as Played; all choices are drawn."""
        states, going, parts = self.problem.begin(self._rng, self.runs), np.ones(self.runs, bool), []
        while going.any() and len(parts) < self.steps:
            chances = softmax(self.network.forward(w, states)).cumsum(axis=1)[:, :-1]
            actions = (self._rng.random((self.runs, 1)) > chances).sum(axis=1)
            following, rewards, over = self.problem.step(states, actions)
            parts.append((states, actions, rewards * going, going))
            states, going = following, going & ~over
        return Played(*map(np.array, zip(*parts, strict=True)))
