import hashlib

import ml_dtypes
import numpy as np
import pytest

from tf1compat.checkpoint import Manifest, TensorDigest, tensor_digest
from tf1compat.errors import BudgetError, UsageError, VerificationError
from tf1compat.files.json_text import parse_json


def sha(data):
    return hashlib.sha256(data).hexdigest()


VALUE = np.arange(12, dtype=np.float32).reshape(3, 4)


@pytest.mark.parametrize(
    "value",
    [
        VALUE,
        VALUE.T,
        VALUE[::-1, ::2],
        np.asfortranarray(VALUE),
        VALUE.astype(ml_dtypes.bfloat16),
        VALUE.astype(ml_dtypes.bfloat16).T,
        np.zeros((0, 3)),
        np.float64(1.5),
        np.array(True),
        np.zeros(3, [("qint8", "i1")]),
        np.arange(3_000_000, dtype=np.int16).reshape(2, -1).T,
    ],
)
def test_digests_are_of_the_raw_bytes_in_c_order(value):
    assert tensor_digest(value) == sha(np.asarray(value).tobytes())


def test_bytes_are_little_endian():
    assert tensor_digest(VALUE.astype(">f4")) == sha(VALUE.tobytes())


def test_strings_have_their_lengths_before_them():
    expected = sha(b"\2\0\0\0\0\0\0\0ab" + b"\0" * 8)
    assert tensor_digest(np.array([b"ab", b""], object)) == expected
    assert tensor_digest(np.array(["ab", ""])) == expected
    assert tensor_digest(np.array([b"a", b"b"], object)) != expected
    with pytest.raises(UsageError, match="bytes, not int"):
        tensor_digest(np.array([3], object))


def test_json_and_back():
    tensors = (
        TensorDigest("a/w", (2, 3), "float32", "0" * 64),
        TensorDigest('odd "\u00e9\n', (), "string", "1" * 64),
    )
    manifest = Manifest(tensors)
    assert Manifest.from_json(manifest.to_json()) == manifest
    assert manifest.by_name()["a/w"].shape == (2, 3)
    assert Manifest.from_json(Manifest(()).to_json()) == Manifest(())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"format": "other", "tensors": []}',
        '{"format": "tf1compat-manifest-1", "tensors": [{"name": "w"}]}',
        '{"format": "tf1compat-manifest-1", "tensors": 3}',
        "[" * 100_000,
    ],
)
def test_what_is_no_manifest_is_refused(text):
    with pytest.raises(VerificationError, match="not a tensor manifest"):
        Manifest.from_json(text)


def test_a_name_twice_is_refused():
    one = TensorDigest("w", (), "float32", "0" * 64)
    with pytest.raises(VerificationError, match="this manifest names a tensor twice"):
        Manifest.from_json(Manifest((one, one)).to_json())


def test_notes_come_back_and_are_left_out_where_there_are_none():
    one = TensorDigest("w", (2,), "float32", "0" * 64)
    noted = Manifest((one,), {"proof": {"counts": {"proved": 1}}})
    assert Manifest.from_json(noted.to_json()) == noted
    assert "notes" not in Manifest((one,)).to_json()
    with pytest.raises(VerificationError, match="expected values by key"):
        Manifest.from_json(
            noted.to_json().replace('{"proof"', '[{"proof"', 1).replace("}}}", "}}}]", 1)
        )


@pytest.mark.parametrize("text", ["x", "\\u001b"])
def test_a_long_text_is_honest_whose_characters_are_a_byte_each(text):
    """As are manifests of a hundred thousand names."""
    size = (66 << 20) // len(text)
    assert len(parse_json(f'["{text * size}"]', file="m")[0]) == size


def test_a_text_that_is_much_longer_in_memory_is_not():
    with pytest.raises(BudgetError, match=r"m: reading it takes .* bytes of JSON or more"):
        parse_json('["\\u2028' + "x" * (17 << 20) + '"]', file="m")
