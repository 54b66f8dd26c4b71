"""Moving averages by policy: left behind, taken for all that is trained, or where there are any."""

import keras
import numpy as np
import pytest

from tf1compat.checkpoint import write_checkpoint
from tf1compat.errors import UsageError
from tf1compat.migration import Plan, convert, plan_migration, verify_weights
from tf1compat.migration.reports.averages_taken import averages_lines
from tf1compat.names import Rule
from tf1compat.testing import assert_arrays_equal

EMA = "ExponentialMovingAverage"
SHAPES = {"net/conv/kernel": (3, 3, 2, 4), "net/bn/gamma": (4,), "net/bn/beta": (4,)}
STATISTICS = {"net/bn/moving_mean": (4,), "net/bn/moving_variance": (4,)}


def averaged(shapes, leaf=EMA):
    return {f"{name}/{leaf}": shape for name, shape in shapes.items()}


@pytest.fixture(scope="module")
def model():
    keras.utils.clear_session()
    x = keras.Input((8, 8, 2))
    conv = keras.layers.Conv2D(4, 3, use_bias=False, name="conv")
    return keras.Model(x, keras.layers.BatchNormalization(name="bn")(conv(x)))


@pytest.fixture
def written(tmp_path):
    def write(shapes, dtypes=()):
        rng = np.random.default_rng(3)
        values = {n: np.abs(rng.normal(size=s)).astype(np.float32) for n, s in shapes.items()}
        values |= {n: values[n].astype(dtype) for n, dtype in dict(dtypes).items()}
        write_checkpoint(str(tmp_path / "ckpt"), values)
        return str(tmp_path / "ckpt"), values

    return write


def sources(plan):
    return {fill.target: fill.sources[0] for fill in plan.fills}


def test_they_are_left_behind_unless_asked_for(written, model):
    prefix, _ = written({**SHAPES, **STATISTICS, **averaged(SHAPES)})
    plan = plan_migration(prefix, model)
    assert plan.complete
    assert sources(plan)["conv/kernel"] == "net/conv/kernel"
    (line,) = averages_lines(plan)
    assert "moving averages of 3 variables: none was taken" in line


def test_use_takes_all_and_statistics_as_they_are(written, model):
    prefix, values = written({**SHAPES, **STATISTICS, **averaged(SHAPES)})
    plan = plan_migration(prefix, model, averages="use")
    assert plan.complete, str(plan)
    assert sources(plan)["bn/gamma"] == f"net/bn/gamma/{EMA}"
    assert sources(plan)["bn/moving_mean"] == "net/bn/moving_mean"
    drops = {drop.source: drop.reason for drop in plan.drops}
    assert drops["net/bn/beta"] == f"its moving average net/bn/beta/{EMA} is taken"
    assert "all were taken" in averages_lines(plan)[0]
    assert Plan.from_json(plan.to_json()) == plan
    convert(plan, model)
    assert verify_weights(plan, model).equal
    assert_arrays_equal(model.get_layer("conv").kernel, values[f"net/conv/kernel/{EMA}"])


def test_averages_of_statistics_are_taken_where_there_are_any(written, model):
    prefix, _ = written({**SHAPES, **STATISTICS, **averaged({**SHAPES, **STATISTICS})})
    plan = plan_migration(prefix, model, averages="use")
    assert sources(plan)["bn/moving_variance"] == f"net/bn/moving_variance/{EMA}"


def test_zero_debiased_averages_and_their_own_state(written, model):
    average = averaged(SHAPES)
    state = averaged(average, "biased") | {f"{name}/local_step": () for name in average}
    prefix, _ = written({**SHAPES, **STATISTICS, **average, **state})
    plan = plan_migration(prefix, model, averages="use")
    assert plan.complete, str(plan)
    assert sources(plan)["conv/kernel"] == f"net/conv/kernel/{EMA}"


def test_averages_of_another_name(written, model):
    prefix, _ = written({**SHAPES, **STATISTICS, **averaged(SHAPES, "avg")})
    plan = plan_migration(prefix, model, averages="use")
    assert sources(plan)["conv/kernel"] == "net/conv/kernel/avg"


def test_use_names_what_has_none(written, model):
    some = {"net/conv/kernel": SHAPES["net/conv/kernel"]}
    prefix, _ = written({**SHAPES, **STATISTICS, **averaged(some)})
    plan = plan_migration(prefix, model, averages="use")
    assert [problem.name for problem in plan.unfilled] == ["bn/gamma", "bn/beta"]
    assert plan.unfilled[0].found == "net/bn/gamma has no moving average"
    assert "--averages=prefer takes what there is" in plan.unfilled[0].remedy
    assert {p.name for p in plan.unexplained} == {"net/bn/gamma", "net/bn/beta"}


