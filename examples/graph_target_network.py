r"""Q-learning with a target network, which follows the online one by hard or soft copies.

    python -m examples.graph_target_network --episodes=60 --tau=0.05

The world is a corridor of 6 cells; going right at its end is rewarded.
"""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf
from absl import app, flags

from tf1compat.graph import ScopeCopy, initialize_uninitialized, layers, pair_scopes, query

v1 = tf.compat.v1
_EPISODES = flags.DEFINE_integer("episodes", 60, "Episodes.", lower_bound=1)
_TAU = flags.DEFINE_float("tau", 0.05, "How far the target moves at each step.", 0.0, 1.0)
_CELLS, _DISCOUNT = 6, 0.9


def q_network(states: tf.Tensor, scope: str) -> tf.Tensor:
    """From cells [B] to the values [B, 2] of going left and right."""
    with v1.variable_scope(scope):
        hidden = layers.dense(tf.one_hot(states, _CELLS), 24, tf.nn.relu, name="hidden")
        return layers.dense(hidden, 2, name="values")


def move(state: int, action: int) -> tuple[int, float, bool]:
    """The next cell, the reward, and whether the episode is over."""
    reached = max(0, state + (1 if action else -1))
    return (state, 1.0, True) if reached == _CELLS else (reached, 0.0, False)


class Agent:
    """The online network, its target, and what trains the one on the other."""

    def __init__(self) -> None:
        self.states, self.actions = (v1.placeholder(tf.int32, [None]) for _ in range(2))
        self.wanted = v1.placeholder(tf.float32, [None])
        self.values = q_network(self.states, "online")
        self.target_values = q_network(self.states, "target")
        chosen = tf.reduce_sum(self.values * tf.one_hot(self.actions, 2), axis=1)
        loss = tf.reduce_mean(tf.square(chosen - self.wanted))
        online = list(query().trainable().scope("online"))
        self.train = v1.train.AdamOptimizer(0.02).minimize(loss, var_list=online)
        self.copy = ScopeCopy(pair_scopes(None, source="online", target="target"))

    def learn(self, session: v1.Session, batch: np.ndarray) -> None:
        """Takes a training step on rows of (state, action, reward, next state, over)."""
        states, actions, rewards, after, over = batch.T
        best = session.run(self.target_values, {self.states: after}).max(axis=1)
        wanted = rewards + _DISCOUNT * best * (1 - over)
        feeds = {self.states: states, self.actions: actions, self.wanted: wanted}
        session.run(self.train, feeds)
        self.copy.blend(session, _TAU.value)


def main(argv: Sequence[str]) -> None:
    """Plays, learns, and prints what it thinks of each cell."""
    if len(argv) > 1:
        raise app.UsageError(f"expected no arguments, found {argv[1:]}")
    rng = np.random.default_rng(0)
    memory: list[tuple[float, ...]] = []
    with tf.Graph().as_default() as graph, v1.Session(graph=graph) as session:
        v1.set_random_seed(0)
        agent = Agent()
        graph.finalize()
        initialize_uninitialized(session)
        agent.copy.copy(session)  # both begin alike
        for _ in range(_EPISODES.value):
            state, over, steps = int(rng.integers(_CELLS)), False, 0
            while not over and steps < 20:
                action = int(rng.integers(2))
                after, reward, over = move(state, action)
                memory.append((state, action, reward, after, over))
                state, steps = after, steps + 1
                agent.learn(session, np.array(memory)[rng.integers(len(memory), size=32)])
        values = session.run(agent.values, {agent.states: np.arange(_CELLS)})
    print("cell  left  right")
    for cell, (left, right) in enumerate(values):
        print(f"{cell:4}  {left:.2f}  {right:.2f}")


if __name__ == "__main__":
    app.run(main)
