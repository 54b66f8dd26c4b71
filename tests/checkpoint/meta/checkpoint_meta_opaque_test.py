"""What graphs tell of the variables that they run CuDNN with."""

import tensorflow as tf

from tf1compat.checkpoint import read_meta
from tf1compat.checkpoint.meta.graph_uses import OpaqueRecurrent

v1, raw = tf.compat.v1, tf.raw_ops


def test_a_graph_of_1_15_tells_the_stacks_of_its_layers():
    uses = read_meta("tests/goldens/cudnn_opaque/model.ckpt.meta").uses
    assert uses.opaque == {
        "cudnn_lstm/opaque_kernel": OpaqueRecurrent("lstm", 2, sizes=(2, 4, 3)),
        "cudnn_gru/opaque_kernel": OpaqueRecurrent("gru", 1, sizes=(2, 4, 3)),
    }


def test_a_graph_without_the_sizes_tells_what_it_runs(tmp_path):
    with tf.Graph().as_default():
        x, h = v1.placeholder(tf.float32, [4, 1, 3]), tf.zeros([1, 1, 4])
        params = v1.get_variable("net/p", [9], initializer=v1.zeros_initializer())
        raw.CudnnRNNV3(
            input=x,
            input_h=h,
            input_c=h,
            params=params,
            sequence_lengths=[4],
            rnn_mode="rnn_relu",
            input_mode="skip_input",
            num_proj=2,
        )
        v1.train.export_meta_graph(str(tmp_path / "m.meta"))
    told = OpaqueRecurrent("rnn_relu", 1, "skip_input", projected=True)
    assert read_meta(tmp_path / "m.meta").uses.opaque == {"net/p": told}
