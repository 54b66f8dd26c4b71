"""Lets the targets and the test of this folder share their modules, however they are started."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
