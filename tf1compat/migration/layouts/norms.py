"""Kernels that a graph computes of several variables: normalised weights, as it computes them.

Nothing gives their sources back, which have more numbers than the kernel has degrees of freedom.
They are computed in float64 and rounded once.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

from tf1compat.errors import LayoutError
from tf1compat.files.dtypes import numpy_dtype, resolution
from tf1compat.migration.layouts.layout import Layout, Piece, Spec

__all__ = ["SpectralNorm", "WeightNorm"]

_NO_SLOTS = (
    "its gradients are those of {sources}, and an optimizer's slots of these say nothing of the "
    "kernel: training goes on without them"
)


class _Normalised(Layout):
    """What both have in common: two sources, of floats of one dtype, that make a kernel."""

    joins = True
    computes = True

    def rounding(self, *sources: Spec) -> float:
        return 4 * resolution(sources[0].dtype)

    def for_slot(self, slot: Spec, variable: Spec) -> Layout:
        raise LayoutError(f"layout {self}: " + _NO_SLOTS.format(sources=self._words))

    def _pair(self, sources: Sequence[Spec]) -> tuple[Spec, Spec]:
        floats = len(sources) == 2 and len({s.dtype for s in sources}) == 1
        if not floats or not resolution(sources[0].dtype) or len(sources[0].shape) < 2:
            found = " and ".join(map(str, sources)) or "none"
            raise LayoutError(
                f"layout {self}: expected {self._words}, in this order, of floats of one dtype, "
                f"the first of two axes or more, found {found}"
            )
        return sources[0], sources[1]

    _words = "two sources"


@dataclasses.dataclass(frozen=True)
class WeightNorm(_Normalised):
    """``g * v / ||v||`` of the sources v and g, the norm over all axes but one.

    Salimans and Kingma 2016. `least` is the epsilon of ``tf.nn.l2_normalize``, below which the sum
    of squares doesn't go, `added` one that is added to the sum.
    """

    name = "weight_norm"
    _words = "v and g"

    axis: int = -1
    least: float = 0.0
    added_to_sum: float = 0.0

    def spec(self, *sources: Spec) -> Spec:
        v, g = self._pair(sources)
        rank = len(v.shape)
        if not -rank <= self.axis < rank:
            raise LayoutError(f"layout {self}: expected an axis of v, {v}, found {self.axis}")
        size = v.shape[self.axis]
        full = tuple(size if i == self.axis % rank else 1 for i in range(rank))
        if g.shape not in ((size,), full):
            raise LayoutError(
                f"layout {self}: expected g of shape {[size]}, or {list(full)}, for v, {v}, "
                f"found {g}"
            )
        return v

    def apply(self, *sources: np.ndarray) -> np.ndarray:
        v, g = (source.astype(np.float64) for source in sources)
        norms = self._norms(v)
        with np.errstate(divide="ignore", invalid="ignore"):  # 0 / 0 is NaN in the graph, too
            made = g.reshape(norms.shape) * (v / norms)
        return made.astype(sources[0].dtype)

    def invert(self, target: np.ndarray, *sources: Spec) -> tuple[Piece, ...]:
        """Returns the kernel as v and its norm as g: of all that make the kernel, the plainest."""
        g = self._norms(target.astype(np.float64)).reshape(sources[1].shape)
        return (Piece((), target), Piece((), g.astype(target.dtype)))

    def _norms(self, v: np.ndarray) -> np.ndarray:
        axes = tuple(i for i in range(v.ndim) if i != self.axis % v.ndim)
        sums = np.square(v).sum(axis=axes, keepdims=True)
        return np.sqrt(np.maximum(sums, self.least) + self.added_to_sum)


@dataclasses.dataclass(frozen=True)
class SpectralNorm(_Normalised):
    """``w / sigma`` of the sources w and u, sigma by steps of power iteration that begin with u.

    Miyato et al. 2018, as SNGANs have it: w is a matrix of rows and outputs; with u of [1, outputs]
    a step is ``v = u w^T / ||u w^T||``, ``u = v w / ||v w||``, and sigma is ``v w u^T``. With u of
    [rows, 1] it is the same of w's transpose. `epsilon` is added to the norms.
    """

    name = "spectral_norm"
    _words = "w and u"

    iterations: int = 1
    epsilon: float = 1e-12

    def __post_init__(self) -> None:
        if self.iterations < 1 or self.epsilon < 0:
            raise LayoutError(f"layout {self}: expected one step or more and an epsilon from 0")

    def spec(self, *sources: Spec) -> Spec:
        w, u = self._pair(sources)
        rows, outputs = math.prod(w.shape[:-1]), w.shape[-1]
        if u.shape not in ((1, outputs), (rows, 1)):
            raise LayoutError(
                f"layout {self}: expected u of shape {[1, outputs]}, or {[rows, 1]}, for w, {w}, "
                f"found {u}"
            )
        return w

    def apply(self, *sources: np.ndarray) -> np.ndarray:
        w, u = (source.astype(np.float64) for source in sources)
        matrix = w.reshape(-1, w.shape[-1])
        with np.errstate(divide="ignore", invalid="ignore"):  # 0 / 0 is NaN in the graph, too
            made = w / self._sigma(matrix if u.shape == (1, w.shape[-1]) else matrix.T, u)
        return made.astype(sources[0].dtype)

    def _sigma(self, matrix: np.ndarray, u: np.ndarray) -> float:
        u = u.reshape(-1)
        for _ in range(self.iterations):
            v = self._unit(matrix @ u)
            u = self._unit(v @ matrix)
        return float(v @ matrix @ u)

    def _unit(self, x: np.ndarray) -> np.ndarray:
        return x / (np.sqrt(np.square(x).sum()) + self.epsilon)

    def invert(self, target: np.ndarray, *sources: Spec) -> tuple[Piece, ...]:
        """Returns a kernel whose sigma is 1 as w, with the u that says so; no other has any.

        Raises:
          LayoutError: its sigma isn't 1, so that no w and u make it.
        """
        matrix = target.astype(np.float64).reshape(-1, target.shape[-1])
        outputs = sources[1].shape == (1, target.shape[-1])
        left, sigmas, right = np.linalg.svd(matrix, full_matrices=False)
        if not abs(sigmas[0] - 1) <= self.rounding(*sources):
            raise LayoutError(
                f"layout {self}: expected a kernel whose largest singular value is 1, since the "
                f"graph divides w by it, found {sigmas[0]:.6g}: no w and u make this kernel. Scale "
                "it and make up for that in the v1 graph, or leave it as it was"
            )
        u = right[0] if outputs else left[:, 0]
        dtype = numpy_dtype(sources[1].dtype)
        return (Piece((), target), Piece((), u.reshape(sources[1].shape).astype(dtype)))
