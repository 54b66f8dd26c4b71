import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tf1compat.errors import LayoutError
from tf1compat.migration.layouts.basic import Expand, Reshape, Squeeze, Transpose
from tf1compat.migration.layouts.casts import Cast, cast_between
from tf1compat.migration.layouts.chain import Chain
from tf1compat.migration.layouts.joins import Concatenate, Split
from tf1compat.migration.layouts.layout import IDENTITY, Spec
from tf1compat.migration.layouts.recurrent import ForgetBias
from tf1compat.migration.layouts.text import parse_layout
from tf1compat.testing import assert_arrays_equal


def _array(*shape, dtype=np.float32):
    return np.arange(int(np.prod(shape)), dtype=dtype).reshape(shape)


@pytest.mark.parametrize(
    ("layout", "shape", "expected"),
    [
        (IDENTITY, (2, 3), lambda x: x),
        (Transpose((2, 0, 1)), (2, 3, 4), lambda x: np.einsum("abc->cab", x)),
        (Reshape((6, -1)), (2, 3, 4), lambda x: x.ravel().reshape(6, 4)),
        (Squeeze((0, 1)), (1, 1, 5, 2), lambda x: x[0, 0]),
        (Expand((0, 2)), (5, 2), lambda x: x[None, :, None, :]),
        (Split(1, 2, 5), (3, 6), lambda x: x[:, 2:5]),
        (Cast("float64"), (3,), lambda x: x.astype(np.float64)),
        (
            Chain((Split(1, 0, 4), Reshape((3, 2, 2)), Transpose((1, 0, 2)))),
            (3, 6),
            lambda x: np.einsum("aij->iaj", x[:, :4].reshape(3, 2, 2)),
        ),
    ],
)
def test_applies_and_inverts(layout, shape, expected):
    source = _array(*shape)
    target = layout.apply(source)
    assert_arrays_equal(target, expected(source))
    spec = layout.spec(Spec(source.shape, "float32"))
    assert spec == Spec(target.shape, target.dtype.name)
    (piece,) = layout.invert(target, Spec(source.shape, "float32"))
    assert_arrays_equal(piece.value, source[piece.index])


def test_concatenate_inverts_to_every_source():
    parts = [_array(2, 3), _array(2, 1) + 10, _array(2, 2) + 20]
    layout = Concatenate(1)
    target = layout.apply(*parts)
    assert_arrays_equal(target, np.hstack(parts))
    specs = [Spec(p.shape) for p in parts]
    assert layout.spec(*specs).shape == (2, 6)
    for piece, part in zip(layout.invert(target, *specs), parts, strict=True):
        assert_arrays_equal(piece.value, part)


@given(st.permutations(range(4)), st.tuples(*[st.integers(1, 3)] * 4))
def test_transpose_round_trip(perm, shape):
    layout = parse_layout(str(Transpose((*perm,))))
    source = _array(*shape)
    (piece,) = layout.invert(layout.apply(source), Spec(shape))
    assert_arrays_equal(piece.value, source)


@pytest.mark.parametrize(
    "text",
    [
        "identity",
        "transpose(1, 0)",
        "reshape(768, 12, 64) | cast(float32)",
        "concatenate(0)",
        "split(1, 0, 768)",
        "squeeze(0, 1)",
        "expand(0)",
    ],
)
def test_text_round_trip(text):
    assert str(parse_layout(text)) == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("flip(1)", r"layout 'flip\(1\)': expected one of .*cast, .*found 'flip\(1\)'"),
        ("transpose(0, 2)", r"expected a permutation of 0\.\.1"),
        ("transpose(a)", "expected integers"),
        ("cast(1)", "cast expected a name, found"),
        ("split(1)", r"expected split\(axis.*found 'split\(1\)'"),
        ("reshape(-1, -1)", "at most one -1"),
        ("squeeze(0, 0)", "distinct axes"),
        ("", "expected one of"),
    ],
)
def test_bad_text_says_what_was_expected(text, message):
    with pytest.raises(LayoutError, match=message):
        parse_layout(text)


