"""Lets targets and test of this folder share modules, and see the source tree as guards do."""

import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "project")]
