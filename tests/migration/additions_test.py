"""What is added in one place, added here from outside the package, goes all the way."""

import dataclasses

import keras
import numpy as np
import pytest

from tf1compat.checkpoint import write_checkpoint
from tf1compat.errors import LayoutError, RuleError, UsageError
from tf1compat.migration import Plan, convert, plan_migration, register_layout, verify_weights
from tf1compat.migration.layouts import LAYOUTS, Layout, Piece, Spec
from tf1compat.migration.matching.evidence import EVIDENCE, Evidence, EvidenceKind, Proposal
from tf1compat.names import Rule, parse_names
from tf1compat.names.optimizers import OPTIMIZERS, Optimizer
from tf1compat.testing import assert_arrays_equal


@dataclasses.dataclass(frozen=True)
class Interleaved(Layout):
    """Rows of several sources in turn; joins, and takes a number and a word."""

    name = "toy_interleaved"
    joins = True
    every: int
    way: str = "forwards"

    def spec(self, *sources):
        if len({source.shape for source in sources}) != 1:
            raise LayoutError(f"layout {self}: expected sources of one shape")
        return Spec((sources[0].shape[0] * len(sources), *sources[0].shape[1:]), sources[0].dtype)

    def apply(self, *sources):
        ordered = sources if self.way == "forwards" else sources[::-1]
        blocks = [s.reshape(-1, self.every, *s.shape[1:]) for s in ordered]
        return np.stack(blocks, 1).reshape(-1, *sources[0].shape[1:])

    def invert(self, target, *sources):
        shape = (-1, len(sources), self.every, *target.shape[1:])
        parts = [p.reshape(sources[0].shape) for p in np.moveaxis(target.reshape(shape), 1, 0)]
        return tuple(Piece((), p) for p in (parts if self.way == "forwards" else parts[::-1]))


@dataclasses.dataclass(frozen=True)
class Striped(Layout):
    """Every `of`-th row from `first` on, as ``partition_strategy='mod'`` shards tables."""

    name = "toy_striped"
    takes_part = True
    first: int
    of: int

    def part(self, source):
        return (slice(self.first, None, self.of),)

    def spec(self, *sources):
        (source,) = sources
        rows = len(range(source.shape[0])[self.first :: self.of])
        return Spec((rows, *source.shape[1:]), source.dtype)

    def apply(self, *sources):
        return sources[0][self.first :: self.of]

    def invert(self, target, *sources):
        return (Piece(self.part(sources[0]), target),)


@pytest.fixture(autouse=True)
def only_for_this_test():
    with LAYOUTS.with_(Interleaved, Striped):
        yield


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(3)
    return {name: rng.normal(size=(4, 3)).astype(np.float32) for name in ("one", "two")}


def _model(*sizes):
    inputs = [keras.Input((rows,), name=f"in_{n}") for n, rows in enumerate(sizes)]
    layers = [keras.layers.Dense(3, use_bias=False, name=f"head_{n}") for n in range(len(sizes))]
    return keras.Model(inputs, [layer(x) for layer, x in zip(layers, inputs, strict=True)])


def _migrated(prefix, model, rules, tmp_path):
    """Plans, writes a file, verifies it, and returns the model with the file's weights."""
    plan = plan_migration(prefix, model, rules)
    assert Plan.from_json(plan.to_json()) == plan
    output = str(tmp_path / "out.weights.h5")
    convert(plan, model, output=output)
    verify_weights(plan, model, output=output).require_equal()
    model.load_weights(output)
    return plan


@pytest.mark.parametrize("way", ["forwards", "backwards"])
def test_a_layout_that_joins_and_takes_a_word(rows, tmp_path, way):
    prefix = str(tmp_path / "model.ckpt")
    write_checkpoint(prefix, rows)
    layout = f"toy_interleaved(2, {way})"
    rules = [Rule(name, "head_0/kernel", layout=layout) for name in rows]
    model = _model(8)
    _migrated(prefix, model, rules, tmp_path)
    one, two = rows.values() if way == "forwards" else reversed(rows.values())
    expected = np.concatenate([one[:2], two[:2], one[2:], two[2:]])
    assert_arrays_equal(np.asarray(model.get_layer("head_0").kernel), expected)


