"""Outputs that are folders: the manifest within, and whether all that one holds was written so."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from collections.abc import Callable, Iterator

from tf1compat.errors import CheckpointError, OutputError, Problem, Tf1CompatError
from tf1compat.files.manifest import Manifest
from tf1compat.files.output_errors import naming, path_text
from tf1compat.files.regular import open_regular
from tf1compat.text_files import read_text

__all__ = [
    "FOLDER_MANIFEST",
    "damaged_files",
    "file_digest",
    "files_within",
    "folder_manifest",
    "format_within",
    "require_replaceable",
    "write_folder_manifest",
]

FOLDER_MANIFEST = "tf1compat.manifest.json"
"""The file that says what a folder holds: digests of its tensors, and as `parts` of its files."""

_FORMAT = "output_format"
_EMPTY = "empty_folders"
_WINDOW = 1 << 20


def write_folder_manifest(folder: str, manifest: Manifest, *, kind: str) -> Manifest:
    """Writes the manifest of a folder into it, and returns it with the name of its format.

    It says which folders hold nothing as well: TensorFlow leaves some.
    """
    empty = sorted(one.rstrip(os.sep) for one in _within(folder, "") if one.endswith(os.sep))
    notes = {**manifest.notes, _FORMAT: kind, _EMPTY: empty}
    whole = dataclasses.replace(manifest, notes=notes)
    with open(os.path.join(folder, FOLDER_MANIFEST), "x", encoding="utf-8") as file:
        file.write(whole.to_json())
    return whole


def format_within(folder: str) -> str:
    """Returns the name of the format that a folder's manifest says; "" where it says none."""
    try:
        manifest = folder_manifest(folder)
    except Tf1CompatError:  # damage is told by who reads it for more than its name
        return ""
    return str(manifest.notes.get(_FORMAT, "")) if manifest else ""


def folder_manifest(folder: str) -> Manifest | None:
    """Returns the manifest of a folder; None where it has none.

    Raises:
      VerificationError: it is damaged.
      UsageError: it is no regular file, or far too large.
    """
    path = os.path.join(folder, FOLDER_MANIFEST)
    return Manifest.from_json(read_text(path)) if os.path.lexists(path) else None


def files_within(folder: str) -> tuple[str, ...]:
    """Returns all that is in a folder and isn't a folder, by its path there, sorted."""
    return tuple(sorted(one for one in _within(folder, "") if not one.endswith(os.sep)))


def file_digest(path: str, *, size: int | None = None) -> str:
    """Returns the SHA-256 of a file, or of its first `size` bytes."""
    digest = hashlib.sha256()
    with open_regular(path) as file:
        end = file.size if size is None else min(size, file.size)
        for start in range(0, end, _WINDOW):
            digest.update(file.read(start, min(_WINDOW, end - start)))
    return digest.hexdigest()


def damaged_files(
    folder: str, manifest: Manifest | None, digest: Callable[[str, str], str]
) -> list[Problem]:
    """Returns a problem for each file of a folder that isn't as its manifest says.

    Files beside those are none: what people put into a folder is theirs.

    Args:
      folder: the folder.
      manifest: its manifest; None where it has none, which tells nothing.
      digest: returns the digest of a file by the folder and its path there, or raises a
        CheckpointError or an OSError.
    """
    problems = []
    for name, written in (manifest.parts if manifest else {}).items():
        if not _is_within(name):  # which nothing here writes, and which would read others' files
            problems.append(Problem(name, "the path of a file within", "another", folder))
            continue
        try:
            found = digest(folder, name)
        except (OSError, CheckpointError) as error:
            problems.append(Problem(name, "the file that was written", str(error), folder))
            continue
        if found != written:
            problems.append(Problem(name, f"SHA-256 {written}", found, folder))
    return problems


def _is_within(name: str) -> bool:
    """Tells whether a path leads to a file below where it is begun, as it is spelled."""
    try:
        plain = os.path.normpath(path_text(name))
    except OutputError:  # which is no path at all
        return False
    return (
        plain == name and not os.path.isabs(name) and plain.split(os.sep)[0] not in ("", ".", "..")
    )


def require_replaceable(folder: str) -> None:
    """Does nothing where all that a folder holds is of one output that this package wrote.

    Raises:
      OutputError: it has other files, other folders that hold nothing, or no manifest.
    """
    try:
        manifest = folder_manifest(folder)
    except Tf1CompatError as error:
        raise OutputError(
            f"{folder}: can't be replaced, its manifest can't be read: {error}"
        ) from (error)
    if manifest is None:
        raise OutputError(
            f"{folder}: can't be written, something that is not a file stands there, and no output "
            "that is to be replaced: it has no manifest of this package; choose another path"
        )
    with naming(folder):
        others = _strangers(folder, manifest)
    if others:
        named = ", ".join(sorted(others)[:5])
        raise OutputError(
            f"{folder}: can't be replaced, {len(others)} of its files and folders weren't written "
            f"with it: {named}; move them elsewhere, or choose another path"
        )


def _strangers(folder: str, manifest: Manifest) -> set[str]:
    """Returns what is in a folder and isn't of its output, as :func:`_within` yields it."""
    found = set(_within(folder, "")) - {*manifest.parts, FOLDER_MANIFEST}
    noted = manifest.notes.get(_EMPTY)
    if not isinstance(noted, list):  # it is of an earlier version, which didn't say
        return {one for one in found if not one.endswith(os.sep)}
    emptied = (above for part in manifest.parts for above in _above(part))
    return found - {os.path.join(str(one), "") for one in (*noted, *emptied)}


def _above(part: str) -> Iterator[str]:
    """Yields the folders that a file is in, by their paths."""
    while part := os.path.dirname(part):
        yield part


def _within(folder: str, under: str) -> Iterator[str]:
    """Yields the paths of files, and those of folders that hold nothing with a separator behind."""
    with os.scandir(os.path.join(folder, under)) as entries:
        found = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
    if under and not found:
        yield os.path.join(under, "")
    for name, is_folder in found:
        path = os.path.join(under, name)
        if is_folder:
            yield from _within(folder, path)
        else:
            yield path
