"""Small files that stand for gigabytes or hours, for every parser of what others wrote.

    python tests/campaign/bombs.py

Each is read in a process of its own. What comes out is the package's own error, or what the file
holds; memory grows by at most twice the file plus 64 MiB, and it takes at most a second of the
processor for a megabyte, and for any file. ``--checkpoints`` adds those of ``hostile.py``.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import resource
import signal
import struct
import sys
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, ROOT)
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import h5py  # noqa: E402
import hostile  # noqa: E402
import numpy as np  # noqa: E402

from tf1compat.apps import inspect  # noqa: E402
from tf1compat.checkpoint import Manifest  # noqa: E402
from tf1compat.errors import Tf1CompatError  # noqa: E402
from tf1compat.keras3 import load_model_file, read_exported  # noqa: E402
from tf1compat.migration import Plan, load_inputs, load_recording, parse_layout  # noqa: E402
from tf1compat.names import RuleSet, load_rules  # noqa: E402

SLACK = 64 << 20
MOST = 6 << 30  # bytes of address space that a case may ask for beyond what is mapped
HANG = 60  # seconds
HUGE = 400 << 20


class Bomb(NamedTuple):
    """One file. `build` writes it in a folder and returns its path; `read` takes that."""

    parser: str
    what: str
    build: Callable[[str], str]
    read: Callable[[str], Any]


def contents(path: str) -> int:
    """Reads every tensor of a weights file, and checks it."""
    found = read_exported(path)
    for array in found.values():
        array.read()
    return len(found.damage())


def text_of(read: Callable[[str], Any]) -> Callable[[str], Any]:
    """Returns what gives a file's text to `read`."""

    def opened(path: str) -> Any:
        with open(path, encoding="utf-8") as file:
            return read(file.read())

    return opened


def written(name: str, data: bytes | Callable[[], bytes]) -> Callable[[str], str]:
    def build(folder: str) -> str:
        path = os.path.join(folder, name)
        with open(path, "wb") as file:
            file.write(data if isinstance(data, bytes) else data())
        return path

    return build


def hdf5(fill: Callable[[h5py.File], None]) -> Callable[[str], str]:
    def build(folder: str) -> str:
        path = os.path.join(folder, "m.weights.h5")
        os.mkfifo(os.path.join(folder, "fifo"))
        with h5py.File(path, "w") as file:
            os.chdir(folder)
            fill(file)
        return path

    return build


def dataset(*args: Any, **settings: Any) -> Callable[[h5py.File], None]:
    return lambda file: file.create_dataset("w", *args, **settings) and None


def swollen_chunk(file: h5py.File, huge: int) -> None:
    """A chunk that says it has 4 kB and unpacks to hundreds of MiB."""
    made = file.create_dataset("w", (1024,), "f4", chunks=(1024,), compression="gzip")
    made.id.write_direct_chunk((0,), zlib.compress(bytes(huge)))


def external(file: h5py.File) -> None:
    file.create_dataset("w", (100,), "f4", external=[("fifo", 0, 400)])


def linked(file: h5py.File) -> None:
    file["w"] = h5py.ExternalLink("fifo", "w")
    file["_tf1compat"] = h5py.ExternalLink("fifo", "x")


def virtual(file: h5py.File) -> None:
    endless = h5py.h5s.create_simple((100,), (h5py.h5s.UNLIMITED,))
    endless.select_hyperslab((0,), (h5py.h5s.UNLIMITED,))
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_virtual(endless, b"fifo", b"w", endless)
    space = h5py.h5s.create_simple((100,), (h5py.h5s.UNLIMITED,))
    h5py.h5d.create(file.id, b"w", h5py.h5t.IEEE_F32LE, space, properties)


def deep_names(file: h5py.File) -> None:
    group = file
    for _ in range(300):
        group = group.create_group("n" * 500)
        for number in range(20):
            group.create_dataset(str(number), data=np.int8(0))


