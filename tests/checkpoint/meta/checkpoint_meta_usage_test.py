"""How graphs of 1.x use their variables, in the vocabulary that Keras' are read in too."""

import pytest
import tensorflow as tf

from tf1compat.checkpoint import read_meta
from tf1compat.checkpoint.meta.usage import read_usage
from tf1compat.checkpoint.meta.using import CANDIDATE, FORGET, INPUT, OUTPUT, RESET, UPDATE, Use
from tf1compat.graph import rnn_cell

v1 = tf.compat.v1
GOLDENS = "tests/goldens"


@pytest.fixture
def usage_of(tmp_path):
    def read(build, *, resource=True):
        path = str(tmp_path / "graph.meta")
        with tf.Graph().as_default(), v1.variable_scope("", use_resource=resource):
            build()
            v1.train.export_meta_graph(path)
        return read_meta(path).uses.by_variable

    return read


def variable(name, shape):
    return v1.get_variable(name, shape, initializer=v1.ones_initializer())


def placeholder(*shape, dtype=tf.float32):
    return v1.placeholder(dtype, shape)


def only(uses):
    (use,) = uses
    return use


def quantized(w):
    return tf.quantization.fake_quant_with_min_max_vars(w, -1.0, 1.0)


def sparse():
    return tf.sparse.SparseTensor([[0, 0]], [1.0], [2, 4])


PRODUCTS = {
    "plain": (lambda x, w: x @ w, [4, 3], ("in", "out")),
    "transpose_b": (lambda x, w: tf.matmul(x, w, transpose_b=True), [3, 4], ("out", "in")),
    "transposed": (lambda x, w: x @ tf.transpose(w), [3, 4], ("out", "in")),
    "twice": (lambda x, w: tf.matmul(x, tf.transpose(w), transpose_b=True), [4, 3], ("in", "out")),
    "from_the_left": (lambda x, w: tf.matmul(w, x, transpose_b=True), [3, 4], ("out", "in")),
    "reshaped": (lambda x, w: x @ tf.reshape(w, [4, -1]), [4, 3, 2], ("in", "out", "out")),
    "with_a_one": (lambda x, w: x @ tf.reshape(w, [-1, 3]), [1, 4, 3], ("", "in", "out")),
    "squeezed": (lambda x, w: x @ tf.squeeze(w, [0, 1]), [1, 1, 4, 3], ("", "", "in", "out")),
    "cast": (lambda x, w: x @ tf.cast(tf.identity(w), tf.float32), [4, 3], ("in", "out")),
    "quantized": (lambda x, w: x @ quantized(w), [4, 3], ("in", "out")),
    "einsum": (lambda x, w: tf.einsum("bi,oi->bo", x, w), [3, 4], ("out", "in")),
    "backwards": (lambda x, w: x @ w[::-1], [4, 3], ("-in", "out")),
    "reversed": (lambda x, w: x @ tf.reverse(w, [-1]), [4, 3], ("in", "-out")),
    "there and back": (lambda x, w: x @ tf.reverse(w[:, ::-1], [1]), [4, 3], ("in", "out")),
    "sliced": (lambda x, w: x @ tf.slice(w, [0, 1], [-1, 3]), [4, 6], ("in", "out")),
    "sparse": (lambda x, w: tf.sparse.sparse_dense_matmul(sparse(), w), [4, 3], ("in", "out")),
    "scrambled": (lambda x, w: x @ tf.reshape(w, [4, 3]), [3, 4], ()),
}


@pytest.mark.parametrize("resource", [False, True])
@pytest.mark.parametrize("case", PRODUCTS)
def test_axes_of_a_product_through_what_moves_them(case, resource, usage_of):
    product, shape, axes = PRODUCTS[case]
    build = lambda: product(placeholder(2, 4), variable("w", shape))  # noqa: E731
    use = only(usage_of(build, resource=resource)["w"])
    assert (use.kind, use.axes, use.role) == ("product", axes, "kernel")


def test_parts_of_a_partitioned_kernel_are_used_as_the_whole(usage_of):
    def build():
        with v1.variable_scope("fc", partitioner=v1.fixed_size_partitioner(2)):
            whole = tf.convert_to_tensor(v1.get_variable("kernel", [6, 4]))
        tf.matmul(placeholder(2, 4), tf.transpose(whole))

    assert only(usage_of(build)["fc/kernel"]).axes == ("out", "in")


def spaced(data_format, strides, dilations, padding):
    return {
        "data_format": data_format,
        "strides": strides,
        "dilations": dilations,
        "padding": padding,
    }


