"""Rules that say more with less: layers, roles, parts, shards, copies; and what they refuse."""

import json

import keras
import numpy as np
import pytest

from tf1compat.checkpoint import write_checkpoint
from tf1compat.errors import PlanError, RuleError
from tf1compat.migration import Plan, convert, dropped_lines, plan_migration, verify_weights
from tf1compat.names import Rule, rules_from_toml
from tf1compat.testing import assert_arrays_equal

L = keras.layers


@pytest.fixture
def written(tmp_path):
    def write(shapes, **known):
        rng = np.random.default_rng(8)
        values = {n: rng.normal(size=s).astype(np.float32) for n, s in shapes.items()} | known
        write_checkpoint(str(tmp_path / "ckpt"), values)
        return str(tmp_path / "ckpt"), values

    return write


def dense(inputs, scope):
    return {f"{scope}/kernel": inputs, f"{scope}/bias": inputs[1:]}


def norm(size, scope):
    return {f"{scope}/beta": (size,), f"{scope}/gamma": (size,)}


def sources(plan):
    return {fill.target: fill.sources[0] for fill in plan.fills}


@pytest.fixture(scope="module")
def shared():
    """A layer of ALBERT's: two norms of the same shape, and nothing that tells which is which."""
    keras.utils.clear_session()
    x = h = keras.Input((4,))
    for name in ("attention_norm", "full_layer_norm"):
        h = L.LayerNormalization(name=name)(L.Dense(4, name=f"{name}_before")(h))
    return keras.Model(x, h)


INNER = "bert/group_0/inner_group_0"
ALBERT = norm(4, f"{INNER}/LayerNorm") | norm(4, f"{INNER}/LayerNorm_1")
ALBERT |= dense((4, 4), f"{INNER}/first") | dense((4, 4), f"{INNER}/second")
BEFORE = [
    Rule(scope=".*/first", layer="attention_norm_before"),
    Rule(scope=".*/second", layer="full_layer_norm_before"),
]


def test_two_lines_pair_the_norms_of_a_shared_layer(written, shared):
    prefix, _ = written(ALBERT)
    rules = rules_from_toml(r"""rules = [
      {scope='.*/LayerNorm', layer='attention_norm'},
      {scope='.*/LayerNorm_1', layer='full_layer_norm'},
    ]""")
    plan = plan_migration(prefix, shared, [*rules, *BEFORE])
    assert plan.complete, str(plan)
    assert sources(plan)["attention_norm/gamma"] == f"{INNER}/LayerNorm/gamma"
    assert sources(plan)["full_layer_norm/beta"] == f"{INNER}/LayerNorm_1/beta"


def test_a_rule_that_swaps_gamma_and_beta_is_refused(written, shared):
    prefix, _ = written(ALBERT)
    rules = [
        Rule(f"{INNER}/LayerNorm/beta", "attention_norm/gamma", origin="r:1"),
        Rule(f"{INNER}/LayerNorm/gamma", "attention_norm/beta", origin="r:2"),
    ]
    with pytest.raises(RuleError) as raised:
        plan_migration(prefix, shared, rules)
    assert [problem.name for problem in raised.value.problems] == [
        "attention_norm/gamma",
        "attention_norm/beta",
    ]
    assert "expected a source that is a gamma, found" in str(raised.value)
    assert "a beta [r:1]; mend the rule, or give it cross_roles=true" in str(raised.value)
    meant = [Rule(r.source, r.target, cross_roles=True) for r in rules]
    assert sources(plan_migration(prefix, shared, meant))["attention_norm/gamma"].endswith("beta")


def test_what_does_not_pair_within_a_layer_is_named(written, shared):
    prefix, _ = written(ALBERT | {f"{INNER}/LayerNorm/extra": (4, 2)})
    with pytest.raises(RuleError) as raised:
        plan_migration(prefix, shared, [Rule(scope=".*/LayerNorm", layer="attention_norm")])
    (problem,) = raised.value.problems
    assert problem.name == f"{INNER}/LayerNorm/extra"
    assert problem.expected == "one weight of attention_norm of its role and shape"
    rules = [Rule(".*/extra", drop="unused"), Rule(scope=".*/LayerNorm", layer="attention_norm")]
    assert len(plan_migration(prefix, shared, rules).fills) >= 2


