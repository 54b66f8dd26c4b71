"""Builds, runs and describes one layer configuration, the same way under TF 1.15 and today's TF.

Runs on Python 3.7 (the generator) and on today's (the suite): no annotations newer than that.
A configuration is a JSON object:
  id: its name; layer: a name of the `layers` namespace; form: "function" or "class";
  input: shape of the input; placeholder: static shape, if it differs; dtype: of the input;
  args: arguments of the layer; call: arguments of the call (class form, and `training` tensors);
  scope: arguments of an enclosing `variable_scope("net")`; calls: how often it is called;
  feed: value of the `training` placeholder where `training` is "@placeholder".
"""

import zlib

import numpy as np


def seed_of(text):
    return zlib.crc32(text.encode()) & 0x7FFFFFFF


def value_of(name, shape, dtype):
    """A variable's value, told by its name and shape."""
    random = np.random.RandomState(seed_of(name))
    leaf = name.split(":")[0].split("/")[-1]
    low, high = (0.5, 1.5) if leaf in POSITIVE else (-0.6, 0.6)
    return random.uniform(low, high, size=shape).astype(dtype)


POSITIVE = ("moving_variance", "moving_stddev", "renorm_stddev")


def input_of(config):
    random = np.random.RandomState(seed_of(config["id"].split("~")[0]))
    dtype = np.dtype(config.get("dtype", "float32"))
    if dtype.kind == "i":
        return random.randint(0, config.get("below", 7), size=config["input"]).astype(dtype)
    return random.uniform(-1.0, 1.0, size=config["input"]).astype(dtype)


def decode(tf, value):
    """Turns a "@..." string into the function it names; leaves all else as it is."""
    if isinstance(value, dict):
        return {key: decode(tf, item) for key, item in value.items()}
    if not isinstance(value, str) or not value.startswith("@"):
        return value
    v1 = tf.compat.v1
    kind, _, rest = value[1:].partition(":")
    if kind == "l2":
        return lambda weights: float(rest) * tf.nn.l2_loss(weights)
    if kind == "l1":
        return lambda weights: float(rest) * tf.reduce_sum(tf.abs(weights))
    if kind == "fixed":
        return v1.fixed_size_partitioner(int(rest))
    if kind == "minmax":
        return v1.min_max_variable_partitioner(max_partitions=int(rest), min_slice_size=16)
    if kind == "init":
        return getattr(v1.initializers, rest)()
    if kind == "constant":
        return v1.constant_initializer(float(rest))
    if kind == "clip":
        return lambda weights: tf.clip_by_value(weights, -0.1, 0.1)
    if kind == "scaled":
        return lambda shape: (
            tf.ones([shape[-1]]) * 1.5,
            tf.ones([shape[-1]]) * 0.25,
        )
    if kind == "nn":
        return getattr(tf.nn, rest)
    raise ValueError(value)


def build(tf, layers, config, inputs, training):
    """Calls the layer as often as the configuration says; returns outputs, and the layer."""
    v1 = tf.compat.v1
    args = decode(tf, config.get("args", {}))
    call = {k: training if v == "@placeholder" else v for k, v in config.get("call", {}).items()}
    scope = decode(tf, config.get("scope", {}))
    made = getattr(layers, config["layer"])
    calls = config.get("calls", 1)
    with v1.variable_scope(config.get("root", "net"), **scope):
        if config["form"] == "function":
            outputs = []
            for index in range(calls):
                again = {"reuse": True} if index else {}
                outputs.append(made(inputs, **dict(args, **dict(call, **again))))
            return outputs, None
        layer = made(**args)
        return [layer(inputs, **call) for _ in range(calls)], layer


def collections_of(graph, variable):
    keys = [k for k in graph.get_all_collection_keys() if isinstance(k, str)]
    return sorted(k for k in keys if any(v is variable for v in graph.get_collection(k)))


