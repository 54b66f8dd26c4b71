"""What a program adds from outside goes all the way through the command."""

import dataclasses
import sys

import numpy as np
import pytest

from tf1compat.checkpoint import (
    SOURCE_FORMATS,
    ArrayIndex,
    OneFile,
    StoredArray,
    write_checkpoint,
)
from tf1compat.keras3 import read_exported
from tf1compat.keras3.formats import OUTPUT_FORMATS
from tf1compat.migration.layouts import LAYOUTS, Layout, Piece
from tf1compat.migration.matching.evidence import EVIDENCE, Evidence, EvidenceKind
from tf1compat.names.optimizers import OPTIMIZERS, Optimizer
from tf1compat.testing import assert_arrays_equal

_MODELS = """
import keras

def twins():
    x = keras.Input((2,))
    return keras.Model(x, [keras.layers.Dense(2, name=n, use_bias=False)(x) for n in "ab"])

class Mine(keras.layers.Dense):
    pass

@keras.saving.register_keras_serializable("tests_of_apps")
class Registered(keras.layers.Dense):
    pass

def bent(x):
    return x

def own():
    x = keras.Input((2,))
    a = Mine(2, name="a", use_bias=False, activation=bent)(x)
    b = Registered(2, name="b", use_bias=False, activation="relu")(x)
    return keras.Model(x, [a, b])
"""
VALUES = {
    f"{name}/kernel": np.arange(4, dtype=np.float32).reshape(2, 2) + at
    for at, name in enumerate(("north", "south"))
}
RULES = """
rules = [
  {source='north/kernel', target='a/kernel', layout='toy_reversed(1)'},
  {source='south/kernel', target='b/kernel'},
]
"""
COMMON = ("--checkpoint=model.ckpt", "--model=models_of_a_test:twins")


@pytest.fixture
def work(tmp_path, monkeypatch):
    """A working directory with a checkpoint of two equals, and a model of two more."""
    write_checkpoint(str(tmp_path / "model.ckpt"), VALUES)
    (tmp_path / "models_of_a_test.py").write_text(_MODELS)
    (tmp_path / "rules.toml").write_text(RULES)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    sys.modules.pop("models_of_a_test", None)


def goes_all_the_way(app, *flags, common=COMMON):
    """Plans, migrates and verifies; returns the plan's text and what was written."""
    code, said, err = app("plan", *common, *flags)
    assert code == 0, err
    output = "--output=out.weights.h5"
    code, out, err = app("migrate", *common, *flags, output, "--verify")
    assert code == 0, err
    assert "2 weights equal bit for bit" in out
    assert app("verify", *common, *flags, output)[0] == 0
    return " ".join(said.split()), {
        path: array.read() for path, array in read_exported("out.weights.h5").items()
    }


class ByCompass(Evidence):
    """North comes first."""

    name = "toy_compass"
    kinds = (EvidenceKind("toy_compass", "{first} comes before the others"),)

    def within(self, state, group):
        if len(group.sources) != len(group.targets) or len(group.sources) < 2:
            return None
        why = self.kinds[0].because(first=group.sources[0].path)
        pairs = zip(group.sources, group.targets, strict=True)
        return [group.part([source], [target], why) for source, target in pairs]


def test_evidence(work, app):
    assert app("plan", *COMMON)[0] == 1
    with EVIDENCE.with_(ByCompass()):
        said, written = goes_all_the_way(app)
    assert "a/kernel north/kernel" in said
    assert "north comes before the others" in said
    assert_arrays_equal(written["b/kernel"], VALUES["south/kernel"])


@dataclasses.dataclass(frozen=True)
class Reversed(Layout):
    """An axis from its end to its start."""

    name = "toy_reversed"
    axis: int

    def spec(self, *sources):
        return sources[0]

    def apply(self, *sources):
        return np.flip(sources[0], self.axis)

    def invert(self, target, *sources):
        return (Piece((), np.flip(target, self.axis)),)


