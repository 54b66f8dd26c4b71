"""What a source gets where weights, slots, averages and copies have more or less to say of it."""

import dataclasses

import keras
import numpy as np
import pytest

from tf1compat.checkpoint import Partitioned, open_checkpoint, write_checkpoint
from tf1compat.errors import PlanError, UsageError, VerificationError
from tf1compat.keras3 import index_model
from tf1compat.migration import Assumptions, Drop, convert, convert_back, plan_migration
from tf1compat.migration.backward.foreseen import origins
from tf1compat.names import Rule
from tf1compat.names.reasons import Kind
from tf1compat.testing import assert_arrays_equal

L = keras.layers
RNG = np.random.default_rng(5)
KERNEL, BIAS = RNG.normal(size=(3, 2)).astype("f4"), RNG.normal(size=2).astype("f4")
MOVED = KERNEL + np.float32(0.5)


def dense(name="d", shape=(3, 2), **options):
    return L.Dense(shape[1], use_bias=False, name=name, **options)


def brought(folder, values, layers, rules=(), inputs=3, **options):
    """Returns a plan and the index of a model that was filled by it, and where to write."""
    prefix = str(folder / "model.ckpt")
    write_checkpoint(prefix, values)
    keras.utils.clear_session()
    index = index_model(keras.Sequential([keras.Input((inputs,)), *layers]))
    plan = plan_migration(prefix, index, rules, **options)
    convert(plan, index)
    return plan, index, str(folder / "back.ckpt")


def set_(index, path, value):
    index[path].variable.assign(value)


def test_slots_are_kept_and_said_to_be_stale_or_left_out(tmp_path):
    values = {
        "d/kernel": KERNEL,
        "d/kernel/Adam": KERNEL * 0,
        "d/kernel/Adam_1": KERNEL * 2,
        "beta1_power": np.float32(0.9),
        "beta2_power": np.float32(0.99),
        "global_step": np.int64(7),
    }
    plan, index, output = brought(tmp_path, values, [dense()])
    set_(index, "d/kernel", MOVED)
    done = convert_back(plan, index, output=output)
    found = open_checkpoint(output)
    assert_arrays_equal(found["d/kernel"].read(), MOVED)
    for name in set(values) - {"d/kernel"}:
        assert_arrays_equal(found[name].read(), np.asarray(values[name]))
    assert done.changed == ("d/kernel",)
    assert done.stale == ("d/kernel/Adam", "d/kernel/Adam_1")
    assert "2 as they were, beside variables that changed: d/kernel/Adam, d/kernel/Adam_1" in str(
        done
    )
    done = convert_back(plan, index, output=output + "2", slots="drop")
    assert set(open_checkpoint(output + "2")) == {"d/kernel", "global_step"}
    assert set(done.omitted) == set(values) - {"d/kernel", "global_step"}
    assert done.stale == ()
    assert "4 left out: " in str(done)


AVERAGED = {"d/kernel": KERNEL, "d/kernel/ExponentialMovingAverage": KERNEL * 3}


@pytest.mark.parametrize("averages", ["ignore", "use"])
def test_an_average_follows_its_variable_and_a_variable_its_average(averages, tmp_path):
    plan, index, output = brought(tmp_path, AVERAGED, [dense()], averages=averages)
    set_(index, "d/kernel", MOVED)
    done = convert_back(plan, index, output=output)
    for name in AVERAGED:
        assert_arrays_equal(open_checkpoint(output)[name].read(), MOVED)
    used, other = AVERAGED if averages == "ignore" else reversed(AVERAGED)
    assert (done.changed, done.followed) == ((used, other), (other,))
    done = convert_back(plan, index, output=output + "2", shadows="keep")
    assert_arrays_equal(open_checkpoint(output + "2")[other].read(), AVERAGED[other])
    assert (done.followed, done.stale) == ((), (other,))
    convert_back(plan, index, output=output + "3", shadows="drop")
    assert list(open_checkpoint(output + "3")) == [used]


