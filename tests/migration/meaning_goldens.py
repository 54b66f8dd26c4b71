"""Goldens of what variables mean, and the models that have to compute the same."""

import dataclasses
import pathlib
import re
from collections.abc import Callable, Mapping

import keras

from tf1compat.keras3 import index_model
from tf1compat.migration import Assumptions
from tf1compat.migration.meaning import NOTHING
from tf1compat.names import Rule

GOLDENS = pathlib.Path(__file__).parents[1] / "goldens" / "meanings"
L = keras.layers
WORDS, SIZE = 11, 3
IMAGE, TURNED = (4, 5, 2), (2, 4, 5)
STEPS, WIDTH, HEADS = 5, 6, 2
LAYERS = 3


@dataclasses.dataclass(frozen=True)
class Golden:
    """What a golden has to become.

    Attributes:
      shape: of an input, without the batch.
      layers: what makes the layers of the model.
      layouts: by a pattern of targets, the layout of their fills; others stay as they are.
      assume: what has to be said without a graph.
      rules: what else has to be said without a graph.
      question: what asks for that, where it isn't said; "" where nothing does.
      folder: the golden's, if it isn't the name.
      unreached: weights whose gradient is zero whatever they are.
    """

    shape: tuple[int, ...]
    layers: Callable[[], list]
    layouts: Mapping[str, str] = dataclasses.field(default_factory=dict)
    assume: Assumptions = NOTHING
    rules: tuple[Rule, ...] = ()
    question: str = ""
    folder: str = ""
    unreached: frozenset[str] = frozenset()

    def model(self):
        dtype = "float32" if self.shape else "int32"
        x = h = keras.Input(self.shape, dtype=dtype, name="x")
        for layer in self.layers():
            h = layer(h)
        return index_model(keras.Model(x, h))

    def layout(self, target):
        found = (one for name, one in self.layouts.items() if re.fullmatch(name, target))
        return next(found, "identity")


