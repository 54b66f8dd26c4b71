"""Writes this folder's checkpoints with genuine TensorFlow 1.15.5 (Python 3.7).

    pip install tensorflow==1.15.5 "protobuf<3.21" "numpy<1.19"
    python tests/checkpoint/testdata/generate.py

Each `<case>/` holds what TensorFlow wrote, and `<case>.npz` what went in: `bfloat16` as its bits in
uint16, quantized values as plain integers, strings as bytes.
"""

import os
import shutil

import numpy as np
import tensorflow as tf

HERE = os.path.dirname(os.path.abspath(__file__))
RANDOM = np.random.RandomState(20150814)

NUMBERS = [
    *("float16", "float32", "float64", "complex64", "complex128"),
    *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
]
QUANTIZED = {"qint8": "i1", "quint8": "u1", "qint16": "i2", "quint16": "u2", "qint32": "i4"}
V1_LACKS = ("uint32", "uint64", "bfloat16", "qint16", "quint16")


def values():
    """Returns every dtype's test values by name, as plain numpy arrays."""
    found = {}
    for name in NUMBERS:
        found[name] = (RANDOM.standard_normal((2, 3)) * 9).astype(name)
        found[name].flat[0] = 0
        if found[name].dtype.kind in "iu":
            found[name].flat[1] = np.iinfo(name).max
            found[name].flat[2] = np.iinfo(name).min
    found["bool"] = np.array([[True, False, True]])
    found["bfloat16"] = np.array([[0x3F80, 0xC000, 0x7F80], [0x0001, 0xFF80, 0x4049]], np.uint16)
    for name, kind in QUANTIZED.items():
        found[name] = np.array([0, 1, -1, 100], "i8").astype(kind)
    found["string"] = np.array([[b"a", b""], [b"x" * 200, "\u00e9".encode()]])
    found["scalar/float32"] = np.float32(3.25)
    found["scalar/string"] = np.array(b"one")
    found["empty/float32"] = np.zeros((0, 3), np.float32)
    found["empty/string"] = np.zeros((2, 0), "S1")
    found["zeros"] = np.zeros((100, 100), np.float32)
    return found


def tensor(name, value):
    """Returns the tensor that is saved for a value."""
    kind = name.split("/")[-1]
    if kind == "bfloat16":
        return tf.bitcast(tf.constant(value), tf.bfloat16)
    if kind in QUANTIZED:
        return tf.bitcast(tf.constant(value), getattr(tf, kind))
    if value.dtype.kind == "S":
        return tf.constant(value.astype(object), tf.string, shape=value.shape)
    return tf.constant(value)


def fresh(case):
    """Returns the path prefix of a case, in a folder that is empty."""
    folder = os.path.join(HERE, case)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    return os.path.join(folder, "model.ckpt")


def record(case, found):
    np.savez_compressed(os.path.join(HERE, case + ".npz"), **found)


def every_dtype(case, op):
    found = values()
    if op is tf.raw_ops.SaveSlices:
        found = {name: value for name, value in found.items() if name not in V1_LACKS}
    prefix = fresh(case)
    with tf.Graph().as_default(), tf.Session() as session:
        tensors = [tensor(name, value) for name, value in found.items()]
        path = {"filename" if op is tf.raw_ops.SaveSlices else "prefix": prefix}
        plain = [""] * len(tensors)
        slices = {"shapes_and_slices" if "filename" in path else "shape_and_slices": plain}
        names = list(found)
        session.run(op(tensor_names=names, **slices, **path, **{op_data(op): tensors}))
    record(case, found)


def without_folder(case):
    """Makes the paths in a `checkpoint` file relative, so that they tell nothing of the machine."""
    path = os.path.join(HERE, case, "checkpoint")
    with open(path) as file:
        text = file.read()
    with open(path, "w") as file:
        file.write(text.replace(os.path.join(HERE, case) + os.sep, ""))


def op_data(op):
    return "data" if op is tf.raw_ops.SaveSlices else "tensors"


def partitioned(case, sharded, version):
    prefix = fresh(case)
    config = tf.ConfigProto(device_count={"CPU": 3})
    with tf.Graph().as_default(), tf.Session(config=config) as session:
        devices = iter(["/cpu:0", "/cpu:1", "/cpu:2"] * 9)
        rows = tf.fixed_size_partitioner(3)
        columns = tf.fixed_size_partitioner(2, axis=1)
        with tf.device(lambda op: next(devices) if op.type == "VariableV2" else op.device):
            tf.get_variable("rows", [7, 4], partitioner=rows)
            tf.get_variable("columns", [3, 5, 2], partitioner=columns)
            tf.get_variable("ints", dtype=tf.int64, initializer=np.arange(-99, 101))
            tf.get_variable("whole", [2, 2])
            tf.train.create_global_step()
        session.run(tf.global_variables_initializer())
        saver = tf.train.Saver(sharded=sharded, write_version=version)
        saver.save(session, prefix, global_step=7, write_meta_graph=False)
        found = {
            name: session.run(tf.convert_to_tensor(whole))
            for name, whole in (
                ("rows", tf.concat(tf.global_variables("rows"), 0)),
                ("columns", tf.concat(tf.global_variables("columns"), 1)),
                ("ints", tf.global_variables("ints")[0]),
                ("whole", tf.global_variables("whole")[0]),
                ("global_step", tf.train.get_global_step()),
            )
        }
    without_folder(case)
    record(case, found)


