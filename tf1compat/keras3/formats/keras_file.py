"""Models from ``.keras`` files, by their configuration alone."""

from __future__ import annotations

import collections
import os
from collections.abc import Callable, Sequence
from typing import Any

import keras

from tf1compat.errors import BudgetError, ModelError, Tf1CompatError
from tf1compat.files.json_text import parse_json
from tf1compat.files.regular import special_kind
from tf1compat.files.zip_files import member_bytes, open_archive
from tf1compat.keras3.cells import OWN_CELLS
from tf1compat.keras3.formats.hdf5.in_archive import weights_in
from tf1compat.keras3.formats.hdf5.loadable import loadable
from tf1compat.keras3.index.requirements import require_layer
from tf1compat.keras3.models.deferred import build_model
from tf1compat.keras3.models.keras_members import CONFIG_MEMBER, SUFFIX
from tf1compat.keras3.models.own_classes import own_objects, unknown_names
from tf1compat.names.first_line import first_line
from tf1compat.stopping import contained

__all__ = ["load_model_file", "load_whole_file"]

_PLAIN_MODULES = ("keras.initializers", "keras.regularizers", "keras.constraints", "builtins")
# Registered once they are imported, which a program that only names a file has no reason to do.
_OWN = {cell.__name__: cell for cell in OWN_CELLS}


def load_model_file(path: str | os.PathLike[str]) -> keras.layers.Layer:
    """Returns the model of a ``.keras`` file, without the weights it holds.

    Keras' safe mode stays on: nothing stored in the file is executed. The weights take no memory
    where that works; they are *not* those of the file, which
    :func:`~tf1compat.keras3.read_exported` reads.

    Raises:
      ModelError: the file is missing, is no ``.keras`` file, or holds a model that Keras can't make
        here (most often since the module that defines its classes wasn't imported).
      BudgetError: it unpacks to far more than its size warrants.
    """
    name = os.fspath(path)
    config = _read_config(name)
    unknown = unknown_names(config, _OWN)  # before Keras takes it apart
    if _shares_objects(config):  # only Keras' own loader puts one object in two places
        return require_layer(_load_whole(name, unknown))
    return build_model(lambda: _deserialize(name, config, unknown))


def load_whole_file(path: str, like: Callable[[], Any]) -> Any:
    """Returns the model of a ``.keras`` file, with the weights that it holds.

    Args:
      path: the file.
      like: makes the model that the file is of, whose own classes and functions Keras is given. It
        is called where the file names any that Keras doesn't know.

    Raises:
      OutputError: as of ``loadable``.
      ModelError: it names classes or functions that neither Keras nor that model has.
    """
    with loadable(path, weights_in) as checked:
        config = _read_config(path)
        custom = _OWN
        if unknown_names(config, custom):
            custom = {**own_objects(like()), **_OWN}
        try:
            return keras.saving.load_model(checked, compile=False, custom_objects=custom)
        except Exception as error:
            if unknown := unknown_names(config, custom):
                raise _unknown(path, unknown) from error
            raise


def _read_config(name: str) -> dict[str, Any]:
    if not name.endswith(SUFFIX):
        raise ModelError(f"{name}: expected a {SUFFIX} file; for a function give module:callable")
    if kind := special_kind(name):
        raise ModelError(f"{name}: expected a regular file, found {kind}")
    if not os.path.exists(name):
        raise ModelError(f"{name}: no such file")
    try:
        with open_archive(name) as archive:
            text = member_bytes(archive, CONFIG_MEMBER)
        # Keras writes infinite settings as Python does
        config = parse_json(text, file=f"{name}, {CONFIG_MEMBER}", constant=float)
    except BudgetError:
        raise
    except KeyError as error:
        raise ModelError(f"{name}: holds no {CONFIG_MEMBER}; this is no .keras file") from error
    except Exception as error:  # damage makes zipfile and zlib raise nearly anything
        raise ModelError(f"{name}: can't be read as a .keras file: {error}") from error
    if not isinstance(config, dict):
        raise ModelError(f"{name}: its {CONFIG_MEMBER} doesn't describe a model")
    return config


def _deserialize(name: str, config: dict[str, Any], unknown: Sequence[str]) -> Any:
    try:
        with contained():
            return keras.saving.deserialize_keras_object(
                # Compiled, it would need the user's own loss and optimizer, to throw them away.
                {**config, "compile_config": None},
                custom_objects=_OWN,
                safe_mode=True,
            )
    except Exception as error:
        raise _failure(name, error, unknown) from error


def _load_whole(name: str, unknown: Sequence[str]) -> Any:
    try:
        with loadable(name, weights_in) as checked, contained():
            return keras.saving.load_model(checked, compile=False, custom_objects=_OWN)
    except BudgetError:
        raise
    except Tf1CompatError as error:
        raise ModelError(str(error)) from error
    except Exception as error:
        raise _failure(name, error, unknown) from error


def _failure(name: str, error: Exception, unknown: Sequence[str]) -> ModelError:
    # Of a class that it can't find, Keras says that the model around it can't be made.
    if unknown:
        return _unknown(name, unknown)
    return ModelError(f"{name}: Keras can't make this model: {first_line(error)[:300]}")


def _unknown(name: str, unknown: Sequence[str]) -> ModelError:
    return ModelError(
        f"{name}: expected a model of what Keras knows, found {', '.join(unknown)} of your own; "
        "give what makes the model, module:callable, and this file as the one with its weights "
        "(back: --weights=FILE; diff: --model=module:callable), or register them "
        "(keras.saving.register_keras_serializable) in a module that you import"
    )


def _shares_objects(config: dict[str, Any]) -> bool:
    """Tells whether the config puts one object that may hold weights in several places."""
    ids: collections.Counter[Any] = collections.Counter()
    waiting: list[Any] = [config]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if "shared_object_id" in value and not _is_plain(value):
                ids[repr(value["shared_object_id"])] += 1
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
    return any(count > 1 for count in ids.values())


def _is_plain(value: dict[str, Any]) -> bool:
    """Tells whether it makes no difference if the object is made several times."""
    return str(value.get("module")) in _PLAIN_MODULES or str(value.get("class_name")).endswith(
        "Policy"
    )