def attention(x):
    """Returns attention of a sequence to itself."""
    return L.MultiHeadAttention(HEADS, WIDTH // HEADS, name="attention")(x, x)


class SplitAttention(L.Layer):
    """The same of dense layers, as they were written by hand."""

    def build(self, shape):
        self.parts = {n: L.Dense(WIDTH, name=n) for n in ("query", "key", "value", "projection")}
        for layer in self.parts.values():
            layer.build(shape)

    def call(self, x):
        ops = keras.ops
        q, k, v = (self._heads(self.parts[n](x)) for n in ("query", "key", "value"))
        scores = ops.softmax(ops.matmul(q, ops.swapaxes(k, 2, 3)) * (WIDTH // HEADS) ** -0.5)
        mixed = ops.transpose(ops.matmul(scores, v), (0, 2, 1, 3))
        return self.parts["projection"](ops.reshape(mixed, (-1, STEPS, WIDTH)))

    def _heads(self, x):
        parts = keras.ops.reshape(x, (-1, STEPS, HEADS, WIDTH // HEADS))
        return keras.ops.transpose(parts, (0, 2, 1, 3))


class Scan(L.Layer):
    """Dense layers one after the other, their weights in one."""

    def build(self, _):
        self.kernel = self.add_weight(shape=(LAYERS, WIDTH, WIDTH), name="kernel")
        self.bias = self.add_weight(shape=(LAYERS, WIDTH), name="bias")

    def call(self, x):
        for i in range(LAYERS):
            x = keras.ops.tanh(x @ self.kernel[i] + self.bias[i])
        return x


class TiedScores(L.Layer):
    """Words looked up, transformed and scored by one table."""

    def build(self, _):
        self.table = self.add_weight(shape=(WORDS, SIZE), name="embeddings")
        self.transform = L.Dense(SIZE, "tanh", name="transform")
        self.transform.build((None, SIZE))
        self.bias = self.add_weight(shape=(WORDS,), name="output_bias")

    def call(self, ids):
        h = self.transform(keras.ops.take(self.table, ids, axis=0))
        return h @ keras.ops.transpose(self.table) + self.bias


def embedding():
    return [L.Embedding(WORDS, SIZE, name="words")]


def convnet(*dense, turned=()):
    conv = L.Conv2D(3, 3, padding="same", activation="relu", name="conv")
    return [conv, *turned, L.Flatten(), *dense]


def dense_pair():
    return [L.Dense(WIDTH, "relu", name="inner"), L.Dense(3, name="outer")]


def numbered():
    return [L.Dense(WIDTH, "tanh", name=f"layer_{i}") for i in range(LAYERS)]


def scores_of_words():
    transform = L.Dense(SIZE, "tanh", name="transform")
    return [*embedding(), transform, L.Dense(WORDS, name="scores")]


MOD = {
    "layouts": {"words/embeddings": "mod_shards(3)"},
    "assume": Assumptions(partition_strategy="mod"),
    "question": "say partition_strategy='mod' or 'div'",
}
DIV = {
    "layouts": {"words/embeddings": "identity"},
    "assume": Assumptions(partition_strategy="div"),
    "question": "say partition_strategy='mod' or 'div'",
}
NCHW = {
    "assume": Assumptions(data_format="NCHW"),
    "question": "say data_format='NHWC' or 'NCHW'",
}
# A key's bias adds the same to all scores of a query.
KEYS = frozenset({"attention/key/bias"})
ASKED_QKV = {"question": "say qkv_order='blocks' or 'heads'", "unreached": KEYS}
BLOCKS = {"assume": Assumptions(qkv_order="blocks"), **ASKED_QKV}
BY_HEAD = {"assume": Assumptions(qkv_order="heads"), **ASKED_QKV}


def qkv_layouts(kernel, bias, *, heads=True):
    """Returns the layouts of three kernels and biases, given those of their parts."""
    split = (" | reshape(6, 2, 3)", " | reshape(2, 3)") if heads else ("", "")
    found = {"attention/attention_output/kernel": "reshape(2, 3, 6)"} if heads else {}
    for number, name in enumerate(("query", "key", "value")):
        numbers = {"number": number, "start": 6 * number, "stop": 6 * number + 6}
        found[f"attention/{name}/kernel"] = kernel.format(**numbers) + split[0]
        found[f"attention/{name}/bias"] = bias.format(**numbers) + split[1]
    return found


IN_BLOCKS = ("split(1, {start}, {stop})", "split(0, {start}, {stop})")
IN_HEADS = ("group_part(1, 2, 3, {number})", "group_part(0, 2, 3, {number})")
PART_OF_STACK = {
    rf"layer_{i}/(kernel|bias)": f"split(0, {i}, {i + 1}) | squeeze(0)" for i in range(LAYERS)
}
WHOLE_STACK = {
    "scan/kernel": "concatenate(0) | reshape(3, 6, 6)",
    "scan/bias": "concatenate(0) | reshape(3, 6)",
}

MOD_LIST = "concatenate(0) | mod_shards(3)"
NOT_JOINED = "words/embeddings: expected a source of embedding float32[11, 3], found none"


def _shards(layout):
    return Rule(r"words/shard_(\d+)", "words/embeddings", layout)


TABLES = {
    "mod_table": Golden((), embedding, **MOD),
    "div_table": Golden((), embedding, **DIV),
    "mod_list": Golden(
        (), embedding, {".*": MOD_LIST}, rules=(_shards(MOD_LIST),), question=NOT_JOINED
    ),
    "div_list": Golden(
        (),
        embedding,
        {".*": "concatenate(0)"},
        rules=(_shards("concatenate(0)"),),
        question=NOT_JOINED,
    ),
    "tied": Golden(
        (),
        scores_of_words,
        {"scores/kernel": "transpose(1, 0)"},
        rules=(
            Rule("words/embeddings", "words/embeddings"),
            Rule("words/embeddings", "scores/kernel", "transpose(1, 0)", shared=True),
        ),
        question="scores/kernel: expected a source of kernel float32[3, 11], found none",
    ),
    "tied_in_one": Golden((), lambda: [TiedScores(name="tied")], folder="tied"),
}
KERNELS = {
    "nchw_flatten": Golden(
        TURNED,
        lambda: [L.Permute((2, 3, 1)), *convnet(L.Dense(WIDTH, name="fc"))],
        {"fc/kernel": "channels_first(4, 5, 3)"},
        **NCHW,
    ),
    "nchw_kept": Golden(
        TURNED,
        lambda: [
            L.Permute((2, 3, 1)),
            *convnet(L.Dense(WIDTH, name="fc"), turned=[L.Permute((3, 1, 2))]),
        ],
        folder="nchw_flatten",
        **NCHW,
    ),
    "nchw_pieces": Golden(
        IMAGE,
        lambda: convnet(L.Dense(WIDTH, "relu", name="hidden"), L.Dense(2, name="fc")),
        {"hidden/kernel": "channels_first(4, 5, 3)"},
        **NCHW,
    ),
    "transposed_kernels": Golden(
        (WIDTH,),
        lambda: [
            L.Activation("tanh"),
            L.Dense(WIDTH, "tanh", name="hidden"),
            L.Dense(WIDTH, name="scores"),
        ],
        {".*/kernel": "transpose(1, 0)"},
        # Square kernels of plain names: nothing in the file says that they are turned.
        rules=(Rule("(.*)/kernel", r"\1/kernel", "transpose(1, 0)"),),
    ),
    "conv_1d_as_dense": Golden((STEPS, WIDTH), dense_pair, {".*/kernel": "squeeze(0)"}),
    "conv_2d_as_dense": Golden(IMAGE, dense_pair, {".*/kernel": "squeeze(0, 1)"}),
    "dense_as_conv": Golden(
        IMAGE,
        lambda: [
            L.Conv2D(WIDTH, 1, activation="relu", name="inner"),
            L.Conv2D(3, 1, name="outer"),
        ],
        {".*/kernel": "expand(0, 1)"},
    ),
    "depthwise": Golden(
        IMAGE,
        lambda: [L.DepthwiseConv2D((3, 2), depth_multiplier=2, padding="same", name="depthwise")],
    ),
    "separable_1d": Golden(
        (STEPS, WIDTH),
        lambda: [L.SeparableConv1D(4, 3, depth_multiplier=2, padding="same", name="sep")],
    ),
    "separable_2d": Golden(
        IMAGE,
        lambda: [L.SeparableConv2D(4, (3, 2), depth_multiplier=2, padding="same", name="sep")],
    ),
    "conv_transpose": Golden(
        IMAGE,
        lambda: [
            L.Conv2DTranspose(2, 3, 2, padding="same", activation="relu", name="first"),
            L.Conv2DTranspose(3, (2, 3), padding="same", name="second"),
        ],
    ),
}
SEVERAL = {
    "fused_qkv": Golden((STEPS, WIDTH), lambda: [attention], qkv_layouts(*IN_BLOCKS), **BLOCKS),
    "fused_qkv_by_head": Golden(
        (STEPS, WIDTH), lambda: [attention], qkv_layouts(*IN_HEADS), **BY_HEAD
    ),
    "fused_qkv_onto_dense": Golden(
        (STEPS, WIDTH),
        lambda: [SplitAttention(name="attention")],
        qkv_layouts(*IN_BLOCKS, heads=False),
        folder="fused_qkv",
        **BLOCKS,
    ),
    "separate_qkv": Golden(
        (STEPS, WIDTH),
        lambda: [attention],
        {
            "attention/(query|key|value)/kernel": "reshape(6, 2, 3)",
            "attention/(query|key|value)/bias": "reshape(2, 3)",
            "attention/attention_output/kernel": "reshape(2, 3, 6)",
        },
        unreached=KEYS,
    ),
    "stacked_layers": Golden((WIDTH,), numbered, PART_OF_STACK),
    "scanned_layers": Golden((WIDTH,), numbered, PART_OF_STACK),
    "numbered_layers": Golden((WIDTH,), lambda: [Scan(name="scan")], WHOLE_STACK),
}
MEANINGS = {**TABLES, **KERNELS, **SEVERAL}
