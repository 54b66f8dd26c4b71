"""Plans made from real checkpoints (written by this package, read back) and real Keras models."""

import functools

import keras
import numpy as np
import pytest

from tf1compat.checkpoint import open_checkpoint, write_checkpoint
from tf1compat.errors import CorruptCheckpointError, PlanError, RuleError
from tf1compat.migration import Plan, convert, offender_lines, plan_migration, verify_weights
from tf1compat.migration.reports._suggestions import candidates_of, suggestions
from tf1compat.names import Rule, unfold_names
from tf1compat.testing import assert_arrays_close, assert_arrays_equal


def _values(**shapes):
    rng = np.random.default_rng(5)
    return {n: rng.normal(size=s).astype(np.float32) for n, s in shapes.items()}


@pytest.fixture
def written(tmp_path):
    def write(values):
        prefix = str(tmp_path / "model.ckpt")
        write_checkpoint(prefix, values)
        return prefix

    return write


@pytest.fixture
def classifier():
    keras.utils.clear_session()
    return keras.Sequential(
        [
            keras.layers.Input((4,)),
            keras.layers.Dense(8, name="hidden"),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(3, name="scores"),
        ]
    )


_MLP = {"mlp/fc1/weights": (4, 8), "mlp/fc1/biases": (8,)}
_MLP |= {"mlp/fc2/weights": (8, 3), "mlp/fc2/biases": (3,)}


def test_everything_is_accounted_for(written, classifier):
    training = {"mlp/fc1/weights/Adam": (4, 8), "mlp/fc1/weights/Adam_1": (4, 8), "global_step": ()}
    values = _values(**_MLP, **training)
    plan = plan_migration(written(values), classifier)
    assert plan.complete, str(plan)
    assert {drop.source: drop.reason for drop in plan.drops} == {
        "global_step": "global step",
        "mlp/fc1/weights/Adam": "slot Adam of mlp/fc1/weights",
        "mlp/fc1/weights/Adam_1": "slot Adam_1 of mlp/fc1/weights",
    }
    assert all("random generator" in keep.reason for keep in plan.keeps)
    convert(plan, classifier)
    x = np.ones((2, 4), np.float32)
    hidden = x @ values["mlp/fc1/weights"] + values["mlp/fc1/biases"]
    expected = hidden @ values["mlp/fc2/weights"] + values["mlp/fc2/biases"]
    assert_arrays_close(keras.ops.convert_to_numpy(classifier(x)), expected, rtol=1e-5)


def test_a_plan_goes_through_json(written, classifier):
    values = _values(**_MLP, extra=(2, 2))
    plan = plan_migration(written(values), classifier)
    assert not plan.complete
    assert Plan.from_json(plan.to_json()) == plan
    with pytest.raises(PlanError, match=r"expected JSON written by Plan\.to_json"):
        Plan.from_json("[]")


def test_an_unexplained_source_stops_the_conversion(written, classifier):
    before = [np.asarray(w) for w in classifier.weights]
    plan = plan_migration(written(_values(**_MLP, stray=(5, 5))), classifier)
    with pytest.raises(PlanError, match=r"1 unexplained[\s\S]*stray: expected a target for"):
        convert(plan, classifier)
    for weight, value in zip(classifier.weights, before, strict=True):
        assert_arrays_equal(weight, value)


def test_an_unfilled_target_names_what_is_left(written, classifier):
    values = _values(**{k: v for k, v in _MLP.items() if k != "mlp/fc1/biases"})
    plan = plan_migration(written(values), classifier)
    (problem,) = plan.unfilled
    assert problem.name == "hidden/bias"
    assert "a source of bias float32[8]" in problem.expected


def test_a_damaged_graph_file_says_how_to_go_on(written, classifier):
    prefix = written(_values(**_MLP))
    with open(f"{prefix}.meta", "wb") as file:
        file.write(b"not a graph")
    with pytest.raises(CorruptCheckpointError, match=r"model\.ckpt\.meta.*move it away to plan"):
        plan_migration(prefix, classifier)


