"""Checkpoints made to do harm, with checksums that are right, against the reader.

    python tests/campaign/hostile.py

Each case writes a small file, opens it, reads every variable, and runs `check()`. Only the
package's own exceptions may come out, within a second each, and with memory growing by at most
twice the size of the files plus 64 MiB.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, ROOT)

from tf1compat.checkpoint import open_checkpoint, read_meta  # noqa: E402
from tf1compat.checkpoint.slices import ordered_slice_key  # noqa: E402
from tf1compat.checkpoint.table import crc32c  # noqa: E402
from tf1compat.checkpoint.table.reader import MAGIC  # noqa: E402
from tf1compat.checkpoint.table.writer import table_bytes  # noqa: E402
from tf1compat.checkpoint.wire import varint  # noqa: E402
from tf1compat.errors import CheckpointError, CheckpointNotFoundError  # noqa: E402

HANG = 10  # seconds, after which a case counts as one that never ends
SECOND = 1.0
DEATHS = 9  # of the worker, until the campaign is given up
SLACK = 64 << 20
HUGE = (1 << 31, 1 << 32, 1 << 40, (1 << 63) - 1, 1 << 63, (1 << 64) - 1)
HEADER = b"\x08\x01\x1a\x02\x08\x01"
DATA = b"\0" * 64


def message(number: int, data: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(data)) + data


def integer(number: int, value: int) -> bytes:
    return varint(number << 3) + varint(value)


def shape(*sizes: int) -> bytes:
    return b"".join(message(2, integer(1, size)) for size in sizes)


def extents(*pairs: tuple[int, int]) -> bytes:
    return b"".join(message(1, integer(1, start) + integer(2, size)) for start, size in pairs)


def record(
    dims: bytes,
    *,
    dtype: int = 1,
    shard: int = 0,
    offset: int = 0,
    size: int = 0,
    crc: int | None = None,
    slices: tuple[bytes, ...] = (),
) -> bytes:
    """Returns a BundleEntryProto, whose checksum is that of zeros where none is given."""
    held = crc32c.value(b"\0" * min(size, 64)) if crc is None else crc
    out = integer(1, dtype) + message(2, dims) + integer(3, shard) + integer(4, offset)
    out += integer(5, size) + b"\x35" + crc32c.mask(held).to_bytes(4, "little")
    return out + b"".join(message(7, one) for one in slices)


GOOD = record(shape(2, 2), size=16, offset=48)


def bundle(entries: dict[bytes, bytes] | list[tuple[bytes, bytes]], data: bytes = DATA, **options):
    """Returns the files of a bundle; its records in the order given."""
    pairs = entries.items() if isinstance(entries, dict) else entries
    header = options.get("header", HEADER)
    index = b"".join(table_bytes([(b"", header), *pairs]))
    return {"m.index": options.get("change", bytes)(index), "m.data-00000-of-00001": data}


def v1(records: list[tuple[bytes, bytes]], meta: bytes) -> dict[str, bytes]:
    return {"m": b"".join(table_bytes([(b"", message(1, meta)), *records]))}


def v1_tensor(name: bytes, dims: tuple[int, ...], proto: bytes, *, dtype: int = 1):
    """Returns the V1 file of one tensor whose TensorProto is `proto`."""
    whole = b"".join(message(1, b"") for _ in dims)
    meta = message(1, name) + message(2, shape(*dims)) + integer(3, dtype) + message(4, whole)
    key = ordered_slice_key(name, ((0, -1),) * len(dims))
    value = message(2, message(1, name) + message(2, whole) + message(3, proto))
    return v1([(key, value)], message(1, meta) + message(2, integer(1, 1)))


def stored(data: bytes, kind: int = 0) -> bytes:
    """Returns a block with its trailer."""
    typed = data + bytes([kind])
    return typed + crc32c.mask(crc32c.value(typed)).to_bytes(4, "little")


def table_of(block: bytes, *, kind: int = 0, last: bytes = b"\xff") -> bytes:
    """Returns a table of one block, given as it is stored."""
    empty = b"\0\0\0\0\1\0\0\0"
    index = varint(0) + varint(len(last)) + varint(len(varint(0) + varint(len(block)))) + last
    index += varint(0) + varint(len(block)) + empty
    body = stored(block, kind)
    out = body + stored(empty) + stored(index)
    handles = varint(len(body)) + varint(8) + varint(len(body) + 13) + varint(len(index))
    return out + handles.ljust(40, b"\0") + MAGIC


def long_keys(count: int, length: int) -> bytes:
    """Returns a block whose keys each repeat all of a long one: few bytes, much memory."""
    out = varint(0) + varint(0) + varint(len(HEADER)) + HEADER
    out += varint(0) + varint(length) + varint(0) + b"k" * length
    for number in range(count):
        tail = number.to_bytes(3, "big")
        out += varint(length) + varint(3) + varint(len(GOOD)) + tail + GOOD
    return out + b"\0\0\0\0\1\0\0\0"


def snappy_bomb(size: int) -> bytes:
    """Returns compressed data that give `size` zeros: a literal, then copies of it."""
    copies, rest = divmod(size - 1, 64)
    last = bytes([(rest - 1) << 2 | 2]) + b"\1\0" if rest else b""
    return varint(size) + b"\0\0" + b"\xfe\1\0" * copies + last


def strings(lengths: list[int], body: bytes) -> tuple[bytes, int]:
    """Returns the stored form of strings that claim these lengths, and its CRC."""
    wide = b"".join((n % (1 << 64)).to_bytes(4 if n < 1 << 32 else 8, "little") for n in lengths)
    crc = crc32c.value(wide)
    check = crc32c.mask(crc).to_bytes(4, "little")
    return b"".join(map(varint, lengths)) + check + body, crc32c.extend(crc, check + body)


def sliced(*parts: tuple[tuple[int, int], ...], dims: tuple[int, ...] = (4, 2)):
    """Returns the records of a partitioned variable with the given slices."""
    listed = tuple(extents(*part) for part in parts)
    found = {b"w": record(shape(*dims), slices=listed)}
    offset = 0
    for part in dict.fromkeys(parts):
        size = 4
        for _, length in part:
            size *= max(0, length)
        found[ordered_slice_key(b"w", part)] = record(
            shape(*(length for _, length in part)), size=size, offset=offset
        )
        offset += size
    return sorted(found.items())


def cases() -> Iterator[tuple[str, dict[str, bytes]]]:
    """Yields the name and the files of each case."""
    yield from _shapes()
    yield from _slices()
    yield from _strings()
    yield from _headers()
    yield from _tables()
    yield from _names()
    yield from _v1()
    yield from _metas()


def _shapes() -> Iterator[tuple[str, dict[str, bytes]]]:
    for dims in ((1 << 32, 1 << 32), (1 << 62, 4), (1 << 63,), ((1 << 64) - 1,), (1 << 31,) * 3):
        for size in (0, 64, *HUGE):
            yield f"shape {dims} size {size}", bundle({b"w": record(shape(*dims), size=size)})
    for rank in (254, 255, 1000, 100_000):
        yield f"rank {rank}", bundle({b"w": record(shape(*[1] * rank), size=4)})
        yield f"rank {rank} of 0", bundle({b"w": record(shape(*[0] * rank), size=0)})
    yield "0 times 2^62", bundle({b"w": record(shape(0, 1 << 62), size=0)})
    yield "unknown rank", bundle({b"w": record(integer(3, 1), size=4)})
    for dtype in (0, 20, 21, 26, 99, 101, 1 << 31, (1 << 64) - 1):
        yield f"dtype {dtype}", bundle({b"w": record(shape(2), size=8, dtype=dtype)})
    for size in (0, 1, 15, 17, 64, *HUGE):
        yield f"size {size}", bundle({b"w": record(shape(2, 2), size=size)})
    for offset in (49, 64, 65, *HUGE):
        yield f"offset {offset}", bundle({b"w": record(shape(2, 2), size=16, offset=offset)})
    for shard in (1, 99999, 100000, *HUGE):
        yield f"shard {shard}", bundle({b"w": record(shape(2, 2), size=16, shard=shard)})
    many = [(b"w%05d" % n, record(shape(1 << 14), size=1 << 16)) for n in range(2000)]
    yield "2,000 tensors of the same bytes", bundle(many, b"\0" * (1 << 16))
    yield "bytes that overlap", bundle({b"a": record(shape(4), size=16), b"b": GOOD, b"c": GOOD})
    yield (
        "bool of 2",
        bundle({b"w": record(shape(4), size=4, dtype=10, crc=crc32c.value(b"\2" * 4))}, b"\2" * 4),
    )


def _slices() -> Iterator[tuple[str, dict[str, bytes]]]:
    top, bottom = ((0, 2), (0, 2)), ((2, 2), (0, 2))
    yield "slices that overlap", bundle(sliced(top, ((1, 3), (0, 2))))
    yield "slices doubled", bundle(sliced(top, top))
    yield "slices missing", bundle(sliced(top))
    yield "slices unlisted", bundle([*sliced(top, bottom), (b"\0w\0\1", GOOD)])
    yield (
        "slices without a record",
        bundle([pair for pair in sliced(top, bottom) if pair[0] == b"w"]),
    )
    for start, size in ((3, 2), (1 << 62, 2), ((1 << 63) - 1, 2), (0, 1 << 62), (-1, 2), (0, -5)):
        yield f"slice at {start} of {size}", bundle(sliced(top, ((start, size), (0, 2))))
    yield "slice of another rank", bundle(sliced(top, ((2, 2),)))
    yield (
        "slices of slices",
        bundle(
            {
                b"w": record(shape(4), slices=(extents((0, 4)),)),
                ordered_slice_key(b"w", ((0, 4),)): record(shape(4), slices=(extents((0, 4)),)),
            }
        ),
    )
    rows = [((n, 1), (0, 2)) for n in range(3000)]
    yield "3,000 slices", bundle(sliced(*rows, dims=(3000, 2)), b"\0" * 24000)
    stairs = [((n, 1500 - n), (n, 1)) for n in range(1500)]
    yield "slices like stairs", bundle(sliced(*stairs, dims=(1500, 1500)), b"\0" * 64)


def _strings() -> Iterator[tuple[str, dict[str, bytes]]]:
    for length in (1, 5, *HUGE):
        body, crc = strings([length], b"abc")
        entry = record(b"", dtype=7, size=len(body), crc=crc)
        yield f"string of {length}", bundle({b"s": entry}, body)
        body, crc = strings([length, ((1 << 64) - length) % (1 << 64) + 3], b"abc")
        entry = record(shape(2), dtype=7, size=len(body), crc=crc)
        yield f"strings of {length} that wrap around", bundle({b"s": entry}, body)
    for count in (1 << 20, 1 << 40):
        entry = record(shape(count), dtype=7, size=8, crc=0)
        yield f"{count} strings in 8 bytes", bundle({b"s": entry}, b"\0" * 8)
    yield "varint without end", bundle({b"s": record(b"", dtype=7, size=64)}, b"\xff" * 64)


def _headers() -> Iterator[tuple[str, dict[str, bytes]]]:
    good = {b"w": record(shape(2, 2), size=16)}
    yield "BIG endian", bundle(good, header=b"\x08\x01\x10\x01")
    for count in (0, 2, *HUGE):
        yield f"{count} shards", bundle(good, header=integer(1, count))
    yield "a newer reader", bundle(good, header=integer(1, 1) + message(3, integer(2, 99)))
    yield "no header", {"m.index": b"".join(table_bytes([(b"w", GOOD)]))}
    yield "an empty header", bundle(good, header=b"")
    yield "a group in the header", bundle(good, header=b"\x0b\x0b\x0b" * 1000)
    yield "a deep header", bundle(good, header=message(3, message(3, b"\x1a" * 10000)))


def _tables() -> Iterator[tuple[str, dict[str, bytes]]]:
    entries = {b"a": record(shape(4), size=16), b"b": GOOD}
    plain = bundle(entries)["m.index"]
    for place in range(4):
        for value in (0, 1, len(plain), *HUGE):
            handles = [10, 8, 30, 20]
            handles[place] = value
            footer = b"".join(map(varint, handles)).ljust(40, b"\0") + MAGIC
            yield f"footer handle {place} = {value}", {"m.index": plain[:-48] + footer[-48:]}
    yield "doubled keys", bundle([(b"a", GOOD), (b"a", GOOD)])
    yield "unsorted keys", bundle([(b"b", GOOD), (b"a", record(shape(4), size=16))])
    yield "long keys, few bytes", {"m.index": table_of(long_keys(3000, 100_000))}
    bomb = snappy_bomb(256 << 20)
    yield "snappy bomb", {"m.index": table_of(bomb, kind=1)}
    yield "snappy that claims 2^62", {"m.index": table_of(varint(1 << 62) + b"\0\0", kind=1)}
    yield "snappy that reaches back", {"m.index": table_of(varint(64) + b"\xfe\xff\xff", kind=1)}
    for restarts in (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\0\2\0\0\0"):
        yield f"restarts {restarts!r}", {"m.index": table_of(restarts)}
    yield (
        "values beyond the block",
        {"m.index": table_of(b"\0\1\xff\xff\xff\xff\x0fk\0\0\0\0\1\0\0\0")},
    )
    yield "unknown compression", {"m.index": table_of(long_keys(1, 1), kind=2)}


def _names() -> Iterator[tuple[str, dict[str, bytes]]]:
    for name in (
        *(b"../../etc/passwd", b"/etc/passwd", b"a\0b", b"\0", b"\0\0\0", b"\xff\xfe", b"\n", b" "),
        *(
            b"k" * 100_000,
            "\u202e\u0000".encode(),
            b"\xed\xa0\x80",
            b"%s%n{}",
            b"a" * 65536 + b"/../x",
        ),
    ):
        yield f"name {name[:20]!r}", bundle({name: record(shape(2, 2), size=16)}, b"\0" * 16)


def _v1() -> Iterator[tuple[str, dict[str, bytes]]]:
    floats = message(5, b"\0" * 16)
    yield "V1 as it should be", v1_tensor(b"w", (2, 2), floats)
    for dims in ((1 << 32, 1 << 32), (1 << 40,), (5,), (3,), (), (1,) * 255):
        yield f"V1 shape {dims[:3]}", v1_tensor(b"w", dims, floats)
    yield "V1 two fields", v1_tensor(b"w", (2, 2), floats + floats)
    yield "V1 tensor_content", v1_tensor(b"w", (2, 2), message(4, b"\0" * 16))
    yield "V1 varint without end", v1_tensor(b"w", (2, 2), message(7, b"\xff" * 99), dtype=3)
    yield "V1 values too large", v1_tensor(b"w", (1,), message(7, varint(1 << 40)), dtype=3)
    yield "V1 bool of 2", v1_tensor(b"w", (1,), message(11, b"\2"), dtype=10)
    yield (
        "V1 without its value",
        v1(
            [],
            message(
                1,
                message(1, b"w")
                + message(2, shape(2))
                + integer(3, 1)
                + message(4, message(1, b"")),
            ),
        ),
    )
    yield "V1 of nothing", v1([], b"")
    yield "V1 of a newer reader", v1([], message(2, integer(2, 7)))
    zeros = table_of(snappy_bomb(1 << 20), kind=1)
    yield "V1 snappy of zeros", {"m": zeros}


def _metas() -> Iterator[tuple[str, dict[str, bytes]]]:
    yield "meta empty", {"m.meta": b""}
    yield "meta of nesting", {"m.meta": b"\x12" * 100_000}
    node = message(1, b"w") + message(2, b"VariableV2") + message(3, b"w")
    yield "meta that reads itself", {"m.meta": message(2, message(1, node))}
    yield "meta of doubles", {"m.meta": message(2, message(1, node) * 2)}
    ring = [
        message(1, b"n%d" % n) + message(2, b"Identity") + message(3, b"n%d" % ((n + 1) % 3000))
        for n in range(3000)
    ]
    yield "meta of a ring", {"m.meta": message(2, b"".join(message(1, one) for one in ring))}
    chain = [
        message(1, b"n%05d" % n) + message(2, b"Identity") + message(3, b"n%05d" % (n + 1))
        for n in range(5000)
    ]
    last = message(1, b"n05000") + message(2, b"VariableV2")
    last += message(5, message(1, b"shape") + message(2, message(7, b"")))
    last += message(5, message(1, b"dtype") + message(2, integer(6, 1)))
    yield (
        "meta of a chain backwards",
        {"m.meta": message(2, b"".join(message(1, one) for one in [*chain, last]))},
    )
    runs = message(3, message(1, b"w") + message(2, b"w") + message(3, b"rm -rf /"))
    yield (
        "meta that would run something",
        {"m.meta": message(2, message(1, message(1, b"w") + message(2, b"NoOp"))) + runs},
    )


def attack(prefix: str) -> str:
    """Opens, reads and checks; returns what came of it."""
    if os.path.exists(prefix + ".meta"):
        read_meta(prefix)
        return "read"
    try:
        checkpoint = open_checkpoint(prefix)
    except CheckpointError as error:
        str(error)
        return type(error).__name__
    outcome = "read"
    for name in checkpoint:
        entry = checkpoint[name]
        repr((entry, entry.slices, entry.shards, entry.nbytes, entry.name))
        try:
            entry.read()
            entry.read((slice(0, 0), ...) if entry.shape else ())
        except CheckpointError as error:
            outcome = type(error).__name__
    return f"{outcome}, check {len(checkpoint.check())}"


def peak() -> int:
    """Returns the most memory this process has held since the last reset, in bytes."""
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM"))


def reset_peak() -> int:
    """Makes the peak what is held now, and returns it."""
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    return peak()


def _alarm(*_: object) -> None:
    raise TimeoutError("hang")


def verdict_on(run: Callable[[], str], limit: int) -> tuple[str, float, int]:
    """Returns what came of a case, the seconds it took, and the bytes memory grew by."""
    before, start = reset_peak(), time.process_time()
    signal.alarm(HANG)
    try:
        outcome = run()
    except (CheckpointError, CheckpointNotFoundError) as error:
        outcome = type(error).__name__
    except TimeoutError:
        outcome = "BAD hang"
    except BaseException as error:
        outcome = f"BAD {error!r:.200}"
    signal.alarm(0)
    grown = peak() - before
    if grown > limit:
        outcome = f"BAD memory grew by {grown >> 20} MiB: {outcome}"
    return outcome, time.process_time() - start, grown


def work(start: int) -> None:
    """Runs the cases from number `start` on, and prints a line of JSON for each."""
    signal.signal(signal.SIGALRM, _alarm)
    for number, (what, files) in enumerate(cases()):
        if number < start:
            continue
        with tempfile.TemporaryDirectory() as folder:
            for name, data in files.items():
                with open(os.path.join(folder, name), "wb") as file:
                    file.write(data)
            total = sum(map(len, files.values()))
            prefix = os.path.join(folder, "m")
            result = verdict_on(lambda prefix=prefix: attack(prefix), 2 * total + SLACK)
        print(json.dumps([number, what, *result]), flush=True)
    print(json.dumps("end"), flush=True)


def run() -> list[list]:
    """Runs all cases in processes of their own; a process that dies is a result, too."""
    results: list[list] = []
    for _ in range(DEATHS):
        child = subprocess.Popen(
            [sys.executable, __file__, "--worker", str(len(results))],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert child.stdout is not None
        for line in child.stdout:
            result = json.loads(line)
            if result == "end":
                child.wait()
                return results
            results.append(result)
        results.append([len(results), "?", f"BAD died with {child.wait()}", 0.0, 0])
    return results


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--worker", type=int, default=None, help=argparse.SUPPRESS)
    parser.add_argument("--verbose", action="store_true", help="print every case")
    parser.add_argument("--no_clock", action="store_true", help="don't fail on slow cases")
    options = parser.parse_args()
    if options.worker is not None:
        work(options.worker)
        return 0
    results = run()
    bad = [result for result in results if result[2].startswith("BAD")]
    slow = [result for result in results if result[3] > SECOND]
    for result in results if options.verbose else [*bad, *slow]:
        print(*result[:3], f"{result[3]:.3f} s", f"{result[4] >> 20} MiB", sep=" | ")
    print(
        f"{len(results)} cases, {len(bad)} bad, {len(slow)} over {SECOND} s; the slowest took "
        f"{max(result[3] for result in results):.2f} s, memory grew by at most "
        f"{max(result[4] for result in results) >> 20} MiB"
    )
    return 1 if bad or (slow and not options.no_clock) else 0


if __name__ == "__main__":
    sys.exit(main())
