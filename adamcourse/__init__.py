"""adamcourse: Adam, derived step by step from gradient descent, in NumPy.

Read the modules from top to bottom; each imports only those above it:

gradients    finite differences, the course's own referee
surfaces     loss surfaces: value, gradient, minimum, domain, start, source
streams      losses that change from step to step: noise, a rare word, a slope that flattens
optimizers   GradientDescent, Momentum, Adagrad, RMSprop, Adam and its relatives
schedules    learning rates that change from step to step
descent      walk an optimizer down a loss and keep the whole path
datasets     digits, heights and lines of text in data/, and seeded minibatches
regression   least squares and logistic regression, whole or on minibatches
layers       Dense, Conv2D, MaxPool2D, ReLU, Dropout, Flatten: forward and backward, shapes on the line
network      layers over one flat parameter vector, and softmax cross-entropy
training     epochs over minibatches, stop and resume, memory, and a fair comparison of optimizers
dialects     the same optimizers as PyTorch, Keras and Optax spell them
plots        pictures of surfaces, paths and losses
explorers    live figures: controls, picture, one sentence that says what is seen
exercises    check, hint, solution, and the quizzes
environment  is everything installed that the lessons need?

Nothing is imported here, so that `import adamcourse` costs next to nothing.
"""

__version__ = "0.1.0"
