"""What can't be added is refused when it is added, and says what is wrong with it."""

import dataclasses
import json

import keras
import numpy as np
import pytest

from tf1compat.apps.main import TASKS, Task
from tf1compat.checkpoint import write_checkpoint
from tf1compat.checkpoint.bundle.v2 import V2
from tf1compat.checkpoint.formats import SOURCE_FORMATS
from tf1compat.errors import LayoutError, PlanError, UsageError
from tf1compat.keras3.formats.output_formats import OUTPUT_FORMATS
from tf1compat.migration import Plan, plan_migration, register_layout
from tf1compat.migration.layouts import LAYOUTS, Layout, parse_layout
from tf1compat.migration.matching.evidence import EVIDENCE, Evidence, EvidenceKind
from tf1compat.migration.matching.evidence.base import OTHER_KINDS
from tf1compat.migration.planning._kinds import evidence_kinds
from tf1compat.names import parse_names
from tf1compat.names.optimizers import OPTIMIZERS, Optimizer
from tf1compat.names.reasons import Kind
from tf1compat.registry import Registry

KERAS = next(iter(f for f in OUTPUT_FORMATS.values() if f.suffix == ".keras"))


def frozen(**fields):
    """Returns a layout class with these fields."""
    return dataclasses.make_dataclass("Toy", fields.items(), bases=(Layout,), frozen=True)


@pytest.mark.parametrize(
    ("name", "cls", "message"),
    [
        ("no word", frozen(), "'no word': expected a word that rules can hold"),
        ("", frozen(), "expected a name, found ''"),
        ("toy", type("Bare", (Layout,), {}), "expected a frozen dataclass, found Bare"),
        ("toy", dataclasses.make_dataclass("Soft", []), "a class derived from Layout, found"),
        ("toy", frozen(to=dict), "annotated int, float or str, .* found to: <class 'dict'>"),
        ("toy", frozen(to=tuple[int, int]), r"found to: tuple\[int, int\]"),
        ("toy", frozen(axes=tuple[int, ...], to=str), r"found axes: tuple\[int, \.\.\.\]"),
        (
            "toy",
            type("Both", (frozen(),), {"joins": True, "takes_part": True}),
            "one that joins or takes a part, found both",
        ),
    ],
)
def test_a_layout_that_no_text_can_hold(name, cls, message):
    with pytest.raises(UsageError, match=message):
        register_layout(name)(cls)
    assert name not in LAYOUTS


def test_arguments_that_are_left_out_keep_their_defaults():
    @dataclasses.dataclass(frozen=True)
    class Toy(Layout):
        name = "toy"
        axis: int
        scale: float = 0.5
        axes: tuple[int, ...] = (4, 5)

    with LAYOUTS.with_(Toy):
        assert parse_layout("toy(1)") == Toy(1, 0.5, (4, 5))
        assert parse_layout("toy(-1, 1e-3, 7)") == Toy(-1, 0.001, (7,))
        assert parse_layout(str(Toy(2))) == Toy(2)
        with pytest.raises(LayoutError, match=r"expected a number, found 'toy\(1, x\)'"):
            parse_layout("toy(1, x)")
        with pytest.raises(LayoutError, match=r"expected integers, found 'toy\(\+1\)'"):
            parse_layout("toy(+1)")
    with pytest.raises(LayoutError, match=r"expected one of .* found 'toy\(1\)'"):
        parse_layout("toy(1)")  # what is known of a text goes when its layout does


def test_what_a_layout_of_no_axes_prints_is_read():
    assert str(parse_layout("transpose()")) == "transpose()"
    assert str(parse_layout("identity")) == "identity"


class Toy(Evidence):
    """Says whatever the test wants."""

    name = "toy"
    kinds = (EvidenceKind("toy_kind", "said so"),)

    def __init__(self, parts=None):
        self._parts = parts

    def within(self, state, group):
        return self._parts(group, self.kinds[0].because())


def made(name, kinds):
    return type("Made", (Toy,), {"name": name, "kinds": kinds})()


@pytest.mark.parametrize(
    ("kinds", "message"),
    [
        ((), "expected kinds, a tuple of EvidenceKind, found none"),
        ((Kind("toy", "so"),), "expected kinds, a tuple of EvidenceKind, found Kind"),
        ((EvidenceKind("rule", "so"),), "found 'rule', which is what a rule of the user's is"),
        ((EvidenceKind("flow", "so"),), "expected words of its own, found 'flow', which 'flow'"),
    ],
)
def test_evidence_has_kinds_of_its_own(kinds, message):
    with pytest.raises(UsageError, match=message):
        EVIDENCE.add(made("toy", kinds))
    assert "toy" not in EVIDENCE


def test_the_kinds_that_are_no_evidences_are_these():
    own = {kind.name for one in EVIDENCE.values() for kind in one.kinds}
    assert set(evidence_kinds()) == own | set(OTHER_KINDS)


@pytest.fixture(scope="module")
def twins(tmp_path_factory):
    """A checkpoint and a model of which nothing tells what goes where."""
    x = keras.Input((2,))
    model = keras.Model(x, [keras.layers.Dense(2, name=n, use_bias=False)(x) for n in "ab"])
    prefix = str(tmp_path_factory.mktemp("twins") / "model.ckpt")
    write_checkpoint(prefix, {f"{n}/kernel": np.ones((2, 2), np.float32) for n in ("x", "y")})
    return prefix, model


def halves(group, reason, other=None):
    return [
        group.part(group.sources[:1], group.targets[:1], reason),
        group.part(group.sources[1:], group.targets[1:], other or reason),
    ]


