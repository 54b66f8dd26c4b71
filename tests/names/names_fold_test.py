"""Folding is exact: the lines stand for the names, all of them and no other."""

import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shares import WHOLE

from tf1compat.names import fold_names, unfold_names


def expand(line):
    """Expands a line independently of the library (names without braces only)."""
    pieces = re.split(r"\{([^}]*)\}", line)
    choices = []
    for index, piece in enumerate(pieces):
        if index % 2 == 0:
            choices.append([piece])
            continue
        values = []
        for item in piece.split(","):
            low, _, high = item.partition("..")
            values += [str(n).zfill(len(low)) for n in range(int(low), int(high or low) + 1)]
        choices.append(values)
    return ["".join(chosen) for chosen in itertools.product(*choices)]


@pytest.mark.parametrize(
    ("names", "lines"),
    [
        ([f"layer_{i}/kernel" for i in range(24)], ["layer_{0..23}/kernel"]),
        ([f"l{i}/w" for i in (0, 2, 3, 4, 5)], ["l{0,2..5}/w"]),
        (["l0/w", "l1/w"], ["l{0,1}/w"]),
        (["l7/w"], ["l7/w"]),
        (["w", "b"], ["b", "w"]),
        ([f"b{i}/u{j}/w" for i in range(3) for j in range(4)], ["b{0..2}/u{0..3}/w"]),
        (["a1b1", "a2b2", "a3b3"], ["a1b1", "a2b2", "a3b3"]),
        (["a1b1", "a1b2", "a2b1"], ["a2b1", "a1b{1,2}"]),
        ([f"l{i:02d}/w" for i in range(12)], ["l{00..11}/w"]),
        (["l01/w", "l1/w", "l2/w"], ["l01/w", "l{1,2}/w"]),
        (["w", "w", "w"], ["w"]),
        ([], []),
        (["l1/w:0", "l2/w:0"], ["l{1,2}/w:0"]),
        (["{a}1", "{a}2"], ["{{a}}{1,2}"]),
    ],
)
def test_folds(names, lines):
    assert sorted(fold_names(names)) == sorted(lines)


def test_ten_thousand_names_in_few_lines():
    names = [
        f"block_{b}/layer_{i}/{part}/{leaf}"
        for b in range(10)
        for i in range(100)
        for part in ("query", "key", "value", "out", "norm")
        for leaf in ("kernel", "bias")
    ]
    lines = fold_names(names)
    assert len(names) == 10_000
    assert len(lines) == 10
    assert sorted(itertools.chain.from_iterable(map(expand, lines))) == sorted(names)


def test_blocks_of_unequal_depth():
    """ResNet's units: as few lines as there are different depths."""
    names = [f"block{b}/unit_{u}/w" for b, n in ((1, 3), (2, 4), (3, 6), (4, 3)) for u in range(n)]
    assert len(fold_names(names)) <= 4
    assert sorted(unfold_names(fold_names(names))) == sorted(names)


# [ab]?[0-9]{0,3}/[w_]?[0-9]{0,2}, which Hypothesis takes a second to draw from.
_PARTS = (
    st.sampled_from(["", "a", "b"]),
    st.text("0123456789", max_size=3),
    st.sampled_from(["/", "/w", "/_"]),
    st.text("0123456789", max_size=2),
)
NAMES = st.lists(st.tuples(*_PARTS).map("".join), max_size=40)


@settings(max_examples=100 if WHOLE else 25)
@given(NAMES)
def test_lines_expand_to_exactly_the_names(names):
    lines = fold_names(names)
    expanded = [name for line in lines for name in expand(line)]
    assert sorted(expanded) == sorted(set(names))
    assert sorted(unfold_names(lines)) == sorted(set(names))


@given(st.lists(st.text("a{}.,01", max_size=8), max_size=20))
def test_braces_in_names_stay_unambiguous(names):
    assert sorted(unfold_names(fold_names(names))) == sorted(set(names))


def test_many_varying_numbers_are_listed_and_stay_exact():
    names = ["_".join(str(i * k % 7) for k in range(1, 10)) for i in range(50)]
    assert sorted(unfold_names(fold_names(names))) == sorted(set(names))
    few = [f"v2/t1/b3/l4/c5/k6/x7/y8/z{i}/w" for i in range(9)]  # one number varies of nine
    assert fold_names(few) == ["v2/t1/b3/l4/c5/k6/x7/y8/z{0..8}/w"]


def test_odd_names_are_shown_as_they_are():
    odd = ["/".join("x1" for _ in range(500)), "a" + "9" * 5000, "b" * 100_000]
    assert sorted(fold_names(odd)) == sorted(odd)
    long_numbers = [f"w{'1' * 200}{i}" for i in range(3)]
    assert sorted(unfold_names(fold_names(long_numbers))) == sorted(long_numbers)
