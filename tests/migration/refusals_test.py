"""What can't be added is refused when it is added, and says what is wrong with it."""

import copy
import dataclasses
import json
import types

import keras
import numpy as np
import pytest

from tf1compat.apps.main import TASKS, Task
from tf1compat.checkpoint import write_checkpoint
from tf1compat.checkpoint.bundle.v2 import V2
from tf1compat.checkpoint.source_formats import SOURCE_FORMATS, OneFile
from tf1compat.errors import (
    LayoutError,
    PlanError,
    RuleError,
    UsageError,
    VerificationError,
)
from tf1compat.keras3.formats.output_formats import OUTPUT_FORMATS
from tf1compat.migration import Plan, convert, plan_migration, register_layout, verify_weights
from tf1compat.migration.layouts import LAYOUTS, Identity, Layout, Piece, Spec, parse_layout
from tf1compat.migration.matching.evidence import (
    EVIDENCE,
    Evidence,
    EvidenceKind,
    Group,
    Proposal,
)
from tf1compat.migration.matching.evidence.base import OTHER_KINDS
from tf1compat.migration.meaning import READINGS
from tf1compat.migration.planning._kinds import evidence_kinds
from tf1compat.names import Rule, parse_names
from tf1compat.names.optimizers import OPTIMIZERS, Optimizer
from tf1compat.names.reasons import Kind
from tf1compat.registry import Registry

KERAS = next(iter(f for f in OUTPUT_FORMATS.values() if f.suffix == ".keras"))


def frozen(**fields):
    """Returns a layout class with these fields."""
    return dataclasses.make_dataclass("Toy", fields.items(), bases=(Identity,), frozen=True)


def having(default, kind=str):
    """Returns a layout class whose field has a default."""
    field = dataclasses.field(default=default)
    return dataclasses.make_dataclass("Toy", [("to", kind, field)], bases=(Identity,), frozen=True)


def frozen_like(base):
    """Returns a frozen dataclass that has of a layout what `base` has."""
    return dataclasses.make_dataclass("Toy", [], bases=(base,), frozen=True)


Soft = type("Soft", (Layout,), {name: vars(Identity)[name] for name in ("spec", "apply", "invert")})
Every = type("Every", (frozen(),), {"part": lambda self, source: ()})


@pytest.mark.parametrize(
    ("name", "cls", "message"),
    [
        ("no word", frozen(), "'no word': expected a word that rules can hold"),
        ("", frozen(), "expected a name, found ''"),
        ("toy", type("Bare", (Layout,), {}), "expected a method spec of its own, found none"),
        ("toy", frozen_like(Layout), "expected a method spec of its own, found none"),
        ("toy", type("Most", (frozen(),), {"invert": Layout.invert}), "a method invert of its own"),
        ("toy", type("Part", (frozen(),), {"takes_part": True}), "a method part of its own"),
        ("toy", type("Bare", (Soft,), {}), "expected a frozen dataclass, found Bare"),
        ("toy", dataclasses.make_dataclass("Soft", []), "a class derived from Layout, found"),
        ("toy", frozen(to=dict), "annotated int, float or str, .* found to: <class 'dict'>"),
        ("toy", frozen(to=tuple[int, int]), r"found to: tuple\[int, int\]"),
        ("toy", frozen(axes=tuple[int, ...], to=str), r"found axes: tuple\[int, \.\.\.\]"),
        (
            "toy",
            type("Both", (Every,), {"joins": True, "takes_part": True}),
            "one that joins or takes a part, found both",
        ),
        ("toy", frozen(to="Unheard"), "annotations that can be resolved, found name 'Unheard'"),
        ("toy", having("a, b"), "a default that a layout's text can hold, found to = 'a, b'"),
        ("toy", having("1"), "text can hold, found to = '1'"),
        ("toy", having(""), "text can hold, found to = ''"),
        ("toy", having(" a"), "text can hold, found to = ' a'"),
        ("toy", having("a|b"), r"text can hold, found to = 'a\|b'"),
        ("toy", having(float("inf"), float), "text can hold, found to = inf"),
    ],
)
def test_a_layout_that_no_text_can_hold(name, cls, message):
    before = cls.__dict__.get("name")
    with pytest.raises(UsageError, match=message):
        register_layout(name)(cls)
    assert name not in LAYOUTS
    assert cls.__dict__.get("name") in (before, name)


def test_a_layout_that_is_refused_another_name_keeps_its_own():
    with pytest.raises(UsageError, match="layout 'identity': expected a name of its own"):
        register_layout("identity")(LAYOUTS["cast"])
    assert LAYOUTS["cast"].name == "cast"
    assert str(parse_layout("cast(float32)")) == "cast(float32)"


