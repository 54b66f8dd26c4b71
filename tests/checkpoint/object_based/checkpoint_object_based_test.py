import pathlib

import numpy as np
import pytest
import tensorflow as tf

from tf1compat.budget import budget_times
from tf1compat.checkpoint import open_checkpoint, write_checkpoint
from tf1compat.checkpoint.object_based._object_graph import parse_object_graph
from tf1compat.checkpoint.object_based.keys import OBJECT_GRAPH, readable_names
from tf1compat.checkpoint.wire import WireError
from tf1compat.errors import BudgetError, CorruptCheckpointError, UnknownNameError
from tf1compat.names.training_state import training_reason
from tf1compat.testing import assert_arrays_equal

TESTDATA = pathlib.Path(__file__).parents[1] / "testdata"
END = "/.ATTRIBUTES/VARIABLE_VALUE"
BIAS = "net/layer_with_weights-0/bias"


@pytest.fixture(scope="module")
def trained():
    """What TensorFlow 1.15.5 saved of a Keras model in graph mode, with its optimizer."""
    return open_checkpoint(TESTDATA / "object_based")


def kinds(checkpoint):
    found = {}
    for name, entry in checkpoint.items():
        found.setdefault(entry.name.kind, []).append(name)
    return found


def test_variables_go_by_their_paths_and_keep_their_saved_names(trained):
    assert trained.is_object_based
    values = np.load(TESTDATA / "object_based.npz")
    by_saved = {saved: name for name, saved in trained.saved_names.items()}
    assert not any("ATTRIBUTES" in name or "OPTIMIZER_SLOT" in name for name in trained)
    for saved, value in values.items():
        assert_arrays_equal(trained[by_saved[saved]].read(), value)
    assert trained.saved_names[BIAS] == "hidden_a/bias"


def test_counters_and_state_are_told_from_weights(trained):
    found = kinds(trained)
    slots = found.pop("slot")
    assert len(slots) == 12
    assert found == {
        "object_graph": [OBJECT_GRAPH],
        "variable": sorted(
            f"net/layer_with_weights-{number}/{leaf}"
            for number, leaves in enumerate(
                ("bias kernel", "beta gamma moving_mean moving_variance", "bias kernel")
            )
            for leaf in leaves.split()
        ),
        "global_step": ["optimizer/global_step", "step"],
        "optimizer_state": ["optimizer/optimizer/beta1_power", "optimizer/optimizer/beta2_power"],
        "save_counter": ["save_counter"],
    }


def test_slots_belong_to_their_variables(trained):
    name = trained[f"{BIAS}/optimizer/optimizer/m"].name
    assert (name.slot, name.slot_of, name.role) == ("m", BIAS, "bias")


def test_counted_layers_have_the_scopes_of_their_saved_names(trained):
    names = [
        trained[f"net/layer_with_weights-{n}/{leaf}"].name for n, leaf in [(0, "bias"), (1, "beta")]
    ]
    assert [(n.scope, n.leaf, n.role) for n in names] == [
        ("hidden_a", "bias", "bias"),
        ("norm", "beta", "beta"),
    ]


def test_a_key_as_it_is_stored_is_understood(trained):
    assert BIAS + END in trained
    assert trained[BIAS + END] is trained[BIAS]
    assert trained[BIAS].stored_key == BIAS + END
    with pytest.raises(UnknownNameError, match=r"nearest: .*layer_with_weights-0/bias"):
        trained["net/layer_with_weights-0/bas"]
    assert "net/none" + END not in trained


def test_all_that_tensorflow_reads_is_there(trained):
    reader = tf.train.load_checkpoint(str(TESTDATA / "object_based"))
    keys = {entry.stored_key for entry in trained.values()}
    assert keys == set(reader.get_variable_to_shape_map())
    for entry in trained.values():
        assert_arrays_equal(entry.read(), np.asarray(reader.get_tensor(entry.stored_key)))
    assert trained.check() == ()


class Net(tf.Module):
    """Attributes that say what they are, and names of variables that don't."""

    def __init__(self):
        self.query = {"w": tf.Variable([[1.0]]), "dotted.name/slash": tf.Variable([2.0])}
        self.blocks = [tf.Variable([3.0]), tf.Variable([4.0])]


def test_paths_that_say_what_they_are_stand(tmp_path):
    net = Net()
    checkpoint = open_checkpoint(tf.train.Checkpoint(net=net).write(str(tmp_path / "m")))
    assert set(checkpoint) - {OBJECT_GRAPH} == {
        *("net/query/w", "net/query/dotted.name/slash", "net/blocks/0", "net/blocks/1"),
    }
    assert_arrays_equal(checkpoint["net/query/dotted.name/slash"].read(), [2])
    assert (checkpoint["net/query/w"].name.scope, checkpoint["net/query/w"].name.role) == (
        "net/query",
        "kernel",
    )


def a_model(name="dense"):
    """What Keras makes of a functional model: layers are counted, variables have names."""
    layer = tf.train.Checkpoint(kernel=tf.Variable([1.0], name=f"{name}/kernel"))
    return tf.train.Checkpoint(**{"layer_with_weights-0": layer})