UNDECLARED = EvidenceKind("whim", "because").because()


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (lambda g, why: [g.part(g.sources, g.targets, why)], "expected parts smaller than the"),
        (
            lambda g, why: [g.part(g.sources, g.targets[:1], why)] * 2,
            "expected parts of a group that share none of its sources, found",
        ),
        (lambda g, why: halves(g, UNDECLARED), "one of its kinds, found the kind 'whim'"),
        (lambda g, why: halves(g, why, UNDECLARED), "found the kind 'whim'; put it into `kinds`"),
    ],
)
def test_evidence_that_breaks_its_promise_is_told(twins, parts, message):
    with EVIDENCE.with_(Toy(parts)), pytest.raises(UsageError, match=f"'toy': .*{message}"):
        plan_migration(*twins)


@pytest.fixture(scope="module")
def told(twins):
    """The JSON of a plan whose fills rest on a program's own evidence."""
    with EVIDENCE.with_(Toy(halves)):
        return plan_migration(*twins).to_json()


def test_a_plan_that_rests_on_evidence_nobody_added(told):
    with pytest.raises(PlanError, match=r"found 'toy_kind'; if a program added it, import that"):
        Plan.from_json(told)
    with EVIDENCE.with_(Toy(halves)):
        assert [fill.why for fill in Plan.from_json(told).fills] == ["said so"] * 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"because": []}, "expected a reason why a/kernel is filled, found none"),
        ({"scale": 2}, "expected rows of target, .* found one with scale"),
        ({"because": [{"kind": "alone", "facts": {"n": 1.5}}]}, r"found n = 1\.5"),
        ({"because": [{"kind": "alone", "facts": {"n": True}}]}, "found n = True"),
        ({"because": [{"kind": "given", "facts": {}}]}, "expected the facts source; found none"),
    ],
)
def test_rows_that_this_version_did_not_write(told, change, message):
    content = json.loads(told)
    content["fills"][0] |= change
    with EVIDENCE.with_(Toy(halves)), pytest.raises(PlanError, match=message):
        Plan.from_json(json.dumps(content))


@pytest.mark.parametrize(
    ("optimizer", "message"),
    [
        (Optimizer("ADAMW"), "optimizer 'ADAMW': expected words of its own, found 'adamw', which"),
        (Optimizer("Toy", also=("",)), "optimizer 'Toy': expected names of letters, .* found ''"),
        (Optimizer("Toy", state=("a/b",)), "expected names of letters, .* found 'a/b'"),
    ],
)
def test_an_optimizer_has_names_of_its_own(optimizer, message):
    with pytest.raises(UsageError, match=message):
        OPTIMIZERS.add(optimizer)


def test_optimizers_may_keep_scalars_of_one_name():
    """One that has Adam's beta1_power and one more doesn't take Adam's away from it."""
    names = ["w", "beta1_power", "beta2_power", "s/beta1_power", "s/extra_2"]
    toy = Optimizer("Toy", state=("beta1_power", "extra_2"))
    with OPTIMIZERS.with_(toy):
        found = parse_names(names, dict.fromkeys(names, ()))
    assert [name.kind for name in found.values()] == ["variable"] + ["optimizer_state"] * 4


def test_a_suffix_means_one_format():
    again = type("Again", (type(KERAS),), {"name": "again"})()
    with pytest.raises(UsageError, match=r"expected words of its own, found '\.keras', which"):
        OUTPUT_FORMATS.add(again)


def without(thing, **changed):
    """Returns something like `thing` under a new name, with other attributes."""
    return type("Toy", (type(thing),), {"name": "toy", **changed})()


@pytest.mark.parametrize(
    ("registry", "thing", "message"),
    [
        (SOURCE_FORMATS, type(without(V2())), "'toy': expected an instance, found <class"),
        (SOURCE_FORMATS, without(V2(), summary=None), "'toy': expected summary, a str, found None"),
        (SOURCE_FORMATS, without(V2(), open=1), "'toy': expected a method open, found none"),
        (OUTPUT_FORMATS, without(KERAS, reads=".q"), "'toy': expected reads, a tuple, found '.q'"),
        (OUTPUT_FORMATS, without(KERAS, write=None), "'toy': expected a method write, found none"),
        (EVIDENCE, type("E", (Evidence,), {"name": "e", "kinds": ()}), "expected an instance, fou"),
        (OPTIMIZERS, Optimizer("Toy", also="T"), "'Toy': expected also, a tuple, found 'T'"),
        (OPTIMIZERS, Optimizer("Toy", state="T"), "'Toy': expected state, a tuple, found 'T'"),
        (TASKS, Task("help", "", "mine"), "task 'help': expected a word that isn't help or a flag"),
        (TASKS, Task("--toy", "", "mine"), "task '--toy': expected a word that isn't help or a"),
        (TASKS, Optimizer("toy"), "task 'toy': expected summary, a str, found None"),
    ],
)
def test_what_lacks_something_is_refused_when_it_is_added(registry, thing, message):
    before = list(registry)
    with pytest.raises(UsageError, match=message):
        registry.add(thing)
    assert list(registry) == before


def test_caches_can_tell_that_a_registry_changed():
    registry = Registry("unit", [Optimizer("a")])
    before = registry.version
    with registry.with_(Optimizer("b")):
        during = registry.version
    assert len({before, during, registry.version}) == 3


def test_a_reason_has_the_facts_that_its_words_are_made_of():
    kind = Kind("toy", "{one} before {two}")
    assert kind.because(one="a", two="b", more=3).text == "a before b"
    with pytest.raises(UsageError, match="reason 'toy': expected the facts one, two; found one"):
        kind.because(one="a")
