"""Layouts of what optimizers keep: steps from powers, constants, scaled sums."""

import numpy as np
import pytest

from tf1compat.errors import LayoutError
from tf1compat.migration import Spec, parse_layout
from tf1compat.migration.layouts.kept_numbers import power_after, steps_of
from tf1compat.testing import assert_arrays_close, assert_arrays_equal


def _multiplied(beta, times):
    """Returns the power as 1.15 has it: multiplied once a step, in single precision."""
    power = np.float32(beta)
    for _ in range(times):
        power = np.float32(power * np.float32(beta))
    return np.asarray(power)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("beta", [0.5, 0.9, 0.99])
def test_the_last_power_that_tells_its_steps_is_found(beta, dtype):
    with np.errstate(under="ignore"):
        powers = np.multiply.accumulate(np.full(100_000, beta, dtype))
    telling = powers[powers > np.finfo(dtype).tiny]
    assert steps_of(telling[-1], beta) == len(telling) - 1
    assert steps_of(powers[len(telling)], beta) is None


@pytest.mark.parametrize(("beta", "steps"), [(0.9, 0), (0.9, 7), (0.999, 5000), (0.9999, 20_000)])
def test_steps_follow_from_a_power_bit_for_bit(beta, steps):
    power = _multiplied(beta, steps)
    assert steps_of(power, beta) == steps
    assert np.float32(power_after(steps, beta)) == power
    layout = parse_layout(f"steps_of_power({beta})")
    made = layout.apply(power)
    assert (made.dtype, int(made)) == (np.int64, steps)
    (piece,) = layout.invert(made, Spec((), "float32"))
    assert_arrays_equal(piece.value, power)


@pytest.mark.parametrize("power", [0.0, 1.0, 1e-44, 0.5, np.nan])
def test_what_is_no_power_tells_no_steps(power):
    value = np.asarray(power, np.float32)
    assert steps_of(value, 0.9) is None
    with pytest.raises(LayoutError, match=r"expected a power of 0\.9, found"):
        parse_layout("steps_of_power(0.9)").apply(value)


def test_steps_are_of_single_numbers():
    with pytest.raises(LayoutError, match="one number of float32 or float64"):
        parse_layout("steps_of_power(0.9)").spec(Spec((2,), "float32"))
    with pytest.raises(LayoutError, match="expected up to 1000000 steps, found -1"):
        parse_layout("steps_of_power(0.9)").invert(np.asarray(-1), Spec((), "float32"))


def test_constants_take_no_source():
    layout = parse_layout("constant(0.1)")
    assert layout.spec() == Spec((), "float32")
    assert layout.apply() == np.float32(0.1)
    assert layout.invert(np.asarray(0.1)) == ()
    with pytest.raises(LayoutError, match="takes no source, found 1"):
        layout.spec(Spec((), "float32"))


def test_scaled_values_come_back_as_near_as_said():
    layout, spec = parse_layout("scale(-0.02)"), Spec((1000,), "float32")
    source = np.random.default_rng(1).normal(size=1000).astype(np.float32)
    made = layout.apply(source)
    assert_arrays_equal(made, source * np.float32(-0.02))
    (piece,) = layout.invert(made, spec)
    assert_arrays_close(piece.value, source, rtol=layout.rounding(spec))
    with pytest.raises(LayoutError, match="expected floats and a factor"):
        layout.spec(Spec((2,), "int32"))
