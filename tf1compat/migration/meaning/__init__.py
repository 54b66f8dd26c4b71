"""What variables mean where shapes don't say it: every kind of reading, one file a kind.

To add one, write a :class:`Reading` in a file of its own and put it into the tuple here.
"""

from tf1compat.migration.matching.evidence.base import FILL_KINDS as _FILL_KINDS
from tf1compat.migration.meaning import (
    of_attention,
    of_conv_lstm,
    of_cudnn,
    of_cudnn_gru,
    of_gru,
    of_keras_gru,
    of_lstm,
    of_normalised,
    of_normed_lstm,
    of_opaque,
    of_pytorch,
    of_rows,
    of_simple_rnn,
    of_stacks,
    of_tables,
    of_tied,
)
from tf1compat.migration.meaning.assumptions import NOTHING, Assumptions
from tf1compat.migration.meaning.base import Part, Question, Reading, Source
from tf1compat.names.reasons import kind_names as _kind_names
from tf1compat.names.reasons import require_kinds as _require_kinds
from tf1compat.registry import Registry as _Registry

__all__ = ["NOTHING", "READINGS", "Assumptions", "Part", "Question", "Reading", "Source"]

READINGS: _Registry[Reading] = _Registry(
    "reading of variables",
    (
        of_opaque.Opaque(),  # before its canonical form is read
        of_normed_lstm.NormedLstm(),
        of_lstm.Lstm(),
        of_conv_lstm.ConvLstm(),
        of_gru.Gru(),
        of_simple_rnn.SimpleRnn(),
        of_cudnn.Cudnn(),
        of_cudnn_gru.CudnnGru(),
        of_keras_gru.KerasGru(),
        of_normalised.Norms(),
        of_tables.Tables(),
        of_attention.Attention(),
        of_rows.Rows(),
        of_stacks.Stacks(),
        of_tied.Tied(),
        of_pytorch.PyTorch(),
    ),
    has={"kinds": tuple},
    methods=["read"],
    claims=_kind_names,
    check=lambda one: _require_kinds("reading", one),
    words=_FILL_KINDS,
)
"""Every reading, in the order in which they are asked; what one has read, no other is asked."""
