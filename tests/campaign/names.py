"""Names that aren't what names are like: what the tasks show, keep and take them for.

    python tests/campaign/names.py            # checkpoints of such names, in inspect and diff
    python tests/campaign/names.py --full     # 100,000 names, and models, plans and outputs, too

Each name stands alone in a checkpoint, beside a plain one, and with all the others. Each task
shows as many lines for it as for a plain name, with no character in them that controls a terminal
or turns the direction of writing; its JSON gives the name back; what is asked for by name is found
by it. Plans, manifests and weights come back from what was written. A name that can't be used
is told in an error of the package's own.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import json
import os
import signal
import sys
import tempfile
import time
import unicodedata
from collections.abc import Iterator, Sequence

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.dirname(os.path.dirname(HERE)), HERE]
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import hostile  # noqa: E402
import tasks  # noqa: E402

MANY = 100_000
HANG = 120  # seconds of the processor
LONG = 64_000
# What a terminal obeys, or doesn't show: controls, formats, halves of characters, line ends.
OBEYED = ("Cc", "Cf", "Cs", "Zl", "Zp")
CONTROLS = {
    "clears the screen": "a\x1b[2J/w",
    "sets the title": "a\x1b]0;b\x07/w",
    "C1": "a\x9b31m/w",
    "a line": "a\nb/w",
    "a return": "a\rb/w",
    "CR LF": "a\r\nb/w",
    "a tab": "a\tb/w",
    "zero": "a\0b/w",
    "backspaces": "aaa\b\b\bb/w",
    "deletes": "a\x7f/w",
    "right to left": "a\u202ebc\u202c/w",
    "isolates": "a\u2066b\u2069/w",
    "no width": "a\u200bb/w",
    "a mark of byte order": "\ufeffa/w",
    "line separators": "a\u2028b\u2029c\x85d/w",
    "a tag": "a\U000e0041/w",
}
PLACES = {
    "up": "../../x",
    "up at the end": "a/..",
    "here": ".",
    "the root": "/",
    "absolute": "/etc/passwd",
    "two slashes": "a//b",
    "a slash at the end": "a/",
    "backslashes": "..\\..\\x",
    "a drive": "C:\\x",
    "home": "~/x",
}
WORDS = {
    "a flag": "--checkpoint=x",
    "a dash": "-",
    "a prototype": "__proto__",
    "a dunder": "a/__class__/w",
    "a tensor": "a/w:0",
    "a control input": "^a/w",
    "a format": "%s%n{0}{}{source}",
    "groups": r"\1\g<0>$1",
    "a pattern": "(a+)+$[",
    "shell": "$(touch x)`touch x`;touch x",
    "markup": "[bold]a[/bold][/]/w",
    "HTML": "<script>alert(1)</script>&amp;/w",
    "quotes": "\"a'b`/w",
    "null": "null",
    "NaN": "NaN",
    "digits": "9" * 5000 + "/w",
    "a number": "layer_" + "1" * 4400 + "/w",
    "spaces": "  a  /  w  ",
    "no-break spaces": "a\xa0b/w",
    "wide": "ｆｕｌｌ/模型/w",
    "an emoji": "a👩‍👩‍👧/w",
    "marks": "a" + "\u0301" * 200 + "/w",
    "long": "n" * LONG,
    "deep": "/".join("n" * (LONG // 32)),
    "slots": "a/w/Adam_1/ExponentialMovingAverage/Momentum",
}
APART = (
    ("Conv/w", "conv/w", "CONV/W"),
    ("caf\u00e9/w", "cafe\u0301/w"),
    ("\ufb01ne/w", "fine/w"),
    ("a/w", "a /w", "a\u200b/w", "\u0430/w"),
    ("a1/w", "a01/w", "a\u00b2/w", "a\u0661/w"),
)
RAW = {
    "not UTF-8": b"a\xff\xfe/w",
    "a half character": b"a\xed\xa0\x80/w",
    "an overlong slash": b"a\xc0\xafw",
    "cut short": b"a/w\xe2\x82",
    "raw controls": b"\x1b[2J\x9b1m\n/w",
}


def names() -> dict[str, str]:
    """Returns what is peculiar about each name, and the name."""
    return CONTROLS | PLACES | WORDS


def ran(folder: str, *arguments: str) -> tasks.Ended:
    """Runs the command in a fork, in a folder; returns how it ended."""
    files = [tempfile.TemporaryFile() for _ in range(2)]  # noqa: SIM115 - closed below
    sys.stdout.flush()
    child = os.fork()
    if not child:
        code = 99
        try:
            signal.setitimer(signal.ITIMER_PROF, HANG)
            signal.alarm(10 * HANG)
            os.chdir(folder)
            for number, file in enumerate(files, start=1):
                os.dup2(file.fileno(), number)
            from tf1compat.apps import run

            run(arguments)
        except SystemExit as end:
            code = end.code
        finally:
            os._exit(code)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    said = []
    for file in files:
        with contextlib.closing(file):
            file.seek(0)
            said.append(file.read().decode("utf-8", "surrogateescape"))
    return tasks.Ended(status, said[0], said[1])


def obeyed(text: str) -> str:
    """Returns the characters of a text that a terminal would obey, but for line ends."""
    found = {c for c in text if c != "\n" and unicodedata.category(c) in OBEYED}
    return "".join(sorted(found))


def shown(end: tasks.Ended, *, lines: int | None = None) -> list[str]:
    """Returns what is wrong with what a task showed."""
    found = tasks.unforeseen(end)
    if obeyed(end.out + end.errors):
        found.append(f"shows {obeyed(end.out + end.errors)!r}")
    if lines is not None and end.out.count("\n") != lines:
        found.append(f"{end.out.count(chr(10))} lines for {lines}")
    return found


def write(folder: str, prefix: str, given: Sequence[str], *, value: float = 1.0) -> None:
    import numpy as np

    from tf1compat.checkpoint import write_checkpoint

    items = {name: np.full((2, 2), value, np.float32) for name in given}
    write_checkpoint(os.path.join(folder, prefix), items)


def of_checkpoints(given: Sequence[str]) -> list[str]:
    """Returns what is wrong with how tasks show checkpoints of these names."""
    from tf1compat.errors import Tf1CompatError

    with tempfile.TemporaryDirectory() as folder:
        for prefix, value in (("m", 1.0), ("n", 2.0)):
            try:
                write(folder, prefix, [*given, "plain/w"], value=value)
            except Tf1CompatError as error:
                return ["the error shows controls"] * bool(obeyed(str(error)))
        write(folder, "other", ["plain/w"])
        return [
            *_listed(folder, [*given, "plain/w"]),
            *_asked(folder, given),
            *_apart(folder, given),
        ]


def _listed(folder: str, given: Sequence[str]) -> list[str]:
    """Returns what is wrong with the lists of a checkpoint."""
    table = ran(folder, "inspect", "--checkpoint=m")
    found = shown(table)
    if len(given) > len(table.out.splitlines()):
        found.append(f"{len(given)} names in {table.out.count(chr(10))} lines")
    listed = ran(folder, "inspect", "--checkpoint=m", "--health", "--format=json")
    found += shown(listed)
    if sorted(row["name"] for row in json.loads(listed.out)["variables"]) != sorted(given):
        found.append(f"JSON gives other names: {listed.out[:300]}")
    plain = ran(folder, "inspect", "--checkpoint=m", "--regex=^plain/w$")
    whole = table.out.count("\n") - plain.out.count("\n")
    return [*found, *shown(plain)] + [f"{whole} lines for {len(given) - 1} names"] * (
        whole not in (len(given) - 1, len(given))  # a line of slots stands below
    )


def _asked(folder: str, given: Sequence[str]) -> list[str]:
    """Returns what is wrong with asking for names, and for the scopes that they are in."""
    found = []
    for name in given:
        scope = name.rpartition("/")[0]
        inside = ran(folder, "inspect", "--checkpoint=m", f"--scope={scope}", "--format=json")
        found += shown(inside)
        if scope.strip("/") and name not in inside.out and json.dumps(name) not in inside.out:
            found.append(f"--scope={scope!r:.99} is told {inside.out or inside.errors:.200}")
        found += shown(ran(folder, "inspect", "--checkpoint=m", f"--regex={name}"))
        found += shown(ran(folder, "inspect", f"--checkpoint={name}/no"))
    return found


def _apart(folder: str, given: Sequence[str]) -> list[str]:
    """Returns what is wrong with comparing checkpoints."""
    found = []
    for other in ("n", "other"):
        found += shown(ran(folder, "diff", "--checkpoint=m", f"--other={other}"))
        told = ran(folder, "diff", "--checkpoint=m", f"--other={other}", "--format=json")
        found += shown(told)
        text = json.dumps(json.loads(told.out), ensure_ascii=False)
        missed = [name for name in given if json.dumps(name, ensure_ascii=False)[1:-1] not in text]
        found += [f"diff doesn't say {name!r:.99}" for name in missed]
    return found


def of_raw_records() -> Iterator[tuple[str, str]]:
    """Yields what is wrong with bundles whose keys no writer of ours would write."""
    for what, key in RAW.items():
        with tempfile.TemporaryDirectory() as folder:
            files = hostile.bundle({key: hostile.GOOD}, b"\0" * 64)
            for name, data in files.items():
                with open(os.path.join(folder, name), "wb") as file:
                    file.write(data)
            for more in ((), ("--format=json",), ("--health",), ("--scope=x",)):
                for wrong in shown(ran(folder, "inspect", "--checkpoint=m", *more)):
                    yield what, wrong


def of_many() -> Iterator[tuple[str, str]]:
    """Yields what is wrong with a checkpoint of very many names."""
    with tempfile.TemporaryDirectory() as folder:
        given = [f"block_{n % 97}/layer_{n}\x1b[2J/w" for n in range(MANY)]
        write(folder, "m", given)
        size = sum(os.path.getsize(entry) for entry in os.scandir(folder))
        for arguments in (["inspect"], ["inspect", "--scope=block_7"], ["diff", "--other=m"]):
            begin = time.monotonic()
            end = ran(folder, *arguments, "--checkpoint=m")
            took = time.monotonic() - begin
            print(f"{MANY} names, {size >> 20} MiB: {arguments} in {took:.1f} s", flush=True)
            for wrong in shown(end):
                yield " ".join(arguments), wrong


# A model whose layers have such names. Keras refuses slashes, and empty names.
MODEL = """import json, keras
def build():
    with open("names.json") as file:
        names = json.load(file)
    x = keras.Input((2,))
    y = x
    for name in names:
        y = keras.layers.Dense(2, use_bias=False, name=name)(y)
    return keras.Model(x, y)