def test_a_rule_without_an_origin_is_called_by_its_number(written, classifier):
    rules = [
        Rule("mlp/fc1/weights", "hidden/kernel"),
        Rule("mlp/fc1/biases", "hidden/bias", origin="r:2"),
    ]
    plan = plan_migration(written(_values(**_MLP)), classifier, rules)
    assert [fill.why for fill in plan.fills if fill.kind == "rule"] == ["rule 1", "rule r:2"]


def test_layouts_at_odds_are_one_problem(written, classifier):
    shapes = {**_MLP, "mlp/fc1b/weights": (4, 8)}
    rules = [
        Rule("mlp/fc1/weights", "hidden/kernel", layout="concatenate(1)"),
        Rule("mlp/fc1b/weights", "hidden/kernel", layout="concatenate(0)"),
    ]
    message = r"1 problem\(s\) with the rules\n  hidden/kernel: expected one layout in all rules"
    with pytest.raises(RuleError, match=message):
        plan_migration(written(_values(**shapes)), classifier, rules)


def test_drop_and_keep_rules_close_the_ledger(written, classifier):
    shapes = {k: v for k, v in _MLP.items() if "fc2" not in k} | {"old_head/weights": (8, 10)}
    shapes |= {"old_head/weights/Adam": (8, 10)}  # a slot that a rule drops is dropped once
    rules = [
        Rule("old_head/.*", drop="replaced"),
        Rule(target="scores/.*", keep="trained from scratch"),
    ]
    plan = plan_migration(written(_values(**shapes)), classifier, rules)
    assert plan.complete, str(plan)
    assert [d.reason for d in plan.drops] == ["replaced [rule 1]"] * 2


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ([Rule("nothing/.*", drop="x")], "nothing/.*: expected a source"),
        ([Rule("mlp/fc./weights", "hidden/kernel")], "hidden/kernel: expected one source"),
        ([Rule("mlp/fc1/weights", "hiden/kernel")], "nearest: hidden/kernel"),
        (
            [Rule("mlp/fc2/weights", "hidden/kernel")],
            r"hidden/kernel: expected float32\[4, 8\], found mlp/fc2/weights of float32\[8, 3\]",
        ),
        ([Rule("mlp/fc1/weights", "hidden/kernel", layout="flip")], "expected one of .*cast"),
    ],
)
def test_rules_that_do_not_work_are_errors(written, classifier, rules, message):
    with pytest.raises(RuleError, match=message):
        plan_migration(written(_values(**_MLP)), classifier, rules)


def test_a_transposition_is_proposed_and_taken_by_rule(written, classifier):
    shapes = {**_MLP, "mlp/fc2/weights": (3, 8)}
    values = _values(**shapes)
    prefix = written(values)
    plan = plan_migration(prefix, classifier)
    (problem,) = plan.unfilled
    assert "layout='transpose(1, 0)'" in problem.remedy
    rule = Rule("mlp/fc2/weights", "scores/kernel", layout="transpose(1, 0)")
    plan = plan_migration(prefix, classifier, [rule])
    convert(plan, classifier)
    kernel = classifier.get_layer("scores").kernel
    assert_arrays_equal(kernel, values["mlp/fc2/weights"].T)
    assert verify_weights(plan, classifier).equal


def test_a_square_kernel_is_not_said_to_be_transposed(written):
    x = keras.Input((4,))
    names = ("decoder", "query")
    model = keras.Model(x, [keras.layers.Dense(4, name=n, use_bias=False)(x) for n in names])
    values = {f"{n}/kernel": np.zeros((4, 4), np.float32) for n in ("encoder", "query")}
    plan = plan_migration(written(values), model)
    (problem,) = plan.unfilled
    assert "transpose" not in str(problem)
    assert "none that evidence supports; nearest of what is left: encoder/kernel" in problem.found


