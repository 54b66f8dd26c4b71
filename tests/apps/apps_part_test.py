"""`--part`, `--keep` and `--drop` of the tasks that plan."""

import pathlib

import keras
import pytest

from tf1compat.keras3 import read_exported

GOLDEN = pathlib.Path(__file__).parents[1] / "goldens" / "dense_siamese"


@pytest.fixture
def app(app, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def call(task, *args):
        model = "--model=examples.migrate_dense_siamese.model:build_model"
        status, out, err = app(task, f"--checkpoint={GOLDEN}", model, *args)
        return status, out + err

    return call


def test_a_part_is_migrated_and_verified_and_what_it_left_is_said(app):
    flags = ("--part=tower:encoder", "--output=out.weights.h5", "--noprove")
    status, said = app("migrate", *flags, "--verify")
    assert status == 0, said
    assert "4 sources outside left behind, 4 targets outside kept" in said
    assert app("verify", *flags)[0] == 0
    assert app("verify", *flags[1:])[0] == 1  # planned otherwise, the head would be filled too
    keras.utils.clear_session()
    assert "scores/kernel" in read_exported("out.weights.h5")


def test_scopes_are_kept_and_dropped(app):
    status, said = app("plan", "--keep=comparison", "--keep=scores/.*", "--drop=classifier")
    assert status == 0, said
    assert "its values stay [--keep=comparison]" in said
    assert "left behind [--drop=classifier]" in said
    assert "6 filled, 4 kept" in said


def test_what_is_not_there_is_an_error(app):
    status, said = app("plan", "--keep=comparisn", "--drop=classifie")
    assert status == 1
    assert "found none [--keep=comparisn]; nearest: comparison/" in said
    assert "found none [--drop=classifie]; nearest: classifier/" in said
    assert app("plan", "--part=towr:encoder")[0] == 1
    status, said = app("plan", "--part=a:b:c")
    assert status == 2
    assert "such as 'bert:encoder'" in said
