"""What no file tells."""

from __future__ import annotations

import dataclasses

__all__ = ["NOTHING", "Assumptions"]


@dataclasses.dataclass(frozen=True)
class Assumptions:
    """What no file tells, and a user may know.

    Attributes:
      forget_bias: what LSTM cells add to their forget gate.
      partition_strategy: ``"mod"`` or ``"div"``, how ids were dealt out to the shards of tables.
      data_format: ``"NHWC"`` or ``"NCHW"``, in which images were flattened.
      qkv_order: ``"blocks"`` or ``"heads"``, how queries, keys and values stand in one kernel: all
        queries before all keys, or those of each head together.
      weight_norm: ``"plain"``: kernels of v and g are ``g * v / ||v||``, the norm being over all
        axes but the one that g runs along (the last, of square matrices), and g is as it stands.
      optimizer_settings: ``"compiled"``: what no graph tells of an optimizer's settings and
        learning rate is as the model was compiled.
    """

    forget_bias: float | None = None
    partition_strategy: str | None = None
    data_format: str | None = None
    qkv_order: str | None = None
    weight_norm: str | None = None
    optimizer_settings: str | None = None


NOTHING = Assumptions()
