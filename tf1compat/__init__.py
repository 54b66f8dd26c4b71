"""tf1compat: TensorFlow-1 graph code and checkpoints on today's TensorFlow and Keras 3.

This root is bare on purpose: ``import tf1compat`` loads neither TensorFlow nor Keras.
Import the room that does the job, for example ``tf1compat.checkpoint`` (reads and writes
name-based checkpoints without TensorFlow) or ``tf1compat.migration`` (checkpoint to Keras 3).
"""

import os as _os
import sys as _sys

if _os.name != "posix":  # said here once: every room locks files, or imports one that does
    raise ImportError(
        "tf1compat reads and locks files by POSIX's calls: expected Linux or macOS, found "
        f"{_sys.platform}; on Windows, use its Linux subsystem (WSL)"
    )

__version__ = "0.2.0"

__all__ = ["__version__"]
