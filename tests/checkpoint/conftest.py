"""Makes what the tests of checkpoints share importable."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
