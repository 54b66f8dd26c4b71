"""Adam that steps on the rows of a table alone that have a gradient."""

from __future__ import annotations

import keras

from tf1compat.keras3.v1_optimizers.stepping_adam import Adam

__all__ = ["LazyAdam"]


@keras.saving.register_keras_serializable(package="tf1compat")
class LazyAdam(Adam):
    """Mirrors ``tf.contrib.opt.LazyAdamOptimizer``.

    As :class:`Adam`, but rows of a table without a gradient, and their slots, stay as they are.
    """

    by_rows = True
