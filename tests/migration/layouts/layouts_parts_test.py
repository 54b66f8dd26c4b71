"""Layouts that take parts: they make up the source exactly, and the inverse gives them back."""

import dataclasses
import itertools

import numpy as np
import pytest

from tf1compat.checkpoint import open_checkpoint, write_checkpoint
from tf1compat.errors import LayoutError, RuleError
from tf1compat.migration.layouts import LAYOUTS, Layout, Piece, Spec, parse_layout
from tf1compat.migration.planning._ruling import rule_fills
from tf1compat.migration.planning.lines import Fill
from tf1compat.migration.values import compared
from tf1compat.names import Rule, RuleSet
from tf1compat.testing import assert_arrays_equal


@dataclasses.dataclass(frozen=True)
class Grid(Layout):
    """Every `step`-th of both axes, from where it says; backwards where the step is negative."""

    name = "toy_grid"
    takes_part = True
    row: int
    column: int
    rows: int = 1
    columns: int = 1

    def part(self, source):
        return slice(self.row, None, self.rows), slice(self.column, None, self.columns)

    def spec(self, *sources):
        (source,) = sources
        index = self.part(source)
        return Spec(tuple(len(range(n)[i]) for n, i in zip(source.shape, index, strict=True)))

    def apply(self, *sources):
        return sources[0][self.part(None)]

    def invert(self, target, *sources):
        return (Piece(self.part(sources[0]), target),)


@pytest.fixture(autouse=True)
def only_for_this_test():
    with LAYOUTS.with_(Grid):
        yield


def _grid(text):
    return parse_layout(f"toy_grid({text})")


def _ruled(shape, *layouts):
    """Returns what rules with these layouts decide, each for a target of the shape it makes."""
    source = Spec(shape)
    made = {f"t{n}": _grid(text).spec(source) for n, text in enumerate(layouts)}
    rules = [
        Rule("whole", target, layout=str(_grid(text)))
        for target, text in zip(made, layouts, strict=True)
    ]
    return rule_fills(RuleSet(rules), {"whole": source}, made)


@pytest.mark.parametrize(
    ("shape", "layouts"),
    [
        ((4, 6), [f"{r}, {c}, 2, 3" for r, c in itertools.product(range(2), range(3))]),
        ((4, 6), ["-1, 0, -2, 1", "-2, 0, -2, 1"]),  # both run backwards
        ((4, 6), ["0, 0, 1, 2", "0, 1, 1, 4", "0, 3, 1, 4"]),
        ((5, 4), ["0, 0, 5, 1", "1, 0, 5, 1", "2, 0, 5, 1", "3, 0, 5, 1", "4, 0, 5, 1"]),
    ],
)
def test_parts_that_make_up_all_of_it(shape, layouts):
    fills = _ruled(shape, *layouts).fills
    assert len(fills) == len(layouts)
    times = np.zeros(shape, int)
    for text in layouts:
        times[_grid(text).part(None)] += 1
    assert_arrays_equal(times, np.ones(shape, int))


@pytest.mark.parametrize(
    ("layouts", "found"),
    [
        (["0, 0, 2, 3"], r"\[0, 4\) by 2 x \[0, 6\) by 3"),
        # As many elements as there are, one part twice and one not at all.
        (["0, 0, 2", "0, 0, 2"], r"\[0, 4\) by 2 2 times"),
        (["0, 0, 2", "-2, 0, -2"], r"\[0, 4\) by 2, \[2, -1\) by -2"),
        (["0, 0, 2, 1", "0, 0, 1, 2"], r"\[0, 4\) by 2 x \[0, 6\), \[0, 4\) x \[0, 6\) by 2"),
    ],
)
def test_parts_that_leave_out_or_repeat_some(layouts, found):
    with pytest.raises(RuleError, match=rf"whole: expected parts that make up .*, found .*{found}"):
        _ruled((4, 6), *layouts)


