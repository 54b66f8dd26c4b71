"""`shared`: functions whose variables are made by their first call and used by every later one."""

from __future__ import annotations

import contextlib
import functools
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import tensorflow as tf

from tf1compat.errors import UsageError
from tf1compat.graph.building import kept_with, require_graph, root_graph, variables_filed
from tf1compat.graph.items import expand_parts
from tf1compat.graph.scopes._origins import caller_line
from tf1compat.graph.scopes._shared_state import Made, Tower, check_asked, refuse_creation
from tf1compat.graph.scopes.builder import Scope
from tf1compat.graph.scopes.variable_scope import variable_scope
from tf1compat.graph.types import Reuse, Variable, VariableGetter, VariableScope

__all__ = ["Shared", "make_template", "shared"]

v1 = tf.compat.v1
_TAKEN = "names of shared scopes"
_LOCK = "lock of shared scopes"


def shared(name: str | Scope) -> Callable[[Callable[..., Any]], Shared]:
    """Returns a decorator that makes a function share its variables at every call.

    The first call in a graph makes the variables, under the scope `name`, made unique among
    the scopes open there. Every later call in that graph uses those and may make no other.
    Each graph has its own; towers of two builders never meet. Wherever the later calls are
    made (in other scopes, threads, `tf.cond` branches), the scope stays that of the first.

    Args:
      name: name of the scope, or a `Scope` that also carries settings.

    Returns:
      A decorator; `shared("tower")(function)` is its function form.

    Raises:
      UsageError: (a `ValueError`) no name.

    >>> @shared("tower")
    ... def tower(x):
    ...     return x * tf.compat.v1.get_variable("w", [2])
    >>> with tf.Graph().as_default():
    ...     _ = tower(tf.ones([2])), tower(tf.zeros([2]))
    ...     print([variable.name for variable in tower.variables])
    ['tower/w:0']
    """
    scope = Scope(name) if isinstance(name, str) else name
    if not isinstance(scope, Scope) or not scope.name:
        raise UsageError(f"shared: expected the name of a scope, found {name!r}")
    return functools.partial(Shared, scope=scope)


def make_template(
    name_: str,
    func_: Callable[..., Any],
    create_scope_now_: bool = False,
    unique_name_: str | None = None,
    custom_getter_: VariableGetter | None = None,
    **kwargs: Any,
) -> Shared:
    """Returns `func_` sharing its variables; mirrors `tf.make_template` of TensorFlow 1.15.

    A later call that would make a variable fails with a `SharingError` (a `ValueError`) that
    tells what the first call made, and where.

    Args:
      name_: name of the scope, made unique.
      func_: the function.
      create_scope_now_: whether the scope is made here, not by the first call.
      unique_name_: overrides `name_` and isn't made unique.
      custom_getter_: custom getter of the scope.
      **kwargs: arguments of `func_`, bound now.

    Raises:
      UsageError: (a `ValueError`) no name.
    """
    if name_ is None:
        raise UsageError("name cannot be None.")
    function = functools.partial(func_, **kwargs) if kwargs else func_
    scope = Scope(unique_name_ or name_, custom_getter=custom_getter_)
    template = Shared(function, scope=scope, exact=unique_name_ is not None)
    if create_scope_now_ and not tf.executing_eagerly():
        template.claim()
    return template


