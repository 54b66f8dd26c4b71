"""Where a model comes from: a ``module:callable`` or a ``.keras`` file."""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
from collections.abc import Callable
from typing import Any

import keras

from tf1compat.errors import ModelError, ModelNotFoundError
from tf1compat.keras3.models._outside import called
from tf1compat.names import nearest_names

__all__ = ["load_factory", "working_directory"]


_PYTHON = ".py"


def load_factory(spec: str) -> Callable[[], Any]:
    """Returns what ``"module:callable"`` names: a function or class that makes a model.

    As with ``python -m``, the working directory comes first on the import path, and stays there. A
    name after the colon may have dots; where it names a model, a factory of that very model is
    returned.

    Raises:
      ModelNotFoundError: there is no colon, the module is missing, or it has no such attribute.
      ModelError: the module fails to import, or what it has can't be called.
    """
    module_name, colon, attribute = spec.partition(":")
    if not (module_name and colon and attribute) or _is_path(module_name):
        raise ModelNotFoundError(
            f"{spec!r}: expected module:callable, for example {_example(module_name, attribute)}, "
            "or a file that holds a whole model"
        )
    found = _attribute(_import(module_name, spec), attribute, spec)
    if isinstance(found, keras.layers.Layer):
        return lambda: found
    if not callable(found):
        kind = type(found).__name__
        raise ModelError(f"{spec}: expected a function that returns a model, found a {kind}")
    return found


def _is_path(name: str) -> bool:
    """Tells whether a module is named as its file is, which shells complete."""
    return "/" in name or name.endswith(_PYTHON) or name.startswith(".")


def _example(name: str, attribute: str) -> str:
    """Returns how a module that is here is named, or any."""
    dotted = os.path.normpath(name or os.curdir).removesuffix(_PYTHON).replace("/", ".")
    is_here = os.path.isfile(dotted.replace(".", "/") + _PYTHON)
    return f"{dotted}:{attribute or 'build'}" if is_here else "my_project.models:build_classifier"


def working_directory(spec: str) -> str:
    """Returns where a model's module is looked for first; ModelNotFoundError if that is gone."""
    try:
        return os.getcwd()
    except OSError as error:
        raise ModelNotFoundError(
            f"{spec}: the working directory was removed, in which its module is looked for; change "
            "to another"
        ) from error


def _import(name: str, spec: str) -> Any:
    here = working_directory(spec)
    if here not in sys.path:
        sys.path.insert(0, here)
    importlib.invalidate_caches()
    try:
        return called(
            lambda: importlib.import_module(name), what=f"{spec}: importing {name} failed with"
        )
    except ModelError as failed:
        error = failed.__cause__
        if not isinstance(error, ModuleNotFoundError):
            raise
        if error.name and (name == error.name or name.startswith(f"{error.name}.")):
            known = [module.name for module in pkgutil.iter_modules([here])]
            near = ", ".join(nearest_names(name, known)) or "no modules"
            raise ModelNotFoundError(
                f"{spec}: no module {error.name!r} in {here} or on the import path; here: {near}"
            ) from error
        raise ModelError(f"{spec}: importing {name} failed: {error}; install it") from error


def _attribute(module: Any, dotted: str, spec: str) -> Any:
    found = module
    for name in dotted.split("."):
        try:
            found = getattr(found, name)
        except AttributeError:
            public = [known for known in dir(found) if not known.startswith("_")]
            near = ", ".join(nearest_names(name, public)) or "nothing public"
            where = getattr(found, "__name__", type(found).__name__)
            raise ModelNotFoundError(f"{spec}: {where} has no {name!r}; nearest: {near}") from None
    return found