def test_convolutions(usage_of):
    def build():
        image, line = placeholder(2, 8, 8, 3), placeholder(2, 8, 3)
        tf.nn.conv2d(image, variable("c2", [3, 3, 3, 4]), strides=2, padding="SAME")
        first = placeholder(2, 3, 8, 8)
        tf.nn.conv2d(first, variable("first", [3, 3, 3, 4]), 1, "VALID", data_format="NCHW")
        v1.nn.conv1d(line, variable("c1", [3, 3, 4]), stride=2, padding="SAME")
        v1.nn.convolution(image, variable("atrous", [3, 3, 3, 4]), "SAME", dilation_rate=[2, 2])
        v1.nn.depthwise_conv2d(image, variable("dw", [3, 3, 3, 2]), [1, 1, 1, 1], "SAME")
        tf.nn.conv2d_transpose(image, variable("up", [3, 3, 5, 3]), [2, 16, 16, 5], 2)

    found = {name: only(uses) for name, uses in usage_of(build).items()}
    spaces = ("space0", "space1")
    assert {name: (use.kind, use.axes) for name, use in found.items()} == {
        "c2": ("convolution", (*spaces, "in", "out")),
        "first": ("convolution", (*spaces, "in", "out")),
        "c1": ("convolution", ("space0", "in", "out")),
        "atrous": ("convolution", (*spaces, "in", "out")),
        "dw": ("depthwise", (*spaces, "in", "multiplier")),
        "up": ("transposed_convolution", (*spaces, "out", "in")),
    }
    assert {name: use.facts for name, use in found.items()} == {
        "c2": spaced("channels_last", (2, 2), (1, 1), "SAME"),
        "first": spaced("channels_first", (1, 1), (1, 1), "VALID"),
        "c1": spaced("channels_last", (2,), (1,), "SAME"),
        "atrous": spaced("channels_last", (1, 1), (2, 2), "SAME"),
        "dw": spaced("channels_last", (1, 1), (1, 1), "SAME"),
        "up": spaced("channels_last", (2, 2), (1, 1), "SAME"),
    }


def test_tables_and_what_they_are_tied_to(usage_of):
    def build():
        ids = placeholder(None, dtype=tf.int32)
        table, small = variable("table", [7, 4]), variable("small", [3, 4])
        tf.matmul(tf.nn.embedding_lookup(table, ids), table, transpose_b=True)
        tf.matmul(tf.one_hot(ids, 3), small)

    found = usage_of(build)
    both = {(use.kind, use.axes) for use in found["table"]}
    assert both == {("lookup", ("row", "column")), ("product", ("out", "in"))}
    assert only(found["small"]).axes == ("row", "column")


@pytest.mark.parametrize("fused", [False, True])
def test_norms_and_their_epsilon(fused, usage_of):
    def build():
        x = placeholder(2, 4, 4, 3)
        mean, variance, beta, gamma = (variable(n, [3]) for n in ("m", "v", "b", "g"))
        if fused:
            v1.nn.fused_batch_norm(x, gamma, beta, mean, variance, 0.002, is_training=False)
        else:
            tf.nn.batch_normalization(x, mean, variance, beta, gamma, 0.002)

    found = {name: only(uses) for name, uses in usage_of(build).items()}
    roles = {"m": "moving_mean", "v": "moving_variance", "b": "beta", "g": "gamma"}
    assert {name: use.role for name, use in found.items()} == roles
    assert {use.facts["epsilon"] for use in found.values()} == {0.002}


def test_training_is_no_use(usage_of):
    def build():
        w = variable("w", [4, 3])
        y = placeholder(2, 4) @ w
        step = v1.train.AdamOptimizer().minimize(tf.reduce_mean(y**2) + tf.nn.l2_loss(w))
        with tf.control_dependencies([step]):
            v1.train.ExponentialMovingAverage(0.9).apply([w])

    found = usage_of(build)
    assert only(found.pop("w")).kind == "product"
    assert [name for name, uses in found.items() if uses] == []


CELLS = {
    "lstm": (rnn_cell.BasicLSTMCell, "basic_lstm_cell/", (INPUT, CANDIDATE, FORGET, OUTPUT)),
    "block": (rnn_cell.LSTMBlockCell, "lstm_cell/", (INPUT, CANDIDATE, FORGET, OUTPUT)),
    "gru": (rnn_cell.GRUCell, "gru_cell/gates/", (RESET, UPDATE)),
}


@pytest.mark.parametrize("loops", ["v1", "v2"])
@pytest.mark.parametrize("case", CELLS)
def test_gates_in_loops_of_both_kinds(case, loops, usage_of):
    cell, scope, gates = CELLS[case]

    def build():
        cell_of_3 = cell(3)
        v1.nn.dynamic_rnn(cell_of_3, placeholder(2, 5, 4), dtype=tf.float32)

    (v1.disable_control_flow_v2 if loops == "v1" else v1.enable_control_flow_v2)()
    try:
        found = usage_of(build)
    finally:
        v1.enable_control_flow_v2()
    assert only(found[f"rnn/{scope}kernel"]).gates == gates
    bias = only(found[f"rnn/{scope}bias"])
    assert bias.gates == gates
    assert bias.facts.get("forget_bias") == (1.0 if FORGET in gates else None)


def test_a_cell_in_branches_is_found(tmp_path):
    """As static_rnn has it with sequence_length: each step is in a branch of its own."""
    path = str(tmp_path / "graph.meta")
    v1.disable_control_flow_v2()
    try:
        with tf.Graph().as_default():
            steps = [placeholder(2, 4) for _ in range(2)]
            lengths = placeholder(2, dtype=tf.int32)
            cell = rnn_cell.BasicLSTMCell(3)
            v1.nn.static_rnn(cell, steps, dtype=tf.float32, sequence_length=lengths)
            v1.train.export_meta_graph(path)
    finally:
        v1.enable_control_flow_v2()
    (gates,) = read_meta(path).uses.lstm.values()
    assert (gates.bias, gates.forget_bias) == ("rnn/basic_lstm_cell/bias", 1.0)


