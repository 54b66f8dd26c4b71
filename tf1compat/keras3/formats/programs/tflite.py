"""TFLite files, whole or quantized: converted of a SavedModel, run by LiteRT, manifest at the end.

The manifest is a member of a zip file behind the model, where TFLite's own metadata have the files
that go with a model: interpreters read the model and look no further.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import io
import os
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tf1compat.errors import OutputError, Problem
from tf1compat.files.manifest import Manifest
from tf1compat.files.regular import open_regular
from tf1compat.files.scratch import scratch_folder
from tf1compat.files.staging import destination, staged_file
from tf1compat.files.stderr_aside import stderr_aside
from tf1compat.files.zip_files import member_bytes, open_archive
from tf1compat.keras3.formats.exported import Exported
from tf1compat.keras3.formats.libraries import LITERT, needing
from tf1compat.keras3.formats.programs._held_model import HeldModel, held
from tf1compat.keras3.formats.programs._trying import Tried, require_near, tried
from tf1compat.keras3.formats.programs._unconverted import UnsizedError, not_converted
from tf1compat.keras3.formats.programs.program import Program, in_batches
from tf1compat.keras3.formats.programs.served_model import in_order, ordered_outputs, signature_of
from tf1compat.keras3.formats.weight_values import ReadWeight, manifest_of
from tf1compat.keras3.index.model_index import ModelIndex
from tf1compat.names.first_line import first_line
from tf1compat.stopping import contained

__all__ = ["ALLOWED", "read_tflite", "tflite_program", "write_tflite"]

ALLOWED = {"none": 1e-4, "float16": 1e-2, "dynamic": 0.1, "int8": 0.25}
"""By quantization, the largest relative error of an output that isn't refused."""

_MEMBER = "tf1compat.manifest.json"
_MODEL = "model"
_END = b"PK\x05\x06"


@dataclasses.dataclass(frozen=True)
class Conversion:
    """What a TFLite file is to be.

    Attributes:
      quantize: ``none``, ``dynamic``, ``float16`` or ``int8``.
      representative: an ``.npz`` file of inputs; needed for ``int8``.
      max_error: largest relative error of an output; 0 for that of :data:`ALLOWED`.
    """

    quantize: str = "none"
    representative: str = ""
    max_error: float = 0.0


def write_tflite(
    index: ModelIndex, path: str, read: ReadWeight, *, conversion: Conversion
) -> Manifest:
    """Writes a file; see :func:`~tf1compat.keras3.export_weights`. All values are in memory."""
    _interpreters()
    allowed = conversion.max_error or ALLOWED[conversion.quantize]
    with (
        held(index, read) as model,
        scratch_folder() as scratch,
        staged_file(path) as staged,
    ):
        try:
            signature, before, data = _made(model, os.path.join(scratch, "any"), conversion)
        except UnsizedError:
            if model.batch is None:
                raise
            where = os.path.join(scratch, "own")
            signature, before, data = _made(model, where, conversion, batch="own")
        with open(staged, "xb") as file:
            file.write(data)
        program = tflite_program(staged, inputs=list(signature.inputs))
        found = before.beside(program)
        require_near(found.deviations, allowed, path=destination(staged))
        told = {
            "quantize": conversion.quantize,
            "max_error": allowed,
            "inputs": list(signature.inputs),
            "errors": [one.record() for one in found.deviations],
        }
        manifest = manifest_of(model.digests, read, {_MODEL: hashlib.sha256(data).hexdigest()})
        manifest = dataclasses.replace(manifest, notes={**manifest.notes, "tflite": told})
        _append(staged, manifest)
        return manifest


def _made(
    model: HeldModel, folder: str, conversion: Conversion, *, batch: str = "any"
) -> tuple[Program, Tried, bytes]:
    """Returns a model's signature, how that was tried, and what TensorFlow converts it to."""
    model.export(folder, batch=batch)
    signature = signature_of(folder, inputs=model.inputs)
    before = tried(model, signature, representative=conversion.representative)
    return signature, before, _converted(folder, conversion, before.inputs, model)


