"""Builds one case, fills its variables with fixed values and computes; for both TensorFlows.

Runs under Python 3.7 too.
"""

import zlib

import numpy as np

GRAPH_SEED = 1234


def fixed(name, shape, dtype="float32", spread=0.5):
    """Returns values that depend on `name` and `shape` alone, uniform in [-spread, spread]."""
    random = np.random.RandomState(zlib.crc32(name.encode()) % (2**32))
    return random.uniform(-spread, spread, size=shape).astype(dtype)


class Context:
    """Hands out fixed inputs and states to a case, and keeps the cells that it makes."""

    def __init__(self, tf):
        self.tf = tf
        self.inputs = []
        self.cells = []

    def keep(self, cell):
        self.cells.append(cell)
        return cell

    def x(self, shape, dtype="float32"):
        name = f"input_{len(self.inputs)}"
        tensor = self.tf.constant(fixed(name, shape, dtype, spread=1.0), name=name)
        self.inputs.append(tensor)
        return tensor

    def state(self, cell, dtype="float32"):
        """Returns a fixed state, not zero, of the structure and sizes that `cell` asks for."""
        zero = cell.zero_state(2, self.tf.as_dtype(dtype))
        return self.tf.nest.map_structure(lambda z: self.x(z.shape.as_list(), dtype), zero)


def _collections(graph, variable):
    keys = [key for key in graph.get_all_collection_keys() if isinstance(key, str)]
    held = [
        key for key in sorted(keys) if any(one is variable for one in graph.get_collection(key))
    ]
    return [key for key in held if not key.startswith("_")]


def _names(cells, attribute):
    found = []
    for cell in cells:
        weights = getattr(cell, attribute, [])
        found.append([getattr(weight, "name", "?").split(":")[0] for weight in weights])
    return found


def weight_value(variable):
    """Returns the fixed value of a variable, by its name and shape."""
    shape = variable.shape.as_list()
    value = fixed(variable.op.name, shape, variable.dtype.base_dtype.as_numpy_dtype)
    return value + 20.0 if variable.op.name.endswith("period") else value


def build(tf, names, case):
    """Returns (graph, flat outputs, trainables, context, record of what can be read off)."""
    graph = tf.Graph()
    with graph.as_default():
        tf.set_random_seed(GRAPH_SEED)
        context = Context(tf)
        outputs = list(tf.nest.flatten(case(tf, names, context)))
        variables = tf.global_variables()
        record = {
            "variables": [
                [v.name, v.shape.as_list(), v.dtype.base_dtype.name, _collections(graph, v)]
                for v in variables
            ],
            "trainable_weights": _names(context.cells, "trainable_weights"),
            "non_trainable_weights": _names(context.cells, "non_trainable_weights"),
            "outputs": [[o.name, o.shape.as_list(), o.dtype.name] for o in outputs],
            "nodes": len(graph.as_graph_def().node),
        }
    return graph, outputs, context, record


def compute(tf, graph, outputs, context, config=None, gradients=True):
    """Returns outputs and gradients, a list of arrays (None where there is no gradient).

    `config` is of the session; None is TensorFlow's own. Without `gradients`, outputs alone.
    """
    with graph.as_default():
        variables = tf.global_variables()
        grads = _gradients(tf, outputs, context) if gradients else []
        fed = {v.initializer.inputs[1]: weight_value(v) for v in variables}
        with tf.Session(config=config) as session:
            session.run([v.initializer for v in variables], fed)
            values = session.run([outputs, [g for g in grads if g is not None]])
    held = iter(values[1])
    return values[0] + [None if g is None else next(held) for g in grads]


def _gradients(tf, outputs, context):
    """Returns the gradients of a weighted sum of all outputs, None where there is none."""
    weights = {}  # what flows back into each output
    for index, output in enumerate(outputs):
        if output.dtype.is_floating and output.shape.is_fully_defined():
            weight = fixed(f"loss_{index}", output.shape.as_list(), "float64")
            weights[index] = tf.constant(weight.astype(output.dtype.as_numpy_dtype))
    trained = tf.trainable_variables()
    floating = [x for x in context.inputs if x.dtype.is_floating]
    lost = [outputs[index] for index in weights]
    grads = tf.gradients(lost, trained + floating, grad_ys=list(weights.values()))
    return [None if g is None else tf.convert_to_tensor(g) for g in grads]
