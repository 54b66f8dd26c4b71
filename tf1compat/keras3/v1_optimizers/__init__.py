"""Keras 3 optimizers that compute what those of TensorFlow 1.15 do, one file each."""

from tf1compat.keras3.v1_optimizers.multi_optimizer import MultiOptimizer
from tf1compat.keras3.v1_optimizers.stepping_adadelta import Adadelta
from tf1compat.keras3.v1_optimizers.stepping_adafactor import Adafactor
from tf1compat.keras3.v1_optimizers.stepping_adagrad import Adagrad
from tf1compat.keras3.v1_optimizers.stepping_adam import Adam
from tf1compat.keras3.v1_optimizers.stepping_adam_weight_decay import AdamWeightDecay
from tf1compat.keras3.v1_optimizers.stepping_ftrl import Ftrl
from tf1compat.keras3.v1_optimizers.stepping_gradient_descent import GradientDescent
from tf1compat.keras3.v1_optimizers.stepping_keras_adagrad import KerasAdagrad
from tf1compat.keras3.v1_optimizers.stepping_keras_nadam import KerasNadam
from tf1compat.keras3.v1_optimizers.stepping_keras_rmsprop import KerasRMSprop
from tf1compat.keras3.v1_optimizers.stepping_lamb import Lamb
from tf1compat.keras3.v1_optimizers.stepping_lazy_adam import LazyAdam
from tf1compat.keras3.v1_optimizers.stepping_momentum import Momentum
from tf1compat.keras3.v1_optimizers.stepping_rmsprop import RMSProp

__all__ = [
    "OWN_OPTIMIZERS",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamWeightDecay",
    "Ftrl",
    "GradientDescent",
    "KerasAdagrad",
    "KerasNadam",
    "KerasRMSprop",
    "Lamb",
    "LazyAdam",
    "Momentum",
    "MultiOptimizer",
    "RMSProp",
]

OWN_OPTIMIZERS = (
    GradientDescent,
    Momentum,
    Adagrad,
    Adadelta,
    RMSProp,
    Adam,
    LazyAdam,
    AdamWeightDecay,
    Lamb,
    Adafactor,
    Ftrl,
    KerasRMSprop,
    KerasAdagrad,
    KerasNadam,
)
"""All of them that step."""
