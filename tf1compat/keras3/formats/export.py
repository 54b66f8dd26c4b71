"""Models to files, one weight in memory at a time."""

from __future__ import annotations

import dataclasses
import functools
import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from tf1compat.errors import OutputError, Problem, UsageError
from tf1compat.files.distinct import require_distinct
from tf1compat.files.manifest import Manifest, tensor_digest
from tf1compat.files.output_errors import standing
from tf1compat.files.staging import destination, staged_file
from tf1compat.files.syncing import sync_file
from tf1compat.keras3.formats.exported import said_of
from tf1compat.keras3.formats.output_formats import (
    OutputFormat,
    ask,
    holds_optimizer,
    read_back,
    require_backend,
)
from tf1compat.keras3.formats.output_formats import output_format as format_for
from tf1compat.keras3.formats.weight_values import NotedValues, ReadWeight
from tf1compat.keras3.index.model_index import ModelIndex, index_model

if TYPE_CHECKING:
    from tf1compat.keras3.formats.exported import Exported

__all__ = ["export_weights"]


def export_weights(
    model: Any,
    path: str | os.PathLike[str],
    read: ReadWeight,
    *,
    output_format: str | OutputFormat | None = None,
    inputs: Iterable[str | os.PathLike[str]] = (),
) -> Manifest:
    """Writes a file that Keras loads, with the values that `read` gives.

    The suffix of `path` decides: ``.weights.h5`` holds weights (``model.load_weights``), ``.keras``
    the whole model (``keras.saving.load_model``), another what its format in
    :data:`~tf1compat.keras3.formats.output_formats.OUTPUT_FORMATS` says. Which weight goes where is
    Keras' own decision. The file appears complete or not at all, an older one stands until then,
    and the model is left as it was. Inside is a manifest with the SHA-256 of every weight, and of
    all else that Keras reads of it. Before it takes an older file's place it is read back from the
    disk, one weight in memory at a time, and compared with what was written.

    Args:
      model: a built keras.Model, its weights initialized or not (see
        :func:`~tf1compat.keras3.build_model`), or its index.
      path: where to write.
      read: called once for each weight that Keras saves; returns its value, of its shape and dtype,
        or None to keep the value (or for a weight without one, its initial value).
      output_format: the format, or its name; by default the suffix tells. One with options is a
        frozen dataclass: ``dataclasses.replace(OUTPUT_FORMATS["safetensors_folder"],
        shard_size=10**9)``.
      inputs: files that `read` takes values from, none of which `path` may be.

    Returns:
      name (the weight's path), shape, dtype and SHA-256 of every weight written.

    Raises:
      UsageError: no format has the suffix, or another than the one that is wanted, `path` is one
        of the `inputs`, or Keras runs on another backend than the format needs.
      ModelError: the model isn't built, Keras can't save it or not all of its weights, or a value
        doesn't fit its weight; all offenders are named.
      OutputError: the file can't be written, or doesn't hold what was written when it is read back.
    """
    name, index = os.fspath(path), index_model(model)
    one = format_for(name, output_format)
    require_distinct([name], inputs)
    noted = read if isinstance(read, NotedValues) else NotedValues(read, {})
    if noted.optimizer is not None and not holds_optimizer(one):
        raise UsageError(
            f"{name}: expected a format that holds an optimizer (.keras, .weights.h5, .tf2ckpt), "
            f"found {one.name!r}; plan with --optimizer=ignore"
        )
    require_backend(one)
    with staged_file(name) as staged:
        write = functools.partial(one.write, index, staged, noted)
        manifest: Manifest = ask(one, "write", call=write, kind=Manifest, given=noted.raised)
        _require_whole(one, staged, index, manifest=manifest)
    return manifest


def _require_whole(
    one: OutputFormat, staged: str, index: ModelIndex, *, manifest: Manifest
) -> None:
    """Raises OutputError where a file, read back, doesn't hold every weight as it was written.

    It is on the disk by then: that it is full, or fails, shows when it is synced, if the writing
    said nothing.
    """
    path = destination(staged)
    if not os.path.exists(staged):
        raise OutputError(f"{path}: format of outputs {one.name!r} wrote nothing")
    sync_file(staged)
    found = read_back(one, staged, index)
    if one.holds == "program":  # the format ran it
        problems = found.damage()
        problems += [
            Problem(path, "its manifest", "another") for _ in [0] if found.manifest != manifest
        ]
    else:
        problems = [*_undescribed(found, index)] or [*_other_values(found, manifest)]
    if problems:
        raise OutputError.from_problems(
            f"{path}: format of outputs {one.name!r} wrote a file that doesn't hold every weight "
            f"as it was written; {standing(path)}",
            [
                dataclasses.replace(
                    one,
                    found=one.found.replace(staged, path),
                    origin=one.origin.replace(staged, path),
                )
                for one in problems
            ],
        )


def _undescribed(found: Exported, index: ModelIndex) -> Iterator[Problem]:
    """Yields the weights that a file doesn't describe by path, shape and dtype.

    The state of random generators may be left out, as Keras leaves out some.
    """
    for weight in index.values():
        expected = f"{weight.dtype}{list(weight.shape)}"
        if weight.kind == "weight" and (said := said_of(found, weight.path)) != expected:
            yield Problem(weight.path, expected, said)


def _other_values(found: Exported, manifest: Manifest) -> Iterator[Problem]:
    """Yields what a file holds otherwise than was written: each value is read again."""
    yield from found.damage()
    for tensor in manifest.tensors:
        array = found.get(tensor.name)
        held = array.sha256 if array is not None else ""
        if array is not None and held is None:  # the file itself has no digests
            held = tensor_digest(array.read())
        if held != tensor.sha256:
            yield Problem(tensor.name, f"SHA-256 {tensor.sha256}", held or "nothing")