def test_a_layout_that_takes_a_part(rows, tmp_path):
    prefix = str(tmp_path / "model.ckpt")
    whole = np.concatenate(list(rows.values()))
    write_checkpoint(prefix, {"whole": whole})
    layouts = [f"toy_striped({n}, 3)" for n in range(3)]
    rules = [Rule("whole", f"head_{n}/kernel", layout=layouts[n]) for n in range(3)]
    model = _model(3, 3, 2)
    _migrated(prefix, model, rules, tmp_path)
    for n in range(3):
        assert_arrays_equal(np.asarray(model.get_layer(f"head_{n}").kernel), whole[n::3])
    with pytest.raises(
        RuleError, match=r"whole: expected parts that make up \[0, 8\), found \[0, "
    ):
        plan_migration(prefix, _model(3, 3), rules[:2])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("toy_interleaved(x)", "toy_interleaved expected integers, found"),
        ("toy_interleaved(1, 2)", "toy_interleaved expected a name, found"),
        ("toy_interleaved()", r"expected toy_interleaved\(every: int, way: str\), found"),
    ],
)
def test_what_a_layout_takes_is_read_off_its_annotations(rows, tmp_path, text, message):
    prefix = str(tmp_path / "model.ckpt")
    write_checkpoint(prefix, rows)
    rules = [Rule("one", "head_0/kernel", layout=text)]
    with pytest.raises(RuleError, match=message):
        plan_migration(prefix, _model(8), rules)


def test_a_name_that_is_taken_is_refused():
    with pytest.raises(
        UsageError, match="layout 'cast': expected a name of its own, found that of"
    ):
        register_layout("cast")(type("Mine", (Layout,), {}))


def test_a_layout_without_a_name_is_not_added_silently():
    with pytest.raises(UsageError, match=r'expected @register_layout\("name"\), .* found <class'):
        register_layout(type("Mine", (Layout,), {}))


@dataclasses.dataclass(frozen=True)
class Nought(Layout):
    """Loses everything, and says that it gives it back."""

    name = "toy_nought"

    def spec(self, *sources):
        return sources[0]

    def apply(self, *sources):
        return np.zeros_like(sources[0])

    def invert(self, target, *sources):
        return (Piece((), target),)


def test_a_layout_that_does_not_give_its_source_back_is_not_verified(rows, tmp_path):
    prefix = str(tmp_path / "model.ckpt")
    write_checkpoint(prefix, rows)
    rules = [Rule("one", "head_0/kernel", layout="toy_nought"), Rule("two", drop="not needed")]
    with LAYOUTS.with_(Nought):
        model = _model(4)
        plan = plan_migration(prefix, model, rules)
        convert(plan, model)
        (problem,) = verify_weights(plan, model).problems
    assert problem.name == "head_0/kernel"
    assert "one: 12 of 12 elements differ" in problem.found


def _class(**members):
    """Returns a layout of these members, as someone might write it."""
    made = type("Mine", (Layout,), {"spec": 1, "apply": 1, "invert": 1} | members)
    return dataclasses.dataclass(frozen=True)(made)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"part": lambda self, source: ()}, "expected takes_part = True or leaves_out = True"),
        ({"leaves_out": True}, "expected a method part of its own, found none"),
        ({"joins": "yes"}, "expected joins, True or False, found 'yes'"),
        ({"sums": 1}, "expected sums, True or False, found 1"),
    ],
)
def test_what_a_layout_says_of_itself_holds_together(members, message):
    with pytest.raises(UsageError, match=f"layout 'toy_mine': {message}"):
        register_layout("toy_mine")(_class(**members))