def test_a_variable_follows_the_average_that_a_rule_took_instead(tmp_path):
    rules = [
        Rule("d/kernel/ExponentialMovingAverage", "d/kernel"),
        Rule("d/kernel", drop="averaged weights are used"),
    ]
    plan, index, output = brought(tmp_path, AVERAGED, [dense()], rules)
    set_(index, "d/kernel", MOVED)
    assert convert_back(plan, index, output=output).followed == ("d/kernel",)
    assert_arrays_equal(open_checkpoint(output)["d/kernel"].read(), MOVED)


def test_an_average_stays_where_its_variable_is_as_it_was(tmp_path):
    plan, index, output = brought(tmp_path, AVERAGED, [dense()])
    assert convert_back(plan, index, output=output).changed == ()
    average = "d/kernel/ExponentialMovingAverage"
    assert_arrays_equal(open_checkpoint(output)[average].read(), AVERAGED[average])


def test_copies_follow_and_replicas_keep_their_own_statistics(tmp_path):
    ones = np.ones(3, "f4")
    norm = {"gamma": ones, "beta": ones, "moving_mean": ones, "moving_variance": ones}
    values = {f"n/{leaf}": value for leaf, value in norm.items()}
    values |= {f"r/{name}": value for name, value in values.items()}
    values["r/n/moving_mean"] = ones * 4
    copy = Rule("r/(.*)", drop="replica", copy_of=r"\1")
    plan, index, output = brought(tmp_path, values, [L.BatchNormalization(name="n")], [copy])
    for path in plan.targets:
        set_(index, path, ones * 9)
    done = convert_back(plan, index, output=output)
    found = {name: entry.read() for name, entry in open_checkpoint(output).items()}
    assert set(done.followed) == {"r/n/gamma", "r/n/beta", "r/n/moving_variance"}
    for name, value in found.items():
        assert_arrays_equal(value, ones * (4 if name == "r/n/moving_mean" else 9))


def test_an_opaque_buffer_beside_what_changed_is_stale(tmp_path):
    twin = Rule("buffer", drop="the same numbers for CuDNN")
    values = {"d/kernel": KERNEL, "buffer": np.ones(3, "f4")}
    plan, index, output = brought(tmp_path, values, [dense()], [twin])
    because = Kind("opaque_twin", "{scope}").because(scope="d")
    plan = dataclasses.replace(plan, drops=(Drop("buffer", because),))
    assert convert_back(plan, index, output=output).stale == ()
    set_(index, "d/kernel", MOVED)
    assert convert_back(plan, index, output=output + "2").stale == ("buffer",)


def test_rows_that_were_left_out_stay_as_they_are(tmp_path):
    table = RNG.normal(size=(5, 2)).astype("f4")
    cut = Rule("t/kernel", "d/kernel", "cut(0, 1, 4)")
    plan, index, output = brought(tmp_path, {"t/kernel": table}, [dense()], [cut])
    set_(index, "d/kernel", MOVED)
    convert_back(plan, index, output=output)
    expected = np.concatenate([table[:1], MOVED, table[4:]])
    assert_arrays_equal(open_checkpoint(output)["t/kernel"].read(), expected)


def test_rows_that_only_the_model_has_are_said_to_stay_behind(tmp_path):
    pad = Rule("t/kernel", "d/kernel", "pad(0, 1, 1)")
    rows = RNG.normal(size=(5, 2)).astype("f4")
    plan, index, output = brought(tmp_path, {"t/kernel": KERNEL}, [dense()], [pad], inputs=5)
    set_(index, "d/kernel", rows)
    done = convert_back(plan, index, output=output)
    assert_arrays_equal(open_checkpoint(output)["t/kernel"].read(), rows[1:4])
    assert done.left == {"d/kernel": "4 of 10 elements, which no variable filled"}


def test_a_head_of_the_models_own_stays_behind(tmp_path):
    head = Rule(target="head/.*", keep="trained from scratch")
    layers = [dense(), dense("head", (2, 4))]
    plan, index, output = brought(tmp_path, {"d/kernel": KERNEL}, layers, [head])
    done = convert_back(plan, index, output=output)
    assert list(done.left) == ["head/kernel"]
    assert "1 weights that the v1 graph has no place for: head/kernel (trained from" in str(done)


