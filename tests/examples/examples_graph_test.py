"""Every graph-mode example runs at toy size and says what it should."""

import re

import tensorflow as tf


def numbers(pattern, text):
    return [float(found) for found in re.findall(pattern, text)]


def test_scopes(run):
    text = run("graph_scopes")
    first = text.split("\n\n")[0]
    assert "conv1/dense/kernel" in first
    assert "conv10" not in first.split("\n", 1)[1]
    assert "6 in all: 72 parameters" in first
    assert "Kernels that are trained: conv1/dense/kernel conv10/dense/kernel" in text
    assert "Not trained: conv1/norm/moving_mean conv1/norm/moving_variance" in text
    assert "conv10/dense/kernel/Adam conv10/dense/kernel/Adam_1" in text


def test_siamese(run):
    text = run("graph_siamese", "--steps=60")
    assert "4 in all: 178 parameters" in text
    assert "A call that would need others is refused" in text
    first, last = numbers(r"loss ([\d.]+)", text)
    assert last < first / 3


def test_changing_values(run):
    text = run("graph_changing_values")
    assert "ones and halves: [3.5 2.5]" in text
    assert "net/fc/kernel: expected shape (3, 2), found shape (2, 3)" in text
    assert (
        "net/fc/bais: expected a variable of this assigner, found none; nearest: net/fc/bias"
        in (text)
    )
    assert "for a while: [103. 103." in text
    assert "and back: [3.5 2.5]" in text
    assert "from a Keras layer's weights: [2. 3.]" in text


def test_freezing(run):
    text = run("graph_freezing", "--steps=10")
    assert "Frozen: backbone/kernel backbone/bias" in text
    assert "Held: backbone/norm/AssignMovingAvg" in text
    moved = dict(re.findall(r"([\w/]+): moved by up to ([\d.]+)", text))
    still = {name: by for name, by in moved.items() if name.startswith("backbone/")}
    assert "backbone/norm/moving_variance" in still
    assert set(still.values()) == {"0.0000"}
    assert float(moved["head/kernel"]) > 3 * float(moved["top/kernel"]) > 0
    first, last = numbers(r"loss ([\d.]+)", text)
    assert last < first


def test_gan(run):
    text = run("graph_gan", "--steps=60")
    first, last = numbers(r"mean made is (-?[\d.]+)", text)
    assert abs(last - 3.0) < abs(first - 3.0)
    assert "tensors are finite" in text


def test_char_rnn(run, tmp_path):
    path = tmp_path / "model.ckpt"
    text = run("graph_char_rnn", "--steps=60", "--text=hello world. ", f"--checkpoint={path}")
    assert "It writes: hello world." in text
    saved = {name for name, _ in tf.train.list_variables(str(path))}
    assert "rnn/multi_rnn_cell/cell_1/basic_lstm_cell/kernel" in saved


def test_target_network(run):
    text = run("graph_target_network", "--episodes=12")
    rows = [line.split() for line in text.splitlines()[1:]]
    assert len(rows) == 6
    assert float(rows[5][2]) > 0.5  # going right at the end is rewarded
    assert float(rows[5][2]) > float(rows[5][1])


def test_moving(run):
    text = run("graph_moving")
    refused, done = text.split("\n\n")
    assert "4 problem(s) with" in refused
    assert "animals/bias: expected a variable to go to, found none" in refused
    assert "new/hidden/kernel <- old/hidden/kernel" in done
    assert "plants/kernel: trained from scratch" in done
    assert "the same values: True" in done


def test_initializers(run):
    text = run("graph_initializers", "--layers=12")
    assert "relu: he_normal, " in text
    (advised,) = numbers(r"as advised: ([\d.e-]+)", text)
    (small,) = numbers(r"truncated normal of 0.05: ([\d.e-]+)", text)
    assert 0.1 < advised < 10
    assert small < advised / 1000


def test_checkpoints(run):
    text = run("graph_checkpoints")
    assert "On a device by name: table scores/kernel scores/bias" in text
    assert "Slots of the table: table/Momentum" in text
    assert "Saved at steps: 1 2 3 4" in text
    assert "Removed: model.ckpt-1 model.ckpt-2" in text
    assert "Kept: 3 4" in text
    assert "scores/kernel/Momentum: slot, kernel, (4, 2)" in text
