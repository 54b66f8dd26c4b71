"""Models that TFLite doesn't take: the layer, why, and what to do, for what MLIR says."""

import keras
import numpy as np
import pytest

from tf1compat.errors import ModelError
from tf1compat.keras3 import export_weights, index_model
from tf1compat.keras3.formats import OUTPUT_FORMATS
from tf1compat.keras3.formats.options import configured
from tf1compat.keras3.formats.output_formats import read_program
from tf1compat.keras3.formats.programs._unconverted import UnsizedError, not_converted
from tf1compat.testing import assert_arrays_close

L = keras.layers


def recurrent(rows=None):
    x = keras.Input((4, 2), batch_size=rows, name="x")
    both = L.Bidirectional(L.GRU(3, name="reads"), name="both")
    return keras.Model(x, L.Dense(2, name="scores")(both(x)))


def one_way(rows=None):
    x = keras.Input((4, 2), batch_size=rows, name="x")
    return keras.Model(x, L.Dense(2, name="scores")(L.GRU(3, name="reads")(x)))


def half():
    x = keras.Input((4,), dtype="float16")
    return keras.Model(x, L.Dense(2, dtype="mixed_float16", name="scores")(x))


def said(op, node, text):
    """Returns what the converter of TensorFlow 2.21 raises."""
    inner = f'callsite(fused["{op}:", "{node}@__inference___call___533"] at callsite(fused['
    outer = '"StatefulPartitionedCall:", "StatefulPartitionedCall_1"]))'
    return RuntimeError(f"<unknown>:0: error: loc({inner}{outer}): {text}\n<unknown>:0: note: more")


LIST = "'tf.TensorListReserve' op requires element_shape to be static during TF Lite transformation"


@pytest.mark.parametrize(
    ("model", "error", "expected"),
    [
        (
            recurrent,
            said("TensorListReserve", "functional_1/both_1/forward_reads_1/TensorArrayV2_1", LIST),
            r"\(none\): forward_reads \(GRU\) computes in a loop, .*Input\(shape, batch_size=1",
        ),
        (
            half,
            said("MatMul", "functional_1/scores_1/MatMul", "'tf.MatMul' op is neither a custom op"),
            r"\(none\): scores \(Dense\) computes MatMul in float16 \(mixed_float16\), .* float",
        ),
        (
            recurrent,
            said("Angle", "functional_1/scores_1/Angle", "'tf.Angle' op is neither a custom op"),
            r"\(none\): scores \(Dense\): 'tf.Angle' op is neither a custom op$",
        ),
        (recurrent, RuntimeError("something\nelse"), r"to TFLite \(none\): something$"),
    ],
)
def test_the_layer_is_named_with_what_to_do(model, error, expected):
    found = not_converted(error, index_model(model()), "none")
    with pytest.raises(ModelError, match=expected):
        raise found
    assert isinstance(found, UnsizedError) == (LIST in str(error))


@pytest.mark.slow
def test_a_loop_takes_batches_of_a_size_alone(tmp_path, capfd):
    """The size that the model's inputs say: several such batches are run one after the other."""

    def written(model, name, **options):
        index = index_model(model)
        rng = np.random.default_rng(7)
        weights = {path: one for path, one in index.items() if one.kind == "weight"}
        values = {path: rng.normal(size=one.shape).astype("f4") for path, one in weights.items()}
        path = tmp_path / name
        form = configured(OUTPUT_FORMATS["tflite"], options)
        export_weights(model, path, lambda one: values.get(one.path), output_format=form)
        for path_, value in values.items():
            index[path_].variable.assign(value)
        return read_program(str(path))

    with pytest.raises(ModelError, match=r"reads \(GRU\) computes in a loop"):
        written(one_way(), "free.tflite")
    x = np.random.default_rng(8).normal(size=(6, 4, 2)).astype("f4")
    np.savez(tmp_path / "in.npz", x=x)
    model = one_way(2)
    capfd.readouterr()
    program = written(model, "sized.tflite", representative=str(tmp_path / "in.npz"))
    assert list(program.inputs["x"].shape) == [2, 4, 2]
    assert not capfd.readouterr().err  # of the way that was tried before
    expected = np.concatenate([model.predict_on_batch(x[at : at + 2]) for at in (0, 2, 4)])
    assert_arrays_close(program.run({"x": x})[0], expected, atol=1e-5)
    with pytest.raises(ValueError, match="expected batches of 2 rows, found 3"):
        program.run({"x": x[:3]})
