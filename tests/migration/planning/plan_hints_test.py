"""What an incomplete plan says may help: parts that are set apart, shards, and rows too few."""

import functools

import keras
import numpy as np
import pytest

from tf1compat.checkpoint import open_checkpoint, write_checkpoint
from tf1compat.migration import offender_lines, plan_migration
from tf1compat.migration.layouts.layout import Spec
from tf1compat.migration.matching.mirrors import mirrors
from tf1compat.migration.reports._suggestions import suggestions
from tf1compat.names import Rule, rules_from_toml

NET = {"l1/w1": (3, 4), "l1/b1": (4,), "l2/w2": (4, 2), "l2/b2": (2,)}


@pytest.fixture(scope="module")
def model():
    keras.utils.clear_session()
    layers = [keras.layers.Dense(4, name="hidden"), keras.layers.Dense(2, name="scores")]
    return keras.Sequential([keras.Input((3,)), *layers])


def _written(folder, shapes):
    prefix = str(folder / "model.ckpt")
    rng = np.random.default_rng(0)
    write_checkpoint(prefix, {n: rng.normal(size=s).astype("f") for n, s in shapes.items()})
    return prefix


def _nets(*scopes):
    return {f"{scope}/{leaf}": shape for scope in scopes for leaf, shape in NET.items()}


@pytest.mark.parametrize("within", ["", "deepq/"])
def test_a_target_network_is_offered_as_one_drop(within, tmp_path, model):
    shapes = _nets(f"{within}eval_net", f"{within}target_net")
    prefix = _written(tmp_path, shapes)
    plan = plan_migration(prefix, model)
    replan = functools.partial(plan_migration, prefix, model)
    (found,) = suggestions(plan, replan, open_checkpoint(prefix))
    assert found.why == f"{within}target_net has the names and shapes of {within}eval_net"
    told = replan(rules_from_toml(f"rules = [{found.text}]"))
    assert told.complete, str(told)
    assert {drop.source for drop in told.drops} == {n for n in shapes if "target" in n}


def test_what_mirrors_what_is_told_by_names_shapes_and_words():
    def found(*scopes, leave_out=()):
        return mirrors({n: Spec(s) for n, s in _nets(*scopes).items() if n not in leave_out}, ())

    assert found("net", "target_net") == {"target_net": "net"}
    assert found("block_0", "block_1") == {}  # a layer is no copy of another
    assert found("a", "b", "target_a") == {}  # nobody says of which
    assert found("net", "target_net", leave_out=("net/l2/b2",)) == {"target_net/l1": "net/l1"}


def test_what_stands_beside_layers_that_are_taken_is_no_copy(tmp_path, model):
    """Scopes of which the rest is taken."""
    ranges = {f"net/{n}_range/{end}": () for n in ("l1", "l2") for end in ("low", "high")}
    shapes = {n.replace("net/", ""): s for n, s in {**_nets("net"), **ranges}.items()}
    shapes = {n.replace("_range", "/range"): shape for n, shape in shapes.items()}
    plan = plan_migration(_written(tmp_path, shapes), model)
    assert len(plan.unexplained) == 4
    assert not any("hold the same names" in line for line in offender_lines(plan))


@pytest.mark.parametrize(
    ("shapes", "said"),
    [
        ({"emb/weights_0": (3, 4), "emb/weights_1": (3, 4)}, "'concatenate(0) | mod_shards(2)'"),
        ({"emb/weights": (5, 4)}, "1 row fewer: layout='pad(0, 1, 0)' in a rule"),
        ({"emb/weights": (8, 4)}, "2 rows more: layout='cut(0, 2, 8)' in a rule"),
        ({"emb/weights_0": (3, 4), "emb/weights_1": (2, 4)}, ""),
    ],
)
def test_what_nearly_is_a_table_is_said_with_its_layout(shapes, said, tmp_path):
    keras.utils.clear_session()
    ids = keras.Input((), dtype="int32")
    table = keras.Model(ids, keras.layers.Embedding(6, 4, name="words")(ids))
    lines = "\n".join(offender_lines(plan_migration(_written(tmp_path, shapes), table)))
    assert said in lines
    assert ("in a rule" in lines) == bool(said)


def _asked(tmp_path, shapes, model):
    plan = plan_migration(_written(tmp_path, shapes), model)
    return [line.strip() for line in offender_lines(plan) if "which of" in line]


def _layers(*names):
    keras.utils.clear_session()
    x = keras.Input((4,))
    return keras.Model(x, [keras.layers.Dense(4, name=name)(x) for name in names])


def _denses(*scopes, kernel=(4, 4)):
    return {f"{s}/{leaf}": d for s in scopes for leaf, d in (("kernel", kernel), ("bias", (4,)))}


def test_of_whole_layers_it_is_asked_once(tmp_path):
    lines = _asked(tmp_path, _denses("x", "y", "z"), _layers("age", "race", "sex"))
    assert lines == ["which of these 3 go to age, race, sex (kernel, bias)? x, y, z"]


def test_of_copies_it_is_asked_first_which_is_meant(tmp_path):
    shapes = {f"{net}/{n}": s for net in ("A2B", "B2A") for n, s in _denses("p", "q").items()}
    lines = _asked(tmp_path, shapes, _layers("one", "two"))
    assert lines == [
        "A2B, B2A hold the same names and shapes: which of them is the model's, if any? "
        "{source='B2A/.*', drop='why'} leaves one behind"
    ]


def test_what_fits_but_for_ones_is_asked_about_too(tmp_path):
    shapes = _denses("x") | _denses("y", kernel=(1, 4, 4))
    assert _asked(tmp_path, shapes, _layers("age", "race")) == [
        "which of these 2 go to age, race (kernel, bias)? x, y"
    ]


def test_a_replica_whose_kernels_are_equal_is_a_copy_all_the_same(tmp_path):
    """As Horovod's and benchmarks' towers are: moving statistics alone differ."""
    rng = np.random.default_rng(1)
    kernel = rng.normal(size=(4, 4)).astype("f")
    values = {}
    for tower in ("v0", "v1"):
        values[f"{tower}/cg/p/kernel"] = kernel
        values |= {f"{tower}/cg/p/n{k}/gamma": rng.normal(size=4).astype("f") for k in (0, 1)}
    prefix = str(tmp_path / "model.ckpt")
    write_checkpoint(prefix, values)
    keras.utils.clear_session()
    dense = keras.layers.Dense(4, use_bias=False, name="p")
    norms = [keras.layers.LayerNormalization(center=False, name=f"n{k}") for k in (0, 1)]
    model = keras.Sequential([keras.Input((4,)), dense, *norms])
    lines = "\n".join(offender_lines(plan_migration(prefix, model)))
    assert "v{0,1} hold the same names and shapes: which of them is the model's" in lines
    assert plan_migration(prefix, model, [Rule("v1/.*", drop="a replica")]).complete