@dataclasses.dataclass(frozen=True)
class Picky(Layout):
    """Lays nothing out that is negative anywhere, and doesn't know how to say so."""

    name = "toy_picky"

    def spec(self, *sources):
        return sources[0]

    def apply(self, *sources):
        if sources[0].min() < 0:
            raise KeyError("negative")
        return sources[0]

    def invert(self, target, *sources):
        return (Piece((), target),)


def test_a_layout_that_fails_leaves_a_live_model_as_it_was(rows, tmp_path):
    prefix = str(tmp_path / "model.ckpt")
    write_checkpoint(prefix, {"one": rows["one"] ** 2, "two": rows["two"]})
    rules = [Rule(n, f"head_{i}/kernel", layout="toy_picky") for i, n in enumerate(rows)]
    model = _model(4, 4)
    before = model.get_weights()
    message = r"layout toy_picky: expected an answer of its method apply .*KeyError: 'negative'"
    with LAYOUTS.with_(Picky), pytest.raises(LayoutError, match=message):
        convert(plan_migration(prefix, model, rules), model)
    for found, expected in zip(model.get_weights(), before, strict=True):
        assert_arrays_equal(found, expected)


@dataclasses.dataclass(frozen=True)
class Moody(Nought):
    """Refuses what it is given in its own way."""

    name = "toy_moody"

    mood: str

    def __post_init__(self):
        raise RuntimeError(f"not {self.mood}")


def test_a_layout_that_can_not_be_made_is_named(rows, tmp_path):
    prefix = str(tmp_path / "model.ckpt")
    write_checkpoint(prefix, rows)
    rules = [Rule("one", "head_0/kernel", layout="toy_moody(today)")]
    message = r"layout 'toy_moody\(today\)': .*found RuntimeError: not today"
    with LAYOUTS.with_(Moody), pytest.raises(RuleError, match=message):
        plan_migration(prefix, _model(4), rules)


@dataclasses.dataclass(frozen=True)
class Spread(Layout):
    """Takes one row, and makes four of it."""

    name = "toy_spread"
    leaves_out = True

    def part(self, source):
        return (slice(0, 1),)

    def spec(self, *sources):
        return sources[0]

    def apply(self, *sources):
        return np.repeat(sources[0][:1], 4, axis=0)

    def invert(self, target, *sources):
        return (Piece((slice(0, 1),), target[:1]),)


def test_a_layout_that_makes_more_than_it_takes_is_refused(rows, tmp_path):
    prefix = str(tmp_path / "model.ckpt")
    write_checkpoint(prefix, rows)
    rules = [Rule("one", "head_0/kernel", layout="toy_spread"), Rule("two", drop="not needed")]
    with LAYOUTS.with_(Spread), pytest.raises(RuleError, match="of a part of 3 elements"):
        plan_migration(prefix, _model(4), rules)


def test_two_sources_for_one_target_are_told_before_a_layout_is_asked(rows, tmp_path):
    prefix = str(tmp_path / "model.ckpt")
    write_checkpoint(prefix, rows)
    rules = [Rule(name, "head_0/kernel", layout="toy_striped(0, 1)") for name in rows]
    with pytest.raises(RuleError, match="head_0/kernel: expected one source, found one, two"):
        plan_migration(prefix, _model(4), rules)


TWINS = EvidenceKind("toy_twins", "{word} is its twin")


class ByTwins(Evidence):
    """Pairs `north` with `a`, as only its author could know."""

    name = "toy_twins"
    kinds = (TWINS,)

    def within(self, state, group):
        first = [s for s in group.sources if s.path == "north"]
        twin = [t for t in group.targets if t.path == "a"]
        if len(group.sources) < 2 or not first or not twin:
            return None
        rest_s = [s for s in group.sources if s not in first]
        rest_t = [t for t in group.targets if t not in twin]
        why = TWINS.because(word="north")
        return [group.part(first, twin, why), group.part(rest_s, rest_t, why)]


class Useless(Evidence):
    """Proposes again and again what doesn't fit."""

    name = "toy_useless"
    kinds = (EvidenceKind("toy_useless", "for no reason"),)

    def across(self, state):
        for source in state.source.nodes:
            if source.path == "large":
                yield Proposal(source, state.target.nodes[0], self.kinds[0].because())


