"""A training graph with a table of words from a file, parts of it on other machines.

The ``.meta`` holds that graph: batch statistics whose updates come before the outputs, dropout, a
loss and momentum; reference and resource variables, one in partitions. The record is what the same
variables compute in inference mode. ``words.txt`` isn't where the graph says.
"""

import os

import tensorflow as tf

from generators import recording

WORDS = ("the", "old", "graph", "runs", "again")
LENGTH, SIZE, HIDDEN, CLASSES = 3, 4, 6, 2
STEPS = 4
KEPT = 0.7


def lookup(words):
    """[B, 3] words -> [B, 3] ids; what isn't in the file has the last."""
    file = os.path.join("elsewhere", "words.txt")
    table = tf.lookup.StaticVocabularyTable(
        tf.lookup.TextFileInitializer(
            file,
            tf.string,
            tf.lookup.TextFileIndex.WHOLE_LINE,
            tf.int64,
            tf.lookup.TextFileIndex.LINE_NUMBER,
        ),
        num_oov_buckets=1,
    )
    return tf.identity(table.lookup(words), "ids")


def network(ids, training, keep):
    """[B, 3] ids -> [B, 2]."""
    with tf.variable_scope("words"):
        parts = tf.fixed_size_partitioner(2)
        table = tf.get_variable("table", [len(WORDS) + 1, SIZE], partitioner=parts)
        x = tf.nn.embedding_lookup(table, ids, partition_strategy="div")
    with tf.variable_scope("net", use_resource=True):
        x = tf.reshape(x, [-1, LENGTH, 1, SIZE])
        x = tf.contrib.layers.batch_norm(
            x, is_training=training, scale=True, fused=True, updates_collections=None, scope="norm"
        )
        x = tf.layers.flatten(x)
        x = tf.nn.relu(tf.layers.dense(x, HIDDEN, name="hidden"))
    x = tf.nn.dropout(x, keep_prob=keep) if training else x
    with tf.device("/job:ps/task:0" if training else None):
        return tf.layers.dense(x, CLASSES, name="classes")


def write(folder):
    """Writes the golden."""
    recording.fresh_folder(folder)
    inputs = {"ids": recording.integers(41, len(WORDS) + 1, 5, LENGTH).astype("int64")}
    with tf.Graph().as_default() as graph:
        tf.set_random_seed(23)
        ids = lookup(tf.placeholder(tf.string, [None, LENGTH], "text"))
        labels = tf.placeholder(tf.int32, [None], "labels")
        keep = tf.placeholder(tf.float32, [], "keep_prob")
        logits = network(ids, True, keep)
        tf.nn.softmax(logits, name="scores")
        loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
        train = tf.train.MomentumOptimizer(0.1, 0.9).minimize(loss)
        saver = tf.train.Saver(save_relative_paths=True, sharded=True)
    with graph.as_default(), session() as sess:
        sess.run(tf.global_variables_initializer())
        for step in range(STEPS):
            some = recording.integers(300 + step, len(WORDS) + 1, 6, LENGTH)
            feeds = {ids: some, labels: recording.integers(400 + step, CLASSES, 6), keep: KEPT}
            sess.run(train, feeds)
        variables = recording.values_of_variables(sess)
        saver.save(sess, os.path.join(folder, recording.CHECKPOINT))
        recording.describe(os.path.join(folder, "vars.json"))
    with open(os.path.join(folder, "words.txt"), "w") as file:
        file.write("\n".join(WORDS) + "\n")
    with tf.Graph().as_default(), recording.session() as sess:
        made = network(tf.placeholder(tf.int64, [None, LENGTH], "ids"), False, 1.0)
        for variable in tf.global_variables():
            variable.load(variables[variable.op.name], sess)
        outputs = recording.named(scores=tf.nn.softmax(made))
        recording.record(sess, folder, inputs, outputs)


def session():
    """Returns a session of the cluster that the graph is for: this process."""
    cluster = tf.train.ClusterSpec({"ps": ["localhost:0"]})
    server = tf.train.Server(cluster, job_name="ps", task_index=0, protocol="grpc")
    config = tf.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)
    return tf.Session(server.target, config=config)
