"""GPT-2 under its original names against a subclassed Keras GPT.

Kernels are ``[1, in, out]`` in the original, queries, keys and values are one kernel on both sides,
and ``h10`` comes after ``h9``.
"""

import functools

import keras

_WIDTH, _DEPTH, _WORDS, _PLACES = 32, 12, 200, 40
_DENSE = {  # the attribute, the v1 scope, and the shape in units of the width
    "project_in": ("attn/c_attn", 1, 3),
    "project_out": ("attn/c_proj", 1, 1),
    "expand": ("mlp/c_fc", 1, 4),
    "contract": ("mlp/c_proj", 4, 1),
}
# Values are never made, and zeros take the least to be traced without them.
_dense = functools.partial(keras.layers.Dense, kernel_initializer="zeros")
_NORMS = {"first_norm": "ln_1", "second_norm": "ln_2"}
SOURCES = {"model/wpe": (_PLACES, _WIDTH), "model/wte": (_WORDS, _WIDTH)}
TRUTH = {"tokens/embeddings": "model/wte", "places/embeddings": "model/wpe"}


def _add_norm(target, scope):
    SOURCES.update({f"{scope}/g": (_WIDTH,), f"{scope}/b": (_WIDTH,)})
    TRUTH.update({f"{target}/gamma": f"{scope}/g", f"{target}/beta": f"{scope}/b"})


for _number in range(_DEPTH):
    _target, _scope = f"blocks_{_number}", f"model/h{_number}"
    for _name, _leaf in _NORMS.items():
        _add_norm(f"{_target}/{_name}", f"{_scope}/{_leaf}")
    for _name, (_leaf, _in, _out) in _DENSE.items():
        SOURCES[f"{_scope}/{_leaf}/w"] = (1, _in * _WIDTH, _out * _WIDTH)
        SOURCES[f"{_scope}/{_leaf}/b"] = (_out * _WIDTH,)
        TRUTH[f"{_target}/{_name}/kernel"] = f"{_scope}/{_leaf}/w"
        TRUTH[f"{_target}/{_name}/bias"] = f"{_scope}/{_leaf}/b"
_add_norm("last_norm", "model/ln_f")


class Block(keras.layers.Layer):
    def __init__(self):
        super().__init__()
        self.first_norm = keras.layers.LayerNormalization()
        self.project_in = _dense(3 * _WIDTH)
        self.project_out = _dense(_WIDTH)
        self.second_norm = keras.layers.LayerNormalization()
        self.expand = _dense(4 * _WIDTH, activation="gelu")
        self.contract = _dense(_WIDTH)

    def call(self, x):
        query, key, value = keras.ops.split(self.project_in(self.first_norm(x)), 3, axis=-1)
        scores = keras.ops.softmax(keras.ops.matmul(query, keras.ops.swapaxes(key, 1, 2)))
        x = x + self.project_out(keras.ops.matmul(scores, value))
        return x + self.contract(self.expand(self.second_norm(x)))


class Gpt(keras.Model):
    def __init__(self):
        super().__init__()
        self.tokens = keras.layers.Embedding(_WORDS, _WIDTH)
        self.places = keras.layers.Embedding(_PLACES, _WIDTH)
        self.blocks = [Block() for _ in range(_DEPTH)]
        self.last_norm = keras.layers.LayerNormalization()

    def call(self, tokens):
        x = self.tokens(tokens) + self.places(keras.ops.arange(tokens.shape[1]))
        for block in self.blocks:
            x = block(x)
        return keras.ops.matmul(self.last_norm(x), keras.ops.transpose(self.tokens.embeddings))


def build():
    model = Gpt()
    model(keras.Input(batch_shape=(1, 8), dtype="int32"))
    return model