def many_links(file: h5py.File) -> None:
    first = file.create_dataset("w", data=np.zeros(4, "f4"))
    for number in range(60_000):
        file[str(number)] = first


def shared_bytes(file: h5py.File) -> None:
    first = file.create_dataset("w", data=np.ones(1 << 18, "f4"))
    for number in range(5_000):
        file[str(number)] = first


def packed(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return out.getvalue()


def lying(data: bytes, size: int) -> bytes:
    """Returns a zip file whose members all claim `size` bytes, whatever they hold."""
    out, at = bytearray(data), 0
    while (at := out.find(b"PK\1\2", at)) >= 0:
        out[at + 24 : at + 28] = struct.pack("<I", size)
        at += 4
    return bytes(out)


def device(folder: str) -> str:
    path = os.path.join(folder, "m.keras")
    os.symlink("/dev/zero", path)
    return path


def npy(shape: str, data: bytes = b"", descr: str = "'<f4'") -> bytes:
    head = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}}}".encode()
    head = head.ljust(117) + b"\n"
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(head)) + head + data


def model_file(config: bytes = b"{}", metadata: bytes = b"{}", weights: bytes = b"") -> bytes:
    members = {"config.json": config, "metadata.json": metadata, "model.weights.h5": weights}
    return packed(*members.items())


def json_texts() -> Iterator[tuple[str, bytes]]:
    """Yields texts that any parser of JSON has to survive."""
    yield "brackets", b"[" * 3_000_000
    yield "objects in objects", b'{"a":' * 100_000 + b"1" + b"}" * 100_000
    yield "digits", b'{"format": ' + b"1" * 200_000 + b"}"
    yield "runs of digits", b"[" + (b"1" * 1000 + b",") * 2000 + b"1]"
    yield "empty objects", b"[" + b"{}," * 3_000_000 + b"{}]"
    yield "small objects", b"[" + b'{"a":0},' * 2_000_000 + b"0]"
    yield "quotes", b"[" + b'""' * 4_000_000
    yield "escaped quotes", b'["' + b'\\"' * 4_000_000 + b'"]'
    yield "NaN", b'{"format": NaN}'


def rule_texts() -> Iterator[tuple[str, str]]:
    yield "a dotted key", "a." * 30_000 + "b = 1\n"
    yield "a dotted key of strings", "'a'." * 30_000 + "b = 1\n"
    yield "a dotted key behind quotes", "a = {b='''x'''', " + "c." * 30_000 + "d='''y''''}\n"
    yield "arrays", "rules = " + "[" * 1_000_000
    yield "tables", "rules = " + "{a = " * 100_000
    yield "empty arrays", "".join(f"k{number}=[]\n" for number in range(400_000))
    yield "empty lines", "\n" * 4_000_000
    yield "spaces", " " * 4_000_000
    yield "a long string", 'rules = ["' + "\\\\" * 2_000_000 + '"]'
    yield "a string that doesn't end", 'rules = ["""' + "a" * 4_000_000
    yield "quotes without end", "rules = [" + "'''" * 1_000_001
    yield "digits", "rules = " + "9" * 400_000
    rows = (f" {{source='layer_{n}/w', target='layer_{n}/kernel'}},\n" for n in range(20_000))
    yield "20,000 rules", "rules = [\n" + "".join(rows) + "]\n"


def ruled(path: str) -> int:
    """Loads rules and applies them to ten thousand names."""
    rules: RuleSet = load_rules(path)
    return len(rules.apply(f"layer_{n}/{part}" for n in range(5000) for part in "wb").problems)


def patterns(text: str) -> bytes:
    rows = (f" {{source='{text}', target='{n}'}},\n".replace("#", str(n)) for n in range(2000))
    return ("rules = [\n" + "".join(rows) + "]\n").encode()


