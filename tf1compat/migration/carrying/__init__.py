"""Which optimizer of Keras 3 goes on with the slots of which of 1.x.

To add one, write its :class:`Family` in a file of its own and put it into the tuple here; from
outside the package, ``FAMILIES.add(Family(...))``.
"""

from tf1compat.errors import UsageError as _UsageError
from tf1compat.migration.carrying import (
    from_adafactor,
    from_adam,
    from_adaptive,
    from_ftrl,
    from_gradient_descent,
    from_keras,
    from_keras_2,
)
from tf1compat.migration.carrying.family import Family, Kept, Taker
from tf1compat.registry import Registry as _Registry

__all__ = ["FAMILIES", "Family", "Kept", "Taker"]


def _check(one: Family) -> None:
    if not isinstance(one, Family):
        raise _UsageError(f"optimizer {one.name!r}: expected a Family, found {one!r}")
    one.check()


FAMILIES: _Registry[Family] = _Registry(
    "optimizer that goes on",
    (
        from_adam.ADAM,
        from_adam.LAZY_ADAM,
        from_adam.ADAM_WEIGHT_DECAY,
        from_adam.LAMB,
        from_gradient_descent.MOMENTUM,
        from_gradient_descent.GRADIENT_DESCENT,
        from_gradient_descent.KERAS_MOMENTUM,
        from_adaptive.ADAGRAD,
        from_adaptive.RMSPROP,
        from_adaptive.ADADELTA,
        from_ftrl.FTRL,
        from_adafactor.ADAFACTOR,
        from_keras.KERAS_AMSGRAD,
        from_keras.KERAS_RMSPROP,
        from_keras.KERAS_ADAGRAD,
        from_keras.KERAS_ADAMAX,
        from_keras.KERAS_NADAM,
        *from_keras_2.KERAS_2,
    ),
    check=_check,
)
"""Every optimizer of 1.x whose slots go on in one of Keras 3."""