def test_arguments_that_are_left_out_keep_their_defaults():
    @dataclasses.dataclass(frozen=True)
    class Toy(Identity):
        name = "toy"
        axis: int
        scale: float = 0.5
        axes: tuple[int, ...] = dataclasses.field(default_factory=lambda: (4, 5))

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
        ((EvidenceKind("rule", "so"),), "found 'rule', which is the kind of a rule of the"),
        ((EvidenceKind("so", "so"),) * 2, "expected kinds of different names, found two called so"),
        ((EvidenceKind("flow", "so"),), "expected words of its own, found 'flow', which 'flow'"),
        ((EvidenceKind("used", "so"),), "found 'used', which is the kind of how both graphs use a"),
        ((EvidenceKind("lstm_graph", "so"),), "found 'lstm_graph', which 'lstm' has"),
    ],
)
def test_evidence_has_kinds_of_its_own(kinds, message):
    with pytest.raises(UsageError, match=message):
        EVIDENCE.add(made("toy", kinds))
    assert "toy" not in EVIDENCE


def test_the_kinds_that_are_no_evidences_are_these():
    givers = (*EVIDENCE.values(), *READINGS.values())
    own = {kind.name for one in givers for kind in one.kinds}
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


def raises(*given):
    raise KeyError("lost")


def copied(group, reason):
    return halves(dataclasses.replace(group, sources=tuple(map(copy.copy, group.sources))), reason)


UNDECLARED = EvidenceKind("whim", "because").because()


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (lambda g, why: [g.part(g.sources, g.targets, why)], "expected parts smaller than the"),
        (
            lambda g, why: [g.part(g.sources, g.targets[:1], why)] * 2,
            "expected parts of a group that share none of its sources, found",
        ),
        (lambda g, why: 3, "expected a list of parts of a group, or None, .*found 3"),
        (lambda g, why: [g.sources], "expected a list of parts of a group, or None, .*found"),
        (raises, "expected a list of parts of a group, .* of its method within .* KeyError: 'lo"),
        (lambda g, why: halves(g, why)[:1], "hold all sources of the group, found none with y"),
        (copied, "expected parts of a group that share none of its sources, found"),
        (
            lambda g, why: halves(dataclasses.replace(g, sources=g.targets), why),
            r"share none of its sources, found \['a', 'b'\]",
        ),
        (lambda g, why: [Group(g.sources[0], g.targets, (why,))], "expected a list of parts"),
        (lambda g, why: halves(g, "why"), "expected a reason that one of its kinds gives, found"),
        (lambda g, why: halves(g, UNDECLARED), "one of its kinds, found the kind 'whim'"),
        (lambda g, why: halves(g, why, UNDECLARED), "found the kind 'whim'; put it into `kinds`"),
    ],
)
def test_evidence_that_breaks_its_promise_is_told(twins, parts, message):
    with EVIDENCE.with_(Toy(parts)), pytest.raises(UsageError, match=f"'toy': .*{message}"):
        plan_migration(*twins)


def test_evidence_may_leave_out_what_it_says_it_does(twins):
    leaving = type("Leaving", (Toy,), {"leaves_out": True})(lambda g, why: halves(g, why)[:1])
    with EVIDENCE.with_(leaving):
        assert plan_migration(*twins).fills[0].why == "said so"
    with pytest.raises(UsageError, match="expected leaves_out, True or False, found 'all'"):
        EVIDENCE.add(type("Leaving", (Toy,), {"leaves_out": "all"})())


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
        (Optimizer("kernel"), "'kernel': .* which is what a layer's kernel is called"),
        (Optimizer("Toy", also=("bias",)), "'Toy': .* which is what a layer's bias is called"),
        (Optimizer("Toy", slots=("Kernel",)), "'Toy': .* which is what a layer's kernel is called"),
        (Optimizer("Toy", state=("moving_mean",)), "what a layer's moving_mean is called"),
        (Optimizer("Toy", slots=("s", "s")), "'Toy': expected each name once, found"),
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


def npz(suffix, name="toy"):
    """Returns a format of single files of this suffix."""
    toy = type("Toy", (OneFile,), {"name": name, "suffix": suffix, "summary": "a toy"})()
    toy.open = None.__init__
    return toy


def test_two_formats_of_one_suffix_are_refused():
    with (
        SOURCE_FORMATS.with_(npz(".toys")),
        pytest.raises(UsageError, match=r"expected words of its own, found '\.toys', which 'toy'"),
    ):
        SOURCE_FORMATS.add(npz(".toys", "other"))


