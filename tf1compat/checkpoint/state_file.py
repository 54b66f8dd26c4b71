"""The text file named ``checkpoint`` that tells a directory's latest checkpoint."""

from __future__ import annotations

import os
import re

from tf1compat.checkpoint.foreign.looking import recognise
from tf1compat.errors import CorruptCheckpointError, OutputError
from tf1compat.files.regular import open_regular, regular_size
from tf1compat.files.standing import exists, is_file

__all__ = [
    "NO_STATE",
    "STATE_FILE",
    "is_state_file",
    "read_state",
    "read_state_file",
    "update_checkpoint_state",
]

STATE_FILE = "checkpoint"
NO_STATE: tuple[None, tuple[str, ...]] = (None, ())
"""What :func:`read_state` returns where a directory has none."""
_LIMIT = 16 << 20
_LINE = re.compile(r"""\s*(\w+)\s*:\s*("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|[-+.\w]+)\s*;?\s*""")
# Protobuf's text form escapes byte by byte: a letter beyond ASCII is two or more escapes.
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|[xX][0-9a-fA-F]{1,2}|.)", re.DOTALL)
_SIMPLE = {
    b"n": b"\n",
    b"t": b"\t",
    b"r": b"\r",
    b"a": b"\a",
    b"b": b"\b",
    b"f": b"\f",
    b"v": b"\v",
    b"?": b"?",
    b'"': b'"',
    b"'": b"'",
    b"\\": b"\\",
}


def read_state(directory: str) -> tuple[str | None, tuple[str, ...]]:
    """Returns the latest prefix and all prefixes that the state file of a directory names.

    None and () where there is no such file. The prefixes are as written: absolute, or relative to
    the directory.

    Raises:
      CorruptCheckpointError: the file isn't a CheckpointState in text form.
    """
    path = os.path.join(directory, STATE_FILE)
    return read_state_file(path) if exists(path) else NO_STATE


def is_state_file(path: str) -> bool:
    """Tells whether a file is a checkpoint state by what it says; called so and empty, too."""
    if not is_file(path):
        return False
    if os.path.basename(path) == STATE_FILE and not regular_size(path):
        return True
    found = recognise(path)
    return found is not None and found.key == "state"


def read_state_file(path: str) -> tuple[str, tuple[str, ...]]:
    """Returns the latest prefix and all prefixes that a state file names, as written.

    Raises:
      CorruptCheckpointError: the file isn't a CheckpointState in text form.
    """
    with open_regular(path) as file:
        if file.size > _LIMIT:
            raise file.corrupt(f"{file.size} bytes are too many for a checkpoint state", None)
        data = bytes(file.read(0, file.size))
    latest, every = None, []
    position, text = 0, data.decode("utf-8", "surrogateescape")
    end = len(text.rstrip())
    while position < end:
        match = _LINE.match(text, position)
        if not match:
            offset = len(text[:position].encode("utf-8", "surrogateescape"))
            raise CorruptCheckpointError("not a checkpoint state", file=path, offset=offset)
        position = match.end()
        if match[1] == "model_checkpoint_path":
            latest = _unquoted(match[2], path)
        elif match[1] == "all_model_checkpoint_paths":
            every.append(_unquoted(match[2], path))
    if not latest:
        raise CorruptCheckpointError("it names no model_checkpoint_path", file=path)
    return latest, tuple(every)


def update_checkpoint_state(
    directory: str | os.PathLike[str], latest: str, *, every: tuple[str, ...] = ()
) -> None:
    """Writes the state file of a directory; mirrors ``tf.train.update_checkpoint_state``.

    Args:
      directory: where the file named ``checkpoint`` is to stand; an older one is replaced.
      latest: the prefix of the latest checkpoint. A relative one counts from `directory`.
      every: the prefixes of all checkpoints that are kept, oldest first; `latest` is added last
        where it isn't among them.

    Raises:
      OutputError: the file can't be written or reads back otherwise; unless the error says that
        the new one stands, the old one does.
    """
    # 1.15 looks at the last alone (`generate_checkpoint_state_proto`), and would list it twice.
    kept = every if latest in every else (*every, latest)
    path = os.path.join(os.fspath(directory), STATE_FILE)
    from tf1compat.files.staging import staged_file  # reading doesn't wait for it

    with staged_file(path) as temporary:
        with open(temporary, "x", encoding="utf-8") as file:
            file.write(_state_text(latest, kept))
        _require_as_meant(temporary, latest, kept)


def _require_as_meant(staged: str, latest: str, kept: tuple[str, ...]) -> None:
    from tf1compat.files.output_errors import standing
    from tf1compat.files.staging import destination

    try:
        found = repr(read_state_file(staged))
    except CorruptCheckpointError as error:
        found = str(error).replace(staged, destination(staged))
    if found != repr((latest, kept)):
        raise OutputError(
            f"{destination(staged)}: expected to read back {(latest, kept)}, found {found}; "
            f"{standing(destination(staged))}"
        )


def _state_text(latest: str, every: tuple[str, ...]) -> str:
    """Returns the text of a state file."""
    lines = [f"model_checkpoint_path: {_quoted(latest)}"]
    lines += [f"all_model_checkpoint_paths: {_quoted(prefix)}" for prefix in every]
    return "\n".join(lines) + "\n"


def _unquoted(text: str, path: str) -> str:
    """Returns what a quoted text says; "" of a value that is none."""
    if text[0] not in "\"'":
        return ""
    data = text[1:-1].encode("utf-8", "surrogateescape")
    for escape in _ESCAPE.finditer(data):
        if not _is_known(escape[1]):  # each of TensorFlow's readers takes it for something else
            found = (
                f"expected an escape such as \\n or \\303, found {escape[0].decode('latin-1')!r}"
            )
            raise CorruptCheckpointError(f"{found} in {text:.80}", file=path)
    return _ESCAPE.sub(_unescaped, data).decode("utf-8", "surrogateescape").replace("\0", "")


def _is_known(escape: bytes) -> bool:
    return escape in _SIMPLE or len(escape) > 1 or escape in b"01234567"


def _unescaped(match: re.Match[bytes]) -> bytes:
    body = match[1]
    if body[:1] in b"01234567":
        return bytes([int(body, 8) & 0xFF])
    if len(body) > 1:
        return bytes([int(body[1:], 16)])
    return _SIMPLE[body]


def _quoted(text: str) -> str:
    data = text.encode("utf-8", "surrogateescape")
    return '"' + "".join(_escaped(byte) for byte in data) + '"'


def _escaped(byte: int) -> str:
    if byte in b'"\\':
        return "\\" + chr(byte)
    return chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}"