def test_parts_of_different_steps_meet_where_both_go():
    """Of 12 rows 9 is taken twice and 11 not at all."""
    single = [f"{row}, 0, 12" for row in (2, 4, 7, 8, 10)]
    with pytest.raises(RuleError, match=r"found \[0, 12\) by 3, \[1, 12\) by 4, "):
        _ruled((12, 1), "0, 0, 3", "1, 0, 4", *single)


@pytest.mark.parametrize("text", ["split(-1, 0, 2)", "concatenate(-1)"])
def test_an_axis_is_counted_from_the_front(text):
    with pytest.raises(LayoutError, match="expected an axis counted from 0, found -1"):
        parse_layout(text)


def _entries(tmp_path):
    prefix = str(tmp_path / "m.ckpt")
    value = np.arange(12, dtype=np.float32).reshape(4, 3)
    write_checkpoint(prefix, {"whole": value})
    return value, open_checkpoint(prefix)


@dataclasses.dataclass(frozen=True)
class Astray(Layout):
    """Takes the first rows, and gives them back as the last ones."""

    name = "toy_astray"
    takes_part = True
    says: str = "part"

    def part(self, source):
        return (slice(0, 2),)

    def spec(self, *sources):
        return Spec((2, 3))

    def apply(self, *sources):
        return sources[0][:2]

    def invert(self, target, *sources):
        if self.says == "nothing":
            return ()
        return (Piece((slice(2, 4),), sources and target),)


def test_an_inverse_that_gives_back_another_part_is_told(tmp_path):
    value, checkpoint = _entries(tmp_path)
    fill = Fill("t", ("whole",), "toy_astray", ())
    with LAYOUTS.with_(Astray):
        assert list(compared(fill, value[:2], checkpoint).differences) == [
            "layout toy_astray(part): expected its inverse to give back what it takes of "
            "float32[4, 3], [[0, 2), [0, 3)], found [2, 3] for [[2, 4), [0, 3)]"
        ]
        nothing = dataclasses.replace(fill, layout="toy_astray(nothing)")
        assert list(compared(nothing, value[:2], checkpoint).differences) == [
            "layout toy_astray(nothing): expected 1 pieces of its inverse, found 0"
        ]


def test_a_part_has_to_be_as_large_as_what_it_makes():
    class Larger(Grid):
        name = "toy_larger"

        def spec(self, *sources):
            return Spec((2, 3))

    rules = RuleSet([Rule("whole", "t", layout="toy_larger(0, 0)")])
    message = r"gives float32\[2, 3\] of a part of 12 elements"
    with LAYOUTS.with_(Larger), pytest.raises(RuleError, match=message):
        rule_fills(rules, {"whole": Spec((4, 3))}, {"t": Spec((2, 3))})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("transpose(1, 0) | split(0, 0, 1)", r"only its first step may take a part, found split"),
        ("transpose(1, 0) | concatenate(0)", r"only its first step may join sources, found conc"),
    ],
)
def test_only_the_first_step_takes_a_part_or_joins(text, message):
    with pytest.raises(LayoutError, match=message):
        parse_layout(text)


def test_parts_of_groups_make_up_the_source():
    value = np.arange(2 * 12).reshape(2, 12).astype(np.float32)
    parts = [parse_layout(f"group_part(1, 2, 3, {number})") for number in range(3)]
    taken = [part.apply(value) for part in parts]
    # Two heads of three parts of two columns each.
    assert_arrays_equal(
        np.stack(taken, axis=1), np.einsum("rgpc->rpgc", value.reshape(2, 2, 3, 2)).reshape(2, 3, 4)
    )
    back = np.zeros_like(value)
    for part, one in zip(parts, taken, strict=True):
        (piece,) = part.invert(one, Spec(value.shape))
        back[:, list(piece.index[1])] = piece.value
    assert_arrays_equal(back, value)
    with pytest.raises(LayoutError, match="expected a multiple of 9 along axis 1"):
        parse_layout("group_part(1, 3, 3, 0)").spec(Spec((2, 12)))
