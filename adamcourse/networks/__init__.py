"""Networks: layers over one flat parameter vector, and their losses, which `descend` takes like any other.

chain      layers one behind the other over one stretch of the vector
layers     Dense, Conv2D, MaxPool2D, ReLU, Dropout, Flatten: forward and backward, shapes on the line
sequence   Embedding, Positions, LayerNorm, SelfAttention, Residual: what a transformer has besides
network    layers one behind the other, and their cross-entropy on examples
curvature  how the loss curves, from labels that a network draws
builders   the networks that the lessons use by name
language   a text as examples for a network, and text that a network writes
policy     a network that chooses, and its expected return as a loss
"""

from adamcourse.networks.builders import article_cnn, mlp, transformer
from adamcourse.networks.curvature import DrawnCurvature
from adamcourse.networks.language import bits, sample, windows
from adamcourse.networks.layers import Conv2D, Dense, Dropout, Flatten, Layer, MaxPool2D, ReLU
from adamcourse.networks.network import CrossEntropy, Evaluation, Network, SoftmaxLoss
from adamcourse.networks.policy import CartPole, Corridor, Played, PolicyLoss
from adamcourse.networks.sequence import Embedding, LayerNorm, Positions, Residual, SelfAttention
