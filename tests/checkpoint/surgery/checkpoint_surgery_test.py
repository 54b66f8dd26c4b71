"""Checkpoint surgery, held against arrays: what it would write, what it refuses."""

import ml_dtypes
import numpy as np
import pytest

from tf1compat.checkpoint import Partitioned, open_checkpoint, write_checkpoint
from tf1compat.checkpoint.surgery import (
    average,
    cast,
    drop_slots,
    extract,
    merge,
    planned,
    rename,
    split,
)
from tf1compat.checkpoint.surgery.planned_tensors import value_of
from tf1compat.errors import MisfitError, RuleError, UsageError
from tf1compat.names import Rule, RuleSet
from tf1compat.testing import assert_arrays_close, assert_arrays_equal

RNG = np.random.default_rng(6)
W = RNG.normal(size=(7, 2)).astype("f4")
TRAINED = {
    "net/w": W,
    "net/w/Adam": W * 2,
    "net/w/Adam_1": W * 3,
    "net/w/ExponentialMovingAverage": W * 4,
    "network/w": W * 5,
    "beta1_power": np.float32(0.5),
    "beta2_power": np.float32(0.25),
    "global_step": np.int64(9),
}


@pytest.fixture
def stored(tmp_path):
    """Returns what writes values and gives them as planned."""

    def store(values, name="m"):
        write_checkpoint(tmp_path / name, values)
        return planned(open_checkpoint(tmp_path / name))

    return store


def values(edit):
    return {one.name: value_of(one) for one in edit.tensors}


def test_rules_rename_and_slots_follow(stored):
    rules = RuleSet([Rule("net/w", "body/kernel"), Rule("network/.*", drop="the old head")])
    edit = rename(stored(TRAINED), rules)
    found = values(edit)
    assert set(found) == {
        "body/kernel",
        "body/kernel/Adam",
        "body/kernel/Adam_1",
        "body/kernel/ExponentialMovingAverage",
        "beta1_power",
        "beta2_power",
        "global_step",
    }
    assert_arrays_equal(found["body/kernel/Adam_1"], W * 3)
    assert edit.left_out == (("network/w", "the old head"),)
    assert {one.done for one in edit.tensors if one.name == "body/kernel"} == {"was net/w"}


def test_the_scope_of_an_optimizer_stays_in_front(stored):
    names = ("w/w", "train_w/w/w/Momentum")
    edit = rename(stored(dict.fromkeys(names, W)), RuleSet([Rule("w/w", "a/kernel")]))
    assert [one.name for one in edit.tensors] == ["train_w/a/kernel/Momentum", "a/kernel"]
    again = rename(stored({"a": W, "a/Adam": W}, "again"), RuleSet([Rule("a", "b")]))
    assert [one.name for one in again.tensors] == ["b", "b/Adam"]  # Adam has an a, too


@pytest.mark.parametrize(
    ("rules", "error", "message"),
    [
        (
            [Rule("net/w", "network/w")],
            MisfitError,
            "network/w: expected one variable of this name",
        ),
        ([Rule("no/w", "a/w")], RuleError, "no/w"),
        ([Rule("net/w", "a", layout="transpose(1, 0)")], RuleError, "found layout"),
        ([Rule(target="a/.*", keep="new")], RuleError, "found keep"),
        ([Rule("net/(.*)", "a"), Rule("network/w", "a")], RuleError, "problem"),
    ],
)
def test_what_is_more_than_names_or_collides_is_refused(stored, rules, error, message):
    with pytest.raises(error, match=message):
        rename(stored(TRAINED), RuleSet(rules))


def test_floats_are_cast_and_all_else_stays(stored):
    given = {"a/w": W, "b/w": W, "n": np.int64(3), "t": np.array([b"x"], object)}
    edit = cast(stored(given), "bfloat16", choose=lambda name: name != "b/w")
    found = values(edit)
    assert_arrays_equal(found["a/w"], W.astype(ml_dtypes.bfloat16))
    for name in ("b/w", "n", "t"):
        assert_arrays_equal(found[name], np.asarray(given[name]))
    assert [(one.name, one.dtype, one.done) for one in edit.tensors] == [
        ("a/w", "bfloat16", "was float32"),
        ("b/w", "float32", ""),
        ("n", "int64", ""),
        ("t", "string", ""),
    ]


def test_what_would_become_infinite_is_refused_all_at_once(stored):
    given = {"a": np.array([1e9, np.inf, 1], "f4"), "b": np.array([-7e4], "f4"), "c": W}
    with pytest.raises(
        MisfitError, match=r"(?s)a: .* found 1 that it can't, up to 1e\+09.*\n  b: "
    ):
        cast(stored(given), "float16")
    found = values(cast(stored(given, "again"), "float16", overflow="infinity"))
    assert_arrays_equal(found["a"], np.array([np.inf, np.inf, 1], "f2"))
    assert_arrays_equal(
        values(cast(stored(given, "wide"), "bfloat16"))["b"], np.array([-7e4], ml_dtypes.bfloat16)
    )
    with pytest.raises(UsageError, match="expected one of bfloat16, float16, float32, float64"):
        cast(stored(given, "more"), "int8")


