"""Arguments, their order and defaults, against TensorFlow 1.15.5's.

Regenerate the record: see tests/graph/records/generate_signatures.py.
"""

import json
import pathlib
import sys

import pytest

from tf1compat import graph
from tf1compat.graph import layers

RECORDS = pathlib.Path(__file__).parent / "records"
sys.path.insert(0, str(RECORDS))

from signatures import signature_of  # noqa: E402

EXPECTED = json.loads((RECORDS / "signatures.json").read_text())


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_signature(name):
    ours = getattr(layers, name, None) or getattr(graph, name)
    assert signature_of(ours) == EXPECTED[name]
