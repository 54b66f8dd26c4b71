"""Names to read for the variables of an optimizer of Keras 3: those that Keras itself has."""

import json
import zipfile

import keras
import numpy as np
import pytest
from keras_readable_names_test import nested

from tf1compat.checkpoint import open_checkpoint
from tf1compat.testing import assert_arrays_equal

L, OPT = keras.layers, keras.optimizers


def small():
    """Returns a model of two kernels of one shape, so that their order shows in names alone."""
    x = keras.Input((3,))
    y = L.BatchNormalization(name="norm")(L.Dense(3, name="z")(x))
    return keras.Model(x, L.Dense(3, name="a")(L.Dropout(0.5)(y)))


def saved(model, optimizer, path):
    """Saves a model with its optimizer, whose variables are of different numbers."""
    model.compile(optimizer, "mse")
    optimizer.build(model.trainable_variables)
    for number, variable in enumerate(optimizer.variables):
        variable.assign(np.full(variable.shape, number))
    model.save(path)
    return open_checkpoint(path)


def state_of(checkpoint):
    """Returns the names of all that is an optimizer's."""
    return {name for name, one in checkpoint.items() if one.name.kind == "optimizer_state"}


@pytest.mark.parametrize(
    "optimizer",
    [
        lambda: OPT.Adam(),
        lambda: OPT.AdamW(name="mine"),
        lambda: OPT.SGD(0.1),
        lambda: OPT.SGD(0.1, momentum=0.9),
        lambda: OPT.Lion(),
        lambda: OPT.RMSprop(),
        lambda: OPT.Adagrad(),
        lambda: OPT.Adamax(),
        lambda: OPT.Adadelta(),
    ],
)
def test_they_go_by_the_paths_that_keras_has(tmp_path, optimizer):
    made = optimizer()
    found = saved(small(), made, tmp_path / "m.keras")
    if len({variable.path for variable in made.variables}) < len(made.variables):
        pytest.skip("an older Keras, which calls variables of its Adagrad alike")
    for number, variable in enumerate(made.variables):
        assert_arrays_equal(found[variable.path].read(), np.asarray(variable))
        assert found[f"optimizer/vars/{number}"].key == variable.path
    assert state_of(found) == {variable.path for variable in made.variables}


def scaling(model):
    """Compiles a model with an optimizer that scales the loss."""
    model.compile(OPT.LossScaleOptimizer(OPT.SGD(momentum=0.9), name="mine"), "mse")


def scaled_by_keras(model):
    """Has Keras put one around the optimizer, of which the configuration says nothing."""
    model.dtype_policy = "mixed_float16"
    model.compile(OPT.SGD(momentum=0.9), "mse")


@pytest.mark.parametrize(
    ("compiled", "name"), [(scaling, "mine"), (scaled_by_keras, "loss_scale_optimizer")]
)
def test_an_optimizer_within_one_that_scales_the_loss_is_there_twice(tmp_path, compiled, name):
    model = small()
    compiled(model)
    around = model.optimizer
    around.build(model.trainable_variables)
    for number, variable in enumerate(around.variables):
        variable.assign(np.full(variable.shape, number))
    model.save(tmp_path / "m.keras")
    found = open_checkpoint(tmp_path / "m.keras")
    within = [one.path.removeprefix(f"{name}/") for one in around.inner_optimizer.variables]
    own = [f"{name}/{leaf}" for leaf in ("iteration", "learning_rate", "step_counter")]
    own += [f"{name}/dynamic_scale", *(f"{name}/{one}" for one in within)]
    assert state_of(found) == {*own, *within}
    for names in (own, [*own[:4], *within]):
        for one, variable in zip(names, around.variables, strict=True):
            assert_arrays_equal(found[one].read(), np.asarray(variable))


def test_layers_within_layers_are_in_order(tmp_path):
    x, *_ = nested().inputs
    y = L.Bidirectional(L.LSTM(3, return_sequences=True), name="both")(x)
    y = L.MultiHeadAttention(2, 2, name="attend", dropout=0.1)(y, y)
    y = L.RNN([L.LSTMCell(2, name="one"), L.GRUCell(3, name="two")], name="stack")(y)
    block = keras.Sequential([keras.Input((3,)), L.Dense(3, name="a")], name="block")
    model = keras.Model(x, L.Dense(3, name="out")(block(y)))
    made = OPT.Adam(OPT.schedules.ExponentialDecay(0.1, 5, 0.5))
    found = saved(model, made, tmp_path / "m.keras")
    assert state_of(found) == {variable.path for variable in made.variables}
    for variable in made.variables:
        assert_arrays_equal(found[variable.path].read(), np.asarray(variable))


@pytest.mark.parametrize(
    "optimizer",
    [
        lambda: OPT.Adam(amsgrad=True),
        lambda: OPT.Adam(use_ema=True),
        lambda: OPT.RMSprop(momentum=0.9),
        lambda: OPT.Nadam(),
    ],
)
def test_what_is_not_certain_stays_counted(tmp_path, optimizer):
    made = optimizer()
    found = saved(small(), made, tmp_path / "m.keras")
    assert state_of(found) == {f"optimizer/vars/{n}" for n in range(len(made.variables))}


def test_weights_that_do_not_train_now_leave_it_in_doubt(tmp_path):
    model = small()
    model.get_layer("z").trainable = False
    found = saved(model, OPT.Adam(), tmp_path / "m.keras")
    assert "optimizer/vars/2" in state_of(found)


def test_classes_that_torch_steps_are_called_alike(tmp_path):
    """Keras on torch saves its Adam as of a module within its backend, with the same variables."""
    made = OPT.Adam()
    saved(small(), made, tmp_path / "m.keras")
    with (
        zipfile.ZipFile(tmp_path / "m.keras") as plain,
        zipfile.ZipFile(tmp_path / "torch.keras", "w") as torch,
    ):
        for name in plain.namelist():
            said = plain.read(name)
            if name == "config.json":
                config = json.loads(said)
                inner = "keras.src.backend.torch.optimizers.torch_adam"
                config["compile_config"]["optimizer"]["module"] = inner
                said = json.dumps(config).encode()
            torch.writestr(name, said)
    assert state_of(open_checkpoint(tmp_path / "torch.keras")) == {
        one.path for one in made.variables
    }
