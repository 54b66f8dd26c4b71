"""Histograms: the picture is a picture, and TensorBoard's own reader reads the events."""

import sys

import numpy as np
import pytest
import tensorflow as tf

from tf1compat.errors import OutputError, UsageError
from tf1compat.graph import plot_histograms, write_histogram_summaries
from tf1compat.testing import assert_arrays_close

v1 = tf.compat.v1
image = pytest.importorskip("matplotlib.image")  # of the [plots] extra


def values():
    rng = np.random.default_rng(0)
    broken = rng.normal(size=[10, 10])
    broken[0] = np.nan
    return {
        "net/kernel": rng.normal(size=[30, 30]).astype(np.float32),
        "broken": broken,
        "all_nan": np.full([3], np.nan),
        "zeros": np.zeros([4]),
        "scalar": np.int64(3),
        "close": np.array([1e16, 1e16 + 2]),
        "half": np.ones([2], tf.bfloat16.as_numpy_dtype),
    }


def test_png_has_the_panels(tmp_path):
    path = tmp_path / "h.png"
    plot_histograms(values(), path, title="Weights")
    many = image.imread(path)
    assert path.read_bytes().startswith(b"\x89PNG\r\n")
    plot_histograms({"one": np.arange(9.0)}, path)
    one = image.imread(path)
    assert_arrays_close(many.shape[1], 4 * one.shape[1], atol=4)
    assert len(np.unique(one.reshape(-1, one.shape[2]), axis=0)) > 10  # something is drawn


def bars(path, red, green, blue):
    pixels = np.round(image.imread(path)[..., :3] * 255)
    return int(np.all(pixels == (red, green, blue), axis=-1).sum())


def test_what_is_not_finite_is_said_in_red(tmp_path):
    path = tmp_path / "h.png"
    plot_histograms({"x": np.arange(9.0)}, path)
    assert (bars(path, 0xB3, 0x26, 0x1E), bars(path, 0x3B, 0x6E, 0xA8) > 500) == (0, True)
    plot_histograms({"x": np.array([np.nan, 1.0])}, path)
    assert bars(path, 0xB3, 0x26, 0x1E) > 0


def test_wrong_uses(tmp_path, monkeypatch):
    with pytest.raises(UsageError, match=r"ends in \.png"):
        plot_histograms(values(), tmp_path / "h.jpg")
    with pytest.raises(UsageError, match="found 0 and 50"):
        plot_histograms({}, tmp_path / "h.png")
    with pytest.raises(OutputError, match=r"h\.png: can't be written, .*none is not a directory"):
        plot_histograms(values(), tmp_path / "none" / "h.png")
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(UsageError, match=r"pip install tf1compat\[plots\]"):
        plot_histograms(values(), tmp_path / "h.png")
    assert list(tmp_path.iterdir()) == []


def test_summaries_read_back(tmp_path):
    write_histogram_summaries(values(), tmp_path, step=7)
    (events,) = tmp_path.iterdir()
    found = {}
    for event in v1.train.summary_iterator(str(events)):
        for value in event.summary.value:
            assert event.step == 7
            found[value.tag] = value.histo
    assert set(found) == set(values())
    kernel = values()["net/kernel"].astype(np.float64)
    histogram = found["net/kernel"]
    assert (histogram.num, sum(histogram.bucket)) == (900, 900)
    assert (histogram.min, histogram.max) == (kernel.min(), kernel.max())
    assert_arrays_close(histogram.sum, kernel.sum(), rtol=1e-6)
    assert_arrays_close(histogram.sum_squares, (kernel**2).sum(), rtol=1e-6)
    below = np.searchsorted(np.sort(kernel.ravel()), histogram.bucket_limit[29], side="right")
    assert_arrays_close(sum(histogram.bucket[:30]), below, atol=1)
    assert found["all_nan"].num == 0
    assert found["broken"].num == 90
