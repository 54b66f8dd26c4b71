"""Small networks under a 1.x program's names and a Keras model's, with what belongs to what.

Each function returns the model, the shapes of the variables by name, and for each weight's path the
variable that is its source.
"""

import keras

NORM = ("gamma", "beta", "moving_mean", "moving_variance")


def _dense(shapes, truth, scope, path, rows, columns, *, leaves=("kernel", "bias")):
    for leaf, name, shape in zip(
        leaves, ("kernel", "bias"), ((rows, columns), (columns,)), strict=True
    ):
        shapes[f"{scope}/{leaf}" if scope else leaf] = shape
        truth[f"{path}/{name}"] = f"{scope}/{leaf}" if scope else leaf


def _conv(shapes, truth, scope, path, size, *, leaf="weights", bias=False):
    shapes[f"{scope}/{leaf}"] = size
    truth[f"{path}/kernel"] = f"{scope}/{leaf}"
    if bias:
        shapes[f"{scope}/biases"] = size[-1:]
        truth[f"{path}/bias"] = f"{scope}/biases"


def _norm(shapes, truth, scope, path, size):
    for role in NORM:
        shapes[f"{scope}/{role}"] = (size,)
        truth[f"{path}/{role}"] = f"{scope}/{role}"


def classifier():
    """Three dense layers by other names, two of one shape."""
    x = keras.Input((6,))
    h = keras.layers.Dense(8, name="hidden_0")(x)
    h = keras.layers.Dense(8, name="hidden_1")(h)
    h = keras.layers.Dense(8, name="hidden_2")(h)
    model = keras.Model(x, keras.layers.Dense(3, name="predictions")(h))
    shapes, truth = {}, {}
    _dense(shapes, truth, "net/fc1", "hidden_0", 6, 8, leaves=("weights", "biases"))
    _dense(shapes, truth, "net/fc2", "hidden_1", 8, 8, leaves=("weights", "biases"))
    _dense(shapes, truth, "net/fc3", "hidden_2", 8, 8, leaves=("weights", "biases"))
    _dense(shapes, truth, "net/logits", "predictions", 8, 3, leaves=("weights", "biases"))
    return model, shapes, truth


def convnet():
    """Convolutions with their norms, and a head."""
    x = h = keras.Input((8, 8, 3))
    shapes, truth, before = {}, {}, 3
    for n in range(3):
        h = keras.layers.Conv2D(4, 3, use_bias=False, padding="same", name=f"conv_{n}")(h)
        h = keras.layers.BatchNormalization(name=f"bn_{n}")(h)
        _conv(shapes, truth, f"conv{n + 1}", f"conv_{n}", (3, 3, before, 4))
        _norm(shapes, truth, f"conv{n + 1}/BatchNorm", f"bn_{n}", 4)
        before = 4
    h = keras.layers.GlobalAveragePooling2D()(h)
    _dense(shapes, truth, "logits", "head", 4, 2)
    return keras.Model(x, keras.layers.Dense(2, name="head")(h)), shapes, truth


def actor_critic():
    """Two towers of one shape, told apart by words."""
    x = keras.Input((5,))
    shapes, truth, outs = {}, {}, []
    for tower, scope, size in (("actor", "pi", 2), ("critic", "vf", 1)):
        h = x
        for n, rows in enumerate((5, 7)):
            h = keras.layers.Dense(7, name=f"{tower}_{n}")(h)
            _dense(
                shapes, truth, f"model/{scope}_fc{n}", f"{tower}_{n}", rows, 7, leaves=("w", "b")
            )
        outs.append(keras.layers.Dense(size, name=f"{tower}_out")(h))
        _dense(shapes, truth, f"model/{scope}", f"{tower}_out", 7, size, leaves=("w", "b"))
    return keras.Model(x, outs), shapes, truth


def autoencoder():
    """An encoder and a decoder that mirrors it."""
    x = keras.Input((9,))
    shapes, truth, h, rows = {}, {}, x, 9
    for part, sizes in (("encoder", (6, 6)), ("decoder", (6, 9))):
        for n, size in enumerate(sizes):
            h = keras.layers.Dense(size, name=f"{part}_dense_{n}")(h)
            _dense(shapes, truth, f"ae/{part}/layer_{n}", f"{part}_dense_{n}", rows, size)
            rows = size
    return keras.Model(x, h), shapes, truth


def attention():
    """Square projections whose words alone tell them apart."""
    x = keras.Input((4, 8))
    made = {
        name: keras.layers.Dense(8, name=name)(x)
        for name in ("query_proj", "key_proj", "value_proj")
    }
    h = keras.layers.Add()(list(made.values()))
    h = keras.layers.LayerNormalization(name="out_norm")(keras.layers.Dense(8, name="out_proj")(h))
    shapes, truth = {}, {}
    for name in ("query", "key", "value"):
        _dense(shapes, truth, f"block/self/{name}", f"{name}_proj", 8, 8)
    _dense(shapes, truth, "block/output/dense", "out_proj", 8, 8)
    for role in ("gamma", "beta"):
        shapes[f"block/output/LayerNorm/{role}"] = (8,)
        truth[f"out_norm/{role}"] = f"block/output/LayerNorm/{role}"
    return keras.Model(x, h), shapes, truth


def recommender():
    """Two tables and two towers."""
    users, items = keras.Input((), dtype="int32"), keras.Input((), dtype="int32")
    u = keras.layers.Embedding(11, 4, name="user_embedding")(users)
    i = keras.layers.Embedding(11, 4, name="item_embedding")(items)
    u = keras.layers.Dense(4, name="user_tower")(u)
    i = keras.layers.Dense(4, name="item_tower")(i)
    model = keras.Model(
        [users, items], keras.layers.Dense(1, name="score")(keras.layers.Concatenate()([u, i]))
    )
    shapes, truth = {}, {}
    for side in ("user", "item"):
        shapes[f"{side}/embeddings"] = (11, 4)
        truth[f"{side}_embedding/embeddings"] = f"{side}/embeddings"
        _dense(shapes, truth, f"{side}/dense", f"{side}_tower", 4, 4)
    _dense(shapes, truth, "score", "score", 8, 1)
    return model, shapes, truth


def automatic():
    """A chain that both sides only count."""
    x = h = keras.Input((6,))
    shapes, truth = {}, {}
    for n in range(4):
        name = f"dense_{n}" if n else "dense"
        h = keras.layers.Dense(6)(h)
        _dense(shapes, truth, name, name, 6, 6)
    return keras.Model(x, h), shapes, truth


PROGRAMS = {
    one.__name__: one
    for one in (classifier, convnet, actor_critic, autoencoder, attention, recommender, automatic)
}