def tied(folder):
    rules = [
        Rule("a/kernel", "one/kernel"),
        Rule("a/kernel", "two/kernel", "transpose(1, 0)", shared=True),
    ]
    return brought(folder, {"a/kernel": KERNEL}, [dense("one"), dense("two", (2, 3))], rules)


def test_weights_of_one_variable_that_agree_go_back(tmp_path):
    plan, index, output = tied(tmp_path)
    set_(index, "one/kernel", MOVED)
    set_(index, "two/kernel", MOVED.T)
    convert_back(plan, index, output=output)
    assert_arrays_equal(open_checkpoint(output)["a/kernel"].read(), MOVED)


def test_weights_of_one_variable_that_differ_are_named_and_nothing_is_written(tmp_path):
    plan, index, output = tied(tmp_path)
    other = KERNEL.T.copy()
    other[0, 1] = -0.0
    set_(index, "two/kernel", other)
    with pytest.raises(
        VerificationError,
        match=r"a/kernel: expected one value of one/kernel and two/kernel, which it fills both, "
        r"found 1 of 6 elements that differ; give these weights one value",
    ):
        convert_back(plan, index, output=output)
    assert sorted(path.name.split(".")[0] for path in tmp_path.iterdir()) == ["model"] * 3


def test_what_rounds_keeps_the_bits_of_what_is_as_it_was(tmp_path):
    """Of a float32 that became bfloat16: an element that didn't change keeps all its digits."""
    cast = Rule("d/kernel", "d/kernel", "cast(bfloat16)")
    plan, index, output = brought(tmp_path, {"d/kernel": KERNEL}, [dense(dtype="bfloat16")], [cast])
    value = index["d/kernel"].variable.numpy()
    value[1, 1] = 7
    set_(index, "d/kernel", value)
    done = convert_back(plan, index, output=output)
    expected = KERNEL.copy()
    expected[1, 1] = 7
    assert_arrays_equal(open_checkpoint(output)["d/kernel"].read(), expected)
    assert done.rounded == {}


def test_what_is_added_is_said_to_be_rounded(tmp_path):
    """1.x adds the forget gate's constant at each step: a bias near -1 has fewer digits there."""
    units = 2
    values = {
        "rnn/basic_lstm_cell/kernel": RNG.normal(size=(3 + units, 4 * units)).astype("f4"),
        "rnn/basic_lstm_cell/bias": RNG.normal(size=4 * units).astype("f4"),
    }
    prefix = str(tmp_path / "model.ckpt")
    write_checkpoint(prefix, values)
    index = index_model(keras.Sequential([keras.Input((4, 3)), L.LSTM(units, name="rnn")]))
    plan = plan_migration(prefix, index, assume=Assumptions(forget_bias=1.0))
    convert(plan, index)
    path = "rnn/cell/bias"
    bias = index[path].variable.numpy()
    bias[units] = 1e-9
    set_(index, path, bias)
    done = convert_back(plan, index, output=str(tmp_path / "back"))
    assert done.rounded == {path: pytest.approx(1e-9)}
    found = open_checkpoint(tmp_path / "back")["rnn/basic_lstm_cell/bias"].read()
    expected = values["rnn/basic_lstm_cell/bias"].copy()
    expected[2 * units] = -1.0  # forget gates come third in 1.x
    assert_arrays_equal(found, expected)


@pytest.mark.parametrize("changed", [False, True])
def test_of_summed_halves_nothing_tells_which_changed(changed, tmp_path):
    halves = RNG.normal(size=6).astype("f4")
    rule = Rule("b/bias", "n/beta", "sum_halves")
    layer = L.LayerNormalization(scale=False, name="n")
    plan, index, output = brought(tmp_path, {"b/bias": halves}, [layer], [rule])
    value = index["n/beta"].variable.numpy()
    value[0] += changed
    set_(index, "n/beta", value)
    convert_back(plan, index, output=output)
    expected = np.concatenate([value, np.zeros(3, "f4")]) if changed else halves
    assert_arrays_equal(open_checkpoint(output)["b/bias"].read(), expected)


