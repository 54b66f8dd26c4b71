"""What may become of what an optimizer keeps."""

from __future__ import annotations

__all__ = ["OPTIMIZER"]

OPTIMIZER = ("prefer", "use", "ignore")
"""What there is goes along; all must, into what computes the same; it is left behind."""
