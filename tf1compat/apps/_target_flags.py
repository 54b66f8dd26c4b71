"""Flags of tasks that plan for a model, and what their help says of files of models."""

from __future__ import annotations

import sys
from typing import Any

from absl import flags

from tf1compat.apps._part_flags import PartFlags
from tf1compat.keras3.formats.output_formats import (
    OUTPUT_FORMATS,
    OutputFormat,
    is_folder,
    model_format,
)
from tf1compat.names import Rule, load_rules
from tf1compat.names.averages import AVERAGES
from tf1compat.names.carried import OPTIMIZER

__all__ = ["TargetFlags", "output_help"]


def output_help() -> str:
    """Returns what files of models may be, a line for each format."""
    lines = [f"  {one.suffix}: {one.summary}{_named(one)}" for one in OUTPUT_FORMATS.values()]
    return "\n".join(["formats of outputs, by the suffixes of their files:", *lines])


def _named(one: OutputFormat) -> str:
    return f" [{one.name}]" if is_folder(one) else ""


class TargetFlags:
    """``--model``, ``--rules``, ``--averages``, ``--optimizer``, parts, and what no file tells."""

    def __init__(self, flag_values: flags.FlagValues, *, required: bool = True) -> None:
        self.model = flags.DEFINE_string(
            "model",
            None,
            "Where the Keras model comes from: module:callable (a function without arguments that "
            "returns a built model; the current directory is on the path), or a file that holds a "
            "whole model.",
            flag_values=flag_values,
            required=required,
        )
        self.rules = flags.DEFINE_string(
            "rules", None, "A TOML file of rename rules.", flag_values=flag_values
        )
        self.averages = flags.DEFINE_enum(
            "averages",
            "ignore",
            list(AVERAGES),
            "Moving averages: left behind; used in place of all trained variables, as 1.x's "
            "Saver(ema.variables_to_restore()) does; or used where there are any.",
            flag_values=flag_values,
        )

        self._parts = PartFlags(flag_values)
        self.optimizer = flags.DEFINE_enum(
            "optimizer",
            "prefer",
            list(OPTIMIZER),
            "Where the model is compiled, what the optimizer goes on with: the slots, steps and "
            "learning rate that there are; all that it keeps and just what 1.15 computed, or an "
            "error; or nothing.",
            flag_values=flag_values,
        )
        self._define_assumptions(flag_values)

    def _define_assumptions(self, flag_values: flags.FlagValues) -> None:
        self._forget_bias = flags.DEFINE_float(
            "forget_bias",
            None,
            "What LSTM cells add to their forget gate, where no graph tells; 1.x's cells add 1.0 "
            "unless they are told otherwise.",
            flag_values=flag_values,
        )
        self._strategy = flags.DEFINE_enum(
            "partition_strategy",
            None,
            ["mod", "div"],
            "How ids were dealt out to the shards of tables, where no graph tells.",
            flag_values=flag_values,
        )
        self._data_format = flags.DEFINE_enum(
            "data_format",
            None,
            ["NHWC", "NCHW"],
            "In which data format images were flattened, where no graph tells.",
            flag_values=flag_values,
        )
        self._define_assumptions_of_kernels(flag_values)
        self._optimizer_settings = flags.DEFINE_enum(
            "optimizer_settings",
            None,
            ["compiled"],
            "Of the optimizer's settings and its learning rate, where no graph tells: they are as "
            "the model was compiled. Asked for by --optimizer=use.",
            flag_values=flag_values,
        )

    def _define_assumptions_of_kernels(self, flag_values: flags.FlagValues) -> None:
        self._qkv_order = flags.DEFINE_enum(
            "qkv_order",
            None,
            ["blocks", "heads"],
            "How queries, keys and values stand in one kernel, where no graph tells: all queries "
            "before all keys, or those of each head together.",
            flag_values=flag_values,
        )
        self._weight_norm = flags.DEFINE_enum(
            "weight_norm",
            None,
            ["plain"],
            "How kernels are made of variables v and g, where no graph tells: as g * v / ||v||.",
            flag_values=flag_values,
        )

    def assumed(self) -> dict[str, Any]:
        """Returns what the flags say that no file tells, as `Assumptions` takes it."""
        return {
            "forget_bias": self._forget_bias.value,
            "partition_strategy": self._strategy.value,
            "data_format": self._data_format.value,
            "qkv_order": self._qkv_order.value,
            "weight_norm": self._weight_norm.value,
            "optimizer_settings": self._optimizer_settings.value,
        }

    def files(self) -> dict[str, str | None]:
        """Returns the files that the flags name, by flag, for :func:`require_files`."""
        model = self.model.value
        in_file = model is not None and model_format(model) is not None
        return {"model": model if in_file else None, "rules": self.rules.value}

    def module_files(self) -> tuple[str, ...]:
        """Returns the file of the model's module, once that is imported."""
        name, _, _ = str(self.model.value).partition(":")
        path = getattr(sys.modules.get(name), "__file__", None)
        return (path,) if path else ()

    def every_rule(self) -> tuple[Rule, ...]:
        """Returns the rules of the file, and then what flags say.

        Raises:
          RuleError: the file, or a flag's pattern, can't be understood.
        """
        from_file = load_rules(self.rules.value) if self.rules.value else ()
        return (*from_file, *self._parts.rules())

    def part(self) -> str:
        """Returns what of both sides the migration is about; "" for all."""
        return self._parts.part
