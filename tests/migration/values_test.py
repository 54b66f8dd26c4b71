"""What a weight's value says about its source, seen from the weight."""

import dataclasses

import keras
import numpy as np
import pytest

from tf1compat.checkpoint import write_checkpoint
from tf1compat.errors import LayoutError, RuleError
from tf1compat.migration import convert, plan_migration, verify_weights
from tf1compat.migration.layouts import LAYOUTS, Identity, Piece, Spec
from tf1compat.names import Rule

VALUE = np.array([[0.1, 0.2], [1 / 3, -0.0]], np.float32)  # float16 has none of the first three


@pytest.fixture
def migrated(tmp_path):
    """Returns what converts VALUE by a layout into a model of a dtype."""
    prefix = str(tmp_path / "model.ckpt")

    def convert_by(layout, dtype, value=VALUE):
        write_checkpoint(prefix, {"w": value})
        dense = keras.layers.Dense(2, use_bias=False, name="d", dtype=dtype)
        x = keras.Input((2,))
        model = keras.Model(x, dense(x))
        plan = plan_migration(prefix, model, [Rule("w", "d/kernel", layout=layout)])
        convert(plan, model)
        return plan, model, dense.kernel

    return convert_by


def test_a_narrowed_value_is_compared_forwards(migrated):
    plan, model, kernel = migrated("cast(float16)", "float16")
    sound = verify_weights(plan, model)
    assert (sound.problems, sound.weights, sound.anew) == ((), 0, ("d/kernel",))
    assert "1 more (d/kernel) rounded, summed or computed as laid out" in str(sound)
    narrowed = VALUE.astype(np.float16)
    narrowed[0, 0] = np.nextafter(narrowed[0, 0], np.float16(1))
    kernel.assign(narrowed)
    (problem,) = verify_weights(plan, model).problems
    assert "w, laid out anew: 1 of 4 elements differ" in problem.found


def test_what_is_added_may_be_larger_than_the_source(tmp_path):
    """A forget gate's bias of 1e-3 comes back but for what 1.001 rounds."""
    values = {"b": np.full(4, 1e-3, np.float32), "k": np.ones((1, 4)), "r": np.ones((1, 4))}
    prefix = str(tmp_path / "model.ckpt")
    write_checkpoint(prefix, {name: value.astype(np.float32) for name, value in values.items()})
    model = keras.Sequential([keras.Input((1, 1)), keras.layers.LSTM(1, name="rnn")])
    rules = [
        Rule("b", "rnn/cell/bias", "forget_bias(1.0)"),
        Rule("k", "rnn/cell/kernel", "identity"),
        Rule("r", "rnn/cell/recurrent_kernel", "identity"),
    ]
    plan = plan_migration(prefix, model, rules)
    convert(plan, model)
    assert (np.float32(1e-3) + np.float32(1)) - np.float32(1) != np.float32(1e-3)
    found = verify_weights(plan, model)
    assert (found.problems, found.anew) == ((), ("rnn/cell/bias",))


@dataclasses.dataclass(frozen=True)
class Bent(Identity):
    """Says that it rounds by as much as it is told, and doubles what it is given."""

    name = "toy_bent"

    by: float

    def apply(self, *sources):
        return 2 * sources[0]

    def rounding(self, *sources):
        return self.by


@pytest.mark.parametrize(
    ("layout", "message"),
    [
        ("cast(bool) | cast(float32)", "w: 3 of 4 elements differ, by up to 0.9"),
        ("toy_bent(0.1)", "w: 3 of 4 elements differ, by up to 0.333"),
        ("toy_bent(2.0)", r"expected a rounding from 0.0 to 1.0, found 2.0"),
    ],
)
def test_what_rounds_gives_back_what_is_near(migrated, layout, message):
    with LAYOUTS.with_(Bent):
        plan, model, _ = migrated(layout, "float32")
        (problem,) = verify_weights(plan, model).problems
    assert message in problem.found


