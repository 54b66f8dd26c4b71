"""Invertible array transforms, one file a family.

To add one, write it in the file of its family and put it into the tuple here; from outside the
package, decorate it with :func:`register_layout`.
"""

from tf1compat.migration.layouts import (
    basic,
    casts,
    cudnn,
    joins,
    kept_numbers,
    norms,
    recurrent,
    rows,
    shards,
)
from tf1compat.migration.layouts.layout import (
    LAYOUTS,
    Identity,
    Layout,
    Piece,
    Spec,
    register_layout,
)
from tf1compat.migration.layouts.text import LAYOUT_FACTS, parse_layout

__all__ = [
    "LAYOUTS",
    "LAYOUT_FACTS",
    "Identity",
    "Layout",
    "Piece",
    "Spec",
    "parse_layout",
    "register_layout",
]

for _own in (
    Identity,
    basic.Transpose,
    basic.Reshape,
    basic.Squeeze,
    basic.Expand,
    joins.Concatenate,
    joins.Split,
    joins.Last,
    joins.GroupPart,
    casts.Cast,
    recurrent.Blocks,
    recurrent.ForgetBias,
    rows.Cut,
    rows.Rows,
    rows.Pad,
    rows.Vocabulary,
    shards.ModShards,
    shards.ChannelsFirst,
    cudnn.CudnnBlocks,
    cudnn.SumHalves,
    cudnn.GruBiases,
    kept_numbers.Constant,
    kept_numbers.Scale,
    kept_numbers.PowerSteps,
    norms.WeightNorm,
    norms.SpectralNorm,
):
    LAYOUTS.add(_own)
del _own
