"""Servers that lie, stall, send on and never end: what readers over HTTP make of them.

    python tests/campaign/servers.py            # every answer, of a few formats
    python tests/campaign/servers.py --full     # of all

Each format is read whole from a server on this machine that answers in one way that no honest one
does. What comes out is what the files hold, or one error that names the URL; within seconds, with
no more memory than the file here takes and a few MiB, and nothing is left in TMPDIR. Credentials of
the URL go to no other server.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import gzip
import http.server
import itertools
import os
import re
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [ROOT, HERE]

import tf1compat.keras3.formats.keras_sources  # noqa: E402, F401 - adds Keras' files
from tf1compat.checkpoint import open_checkpoint, tensor_digest  # noqa: E402
from tf1compat.errors import Tf1CompatError  # noqa: E402
from tf1compat.files import _http_parts, _remote  # noqa: E402

TESTS = os.path.join(ROOT, "tests")
KINDS = {
    "V2": "checkpoint/testdata/trained/model.ckpt-3",
    "V1": "checkpoint/testdata/single_v1/model.ckpt-7",
    "safetensors": "checkpoint/testdata/safetensors/model.safetensors.index.json",
    "npz": "checkpoint/testdata/npz/weights.npz",
    "objects": "checkpoint/testdata/object_based/model.ckpt-1",
    "frozen": "goldens/frozen/reference.pb",
    "keras h5": "goldens/keras215/weights.h5",
    "keras": "goldens/keras215/whole.keras",
}
FEW = ("V2", "safetensors")
SECONDS, GROWTH = 10, 96 << 20
ENDLESS = 1 << 31  # bytes, of a body that ends when nobody listens any more
HUGE = 1 << 50
_RANGE = re.compile(r"bytes=(\d+)-(\d+)")


class Asked(http.server.BaseHTTPRequestHandler):
    """One request, with what an honest server would answer."""

    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answered()

    def do_GET(self) -> None:
        self._answered()

    def _answered(self) -> None:
        server: Any = self.server
        server.credentials.append(self.headers.get("Authorization"))
        path = os.path.join(server.folder, self.path.partition("?")[0].lstrip("/"))
        self.close_connection = True
        with contextlib.suppress(ConnectionError):  # who has enough of it goes away
            if not os.path.isfile(path):
                self.send_error(404)
                return
            with open(path, "rb") as file:
                self.data = file.read()
            match = _RANGE.fullmatch(self.headers.get("Range", ""))
            self.first, last = (int(match[1]), int(match[2])) if match else (0, len(self.data) - 1)
            self.last, self.is_part = min(last, len(self.data) - 1), match is not None
            self.wanted = last + 1 - self.first
            server.answer(self)

    @property
    def part(self) -> bytes:
        return self.data[self.first : self.last + 1]

    def send(self, status: int, body: bytes, length: object = None, **headers: object) -> None:
        """Sends an answer; `body` goes with a GET alone. A header that is None is left out."""
        self.send_response(status)
        length = len(body) if length is None else length
        headers = {"Content_Length": length, "ETag": '"1"', **headers}
        for name, value in headers.items():
            if value is not None:
                self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def honest(self, body: bytes | None = None, total: object = None, **headers: object) -> None:
        """Sends what was asked for, or another body as if it were that."""
        total = len(self.data) if total is None else total
        if self.is_part:
            headers.setdefault("Content_Range", f"bytes {self.first}-{self.last}/{total}")
        self.send(206 if self.is_part else 200, self.part if body is None else body, **headers)

    def endless(self) -> None:
        for _ in range(ENDLESS >> 20):
            self.wfile.write(bytes(1 << 20))

    def log_message(self, *_: object) -> None:
        """Says nothing."""


Answer = Callable[[Asked], None]


def _parts(answer: Answer) -> Answer:
    """Returns what answers parts so, and all else honestly."""
    return lambda asked: answer(asked) if asked.is_part else asked.honest()


def _wholes(answer: Answer) -> Answer:
    return lambda asked: asked.honest() if asked.is_part else answer(asked)


def _without_end(status: int) -> Answer:
    def answer(asked: Asked) -> None:
        asked.honest(b"", length=ENDLESS) if status == 206 else asked.send(200, b"", ENDLESS)
        asked.endless()

    return _parts(answer)


def _claims(size: int) -> Answer:
    """A file that is said to have so many bytes, and nothing but zeros at its end."""

    def answer(asked: Asked) -> None:
        if not asked.is_part:
            return asked.send(200, b"", size)
        last = asked.first + asked.wanted - 1
        body = asked.part.ljust(min(asked.wanted, 1 << 26), b"\0")
        return asked.send(206, body, Content_Range=f"bytes {asked.first}-{last}/{size}")

    return answer


def _changing(header: str) -> Answer:
    count = itertools.count()
    return lambda asked: asked.honest(**{header: f'"{next(count)}"'})


def _sent_on(where: Callable[[Asked], str]) -> Answer:
    return lambda asked: asked.send(302, b"", Location=where(asked))


def _dripping(asked: Asked) -> None:
    asked.honest(b"", length=asked.wanted)
    for _ in range(100):
        asked.wfile.write(b"\0")
        time.sleep(0.2)


def _flood(asked: Asked) -> None:
    asked.send(200, b"", **{f"X_{n}": "y" * 1000 for n in range(20_000)})


@functools.cache
def _bomb() -> bytes:
    return gzip.compress(bytes(1 << 28))


ANSWERS: dict[str, Answer] = {
    "honest": Asked.honest,
    "a size that is no number": _wholes(lambda asked: asked.send(200, b"", "many")),
    "a size below zero": _wholes(lambda asked: asked.send(200, b"", -5)),
    "half its size": _wholes(lambda asked: asked.send(200, b"", len(asked.data) // 2)),
    "more than its size": _wholes(lambda asked: asked.send(200, b"", len(asked.data) + 999)),
    "a huge size": _claims(HUGE),
    "no size": lambda asked: asked.send(200, asked.data, Content_Length=None),
    "all for a part": lambda asked: asked.send(200, asked.data),
    "another body for a part": _parts(lambda asked: asked.send(200, b"x" * asked.wanted)),
    "another part": _parts(
        lambda asked: asked.honest(
            asked.data[: asked.wanted],
            Content_Range=f"bytes 0-{asked.wanted - 1}/{len(asked.data)}",
        )
    ),
    "a part of which nothing is said": _parts(
        lambda asked: asked.send(206, asked.data[: asked.wanted])
    ),
    "a part of a larger file": _parts(lambda asked: asked.honest(total=10 * len(asked.data))),
    "a part that is cut": _parts(
        lambda asked: asked.honest(asked.part[: len(asked.part) // 2], length=len(asked.part))
    ),
    "a part without end": _without_end(206),
    "a whole without end": _without_end(200),
    "packed": lambda asked: asked.honest(gzip.compress(asked.part), Content_Encoding="gzip"),
    "packed parts": _parts(
        lambda asked: asked.honest(gzip.compress(asked.part), Content_Encoding="gzip")
    ),
    "a packed bomb": _parts(lambda asked: asked.honest(_bomb(), Content_Encoding="gzip")),
    "other tags": _changing("ETag"),
    "another tag for parts": _parts(lambda asked: asked.honest(ETag='"2"')),
    "other dates": _changing("Last_Modified"),
    "on to a file": _sent_on(lambda asked: "file:///etc/passwd"),
    "on to itself": _sent_on(lambda asked: asked.path),
    "on to nothing": _sent_on(lambda asked: ""),
    "on to others": _sent_on(lambda asked: asked.server.other + asked.path),  # type: ignore[attr-defined]
    "on, signed anew": lambda asked: (
        asked.honest()
        if "?" in asked.path
        else asked.send(302, b"", Location=f"{asked.path}?{time.monotonic_ns()}")
    ),
    "silence": lambda asked: time.sleep(2),
    "silence in a part": _parts(lambda asked: (asked.honest(b"", length=9), time.sleep(2))[0]),
    "byte by byte": _parts(_dripping),
    "an error for a part": _parts(lambda asked: asked.send(500, b"")),
    "a part that isn't there": _parts(lambda asked: asked.send(416, b"")),
    "nothing more to say": _parts(lambda asked: asked.send(204, b"")),
    "endless headers": _flood,
    "a page for anything": lambda asked: asked.send(200, b"<html>no</html>"),
}
READ = ("honest", "on to others", "on, signed anew")
"""The answers from which the files can be read; of the others nothing may come."""


class Server(http.server.ThreadingHTTPServer):
    """Answers requests for the files of a folder."""

    daemon_threads, block_on_close = True, False

    def __init__(self, folder: str, answer: Answer, *, other: str = "") -> None:
        super().__init__(("127.0.0.1", 0), Asked)
        self.folder, self.answer, self.other = folder, answer, other
        self.credentials: list[str | None] = []

    def handle_error(self, *_: object) -> None:
        """Says nothing."""


@contextlib.contextmanager
def serving(folder: str, answer: Answer, *, other: str = "") -> Iterator[Server]:
    """Yields a server that runs."""
    server = Server(folder, answer, other=other)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Outcome(NamedTuple):
    """What came of reading: digests by name, or the error; and what it took."""

    read: dict[str, str]
    error: BaseException | None
    seconds: float
    growth: int


def outcome(url: str) -> Outcome:
    """Reads a checkpoint whole."""
    begin, held = time.monotonic(), _memory()
    read, error = {}, None
    try:
        checkpoint = open_checkpoint(url)
        read = {name: tensor_digest(entry.read()) for name, entry in checkpoint.items()}
    except BaseException as raised:
        error = raised
    return Outcome(read, error, time.monotonic() - begin, _memory() - held)


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def wrong(kind: str, what: str) -> list[str]:
    """Returns what is wrong with what comes of one answer."""
    folder, name = os.path.split(os.path.join(TESTS, KINDS[kind]))
    truth = outcome(os.path.join(folder, name)).read
    with serving(folder, Asked.honest) as second:
        other = f"http://localhost:{second.server_port}"
        with serving(folder, ANSWERS[what], other=other) as server:
            url = f"http://user:secret@127.0.0.1:{server.server_port}/{name}"
            found = outcome(url)
        leaked = [one for one in second.credentials if one]
    bad = ["credentials were sent on"] * bool(leaked)
    if found.seconds > SECONDS or found.growth > GROWTH:
        bad.append(f"took {found.seconds:.1f} s and {found.growth >> 20} MiB")
    if found.error is None:
        bad += [] if found.read == truth else ["other values were read"]
        bad += [] if what in READ or found.read == truth else ["was read"]
    elif not isinstance(found.error, Tf1CompatError) or "127.0.0.1" not in str(found.error):
        bad.append(f"raised {found.error!r}")
    elif what in READ or str(found.error).count("\n"):
        bad.append(f"said {found.error}")
    return [f"{kind}, {what}: {one}" for one in bad] + _left(kind, what)


def _left(kind: str, what: str) -> list[str]:
    return [f"{kind}, {what}: left {name}" for name in os.listdir(tempfile.gettempdir())]


def tried(kind: str, what: str) -> list[str]:
    """Returns what is wrong, found in a process of its own, whose memory is its own."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        with tempfile.TemporaryDirectory() as scratch:
            tempfile.tempdir = scratch
            try:
                said = wrong(kind, what)
            except BaseException as error:
                said = [f"{kind}, {what}: {error!r}"]
            os.write(writing, "\n".join(said).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read().decode()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return [*said.splitlines(), *([f"{kind}, {what}: died with {status}"] if status else ())]


def main() -> int:
    """Runs the campaign; returns 1 if anything was wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--full", action="store_true", help="every format")
    parser.add_argument("--only", default="", help="answers with this text in their names")
    options = parser.parse_args()
    _remote._PAUSES = (0, 0, 0)
    _http_parts._SILENCE, _http_parts._TOGETHER = 0.3, 1.0
    found, count = [], 0
    for kind in KINDS if options.full else FEW:
        for what in (one for one in ANSWERS if options.only in one):
            said, count = tried(kind, what), count + 1
            found += said
            for one in said:
                print(one[:400], flush=True)
    print(f"{count} readings, {len(found)} faults")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