def test_a_path_that_is_also_another_layers_name_is_refused(written):
    keras.utils.clear_session()
    layers = [keras.layers.Dense(4, name=f"dense_{n}", use_bias=False) for n in (1, 2)]
    model = keras.Sequential([keras.Input((4,)), *layers])
    prefix = written(_values(a=(4, 4), b=(4, 4)))
    rules = [Rule("a", "dense_1/kernel"), Rule("b", "dense/kernel")]
    with pytest.raises(RuleError, match=r"dense_1/kernel: expected a path that means one weight"):
        plan_migration(prefix, model, rules)


def test_joined_and_split_sources(written):
    keras.utils.clear_session()
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(6, name="a", use_bias=False)])
    values = _values(q=(4, 2), k=(4, 2), v=(4, 2))
    joined = [Rule(n, "a/kernel", layout="concatenate(1)") for n in ("v", "q", "k")]
    plan = plan_migration(written(values), model, joined)
    convert(plan, model)
    expected = np.hstack([values["v"], values["q"], values["k"]])
    assert_arrays_equal(model.layers[0].kernel, expected)
    assert verify_weights(plan, model).equal


def test_split_parts_must_make_up_the_whole(written):
    keras.utils.clear_session()
    x = keras.Input((4,))
    outputs = [keras.layers.Dense(2, name=n, use_bias=False)(x) for n in ("a", "b")]
    model = keras.Model(x, outputs)
    values = _values(ab=(4, 5))
    prefix = written(values)
    rules = [
        Rule("ab", f"{n}/kernel", layout=f"split(1, {i}, {i + 2})") for n, i in (("a", 0), ("b", 2))
    ]
    with pytest.raises(RuleError, match=r"ab: expected parts that make up \[0, 5\), found"):
        plan_migration(prefix, model, rules)


def test_no_cast_is_offered_where_a_layer_is_quantized(tmp_path, classifier):
    values = {k: np.asarray(v, "f4") for k, v in _values(**_MLP).items()}
    prefix = str(tmp_path / "floats")
    write_checkpoint(prefix, values)
    classifier.get_layer("hidden").quantize("int8")
    plan = plan_migration(prefix, classifier)
    said = {problem.name: problem.remedy for problem in plan.unfilled}
    assert "before it is quantized" in said["hidden/kernel"]
    assert "cast(int8)" not in str(plan)


def test_a_narrowing_cast_takes_a_rule(tmp_path, classifier):
    values = {k: v.astype(np.float64) for k, v in _values(**_MLP).items()}
    prefix = str(tmp_path / "wide")
    write_checkpoint(prefix, values)
    plan = plan_migration(prefix, classifier)
    assert len(plan.unfilled) == 4
    assert "layout='cast(float32)'" in plan.unfilled[0].remedy
    rules = [
        Rule(f"mlp/fc{n}/{own}", f"{layer}/{role}", layout="cast(float32)")
        for n, layer in ((1, "hidden"), (2, "scores"))
        for own, role in (("weights", "kernel"), ("biases", "bias"))
    ]
    plan = plan_migration(prefix, classifier, rules)
    convert(plan, classifier)
    assert verify_weights(plan, classifier).equal


def test_half_precision_widens_by_itself(tmp_path, classifier):
    values = {k: v.astype(np.float16) for k, v in _values(**_MLP).items()}
    prefix = str(tmp_path / "half")
    write_checkpoint(prefix, values)
    plan = plan_migration(prefix, classifier)
    assert plan.complete, str(plan)
    convert(plan, classifier)
    assert verify_weights(plan, classifier).equal


def test_offenders_of_a_large_model_fit_a_screen(written):
    keras.utils.clear_session()
    x = out = keras.Input((2,))
    for n in range(60):
        out = keras.layers.Dense(2, name=f"block_{n}")(out)
    plan = plan_migration(written(_values(a=(7, 7))), keras.Model(x, out))
    lines = offender_lines(plan)
    assert len(lines) <= 40
    named = unfold_names(line.strip() for line in lines if line.startswith("  block_"))
    assert set(named) == set(plan.targets)
    assert "one with drop='why' leaves a source behind" in "\n".join(lines)