def test_what_would_become_0_is_refused(stored):
    """As second moments would: a step divides by them."""
    given = {"a": np.array([1e-9, 0, 1], "f4")}
    with pytest.raises(MisfitError, match=r"a: expected values .* from 0.* 1 of 3"):
        cast(stored(given), "float16")
    found = values(cast(stored(given, "again"), "float16", overflow="infinity"))
    assert_arrays_equal(found["a"], np.array([0, 0, 1], "f2"))


@pytest.mark.parametrize("averages", ["keep", "drop"])
def test_slots_go_and_averages_as_asked(stored, averages):
    edit = drop_slots(stored(TRAINED), averages=averages)
    kept = {"net/w", "network/w", "global_step"}
    kept |= {"net/w/ExponentialMovingAverage"} if averages == "keep" else set()
    assert {one.name for one in edit.tensors} == kept
    assert {name for name, _ in edit.left_out} == set(TRAINED) - kept
    assert ("net/w/Adam", "slot Adam") in edit.left_out
    with pytest.raises(UsageError, match="averages: expected keep or drop, found 'x'"):
        drop_slots(edit.tensors, averages="x")


def test_a_scope_ends_at_its_slash(stored):
    tensors = stored(TRAINED)
    assert [one.name for one in extract(tensors, "net").tensors] == ["net/w"]
    assert [one.name for one in extract(tensors, "net/", companions="keep").tensors] == [
        "net/w",
        "net/w/Adam",
        "net/w/Adam_1",
        "net/w/ExponentialMovingAverage",
    ]
    with pytest.raises(UsageError, match=r"scope 'ne': expected variables in it, .* nearest: net"):
        extract(tensors, "ne")


def test_slots_of_a_scope_are_found_where_they_stand(stored):
    tensors = stored({"net/w": W, "train/net/w/Adam": W, "train/o": W[0]})
    kept = extract(tensors, "net", companions="keep").tensors
    assert [one.name for one in kept] == ["net/w", "train/net/w/Adam"]


def test_averages_are_weighted_and_added_up_in_double_precision(stored):
    rows = [RNG.normal(size=50).astype("f4") * 10.0**k for k in range(3)]
    sides = [
        stored({"w": row, "h": row.astype("f2"), "n": np.int64(1)}, f"m{k}")
        for k, row in enumerate(rows)
    ]
    found = values(average(sides, [1, 2, 5]))
    exact = sum(row.astype("f8") * share for row, share in zip(rows, (1, 2, 5), strict=True)) / 8
    assert_arrays_equal(found["w"], exact.astype("f4"))
    assert_arrays_close({"h": found["h"]}, {"h": exact.astype("f2")}, of_largest=1e-3)
    assert found["n"] == 1
    assert_arrays_equal(values(average([sides[1]] * 3))["w"], rows[1])


def test_what_cannot_be_averaged_is_refused_or_taken_from_one(stored):
    one, other = (stored({"w": W, "n": np.int64(k)}, f"m{k}") for k in range(2))
    with pytest.raises(
        MisfitError, match=r"n: expected int64 that is equal .* \(--others=first or last\)"
    ):
        average([one, other])
    assert values(average([one, other], others="last"))["n"] == 1
    assert values(average([one, other], others="first"))["n"] == 0
    more = stored({"w": W[:3], "x": W}, "more")
    with pytest.raises(MisfitError, match=r"(?s)w: .*float32\[7, 2\], float32\[3, 2\].*x: .* none"):
        average([one, more])
    for weights in ([1], [1, -1], [1, float("nan")]):
        with pytest.raises(UsageError, match="as many weights, of a sum above 0"):
            average([one, other], weights)
    with pytest.raises(UsageError, match="two checkpoints or more"):
        average([one])


def test_slots_that_one_file_lacks_are_told_by_their_kind(stored):
    trained = stored(TRAINED)
    sides = [trained, drop_slots(trained).tensors]
    told = r"slot Adam \(1 such\): .* found one, none; `tf1compat drop-slots` writes"
    with pytest.raises(MisfitError, match=told) as caught:
        average(sides)
    assert len(caught.value.problems) == 4  # two kinds of slots, two powers of beta


def test_a_weight_of_nothing_takes_nothing(stored):
    one, other = stored({"w": W}, "m0"), stored({"w": W * np.inf}, "m1")
    assert_arrays_equal(values(average([one, other], [1, 0]))["w"], W)