class ByGuess(Evidence):
    """Pairs the first source of a group with its second target."""

    name = "toy_guess"
    kinds = (EvidenceKind("toy_guess", "guessed"),)

    def across(self, state):
        for group in state.groups:
            if len(group.sources) > 1:
                yield Proposal(group.sources[0], group.targets[1], self.kinds[0].because())


def test_proposals_that_do_not_fit_leave_the_weaker_evidence_its_say(tmp_path):
    x = keras.Input((2,))
    model = keras.Model(x, [keras.layers.Dense(2, name=n, use_bias=False)(x) for n in "ab"])
    prefix = str(tmp_path / "model.ckpt")
    names = {"north": (2, 2), "south": (2, 2), "large": (5, 5)}
    write_checkpoint(prefix, {f"{n}/kernel": np.zeros(s, np.float32) for n, s in names.items()})
    with EVIDENCE.with_(Useless(), ByGuess()):
        plan = plan_migration(prefix, model)
    found = {fill.target: fill.sources for fill in plan.fills}
    assert found == {"a/kernel": ("south/kernel",), "b/kernel": ("north/kernel",)}


def test_evidence(tmp_path):
    x = keras.Input((2,))
    model = keras.Model(x, [keras.layers.Dense(2, name=n, use_bias=False)(x) for n in "ab"])
    prefix = str(tmp_path / "model.ckpt")
    values = {
        f"{n}/kernel": np.full((2, 2), i, np.float32) for i, n in enumerate(("north", "south"))
    }
    write_checkpoint(prefix, values)
    assert len(plan_migration(prefix, model).ambiguities) == 1
    with EVIDENCE.with_(ByTwins()):
        plan = _migrated(prefix, model, (), tmp_path)
        assert {f.target: (f.sources, f.why) for f in plan.fills} == {
            "a/kernel": (("north/kernel",), "north is its twin"),
            "b/kernel": (("south/kernel",), "north is its twin"),
        }


def test_an_optimizer_with_scalars_of_its_own(tmp_path):
    names = ["w", "v", "w/Quux", "v/Quux_1", "quux_power", "quux_decay"]
    before = parse_names(names, dict.fromkeys(names, ()))
    assert {name.kind for name in before.values()} == {"variable"}
    quux = Optimizer("Quux", state=("quux_power", "quux_decay"))
    with OPTIMIZERS.with_(quux):
        found = parse_names(names, dict.fromkeys(names, ()))
        assert [name.kind for name in found.values()] == [
            *("variable", "variable", "slot", "slot"),
            *("optimizer_state", "optimizer_state"),
        ]
        prefix = str(tmp_path / "model.ckpt")
        kernel = np.ones((2, 3), np.float32)
        write_checkpoint(prefix, {"d/kernel": kernel, "d/kernel/Quux": kernel})
        plan = _migrated(prefix, _model(2), (), tmp_path)
        assert [(d.kind, d.facts["slot"]) for d in plan.drops] == [("slot", "Quux")]


def test_stripes_that_meet_only_far_down_are_one_part_twice(tmp_path):
    prefix = str(tmp_path / "model.ckpt")
    write_checkpoint(prefix, {"whole": np.zeros((24, 3), np.float32)})
    # Every 4th row from the 3rd on and every 7th from the 2nd meet at the 23rd alone.
    stripes = [(3, 4), (2, 7)]
    taken = {row for first, of in stripes for row in range(first, 24, of)}
    stripes += [(row, 24) for row in range(24) if row not in taken][1:]  # as many as there are rows
    rules = [
        Rule("whole", f"head_{n}/kernel", layout=f"toy_striped({first}, {of})")
        for n, (first, of) in enumerate(stripes)
    ]
    model = _model(*(len(range(first, 24, of)) for first, of in stripes))
    with pytest.raises(RuleError, match=r"whole: expected parts that make up \[0, 24\), found"):
        plan_migration(prefix, model, rules)
