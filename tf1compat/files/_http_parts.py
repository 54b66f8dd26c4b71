"""Parts of files over HTTP, each held to what was asked for.

fsspec takes any answer that calls itself partial for the part that it asked for, and keeps all that
is sent, however much. A server that is wrong, or means harm, is told from one that isn't here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tf1compat.printable import printable_name

__all__ = ["AnswerError", "HttpPart", "ReplacedError", "http_info", "http_options", "is_http"]

_CONTENT_RANGE = re.compile(r"bytes (\d{1,20})-(\d{1,20})/(\d{1,20}|\*)")
_PLAIN = ("", "identity")
_TAGS = ("ETag", "Content-MD5", "Digest", "Last-Modified")  # what tells contents apart
_STEP = 1 << 16  # bytes
_WHOLE, _PARTIAL = 200, 206  # status codes
_SILENCE = 30.0  # seconds without a byte, or without a connection
_TOGETHER = 300.0  # seconds for one answer


class AnswerError(Exception):
    """A server's answer isn't to what was asked; it won't be another time."""


class ReplacedError(AnswerError):
    """It is to what was asked, and of another file than before."""


def is_http(store: Any) -> bool:
    """Tells whether a file system of fsspec's speaks HTTP."""
    protocols = store.protocol
    return "https" in ((protocols,) if isinstance(protocols, str) else protocols)


def http_options(url: str) -> dict[str, Any]:
    """Returns what a file system of a URL is made with, so that each of its requests ends.

    What the user set of it, by fsspec's own configuration, stands. Nothing for other schemes.
    """
    if not url.lower().startswith(("http://", "https://")):
        return {}
    import aiohttp
    from fsspec.config import conf

    timeout = aiohttp.ClientTimeout(total=_TOGETHER, sock_connect=_SILENCE, sock_read=_SILENCE)
    given = [conf.get(scheme, {}).get("client_kwargs", {}) for scheme in ("http", "https")]
    return {"client_kwargs": {"timeout": timeout, **given[0], **given[1]}}


def http_info(store: Any, path: str) -> dict[str, Any]:
    """Returns, of what a server says of a file, what another file there would have otherwise.

    Where a request is sent on to isn't: a store signs that anew each time.

    Raises:
      AnswerError: it is sent on to what isn't followed.
      Exception: whatever fsspec makes of a server that fails.
    """
    import aiohttp

    try:
        found = store.info(path)
    except FileNotFoundError as error:
        kinds = (aiohttp.NonHttpUrlRedirectClientError, aiohttp.TooManyRedirects)
        if isinstance(error.__cause__, kinds):
            raise _not_followed(error.__cause__) from error
        raise
    there = str(found.get("url", ""))
    if path.startswith("https://") and not there.startswith("https://"):
        raise _not_followed(there)
    tags = any(found.get(tag) for tag in _TAGS)
    kept = {key: value for key, value in found.items() if key != "url"}
    return kept if tags else {**kept, "url": there.partition("?")[0]}


def _not_followed(where: object) -> AnswerError:
    said = printable_name(str(where)[:200])
    return AnswerError(f"its server sends on to another place, which isn't followed: {said}")


class HttpPart:
    """Bytes of a file of which a server said before what it is."""

    def __init__(self, store: Any, path: str, *, start: int, stop: int) -> None:
        self._store, self._path = store, path
        self._start, self._stop = start, stop

    def read(self, size: int, etag: str | None) -> bytes:
        """Returns the bytes, or fewer where the connection ends before.

        Args:
          size: bytes of the whole file.
          etag: what its server tagged it with; None where it didn't.

        Raises:
          AnswerError: the server sends another part, more than was asked for, or something packed.
          ReplacedError: a part of another file.
          Exception: whatever aiohttp makes of a server that fails.
        """
        from fsspec.asyn import sync

        return bytes(sync(self._store.loop, self._fetched, size, etag))

    async def _fetched(self, size: int, etag: str | None) -> bytearray:
        session = await self._store.set_session()
        options = dict(self._store.kwargs)
        asked = {"Range": f"bytes={self._start}-{self._stop - 1}", "Accept-Encoding": "identity"}
        options["headers"] = {**options.get("headers", {}), **asked}
        answer = await session.get(self._store.encode_url(self._path), **options)
        async with answer:
            if self._path.startswith("https://") and answer.url.scheme != "https":
                raise _not_followed(answer.url)
            answer.raise_for_status()
            self._require(answer.status, answer.headers, size)
            if etag and answer.headers.get("ETag", etag) != etag:
                raise ReplacedError("was replaced while it was read; read it anew")
            return await self._body(answer)

    def _require(self, status: int, headers: Mapping[str, str], size: int) -> None:
        """Raises AnswerError where an answer can't begin with the bytes that were asked for."""
        packed = headers.get("Content-Encoding", "")
        if packed.lower() not in _PLAIN:
            by = printable_name(packed[:20])
            raise AnswerError(f"can't be read in parts (they come packed by {by}); {_ELSE}")
        if status == _WHOLE:
            whole = headers.get("Content-Length", str(size)) == str(size)
            if self._start or not whole:
                raise AnswerError(f"can't be read in parts (its server sends all of it); {_ELSE}")
            return
        expected = f"bytes {self._start}-{self._stop - 1}/{size}"
        found = printable_name(headers.get("Content-Range", "none")[:80])
        match = _CONTENT_RANGE.fullmatch(found)
        parts = (self._start, self._stop - 1)
        fits = match and (int(match[1]), int(match[2])) == parts and match[3] in ("*", str(size))
        if status != _PARTIAL or not fits:
            raise AnswerError(
                f"expected an answer with {expected}, found {found} (status {status}); its server "
                "is wrong, or it was replaced: read it anew, or fetch it first"
            )

    async def _body(self, answer: Any) -> bytearray:
        wanted, out = self._stop - self._start, bytearray()
        async for piece in answer.content.iter_chunked(_STEP):
            out += piece
            if len(out) > wanted and answer.status == _WHOLE:
                return out[:wanted]  # what follows wasn't asked for
            if len(out) > wanted:
                raise AnswerError(f"expected {wanted} bytes from {self._start}, found more")
        return out


_ELSE = "fetch it first"
