"""Readings, checks and tables of a program's own that answer wrongly are named."""

import dataclasses
import signal

import keras
import numpy as np
import pytest

from tf1compat.checkpoint import open_checkpoint, write_checkpoint
from tf1compat.checkpoint.meta.using import Use
from tf1compat.errors import RuleError, UsageError
from tf1compat.keras3 import index_model
from tf1compat.migration import Plan, plan_migration
from tf1compat.migration.layouts import LAYOUTS, Identity, Spec
from tf1compat.migration.linting import CHECKS, Check, Finding
from tf1compat.migration.linting._asked_checks import compared_by, joined_by
from tf1compat.migration.linting.finding import Effect
from tf1compat.migration.meaning import READINGS, Part, Question, Reading
from tf1compat.migration.planning._ruling import rule_fills
from tf1compat.migration.uses.declared import LAYERS, LayerUses, declared_uses
from tf1compat.names import Rule, RuleSet
from tf1compat.names.reasons import Kind

TOLD = Kind("toy_told", "told so")
OTHER = Kind("toy_other", "told otherwise")
HALF = Part("a/kernel", "a", "kernel", (2, 3), ("w",), "split(0, 0, 2)", "a layer", TOLD.because())
REST = dataclasses.replace(HALF, path="b/kernel", module="b", layout="split(0, 2, 4)")


def reading(*found, **members):
    """Returns a reading that answers so."""
    base = {"name": "toy", "kinds": (TOLD,), "read": lambda self, source: list(found)}
    return type("Toy", (Reading,), base | members)()


def fails(*_):
    raise KeyError("lost")


@pytest.fixture(scope="module")
def halved(tmp_path_factory):
    """A checkpoint of one kernel, and a model of two that it could be taken apart into."""
    prefix = str(tmp_path_factory.mktemp("halved") / "model.ckpt")
    write_checkpoint(prefix, {"w": np.ones((4, 3), np.float32)})
    x = keras.Input((2,))
    outputs = [keras.layers.Dense(3, use_bias=False, name=name)(x) for name in "ab"]
    return prefix, keras.Model(x, outputs)


def test_a_reading_of_a_programs_own(halved):
    with READINGS.with_(reading(HALF, REST)):
        plan = plan_migration(*halved)
        assert plan.complete, str(plan)
        assert Plan.from_json(plan.to_json()) == plan
    with READINGS.with_(reading(Question(("w",), "say toy"))):
        assert "say toy" in str(plan_migration(*halved))


def changed(**fields):
    return [dataclasses.replace(HALF, **fields), REST]


WRONG = {
    "a part is lost": ([HALF], r"w: expected parts that make up \[0, 4\), found \[0, 2\)"),
    "a part twice": (
        [HALF, HALF],
        "expected a path of its own for each part, found a/kernel twice",
    ),
    "another shape": (changed(shape=(2, 2)), r"makes the shape \(2, 2\) of a/kernel, found that"),
    "a list for a shape": (changed(shape=[2, 3]), r"makes the shape \[2, 3\] of a/kernel"),
    "no such rows": (changed(layout="split(0, 0, 9)"), r"of a/kernel, found layout split\(0, 0, 9"),
    "no layout": (changed(layout="spilt(0, 0, 2)"), "of a/kernel, found layout 'spilt"),
    "another's reason": (changed(because=OTHER.because()), "a reason of one of its kinds, found"),
    "a text for a reason": (changed(because="so"), "a reason of one of its kinds, found 'so'"),
    "another variable": (changed(sources=("v",)), "expected variables that it was given, found v"),
    "a text for sources": (changed(sources="w"), "expected sources, a tuple of names, found 'w'"),
    "no text for a path": (changed(path=3), "expected path, module, role, .* texts, found Part"),
    "a number": ([3], "expected a Part or a Question, found 3"),
    "no text to ask": ([Question(("w",), None)], "expected what it asks, a text, found None"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_reading_that_answers_wrongly(name, halved):
    found, message = WRONG[name]
    with (
        READINGS.with_(reading(*found)),
        pytest.raises(UsageError, match=f"reading 'toy': .*{message}"),
    ):
        plan_migration(*halved)


@pytest.mark.parametrize("read", [fails, lambda *_: None])
def test_a_reading_that_fails(read, halved):
    message = "reading 'toy': expected parts and questions, .* found (KeyError: 'lost'|TypeError)"
    with READINGS.with_(reading(read=read)), pytest.raises(UsageError, match=message):
        plan_migration(*halved)


@pytest.mark.parametrize(
    ("kinds", "message"),
    [
        ((), "reading 'toy': expected kinds, a tuple of Kind, found none"),
        (("x",), "reading 'toy': expected kinds, a tuple of Kind, found x"),
        ((TOLD, TOLD), "expected kinds of different names, found two called toy_told"),
        ((Kind("names", "so"),), "found 'names', which 'names' has"),
        ((Kind("rule", "so"),), "found 'rule', which is the kind of a rule of the user's"),
    ],
)
def test_a_reading_has_kinds_of_its_own(kinds, message):
    with pytest.raises(UsageError, match=message):
        READINGS.add(reading(kinds=kinds))


class Suspicious(Check):
    """Finds what it is told."""

    name = "toy"
    kinds = (Kind("toy", "{v1}, {model}"),)
    layers = ("dense",)

    def __init__(self, answer):
        self._answer = answer

    def compare(self, layer):
        return self._answer() if callable(self._answer) else self._answer

    joined = compare


GOOD = Finding("a", "a", Suspicious.kinds[0].because(v1="1", model="2"), Effect.OUTPUTS)
BARE = Kind("toy", "so")
FOUND = {
    "fails": fails,
    "a number": [3],
    "true": True,
    "no effect": [dataclasses.replace(GOOD, effect="outputs")],
    "another's kind": [dataclasses.replace(GOOD, because=OTHER.because(v1="1", model="2"))],
    "without a side": [dataclasses.replace(GOOD, because=BARE.because(v1="1"))],
}


@pytest.mark.parametrize("name", FOUND)
@pytest.mark.parametrize("asked", [compared_by, joined_by])
def test_a_check_that_answers_wrongly(name, asked):
    check = Suspicious(FOUND[name])
    if name == "without a side":
        check.kinds = (BARE,)
    with pytest.raises(UsageError, match="check 'toy': expected findings of its own kinds, with"):
        asked(check, None)
    assert asked(Suspicious([GOOD]), None) == [GOOD]


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"kinds": ("x",)}, "check 'toy': expected kinds, a tuple of Kind, found x"),
        ({"kinds": (Kind("epsilon", "so"),)}, "found 'epsilon', which 'epsilon' has"),
        ({"layers": None}, "check 'toy': expected layers, a tuple of texts, found none"),
    ],
)
def test_a_check_says_what_it_is_about(members, message):
    with pytest.raises(UsageError, match=message):
        CHECKS.add(type("Toy", (Suspicious,), members)(None))


