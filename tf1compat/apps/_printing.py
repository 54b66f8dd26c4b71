"""What apps print: text that can't control a terminal, and JSON that every reader takes."""

from __future__ import annotations

import json
import math
import sys
from typing import Any

from tf1compat.names.printable import printable

__all__ = ["complain", "say", "say_json"]


def say(text: object = "") -> None:
    """Prints text and a line end on standard output."""
    print(printable(str(text)))


def complain(text: object) -> None:
    """Prints text and a line end on standard error."""
    print(printable(str(text)), file=sys.stderr)


def say_json(content: Any) -> None:
    """Prints JSON as RFC 8259 has it: null stands for NaN and the infinities."""
    print(json.dumps(_strict(content), indent=1, allow_nan=False))


def _strict(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _strict(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_strict(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
