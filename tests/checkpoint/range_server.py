"""A server of files that counts what it sends, for tests of reading over HTTP."""

import contextlib
import http.server
import os
import re
import threading

_RANGE = re.compile(r"bytes=(\d+)-(\d+)")


class Server(http.server.ThreadingHTTPServer):
    """Serves the files of a folder on this machine.

    Attributes:
      sent: bytes of the answers to GET.
      ranges: whether it gives parts of files.
      failures: how many of the next requests are answered with `status`.
      status: 503, or what else.
      before: called with each path before it is answered.
    """

    def __init__(self, folder):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folder = os.fspath(folder)
        self.sent, self.ranges, self.failures, self.status = 0, True, 0, 503
        self.before = lambda path: None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_HEAD(self):
        self._answer(body=False)

    def do_GET(self):
        self._answer(body=True)

    def _answer(self, *, body):
        server = self.server
        server.before(self.path)
        path = server.folder + self.path
        if server.failures:
            server.failures -= 1
            return self.send_error(server.status)
        if not os.path.isfile(path):
            return self.send_error(404)
        size = os.path.getsize(path)
        asked = _RANGE.fullmatch(self.headers.get("Range", "")) if server.ranges else None
        first, last = (int(asked[1]), min(int(asked[2]), size - 1)) if asked else (0, size - 1)
        with open(path, "rb") as file:
            file.seek(first)
            part = file.read(last + 1 - first if body else 0)
        self.send_response(206 if asked else 200)
        if asked:
            self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
        self.send_header("Content-Length", str(last + 1 - first))
        self.send_header("ETag", f'"{os.stat(path).st_mtime_ns}"')
        self.end_headers()
        if body:
            with contextlib.suppress(ConnectionError):  # who didn't want all of it went away
                self.wfile.write(part)
            server.sent += len(part)
        return None

    def log_message(self, *args):
        pass


@contextlib.contextmanager
def serving(folder):
    """Yields a server of a folder's files."""
    server = Server(folder)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
