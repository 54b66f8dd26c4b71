"""Arguments, their order and defaults, against TensorFlow 1.15.5's.

Regenerate the record: see tests/graph/records/signatures/generate.py.
"""

import json
import pathlib

import pytest
from records.signatures.reading import signature_of

from tf1compat import graph
from tf1compat.graph import layers

RECORDS = pathlib.Path(__file__).parent / "records" / "signatures"
EXPECTED = json.loads((RECORDS / "signatures.json").read_text())


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_signature(name):
    ours = getattr(layers, name, None) or getattr(graph, name)
    assert signature_of(ours) == EXPECTED[name]