class Shared:
    """A function that shares its variables at every call; see `shared`.

    As a method's decorator it shares for each instance by itself.

    Attributes:
      name: name asked for its scope.
      func: the function.
    """

    def __init__(self, function: Callable[..., Any], *, scope: Scope, exact: bool = False) -> None:
        functools.update_wrapper(self, function)
        self.func = function
        self.name = scope.name
        self._settings = scope
        # A scope to be reused is one that exists, by that very name; and variable_scope refuses
        # reuse=True for a default name.
        self._exact = exact or bool(scope.reuse)
        self._lock = threading.Lock()
        self._key = object()  # not itself, which a graph mustn't keep alive
        self._bound: weakref.WeakKeyDictionary[Any, Shared] = weakref.WeakKeyDictionary()

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None:
            return self
        with self._lock:
            if instance not in self._bound:
                method = functools.partial(_call_method, self.func, weakref.ref(instance))
                self._bound[instance] = Shared(method, scope=self._settings, exact=self._exact)
            return self._bound[instance]

    def __repr__(self) -> str:
        return f"<Shared {getattr(self.func, '__name__', self.func)!r} under {self.name!r}>"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Calls the function in its scope.

        Raises:
          SharingError: (a `ValueError`) a later call asks for a variable that the first didn't
            make, or for another shape or dtype, or makes one by `tf.Variable`.
          GraphError: (a `ValueError`) in eager mode; a first call inside of a `tf.function`,
            where no collection would hold the variables.
        """
        require_graph(f"shared scope {self.name!r}")
        tower = self._tower()
        with _graph_lock():  # graphs aren't built by two threads at once
            if not tower.complete:
                return self._first(tower, args, kwargs)
            with self._entered(tower, reuse=True), refuse_creation(self.name):
                return self.func(*args, **kwargs)

    def _first(self, tower: Tower, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        tower.first_call = tower.first_call or caller_line()
        # After a first call that failed half way, its variables are there to be used.
        reuse = v1.AUTO_REUSE if tower.made else self._settings.reuse
        with self._entered(tower, reuse=reuse), variables_filed(f"shared scope {self.name!r}"):
            result = self.func(*args, **kwargs)
        tower.complete = True
        return result

    @contextlib.contextmanager
    def _entered(self, tower: Tower, *, reuse: Reuse) -> Iterator[None]:
        with contextlib.ExitStack() as stack:
            if tower.scope is None:
                settings = self._settings.settings() | {"custom_getter": self._getter(tower)}
                tower.scope = self._enter_new(stack, settings | {"reuse": reuse})
            else:
                # As Template.__call__ does: variables of the same scope, ops under tower_1/.
                stack.enter_context(variable_scope(tower.scope, reuse=reuse))
            if self._settings.device is not None:
                stack.enter_context(v1.device(self._settings.device))
            yield

    def _enter_new(self, stack: contextlib.ExitStack, settings: dict[str, Any]) -> VariableScope:
        """Opens the scope for the first time and returns it, marked as this builder's.

        Default names are counted by each thread for itself: another thread's builder may have
        the same, and then the next one is tried.
        """
        taken: dict[str, Shared] = kept_with(root_graph(), _TAKEN, dict)
        free = self._exact or bool(v1.get_variable_scope().reuse)  # sharing may be what's meant
        while True:
            opened = variable_scope(self.name if self._exact else None, self.name, **settings)
            scope = opened.__enter__()
            if free or taken.setdefault(scope.name, self) is self:
                stack.push(opened)
                return scope
            opened.__exit__(None, None, None)

    def claim(self) -> None:
        """Makes the scope in the default graph now, rather than at the first call."""
        tower = self._tower()
        with _graph_lock():
            if tower.scope is None:
                settings = self._settings.settings() | {"custom_getter": self._getter(tower)}
                with contextlib.ExitStack() as stack:
                    # Template.__init__ opens no name scope: the first call's ops get tower/.
                    settings["auxiliary_name_scope"] = False
                    tower.scope = self._enter_new(stack, settings)

    def _getter(self, tower: Tower) -> VariableGetter:
        asked = self._settings.custom_getter

        def guarded(getter: VariableGetter, name: str, *args: Any, **kwargs: Any) -> Variable:
            shape = args[0] if args else kwargs.get("shape")
            dtype = kwargs.get("dtype")
            if tower.complete:
                check_asked(self.name, tower, name, shape, dtype)
            variable = getter(name, *args, **kwargs)
            if not tower.complete and name not in tower.made:
                known = variable.get_shape() if shape is None else tf.TensorShape(shape)
                asked_dtype = None if dtype is None else tf.as_dtype(dtype).base_dtype
                tower.made[name] = Made(known, asked_dtype, caller_line())
                tower.variables.append(variable)
            return variable

        if asked is None:
            return guarded
        # The asked-for getter runs first, as one of a scope inside this one would.
        return lambda getter, *a, **k: asked(functools.partial(guarded, getter), *a, **k)

    def _tower(self) -> Tower:
        return kept_with(root_graph(), self._key, Tower)

    @property
    def variable_scope(self) -> VariableScope | None:
        """The `VariableScope` in the default graph, None before the first call there."""
        return self._tower().scope

    var_scope = variable_scope

    @property
    def variable_scope_name(self) -> str | None:
        """Name of the scope with a slash at its end, None before the first call."""
        scope = self.variable_scope
        return None if scope is None else f"{scope.name}/"

    @property
    def variables(self) -> tuple[Variable, ...]:
        """The variables in the default graph, in creation order, as `get_variable` gave them."""
        return tuple(self._tower().variables)

    @property
    def trainable_variables(self) -> tuple[Variable, ...]:
        """Those of `variables`, or parts of them, that are in TRAINABLE_VARIABLES."""
        return self._parts_in(v1.GraphKeys.TRAINABLE_VARIABLES)

    @property
    def global_variables(self) -> tuple[Variable, ...]:
        """Those of `variables`, or parts of them, that are in GLOBAL_VARIABLES."""
        return self._parts_in(v1.GraphKeys.GLOBAL_VARIABLES)

    @property
    def local_variables(self) -> tuple[Variable, ...]:
        """Those of `variables`, or parts of them, that are in LOCAL_VARIABLES."""
        return self._parts_in(v1.GraphKeys.LOCAL_VARIABLES)

    @property
    def non_trainable_variables(self) -> tuple[Variable, ...]:
        """Global variables that aren't trainable."""
        trained = {id(variable) for variable in self.trainable_variables}
        return tuple(v for v in self.global_variables if id(v) not in trained)

    def _parts_in(self, key: str) -> tuple[Variable, ...]:
        filed = {id(variable) for variable in v1.get_collection(key)}
        parts = (part for variable in self.variables for part in expand_parts(variable))
        return tuple(part for part in parts if id(part) in filed)


def _call_method(function: Callable[..., Any], instance: Any, *args: Any, **kwargs: Any) -> Any:
    return function(instance(), *args, **kwargs)


def _graph_lock() -> contextlib.AbstractContextManager[bool]:
    """Returns the lock that calls of shared functions hold, one for each graph."""
    return kept_with(root_graph(), _LOCK, threading.RLock)
