r"""A character-level RNN that learns a sentence by heart, and writes it.

python -m examples.graph_char_rnn --steps=150 --checkpoint=/tmp/char_rnn/model.ckpt
"""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf
from absl import app, flags

from tf1compat.graph import get_variable, initialize_uninitialized, layers, query, rnn_cell

v1 = tf.compat.v1
_STEPS = flags.DEFINE_integer("steps", 150, "Training steps.", lower_bound=1)
_TEXT = flags.DEFINE_string("text", "the quick brown fox jumps over the lazy dog. ", "To learn.")
_CHECKPOINT = flags.DEFINE_string("checkpoint", "", "Where to save; nowhere by default.")
_UNITS = 48


class CharRnn:
    """A stack of two LSTMs over embedded characters; `ids` are [B, T], `logits` [B, T, V]."""

    def __init__(self, vocabulary: int) -> None:
        self.ids = v1.placeholder(tf.int32, [None, None], name="ids")
        self.targets = v1.placeholder(tf.int32, [None, None], name="targets")
        cell = rnn_cell.MultiRNNCell([rnn_cell.BasicLSTMCell(_UNITS) for _ in range(2)])
        table = get_variable("embedding", [vocabulary, 16])
        rows = tf.nn.embedding_lookup(table, self.ids)
        self.start = cell.zero_state(tf.shape(self.ids)[0], tf.float32)
        outputs, self.end = v1.nn.dynamic_rnn(cell, rows, initial_state=self.start)
        self.logits = layers.dense(outputs, vocabulary, name="logits")
        self.loss = tf.reduce_mean(
            tf.nn.sparse_softmax_cross_entropy_with_logits(self.targets, self.logits)
        )
        optimizer = v1.train.AdamOptimizer(0.02)
        gradients = optimizer.compute_gradients(self.loss)
        clipped, _ = tf.clip_by_global_norm([g for g, _ in gradients], 5.0)
        pairs = [(g, v) for g, (_, v) in zip(clipped, gradients, strict=True)]
        self.train = optimizer.apply_gradients(pairs)

    def write(self, session: v1.Session, first: int, count: int) -> list[int]:
        """Returns `first` and the `count` characters that are likeliest after it."""
        ids, state = [first], None
        for _ in range(count):
            feeds = {self.ids: [[ids[-1]]]}
            if state is not None:
                feeds[self.start] = state
            logits, state = session.run([self.logits, self.end], feeds)
            ids.append(int(np.argmax(logits[0, -1])))
        return ids


def main(argv: Sequence[str]) -> None:
    """Learns the text and writes it down from its first character."""
    if len(argv) > 1:
        raise app.UsageError(f"expected no arguments, found {argv[1:]}")
    text = _TEXT.value
    characters = sorted(set(text))
    ids = np.array([[characters.index(c) for c in text + text[0]]])
    with tf.Graph().as_default() as graph, v1.Session(graph=graph) as session:
        v1.set_random_seed(0)
        model = CharRnn(len(characters))
        print(query(graph).trainable())
        initialize_uninitialized(session)
        for step in range(_STEPS.value):
            feeds = {model.ids: ids[:, :-1], model.targets: ids[:, 1:]}
            loss, _ = session.run([model.loss, model.train], feeds)
            if step in (0, _STEPS.value - 1):
                print(f"step {step}: loss {loss:.4f}")
        written = model.write(session, int(ids[0, 0]), len(text) - 1)
        print("It writes:", "".join(characters[i] for i in written))
        if _CHECKPOINT.value:
            print("Saved to", v1.train.Saver().save(session, _CHECKPOINT.value))


if __name__ == "__main__":
    app.run(main)
