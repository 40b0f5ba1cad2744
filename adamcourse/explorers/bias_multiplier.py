"""Lesson 07: how long Adam's steps would be with no correction or a wrong one, along a constant gradient."""

import numpy as np

from adamcourse import plots
from adamcourse.explorers.controls import choice, log_slider, slider
from adamcourse.explorers.explorer import Challenge, Explorer, Readout

LAST = 100_000
STEPS = np.unique(np.geomspace(1, LAST, 400).astype(int))
SHORTEST, LIMIT, MEMORY = 0.4, 1.2, 20  # the challenge: lengths in units of α, and the shortest memory of v


def _none(beta, t):
    return 1.0


def _right(beta, t):
    return 1 - beta**t


def _without_t(beta, t):
    return 1 - beta


def _late(beta, t):
    return 1 - beta ** (t + 1)


CORRECTIONS = {  # what m and v are divided by, and how the sentence begins
    "none": (_none, _none, "without correction"),
    "of m alone": (_right, _none, "with m corrected alone"),
    "of v alone": (_none, _right, "with v corrected alone"),
    "by 1 - β, without ^t": (_without_t, _without_t, "divided by 1 - β, without ^t,"),
    "with t one too large": (_late, _late, "with t one too large"),
}


def multiplier(beta1, beta2, t, correction="none"):
    """Return the length of step t along a constant gradient, in units of α, with one of the CORRECTIONS; ε is 0."""
    of_m, of_v, _ = CORRECTIONS[correction]
    return (1 - beta1**t) / of_m(beta1, t) / np.sqrt((1 - beta2**t) / of_v(beta2, t))


def bias_multiplier():
    """Return the explorer of β1, of the memory of v, of the step t, and of what is done for a correction."""
    fig, (left, right) = plots.figure(columns=2, width=11, height=5)
    (first,) = left.plot([], [], color="#D55E00", linestyle="--", label="m / g = 1 - β1^t")
    (second,) = left.plot([], [], color="#CC79A7", linestyle="-.", label="√v / |g| = √(1 - β2^t)")
    left.set(xlabel="step t", xscale="log", xlim=(1, LAST), ylim=(0, 1.1), ylabel="share of what it will be")
    (raw,) = right.plot([], [], color="black", linestyle=(0, (2, 1)), label="with the correction chosen")
    right.axhline(1, color="black", label="with the right one")
    right.set(xlabel="step t", xscale="log", xlim=(1, LAST), yscale="log", ylim=(0.01, 200), ylabel="step / α")
    cursors = [ax.axvline(1, color=plots.TARGET_COLOR, linewidth=3, zorder=1) for ax in (left, right)]
    (dot,) = right.plot([], [], "o", color="black", markersize=11)
    handles = [*left.get_legend_handles_labels()[0], *right.get_legend_handles_labels()[0]]
    fig.legend(handles=handles, loc="outside lower center", ncols=2)

    def draw(beta1, memory, t, correction):
        beta2, t = 1 - 1 / memory, round(t)
        first.set_data(STEPS, 1 - beta1**STEPS)
        second.set_data(STEPS, np.sqrt(1 - beta2**STEPS))
        raw.set_data(STEPS, multiplier(beta1, beta2, STEPS, correction))
        for cursor in cursors:
            cursor.set_xdata([t, t])
        here = multiplier(beta1, beta2, t, correction)
        dot.set_data([t], [here])
        every = multiplier(beta1, beta2, np.arange(1, LAST + 1), correction)
        longest, off = every.max(), np.abs(every - 1) > 0.01
        most = f"The longest step is {longest:.3g} α, at t = {int(every.argmax()) + 1}"
        if longest < 1 + 1e-6:
            most = "No step is longer than α"
        settled = LAST - int(off[::-1].argmax()) + 1 if off.any() else 1
        late = f"from step {settled} on it is within 1 % of α"
        if off[-1]:
            late = f"step {LAST:,} is still {every[-1]:.3g} α long"
        text = (
            f"β1 = {beta1:.2f}, β2 = {beta2:.5g}: {CORRECTIONS[correction][2]} step {t} is {here:.3g} α long. {most}; "
            f"{late}."
        )
        even = correction == "none" and every.min() >= SHORTEST and longest <= LIMIT
        return Readout(text, won=bool(beta1 >= 0.899 and memory >= MEMORY - 0.1 and even))

    return Explorer(
        fig,
        draw,
        {
            "beta1": slider("β1", 0.0, 0.99, 0.9, 0.01),
            "memory": log_slider("memory of v, 1 / (1 - β2) steps", 2, 10_000, 1000),
            "t": log_slider("step t", 1, 10_000, 10),
            "correction": choice("correction", tuple(CORRECTIONS), "none"),
        },
        about="both averages of a constant gradient begin at 0, and what that does to the length of a step.",
        presets={
            "Show me the failure": {"beta1": 0.0, "memory": 10_000.0, "t": 1.0},
            "Two equal memories": {"beta1": 0.9, "memory": 10.0, "t": 1.0, "correction": "none"},
            "As found in 2025": {"beta1": 0.9, "memory": 10**1.3, "t": 1000.0, "correction": "by 1 - β, without ^t"},
        },
        challenge=Challenge(
            f"With β1 of 0.9 or more and a memory of v of {MEMORY} steps or more, let all uncorrected steps be between "
            f"{SHORTEST} and {LIMIT} α.",
            "v may remember about twice as long as m. Adam's usual memories, 10 and 1,000 steps, differ by a hundred.",
        ),
    )
