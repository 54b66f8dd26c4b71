"""Training that stops and goes on: each optimizer of 1.15 on a small net, 7 steps and 100 more.

The net has a convolution with batch norm, a table whose rows are looked up, and an LSTM over these,
or their mean; or dense layers alone.
A run is a checkpoint, its ``.meta``, and ``after.npz``: every loss and the variables 100 steps on.
"""

import io
import os
import shutil
import tarfile
import tempfile

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import saver_pb2

from generators.training_batches import AFTER, BATCH, BEFORE, ROWS, batches
from generators.training_optimizers import Adafactor, AdamWeightDecay, Lamb

train = tf.train


def _decayed(staircase=False):
    return train.exponential_decay(0.02, train.get_or_create_global_step(), 10, 0.9, staircase)


def _stepwise():
    return train.piecewise_constant(train.get_or_create_global_step(), [50], [0.02, 0.005])


def _polynomial():
    return train.polynomial_decay(0.02, train.get_or_create_global_step(), 200, 0.001, power=1.0)


def _warm():
    """Returns BERT's schedule: linear warmup, then linear decay."""
    step = train.get_or_create_global_step()
    rate = train.polynomial_decay(
        tf.constant(value=0.01, shape=[], dtype=tf.float32), step, 150, 0.0, power=1.0, cycle=False
    )
    steps, warm = tf.cast(step, tf.int32), tf.constant(20, dtype=tf.int32)
    done = tf.cast(steps, tf.float32) / tf.cast(warm, tf.float32)
    is_warm = tf.cast(steps < warm, tf.float32)
    return (1.0 - is_warm) * rate + is_warm * 0.01 * done


def _loss_scaled():
    scale = train.experimental.DynamicLossScale(512.0, increment_period=30)
    return train.experimental.MixedPrecisionLossScaleOptimizer(
        train.MomentumOptimizer(0.02, 0.9), scale
    )


def _globally(grads):
    return tf.clip_by_global_norm(grads, 0.1)[0]


RUNS = {
    "adam": {"make": lambda: train.AdamOptimizer(0.01)},
    "adam_average": {"make": lambda: train.AdamOptimizer(_polynomial(), epsilon=1e-4), "ema": 0.95},
    "adam_dense": {"make": lambda: train.AdamOptimizer(0.01), "net": "dense"},
    "sgd_decayed": {"make": lambda: train.GradientDescentOptimizer(_decayed(True))},
    "momentum": {"make": lambda: train.MomentumOptimizer(0.02, 0.9), "resource": True},
    "momentum_decayed": {"make": lambda: train.MomentumOptimizer(_decayed(), 0.9)},
    "momentum_dense": {"make": lambda: train.MomentumOptimizer(0.02, 0.9), "net": "dense"},
    "nesterov": {"make": lambda: train.MomentumOptimizer(_stepwise(), 0.9, use_nesterov=True)},
    "adagrad": {"make": lambda: train.AdagradOptimizer(0.05)},
    "adagrad_sharded": {"make": lambda: train.AdagradOptimizer(0.05), "shards": 3},
    "rmsprop": {"make": lambda: train.RMSPropOptimizer(0.002, momentum=0.8)},
    "rmsprop_centered": {
        "make": lambda: train.RMSPropOptimizer(0.002, momentum=0.5, centered=True),
        "resource": True,
    },
    "adadelta": {"make": lambda: train.AdadeltaOptimizer(0.5, rho=0.9, epsilon=1e-6)},
    "ftrl": {
        "make": lambda: train.FtrlOptimizer(
            0.05,
            l1_regularization_strength=0.001,
            l2_regularization_strength=0.002,
            l2_shrinkage_regularization_strength=0.001,
        ),
    },
    # As BERT's and ALBERT's `create_optimizer` have it, with warmup and clipping.
    "adam_weight_decay": {"make": lambda: AdamWeightDecay(_warm()), "clip": _globally},
    "lamb": {"make": lambda: Lamb(_warm()), "clip": _globally},
    "adafactor": {"make": Adafactor},
    "adafactor_momentum": {
        "make": lambda: Adafactor(0.005, beta1=0.9, beta2=0.99, scaled=False, clip=None),
        "net": "dense",
        "resource": True,
    },
    "lazy_adam": {"make": lambda: tf.contrib.opt.LazyAdamOptimizer(0.01)},
    "clipped_norms": {
        "make": lambda: train.MomentumOptimizer(0.02, 0.9),
        "net": "mean",
        "clip": lambda grads: [tf.clip_by_norm(one, 0.05) for one in grads],
    },
    "clipped_values": {
        "make": lambda: train.AdamOptimizer(0.01),
        "net": "dense",
        "clip": lambda grads: [tf.clip_by_value(one, -0.01, 0.01) for one in grads],
    },
    "wide_and_deep": {
        "make": lambda: train.AdagradOptimizer(0.05),
        "wide": lambda: train.FtrlOptimizer(0.05, l1_regularization_strength=0.001),
        "net": "mean",
    },
    "loss_scaled": {"make": _loss_scaled, "net": "dense"},
}


