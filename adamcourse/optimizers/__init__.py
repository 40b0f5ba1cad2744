"""Optimizers: each turns x and the history of gradients into the next x; none knows what it is optimising.

Every optimizer is a frozen set of hyperparameters with two methods. `start(x)` gives the state before the first step;
`update(x, gradient, state)` gives the next x and the next state and changes none of its inputs. x and the gradient are
arrays of one shape: a point, a grid of points, or a whole network flattened into a vector.

    state = optimizer.start(x)
    for _ in range(100):
        x, state = optimizer.update(x, loss.gradient(x), state)

Hyperparameters broadcast against x, so `Adam(lr=np.geomspace(1e-3, 1, 50))` on x of shape (2, 50) runs 50 descents.
`update` checks its arguments and hands over to `step`, which is the algorithm alone, in the symbols of its paper:
g is the gradient, t counts steps from 1, m and v are running averages of g and g².

optimizer    what all share
core         GradientDescent, Momentum, Adagrad, RMSprop, Adam
relatives    AdamW, AMSGrad, AdaMax, Nadam, RAdam, Lion, NormalisedMomentum
swats        SWATS, from Adam to momentum
later        ScheduleFree, Prodigy, Sophia
matrices     Muon, Shampoo, SOAP, Adafactor, which must know what forms a matrix
in_place     Adam for long vectors
schedules    learning rates that change from step to step
wrappers     an optimizer in a wrapper: scheduled, kept within bounds, clipped, averaged, optimistic
precision    fewer bits for weights, gradients and state
groups       different optimizers for different parts of a vector
"""

from adamcourse.optimizers.core import (
    Adagrad,
    AdagradState,
    Adam,
    AdamState,
    GradientDescent,
    GradientDescentState,
    Momentum,
    MomentumState,
    RMSprop,
    RMSpropState,
)
from adamcourse.optimizers.groups import Groups
from adamcourse.optimizers.later import (
    Prodigy,
    ProdigyState,
    ScheduleFree,
    ScheduleFreeState,
    Sophia,
    SophiaState,
)
from adamcourse.optimizers.matrices import (
    SOAP,
    Adafactor,
    AdafactorState,
    Muon,
    MuonState,
    Shampoo,
    ShampooState,
    SOAPState,
    orthogonalised,
)
from adamcourse.optimizers.optimizer import Optimizer
from adamcourse.optimizers.precision import (
    EightBit,
    LossScaled,
    LossScaledState,
    MasterWeights,
    MasterWeightsState,
    Packed,
    Stored,
    StoredState,
    bfloat16,
    bfloat16_at_random,
    float16,
)
from adamcourse.optimizers.relatives import (
    AdaMax,
    AdaMaxState,
    AdamW,
    AMSGrad,
    AMSGradState,
    Lion,
    LionState,
    Nadam,
    NormalisedMomentum,
    NormalisedMomentumState,
    RAdam,
)
from adamcourse.optimizers.schedules import Cooldown, Cosine, InverseRoot, InverseTime, Warmup
from adamcourse.optimizers.swats import SWATS, SWATSState, projected_rate
from adamcourse.optimizers.wrappers import (
    Averaged,
    AveragedState,
    Clipped,
    ClippedState,
    Optimistic,
    OptimisticState,
    Projected,
    Scheduled,
    ScheduledState,
    Wrapper,
)

ALL = (
    GradientDescent,
    Momentum,
    Adagrad,
    RMSprop,
    Adam,
    AdamW,
    AMSGrad,
    AdaMax,
    Nadam,
    RAdam,
    Lion,
)
# SWATS and NormalisedMomentum are not elementwise, and not among them.
