"""Histograms of arrays in one picture, by matplotlib."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from tf1compat.checkpoint.array_statistics import ArrayStatistics, array_statistics
from tf1compat.errors import UsageError
from tf1compat.files.staging import staged_file

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["bars", "plot_histograms"]

_COLUMNS = 4
_MOST = 60
_INK, _QUIET, _BAR, _WARNING = "#1f2933", "#7b8794", "#3b6ea8", "#b3261e"


def plot_histograms(
    values: Mapping[str, ArrayLike],
    path: str | os.PathLike[str],
    *,
    title: str = "",
    bins: int = 50,
) -> None:
    """Draws a histogram of each array into one PNG, small panels side by side.

    Each panel gives the name, mean, standard deviation and shape, and says in red how many
    elements are NaN or infinite; those are not in the bars.

    Args:
      values: arrays of numbers by name, at most 60: what ``Assigner.read`` returns, or gradients.
      path: the ``.png`` to write; replaced whole or not at all.
      title: written above all.
      bins: number of bars of a panel.

    Raises:
      UsageError: matplotlib isn't installed, `path` doesn't end in ``.png``, `bins` is less than
        1, or there are no arrays, or too many.
      OutputError: the file can't be written.
    """
    if not str(path).endswith(".png"):
        raise UsageError(f"{path}: expected a file name that ends in .png")
    if not 1 <= len(values) <= _MOST or bins < 1:
        raise UsageError(
            f"expected 1 to {_MOST} arrays and at least one bin, found {len(values)} and {bins}"
        )
    figure_class = _matplotlib()
    columns = min(_COLUMNS, len(values))
    rows = math.ceil(len(values) / columns)
    figure = figure_class(figsize=(3.4 * columns, 2.5 * rows + (0.5 if title else 0.1)), dpi=120)
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for axis, (name, value) in zip(axes, values.items(), strict=False):
        _draw(axis, name, np.asarray(value), bins=bins)
    for axis in axes[len(values) :]:
        axis.set_visible(False)
    if title:
        figure.suptitle(title, color=_INK, fontsize=12, x=0.01, ha="left")
    figure.set_layout_engine("constrained")
    with staged_file(path) as staged:
        figure.savefig(staged, format="png", facecolor="white")


def bars(finite: np.ndarray, bins: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns counts and edges; one bar where the range is too narrow or too wide to divide."""
    try:
        return np.histogram(finite, bins=bins)
    except ValueError:
        low, high = np.nextafter(finite.min(), -np.inf), np.nextafter(finite.max(), np.inf)
        return np.array([finite.size]), np.array([low, high])


def _matplotlib() -> Any:
    try:
        from matplotlib.figure import Figure  # no backend, no state shared with the caller's plots
    except ImportError as error:
        raise UsageError(
            "drawing needs matplotlib, which isn't installed; run `pip install tf1compat[plots]`"
        ) from error
    return Figure


def _draw(axis: Any, name: str, value: np.ndarray, *, bins: int) -> None:
    found = array_statistics(value)
    wide = np.abs(value) if value.dtype.kind == "c" else value.astype(np.float64)
    finite = wide[np.isfinite(wide)]
    if finite.size:
        counts, edges = bars(finite, bins)
        axis.stairs(counts, edges, fill=True, color=_BAR)
    axis.set_title(_shortened(name), fontsize=8.5, color=_INK, loc="left", pad=16)
    axis.text(
        0, 1.02, _caption(found, value.shape), transform=axis.transAxes, fontsize=7, color=_QUIET
    )
    broken = _broken(found)
    if broken:
        axis.text(
            0.98,
            0.95,
            broken,
            transform=axis.transAxes,
            fontsize=7.5,
            color=_WARNING,
            ha="right",
            va="top",
        )
    axis.tick_params(labelsize=7, colors=_QUIET, length=2)
    axis.locator_params(axis="x", nbins=5)
    axis.locator_params(axis="y", nbins=4, integer=True)
    if not finite.size:
        axis.set_xticks([])
        axis.set_yticks([])
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axis.spines[side].set_color("#cbd2d9")


def _caption(found: ArrayStatistics, shape: tuple[int, ...]) -> str:
    sizes = "×".join(map(str, shape)) or "scalar"
    return f"mean {found.mean:.3g}   std {found.std:.3g}   {sizes}"


def _broken(found: ArrayStatistics) -> str:
    parts = [
        f"{count:,} {what}"
        for count, what in ((found.nans, "NaN"), (found.infinities, "infinite"))
        if count
    ]
    return ", ".join(parts)


def _shortened(name: str) -> str:
    """Returns the last components of `name` that fit over a panel."""
    if len(name) <= 40:
        return name
    components = name.split("/")
    while len(components) > 1 and len("/".join(components)) > 38:
        del components[0]
    return "…/" + "/".join(components)[-38:]