def describe_graph(tf, graph, outputs, layer):
    v1 = tf.compat.v1
    found = {
        "variables": [
            [v.name, v.shape.as_list(), v.dtype.base_dtype.name, collections_of(graph, v)]
            for v in graph.get_collection(v1.GraphKeys.GLOBAL_VARIABLES)
        ],
        "outputs": [
            [t.name, t.shape.as_list() if t.shape.dims is not None else None] for t in outputs
        ],
        "losses": len(graph.get_collection(v1.GraphKeys.REGULARIZATION_LOSSES)),
        "updates": len(graph.get_collection(v1.GraphKeys.UPDATE_OPS)),
        "ops": len(graph.get_operations()),
    }
    if layer is not None:
        found["layer"] = {
            "name": layer.name,
            "scope": layer.scope_name,
            "dtype": layer.dtype,
            "trainable": [v.name for v in layer.trainable_weights],
            "other": [v.name for v in layer.non_trainable_weights],
            "losses": len(layer.losses),
            "updates": len(layer.updates),
        }
    return found


def run_case(tf, layers, config, use_resource, numbers=True, session_config=None, gradients=True):
    """Returns (what the graph holds, {name: array}) of one configuration."""
    v1 = tf.compat.v1
    graph = tf.Graph()
    with graph.as_default():
        v1.set_random_seed(7)
        fed = input_of(config)
        inputs = v1.placeholder(fed.dtype, config.get("placeholder", list(fed.shape)), name="x")
        training = v1.placeholder(tf.bool, [], name="training")
        config = dict(config, scope=dict(config.get("scope", {}), use_resource=use_resource))
        outputs, layer = build(tf, layers, config, inputs, training)
        found = describe_graph(tf, graph, outputs, layer)
        if not numbers:
            return found, {}
        feed = {inputs: fed, training: config.get("feed", False)}
        return found, measure(tf, graph, outputs, feed, session_config, gradients)


def measure(tf, graph, outputs, feed, session_config, gradients):
    v1 = tf.compat.v1
    variables = graph.get_collection(v1.GraphKeys.GLOBAL_VARIABLES)
    losses = graph.get_collection(v1.GraphKeys.REGULARIZATION_LOSSES)
    updates = graph.get_collection(v1.GraphKeys.UPDATE_OPS)
    inputs = next(iter(feed))
    sources = graph.get_collection(v1.GraphKeys.TRAINABLE_VARIABLES)
    sources = sources + ([inputs] if inputs.dtype.is_floating else [])
    known = gradients_of(tf, outputs, sources, feed) if gradients and sources else []
    with v1.Session(graph=graph, config=session_config) as session:
        values = {}
        for variable in variables:
            shape = variable.shape.as_list()
            dtype = variable.dtype.base_dtype.as_numpy_dtype
            values[variable.initializer.inputs[1]] = value_of(variable.name, shape, dtype)
        session.run([variable.initializer for variable in variables], values)
        fetched = {f"out{i}": t for i, t in enumerate(outputs)}
        fetched.update((f"loss{i}", tf.convert_to_tensor(t)) for i, t in enumerate(losses))
        for source, gradient in known:
            fetched["grad/" + source.name] = tf.convert_to_tensor(gradient)
        arrays = session.run(fetched, feed)
        if updates:
            for update in updates:  # one by one: two of one variable would race
                session.run(update, feed)
            others = [v for v in variables if not any(v is source for source in sources)]
            arrays.update(session.run({"new/" + v.name: v for v in others}))
    return arrays


def gradients_of(tf, outputs, sources, feed):
    """Returns [(source, gradient)] of a weighted sum of all outputs, where there is a gradient."""
    wanted = sum(tf.reduce_sum(output * cotangent_of(tf, output, feed)) for output in outputs)
    found = tf.gradients(wanted, sources)
    return [(s, g) for s, g in zip(sources, found) if g is not None]  # noqa: B905


def cotangent_of(tf, output, feed):
    """A weight for each output number, so that gradients don't vanish by symmetry."""
    shape = tf.shape(output)
    count = tf.cast(tf.reduce_prod(shape), tf.float32)
    steps = tf.range(count) / count
    return tf.cast(tf.reshape(tf.sin(steps * 9.0) + 0.3, shape), output.dtype)