def test_a_layout_by_rules(work, app):
    with LAYOUTS.with_(Reversed):
        said, written = goes_all_the_way(app, "--rules=rules.toml")
    assert "north/kernel toy_reversed(1)" in said
    assert_arrays_equal(written["a/kernel"], VALUES["north/kernel"][:, ::-1])


def test_an_optimizer_whose_slots_have_names_of_their_own(work, app):
    slots = {f"{name}/q_mean": value * 0 for name, value in VALUES.items()}
    slots |= {f"{name}/quux_q_mean_1": value * 0 for name, value in VALUES.items()}
    write_checkpoint("trained.ckpt", {**VALUES, **slots})
    common = ("--checkpoint=trained.ckpt", COMMON[1])
    with EVIDENCE.with_(ByCompass()):
        assert app("plan", *common)[0] == 1
        with OPTIMIZERS.with_(Optimizer("Quux", slots=("q_mean",))):
            said, written = goes_all_the_way(app, common=common)
            listed = app("inspect", common[0], "--slots")[1]
    assert "slot q_mean" in said
    assert "slot quux_q_mean_1" in said
    assert "slot q_mean of north/kernel" in listed
    assert set(written) == {"a/kernel", "b/kernel"}


class Npz(OneFile):
    """numpy's archives as checkpoints, of a suffix that an output has too."""

    name, suffix, summary = "toy", ".toy", "an archive"

    def open(self, prefix):
        with np.load(prefix) as file:
            return ArrayIndex([prefix], {name: StoredArray.of(file[name]) for name in file.files})


@pytest.mark.parametrize(
    ("topic", "registry", "thing", "line"),
    [
        ("layouts", LAYOUTS, Reversed, "  toy_reversed(axis: int)\n      An axis from its end"),
        ("evidence", EVIDENCE, ByCompass(), "  toy_compass: North comes first."),
        ("optimizers", OPTIMIZERS, Optimizer("Quux", also=("Quuux",)), "  Quux, Quuux"),
    ],
)
def test_help_tells_what_there_is(app, topic, registry, thing, line):
    with registry.with_(thing):
        code, out, _ = app("help", topic)
    assert (code, line in out) == (0, True)
    assert topic in app("help")[1]


def test_a_suffix_of_both_kinds_means_an_output_where_there_is_a_model(work, app):
    h5 = type(OUTPUT_FORMATS["weights.h5"])
    members = {"name": "toy", "suffix": ".toy", "reads": (".toy", ".longer.toy")}
    with open("same.toy", "wb") as file, open("same.longer.toy", "wb") as longer:
        np.savez(file, **VALUES)
        np.savez(longer, **VALUES)
    source, model = COMMON
    with SOURCE_FORMATS.with_(Npz()), OUTPUT_FORMATS.with_(type("Toy", (h5,), members)()):
        assert app("diff", source, "--other=same.toy")[:2] == (0, "all 2 are equal\n")
        code, _, err = app("diff", source, model, "--other=same.toy")
        assert (code, "same.toy" in err) == (1, True)  # which is no HDF5
        code, _, err = app("diff", source, "--other=same.longer.toy")
        assert (code, "expected --model=module:callable to read" in err) == (2, True)


def test_classes_that_keras_cannot_load_by_itself_are_named(work, app):
    source = "--checkpoint=model.ckpt"
    with EVIDENCE.with_(ByCompass()):
        _, own, err = app("migrate", source, "--model=models_of_a_test:own", "--output=own.keras")
        assert "Keras loads own.keras only with custom_objects for Mine, bent, which are" in own, (
            err
        )
        for flags in ("--output=own.weights.h5",), ("--output=own.keras", COMMON[1]):
            model = flags[1:] or ("--model=models_of_a_test:own",)
            code, plain, _ = app("migrate", source, *model, flags[0], "--overwrite")
            assert (code, "custom_objects" in plain) == (0, False)
