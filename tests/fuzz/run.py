"""Runs fuzz targets under atheris, each in a process of its own with limits.

    python tests/fuzz/run.py                                  # every target, 60 s each
    python tests/fuzz/run.py snappy wire --runs=1000000       # some, so many times
    python tests/fuzz/run.py meta --seconds=600 --folder=DIR  # corpora and findings are kept there

Prints executions, coverage and findings of each, and exits 1 where there was a finding: an error
that isn't the package's own, an invariant that doesn't hold, more than a second (and one a
megabyte), more memory than the limit, or a process that died. `README.md` beside says more.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import json
import os
import pathlib
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

from fuzz_findings import Findings  # noqa: E402
from fuzz_mutations import mutated  # noqa: E402
from fuzz_registry import TARGETS, Target  # noqa: E402

_MEMORY = 384 << 20  # bytes that inputs may take beyond what the process takes before the first
_TIMEOUT = 20  # seconds, after which an input counts as one that never ends
_RAW = 0.25  # of mutations: of bytes, as libFuzzer makes them
_AFRESH = 0.4  # of the others: of a seed, whatever was found since


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What one run of a target came to."""

    target: str
    runs: int
    coverage: int
    seconds: float
    findings: tuple[str, ...]


def main(arguments: list[str]) -> int:
    """Runs what the command line names; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("targets", nargs="*", help=f"all by default: {', '.join(TARGETS)}")
    parser.add_argument("--runs", type=int, default=-1, help="executions of each; no limit: -1")
    parser.add_argument("--seconds", type=int, default=60, help="time for each; no limit: 0")
    parser.add_argument("--folder", help="where corpora, findings and counts are kept")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    args = parser.parse_args(arguments)
    if args.child:
        return fuzz(TARGETS[args.child], args)
    unknown = sorted(set(args.targets) - set(TARGETS))
    if unknown:
        parser.error(f"expected targets among {', '.join(TARGETS)}, found {', '.join(unknown)}")
    args.folder = os.path.abspath(args.folder or tempfile.mkdtemp(prefix="fuzz-corpora-"))
    outcomes = [run(name, args) for name in args.targets or TARGETS]
    found = sum(len(one.findings) for one in outcomes)
    total = sum(one.runs for one in outcomes)
    print(
        f"{total:,} executions of {len(outcomes)} targets, {found} findings; kept in {args.folder}"
    )
    return 1 if found else 0


def run(name: str, args: argparse.Namespace) -> Outcome:
    """Runs one target in a child; prints, notes and returns what came of it."""
    corpus, kept = (os.path.join(args.folder, part, name) for part in ("corpus", "findings"))
    for folder in (corpus, kept):
        os.makedirs(folder, exist_ok=True)
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    scratch = tempfile.mkdtemp(prefix="fuzz-", dir=memory)
    command = [sys.executable, __file__, f"--child={name}", f"--folder={args.folder}"]
    command += [f"--runs={args.runs}", f"--seconds={args.seconds}"]
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "", "PYTHONHASHSEED": "0"}
    start = datetime.datetime.now()
    try:
        done = subprocess.run(
            command,
            env={**os.environ, **quiet, "FUZZ_SCRATCH": scratch},
            stderr=subprocess.PIPE,
            errors="backslashreplace",
        )
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    taken = round((datetime.datetime.now() - start).total_seconds(), 1)
    found = _found(kept, since=start.timestamp())
    outcome = _outcome(name, done, found, seconds=taken)
    if done.returncode or not outcome.runs:
        print(done.stderr[-3000:], file=sys.stderr)
    print(
        f"{name:18} {outcome.runs:>12,} executions {outcome.coverage:>6,} edges "
        f"{outcome.seconds:>6.0f} s  {len(outcome.findings)} findings",
        flush=True,
    )
    for one in outcome.findings:
        print(f"  {one}", flush=True)
    with open(os.path.join(args.folder, "runs.jsonl"), "a", encoding="utf-8") as file:
        row = {**dataclasses.asdict(outcome), "date": start.date().isoformat()}
        file.write(json.dumps(row) + "\n")
    return outcome


def _outcome(
    name: str, done: subprocess.CompletedProcess[str], found: list[str], *, seconds: float
) -> Outcome:
    counts = re.findall(r"(?:number_of_executed_units: |^#)(\d+)", done.stderr, re.MULTILINE)
    edges = re.findall(r"cov: (\d+)", done.stderr)
    if done.returncode and not found:
        found = [f"the process ended with status {done.returncode}"]
    runs, coverage = max(map(int, counts), default=0), int(edges[-1]) if edges else 0
    return Outcome(name, runs, coverage, seconds, tuple(found))


def _found(kept: str, *, since: float) -> list[str]:
    """Returns the findings in a folder, those of earlier runs left out."""
    names = [one for one in sorted(os.listdir(kept)) if _FINDING.search(one)]
    paths = [os.path.join(kept, one) for one in names]
    return [path for path in paths if os.path.getmtime(path) >= since]


_FINDING = re.compile(r"\.bin$|^(crash|timeout|oom|leak|slow-unit)-")


def fuzz(target: Target, args: argparse.Namespace) -> int:
    """Fuzzes a target in this process, which ends with it."""
    import atheris

    corpus = os.path.join(args.folder, "corpus", target.name)
    kept = os.path.join(args.folder, "findings", target.name)
    findings = Findings(target.name, kept)
    with atheris.instrument_imports(include=["tf1compat"], enable_loader_override=False):
        seeds = target.seeds()
        one_input = findings.guarded(target.one_input)
        for number, seed in enumerate(seeds):  # so that what is imported late is instrumented too
            one_input(seed)
            pathlib.Path(corpus, f"seed-{number:03}").write_bytes(seed)
    _limit_memory()
    weights = [1 / (256 + len(seed)) for seed in seeds]  # small ones are soon tried

    def mutator(data: bytes, longest: int, seed: int) -> bytes:
        rng = random.Random(seed)
        if rng.random() < _RAW:
            return atheris.Mutate(data, longest)
        if rng.random() < _AFRESH:  # what was kept is mostly what is refused in a new way
            data = rng.choices(seeds, weights)[0]
        return mutated(target.form, data, rng)[:longest]

    options = [
        f"-runs={args.runs}",
        f"-max_total_time={args.seconds}",
        f"-max_len={max(target.longest, *map(len, seeds))}",
        f"-timeout={_TIMEOUT}",
        "-rss_limit_mb=0",
        "-print_final_stats=1",
        f"-artifact_prefix={kept}{os.sep}",
    ]
    own = {} if target.form == "bytes" else {"custom_mutator": mutator}
    atheris.Setup([sys.argv[0], *options, corpus], one_input, **own)
    atheris.Fuzz()
    return 0


def _limit_memory() -> None:
    """Lets this process take so much more memory, and no more; beyond it is a MemoryError."""
    with open("/proc/self/statm", encoding="ascii") as file:
        taken = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + _MEMORY, taken + _MEMORY))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