def test_scopes_that_hold_a_layer_each_are_left_out_but_for_one(written):
    """As the towers of a graph are, of which Keras has one layer that is called twice."""
    keras.utils.clear_session()
    x = keras.Input((4,))
    model = keras.Model(x, L.LayerNormalization(name="layer")(x))
    prefix, _ = written(norm(4, "tower_a") | norm(4, "tower_b"))
    both = Rule(scope="tower_[ab]", layer="layer")
    with pytest.raises(RuleError, match="tower_a, tower_b hold the same names each") as raised:
        plan_migration(prefix, model, [both])
    assert "{source='tower_b/(.*)', copy_of='tower_a/\\1', drop='why'}" in str(raised.value)
    plan = plan_migration(prefix, model, [Rule("tower_b/(.*)", drop="why"), both])
    assert sources(plan)["layer/gamma"] == "tower_a/gamma"


def test_members_that_nothing_tells_apart_are_named(written):
    keras.utils.clear_session()
    x = keras.Input((4,))
    norms = keras.Sequential([L.LayerNormalization(name=n) for n in ("p", "q")], name="layer")
    prefix, _ = written(norm(4, "in/b") | norm(4, "in/a"))
    with pytest.raises(RuleError) as raised:
        plan_migration(prefix, keras.Model(x, norms(x)), [Rule(scope="in", layer="layer")])
    assert {problem.name for problem in raised.value.problems} == {
        f"layer/{n}/{role}" for n in "pq" for role in ("gamma", "beta")
    }
    assert "in/a/gamma, in/b/gamma" in str(raised.value)


def test_names_that_speak_against_a_pair_leave_it_open_within_a_layer(written):
    keras.utils.clear_session()
    x = keras.Input((4,))
    heads = [L.Dense(4, name=n, use_bias=False) for n in ("query", "value")]
    prefix, _ = written({"att/query/kernel": (4, 4), "att/key/kernel": (4, 4)})
    model = keras.Model(x, keras.Sequential(heads, name="attention")(x))
    with pytest.raises(RuleError, match=r"attention/value/kernel: .*, found att/key/kernel"):
        plan_migration(prefix, model, [Rule(scope="att", layer="attention")])


def test_a_layer_that_the_model_does_not_have(written, shared):
    prefix, _ = written(ALBERT)
    with pytest.raises(RuleError, match=r"found atention_norm.*nearest: attention_norm"):
        plan_migration(prefix, shared, [Rule(scope=".*/LayerNorm", layer="atention_norm")])


def test_slots_within_a_scope_stay_slots(written, shared):
    slots = {f"{name}/{leaf}": s for name, s in ALBERT.items() for leaf in ("adam_m", "adam_v")}
    prefix, _ = written(ALBERT | slots)
    rules = [
        Rule(scope=".*/LayerNorm", layer="attention_norm"),
        Rule(scope=".*/LayerNorm_1", layer="full_layer_norm"),
    ]
    plan = plan_migration(prefix, shared, [*rules, *BEFORE])
    assert plan.complete, str(plan)
    assert "dropped 8 (slot adam_m)" in dropped_lines(plan)


def test_a_scope_of_slots_alone_is_no_layer(written, shared):
    prefix, _ = written(ALBERT | {f"{INNER}/first/kernel/adam_m": (4, 4)})
    with pytest.raises(
        RuleError, match=r"kernel: expected a scope that holds variables of the mod"
    ):
        plan_migration(prefix, shared, [Rule(scope=".*/kernel", layer="attention_norm_before")])


def test_one_scope_for_several_layers(written, shared):
    shapes = {"unit/kernel": (4, 4), "unit/bias": (4,), "unit/gamma": (4,), "unit/beta": (4,)}
    prefix, _ = written(shapes)
    rules = [
        Rule(scope="unit", layer="attention_norm_before"),
        Rule(scope="unit", layer="attention_norm"),
        Rule(target="full_layer_norm.*", keep="new"),
    ]
    plan = plan_migration(prefix, shared, rules)
    assert plan.complete, str(plan)
    assert sources(plan)["attention_norm/beta"] == "unit/beta"
    assert sources(plan)["attention_norm_before/bias"] == "unit/bias"


def test_a_weight_that_another_rule_keeps_needs_no_member(written, shared):
    prefix, _ = written({"unit/kernel": (4, 4)})
    before = "attention_norm_before"
    rules = [
        Rule(scope="unit", layer=before),
        Rule(target=f"{before}/bias|attention_norm/.*|full_layer_norm.*", keep="new"),
    ]
    plan = plan_migration(prefix, shared, rules)
    assert plan.complete, str(plan)
    assert sources(plan) == {f"{before}/kernel": "unit/kernel"}


