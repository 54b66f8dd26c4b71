"""Texts that a graph holds as constants."""

from __future__ import annotations

from typing import Any

__all__ = ["constant_texts"]


def constant_texts(node: Any) -> list[str] | None:
    """Returns the texts of a ``Const``, by the bytes that they are; None of any other node.

    What isn't UTF-8 is in surrogates, as in names of files.
    """
    import tensorflow as tf

    if node is None or node.op != "Const" or node.attr["dtype"].type != tf.string.as_datatype_enum:
        return None
    try:
        values = tf.make_ndarray(node.attr["value"].tensor).ravel()
        return [one.decode(errors="surrogateescape") for one in values]
    except (TypeError, ValueError, AttributeError):  # damaged: fewer of them than its shape says
        return None
