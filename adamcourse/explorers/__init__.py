"""Live figures for the lessons: each is a function that returns an Explorer.

race                 lesson 00: four optimizers on three surfaces
rate_and_condition   lesson 01: gradient descent on a ravine
batch_and_rate       lesson 02: minibatches of real data, one pass
momentum_phases      lesson 03: momentum on a ravine, and on the map of (α, β)
rare_word            lesson 04: the weights of a common and of a rare word, and their rates
forgetting           lesson 05: gradients that become smaller, and what RMSprop remembers
adam_switches        lesson 06: Adam with each ingredient switched on or off
bias_multiplier      lesson 07: the length of a step without the correction
knob_map             lesson 08: heat maps of Adam's settings, and the run at the cursor
learning_digits      lesson 09: a small network learns to read, minibatch by minibatch
overfitting          lesson 10: few digits, dropout and weight decay
two_dialects         lesson 12: one optimizer as two frameworks write it, and where the two part
"""

from adamcourse.explorers.adam_switches import adam_switches
from adamcourse.explorers.batch_and_rate import batch_and_rate
from adamcourse.explorers.bias_multiplier import bias_multiplier
from adamcourse.explorers.explorer import Challenge, Explorer, Seen
from adamcourse.explorers.forgetting import forgetting
from adamcourse.explorers.knob_map import knob_map
from adamcourse.explorers.learning_digits import learning_digits
from adamcourse.explorers.momentum_phases import momentum_phases
from adamcourse.explorers.overfitting import overfitting
from adamcourse.explorers.race import race
from adamcourse.explorers.rare_word import rare_word
from adamcourse.explorers.rate_and_condition import rate_and_condition
from adamcourse.explorers.two_dialects import two_dialects

__all__ = [
    "Challenge",
    "Explorer",
    "Seen",
    "adam_switches",
    "batch_and_rate",
    "bias_multiplier",
    "forgetting",
    "knob_map",
    "learning_digits",
    "momentum_phases",
    "overfitting",
    "race",
    "rare_word",
    "rate_and_condition",
    "two_dialects",
]