def trained(case):
    """A small network trained with Adam and an average: variables, slots, shadows, a `.meta`."""
    prefix = fresh(case)
    with tf.Graph().as_default(), tf.Session() as session:
        tf.set_random_seed(1)
        inputs = tf.placeholder(tf.float32, [None, 4], name="inputs")
        with tf.variable_scope("net"):
            hidden = tf.layers.dense(inputs, 3, tf.nn.relu, name="hidden")
            output = tf.layers.dense(hidden, 2, use_bias=False, name="output")
        part = tf.get_variable("table", [6, 2], partitioner=tf.fixed_size_partitioner(2))
        frozen = tf.get_variable("frozen", [2], trainable=False, use_resource=True)
        tf.add_to_collection("favourites", frozen)
        step = tf.train.get_or_create_global_step()
        loss = tf.reduce_mean(output**2) + tf.reduce_sum(tf.concat(list(part), 0) ** 2)
        train = tf.train.AdamOptimizer(0.1).minimize(loss, global_step=step)
        average = tf.train.ExponentialMovingAverage(0.9, step)
        with tf.control_dependencies([train]):
            update = average.apply(tf.trainable_variables("net"))
        session.run(tf.global_variables_initializer())
        saver = tf.train.Saver()
        for _ in range(3):
            session.run(update, {inputs: RANDOM.standard_normal((5, 4))})
        saver.save(session, prefix, global_step=step)
        found = {v.op.name: session.run(v) for v in tf.global_variables() if "part_" not in v.name}
    without_folder(case)
    record(case, found)


def object_based(case):
    """A Keras model, its optimizer and a step, saved as objects in graph mode."""
    prefix = fresh(case)
    with tf.Graph().as_default(), tf.Session() as session:
        tf.set_random_seed(1)
        tf.keras.backend.set_session(session)
        inputs = tf.keras.Input((4,))
        hidden = tf.keras.layers.Dense(4, "relu", name="hidden_a")(inputs)
        hidden = tf.keras.layers.BatchNormalization(name="norm")(hidden)
        output = tf.keras.layers.Dense(4, name="hidden_b")(hidden)
        model = tf.keras.Model(inputs, output)
        model.compile(tf.train.AdamOptimizer(0.1), "mse")
        step = tf.train.get_or_create_global_step()
        saved = tf.train.Checkpoint(net=model, optimizer=model.optimizer, step=step)
        model.fit(RANDOM.standard_normal((8, 4)), RANDOM.standard_normal((8, 4)), verbose=0)
        session.run(step.initializer)
        saved.save(prefix, session=session)
        found = {v.op.name: session.run(v) for v in model.variables}
    without_folder(case)
    record(case, found)


def trained_objects(case):
    """Keras models with optimizers of two worlds, saved as objects; weights 20 steps later."""
    prefix = fresh(case)
    features, answers = RANDOM.standard_normal((16, 4)), RANDOM.standard_normal((16, 2))
    makers = {
        "adam": lambda: tf.keras.optimizers.Adam(0.01),
        "adamax": lambda: tf.keras.optimizers.Adamax(0.01),
        "sgd": lambda: tf.keras.optimizers.SGD(0.01, momentum=0.9),
        "v1_adam": lambda: tf.train.AdamOptimizer(0.01, epsilon=1e-7),
        "v1_momentum": lambda: tf.train.MomentumOptimizer(0.01, 0.9),
    }
    found = {"features": features, "answers": answers}
    for name, make in makers.items():
        tf.keras.backend.clear_session()
        tf.set_random_seed(1)
        hidden = tf.keras.layers.Dense(3, "tanh", input_shape=(4,), name="hidden")
        model = tf.keras.Sequential([hidden, tf.keras.layers.Dense(2, name="output")])
        model.compile(make(), "mse")
        kept = {"batch_size": 16, "shuffle": False, "verbose": 0}
        model.fit(features, answers, epochs=3, **kept)
        saved = tf.train.Checkpoint(model=model, optimizer=model.optimizer)
        saved.save(os.path.join(os.path.dirname(prefix), name))
        model.fit(features, answers, epochs=20, **kept)
        value_of = tf.keras.backend.get_value
        found.update({f"{name}/{weight.op.name}": value_of(weight) for weight in model.weights})
    without_folder(case)
    record(case, found)


if __name__ == "__main__":
    every_dtype("dtypes_v2", tf.raw_ops.SaveV2)
    every_dtype("dtypes_v1", tf.raw_ops.SaveSlices)
    partitioned("sharded_v2", True, tf.train.SaverDef.V2)
    partitioned("sharded_v1", True, tf.train.SaverDef.V1)
    partitioned("single_v1", False, tf.train.SaverDef.V1)
    trained("trained")
    object_based("object_based")
    trained_objects("trained_objects")