@pytest.mark.parametrize(("leaves", "asked"), [(("x", "y"), True), (("x",), False)])
def test_scopes_of_the_same_names_and_shapes_are_asked_about(written, classifier, leaves, asked):
    """One variable each, that is the same by chance."""
    stray = {f"{scope}/{leaf}": (5, 5) for scope in ("new", "old") for leaf in leaves}
    plan = plan_migration(written(_values(**_MLP, **stray)), classifier)
    lines = "\n".join(offender_lines(plan))
    assert ("new, old hold the same names and shapes" in lines) == asked


@pytest.mark.parametrize("bias", ["mlp/fc1/biases", "spare"])
def test_a_rule_is_suggested_if_nothing_is_filled_otherwise_with_it(written, classifier, bias):
    same = {f"{v}/{n}": np.arange(25.0).reshape(5, 5) for v in ("new", "old") for n in "xy"}
    prefix = written(_values(**_MLP, spare=(8,)) | same)
    other = {"mlp/fc1/biases", "spare"} - {bias}
    biases = [Rule("mlp/fc1/biases", "hidden/bias"), Rule("spare", drop="unused")]
    without = [Rule("mlp/fc1/weights", drop="new"), Rule(target="hidden/kernel", keep="new")]
    before = plan_migration(prefix, classifier, [*biases, *without])
    after = [Rule(bias, "hidden/bias"), Rule(other.pop(), drop="unused")]

    def replan(rules):
        return plan_migration(prefix, classifier, after)

    found = [one.why for one in suggestions(before, replan, open_checkpoint(prefix))]
    expected = "old holds what new holds, bit for bit"
    assert found == ([] if bias == "spare" else [expected])


def test_no_rule_is_suggested_for_what_is_asked(written):
    """A flattened image's rows: `kernel` in both names is no evidence, and a question is open."""
    keras.utils.clear_session()
    x = keras.Input((2, 3, 4))
    h = keras.layers.Dense(5, name="cls")(keras.layers.Flatten()(x))
    model = keras.Model(x, h)
    prefix = written(_values(**{"net/cls/kernel": (24, 5), "net/cls/bias": (5,)}))
    plan = plan_migration(prefix, model)
    assert "say data_format='NHWC' or 'NCHW'" in str(plan.unfilled[0])
    replan = functools.partial(plan_migration, prefix, model)
    assert suggestions(plan, replan, open_checkpoint(prefix)) == []


@pytest.mark.parametrize("flat", [False, True])
def test_pixels_are_asked_about_where_a_joined_branch_has_any(written, flat):
    """Two images of one tower, as in siamese nets."""
    keras.utils.clear_session()
    image = keras.Input((2, 3, 4))
    h = keras.layers.Conv2D(4, 1, use_bias=False, name="conv")(image)
    pooled = keras.layers.GlobalAveragePooling2D()(h)
    tower = keras.Model(image, keras.layers.Flatten()(h) if flat else pooled)
    left, right = keras.Input((2, 3, 4)), keras.Input((2, 3, 4))
    both = keras.layers.Concatenate()([tower(left), tower(right)])
    model = keras.Model([left, right], keras.layers.Dense(5, use_bias=False, name="out")(both))
    rows = 48 if flat else 8
    plan = plan_migration(written(_values(conv=(1, 1, 4, 4), dense=(rows, 5))), model)
    assert plan.complete is not flat
    assert ("data_format" in str(plan)) is flat


def test_no_rule_is_suggested_by_the_word_of_a_role(written):
    keras.utils.clear_session()
    dense = keras.layers.Dense(3, use_bias=False, name="cls")
    model = keras.Sequential([keras.Input((4,)), dense])
    shapes = {"a/kernel": (4, 3), "b/w": (4, 3), "c/spare": (4, 3)}
    prefix = written(_values(**shapes))
    plan = plan_migration(prefix, model)
    assert not plan.complete
    replan = functools.partial(plan_migration, prefix, model)
    found = suggestions(plan, replan, open_checkpoint(prefix))
    assert not [one for one in found if "kernel" in one.why]