def test_one_scope_shared_by_layers(written):
    keras.utils.clear_session()
    x = h = keras.Input((4,))
    for n in range(3):
        h = L.Dense(4, name=f"layer_{n}")(h)
    prefix, _ = written(dense((4, 4), "shared"))
    rules = [Rule(scope="shared", layer=f"layer_{n}", shared=True) for n in range(3)]
    model = keras.Model(x, h)
    plan = plan_migration(prefix, model, rules)
    assert plan.complete, str(plan)
    convert(plan, model)
    assert verify_weights(plan, model).equal
    assert_arrays_equal(model.layers[1].kernel, model.layers[3].kernel)


@keras.saving.register_keras_serializable()
class Scale(L.Layer):
    """T5's norm: one vector, which it calls `weight`."""

    def build(self, shape):
        self.weight = self.add_weight(shape=(shape[-1],), name="weight")

    def call(self, x):
        return x * self.weight


def test_three_lines_for_the_scales_of_t5(written):
    keras.utils.clear_session()
    x = h = keras.Input((4,))
    layers = {"encoder": ("0", "ff"), "decoder": ("0", "1", "ff")}
    names = [f"{s}_block_0_layer_norm_{n}" for s, own in layers.items() for n in own]
    for name in [*names, "encoder_final_norm", "decoder_final_norm"]:
        h = Scale(name=name)(h)
    shapes = {f"encoder/block_000/layer_00{n}/rms_norm/scale": (4,) for n in range(2)}
    shapes |= {f"decoder/block_000/layer_00{n}/rms_norm/scale": (4,) for n in range(3)}
    shapes |= {f"{side}/rms_norm/scale": (4,) for side in layers}
    slots = {f"{name}_slot_v": shape for name, shape in shapes.items()}
    prefix, _ = written(shapes | slots)
    last = r"(?:(encoder)/block_00(\d)/layer_001|(decoder)/block_00(\d)/layer_002)/.*scale"
    rules = [
        Rule(last, r"\1\3_block_\2\4_layer_norm_ff/weight"),
        Rule(r"(\w+)/block_00(\d)/layer_00(\d)/.*scale", r"\1_block_\2_layer_norm_\3/weight"),
        Rule(r"(\w+)/rms_norm/scale", r"\1_final_norm/weight"),
    ]
    plan = plan_migration(prefix, keras.Model(x, h), rules)
    assert plan.complete, str(plan)
    found = sources(plan)
    assert found["encoder_block_0_layer_norm_ff/weight"].startswith("encoder/block_000/layer_001")
    assert found["decoder_block_0_layer_norm_1/weight"].startswith("decoder/block_000/layer_001")


@pytest.fixture(scope="module")
def normed():
    keras.utils.clear_session()
    x = keras.Input((4,))
    return keras.Model(x, L.BatchNormalization(name="bn")(L.Dense(4, name="fc", use_bias=False)(x)))


NORMED = {"fc/kernel": (4, 4)} | norm(4, "fc/bn")


def test_declared_roles_decide_and_are_said(written, normed):
    prefix, _ = written(NORMED | {"fc/bn/avg_m/EMA": (4,), "fc/bn/avg_v/EMA": (4,)})
    rules = [
        Rule("(.*)/avg_m/EMA", role="moving_mean"),
        Rule("(.*)/avg_v/EMA", role="moving_variance"),
    ]
    assert not plan_migration(prefix, normed).complete
    plan = plan_migration(prefix, normed, rules)
    assert plan.complete, str(plan)
    assert sources(plan)["bn/moving_variance"] == "fc/bn/avg_v/EMA"
    again = [*rules, Rule("fc/bn/avg_m/EMA", "bn/beta"), Rule("fc/bn/beta", drop="no")]
    with pytest.raises(RuleError, match=r"a source that is a beta, found .* a moving_mean"):
        plan_migration(prefix, normed, again)


