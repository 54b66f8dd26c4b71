"""Files at URLs, read in ranges through fsspec: never more of one than is asked for.

Which schemes there are, and who may read what, is fsspec's to say: ``gs``, ``s3``, ``https``,
``memory`` and others, each with its own environment variables and files of credentials.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Callable, Hashable, Iterator
from typing import Any, TypeVar

from tf1compat.errors import CheckpointError, CorruptCheckpointError, UsageError
from tf1compat.files._http_parts import (
    AnswerError,
    HttpPart,
    ReplacedError,
    http_info,
    http_options,
    is_http,
)
from tf1compat.files.positioned import Positions, RegularFile
from tf1compat.files.scratch import scratch_folder

__all__ = ["Place", "is_url", "looked_up", "names_at", "remote_file"]

_SCHEME = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.\-]+)://")
_AHEAD = 1 << 15  # bytes that are asked for at least: a small part of a file has others beside it
_AT_ONCE = 8 << 20  # bytes that are asked for at most
_PAUSES = (0.2, 0.8, 3.2)  # seconds before what failed is tried again
_PATIENCE = 45.0  # seconds after which it isn't
_MISSING, _REFUSED = (404, 410), (401, 403, 407)  # status codes of HTTP
_UNLISTED = ("http", "https")  # what a page links to is no directory
_REPLACED = "the file was replaced or written to while it was read; read it anew"
_T = TypeVar("_T")


def is_url(path: str) -> bool:
    """Tells whether a path is the URL of something that may lie elsewhere.

    >>> is_url("gs://bucket/model.ckpt-7"), is_url("models/model.ckpt-7")
    (True, False)
    """
    return _SCHEME.match(path) is not None


class Place:
    """What is at a URL, as far as its store tells without reading it."""

    def __init__(self, found: dict[str, Any]) -> None:
        self._found = found

    @property
    def is_folder(self) -> bool:
        """Whether it is what others lie in."""
        return self._found.get("type") == "directory"

    @property
    def is_file(self) -> bool:
        """Whether it is a file, and nothing that is read otherwise."""
        return self._found.get("type") == "file"

    @property
    def size(self) -> int | None:
        """Bytes of it; None where the store doesn't say."""
        size = self._found.get("size")
        return None if size is None else int(size)

    @property
    def identity(self) -> tuple[Hashable, ...]:
        """Another one for another file there, as far as its store tells files apart."""
        return tuple(sorted((key, str(value)) for key, value in self._found.items()))

    @property
    def etag(self) -> str | None:
        """What a server of HTTP tagged it with; None where it didn't."""
        return self._found.get("ETag")


def looked_up(url: str) -> Place | None:
    """Returns what is at a URL; None where nothing is.

    Raises:
      CheckpointError: that can't be told: it may not be read, or its store isn't reached.
      UsageError: what reads this scheme isn't installed, or there is no such scheme.
    """
    store, path = _store(url)
    try:
        asked = http_info if is_http(store) else _info
        return Place(_tried(url, lambda: asked(store, path)))
    except FileNotFoundError:
        return None


def _info(store: Any, path: str) -> dict[str, Any]:
    found: dict[str, Any] = store.info(path)
    return found


def names_at(url: str) -> list[str]:
    """Returns the names of what lies in a folder at a URL, sorted.

    Raises:
      OSError: there is no such folder, or its store doesn't list them, as ``https`` doesn't.
      CheckpointError, UsageError: as for :func:`looked_up`.
    """
    if (match := _SCHEME.match(url)) and match["scheme"].lower() in _UNLISTED:
        raise NotADirectoryError(f"{url}: pages aren't listed")
    store, path = _store(url)
    found = _tried(url, lambda: store.ls(path, detail=False))
    return sorted({name for one in found if (name := one.rstrip("/").rpartition("/")[2])})


