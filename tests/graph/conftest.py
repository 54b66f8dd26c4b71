"""Lets the tests of this folder import its records as `records.SUBJECT.MODULE`."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