@pytest.mark.parametrize("uses", [fails, lambda *_: "a product"])
def test_a_table_that_answers_wrongly(uses, monkeypatch):
    x = keras.Input((2,))
    index = index_model(keras.Model(x, keras.layers.Dense(3, name="a")(x)))
    monkeypatch.setitem(LAYERS._things, "Dense", LayerUses("Dense", uses))
    with pytest.raises(UsageError, match="class of layers 'Dense': expected a Use or None of its"):
        declared_uses(index, ["a/kernel"])
    monkeypatch.setitem(LAYERS._things, "Dense", LayerUses("Dense", lambda *_: Use("other", "", 0)))
    assert declared_uses(index, ["a/kernel"])


@dataclasses.dataclass(frozen=True)
class Turning(Identity):
    """Turns by an angle in degrees, which it keeps as what it isn't given."""

    name = "toy_turning"

    angle: int

    def __post_init__(self):
        object.__setattr__(self, "angle", self.angle + 1)


@dataclasses.dataclass(frozen=True)
class Silent(Identity):
    """Says that it is another layout."""

    name = "toy_silent"

    def __str__(self):
        return "identity"


@pytest.mark.parametrize(
    ("layout", "text", "said"),
    [(Turning, "toy_turning(1)", r"toy_turning\(2\)"), (Silent, "toy_silent", "identity")],
)
def test_a_layout_that_its_text_does_not_tell(layout, text, said):
    """A plan holds the text, and is carried out by what it says."""
    message = f"expected a layout whose text says the same layout, found that of .* is '{said}'"
    spec = {"w": Spec((2,))}
    with LAYOUTS.with_(layout), pytest.raises(RuleError, match=message):
        rule_fills(RuleSet([Rule("w", "k", layout=text)]), spec, spec | {"k": Spec((2,))})


@pytest.fixture
def interruptible():
    """Has SIGINT do what it does in a terminal: a job in the background may ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_interrupts_are_told_apart_once_for_all_answers(interruptible, tmp_path, monkeypatch):
    """Setting a handler for each took most of the time of planning for thousands of layers."""
    set_for = []
    real = signal.signal
    monkeypatch.setattr(signal, "signal", lambda *a: [set_for.append(a[0]), real(*a)][1])
    path = str(tmp_path / "m.ckpt")
    write_checkpoint(path, {"fc/w": np.ones((2, 3), np.float32), "fc/b": np.ones(3, np.float32)})
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, name="fc")])
    index = index_model(model)
    checkpoint = open_checkpoint(path)
    del set_for[:]
    assert plan_migration(checkpoint, index).complete
    assert set_for == [signal.SIGINT] * 2  # set, and set back
    checkpoint = open_checkpoint(path)
    for view in (checkpoint.items, checkpoint.values):
        del set_for[:]
        assert len(list(view())) == 2
        assert set_for == [signal.SIGINT] * 2
