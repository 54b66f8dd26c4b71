"""Every name that releases before 1.15 had for a cell's variables is read as 1.15's is."""

import pytest
from cell_goldens import (
    CELLS,
    assert_computes_what_was_recorded,
    model,
    recorded,
    values_of,
    written,
)

from tf1compat.migration import Assumptions, plan_migration

MATRIX = {"kernel": "Linear/Matrix", "bias": "Linear/Bias"}
WEIGHTS = {"kernel": "weights", "bias": "biases"}
FIRST_GRU = {
    "gates/kernel": "Gates/Linear/Matrix",
    "gates/bias": "Gates/Linear/Bias",
    "candidate/kernel": "Candidate/Linear/Matrix",
    "candidate/bias": "Candidate/Linear/Bias",
}
GRU = {
    f"{part}/{leaf}": f"{part}/{WEIGHTS[leaf]}" for part, leaf in (n.split("/") for n in FIRST_GRU)
}
FIRST_FULL = {
    **{"kernel": "W_0", "bias": "B", "projection/kernel": "W_P_0"},
    **{f"w_{gate}_diag": f"W_{gate.upper()}_diag" for gate in "ifo"},
}
FIRST_BLOCK = {
    **{"kernel": "W", "bias": "b"},
    **{f"w_{gate}_diag": f"wc{gate}" for gate in "ifo"},
}
FULL = {**WEIGHTS, "projection/kernel": "projection/weights"}

# By release and scope: the golden whose values are saved so, and what its variables were called.
NAMES = {
    ("0.12", "RNN/BasicLSTMCell"): ("basic_lstm", MATRIX),
    ("0.12", "RNN/MultiRNNCell/Cell0/BasicLSTMCell"): ("basic_lstm", MATRIX),
    ("0.12", "RNN/LSTMCell"): ("lstm", {"kernel": "W_0", "bias": "B"}),
    ("0.12 with all", "RNN/LSTMCell"): ("lstm_everything", FIRST_FULL),
    ("0.12", "RNN/LSTMBlockCell"): ("lstm_block_peepholes", FIRST_BLOCK),
    ("0.12", "RNN/GRUCell"): ("gru", FIRST_GRU),
    ("0.12", "RNN/BasicRNNCell"): ("basic_rnn", MATRIX),
    ("0.12", "RNN/LayerNormBasicLSTMCell"): ("layer_norm_lstm", WEIGHTS),
    ("1.0", "rnn/basic_lstm_cell"): ("basic_lstm", WEIGHTS),
    ("1.0", "rnn/multi_rnn_cell/cell_0/basic_lstm_cell"): ("basic_lstm", WEIGHTS),
    ("1.0", "rnn/lstm_cell"): ("lstm", WEIGHTS),
    ("1.0 with all", "rnn/lstm_cell"): ("lstm_everything", FULL),
    ("1.0", "rnn/gru_cell"): ("gru", GRU),
    ("1.0", "rnn/basic_rnn_cell"): ("basic_rnn", WEIGHTS),
    ("1.0", "rnn/layer_norm_basic_lstm_cell"): ("layer_norm_lstm", WEIGHTS),
    ("1.2", "lstm_block_wrapper"): ("lstm_block_fused", {}),
    ("1.4", "lstm_fused_cell_1"): ("lstm_block_fused", {}),
    ("1.2", "rnn/basic_lstm_cell_1"): ("basic_lstm", {}),
    ("1.2", "rnn/conv_2d_lstm_cell"): ("conv_lstm_2d", {}),
}


@pytest.mark.parametrize(("release", "scope"), NAMES)
def test_a_cell_is_read_by_the_names_of_its_release(release, scope, tmp_path):
    golden, renamed = NAMES[release, scope]
    forget_bias, layers = CELLS[golden]
    recording, held = recorded(golden), values_of(golden)
    tails = {key: key.partition("_cell/")[2] for key in held}
    values = {f"{scope}/{renamed.get(t, t)}": held[key] for key, t in tails.items()}
    index = model(layers(), recording.inputs["x"].shape[1:])
    assume = Assumptions(forget_bias=forget_bias)
    plan = plan_migration(written(tmp_path, values), index, assume=assume)
    assert_computes_what_was_recorded(plan, index, recording)
