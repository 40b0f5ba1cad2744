"""adamcourse: Adam, derived step by step from gradient descent, in NumPy.

Read the modules from top to bottom; each imports only those above it (tests/test_architecture.py reads this list):

checks       of arguments, which several modules share
gradients    finite differences, the course's own referee, and curvature
places       where the course's own files lie, in a clone and in a wheel
datasets     digits, heights and lines of text in data/, and seeded minibatches
optimizers   GradientDescent, Momentum, Adagrad, RMSprop, Adam, its relatives, what came later, schedules, wrappers
losses       surfaces, losses that change from step to step, regression, cross-entropy
descent      walk an optimizer down a loss and keep the whole trajectory
networks     layers over one flat parameter vector
training     epochs over minibatches, stop and resume, memory, and a fair comparison of optimizers
dialects     the same optimizers as PyTorch, Keras and Optax spell them
png          pictures as PNG with few colours
plots        pictures of surfaces, paths and losses
contest      a fair race for an optimizer of your own, and its score card
journal      what a learner has done: a line for each exercise, question and challenge
explorers    live figures: controls, picture, one sentence that says what is seen
exercises    check, hint, solution, and the quizzes
progress     what of the course is done, what comes next, and questions to review
environment  is everything installed that the lessons need?
merging      an update of the course, and what a learner has written
folder       the learner's own copies of the lessons
server       JupyterLab, opened at a lesson

Nothing is imported here, so that `import adamcourse` costs next to nothing.
"""

__version__ = "0.1.0"
