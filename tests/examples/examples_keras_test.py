"""Every example of Keras models runs at toy size and says what it should."""

import pathlib
import re

import pytest

HERE = pathlib.Path(__file__).parent


def test_every_example_is_tested():
    tests = "".join(path.read_text(encoding="utf-8") for path in HERE.glob("*_test.py"))
    tested = set(re.findall(r'run\("(\w+)"', tests))
    assert tested == {path.stem for path in (HERE.parents[1] / "examples").glob("*.py")}


def test_reading(run):
    text = run("keras_reading")
    assert "8 in all: 225 parameters, 900 bytes; 6 trained, with 193 parameters" in text
    assert "Kernels: encoder/wide/kernel score/kernel" in text
    assert "Not trained: encoder/norm/moving_mean encoder/norm/moving_variance" in text
    assert "the layer's own: True" in text


def test_changing_values(run):
    text = run("keras_changing_values")
    assert "ones and twos: [1. 1. 1.] [2. 2. 2.]" in text
    assert "by position: [2. 2. 2.] [1. 1. 1.]" in text
    assert "hidden/bias: expected float32[3], found float64[4]" in text
    assert "unchanged: [2. 2. 2.] [1. 1. 1.]" in text


def test_freezing(run):
    text = run("keras_freezing", "--steps=5")
    assert "held: encoder/norm/moving_mean, encoder/norm/moving_variance" in text
    moved = dict(re.findall(r"([\w/]+): moved by up to ([\d.]+)", text))
    assert {by for name, by in moved.items() if name.startswith("encoder/")} == {"0.0000"}
    assert float(moved["head/kernel"]) > 3 * float(moved["top/kernel"]) > 0
    assert "encoder/norm/moving_mean" in text.partition("moved now: ")[2].split()


def test_health(run, tmp_path):
    text = run("keras_health", f"--directory={tmp_path}")
    assert text.startswith("all of 4 weights are finite\n")
    assert "hidden/kernel: 1 NaN and 2 infinite of 32 elements" in text
    assert (tmp_path / "weights.png").stat().st_size > 1000


def test_transfer(run):
    text = run("keras_transfer")
    assert "put the head for animals into the one for plants: True" in text
    assert text.count("2 sources outside left behind, 2 targets outside kept") == 2
    assert "plants/kernel kept  (outside of backbone, which alone is migrated)" in text
    assert "encoder/two/kernel: expected a target for kernel" in text


@pytest.mark.slow
def test_backbone_to_tflite(run, tmp_path):
    text = run("keras_backbone_to_tflite", "--steps=12", f"--output={tmp_path / 'm.tflite'}")
    assert "8 filled, 2 kept" in text
    assert "2 sources outside left behind, 2 targets outside kept" in text
    assert "Held: backbone/first_norm/moving_mean backbone/first_norm/moving_variance" in text
    assert "the backbone stayed: True" in text
    first, last = map(float, re.findall(r"accuracy ([\d.]+), then ([\d.]+)", text)[0])
    assert last > first
    (off,) = map(float, re.findall(r"outputs within ([\d.]+)%", text))
    assert off < 5
    assert (tmp_path / "m.tflite").read_bytes()[4:8] == b"TFL3"