@pytest.mark.parametrize(
    ("registry", "thing", "message"),
    [
        (SOURCE_FORMATS, type(without(V2())), "'toy': expected an instance, found <class"),
        (SOURCE_FORMATS, without(V2(), summary=None), "'toy': expected summary, a str, found None"),
        (SOURCE_FORMATS, without(V2(), open=1), "'toy': expected a method open, found none"),
        (SOURCE_FORMATS, npz(""), "'toy': expected a suffix that begins with a dot, found ''"),
        (
            OUTPUT_FORMATS,
            without(KERAS, holds="bread"),
            "holds 'weights' or 'model' or 'program', found 'bread'",
        ),
        (
            OUTPUT_FORMATS,
            without(KERAS, reads=("", ".q"), suffix=".q"),
            "that begin with a dot, its",
        ),
        (OUTPUT_FORMATS, without(KERAS, reads=".q"), "'toy': expected reads, a tuple, found '.q'"),
        (OUTPUT_FORMATS, without(KERAS, write=None), "'toy': expected a method write, found none"),
        (EVIDENCE, type("E", (Evidence,), {"name": "e", "kinds": ()}), "expected an instance, fou"),
        (
            OPTIMIZERS,
            types.SimpleNamespace(name="Toy", also=(), state=(), slots=(), factored=False),
            "optimizer 'Toy': expected an Optimizer, found",
        ),
        (OPTIMIZERS, Optimizer("Toy", slots="T"), "'Toy': expected slots, a tuple, found 'T'"),
        (OPTIMIZERS, Optimizer("Toy", slots=("a/b",)), "names of letters, .* found 'a/b'"),
        (SOURCE_FORMATS, npz(5), "'toy': expected a suffix that begins with a dot, found 5"),
        (SOURCE_FORMATS, npz(None), "'toy': expected a suffix that begins with a dot, found None"),
        (TASKS, Task("toy", "", 5), "task 'toy': expected the full name of a module, found 5"),
        (TASKS, Task("toy", "", ""), "expected the full name of a module, found ''"),
        (TASKS, Task("toy", "", ".mine"), "expected the full name of a module, found '.mine'"),
        (
            TASKS,
            Task("a toy", "", "mine"),
            "task 'a toy': expected a word that isn't help",
        ),
        (OPTIMIZERS, Optimizer("Toy", also="T"), "'Toy': expected also, a tuple, found 'T'"),
        (OPTIMIZERS, Optimizer("Toy", also=(3,)), "names of letters, .* found 3"),
        (OPTIMIZERS, Optimizer("Toy", state="T"), "'Toy': expected state, a tuple, found 'T'"),
        (
            TASKS,
            Task("help", "", "mine"),
            "task 'help': expected a word that isn't help",
        ),
        (TASKS, Task("layouts", "", "mine"), "task 'layouts': expected a word that isn't help"),
        (
            TASKS,
            Task("--toy", "", "mine"),
            "task '--toy': expected a word that isn't help",
        ),
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
    assert Kind("toy", "{self}").because(self="me").text == "me"
    with pytest.raises(UsageError, match="reason 'toy': expected the facts one, two; found one"):
        kind.because(one="a")


@pytest.mark.parametrize("value", [1.5, True, None, ["a"], np.int64(1), (1,), {}])
def test_a_fact_is_what_json_gives_back(value):
    with pytest.raises(UsageError, match="reason 'toy': expected facts that are texts, numbers or"):
        Kind("toy", "so").because(one=value)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("at {", "reason 'toy': no template"),
        ("at {one!z}", "expected facts in braces by name, found 'at {one!z}'"),
        ("at {one:d}", "expected facts in braces by name"),
        (None, "reason 'toy': no template"),
        ("at {}", "expected facts in braces by name, found 'at {}'"),
        ("at {0}", "expected facts in braces by name"),
        ("at {one.two}", "expected facts in braces by name"),
    ],
)
def test_words_that_no_facts_can_fill_are_refused(words, message):
    with pytest.raises(UsageError, match=message):
        Kind("toy", words)
    with pytest.raises(UsageError, match=message):
        Kind("toy", "so", words)


def test_words_for_many_need_no_more_than_those_for_one():
    with pytest.raises(UsageError, match=r"expected facts of 'so \{one\}', found 'many"):
        Kind("toy", "so {one}", "many {two}")


@pytest.mark.parametrize("name", ["", 5, "two words", None])
def test_a_kind_of_reason_goes_by_a_word(name):
    with pytest.raises(UsageError, match=f"expected a word for its name, found {name!r}"):
        Kind(name, "so")


class Proposes(Toy):
    """Proposes whatever the test wants."""

    def within(self, state, group):
        return None

    def across(self, state):
        return self._parts(state) if callable(self._parts) else self._parts