def bombs(huge: int = HUGE) -> Iterator[Bomb]:
    """Yields every case; `huge` is how many bytes most of them unpack to."""
    shapes = {
        "chunks that aren't there": dataset((500_000_000,), "f4", chunks=(1 << 20,)),
        "40 TB of chunks": dataset((10**13,), "f4", chunks=(1 << 20,)),
        "packed chunks that aren't there": dataset(
            (500_000_000,), "f4", chunks=(1 << 20,), compression="gzip"
        ),
        "packed zeros": lambda file: dataset(
            data=np.zeros(huge, np.uint8), chunks=(1 << 22,), compression="gzip"
        )(file),
        "a large chunk": dataset((10,), "f4", maxshape=(None,), chunks=(1 << 28,)),
        "chunks of one byte": dataset((40 << 20,), "u1", chunks=(1,), compression="gzip"),
        "a chunk that unpacks to more": lambda file: swollen_chunk(file, huge),
        "external storage on a FIFO": external,
        "external links to a FIFO": linked,
        "a virtual dataset on a FIFO": virtual,
        "long names in deep groups": deep_names,
        "many links": many_links,
        "many names for the same bytes": shared_bytes,
        "strings": dataset(data=["a", "b"], dtype=h5py.string_dtype()),
        "references": dataset((3,), dtype=h5py.ref_dtype),
    }
    for what, fill in shapes.items():
        yield Bomb("HDF5", what, hdf5(fill), contents)
    zeros = bytes(huge)
    members = {
        "metadata": lambda: model_file(metadata=b'{"x": "' + zeros + b'"}'),
        "weights": lambda: model_file(weights=zeros),
        "a configuration": lambda: model_file(config=b'{"x": "' + zeros + b'"}'),
        "members that lie": lambda: lying(model_file(metadata=zeros, config=zeros), 100),
        "bzip2": lambda: packed(("config.json", zeros), method=zipfile.ZIP_BZIP2),
        "a long directory": lambda: packed(*[(f"{n}", b"") for n in range(50_000)]),
    }
    for what, data in members.items():
        yield Bomb("zip", what, written("m.keras", data), contents)
        yield Bomb("zip", f"{what}, as a model", written("m.keras", data), load_model_file)
    for read in (contents, load_model_file):
        yield Bomb("zip", "a device", device, read)
    for what, text in json_texts():
        yield Bomb("JSON", f"a plan of {what}", written("p.json", text), text_of(Plan.from_json))
        manifest = text_of(Manifest.from_json)
        yield Bomb("JSON", f"a manifest of {what}", written("p.json", text), manifest)
        config = model_file(config=text)
        yield Bomb("JSON", f"a model of {what}", written("m.keras", config), load_model_file)
    arrays = {
        "zeros": lambda: packed(("in/x.npy", npy(f"({huge // 4},)", zeros))),
        "zeros that lie": lambda: lying(packed(("in/x.npy", npy(f"({huge // 4},)", zeros))), 200),
        "4 TiB claimed": lambda: packed(("in/x.npy", npy("(1099511627776,)"))),
        "2^70 claimed": lambda: packed(("in/x.npy", npy("(1180591620717411303424,)"))),
        "less than nothing": lambda: packed(("in/x.npy", npy("(-4, -4)", bytes(64)))),
        "elements of no size": lambda: packed(("in/x.npy", npy(f"({2**62},)", descr="'S0'"))),
        "brackets": lambda: packed(("in/x.npy", npy("(" * 100))),
        "objects": lambda: packed(("in/x.npy", npy("(4,)", bytes(32), descr="'|O'"))),
    }
    for what, data in arrays.items():
        for load in (load_recording, load_inputs):
            yield Bomb(".npz", what, written("r.npz", data), load)
    for what, rules in rule_texts():
        yield Bomb("TOML", what, written("r.toml", rules.encode()), ruled)
    for pattern in (r"(.*)/layer_#/w", r"layer_#/\w+", r"(a|layer)_#/w"):
        yield Bomb("TOML", f"patterns {pattern}", written("r.toml", patterns(pattern)), ruled)
    for what, tokens in {"lines": b"\n" * 4_000_000, "tokens": b"a\n" * 4_000_000}.items():
        build = written("v.txt", tokens)
        yield Bomb("text", what, build, lambda path: parse_layout(f"by_tokens({path}, {path})"))
    yield Bomb("table", "one endless name", prefixed(endless_names()), listed)


