"""A program that was written, run on the same inputs as the model that it was made of."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from tf1compat.errors import OutputError, Problem, UsageError
from tf1compat.keras3.formats.programs._held_model import HeldModel
from tf1compat.keras3.formats.programs.deviation import Deviation, deviations
from tf1compat.keras3.formats.programs.program import Program
from tf1compat.keras3.formats.programs.sample_inputs import made_inputs, recorded_inputs
from tf1compat.names.first_line import first_line

__all__ = ["Tried", "require_near", "sample_inputs", "tried"]


@dataclasses.dataclass(frozen=True)
class Tried:
    """A program that was run.

    Attributes:
      inputs: what it was given.
      expected: what the model computes of them.
      deviations: how far the program's outputs are from these.
    """

    inputs: Mapping[str, np.ndarray]
    expected: Sequence[np.ndarray]
    deviations: tuple[Deviation, ...]

    def beside(self, program: Program) -> Tried:
        """Returns another program, run on the same inputs and compared with the same model.

        Raises:
          OutputError: it gives other numbers or shapes of outputs, or can't be run.
        """
        try:
            found = program.run(dict(zip(program.inputs, self.inputs.values(), strict=True)))
            told = deviations(program.outputs, self.expected, found)
        except (ValueError, RuntimeError) as error:
            raise OutputError(
                f"what was written doesn't compute what the model does: {first_line(error)}"
            ) from error
        return dataclasses.replace(self, deviations=told)


def tried(model: HeldModel, program: Program, *, representative: str = "") -> Tried:
    """Runs a program and the model that it was made of on the same inputs.

    Args:
      model: the model.
      program: what was made of it.
      representative: path of an ``.npz`` file of inputs; "" makes some up.

    Raises:
      UsageError: the model can't compute from them.
      OutputError: the program gives other numbers or shapes of outputs.
    """
    inputs, expected = sample_inputs(model, program.inputs, representative=representative)
    return Tried(inputs, expected, ()).beside(program)


def sample_inputs(
    model: HeldModel, specs: Mapping[str, Any], *, representative: str = ""
) -> tuple[dict[str, np.ndarray], list[np.ndarray]]:
    """Returns inputs that a model computes from, and what it computes.

    Raises:
      UsageError: it can't compute from those that are recorded, or from any that were made up.
    """
    if representative:
        inputs = recorded_inputs(representative, list(specs))
        return inputs, model.outputs(inputs)
    failed: UsageError | None = None
    for inputs in made_inputs(model.index, specs):
        try:
            return inputs, model.outputs(inputs)
        except UsageError as error:  # it may need larger ones
            failed = failed or error
    raise UsageError(f"no inputs could be made up; give some with --representative: {failed}")


def require_near(found: Iterable[Deviation], allowed: float, *, path: str) -> None:
    """Does nothing where outputs are as near to the model's as is allowed.

    Raises:
      OutputError: naming every output that isn't.
    """
    problems = [
        Problem(one.name, f"a relative difference of at most {allowed:g}", f"{one.max_rel:.3g}")
        for one in found
        if not one.max_rel <= allowed
    ]
    if problems:
        raise OutputError.from_problems(
            f"{path}: what was written doesn't compute what the model does", problems
        )