@pytest.mark.parametrize(
    ("strategy", "kind"), [("div", "slices"), ("div", "variables"), ("mod", "variables")]
)
def test_what_is_split_is_merged_again_with_its_slots(stored, strategy, kind):
    given = {name: TRAINED[name] for name in ("net/w", "net/w/Adam", "network/w")}
    choose = lambda name: name == "net/w"  # noqa: E731
    edit = split(stored(given), 3, choose=choose, strategy=strategy, kind=kind)
    again = stored({one.name: one.item for one in edit.tensors}, "parts")
    if kind == "slices":
        entry = next(one.item for one in again if one.name == "net/w")
        assert [(r.start, r.stop) for r, _ in entry.slices] == [(0, 3), (3, 5), (5, 7)]
    else:
        rows = [W[k::3] for k in range(3)] if strategy == "mod" else [W[:3], W[3:5], W[5:]]
        for number, part in enumerate(rows):
            assert_arrays_equal(values(edit)[f"net/w/part_{number}"], part)
            assert_arrays_equal(values(edit)[f"net/w/part_{number}/Adam"], part * 2)
    whole = merge(again, strategy=strategy)
    assert set(values(whole)) == set(given)
    for name, value in given.items():
        assert_arrays_equal(values(whole)[name], value)


def test_parts_that_do_not_fit_are_named(stored):
    given = {"a/part_0": W[:3], "a/part_1": W[3:, :1], "b/part_0": W[:2], "b/part_1": W[2:]}
    with pytest.raises(MisfitError, match=r"(?s)a: expected parts of one dtype and width"):
        merge(stored(given), strategy="div")
    with pytest.raises(UsageError, match="how rows were dealt out to a, b, which nothing in the"):
        merge(stored(given, "asked"))
    with pytest.raises(MisfitError, match=r"b: expected parts of \[4, 3\] rows, as mod deals them"):
        merge(stored({k: v for k, v in given.items() if k[0] == "b"}, "b"), strategy="mod")
    only_b = merge(stored(given, "c"), strategy="div", choose=lambda name: name == "b")
    assert {one.name for one in only_b.tensors} == {"a/part_0", "a/part_1", "b"}


def test_slices_are_joined_where_they_lie(stored):
    parts = [((0, 1), W[:, 1:]), ((0, 0), W[:, :1])]
    (one,) = merge(stored({"w": Partitioned((7, 2), parts)})).tensors
    assert one.done == "was in 2 slices"
    assert_arrays_equal(one.item(), W)


def test_rows_of_slices_that_were_looked_up_by_mod_are_put_in_the_order_of_ids(stored):
    rows = [W[0::3], W[1::3], W[2::3]]
    starts = [(0, 0), (3, 0), (5, 0)]
    table = Partitioned((7, 2), list(zip(starts, rows, strict=True)))
    tensors = stored({"t": table, "w": Partitioned((7, 2), [((0, 0), W[:1]), ((1, 0), W[1:])])})
    edit = merge(tensors, strategy="mod", choose=lambda name: name == "t")
    assert_arrays_equal(values(edit)["t"], W)
    assert_arrays_equal(values(merge(tensors))["t"], np.concatenate(rows))
    with pytest.raises(MisfitError, match=r"w: expected slices of \[4, 3\] rows, .* 0:1, 1:7"):
        merge(tensors, strategy="mod")


def test_what_cannot_be_split_is_refused(stored):
    tensors = stored(TRAINED)
    for parts, choose, error, message in [
        (8, "net/w", MisfitError, "net/w: expected 8 rows or more, found shape"),
        (2, "beta1_power", MisfitError, "found shape"),
        (2, "none", UsageError, "expected at least one to be split, found none"),
        (0, "net/w", UsageError, "parts: expected at least 1, found 0"),
    ]:
        with pytest.raises(error, match=message):
            split(tensors, parts, choose=lambda name, choose=choose: name == choose)
    with pytest.raises(UsageError, match="variables for mod, found 'slices' for mod"):
        split(tensors, 2, choose=lambda name: True, strategy="mod")
    with pytest.raises(UsageError, match="strategy: expected one of div, mod, found 'x'"):
        merge(tensors, strategy="x")


@pytest.mark.parametrize(
    "operate",
    [
        lambda tensors: rename(tensors, RuleSet([Rule("w", "v")])),
        drop_slots,
        merge,
        lambda tensors: split(tensors, 2, choose=lambda name: True),
    ],
)
def test_what_an_object_graph_names_is_left_alone(stored, operate):
    graph = np.array(b"", object)
    tensors = stored({"w/.ATTRIBUTES/VARIABLE_VALUE": W, "_CHECKPOINTABLE_OBJECT_GRAPH": graph})
    with pytest.raises(
        MisfitError, match="expected a name-based checkpoint, found an object-based"
    ):
        operate(tensors)