@pytest.mark.parametrize(
    ("models", "scopes"),
    [
        ({"a": "left", "b": "right"}, {"left", "right"}),
        ({"a": "dense", "b": "dense"}, {"a/dense", "b/dense"}),
        ({"a": "dense"}, {"dense"}),
    ],
)
def test_models_that_share_names_are_told_apart(tmp_path, models, scopes):
    root = tf.train.Checkpoint(**{path: a_model(name) for path, name in models.items()})
    checkpoint = open_checkpoint(root.write(str(tmp_path / "m")))
    found = [entry.name for entry in checkpoint.values() if entry.name.kind == "variable"]
    assert {name.scope for name in found} == scopes


def test_names_that_two_would_have_stay_keys():
    keys = [f"a{END}", "b", f"b{END}", f"c.Sd{END}", f"c/d{END}"]
    assert list(readable_names(keys)) == ["a", "b", *keys[2:]]


def test_keras_optimizers_keep_their_state_to_themselves(tmp_path):
    import keras

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, name="fc")])
    optimizer = keras.optimizers.Adam()
    optimizer.build(model.trainable_variables)
    root = tf.train.Checkpoint(model=model, optimizer=optimizer, step=tf.Variable(1))
    found = kinds(open_checkpoint(root.save(str(tmp_path / "m"))))
    assert set(found) == {
        *("object_graph", "variable", "optimizer_state"),
        "global_step",
        "save_counter",
    }
    assert len(found["variable"]) == 2
    assert len(found["optimizer_state"]) >= 6


def test_a_copy_restores_like_it(tmp_path):
    first, second = (tf.train.Checkpoint(net=Net(), step=tf.Variable(n)) for n in (1, 2))
    first.net.blocks[0].assign([9.0])
    write_checkpoint(tmp_path / "copy", open_checkpoint(first.save(str(tmp_path / "m"))))
    second.restore(str(tmp_path / "copy")).assert_consumed()
    assert (second.net.blocks[0].numpy(), second.step.numpy()) == ([9.0], 1)


@pytest.mark.parametrize(
    ("graph", "found"),
    [
        (np.array(b"\xff"), "cut off"),
        (np.array(b""), "no objects"),
        (np.array(b"\n\x04\n\x02\x08\x07"), "node 7 of 1"),
        (np.array([b""]), r"string of shape \(1,\)"),
        (np.array(3), "int64 of shape"),
    ],
)
def test_a_graph_that_is_none_is_reported_and_the_rest_read(tmp_path, graph, found):
    slot = f"w/.OPTIMIZER_SLOT/opt/m{END}"
    write_checkpoint(tmp_path / "m", {OBJECT_GRAPH: graph, f"w{END}": np.ones(2), slot: np.ones(2)})
    checkpoint = open_checkpoint(tmp_path / "m")
    assert checkpoint.saved_names == {}
    assert [entry.name.kind for entry in checkpoint.values()] == [
        "object_graph",
        "variable",
        "slot",
    ]
    (error,) = checkpoint.check()
    assert isinstance(error, CorruptCheckpointError)
    with pytest.raises(CorruptCheckpointError, match=f"expected an object graph, found .*{found}"):
        raise error


def test_any_bytes_at_all_are_a_graph_or_an_error(trained):
    rng = np.random.default_rng(0)
    sound = trained[OBJECT_GRAPH].read().item()
    assert len(parse_object_graph(sound).nodes) > 20
    refused = 0
    for _ in range(500):
        data = bytearray(sound)
        for _ in range(3):
            data[rng.integers(len(data))] = rng.integers(256)
        try:
            parse_object_graph(bytes(data[: rng.integers(1, len(data) + 1)]))
        except WireError:
            refused += 1
    assert refused > 100


@pytest.mark.parametrize(
    ("graph", "meter"),
    [
        (b"\n\0" * 15_000, "objects"),
        (b"\n\x80\x80\x04" + b"\x1a\0" * (1 << 15), "references of objects"),
        (b"\n\x80\x80\x04" + b"\x12\0" * (1 << 15), "references of objects"),
    ],
)
def test_objects_that_its_size_does_not_warrant_are_over_its_budget(graph, meter):
    with (
        budget_times(1 / 10),
        pytest.raises(BudgetError, match="the object graph: reading it takes") as caught,
    ):
        parse_object_graph(graph)
    assert caught.value.meter == meter


def test_an_object_graph_over_its_budget_is_an_error_of_the_checkpoint(tmp_path):
    values = {"v/.ATTRIBUTES/VARIABLE_VALUE": np.zeros(2, np.float32)}
    graph = np.array(b"\n\0" * 150_000, object).reshape(())
    write_checkpoint(str(tmp_path / "m"), {"_CHECKPOINTABLE_OBJECT_GRAPH": graph, **values})
    with pytest.raises(BudgetError, match=r"m\.data-.*OBJECT_GRAPH: .*--budget=2 allows more"):
        [entry.name for entry in open_checkpoint(str(tmp_path / "m")).values()]


@pytest.mark.parametrize(
    ("path", "of"), [("opt/m", "w"), ("m", "w"), (".OPTIMIZER_SLOT/m", "w/.OPTIMIZER_SLOT")]
)
def test_a_slot_of_a_variable_that_was_not_saved_is_one_of_it(tmp_path, path, of):
    slot = f"w/.OPTIMIZER_SLOT/{path}{END}"
    write_checkpoint(tmp_path / "m", {OBJECT_GRAPH: np.array(b""), slot: np.ones(2)})
    name = next(entry.name for key, entry in open_checkpoint(tmp_path / "m").items() if "m" in key)
    assert (name.kind, name.slot, str(training_reason(name))) == ("slot", "m", f"slot m of {of}")
