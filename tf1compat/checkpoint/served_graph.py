"""What a SavedModel has beside its values: its graph, and the files that this reads."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping

from tf1compat.checkpoint.bundle.file_names import SAVED_MODEL
from tf1compat.checkpoint.meta.meta_graph import saved_model_bytes
from tf1compat.errors import CheckpointError, UsageError
from tf1compat.files.regular import open_regular
from tf1compat.files.standing import exists, is_folder, is_url, names_in

__all__ = ["ServedGraph"]

# What 1.15's `saved_model/constants.py` has beside the values.
_ASSETS = "assets"
_COPIED = (SAVED_MODEL, _ASSETS, "assets.extra")
_WINDOW = 1 << 20


@dataclasses.dataclass(frozen=True)
class ServedGraph:
    """A SavedModel but for its values.

    Attributes:
      files: by its path within the SavedModel, each file's content, or the path of a file or folder
        to copy.
    """

    files: Mapping[str, bytes | str]

    @classmethod
    def of_meta_graph(cls, meta_graph: bytes, assets: Mapping[str, str]) -> ServedGraph:
        """Returns that of one graph.

        Args:
          meta_graph: a serialized MetaGraphDef that has its tags.
          assets: paths of the files that it reads, by their names within ``assets``.

        Raises:
          UsageError: it is larger than a message may be.
        """
        whole = saved_model_bytes(meta_graph)
        files = {os.path.join(_ASSETS, name): path for name, path in assets.items()}
        return cls({SAVED_MODEL: whole, **files})

    @classmethod
    def copied(cls, directory: str) -> ServedGraph:
        """Returns that of the SavedModel in a directory.

        Raises:
          CheckpointError: whether something is there can't be looked up.
        """
        paths = {name: os.path.join(directory, name) for name in _COPIED}
        return cls({name: path for name, path in paths.items() if _is_there(path)})

    def write(self, directory: str) -> None:
        """Writes the files into a directory that is there and has none of them.

        Raises:
          CheckpointError: one that is to be copied can't be read.
          UsageError: it is a link to a folder.
        """
        for name, content in self.files.items():
            path = os.path.join(directory, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            if isinstance(content, bytes):
                with open(path, "xb") as file:
                    file.write(content)
            else:
                _copy(content, path)


def _is_there(path: str) -> bool:
    """Tells whether something stands there; a disk that fails doesn't say that nothing does."""
    if is_url(path):
        return exists(path)
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise CheckpointError(f"{path}: can't be looked up ({error.strerror})") from error
    return True


def _copy(source: str, target: str) -> None:
    """Copies a file, or a folder with all that is in it, as bytes alone."""
    if is_folder(source):
        if os.path.islink(source):  # it may lead back to where it is
            raise UsageError(f"{source}: expected a folder of the SavedModel, found a link to one")
        os.mkdir(target)
        for name in names_in(source):
            _copy(os.path.join(source, name), os.path.join(target, name))
        return
    with open_regular(source) as file, open(target, "xb") as copy:
        for start in range(0, file.size, _WINDOW):
            copy.write(file.read(start, min(_WINDOW, file.size - start)))