def test_what_is_named_as_an_average_is_what_a_rule_says(written, normed):
    average = "ExponentialMovingAverage"  # of the batch's moments, which are no variables
    prefix, _ = written(NORMED | {f"fc/bn/moments/{n}/{average}": (4,) for n in ("m", "v")})
    rules = [
        Rule(f"(.*)/moments/m/{average}", role="moving_mean"),
        Rule(f"(.*)/moments/v/{average}", role="moving_variance"),
    ]
    plan = plan_migration(prefix, normed, rules)
    assert plan.complete, str(plan)
    assert sources(plan)["bn/moving_mean"] == f"fc/bn/moments/m/{average}"


def test_a_declared_role_is_said_of_what_is_left(written, normed):
    prefix, _ = written(NORMED | {"lost/avg": (7,)})
    plan = plan_migration(prefix, normed, [Rule("lost/avg", role="moving_mean")])
    (problem,) = plan.unexplained
    assert problem.expected.startswith("a target for moving_mean float32[7]")


def test_a_replica_is_dropped_by_one_line(written, normed):
    shapes = NORMED | {"fc/bn/moving_mean": (4,), "fc/bn/moving_variance": (4,)}
    rng = np.random.default_rng(2)
    values = {f"v0/{n}": rng.normal(size=shape).astype("f") for n, shape in shapes.items()}
    copies = {f"v1/{name.removeprefix('v0/')}": value for name, value in values.items()}
    copies["v1/fc/bn/moving_mean"] = np.zeros(4, np.float32)  # each tower has its own
    slots = {f"{n}/Momentum": v for n, v in values.items() if "moving" not in n}
    prefix, _ = written({}, **values, **copies, **slots)
    rules = [Rule("v1/(.*)", copy_of=r"v0/\1", drop="the second tower")]
    plan = plan_migration(prefix, normed, rules)
    assert plan.complete, str(plan)
    assert "dropped 5 (a copy: the second tower [rule 1])" in dropped_lines(plan)
    assert Plan.from_json(plan.to_json()) == plan


def test_what_is_no_copy_is_not_dropped_as_one(written, normed):
    shapes = {"v0/a": (4,), "v1/a": (4,), "v1/b": (4,), "v0/c": (4,), "v1/c": (3,)}
    prefix, _ = written(shapes)
    copies = {"v1/(.*)": r"v0/\1", "v0/a": "v0/a"}
    with pytest.raises(RuleError) as raised:
        plan_migration(prefix, normed, [Rule(k, copy_of=v, drop="a") for k, v in copies.items()])
    found = {problem.name: problem.found for problem in raised.value.problems}
    assert found["v0/a"] == "itself"
    assert found["v1/a"] == "other values"
    assert found["v1/b"].startswith("no such source; nearest: ")
    assert found["v1/c"] == "float32[3] against float32[4]"


@pytest.fixture(scope="module")
def table():
    keras.utils.clear_session()
    x = keras.Input((2,), dtype="int32")
    return keras.Model(x, L.Embedding(30, 4, name="table")(x))


def test_one_line_joins_the_parts_of_a_table_in_order(written, table):
    sizes = [2] * 8 + [7, 4, 3]
    prefix, values = written({f"w/part_{n}": (rows, 4) for n, rows in enumerate(sizes)})
    rules = [Rule(r"w/part_(\d+)", "table/embeddings", layout="concatenate(0)")]
    plan = plan_migration(prefix, table, rules)
    assert plan.complete, str(plan)
    convert(plan, table)
    whole = np.concatenate([values[f"w/part_{n}"] for n in range(len(sizes))])
    assert_arrays_equal(table.layers[1].embeddings, whole)


def test_a_first_part_that_is_missing_is_told(written):
    prefix, _ = written({"w/part_1": (1, 3), "w/part_2": (1, 3)})
    x = keras.Input((2,))
    model = keras.Model(x, L.Dense(3, use_bias=False, name="d")(x))
    with pytest.raises(RuleError, match=r"d/kernel: expected sources numbered .*none of number 0"):
        plan_migration(prefix, model, [Rule(r"w/part_(\d+)", "d/kernel", layout="concatenate(0)")])


