"""Weights of ``tf.keras.layers.CuDNNGRU`` and ``CuDNNLSTM``: gates transposed, two biases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tf1compat.checkpoint import Entry
from tf1compat.migration.meaning.base import Part, Question, Reading, Source
from tf1compat.names.reasons import Kind

__all__ = ["Cudnn"]

_BY_SHAPE = Kind("cudnn_shape", "a bias of {biases} vectors for {gates} gates is CuDNN's alone")


_LAYERS = {3: "a GRU(reset_after=True) of its sizes", 4: "an LSTM of its sizes"}


class Cudnn(Reading):
    """Told by the bias: CuDNN has one for inputs and one for the state, in one vector."""

    name = "cudnn"
    kinds = (_BY_SHAPE,)

    def read(self, source: Source) -> Iterator[Part | Question]:
        for scope, held in source.by_scope.items():
            if {"kernel", "recurrent_kernel", "bias"} <= held.keys():
                yield from _parts(scope, held)


def _parts(scope: str, held: Mapping[str, Entry]) -> Iterator[Part]:
    kernel, recurrent, bias = (held[leaf] for leaf in ("kernel", "recurrent_kernel", "bias"))
    if len(recurrent.shape) != 2 or len(kernel.shape) != 2 or len(bias.shape) != 1:
        return
    units = recurrent.shape[0]
    gates = recurrent.shape[1] // units if units else 0
    if gates not in (3, 4) or bias.shape != (2 * gates * units,):
        return
    because = _BY_SHAPE.because(biases=2 * gates, gates=gates)
    for role, one in (("kernel", kernel), ("recurrent_kernel", recurrent)):
        layout = f"cudnn_blocks({gates})"
        yield Part(one.key, scope, role, one.shape, (one.key,), layout, _LAYERS[gates], because)
    # Keras' GRU keeps both biases apart with reset_after=True, which is CuDNN's arithmetic.
    layout = f"reshape(2, {gates * units})" if gates == 3 else "sum_halves"
    shape = (2, gates * units) if gates == 3 else (gates * units,)
    yield Part(bias.key, scope, "bias", shape, (bias.key,), layout, _LAYERS[gates], because)
