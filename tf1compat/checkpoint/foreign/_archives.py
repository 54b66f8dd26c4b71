"""Archives: what they hold is told where their listing is in plain sight."""

from __future__ import annotations

import re
import struct
import zlib

from tf1compat.checkpoint.bundle_files import SHARD
from tf1compat.checkpoint.foreign._sample import ZIP, Foreign, Sample

__all__ = ["archive", "tar", "zip_file"]

_UNPACK = "unpack it, and name the checkpoint that it holds"
_BY_MAGIC = {
    b"\x1f\x8b\x08": "a gzip file",
    b"BZh": "a bzip2 file",
    b"\xfd7zXZ\0": "an xz file",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!\x1a\x07": "a RAR archive",
    b"\x28\xb5\x2f\xfd": "a Zstandard file",
}
_GZIP, _ZIP = b"\x1f\x8b\x08", (b"PK\x03\x04", b"PK\x05\x06")
_END = struct.Struct("<4s4H2IH")  # zip's end of central directory
_ENTRY = b"PK\x01\x02"
_LISTED = struct.Struct("<4s6H3I5H2I")  # an entry of zip's central directory
_INSIDE = re.compile(rf"(?:.*/)?(.+)\.(?:index|{SHARD}|meta)")
_CHECKSUM = slice(148, 156)
_BLOCK = 512  # bytes of a tar's header
_TAR_NOTES = (b"x", b"g", b"L", b"K")  # headers about the next member
_LONGEST = 1024  # characters of a name
_INFLATED = 1 << 18  # bytes that are unpacked to look for a tar


def zip_file(sample: Sample) -> Foreign | None:
    """Recognises zip files, and by the names in them numpy's, Keras' and PyTorch's."""
    if not sample.head.startswith(_ZIP):
        return None
    names = _zip_names(sample)
    bases = {name.rpartition("/")[2] for name in names}
    if names and all(name.endswith(".npy") for name in names):
        return Foreign(
            "a zip file of numpy arrays (.npz)",
            "give it a name that ends in .npz, by which it is read",
            ZIP,
        )
    if {"config.json", "metadata.json"} <= bases:
        return Foreign(
            "a zip file that is a Keras model (.keras)",
            "it is read by a name that ends in .keras, in Python once tf1compat.keras3 is imported",
            ZIP,
        )
    if "data.pkl" in bases:
        return Foreign(
            "a zip file of PyTorch (.pt, .pth, .bin)",
            "its weights have PyTorch's names and layouts: name the TensorFlow checkpoint that it "
            "was made from",
            ZIP,
        )
    return Foreign("a zip file" + _held(names), _UNPACK, ZIP)


def _zip_names(sample: Sample) -> list[str]:
    """Returns the first name in a zip file, and those that are listed within its tail."""
    length = int.from_bytes(sample.head[26:28], "little")
    first = sample.head[30 : 30 + length].decode("utf-8", "replace")
    end = sample.tail.rfind(_ZIP[1])
    start = 0
    if 0 <= end <= len(sample.tail) - _END.size:
        offset = _END.unpack_from(sample.tail, end)[6]
        start = max(offset - (sample.size - len(sample.tail)), 0)
    start = sample.tail.find(_ENTRY, start)  # a long list is seen from somewhere within
    return [first, *(_listed(sample.tail[start:]) if start >= 0 else ())]


def _listed(directory: bytes) -> list[str]:
    names, at = [], 0
    while at + _LISTED.size <= len(directory) and directory.startswith(_ENTRY, at):
        entry = _LISTED.unpack_from(directory, at)
        length, extra, comment = entry[10:13]
        at += _LISTED.size
        names.append(directory[at : at + length].decode("utf-8", "replace"))
        at += length + extra + comment
    return names


def tar(sample: Sample) -> Foreign | None:
    """Recognises tar files: each header has a checksum."""
    names = _tar_names(sample.head)
    return None if names is None else Foreign("a tar archive" + _held(names), _UNPACK)


def _tar_names(data: bytes) -> list[str] | None:
    """Returns the names in sight of a tar archive; None where it is none."""
    names, at = [], 0
    while at + _BLOCK <= len(data) and _is_tar_header(data[at : at + _BLOCK]):
        block = data[at : at + _BLOCK]
        if block[156:157] not in _TAR_NOTES:
            names.append(block[:100].rstrip(b"\0").decode("utf-8", "replace"))
        size = _octal(block[124:136]) or 0
        at += _BLOCK + -(-size // _BLOCK) * _BLOCK
    return names if at else None


def _is_tar_header(block: bytes) -> bool:
    blank = sum(block) - sum(block[_CHECKSUM]) + 8 * ord(" ")
    return block[0] != 0 and _octal(block[_CHECKSUM]) == blank


def _octal(text: bytes) -> int | None:
    match = re.fullmatch(rb"[ \0]*([0-7]+)[ \0]*", text)
    return int(match[1], 8) if match else None


def archive(sample: Sample) -> Foreign | None:
    """Recognises what is compressed."""
    for magic, what in _BY_MAGIC.items():
        if sample.head.startswith(magic):
            names = _tar_names(_inflated(sample.head)) if magic == _GZIP else None
            return Foreign(what if names is None else f"{what} of a tar{_held(names)}", _UNPACK)
    return None


def _inflated(head: bytes) -> bytes:
    try:
        return zlib.decompressobj(wbits=31).decompress(head, _INFLATED)
    except zlib.error:
        return b""


def _held(names: list[str]) -> str:
    """Returns which checkpoint, or else what, is seen to be in an archive."""
    for name in names:
        inside = _INSIDE.fullmatch(name[:_LONGEST])
        if inside:
            return f" that holds the checkpoint {inside[1]}"
    return f" that holds {names[0]}" if names and names[0].isprintable() and names[0] else ""
