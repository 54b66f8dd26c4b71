"""tf1compat: TensorFlow-1 graph code and checkpoints on today's TensorFlow and Keras 3.

This root is bare on purpose: ``import tf1compat`` loads neither TensorFlow nor Keras.
Import the room that does the job, for example ``tf1compat.checkpoint`` (reads and writes
name-based checkpoints without TensorFlow) or ``tf1compat.migration`` (checkpoint to Keras 3).
"""

__version__ = "0.2.0"

__all__ = ["__version__"]
