"""`Scope`: the settings of a variable scope as one immutable value, opened wherever needed."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import threading
from collections.abc import Callable, Iterator
from typing import Any

import tensorflow as tf

from tf1compat.errors import UsageError
from tf1compat.graph.scopes.variable_scope import variable_scope

__all__ = ["Scope"]

v1 = tf.compat.v1


@dataclasses.dataclass(frozen=True)
class Scope:
    """A variable scope's name and settings, which many places may open.

    The value holds no graph: each `open()` opens a `tf.compat.v1.variable_scope` of the default
    graph. None leaves a setting to the enclosing scope. A scope is also a context manager
    (re-entrant, for each thread by itself) and a decorator.

    Attributes:
      name: the scope's name, with slashes where nested; "" keeps the current scope and only
        changes its settings.
      initializer: default initializer.
      regularizer: default regularizer; each new variable's loss is filed once.
      dtype: default dtype.
      partitioner: splits new variables.
      caching_device: where reads are cached.
      custom_getter: wraps `get_variable`.
      device: device string or function (`tf.compat.v1.train.replica_device_setter`) of
        everything made inside, variables included.
      constraint: projection applied by optimizers after updates.
      use_resource: asks for resource variables.
      reuse: None inherits, True shares, `tf.compat.v1.AUTO_REUSE` shares or makes.

    >>> dense = Scope("net", device="/cpu:0")
    >>> (dense / "head").name
    'net/head'
    >>> (dense | Scope(reuse=True)).reuse
    True
    """

    name: str = ""
    initializer: Any = None
    regularizer: Any = None
    dtype: Any = None
    partitioner: Any = None
    caching_device: Any = None
    custom_getter: Any = None
    device: Any = None
    constraint: Any = None
    use_resource: bool | None = None
    reuse: Any = None
    _opened: Any = dataclasses.field(
        default_factory=threading.local, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        if not isinstance(self.name, str):
            raise UsageError(
                f"Scope: expected a name, found {self.name!r}; pass a string such as 'net/conv1'"
            )
        if self.reuse not in (None, False, True, v1.AUTO_REUSE):
            raise UsageError(
                f"Scope {self.name!r}: expected reuse to be None, True or AUTO_REUSE, found "
                f"{self.reuse!r}"
            )

    def with_(self, **settings: Any) -> Scope:
        """Returns the same scope with some settings changed.

        Raises:
          UsageError: (a `ValueError`) an unknown setting.
        """
        known = [field.name for field in dataclasses.fields(self) if field.init]
        unknown = sorted(settings.keys() - set(known))
        if unknown:
            raise UsageError(
                f"Scope has no setting {', '.join(unknown)}; it has {', '.join(known)}"
            )
        return dataclasses.replace(self, **settings)

    def __truediv__(self, child: str) -> Scope:
        """Returns the scope `child` below this one, with the same settings."""
        return self.with_(name=f"{self.name}/{child}" if self.name else child)

    def __or__(self, other: Scope) -> Scope:
        """Returns this scope with `other`'s settings where it has any; names are joined."""
        given = {
            field.name: getattr(other, field.name)
            for field in dataclasses.fields(other)
            if field.init and field.name != "name" and getattr(other, field.name) is not None
        }
        if self.custom_getter is not None and other.custom_getter is not None:
            given["custom_getter"] = _chained(self.custom_getter, other.custom_getter)
        return (self / other.name if other.name else self).with_(**given)

    @contextlib.contextmanager
    def open(self, *, reuse: Any = None) -> Iterator[Any]:
        """Opens the scope in the default graph and yields its `tf.compat.v1.VariableScope`.

        Args:
          reuse: as the attribute, which it overrides for this time.
        """
        settings = self.settings()
        settings["reuse"] = self.reuse if reuse is None else reuse
        # 1.15 takes variable_scope("") for one more component: inside of "a", w is "a//w".
        name = self.name or v1.get_variable_scope()
        # A scope that only changes settings adds nothing to the names of ops.
        device = contextlib.nullcontext() if self.device is None else v1.device(self.device)
        with variable_scope(name, auxiliary_name_scope=bool(self.name), **settings) as opened:
            with device:
                yield opened

    def settings(self) -> dict[str, Any]:
        """Returns the settings as arguments of `tf.compat.v1.variable_scope`."""
        return {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if field.init and field.name not in ("name", "device")
        }

    def __enter__(self) -> Any:
        manager = self.open()
        opened = manager.__enter__()
        if not hasattr(self._opened, "stack"):
            self._opened.stack = []
        self._opened.stack.append(manager)
        return opened

    def __exit__(self, *details: Any) -> Any:
        return self._opened.stack.pop().__exit__(*details)

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Returns `function` so that each call runs in the scope (decorator)."""

        @functools.wraps(function)
        def inside(*args: Any, **kwargs: Any) -> Any:
            with self.open():
                return function(*args, **kwargs)

        return inside

    def __deepcopy__(self, memo: dict[int, Any]) -> Scope:
        return self  # immutable; the thread-local part can't be copied

    def __reduce__(self) -> Any:
        fields = [field.name for field in dataclasses.fields(self) if field.init]
        return (type(self), tuple(getattr(self, name) for name in fields))


def _chained(outer: Callable[..., Any], inner: Callable[..., Any]) -> Callable[..., Any]:
    """Returns a custom getter that runs `inner`, whose getter is `outer`, as nested scopes do."""

    def chained(getter: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return inner(functools.partial(outer, getter), *args, **kwargs)

    return chained