@contextlib.contextmanager
def remote_file(url: str, *, variable: str | None, offset: int | None) -> Iterator[RegularFile]:
    """Opens a file at a URL for reading.

    It is looked up once more when whoever reads it is done: what was read is of one file then.

    Raises:
      CorruptCheckpointError: there is no such file, or it was replaced meanwhile.
      CheckpointError, UsageError: as for :func:`looked_up`.
    """

    def corrupt(message: str) -> CorruptCheckpointError:
        return CorruptCheckpointError(message, file=url, variable=variable, offset=offset)

    place = looked_up(url)
    if place is None:
        raise corrupt("the file is missing")
    if place.is_folder:
        raise corrupt("expected a regular file, found a directory")
    if place.size is None:
        raise corrupt("its server doesn't tell its size, so it can't be read in parts; fetch it")
    if not place.is_file:
        raise corrupt("expected a regular file, found something else")
    with contextlib.closing(_Ranges(url, place)) as ranges:
        yield _RemoteFile(url, ranges, place=place, variable=variable)
    after = looked_up(url)
    if after is None or after.identity != place.identity:
        raise corrupt(_REPLACED)


class _Ranges:
    """The bytes at a URL, as :class:`~tf1compat.files.positioned.Positions`.

    Of what was asked for last, what isn't used yet is kept.
    """

    def __init__(self, url: str, place: Place) -> None:
        self.size = place.size or 0
        self._url, self._place = url, place
        self._file: Any = None
        self._kept, self._start = b"", 0
        self._expected = 0

    def expect(self, offset: int, length: int) -> None:
        """Is told what will be read from front to back, which is then asked for in large pieces."""
        self._expected = offset + length

    def some(self, offset: int, out: memoryview) -> int:
        """Fills the beginning of `out`; errors as for :func:`looked_up`."""
        if offset >= self.size or not len(out):
            return 0
        if not self._start <= offset < self._start + len(self._kept):
            self._fetch(offset, len(out))
        found = self._kept[offset - self._start :][: len(out)]
        out[: len(found)] = found
        return len(found)

    def close(self) -> None:
        """Lets go of the connection."""
        self._kept = b""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _fetch(self, offset: int, length: int) -> None:
        ahead = max(length, self._expected - offset, _AHEAD)
        stop = min(offset + min(ahead, _AT_ONCE), self.size)
        found = _tried(self._url, lambda: self._between(offset, stop))
        if len(found) != stop - offset:
            raise CheckpointError(
                f"{self._url}: expected {stop - offset} bytes from {offset}, found {len(found)}; "
                "read it anew"
            )
        self._kept, self._start = found, offset

    def _between(self, start: int, stop: int) -> bytes:
        if self._file is None:
            store, path = _store(self._url)
            if is_http(store):
                return self._part(HttpPart(store, path, start=start, stop=stop))
            self._file = store.open(path, "rb", cache_type="none", size=self.size)
        try:
            self._file.seek(start)
            return bytes(self._file.read(stop - start))
        except BaseException:  # a connection that failed isn't used again
            self._file = None
            raise

    def _part(self, part: HttpPart) -> bytes:
        try:
            return part.read(self.size, self._place.etag)
        except ReplacedError as error:
            raise self._replaced() from error

    def _replaced(self) -> CorruptCheckpointError:
        return CorruptCheckpointError(_REPLACED, file=self._url)


class _RemoteFile(RegularFile):
    """A file elsewhere."""

    def __init__(self, url: str, ranges: _Ranges, *, place: Place, variable: str | None) -> None:
        super().__init__(url, size=ranges.size, identity=place.identity, variable=variable)
        self._ranges, self._place = ranges, place

    def some(self, offset: int, out: memoryview) -> int:
        """Fills the beginning of `out`."""
        return self._ranges.some(offset, out)

    def expect(self, offset: int, length: int) -> None:
        """Has what is read next asked for in large pieces."""
        self._ranges.expect(offset, length)

    def duplicate(self) -> Positions:
        """Returns its bytes once more, by a connection of their own."""
        return _SameFile(self.path, self._place)

    @contextlib.contextmanager
    def leading_path(self) -> Iterator[str]:
        """Yields the path of a copy: others open files of this machine."""
        with scratch_folder() as folder:
            path = os.path.join(folder, os.path.basename(self.path))
            with open(path, "xb") as copy:
                self.expect(0, self.size)
                for start in range(0, self.size, _AT_ONCE):
                    copy.write(self.read(start, min(_AT_ONCE, self.size - start)))
            yield path