def test_peepholes_are_none_of_the_gates_that_keras_has(usage_of):
    def build():
        cell = rnn_cell.LSTMCell(3, use_peepholes=True)
        v1.nn.dynamic_rnn(cell, placeholder(2, 5, 4), dtype=tf.float32)

    assert only(usage_of(build)["rnn/lstm_cell/kernel"]).gates == ()


@pytest.mark.parametrize("loops", ["v1", "v2"])
@pytest.mark.parametrize(
    ("cell", "vector"),
    [
        (lambda: rnn_cell.LSTMCell(3, use_peepholes=True, forget_bias=0.25), "w_f_diag"),
        (lambda: rnn_cell.LayerNormBasicLSTMCell(3, forget_bias=0.25), "forget/beta"),
    ],
)
def test_what_else_is_added_to_the_gate_that_a_vector_is_part_of(cell, vector, loops, tmp_path):
    path = str(tmp_path / "graph.meta")
    (v1.disable_control_flow_v2 if loops == "v1" else v1.enable_control_flow_v2)()
    try:
        with tf.Graph().as_default():
            v1.nn.dynamic_rnn(cell(), placeholder(2, 5, 4), dtype=tf.float32)
            v1.train.export_meta_graph(path)
    finally:
        v1.enable_control_flow_v2()
    constants = read_meta(path).uses.gate_constants
    found = {name.rpartition("_cell/")[2]: added for name, added in constants.items()}
    assert found.pop(vector) == 0.25
    found.pop("forget/gamma", None)  # of the same gate
    assert found.keys() & {"w_i_diag", "input/beta"}
    assert set(found.values()) == {0.0}


def test_an_update_gate_that_is_used_the_other_way_round_is_none(usage_of):
    def build():
        x, h = placeholder(2, 4), placeholder(2, 3)
        z, c = tf.split(x @ variable("kernel", [4, 6]), 2, axis=1)
        z = tf.sigmoid(z)
        tf.identity(z * tf.tanh(c) + (1.0 - z) * h)

    assert only(usage_of(build)["kernel"]).gates == ()


@pytest.mark.parametrize("loops", ["v1", "v2"])
def test_branches_and_called_functions(loops, usage_of):
    @tf.function(autograph=False)
    def called(x, w):
        return tf.matmul(x, w, transpose_b=True)

    def build():
        x, w, u = placeholder(2, 4), variable("w", [3, 4]), variable("u", [4, 3])
        called(x, w)
        v1.cond(placeholder(dtype=tf.bool), lambda: x @ u, lambda: 2 * (x @ u))

    (v1.disable_control_flow_v2 if loops == "v1" else v1.enable_control_flow_v2)()
    try:
        found = usage_of(build)
    finally:
        v1.enable_control_flow_v2()
    assert only(found["w"]).axes == ("out", "in")
    assert only(found["u"]).axes == ("in", "out")


def test_what_an_opaque_op_does_is_not_guessed(usage_of):
    def build():
        w = variable("w", [4, 4])
        tf.linalg.inv(w)

    assert only(usage_of(build)["w"]) == Use("other", "MatrixInverse", 0)


def test_graphs_of_1_15(pytestconfig):
    """As TensorFlow 1.15.5 wrote them."""
    folder = pytestconfig.rootpath / GOLDENS
    bert = read_meta(folder / "bert" / "model.ckpt").uses.by_variable
    assert {use.kind for use in bert["bert/embeddings/word_embeddings"]} == {"lookup", "product"}
    assert only(bert["cls/seq_relationship/output_weights"]).axes == ("out", "in")
    query = only(bert["bert/encoder/layer_0/attention/self/query/kernel"])
    assert (query.axes, [move.op for move in query.moves]) == (
        ("in", "out"),
        ["transpose", "reshape"],
    )
    gamma = only(bert["bert/encoder/layer_0/output/LayerNorm/gamma"])
    assert (gamma.role, gamma.facts["epsilon"]) == ("gamma", 1e-12)
    assert [name for name, uses in bert.items() if "adam" in name and uses] == []
    slim = read_meta(folder / "slim_mobilenet" / "model.ckpt").uses.by_variable
    assert only(slim["TinyMobilenet/Conv2d_2_depthwise/depthwise_weights"]).facts == spaced(
        "channels_last", (2, 2), (1, 1), "SAME"
    )


def test_a_graph_by_the_names_of_placeholders():
    with tf.Graph().as_default() as graph:
        tf.identity(
            v1.placeholder(tf.float32, [2, 4], "x") @ v1.placeholder(tf.float32, [4, 3], "w")
        )
    data = graph.as_graph_def().SerializeToString()
    assert only(read_usage(data, {"w": "mine"})["mine"]).axes == ("in", "out")
