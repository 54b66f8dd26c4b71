"""What a v1 graph does with gradients before it steps, beside what the model's optimizer does."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping

from tf1compat.checkpoint.meta.gradient_changes import GradientChange
from tf1compat.checkpoint.meta.training_steps import Step
from tf1compat.migration.layouts.kept_numbers import shortest
from tf1compat.migration.planning._graph_numbers import GraphNumbers
from tf1compat.migration.planning._said import alike, said, said_of
from tf1compat.migration.planning.optimizer_lines import differs
from tf1compat.names.reasons import Reason

__all__ = ["CLIPS", "GradientsCompared"]

_SCALE = "loss_scale_factor"
_NEAR = 1e-6  # of products in single precision about 1.0
CLIPS = ("clipnorm", "clipvalue", "global_clipnorm")
"""How Keras clips, at most one of these."""


@dataclasses.dataclass(frozen=True)
class GradientsCompared:
    """Both sides.

    Attributes:
      numbers: of the graph's steps.
      settings: the configuration of the model's optimizer.
    """

    numbers: GraphNumbers
    settings: Mapping[str, object]

    def clips(self) -> dict[str, float | None]:
        """Returns how Keras is to clip as all steps do; of what they don't, or not alike, None."""
        return {
            config: values[0] if len(values) == 1 and isinstance(values[0], float) else None
            for config, values in ((config, self._values(config)) for config in CLIPS)
        }

    def scale(self) -> dict[str, float]:
        """Returns by what all steps scale the loss, as Keras is to; {} where they don't so."""
        (first, *others) = self._scales() or [None]
        return {} if first is None or others else {_SCALE: first}

    def differences(self) -> Iterator[Reason]:
        """Yields what differs."""
        every = {config: self._values(config) for config in CLIPS} | {_SCALE: [*self._scales()]}
        for config, values in every.items():
            model = self.settings.get(config)
            if not self.numbers.steps:
                if model is not None:
                    yield differs("setting", setting=config, v1="not known", model=said(model))
            elif len(values) > 1 or not alike(values[0], model):
                v1 = " and ".join(map(said, values))
                yield differs("setting", setting=config, v1=v1, model=said(model))
        yield from self._norms()
        yield from self._others()

    def _values(self, config: str) -> list[object]:
        """Returns what steps clip by, each once; None where one doesn't."""
        found = (self._value(step, config) for step in self.numbers.steps)
        return sorted(dict.fromkeys(found), key=str)

    def _scales(self) -> list[float | None]:
        """Returns by what steps scale the loss, each once; None where one doesn't."""
        return sorted(dict.fromkeys(map(self._scale_of, self.numbers.steps)), key=str)

    def _scale_of(self, step: Step) -> float | None:
        """Returns by what the loss was multiplied and the gradient divided, before all else."""
        return self._scale(step.changes[-1]) if step.changes else None

    def _scale(self, one: GradientChange) -> float | None:
        if one.loss is None or one.kind not in ("times", "by") or self._is_loss_scale(one):
            return None
        numbers = self.numbers.values_of((one.loss, *one.numbers))
        if numbers is None:
            return None
        loss, factor = numbers
        undone = loss * factor if one.kind == "times" else factor / loss if loss else 0.0
        return shortest(loss) if abs(undone - 1.0) < _NEAR else None

    def _value(self, step: Step, config: str) -> object:
        clips = [one for one in step.changes if one.kind == config]
        if not clips:
            return None
        if len(clips) > 1:
            return "several times"
        numbers = self.numbers.values_of(clips[0].numbers)
        if numbers is None:
            return "by what isn't known"
        if self.numbers.changing(clips[0].numbers):
            return "by what changes with the step"
        if along := self._along(step, clips[0]):
            return along
        if len(numbers) == 2 and numbers[0] != -numbers[1]:
            return f"from {shortest(numbers[1]):g} to {shortest(numbers[0]):g}"
        return shortest(numbers[0])

    def _along(self, step: Step, clip: GradientChange) -> str:
        """Returns along which axes norms are that aren't those of whole gradients."""
        entry = self.numbers.checkpoint.get(step.variable)
        if clip.axes is None or entry is None:
            return ""
        rank = len(entry.shape)
        axes = sorted({axis % rank for axis in clip.axes}) if rank else []
        return "" if axes == list(range(rank)) else f"along axes {axes}"

    def _norms(self) -> Iterator[Reason]:
        """Yields norms of other gradients than those that the model's optimizer has."""
        own: dict[tuple[object, ...], list[GradientChange]] = {}
        for step in self.numbers.steps:
            for one in step.changes:
                if one.kind == "global_clipnorm":
                    own.setdefault((one.numbers, one.of), []).append(one)
        for (_, of), changes in own.items():
            if of != len(changes):
                v1 = f"a norm of {of} gradients" if of else "a norm that isn't read"
                yield differs("gradients", v1=v1, model=f"of {len(changes)}")
        several = [s.variable for s in self.numbers.steps if len(_clips(s)) > 1]
        if several:
            v1 = f"clipped in several ways: {said_of(several)}"
            yield differs("gradients", v1=v1, model="in one at most")

    def _others(self) -> Iterator[Reason]:
        found: dict[str, list[str]] = {}
        for step in self.numbers.steps:
            for one in step.changes:
                if text := self._other(one):
                    found.setdefault(text, []).append(step.variable)
        for text, variables in found.items():
            yield differs("gradients", v1=f"{text}: {said_of(variables)}", model="as they come")

    def _other(self, one: GradientChange) -> str:
        if one.kind in ("times", "by"):
            (factor,) = self.numbers.values_of(one.numbers) or (None,)
            if factor == 1.0 or self._is_loss_scale(one) or self._scale(one) is not None:
                return ""
            number = "what isn't known" if factor is None else f"{shortest(factor):g}"
            return f"{'multiplied' if one.kind == 'times' else 'divided'} by {number}"
        if one.kind == "accumulated":
            return "accumulated over batches"
        if one.kind == "other":
            return f"changed by {one.op}"
        return ""

    def _is_loss_scale(self, one: GradientChange) -> bool:
        entries = self.numbers.checkpoint
        read = {name for tensor in one.numbers for name in self.numbers.read_by(tensor)}
        return bool(read) and all(
            name in entries and entries[name].name.kind == "loss_scale" for name in read
        )


def _clips(step: Step) -> list[GradientChange]:
    return [one for one in step.changes if one.kind in CLIPS]
