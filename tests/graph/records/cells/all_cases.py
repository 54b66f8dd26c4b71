"""All cases: cells times ways to run them, and special ones (Python 3.7 too)."""

from records.cells import sharing_cases, special_cases
from records.cells.kinds import CONTRIB, CORE, STACKS
from records.cells.ways_to_run import (
    CASES,
    D,
    U,
    bidirectional,
    case,
    dynamic,
    make,
    once,
    raw,
    scoped,
    static,
    static_bidirectional,
    twice,
)

__all__ = ["CASES", "sharing_cases", "special_cases"]

_EVERY = {}
for _group in (CORE, STACKS, CONTRIB):
    _EVERY.update(_group)
# Inputs must have the wrapped cell's output size.
_DEPTHS = {"residual_fn": U, "multi_nested": U, "stack_wrapped": U}

for _name, _cell in sorted(_EVERY.items()):
    _depth = _DEPTHS.get(_name, D)
    case(_name + ":once")(once(_cell, _depth))
    # Without it, iterations race for the random numbers.
    _one = {"parallel_iterations": 1} if "drop" in _name or "stack_w" in _name else {}
    case(_name + ":dynamic")(dynamic(_cell, _depth, lengths=[2, 3], **_one))

for _name in (
    "basic_rnn",
    "basic_lstm",
    "basic_lstm_flat",
    "lstm_all",
    "lstm_shards",
    "gru",
    "multi_mixed",
    "multi_flat",
    "stack_wrapped",
    "out_proj",
    "attention",
    "ln_basic",
    "coupled_all",
    "ugrnn",
    "block",
    "nas",
):
    case(_name + ":twice")(twice(_EVERY[_name], _DEPTHS.get(_name, D)))
for _name in (
    "basic_rnn",
    "basic_lstm",
    "lstm_all",
    "lstm_shards",
    "gru",
    "multi_lstm",
    "multi_flat",
    "stack_wrapped",
    "attention",
    "ln_basic",
    "block_peep",
    "in_proj",
    "out_proj",
    "dropout_all",
    "dropout_variational",
    "weight_norm",
    "gru_block_v2",
):
    case(_name + ":static")(static(_EVERY[_name], _DEPTHS.get(_name, D)))
for _name in ("basic_lstm", "lstm_proj", "gru", "multi_lstm"):
    case(_name + ":static_lengths")(static(_EVERY[_name], lengths=[1, 3]))
    case(_name + ":dynamic_plain")(dynamic(_EVERY[_name]))
    case(_name + ":dynamic_major")(dynamic(_EVERY[_name], time_major=True, lengths=[3, 1]))
    case(_name + ":dynamic_initial")(dynamic(_EVERY[_name], initial=True, scope="decoder"))
    case(_name + ":bidirectional")(bidirectional(_EVERY[_name], sequence_length=[2, 3]))
    case(_name + ":static_bidirectional")(static_bidirectional(_EVERY[_name]))
    case(_name + ":raw")(raw(_EVERY[_name]))
    case(_name + ":scope_argument")(once(_EVERY[_name], scope="given"))
    case(_name + ":scoped")(scoped(once(_EVERY[_name])))
for _name in (
    "basic_rnn",
    "basic_lstm",
    "lstm_peep",
    "gru",
    "multi_mixed",
    "nas",
    "ind",
    "indy_gru",
    "sru",
    "minimal",
    "out_proj",
):
    case(_name + ":float64")(dynamic(_EVERY[_name], dtype="float64"))
for _name in ("basic_lstm", "lstm_proj", "gru", "ln_basic"):
    case(_name + ":float16")(once(_EVERY[_name], dtype="float16"))
case("lstm:initializer")(
    scoped(once(CORE["lstm"]), initializer=lambda tf: tf.constant_initializer(0.1))
)
case("lstm:partitioner")(
    scoped(dynamic(CORE["lstm"]), partitioner=lambda tf: tf.fixed_size_partitioner(2))
)
case("out_proj:partitioner")(
    scoped(once(STACKS["out_proj"]), partitioner=lambda tf: tf.fixed_size_partitioner(2))
)
case("multi_lstm:reuse_scope")(scoped(once(STACKS["multi_lstm"]), reuse=lambda tf: tf.AUTO_REUSE))
case("glstm:groups")(once(make("GLSTMCell", U, number_of_groups=2), depth=6))
case("glstm:dynamic_groups")(dynamic(make("GLSTMCell", U, num_proj=2, number_of_groups=2), depth=6))
case("float32_cell:typed")(once(make("LSTMCell", U, dtype="float32")))