def test_an_infinite_source_lets_nothing_else_be_far(migrated):
    plan, model, kernel = migrated(
        "cast(float16)", "float16", np.array([[np.inf, 1], [2, 3]], "f4")
    )
    assert verify_weights(plan, model).equal
    kernel.assign(np.array([[np.inf, 1.5], [2, 3]], np.float16))
    (problem,) = verify_weights(plan, model).problems
    assert "1 of 4 elements differ, by up to 0.5" in problem.found


@dataclasses.dataclass(frozen=True)
class Constant(Identity):
    """Says that it sums its source up, and makes ones of whatever it is given."""

    name = "toy_constant"
    sums = True

    def apply(self, *sources):
        return np.ones_like(sources[0])


def test_a_sum_that_has_nothing_of_its_source(migrated):
    with LAYOUTS.with_(Constant):
        plan, model, _ = migrated("toy_constant", "float32")
        (problem,) = verify_weights(plan, model).problems
    message = "layout toy_constant: what adds up to 8 adds up to 4 when it is laid out"
    assert problem.found == message


@dataclasses.dataclass(frozen=True)
class Repeated(Identity):
    """Puts its source below itself once more."""

    name = "toy_repeated"

    def spec(self, *sources):
        return Spec((2, *sources[0].shape[1:]), sources[0].dtype)

    def apply(self, *sources):
        return np.concatenate([sources[0], sources[0]])

    def invert(self, target, *sources):
        return (Piece((), target[:1]),)


def test_elements_that_do_not_come_back_are_compared_too(migrated):
    with LAYOUTS.with_(Repeated):
        plan, model, kernel = migrated("toy_repeated", "float32", np.array([[1, 2]], "f4"))
        assert verify_weights(plan, model).equal
        kernel.assign(np.array([[1, 2], [1, 3]], np.float32))
        (problem,) = verify_weights(plan, model).problems
    assert problem.found.startswith("w, laid out anew: 1 of 4 elements differ")


@dataclasses.dataclass(frozen=True)
class Flat(Identity):
    """Gives the right bytes back in another shape."""

    name = "toy_flat"

    def invert(self, target, *sources):
        return (Piece((), target.reshape(-1)),)


def test_what_comes_back_has_its_sources_shape(migrated):
    with LAYOUTS.with_(Flat):
        plan, model, _ = migrated("toy_flat", "float32")
        (problem,) = verify_weights(plan, model).problems
    message = "layout toy_flat: expected its inverse to give back what it takes of float32[2, 2]"
    assert problem.found.startswith(message)
    assert problem.found.endswith("found [4] for [[0, 2), [0, 2)]"), problem.found


@dataclasses.dataclass(frozen=True)
class Above(Identity):
    """Puts its source above rows that it says to keep, and makes something else of those."""

    name = "toy_above"
    merges = True

    kept: str

    def spec(self, *sources):
        return Spec((2, *sources[0].shape[1:]), sources[0].dtype)

    def apply(self, *sources):
        source, initial = sources
        below = {
            "all": initial,
            "none": 0 * initial,
            "turned": initial[:, ::-1],
            "more": initial + 1,
        }
        return np.concatenate([source, below[self.kept][1:]]).astype(source.dtype)

    def invert(self, target, *sources):
        return (Piece((), target[:1]),)


KEPT = {"all": "", "turned": "found 0 that are", "none": "found 0 that are"}
KEPT |= {"more": "found 0 that are"}


@pytest.mark.parametrize("kept", KEPT)
def test_initial_rows_are_kept_by_what_says_so(kept, migrated):
    with LAYOUTS.with_(Above):
        plan, model, _ = migrated(f"toy_above({kept})", "float32", np.array([[np.nan, 2]], "f4"))
        found = [problem.found for problem in verify_weights(plan, model).problems]
    said = f"layout toy_above({kept}): expected 2 initial values to be kept, {KEPT[kept]}"
    assert found == ([said] if KEPT[kept] else [])


def test_sums_of_what_makes_no_difference_are_right(tmp_path):
    """Added to 1e30, a bias changes nothing."""
    write_checkpoint(
        tmp_path / "m", {"b": np.full(6, 1e30, np.float32), "k": np.ones((2, 3), "f4")}
    )
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, name="d")])
    rules = [Rule("b", "d/bias", layout="sum_halves"), Rule("k", "d/kernel")]
    plan = plan_migration(str(tmp_path / "m"), model, rules)
    convert(plan, model)
    assert verify_weights(plan, model).equal