def read_tflite(path: str) -> Exported:
    """Opens a file; weights can't be read of it, only what they were when it was written."""
    manifest = _manifest_in(path)

    def damaged() -> list[Problem]:
        written = manifest.parts.get(_MODEL) if manifest else None
        found = hashlib.sha256(_model_bytes(path)).hexdigest()
        return [Problem(path, f"SHA-256 {written}", found)] if written not in (None, found) else []

    return Exported(path, {}, manifest=manifest, named={}, members=damaged)


def tflite_program(path: str, *, inputs: Sequence[str] = ()) -> Program:
    """Returns what a TFLite file computes, run by LiteRT.

    Args:
      path: of the file.
      inputs: what its inputs are called, in the model's order; by default as its manifest says.

    Raises:
      UsageError: LiteRT isn't installed.
      OutputError: it is no such file.
    """
    interpreter = _interpreters()
    if not inputs and (manifest := _manifest_in(path)) is not None:
        inputs = manifest.notes.get("tflite", {}).get("inputs", ())
    try:
        with contained(), stderr_aside():  # where LiteRT tells of its delegate
            made = interpreter(model_content=_model_bytes(path))
            made.allocate_tensors()
            (key,) = made.get_signature_list()
            runner = made.get_signature_runner(key)
    except Exception as error:
        raise OutputError(
            f"{path}: expected a TFLite file with one signature, found {first_line(error)}"
        ) from error
    details, outputs = runner.get_input_details(), runner.get_output_details()
    names = ordered_outputs(outputs)
    taken = list(inputs) if set(inputs) == set(details) else in_order(details)
    specs = {name: _Spec(details[name]) for name in taken}

    def run(given: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        found = runner(**{name: given[name] for name in specs})
        return [found[name] for name in names]

    return Program(specs, tuple(names), in_batches(run, specs))


class _Spec:
    """What takes an input: -1 in the shape's signature is any size."""

    def __init__(self, details: Mapping[str, Any]) -> None:
        sizes = details["shape_signature"]
        self.shape = tuple(None if size == -1 else int(size) for size in sizes)
        self.dtype = np.dtype(details["dtype"])


def _interpreters() -> Any:
    with needing(LITERT):
        from ai_edge_litert.interpreter import Interpreter

        return Interpreter


def _converted(
    folder: str, conversion: Conversion, inputs: Mapping[str, np.ndarray], model: HeldModel
) -> bytes:
    """Returns the bytes of the TFLite model of a SavedModel."""
    import tensorflow as tf

    lite = tf.lite
    converter = lite.TFLiteConverter.from_saved_model(folder)
    if conversion.quantize != "none":
        converter.optimizations = [lite.Optimize.DEFAULT]
    if conversion.quantize == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if conversion.quantize == "int8":
        converter.target_spec.supported_ops = [lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.representative_dataset = lambda: _rows(inputs, model.batch or 1)
    try:
        # MLIR prints why it can't, which the error says, and where another way is tried then
        with contained(), contextlib.redirect_stderr(io.StringIO()), stderr_aside():
            data: bytes = converter.convert()
            return data
    except Exception as error:
        raise not_converted(error, model.index, conversion.quantize) from error


def _rows(inputs: Mapping[str, np.ndarray], size: int) -> Iterator[dict[str, np.ndarray]]:
    """Yields the rows of recorded inputs in batches of a size."""
    for row in range(0, len(next(iter(inputs.values()))), size):
        yield {name: value[row : row + size] for name, value in inputs.items()}


def _append(path: str, manifest: Manifest) -> None:
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(_MEMBER, manifest.to_json())


def _manifest_in(path: str) -> Manifest | None:
    """Returns the manifest behind a model; None where there is none."""
    with open_regular(path) as file:
        size = min(file.size, 1 << 16)
        if _END not in file.read(file.size - size, size):
            return None
    with open_archive(path) as archive:
        if _MEMBER not in archive.namelist():
            return None
        return Manifest.from_json(member_bytes(archive, _MEMBER).decode())


def _model_bytes(path: str) -> bytes:
    """Returns a model without what is behind it."""
    with open_regular(path) as file:
        data = bytes(file.read(0, file.size))
    if _manifest_in(path) is None:
        return data
    with open_archive(path) as archive:
        return data[: min(one.header_offset for one in archive.infolist())]