def listed(path: str) -> int:
    """Prints a checkpoint's table."""
    with open(os.devnull, "w", encoding="utf-8") as nowhere, contextlib.redirect_stdout(nowhere):
        return inspect.run([f"--checkpoint={path}"])


def endless_names() -> dict[str, bytes]:
    names = sorted([b"n" * 64_000, *(b"layer_%d/w" % number for number in range(10_000))])
    empty = hostile.record(hostile.shape(0), crc=0)
    return hostile.bundle([(name, empty) for name in names])


def prefixed(files: dict[str, bytes]) -> Callable[[str], str]:
    """Returns what writes a checkpoint's files and gives its prefix."""

    def build(folder: str) -> str:
        for name, data in files.items():
            written(name, data)(folder)
        return os.path.join(folder, "m")

    return build


def checkpoints() -> Iterator[Bomb]:
    """Yields the cases of the other campaign."""
    for what, files in hostile.cases():
        yield Bomb("checkpoint", what, prefixed(files), hostile.attack)


def outcome_of(bomb: Bomb, path: str, size: int) -> tuple[str, float, int]:
    """Returns what came of a case, seconds of the processor, and by how much memory grew."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(HANG)
    with open("/proc/self/statm") as file:
        mapped = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (mapped + MOST, mapped + MOST))
    before, start = hostile.reset_peak(), time.process_time()
    try:
        outcome = f"read: {bomb.read(path)!r:.60}"
    except Tf1CompatError as error:
        outcome = f"{type(error).__name__}: {error}".replace("\n", " ")[:300]
    except BaseException as error:
        outcome = f"BAD {error!r:.200}"
    seconds, grown = time.process_time() - start, hostile.peak() - before
    if grown > 2 * size + SLACK:
        outcome = f"BAD memory grew by {grown >> 20} MiB: {outcome}"
    return outcome, seconds, grown


def run(bomb: Bomb) -> tuple[str, float, int, int]:
    """Returns what came of a case in a process of its own, and the size of its files."""
    with tempfile.TemporaryDirectory() as folder:
        path = bomb.build(folder)
        size = sum(os.path.getsize(entry) for entry in os.scandir(folder) if entry.is_file())
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            os.write(writing, json.dumps(outcome_of(bomb, path, size)).encode())
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            said = pipe.read()
        status = os.waitpid(child, 0)[1]
        os.chdir(ROOT)
    if not said:
        return f"BAD died of signal {status & 127}", 0.0, 0, size
    outcome, seconds, grown = json.loads(said)
    return outcome, seconds, grown, size


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--verbose", action="store_true", help="print every case")
    parser.add_argument("--no_clock", action="store_true", help="don't fail on slow cases")
    parser.add_argument("--checkpoints", action="store_true", help="those of hostile.py as well")
    parser.add_argument("--only", default="", help="cases with this text in their names alone")
    options = parser.parse_args()
    cases = [*bombs(), *(checkpoints() if options.checkpoints else ())]
    bad = slow = count = 0
    for bomb in cases:
        if options.only not in f"{bomb.parser}: {bomb.what}":
            continue
        outcome, seconds, grown, size = run(bomb)
        late = seconds > max(1.0, size / 1e6)
        count, bad, slow = count + 1, bad + outcome.startswith("BAD"), slow + late
        if options.verbose or late or outcome.startswith("BAD"):
            line = f"{bomb.parser}: {bomb.what}", f"{size:,} bytes", f"{seconds:.2f} s"
            print(*line, f"{grown >> 20} MiB", outcome, sep=" | ", flush=True)
    print(f"{count} bombs, {bad} bad, {slow} slow")
    return 1 if bad or (slow and not options.no_clock) else 0


if __name__ == "__main__":
    sys.exit(main())
