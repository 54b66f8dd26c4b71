"""What layers take for a function: its name, or its name and arguments as a config says them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tf1compat.errors import UsageError

__all__ = ["name_and_arguments"]


def name_and_arguments(
    given: Any, known: Iterable[str], *, what: str
) -> tuple[str, dict[str, Any]]:
    """Returns the known name that `given` says, and the arguments beside it.

    Args:
      given: a name, or `{"class_name", "config"}` as Keras' `serialize_keras_object` writes it.
      known: the names there are.
      what: what the error calls such a thing.

    Raises:
      UsageError: (a `ValueError`) an unknown name, or something else.
    """
    name, arguments = given, {}
    if isinstance(given, Mapping):
        name, arguments = given["class_name"], dict(given.get("config", {}))
    if not isinstance(name, str) or name not in known:
        raise UsageError(
            f"Could not interpret {what} identifier: {given!r}; pass a function or one of "
            f"{', '.join(sorted(known))}"
        )
    return name, arguments
