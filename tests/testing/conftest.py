"""Lets a guard of the tests look at the source tree as those of the project do."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "project"))