"""


def of_models(given: Sequence[str]) -> list[str]:
    """Returns what is wrong with migrating onto layers of these names, from such variables."""
    with tempfile.TemporaryDirectory() as folder:
        write(folder, "m", [f"{name}/kernel" for name in given])
        for base, text in (("mm.py", MODEL), ("names.json", json.dumps(list(given)))):
            with open(os.path.join(folder, base), "w", encoding="utf-8") as file:
                file.write(text)
        source = ("--checkpoint=m", "--model=mm:build")
        plan = ran(folder, "plan", *source)
        found = [*shown(plan), *shown(ran(folder, "plan", *source, "--format=json"))]
        for suffix in (".weights.h5", ".keras"):
            output = f"--output=o{suffix}"
            done = ran(folder, "migrate", *source, output)
            found += shown(done)
            if plan.status != done.status and "Keras can't save this model" not in done.errors:
                found.append(f"plan ends with {plan.status}, migrate with {done.status}: {done}")
            if not done.status:
                checked = ran(folder, "verify", *source, output)
                found += shown(checked)
                found += [f"verify: {checked}"] * bool(checked.status)
        return found


def campaign(full: bool) -> list[str]:
    """Returns what is wrong, each with the names concerned."""
    found, count = [], 0
    groups = {what: [name] for what, name in names().items()} if full else {}
    groups |= {f"alike: {', '.join(map(ascii, apart))}": list(apart) for apart in APART}
    groups["all"] = [*names().values()]
    for what, given in groups.items():
        wrong = of_checkpoints(given)
        found, count = [*found, *(f"{what} | {one}" for one in wrong)], count + 1
    found += [f"{what} | {one}" for what, one in of_raw_records()]
    print(f"{count} checkpoints and {len(RAW)} of raw keys, {len(found)} faults", flush=True)
    return [*found, *(_with_models() if full else ())]


def _with_models() -> list[str]:
    import keras  # noqa: F401 - the forks have it, then

    import tf1compat.migration  # noqa: F401

    gc.freeze()
    found = [f"{what} | {one}" for what, one in of_many()]
    groups = {what: [name] for what, name in names().items() if "/" not in name and name.strip()}
    groups |= {what: [name.replace("/w", "")] for what, name in CONTROLS.items()}
    groups |= {"alike": [name.replace("/w", "") for name in APART[1]]}
    for what, given in groups.items():
        found += [f"model: {what} | {one}" for one in of_models(given)]
    print(f"{len(groups)} models, {len(found)} faults", flush=True)
    return found


def main() -> int:
    """Runs the campaign; returns 1 if anything was wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--full", action="store_true", help="each name alone, models, many names")
    options = parser.parse_args()
    import numpy as np  # noqa: F401 - the forks have it, then

    import tf1compat.apps.inspect  # noqa: F401

    found = campaign(options.full)
    print("\n".join(one[:500] for one in found[:60]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