def test_a_standard_deviation_is_no_variance(written):
    keras.utils.clear_session()
    norm = keras.layers.BatchNormalization(center=False, scale=False, name="whiten")
    model = keras.Sequential([keras.Input((4,)), norm])
    plan = plan_migration(written(_values(**{"norm/mean": (4,), "norm/std": (4,)})), model)
    assert [fill.target for fill in plan.fills] == ["whiten/moving_mean"]
    assert [problem.name for problem in plan.unfilled] == ["whiten/moving_variance"]


def test_averages_of_a_batch_s_moments_are_a_norm_s_own(written):
    """Two norms by hand, as tutorials have them: their statistics are named after the batch's."""
    keras.utils.clear_session()
    x = keras.Input((4,))
    h = x
    for number in (0, 1):
        h = keras.layers.Dense(4, use_bias=False, name=f"fc_{number}")(h)
        h = keras.layers.BatchNormalization(name=f"norm_{number}")(h)
    shapes = {}
    for number in (0, 1):
        scope, ema = f"layer{number}/bn", "ExponentialMovingAverage"
        shapes |= {f"layer{number}/W": (4, 4), f"{scope}/beta": (4,), f"{scope}/gamma": (4,)}
        shapes |= {f"{scope}/{scope}/moments/Squeeze{end}/{ema}": (4,) for end in ("", "_1")}
    plan = plan_migration(written(_values(**shapes)), keras.Model(x, h))
    assert plan.complete
    found = {fill.target: fill.sources[0] for fill in plan.fills}
    assert "layer1/bn/moments/Squeeze/" in found["norm_1/moving_mean"]
    assert "layer0/bn/moments/Squeeze_1/" in found["norm_0/moving_variance"]


def test_vectors_whose_names_say_nothing_may_be_any(written):
    keras.utils.clear_session()
    x = keras.Input((4,))
    heads = [keras.layers.Dense(3, name=name)(x) for name in ("left", "right")]
    shapes = {"one/kernel": (4, 3), "two/kernel": (4, 3), "one/odd": (3,), "two/odd": (3,)}
    plan = plan_migration(written(_values(**shapes)), keras.Model(x, heads))
    found = {open_.targets: open_.sources for open_ in candidates_of(plan)}
    assert found["left/bias", "right/bias"] == ("one/odd", "two/odd")


def test_sets_of_one_scope_by_letters_and_numbers(written):
    """tf_unet keeps a deconvolution and two convolutions in one scope."""
    shapes = {"wd": (2, 2, 8, 4), "w1": (3, 3, 8, 8), "w2": (3, 3, 8, 8)}
    shapes |= dict.fromkeys(("bd", "b1", "b2"), (8,))
    x = keras.Input((8, 8, 4))
    h = keras.layers.Conv2DTranspose(8, 2, 2, name="up")(x)
    for name in "ab":
        h = keras.layers.Conv2D(8, 3, name=name)(h)
    values = {f"up_conv_0/{n}": np.zeros(s, np.float32) for n, s in shapes.items()}
    plan = plan_migration(written(values), keras.Model(x, h))
    assert {f.target: f.sources[0].rpartition("/")[2] for f in plan.fills} == {
        **{"up/kernel": "wd", "up/bias": "bd"},
        **{"a/kernel": "w1", "a/bias": "b1", "b/kernel": "w2", "b/bias": "b2"},
    }


def test_verify_names_the_weight_that_was_changed(written, classifier):
    values = _values(**_MLP)
    plan = plan_migration(written(values), classifier)
    convert(plan, classifier)
    kernel = classifier.get_layer("hidden").kernel
    value = kernel.numpy().copy()
    value[2, 3] = np.nextafter(value[2, 3], np.float32(9))
    kernel.assign(value)
    (problem,) = verify_weights(plan, classifier).problems
    assert problem.name == "hidden/kernel"
    assert "1 of 32 elements differ" in problem.found
    assert "the first at (2, 3)" in problem.found