def write(folder):
    """Writes ``runs.tar.xz``, which is packed for what the graphs have in common."""
    scratch = tempfile.mkdtemp()
    os.makedirs(folder, exist_ok=True)
    try:
        for name, options in sorted(RUNS.items()):
            _run(os.path.join(scratch, name), **options)
        with tarfile.open(os.path.join(folder, "runs.tar.xz"), "w:xz") as packed:
            for part in ("meta", "index", "data-00000-of-00001"):
                for name in sorted(RUNS):
                    _add(packed, scratch, os.path.join(name, "model.ckpt." + part))
            for name in sorted(RUNS):
                _add(packed, scratch, os.path.join(name, "after.npz"))
            _add(packed, scratch, os.path.join("adagrad_sharded", "first.ckpt"))
    finally:
        shutil.rmtree(scratch)


def _add(packed, scratch, path):
    with open(os.path.join(scratch, path), "rb") as file:
        data = file.read()
    info = tarfile.TarInfo(path)
    info.size = len(data)
    packed.addfile(info, io.BytesIO(data))


def _net(images, ids, net, shards):
    if net == "dense":
        flat = tf.concat([tf.reshape(images, [BATCH, 50]), tf.one_hot(ids[:, 0], ROWS)], 1)
        hidden = tf.layers.dense(flat, 6, tf.nn.tanh, name="hidden")
        return tf.layers.dense(hidden, 2, name="scores")
    # No bias, of which the norm leaves no gradient but rounding; and not the fused norm, whose
    # moving variances are of N / (N - 1) times what Keras' are of.
    x = tf.layers.conv2d(images, 3, 3, use_bias=False, name="conv")
    x = tf.layers.batch_normalization(x, momentum=0.9, training=True, fused=False, name="norm")
    x = tf.reshape(tf.nn.relu(x), [BATCH, 27])
    with tf.variable_scope("words"):
        table = tf.get_variable(
            "table",
            [ROWS, 4],
            initializer=tf.random_uniform_initializer(-1, 1, seed=3),
            partitioner=tf.fixed_size_partitioner(shards) if shards else None,
        )
    words = tf.nn.embedding_lookup(table, ids, partition_strategy="div")
    if net == "lstm":
        cell = tf.nn.rnn_cell.BasicLSTMCell(3)
        outputs, _ = tf.nn.dynamic_rnn(cell, words, dtype=tf.float32)
        words = outputs[:, -1]
    else:
        words = tf.reduce_mean(words, 1)
    x = tf.concat([x, words], 1)
    return tf.layers.dense(x, 2, name="scores")


def _run(folder, make, net="lstm", ema=None, resource=False, shards=0, clip=None, wide=None):
    os.makedirs(folder)
    graph = tf.Graph()
    with graph.as_default(), tf.variable_scope("", use_resource=resource):
        tf.set_random_seed(17)
        images = tf.placeholder(tf.float32, [BATCH, 5, 5, 2], "images")
        ids = tf.placeholder(tf.int32, [BATCH, 3], "ids")
        targets = tf.placeholder(tf.float32, [BATCH, 2], "targets")
        scores = tf.identity(_net(images, ids, net, shards), "outputs")
        loss = tf.reduce_mean(tf.square(scores - targets), name="loss")
        step = train.get_or_create_global_step()
        trained = tf.trainable_variables()
        # Below a scope, 1.15 mangles the names of the slots of partitioned variables.
        with tf.variable_scope("train" if shards else ""):
            optimizer = make()
            if wide:  # the convolution and its norm take the steps of another optimizer
                of_wide = [one for one in trained if one.op.name.startswith(("conv", "norm"))]
                also = wide().minimize(loss, var_list=of_wide)
            of = [one for one in trained if not wide or one not in of_wide]
            grads = optimizer.compute_gradients(loss, of)
            if clip:
                clipped = clip([one for one, _ in grads])
                grads = [(clipped[number], one) for number, one in enumerate(of)]
            applied = optimizer.apply_gradients(grads, global_step=step)
            if wide:
                applied = tf.group(applied, also)
        if ema:
            with tf.control_dependencies([applied]):
                applied = train.ExponentialMovingAverage(ema).apply(trained)
        op = tf.group(applied, *tf.get_collection(tf.GraphKeys.UPDATE_OPS))
        saver = train.Saver()
        config = tf.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)
        with tf.Session(config=config) as session:
            session.run(tf.global_variables_initializer())
            losses = [session.run([loss, op], _feed(one))[0] for one in batches(0, BEFORE)]
            saver.save(session, os.path.join(folder, "model.ckpt"))
            if shards:  # 1.15 mangles the names of slots in its first format, too
                first = train.Saver(write_version=saver_pb2.SaverDef.V1)
                first.save(session, os.path.join(folder, "first.ckpt"), write_meta_graph=False)
            losses += [session.run([loss, op], _feed(one))[0] for one in batches(BEFORE, AFTER)]
            saver.save(session, os.path.join(folder, "after.ckpt"), write_meta_graph=False)
    reader = train.load_checkpoint(os.path.join(folder, "after.ckpt"))
    names = reader.get_variable_to_shape_map()
    # 1.15's own reader can't put a mangled slot together: it has the whole shape, and one part.
    found = {name: reader.get_tensor(name) for name in names if "/art_" not in name}
    found["loss"] = np.array(losses, np.float32)
    np.savez(
        os.path.join(folder, "after.npz"), **{k.replace("/", "|"): v for k, v in found.items()}
    )


def _feed(batch):
    return {name + ":0": value for name, value in batch.items()}