def test_prefer_falls_back_and_the_plan_says_so(written, model):
    some = {"net/conv/kernel": SHAPES["net/conv/kernel"]}
    prefix, _ = written({**SHAPES, **STATISTICS, **averaged(some)})
    plan = plan_migration(prefix, model, averages="prefer")
    assert plan.complete, str(plan)
    why = {fill.target: fill.why for fill in plan.fills}
    assert why["conv/kernel"].endswith("as the moving average of net/conv/kernel")
    assert why["bn/gamma"].endswith("net/bn/gamma has no moving average")
    assert "average" not in why["bn/moving_mean"]


def test_the_average_of_a_part_is_not_the_whole_ones(written, model):
    part = averaged({"net/bn/gamma/part_0": (2,)}) | averaged({"net/bn/beta": (4,)})
    prefix, _ = written({**SHAPES, **STATISTICS, **part})
    found = sources(plan_migration(prefix, model, averages="prefer"))
    assert (found["bn/gamma"], found["bn/beta"]) == ("net/bn/gamma", f"net/bn/beta/{EMA}")


def test_an_average_that_a_rule_takes_needs_none_of_its_own(written, model):
    prefix, _ = written({**SHAPES, **STATISTICS, **averaged(SHAPES)})
    kernel = "net/conv/kernel"
    rules = [Rule(f"{kernel}/{EMA}", "conv/kernel"), Rule(kernel, drop="its average is taken")]
    plan = plan_migration(prefix, model, rules, averages="use")
    assert plan.complete, str(plan)
    assert sources(plan)["conv/kernel"] == f"{kernel}/{EMA}"


def test_two_averages_of_one_variable_are_no_choice(written, model):
    twice = averaged(SHAPES) | averaged(SHAPES, f"{EMA}_1")
    prefix, _ = written({**SHAPES, **STATISTICS, **twice})
    plan = plan_migration(prefix, model, averages="use")
    assert "net/bn/beta has 2 moving averages" in {p.found for p in plan.unfilled}
    rules = [Rule(rf".*/{EMA}_1", drop="the slower one")]
    plan = plan_migration(prefix, model, rules, averages="use")
    assert plan.complete, str(plan)
    assert sources(plan)["bn/beta"] == f"net/bn/beta/{EMA}"


def test_rules_about_variables_hold_for_their_averages(written, model):
    prefix, _ = written({**SHAPES, **STATISTICS, **averaged(SHAPES)})
    plan = plan_migration(prefix, model, [Rule(r"net/bn/(\w+)", r"bn/\1")], averages="use")
    assert plan.complete, str(plan)
    assert sources(plan)["bn/gamma"] == f"net/bn/gamma/{EMA}"


def test_averages_in_another_precision(written, model):
    half = dict.fromkeys(SHAPES, np.float16)
    prefix, values = written({**SHAPES, **STATISTICS, **averaged(SHAPES)}, half)
    plan = plan_migration(prefix, model, averages="use")
    assert plan.complete, str(plan)
    convert(plan, model)
    assert_arrays_equal(model.get_layer("bn").beta, values[f"net/bn/beta/{EMA}"])


def test_a_part_that_is_left_behind_stays_so_beside_averages(written, model):
    both = {"net/conv/kernel": (3, 3, 2, 8)}
    prefix, _ = written({**SHAPES, **STATISTICS, **both, **averaged({"net/bn/beta": (4,)})})
    kernel, unused = "net/conv/kernel", "nobody trains it"
    rules = [Rule(kernel, "conv/kernel", layout="split(3, 0, 4)")]
    rules += [Rule(kernel, drop=unused, layout="split(3, 4, 8)")]
    plan = plan_migration(prefix, model, rules, averages="prefer")
    assert plan.complete, str(plan)
    assert (kernel, "part") in {(drop.source, drop.kind) for drop in plan.drops}


def test_there_have_to_be_any_to_be_used(written, model):
    prefix, _ = written({**SHAPES, **STATISTICS})
    with pytest.raises(UsageError, match="expected moving averages in the checkpoint, found none"):
        plan_migration(prefix, model, averages="use")
    assert plan_migration(prefix, model, averages="prefer").complete
    with pytest.raises(UsageError, match="expected one of ignore, use, prefer, found 'always'"):
        plan_migration(prefix, model, averages="always")
