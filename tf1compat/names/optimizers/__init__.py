"""What optimizers of the TensorFlow-1 world called what they keep, one file a family.

To add one, write its :class:`Optimizer` in a file of its own and put it into the tuple here; from
outside the package, ``OPTIMIZERS.add(Optimizer(...))``.
"""

from tf1compat.errors import UsageError as _UsageError
from tf1compat.names.optimizers import (
    adadelta,
    adagrad,
    adam,
    contributed,
    factored,
    ftrl,
    momentum,
    rmsprop,
)
from tf1compat.names.optimizers.optimizer import Optimizer
from tf1compat.registry import Registry as _Registry

__all__ = ["OPTIMIZERS", "Optimizer"]


def _check(one: Optimizer) -> None:
    """Raises UsageError for what only looks like an optimizer, or has names that none can have."""
    if not isinstance(one, Optimizer):
        raise _UsageError(f"optimizer {one.name!r}: expected an Optimizer, found {one!r}")
    one.check()


OPTIMIZERS: _Registry[Optimizer] = _Registry(
    "optimizer",
    (
        adam.ADAM,
        momentum.MOMENTUM,
        rmsprop.RMSPROP,
        adagrad.ADAGRAD,
        adadelta.ADADELTA,
        ftrl.FTRL,
        factored.FACTORED,
        contributed.CONTRIBUTED,
    ),
    has={"also": tuple, "state": tuple, "slots": tuple, "factored": bool},
    claims=lambda one: map(str.lower, one.names),  # names of slots are told without their case
    check=_check,
)
"""Every optimizer whose slots are recognised by name."""
