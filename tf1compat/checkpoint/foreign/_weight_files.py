"""Files of weights in the formats of others."""

from __future__ import annotations

import json
import re

from tf1compat.checkpoint.foreign._sample import Foreign, Sample

__all__ = ["events", "hdf5", "npy", "pickled", "safetensors", "tflite"]

_HDF5 = b"\x89HDF\r\n\x1a\n"
_BLOCKS = (0, 512, 1024, 2048, 4096)  # where HDF5 may begin, behind a user's own block
_LONGEST = 100 << 20  # bytes of a safetensors header, by its specification
# Pickle's protocols from 2 on begin with their number, and then with one of these: a frame, a
# dict, a list, a tuple's mark, a class, a number or a text.
_PICKLE = re.compile(rb"\x80[\x02-\x05][\x95}\](c\x8a\x8c\x8dXKJMU\x89\x88N)]")
_OLD_PICKLE = re.compile(rb"\([dl]p\d+\n|c[\w.]+\n[\w.]+\n|[}\])]q\x00|\(dq\x00")
_TORCH = b"\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."  # the number that torch.save began files with
_EVENTS = re.compile(rb".{8}.{4}\x09.{8}.{0,4}brain\.Event:", re.DOTALL)


def hdf5(sample: Sample) -> Foreign | None:
    """Recognises HDF5, and by the names of its groups whose it is."""
    if not any(sample.head[at : at + len(_HDF5)] == _HDF5 for at in _BLOCKS):
        return None
    seen = sample.head + sample.tail
    if b"model_config" in seen or b"model_weights" in seen:
        whose = " (a whole model of Keras)"
    elif b"layer_names" in seen or b"weight_names" in seen:
        whose = " (weights of Keras 2 and earlier)"
    elif b"_layer_checkpoint_dependencies" in seen or b"vars" in seen:
        whose = " (weights of Keras 3)"
    else:
        whose = ""
    return Foreign(
        f"an HDF5 file{whose}",
        "it is read by a name that ends in .h5, in Python once tf1compat.keras3 is imported",
    )


def safetensors(sample: Sample) -> Foreign | None:
    """Recognises safetensors: a length, and a JSON object of that length."""
    length = int.from_bytes(sample.head[:8], "little")
    if not 2 <= length <= min(_LONGEST, sample.size - 8) or sample.head[8:9] != b"{":
        return None
    text = sample.head[8 : 8 + length]
    if len(text) == length:
        try:
            json.loads(text)
        except ValueError:
            return None
    elif b'"dtype"' not in text and b'"__metadata__"' not in text:
        return None
    return Foreign(
        "a safetensors file",
        "give it a name that ends in .safetensors, by which it is read",
    )


def npy(sample: Sample) -> Foreign | None:
    """Recognises a single array of numpy."""
    if not sample.head.startswith(b"\x93NUMPY"):
        return None
    return Foreign("one numpy array (.npy)", "read it with numpy.load")


def pickled(sample: Sample) -> Foreign | None:
    """Recognises pickles, and the older files of PyTorch among them."""
    old = _OLD_PICKLE.match(sample.head) is not None and sample.tail.endswith(b".")
    if not old and not _PICKLE.match(sample.head):
        return None
    if sample.head[2:].startswith(_TORCH) or b"torch" in sample.head:
        return Foreign(
            "a pickle of PyTorch (.pt, .pth, .bin)",
            "its weights have PyTorch's names and layouts: name the TensorFlow checkpoint that it "
            "was made from",
        )
    return Foreign(
        "a Python pickle", "reading it would run what it says: name the checkpoint instead"
    )


def tflite(sample: Sample) -> Foreign | None:
    """Recognises TensorFlow Lite's flatbuffers."""
    if sample.head[4:8] != b"TFL3":
        return None
    return Foreign(
        "a TensorFlow Lite model",
        "its weights are folded and may be quantized: name the checkpoint that it was made from",
    )


def events(sample: Sample) -> Foreign | None:
    """Recognises TensorBoard's events."""
    if not _EVENTS.match(sample.head):
        return None
    return Foreign(
        "an events file of TensorBoard",
        "name the checkpoint beside it: the prefix of an .index file",
        is_model=False,
    )