@pytest.mark.parametrize(
    ("text", "shape", "message"),
    [
        ("transpose(1, 0)", (2, 3, 4), "expected 2 dimensions, found"),
        ("reshape(4, 4)", (2, 3), r"expected 16 elements, found \(2, 3\)"),
        ("reshape(4, -1)", (2, 3), "expected a multiple of 4 elements"),
        ("reshape(0, -1)", (2, 3), "expected a multiple of 0 elements"),
        ("split(0, -1, 2)", (2, 3), r"expected \[-1, 2\) within axis 0"),
        ("mod_shards(3)", (2, 3), "expected at least 3 rows"),
        ("cudnn_blocks(4)", (2, 8, 3), "expected a kernel of 4 equal gates"),
        ("channels_first(2, 2, 3)", (24, 3), "expected 12 rows"),
        ("channels_first(12)", (12, 3), "expected sizes of an image, channels last"),
        ("sum_halves", (4, 2), "expected a vector of two halves"),
        ("squeeze(0)", (2, 3), r"expected size 1 at axes \(0,\)"),
        ("last(0, 3)", (2, 3), "expected 3 or more along axis 0"),
        ("split(0, 1, 9)", (2, 3), r"expected \[1, 9\) within axis 0"),
        ("cast(floaty)", (2,), "expected a dtype such as float32"),
        ("cast(finfo)", (2,), "expected a dtype such as float32"),  # ml_dtypes has one
    ],
)
def test_shapes_that_do_not_fit_are_named(text, shape, message):
    with pytest.raises(LayoutError, match=message):
        parse_layout(text).spec(Spec(shape))


def test_sources_of_several_dtypes_are_not_joined():
    with pytest.raises(LayoutError, match=r"float64\[2\] doesn't join with float32\[2\]"):
        Concatenate(0).spec(Spec((2,)), Spec((2,), "float64"))


def test_slots_travel_with_their_variable():
    variable = Spec((4, 6), "float32")
    layout = parse_layout("transpose(1, 0) | cast(float16)")
    assert str(layout.for_slot(Spec((4, 6)), variable)) == "transpose(1, 0)"
    assert layout.for_slot(Spec(()), variable) == IDENTITY
    for shape in ((4,), (1,)):
        with pytest.raises(LayoutError, match=rf"slot of shape {re.escape(str(shape))} of a var"):
            layout.for_slot(Spec(shape), variable)


def test_parts_of_several_sources_are_joined():
    layout = parse_layout("split(0, 1, 3) | concatenate(1) | transpose(1, 0)")
    sources = [_array(4, 2), _array(4, 3) + 100]
    specs = [Spec(source.shape) for source in sources]
    expected = np.hstack([source[1:3] for source in sources]).T
    assert (layout.joins, layout.takes_part) == (True, True)
    assert layout.spec(*specs).shape == (5, 2)
    target = layout.apply(*sources)
    assert_arrays_equal(target, expected)
    for piece, source in zip(layout.invert(target, *specs), sources, strict=True):
        assert_arrays_equal(piece.value, source[piece.index])


@pytest.mark.parametrize(
    ("source", "target"),
    [("bfloat16", "float16"), ("float16", "bfloat16"), ("int32", "float32"), ("int8", "uint8")],
)
def test_a_cast_that_may_lose_bits_is_not_found_by_itself(source, target):
    assert cast_between(source, target) is None


@pytest.mark.parametrize("slot", [(1,), (3,), (2, 3, 1)])
def test_a_slot_of_another_shape_does_not_travel(slot):
    with pytest.raises(LayoutError, match="expected the same shape or a scalar"):
        Transpose((1, 0)).for_slot(Spec(slot), Spec((2, 3)))


def test_only_a_vector_is_an_lstms_bias():
    with pytest.raises(LayoutError, match="expected the bias of an LSTM, 4 equal blocks"):
        ForgetBias(1.0).spec(Spec((4, 8)))


class Rounded(Split):
    """A part that rounds, as a program's own may."""

    def rounding(self, *sources):
        return 0.25


def test_what_is_done_to_each_part_that_is_joined_rounds_once():
    layout = Chain((Rounded(0, 0, 1), Concatenate(0)))
    assert layout.rounding(Spec((2,)), Spec((2,))) == 0.25


def test_rows_that_were_dealt_out_to_shards_go_there_and_back():
    layout, dealt = parse_layout("mod_shards(3)"), np.array([0, 3, 6, 1, 4, 2, 5])
    made = layout.apply(dealt)
    assert_arrays_equal(made, np.arange(7))
    assert_arrays_equal(layout.invert(made, Spec((7,), "int64"))[0].value, dealt)