def test_slices_and_dtype_are_those_that_it_had(tmp_path):
    parts = [((0, 0), KERNEL[:2]), ((2, 0), KERNEL[2:])]
    plan, index, output = brought(tmp_path, {"d/kernel": Partitioned((3, 2), parts)}, [dense()])
    set_(index, "d/kernel", MOVED)
    convert_back(plan, index, output=output)
    entry, before = (open_checkpoint(x)["d/kernel"] for x in (output, plan.checkpoint))
    assert (entry.slices, entry.dtype_name) == (before.slices, "float32")
    assert len(entry.slices) == 2
    assert_arrays_equal(entry.read(), MOVED)


def test_nan_and_signed_zero_go_back_as_they_are(tmp_path):
    plan, index, output = brought(tmp_path, {"d/kernel": KERNEL}, [dense()])
    value = np.array([[np.nan, -0.0], [0.0, np.inf], [-np.inf, 1]], "f4")
    set_(index, "d/kernel", value)
    convert_back(plan, index, output=output)
    assert_arrays_equal(open_checkpoint(output)["d/kernel"].read(), value)


def test_what_is_asked_for_has_to_be_there(tmp_path):
    plan, index, output = brought(tmp_path, {"d/kernel": KERNEL}, [dense()])
    for option, message in {
        "slots": "slots: expected one of follow, keep, drop, found 'x'",
        "shadows": "shadows: expected one of follow, keep, drop, found 'x'",
        "container": "container: expected one of checkpoint, saved_model, found 'x'",
    }.items():
        with pytest.raises(UsageError, match=message):
            convert_back(plan, index, output=output, **{option: "x"})
    with pytest.raises(UsageError, match=r"in a SavedModel, found no graph; write"):
        convert_back(plan, index, output=output, container="saved_model")


def test_a_plan_is_carried_back_whole_and_where_it_belongs(tmp_path):
    plan, index, output = brought(tmp_path, {"d/kernel": KERNEL}, [dense()])
    other = index_model(keras.Sequential([keras.Input((3,)), dense("e")]))
    with pytest.raises(PlanError, match="this plan was made for another model"):
        convert_back(plan, other, output=output)
    wider = index_model(keras.Sequential([keras.Input((3,)), dense("d", (3, 4))]))
    with pytest.raises(PlanError, match="plan incomplete"):
        convert_back(plan_migration(plan.checkpoint, wider), wider, output=output)
    write_checkpoint(tmp_path / "other", {"d/kernel": KERNEL[:2]})
    with pytest.raises(PlanError, match="this plan was made for another checkpoint"):
        convert_back(plan, index, output=output, checkpoint=open_checkpoint(tmp_path / "other"))


def test_weights_are_read_from_a_file_that_keras_wrote(tmp_path):
    plan, index, output = brought(tmp_path, {"d/kernel": KERNEL}, [dense()])
    set_(index, "d/kernel", MOVED)
    file = str(tmp_path / "tuned.weights.h5")
    index.model.save_weights(file)
    set_(index, "d/kernel", KERNEL)
    convert_back(plan, index, output=output, weights=file)
    assert_arrays_equal(open_checkpoint(output)["d/kernel"].read(), MOVED)
    other = keras.Sequential([keras.Input((3,)), dense("d", (3, 4))])
    other.save_weights(file)
    with pytest.raises(VerificationError, match=r"d/kernel: expected float32\[3, 2\], found"):
        convert_back(plan, index, output=output + "2", weights=file)


def test_origins_are_told_before_anything_is_read(tmp_path):
    plan, _, _ = brought(tmp_path, {**AVERAGED, "d/kernel/Adam": KERNEL}, [dense()])
    entries = open_checkpoint(plan.checkpoint)
    found = {o.name: (o.what, o.of) for o in origins(plan, entries, slots="drop", shadows="follow")}
    assert found == {
        "d/kernel": ("from weights", "d/kernel"),
        "d/kernel/ExponentialMovingAverage": ("follows", "d/kernel"),
        "d/kernel/Adam": ("left out", ""),
    }
