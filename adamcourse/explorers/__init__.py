"""Live figures for the lessons: each is a function that returns an Explorer.

race                 lesson 00: four optimizers on three surfaces
rate_and_condition   lesson 01: gradient descent on a ravine
adam_switches        lesson 06: Adam with each ingredient switched on or off
"""

from adamcourse.explorers.adam_switches import adam_switches
from adamcourse.explorers.explorer import Challenge, Explorer, Seen
from adamcourse.explorers.race import race
from adamcourse.explorers.rate_and_condition import rate_and_condition

__all__ = ["Challenge", "Explorer", "Seen", "adam_switches", "race", "rate_and_condition"]
