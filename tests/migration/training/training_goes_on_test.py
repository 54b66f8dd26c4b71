"""100 steps in Keras 3 from a migrated checkpoint against 100 more in TensorFlow 1.15.5."""

import keras
import pytest
import training_runs
from shares import share
from training_runs import EACH_OPTIMIZER, after, compiled, largest_gap, train, weights_of

from tf1compat.errors import PlanError
from tf1compat.keras3 import index_model
from tf1compat.keras3.index.optimizer_index import index_optimizer
from tf1compat.migration import convert, plan_migration, verify
from tf1compat.testing import assert_arrays_close

TOLERANCE = 1e-5  # relative to the largest of each variable
_SOON = ("adam_dense", "ftrl")
_CASES = [x if x in _SOON else pytest.param(x, marks=pytest.mark.slow) for x in EACH_OPTIMIZER]


def _same_as_1_15(model, plan, folder):
    losses = train(model)
    expected = after(folder)
    count = len(losses)
    assert_arrays_close(losses, expected["loss"][-count:], atol=TOLERANCE)
    assert largest_gap(plan, plan.fills, expected, weights_of(model)) < TOLERANCE


@pytest.mark.parametrize("name", _CASES)
def test_training_goes_on_as_in_1_15(name, runs, filled):
    try:
        plan, model = filled.take(name)
    except PlanError as error:
        if keras.config.backend() == "tensorflow" or "rows without a gradient stay" not in str(
            error
        ):
            raise
        pytest.skip("gradients of tables are dense here, and the plan says that it matters")
    verify(plan, model).require_equal()
    assert int(keras.ops.convert_to_numpy(model.optimizer.iterations)) == training_runs.given.BEFORE
    _same_as_1_15(model, plan, runs / name)


def _went_on_from_the_file(name, runs, folder):
    """Returns the model of a file that went on as in 1.15, and the plan."""
    model = compiled(name)
    if name == "momentum" and not index_optimizer(index_model(model)).sees_rows:
        pytest.skip("the rows of a table that have no gradient move on here, as the plan says")
    plan = plan_migration(runs / name / "model.ckpt", model)
    path = folder / "went_on.keras"
    convert(plan, model, output=path)
    found = keras.saving.load_model(path)
    _same_as_1_15(found, plan, runs / name)
    return found, plan


@pytest.mark.slow
@pytest.mark.parametrize("name", share(["loss_scaled", "momentum"], 2))
def test_training_goes_on_from_the_file(name, runs, tmp_path):
    _went_on_from_the_file(name, runs, tmp_path)


@pytest.mark.slow
def test_slots_and_averages_from_the_file_are_those_of_1_15_at_the_end(runs, tmp_path):
    model, plan = _went_on_from_the_file("adam_average", runs, tmp_path)
    kept = index_optimizer(index_model(model))
    variables = {path: one.weight.variable for path, one in kept.items()}
    fills = [fill for fill in plan.training.fills if fill.sources]
    expected = {"iterations", "beta1_power", "beta2_power", "m", "v", "average"}
    assert {kept[fill.target].what for fill in fills} == expected
    assert largest_gap(plan, fills, after(runs / "adam_average"), variables) < TOLERANCE
