"""Tasks in surroundings that nobody asked for: streams, encodings, folders, limits, settings.

    python tests/campaign/surroundings.py            # inspect and diff, which take no Keras
    python tests/campaign/surroundings.py --full     # those that take Keras as well: 45 minutes
    python tests/campaign/surroundings.py "--tasks=migrate .keras" --only=fsync

Each task is run in each of the surroundings, in a process of its own. Where the surroundings
should make no difference, its status and what it says are those of a run without them; where it
can't work, it says so in one error of its own, and what stood at its output still stands. Never is
there a traceback, an error that nobody thought of, a status that isn't the command's, or anything
left in TMPDIR or beside the output. What needs root, or a mount, is skipped where there is none.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.dirname(os.path.dirname(HERE)), HERE]

import tasks  # noqa: E402
import warm  # noqa: E402

SAME, TOLD, EITHER = "same", "told", "either"
READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && cd "$0" && exec "$@"'
CLOCK = """
import time
_past = time.time()
_time, _local = time.time, time.localtime
time.time = lambda: _time() - _past + 5.0
time.localtime = lambda seconds=None: _local(time.time() if seconds is None else seconds)
"""
NO_SYNC = """
import os
def _refuse(handle):
    raise OSError({number}, os.strerror({number}))
os.fsync = os.fdatasync = _refuse
"""


class Surrounding(NamedTuple):
    """What is around a task, and what is to come of it.

    `env`, `flags` (of Python) and `settings` are of the process, `before` runs in it; `customize`
    is run as Python starts; `arguments` changes those of the task.
    """

    name: str
    expected: str = SAME
    env: Mapping[str, str | None] = {}
    flags: tuple[str, ...] = ()
    before: Callable[[], None] | None = None
    settings: Mapping[str, Any] = {}
    customize: str = ""
    arguments: Callable[[str], str] = str
    read_only: str = ""  # a folder that is so, or the one of the tasks, as "."
    said: bool = True  # whether what it says can be read
    unread: bool = False  # whether it may fail for what it says alone, its output written
    late: bool = False  # whether it is there for the command alone, not for how Python starts


def _bound(folder: str, command: tuple[str, ...]) -> tuple[str, ...]:
    """Returns a command, or the beginning of one, that runs where a folder is read-only."""
    return ("unshare", "-m", "sh", "-c", READ_ONLY, folder, *command)


def _closed(*handles: int) -> Callable[[], None]:
    return lambda: [os.close(handle) for handle in handles] and None


def _limit(which: int, amount: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(which, (amount, amount))


def _deleted() -> None:
    gone = tempfile.mkdtemp()
    os.chdir(gone)
    os.rmdir(gone)


def _ignoring() -> None:
    for number in (signal.SIGPIPE, signal.SIGCHLD, signal.SIGHUP, signal.SIGINT, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_IGN)


def _blocking() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGCHLD})


def streams() -> Iterator[Surrounding]:
    for encoding in ("ascii", "ascii:strict", "latin-1", "cp1252", "koi8-r", "shift_jis"):
        yield Surrounding(f"streams in {encoding}", env={"PYTHONIOENCODING": encoding})
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LANG": None}
    yield Surrounding("the C locale", env=plain)
    yield Surrounding("a locale that isn't there", env={"LC_ALL": "xx_YY.UTF-9"})
    yield Surrounding("stdin closed", before=_closed(0))
    yield Surrounding("stdout closed", before=_closed(1), said=False)
    yield Surrounding("stderr closed", before=_closed(2))
    yield Surrounding("all closed", before=_closed(0, 1, 2), said=False)
    full = os.open("/dev/full", os.O_WRONLY)
    yield Surrounding("stdout full", TOLD, settings={"stdout": full}, unread=True)
    yield Surrounding("stderr full", settings={"stderr": full}, said=False)
    for columns in ("1", "0", "-5", "many", "9" * 30):
        env = {"COLUMNS": columns, "TERM": "dumb"}
        yield Surrounding(f"COLUMNS={columns[:5]}", env=env, late=True)


def folders() -> Iterator[Surrounding]:
    yield Surrounding("no HOME", env={"HOME": None})
    yield Surrounding("HOME isn't there", env={"HOME": "/nowhere/at/all"})
    yield Surrounding("HOME is a file", env={"HOME": "/dev/null"})
    yield Surrounding("TMPDIR isn't there", env={"TMPDIR": "/nowhere/at/all"})
    yield Surrounding("TMPDIR is a file", env={"TMPDIR": "/dev/null"})
    yield Surrounding("a working directory that was deleted", TOLD, before=_deleted)
    yield Surrounding("a folder that is read-only", EITHER, read_only=".")
    yield Surrounding("no folder for temporary files", EITHER, read_only="/")
    yield Surrounding("umask 077", before=lambda: os.umask(0o077) and None, late=True)
    yield Surrounding("umask 777", EITHER, before=lambda: os.umask(0o777) and None, late=True)
    for number in (22, 95, 38):
        refused = NO_SYNC.format(number=number)
        yield Surrounding(f"fsync refused ({number})", customize=refused, late=True)
    yield Surrounding("fsync fails", EITHER, customize=NO_SYNC.format(number=5), late=True)


PATHS: dict[str, tuple[str, Callable[[str], str]]] = {
    "paths by way of others": (SAME, lambda p: f"out/.././/./{p}"),
    "no file of that name": (TOLD, lambda p: f"nowhere/{p}"),
    "a name too long": (TOLD, lambda p: "n" * 256 + p),
    "a path too long": (TOLD, lambda p: "./" * 3000 + p),
    "a path through a file": (TOLD, lambda p: f"mm.py/{p}"),
    "a path in a circle": (TOLD, lambda p: f"circle/{p}"),
    "nothing as path": (TOLD, lambda p: ""),
    "a folder as path": (TOLD, lambda p: "out"),
    "a path that isn't UTF-8": (SAME, lambda p: f"o\udcff/{p}"),
    "a path of controls": (SAME, lambda p: f"esc\x1b[2J\n/{p}"),
    "a path that looks like flags": (SAME, lambda p: f"--x=y/{p}"),
    "a path with a home": (TOLD, lambda p: f"~/{p}"),
}


def paths() -> Iterator[Surrounding]:
    """Yields surroundings in which every path of a command line is written otherwise."""

    def through(change: Callable[[str], str]) -> Callable[[str], str]:
        def changed(argument: str) -> str:
            flag, equals, path = argument.partition("=")
            return f"{flag}={change(path)}" if equals and flag != "--model" else argument

        return changed

    for name, (expected, change) in PATHS.items():
        yield Surrounding(name, expected, arguments=through(change), late=True)


def limits() -> Iterator[Surrounding]:
    for count in (8, 16, 32, 64):
        before = _limit(resource.RLIMIT_NOFILE, count)
        yield Surrounding(f"{count} open files", EITHER, before=before)
    yield Surrounding("no core", before=_limit(resource.RLIMIT_CORE, 0))
    yield Surrounding("a small stack", EITHER, before=_limit(resource.RLIMIT_STACK, 256 << 10))
    yield Surrounding("no locked memory", before=_limit(resource.RLIMIT_MEMLOCK, 0))
    yield Surrounding("signals ignored", before=_ignoring)
    yield Surrounding("signals blocked", before=_blocking)


def settings() -> Iterator[Surrounding]:
    for flags in (("-OO",), ("-W", "error"), ("-bb",), ("-X", "dev"), ("-X", "utf8=0"), ("-s",)):
        yield Surrounding(f"python {' '.join(flags)}", flags=flags)
    yield Surrounding("PYTHONWARNINGS=default", env={"PYTHONWARNINGS": "default"})
    yield Surrounding("a clock before 1980", EITHER, customize=CLOCK)  # zip files know none
    yield Surrounding("no time zone", env={"TZ": "Nowhere/At_All"})
    yield Surrounding("TF_CPP_MIN_LOG_LEVEL=none", env={"TF_CPP_MIN_LOG_LEVEL": "none"})
    yield Surrounding("a backend that isn't there", EITHER, env={"KERAS_BACKEND": "nothing"})
    for what, text in {
        "no JSON": "{",
        "a list": "[]",
        "half floats": '{"floatx": "float16"}',
    }.items():
        yield Surrounding(f"keras.json holds {what}", EITHER, env={"KERAS_HOME": f"keras {text}"})


def surroundings() -> list[Surrounding]:
    """Returns all of them."""
    made = (streams, folders, paths, limits, settings)
    return [one for kind in made for one in kind()]


class Place:
    """A folder with what the tasks read, and what came of each without any surroundings."""

    def __init__(self, folder: str, chosen: Mapping[str, tuple[str, ...]]) -> None:
        self.folder, self.tasks = folder, chosen
        tasks.prepare(folder)
        os.symlink("circle", os.path.join(folder, "circle"))
        self.mounts = not subprocess.run(_bound(folder, ("true",)), capture_output=True).returncode
        for alias in ("o\udcff", "esc\x1b[2J\n", "--x=y"):
            os.symlink(".", os.path.join(folder, alias))
        self.warm = bool(set(chosen) - set(tasks.LIGHT))
        if self.warm:
            warm.imported()
            done = self._run(
                Surrounding("none"), ("migrate", *tasks.SOURCE, f"--output={tasks.VERIFIED}")
            )
            assert not done.status, done
        self.plain = {name: self._run(Surrounding("none"), chosen[name]) for name in chosen}

    def wrong(self, surrounding: Surrounding, task: str) -> list[str]:
        """Returns what is wrong with how a task ends in its surroundings."""
        end, plain = self._run(surrounding, self.tasks[task]), self.plain[task]
        found = tasks.unforeseen(end)
        same = end.status == plain.status and (
            not surrounding.said or _plainly(end) == _plainly(plain)
        )
        asked = "unfilled targets:" in end.errors
        told = (end.status in (1, 2) and "tf1compat" in end.errors) or asked or not surrounding.said
        if not {SAME: same, TOLD: told and end.errors != plain.errors, EITHER: same or told}[
            surrounding.expected
        ]:
            found.append(f"expected {surrounding.expected}, found {end}")
        failed = end.status and end.status != plain.status and not surrounding.unread
        if failed and self._standing() != tasks.OLD:
            found.append("what stood at its output is gone")
        return found

    def _run(self, one: Surrounding, arguments: tuple[str, ...]) -> tasks.Ended:
        self._clear()
        env = dict(one.env)
        if one.customize:
            env["PYTHONPATH"] = self._written("custom", "sitecustomize.py", one.customize)
        if "KERAS_HOME" in env:
            text = str(env["KERAS_HOME"]).partition(" ")[2]
            env["KERAS_HOME"] = self._written("keras", "keras.json", text)
        given = [one.arguments(argument) for argument in arguments]
        return tasks.ended(self._started(one, given, env), self.folder)

    def _started(self, one: Surrounding, given: list[str], env: Mapping[str, str | None]) -> Any:
        if one.late and self.warm:
            around = tasks.around(self.folder, env)
            return warm.started(
                given, folder=self.folder, env=around, before=one.before, customize=one.customize
            )
        place = self.folder if one.read_only == "." else one.read_only
        return tasks.started(
            given,
            folder=self.folder,
            env=env,
            flags=one.flags,
            within=_bound(place, ()) if place else (),
            preexec_fn=one.before,
            **one.settings,
        )

    def _written(self, name: str, base: str, text: str) -> str:
        place = os.path.join(self.folder, name)
        os.makedirs(place, exist_ok=True)
        with open(os.path.join(place, base), "w", encoding="utf-8") as file:
            file.write(text)
        return (
            os.pathsep.join([place, os.environ.get("PYTHONPATH", "")]) if base[-1] == "y" else place
        )

    def _clear(self) -> None:
        for name in ("out", "tmp"):
            place = os.path.join(self.folder, name)
            shutil.rmtree(place, ignore_errors=True)
            os.mkdir(place)
        for suffix in (".weights.h5", ".keras"):
            with open(os.path.join(self.folder, "out", f"o{suffix}"), "wb") as file:
                file.write(tasks.OLD)

    def _standing(self) -> bytes:
        found = set()
        for entry in os.scandir(os.path.join(self.folder, "out")):
            if entry.is_dir():
                return b"several"
            with open(entry.path, "rb") as file:
                found.add(file.read())
        return found.pop() if len(found) == 1 else b"several"


def _plainly(end: tasks.Ended) -> list[str]:
    """Returns what a task says but for lines with paths, which may be written otherwise."""
    said = (*end.out.splitlines(), *end.errors.splitlines())
    return [line for line in said if not any(part in line for part in ("=", "o.", "out/"))]


def campaign(place: Place, chosen: Sequence[Surrounding]) -> tuple[int, list[str]]:
    """Returns how many runs there were, and what is wrong with which."""
    count, found = 0, []
    begin = time.monotonic()
    for number, one in enumerate(chosen, 1):
        if one.read_only and not place.mounts:
            print(f"{one.name}: skipped, this system lets us mount nothing")
            continue
        for task in place.tasks:
            count += 1
            wrong = place.wrong(one, task)
            found += [f"{task} | {one.name} | {what}" for what in wrong]
            for what in wrong:
                print(f"{task} | {one.name} | {what}", flush=True)
        took = time.monotonic() - begin
        print(f"{number} of {len(chosen)}, {one.name}: {len(found)} faults in {took:.0f} s")
        sys.stdout.flush()
    return count, found


def main() -> int:
    """Runs the campaign; returns 1 if anything was wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--full", action="store_true", help="tasks that take Keras, too")
    parser.add_argument("--only", default="", help="surroundings with this text in their names")
    parser.add_argument("--tasks", default="", help="tasks of these names, by commas")
    options = parser.parse_args()
    chosen = tasks.TASKS if options.full else tasks.LIGHT
    if options.tasks:
        chosen = {name: tasks.TASKS[name] for name in options.tasks.split(",")}
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        place = Place(folder, chosen)
        count, found = campaign(place, [one for one in surroundings() if options.only in one.name])
    print(f"{count} runs, {len(found)} faults")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
