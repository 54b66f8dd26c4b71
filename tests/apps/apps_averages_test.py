"""`--averages` of the tasks that plan: said in one line, taken, verified and compared."""

import sys

import numpy as np
import pytest

from tf1compat.checkpoint import write_checkpoint

_MODEL = """
import keras

def build():
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, name="scores")])
"""


@pytest.fixture
def app(app, tmp_path, monkeypatch):
    values = {"net/kernel": np.ones((4, 3), np.float32), "net/bias": np.ones(3, np.float32)}
    averages = {f"{name}/ExponentialMovingAverage": value / 2 for name, value in values.items()}
    write_checkpoint(str(tmp_path / "model.ckpt"), values | averages)
    (tmp_path / "averaged_models.py").write_text(_MODEL)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))

    def call(task, *args):
        status, out, err = app(
            task, "--checkpoint=model.ckpt", "--model=averaged_models:build", *args
        )
        return status, out + err

    yield call
    sys.modules.pop("averaged_models", None)


def test_averages_are_left_or_taken_and_that_is_said(app):
    written = "--output=out.weights.h5"
    status, said = app("migrate", written)
    assert status == 0
    assert "moving averages of 2 variables: none was taken" in said
    assert app("diff", "--other=out.weights.h5")[0] == 0
    assert app("verify", written, "--averages=use")[0] == 1
    status, said = app("migrate", written, "--averages=use", "--verify", "--overwrite")
    assert status == 0
    assert "moving averages of 2 variables: all were taken, in place of the variables" in said
    assert app("diff", "--other=out.weights.h5")[0] == 1
    assert app("diff", "--other=out.weights.h5", "--averages=prefer")[0] == 0
    assert "its average is taken" in app("plan", "--averages=use")[1]