def pair(source, target, reason=None):
    """Returns what proposes nodes that are picked from both sides."""
    why = reason or Toy.kinds[0].because()
    return lambda state: [Proposal(source(state), target(state), why)]


def first_source(state):
    return state.source.nodes[0]


def first_target(state):
    return state.target.nodes[0]


@pytest.mark.parametrize(
    ("proposed", "message"),
    [
        (None, "expected proposals, one after the other, .*found None"),
        (["a"], "expected a Proposal, found 'a'"),
        (raises, "expected proposals, .* of its method across .*, found KeyError: 'lost'"),
        (lambda state: map(raises, "a"), "of its method across .*, found KeyError: 'lost'"),
        (pair(first_target, first_source), "a source of this matching as source, found 'a'"),
        (pair(first_source, first_source), "a target of this matching as target, found 'x'"),
        (pair(lambda s: copy.copy(first_source(s)), first_target), "as source, found 'x'"),
        (pair(lambda s: "x", lambda s: "a"), "as source, found 'x'"),
        (pair(first_source, first_target, "so"), "one of its kinds gives, found 'so'"),
    ],
)
def test_evidence_that_proposes_what_is_none_is_told(twins, proposed, message):
    with EVIDENCE.with_(Proposes(proposed)), pytest.raises(UsageError, match=message):
        plan_migration(*twins)


@pytest.mark.parametrize(
    ("method", "answer", "message"),
    [
        ("spec", (2, 2), r"expected the Spec of what it makes, .*, found \(2, 2\)"),
        ("spec", Spec([2, 2]), "expected the Spec of what it makes"),
        ("spec", Spec((2, 2), np.float32), "expected the Spec of what it makes"),
        ("part", (0,), r"expected its part as a tuple of slices of float32\[2, 2\], found \(0,\)"),
        ("part", None, "expected its part as a tuple of slices"),
        ("part", (slice(None),) * 3, "expected its part as a tuple of slices"),
    ],
)
def test_a_layout_that_answers_something_else_is_told_while_planning(
    twins, method, answer, message
):
    members = {"name": "toy", "takes_part": True, method: lambda self, *asked: answer}
    rules = [Rule("x/kernel", "a/kernel", layout="toy"), Rule("y/kernel", "b/kernel")]
    with LAYOUTS.with_(type("Toy", (Every,), members)), pytest.raises(RuleError, match=message):
        plan_migration(*twins, rules)


@pytest.mark.parametrize(
    ("method", "answer", "message"),
    [
        ("apply", [[1.0]], r"layout toy: expected that it makes an array, found \[\[1\.0\]\]"),
        ("invert", None, "layout toy: expected a tuple of Piece of its inverse, found None"),
        ("invert", (np.ones(2),), "layout toy: expected a tuple of Piece of its inverse"),
        ("invert", (Piece(0, np.ones(2)),), "layout toy: expected a tuple of Piece"),
    ],
)
def test_a_layout_that_makes_something_else_is_told_when_it_is_asked(
    twins, method, answer, message
):
    prefix, model = twins
    rules = [Rule("x/kernel", "a/kernel", layout="toy"), Rule("y/kernel", "b/kernel")]
    members = {"name": "toy", method: lambda self, *asked: answer}
    with LAYOUTS.with_(type("Toy", (frozen(),), members)):
        plan = plan_migration(prefix, model, rules)
        if method == "apply":
            with pytest.raises(LayoutError, match=message):
                convert(plan, model)
        else:
            convert(plan, model)
            with pytest.raises(VerificationError, match=message):
                verify_weights(plan, model).require_equal()


def test_what_is_assigned_has_the_dtype_of_the_weight(twins):
    prefix, model = twins
    doubled = {"name": "toy", "apply": lambda self, source: source.astype(np.float64)}
    rules = [Rule("x/kernel", "a/kernel", layout="toy"), Rule("y/kernel", "b/kernel")]
    with LAYOUTS.with_(type("Toy", (frozen(),), doubled)):
        plan = plan_migration(prefix, model, rules)
        message = r"layout toy: expected that it makes float32\[2, 2\], found float64\[2, 2\]"
        with pytest.raises(LayoutError, match=message):
            convert(plan, model)


def test_advice_for_a_rule_is_about_its_own_layout(twins):
    prefix, model = twins
    for text, remedy in (
        ("cats(float32)", "mend the layout of the rule, or send its source elsewhere"),
        ("cast(int8)", r"give the rule layout='cast\(int8\) \| cast\(float32\)'"),
        ("reshape(4)", "send it elsewhere, or give the rule a layout"),
    ):
        with pytest.raises(RuleError, match=remedy):
            plan_migration(prefix, model, [Rule("x/kernel", "a/kernel", layout=text)])
