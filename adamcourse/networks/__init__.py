"""Networks: layers over one flat parameter vector, and their losses, which `descend` takes like any other.

layers    Dense, Conv2D, MaxPool2D, ReLU, Dropout, Flatten: forward and backward, shapes on the line
network   layers one behind the other, and their cross-entropy on examples
builders  the networks that the lessons use by name
"""

from adamcourse.networks.builders import article_cnn, mlp
from adamcourse.networks.layers import Conv2D, Dense, Dropout, Flatten, Layer, MaxPool2D, ReLU
from adamcourse.networks.network import CrossEntropy, Evaluation, Network, SoftmaxLoss