class _SameFile(_Ranges):
    """The bytes of a file that was looked up before, of that very file alone."""

    def some(self, offset: int, out: memoryview) -> int:
        """Fills the beginning of `out`, of the file that it was then."""
        kept = self._kept
        count = super().some(offset, out)
        if self._kept is not kept:  # they were fetched just now
            place = looked_up(self._url)
            if place is None or place.identity != self._place.identity:
                raise self._replaced()
        return count

    def _replaced(self) -> CorruptCheckpointError:
        return CorruptCheckpointError(
            "expected the file that was opened before, found that it was changed since; "
            "open it again",
            file=self._url,
        )


def _store(url: str) -> tuple[Any, str]:
    """Returns fsspec's file system of a URL, and what it calls it.

    Raises:
      UsageError: there is none, or not here.
    """
    needed = "pip install 'tf1compat[remote]', or copy its files here first"
    try:
        import fsspec.core
    except ImportError as error:
        raise UsageError(
            f"{url}: reading URLs needs fsspec, which isn't installed; {needed}"
        ) from (error)
    try:
        # what was listed a moment ago may be another file by now
        store, path = fsspec.core.url_to_fs(url, use_listings_cache=False, **http_options(url))
    except ImportError as error:
        raise UsageError(f"{url}: {_said(error)}; {needed}") from error
    except ValueError as error:
        raise UsageError(f"{url}: expected a URL that fsspec knows, found: {_said(error)}") from (
            error
        )
    return store, str(path)


def _tried(url: str, call: Callable[[], _T]) -> _T:
    """Returns what a store answers, asked again where it failed in a way that may pass.

    Raises:
      FileNotFoundError: it says that there is no such thing.
      CheckpointError: it refuses, or fails again and again.
    """
    begin = time.monotonic()
    for pause in (*_PAUSES, None):
        try:
            return call()
        except CheckpointError:
            raise
        except AnswerError as error:
            raise CheckpointError(f"{url}: {error}") from error
        except NotADirectoryError as error:  # a file stands where a directory would
            raise FileNotFoundError(url) from error
        except Exception as error:  # each store has errors of its own
            status = _status_of(error)
            if isinstance(error, FileNotFoundError) and status in (None, *_MISSING):
                raise
            if isinstance(error, PermissionError) or status in _REFUSED:
                raise CheckpointError(f"{url}: can't be opened ({_said(error)})") from error
            if isinstance(error, (ValueError, NotImplementedError)):  # of a server without ranges
                raise CheckpointError(
                    f"{url}: can't be read in parts ({_said(error)}); fetch it first"
                ) from error
            final = status is not None and 400 <= status < 500
            if pause is None or final or time.monotonic() - begin > _PATIENCE:
                raise CheckpointError(
                    f"{url}: can't be read ({_said(error)}); is its store reached from here?"
                ) from error
            time.sleep(pause)
    raise AssertionError("unreachable")


def _status_of(error: BaseException) -> int | None:
    """Returns the status code of HTTP that an error is about; 0 where nothing answered.

    fsspec says of whatever fails over HTTP that the file isn't found, and why behind that.
    """
    behind = error.__cause__
    status = getattr(error, "status", getattr(behind, "status", None))
    if isinstance(status, int):
        return status
    unanswered = isinstance(error, FileNotFoundError) and not isinstance(
        behind, (FileNotFoundError, KeyError, type(None))
    )
    return 0 if unanswered else None


def _said(error: BaseException) -> str:
    """Returns the first line of an error, or of what is behind one that says nothing."""
    told = error.__cause__ if isinstance(error, FileNotFoundError) and error.__cause__ else error
    lines = str(told).strip().splitlines()
    return lines[0] if lines else type(told).__name__
