"""Live figures for the lessons: each module of a lesson has a function of its own name that returns an Explorer.

controls             sliders, boxes and lists, the steps of each, and its value as a browser tells it
frames               pictures of which most stands still: what moved is drawn over the rest
picture              the part that lives in the browser, and answers a control within a frame
prefetch             which pictures may be asked for next, and the moment to draw them
explorer             a function of controls and one kept figure, and which pictures the browser is sent
race                 lesson 00: four optimizers on three surfaces
rate_and_condition   lesson 01: gradient descent on a ravine
batch_and_rate       lesson 02: minibatches of real data, one pass
momentum_phases      lesson 03: momentum on a ravine, and on the map of (α, β)
rare_word            lesson 04: the weights of a common and of a rare word, and their rates
rmsprop_memory       lesson 05: gradients that become smaller, and what RMSprop remembers
adam_switches        lesson 06: Adam with each ingredient switched on or off
bias_multiplier      lesson 07: the length of a step without the correction
hyperparameter_map   lesson 08: heat maps of Adam's settings, and the run at the cursor
learning_digits      lesson 09: a small network learns to read, minibatch by minibatch
overfitting          lesson 10: few digits, dropout and weight decay
failing_adam         lesson 11: a slope that is seldom steep, and the average regret of Adam and AMSGrad
two_dialects         lesson 12: one optimizer as two frameworks write it, and where the two part
rare_classes         lesson 13: classes of different frequency under three optimizers
learning_to_write    lesson 14: what a small transformer has learned of Moby-Dick, and what it writes
one_outlier          lesson 15: one gradient that is too large, Adam's second memory, and a clip
newton_schulz        lesson 16: singular values before and after steps of an iteration
circling_game        lesson 17: a game of two under Adam, with both memories and with optimism
what_a_search_buys   lesson 18: the best of so many trainings, for each optimizer, on recorded tasks
"""