def test_parts_that_are_dropped_make_up_the_rest(written):
    keras.utils.clear_session()
    x = keras.Input((6,))
    model = keras.Model(x, L.Dense(5, name="predictions")(x))
    prefix, values = written({"Logits/weights": (1, 1, 6, 6), "Logits/biases": (6,)})
    rules = [
        Rule(".*/weights", "predictions/kernel", layout="split(3, 1, 6) | reshape(6, 5)"),
        Rule(".*/biases", "predictions/bias", layout="split(0, 1, 6)"),
    ]
    with pytest.raises(RuleError, match=r"or drop it with its layout"):
        plan_migration(prefix, model, rules)
    rules += [
        Rule(".*/weights", drop="background", layout="split(3, 0, 1)"),
        Rule(".*/biases", drop="background", layout="split(0, 0, 1)"),
    ]
    outside = Rule(".*/biases", drop="more", layout="split(1, 0, 1)")
    with pytest.raises(RuleError, match=r"Logits/biases: expected a part of float32\[6\]"):
        plan_migration(prefix, model, [*rules, outside])
    plan = plan_migration(prefix, model, rules)
    assert plan.complete, str(plan)
    assert "2 sources: 2 used, 0 dropped" in plan.headline()
    assert Plan.from_json(plan.to_json()) == plan
    convert(plan, model)
    assert verify_weights(plan, model).equal
    assert_arrays_equal(model.layers[1].kernel, values["Logits/weights"][0, 0, :, 1:])


def test_a_shape_that_fits_by_luck_is_no_reason(written):
    keras.utils.clear_session()
    x = keras.Input((16,))
    model = keras.Model(x, L.Dense(1, name="fc", use_bias=False)(x))
    prefix, _ = written({"stray": (2, 8)})
    with pytest.raises(RuleError, match=r"of \[16, 1\], or a layout, found stray of \[2, 8\]"):
        plan_migration(prefix, model, [Rule("stray", "fc/kernel")])
    assert plan_migration(
        prefix, model, [Rule("stray", "fc/kernel", layout="reshape(16, 1)")]
    ).fills


def test_all_problems_come_at_once(written, shared):
    prefix, _ = written(ALBERT)
    rules = [
        Rule(f"{INNER}/LayerNorm/beta", "attention_norm/gamma"),
        Rule(scope=".*/LayerNorm_1", layer="nowhere"),
        Rule(".*/first/.*", copy_of="gone", drop="a copy"),
        Rule(".*/second/kernel", "full_layer_norm/gamma"),
    ]
    with pytest.raises(RuleError) as raised:
        plan_migration(prefix, shared, rules)
    assert {"attention_norm/gamma", f"{INNER}/LayerNorm_1", f"{INNER}/first/bias"} <= {
        problem.name for problem in raised.value.problems
    }


def test_a_rule_says_why_a_slot_is_dropped(tmp_path):
    prefix = str(tmp_path / "model.ckpt")
    value = np.ones((2, 2), np.float32)
    write_checkpoint(prefix, {"d/kernel": value, "d/kernel/Adam": value, "d/kernel/Adam_1": value})
    x = keras.Input((2,))
    model = keras.Model(x, keras.layers.Dense(2, use_bias=False, name="d")(x))
    plan = plan_migration(prefix, model, [Rule(".*/Adam", drop="we use SGD now")])
    reasons = {drop.source: drop.reason for drop in plan.drops}
    assert reasons["d/kernel/Adam"].startswith("we use SGD now")
    assert reasons["d/kernel/Adam_1"] == "slot Adam_1 of d/kernel"


@pytest.fixture
def halved(written):
    """A plan that takes one half of a kernel and drops the other, as JSON."""
    prefix, _ = written({"w": (4, 2)})
    x = keras.Input((2,))
    model = keras.Model(x, L.Dense(2, use_bias=False, name="d")(x))
    rules = [
        Rule("w", "d/kernel", layout="split(0, 0, 2)"),
        Rule("w", drop="of another task", layout="split(0, 2, 4)"),
    ]
    return json.loads(plan_migration(prefix, model, rules).to_json())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda plan: plan["drops"].clear(), r"w: expected parts that make up \[0, 4\), found"),
        (
            lambda plan: plan["fills"][0].update(layout="split(0, 1, 2)"),
            r"d/kernel: expected float32\[2, 2\], found split\(0, 1, 2\): float32\[1, 2\]",
        ),
        (
            lambda plan: plan["fills"][0].update(layout="split(0, 2, 9)"),
            r"d/kernel: expected float32\[2, 2\], found split\(0, 2, 9\): layout split",
        ),
    ],
)
def test_a_plan_that_is_read_back_adds_up(halved, change, message):
    assert Plan.from_json(json.dumps(halved)).complete
    change(halved)
    with pytest.raises(PlanError, match=message):
        Plan.from_json(json.dumps(halved))
