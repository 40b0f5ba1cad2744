"""adamcourse: Adam, derived step by step from gradient descent, in NumPy.

Read the modules from top to bottom; each imports only those above it:

gradients    finite differences, the course's own referee
surfaces     loss surfaces: value, gradient, minimum, domain, start, source
optimizers   GradientDescent, Momentum, Adagrad, RMSprop, Adam and its relatives
descent      walk an optimizer down a loss and keep the whole path
datasets     the digits in data/, and seeded minibatches
layers       Dense, Conv2D, MaxPool2D, ReLU, Dropout, Flatten: forward and backward, shapes on the line
network      layers over one flat parameter vector, and softmax cross-entropy
training     epochs over minibatches, stop and resume, memory, and a fair comparison of optimizers
plots        pictures of surfaces, paths and losses
explorers    live figures: controls, picture, one sentence that says what is seen
exercises    check, hint, solution, and the quizzes
environment  is everything installed that the lessons need?

Nothing is imported here, so that `import adamcourse` costs next to nothing.
"""

__version__ = "0.1.0"
