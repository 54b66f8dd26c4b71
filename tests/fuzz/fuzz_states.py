"""Target of ``checkpoint`` files beside protobuf's own parser of text."""

from __future__ import annotations

import functools

from fuzz_scratch import written
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format

from tf1compat.checkpoint.state_file import read_state_file
from tf1compat.errors import Tf1CompatError

_STRING, _DOUBLE = 9, 1
_FIELDS = (  # of tensorflow/python/training/checkpoint_state.proto
    ("model_checkpoint_path", _STRING, 1),
    ("all_model_checkpoint_paths", _STRING, 3),
    ("all_model_checkpoint_timestamps", _DOUBLE, 3),
    ("last_preserved_timestamp", _DOUBLE, 1),
)


@functools.cache
def _message():
    """Returns the message of such files, made here: TensorFlow's own has no public name."""
    file = descriptor_pb2.FileDescriptorProto(name="fuzzed.proto", syntax="proto3")
    kind = file.message_type.add(name="CheckpointState")
    for number, (name, type_, label) in enumerate(_FIELDS, 1):
        kind.field.add(name=name, number=number, type=type_, label=label)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("CheckpointState"))


def state_text(data: bytes) -> None:
    """The prefixes are those that protobuf reads, of what both take for a state."""
    try:
        latest, every = read_state_file(written("state3/checkpoint", data))
    except Tf1CompatError:
        return
    state = _message()()
    try:
        text_format.Parse(data, state)
    except (text_format.ParseError, ValueError):  # ValueError of its escapes and numbers
        return
    expected = (state.model_checkpoint_path, *state.all_model_checkpoint_paths)
    assert (latest, *every) == tuple(one.replace("\0", "") for one in expected)


def state_text_seeds() -> list[bytes]:
    return [
        b'model_checkpoint_path: "m-7"\nall_model_checkpoint_paths: "m-7"\n',
        b"model_checkpoint_path: 'a\\303\\251\\n\\x41\\'' ; all_model_checkpoint_timestamps: 1.5e3",
        b'model_checkpoint_path: "\\0651"\nlast_preserved_timestamp: 1\n',
        b'model_checkpoint_path: "a\\u00e9\\t\\\\\\X41"\nmodel_checkpoint_path: "b"',
    ]
