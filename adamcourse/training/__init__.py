"""Train a network by epochs, stop and resume to the last bit, and compare optimizers fairly.

blocks    one long vector, updated block by block, and the memory it takes
training  epochs over minibatches, with a history
accumulation  several minibatches joined to one
tuning    each optimizer at the best of its own learning rates, and what a search of so many tries finds
"""

from adamcourse.training.accumulation import Accumulated
from adamcourse.training.blocks import memory_bytes, start_in_blocks, update_in_blocks
from adamcourse.training.training import History, Training
from adamcourse.training.tuning import TunedResult, best_of, random_start_problem, training_problem, tune_and_compare