@dataclasses.dataclass(frozen=True)
class Scaled(Identity):
    """Turns rows round and makes them large, which its inverse doesn't take back."""

    name = "toy_scaled"

    def apply(self, *sources):
        return 1000 * sources[0][::-1]

    def invert(self, target, *sources):
        return (Piece((), target / 1000),)

    def rounding(self, *sources):
        return 0.01


def test_large_values_make_no_room_for_other_sources(migrated):
    with LAYOUTS.with_(Scaled):
        plan, model, _ = migrated("toy_scaled", "float32")
        (problem,) = verify_weights(plan, model).problems
    assert problem.found.startswith("w: 4 of 4 elements differ")


@dataclasses.dataclass(frozen=True)
class Twice(Identity):
    """Takes rows by number, which it isn't careful about."""

    name = "toy_twice"
    takes_part = True

    first: int
    second: int

    def spec(self, *sources):
        return Spec((2, *sources[0].shape[1:]), sources[0].dtype)

    def part(self, source):
        return ((self.first, self.second),)

    def apply(self, *sources):
        return sources[0][[self.first, self.second]]

    def invert(self, target, *sources):
        return (Piece(self.part(None), target),)


@pytest.mark.parametrize("rows", ["0, 0", "-1, -2", "1, 2"])
def test_a_part_is_of_distinct_rows_that_are_there(rows, migrated):
    message = r"toy_twice\(.*\): expected its part along axis 0 of .* as distinct positions from 0"
    with LAYOUTS.with_(Twice), pytest.raises((RuleError, LayoutError), match=message):
        migrated(f"toy_twice({rows})", "float32")


def test_a_narrower_type_that_cannot_hold_a_value(migrated):
    message = r"cast\(float16\): expected values that float16 can hold, found 70000, which would be"
    with pytest.raises(LayoutError, match=message):
        migrated("cast(float16)", "float16", np.array([[7e4, 1], [2, 3]], np.float32))


def test_nan_makes_nothing_else_differ(migrated):
    value = np.array([[np.nan, 0.1], [1 / 3, 2]], np.float32)
    plan, model, _ = migrated("cast(float16)", "float16", value)
    assert verify_weights(plan, model).equal


def test_signs_of_zero_are_bits(migrated):
    plan, model, kernel = migrated("identity", "float32")
    kernel.assign(np.abs(VALUE))
    (problem,) = verify_weights(plan, model).problems
    assert "equal numbers with different bits" in problem.found


@dataclasses.dataclass(frozen=True)
class OtherType(Identity):
    """Gives the right bits back under another dtype."""

    name = "toy_type"

    def invert(self, target, *sources):
        return (Piece((), target.view(np.int32)),)


def test_the_right_bits_of_another_dtype_are_not_the_source(migrated):
    with LAYOUTS.with_(OtherType):
        plan, model, _ = migrated("toy_type", "float32")
        (problem,) = verify_weights(plan, model).problems
    assert problem.name == "d/kernel"


def test_a_constant_takes_bits_of_what_is_far_smaller(tmp_path):
    """After a few small steps an LSTM's bias is 1e-3, and the forget gate's 1.0 is added to it."""
    prefix = str(tmp_path / "model.ckpt")
    bias = np.random.default_rng(2).normal(scale=1e-3, size=8).astype(np.float32)
    write_checkpoint(prefix, {"b": bias})
    x = keras.Input((1, 1))
    model = keras.Model(x, keras.layers.LSTM(2, name="rnn")(x))
    rules = [Rule("b", "rnn/cell/bias", layout="forget_bias(1.0)")]
    rules += [Rule(target="rnn/cell/(recurrent_)?kernel", keep="made anew")]
    plan = plan_migration(prefix, model, rules)
    convert(plan, model)
    found = verify_weights(plan, model)
    assert (found.problems, found.anew) == ((), ("rnn/cell/bias",))
    kept = model.get_layer("rnn").cell.bias
    kept.assign(kept.numpy() + np.float32(1e-6))
    assert verify_weights(plan, model).problems
