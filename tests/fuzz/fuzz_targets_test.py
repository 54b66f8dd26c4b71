"""Every fuzz target over its seeds and a few mutations, without atheris; every parser has one."""

import ast
import contextlib
import itertools
import pathlib
import random
import sys

import pytest
import source_tree
from fuzz_findings import Findings
from fuzz_mutations import FORMS, mutated
from fuzz_registry import TARGETS
from shares import share

import tf1compat

PACKAGE = pathlib.Path(tf1compat.__file__).parent
PLAIN = [name for name, target in TARGETS.items() if not target.imports]
HEAVY = [name for name, target in TARGETS.items() if target.imports]
# What takes bytes or text of others apart, by the name that is called.
TAKING_APART = {
    *("fields", "known_fields", "read_varint", "open_regular"),
    *("loads", "load", "ZipFile", "File", "frombuffer", "unpack", "unpack_from", "from_bytes"),
    *("ParseFromString", "FromString", "FileIO", "fromstring", "literal_eval"),
}
APART = {
    "apps/plan.py": "it parses what the package has just written",
    "graph/scopes/builder.py": "its fields are those of a dataclass",
    "migration/planning/plan.py": "its fields are those of a dataclass",
    "checkpoint/checkpoint_writers.py": "it writes",
    "checkpoint/containers.py": "it copies files as they are",
    "checkpoint/served_graph.py": "it copies files as they are",
    "keras3/formats/programs/served_model.py": "TensorFlow runs what was written just now",
    "keras3/formats/programs/tflite.py": "the runtime runs what was written just now",
    "keras3/formats/options.py": "its fields are those of a dataclass",
    "migration/layouts/_written_form.py": "its fields are those of a dataclass",
    "keras3/formats/hdf5/space.py": "it copies what Keras has just saved here",
    "keras3/formats/loading.py": "it asks a format, whose own reader is listed",
    "migration/serving/loaded_back.py": "it loads what was written just before",
    "testing/golden.py": "a test's own golden file",
    "keras3/formats/hdf5/_checked_file.py": "it writes",
    "checkpoint/table/crc32c.py": "it looks at bytes as numbers",
}


def run_all(name):
    """Runs a target over its seeds and some mutations, which are always the same."""
    target = TARGETS[name]
    tried = share(range(target.quick), 4)
    one_input, seeds, rng = target.one_input, target.seeds(), random.Random(name)
    assert seeds, "a fuzzer that begins with nothing finds nothing"
    mutations = (mutated(target.form, rng.choice(seeds), rng) for _ in tried)
    for data in (*seeds, *mutations):
        try:
            one_input(data)
        except Exception as error:
            raise AssertionError(f"{name} of {data[:2000].hex()}: {error!r}") from error


@pytest.mark.parametrize("name", PLAIN)
def test_a_target_takes_its_seeds_and_mutations_of_them(name):
    run_all(name)


@pytest.mark.parametrize("name", HEAVY)
def test_a_target_of_keras_or_tensorflow_takes_its_seeds_and_mutations_of_them(name):
    run_all(name)


def parsers():
    """Returns the modules of the package that take apart what others wrote, by their calls."""
    found = set()
    for path in source_tree.library_files():
        name = path.relative_to(PACKAGE).as_posix()
        calls = (node.func for node in source_tree.nodes(source_tree.parse(path), ast.Call))
        if name not in APART and any(_called(call) in TAKING_APART for call in calls):
            found.add(name)
    return found


def _called(function):
    return getattr(function, "attr", getattr(function, "id", ""))


def reached(one_input, seed):
    """Returns the modules of the package of which an input calls a function."""
    files = set()

    def note(frame, event, _):
        if event == "call":
            files.add(frame.f_code.co_filename)

    sys.setprofile(note)
    try:
        with contextlib.suppress(Exception):  # the tests above look at what is raised
            one_input(seed)
    finally:
        sys.setprofile(None)
    paths = (pathlib.Path(name) for name in files)
    return {p.relative_to(PACKAGE).as_posix() for p in paths if p.is_relative_to(PACKAGE)}


def inputs():
    """Yields targets with their seeds; of those that take long, and have many alike, two.

    The first of each come first: after them little is missing.
    """
    targets = sorted(TARGETS.values(), key=lambda one: -one.quick)
    seeds = [target.seeds()[: None if target.quick >= 100 else 2] for target in targets]
    for row in itertools.zip_longest(*seeds):
        for target, seed in zip(targets, row, strict=True):
            if seed is not None:
                yield target.one_input, seed


def test_every_parser_has_a_target():
    missing = parsers()
    assert "checkpoint/table/reader.py" in missing, "the guard sees nothing"
    for one_input, seed in inputs():
        missing -= reached(one_input, seed)
        if not missing:
            return
    pytest.fail(f"add a target, or a seed that gets there: {sorted(missing)}")


def test_what_is_no_parser_is_still_there():
    assert [name for name in APART if not (PACKAGE / name).is_file()] == []


def test_the_harness_sees_what_a_target_raises(tmp_path):
    shown = []
    findings = Findings("one", str(tmp_path), show=shown.append)

    def one_input(data):
        if data.startswith(b"b"):
            raise ValueError("bad")

    call = findings.guarded(one_input)
    for data in (b"a", b"bb", b"b", b"bbb"):
        call(data)
    assert len(findings) == 1
    assert shown == [f"FINDING in one: ValueError at {next(iter(findings))}: bad"]
    assert [path.read_bytes() for path in tmp_path.glob("one-*.bin")] == [b"b"]
    (text,) = tmp_path.glob("one-*.txt")
    assert "1 bytes: 62" in text.read_text("utf-8")


@pytest.mark.parametrize("form", FORMS)
def test_mutations_change_what_they_are_given_and_repeat(form):
    given = {"proto": b"\x08\1\x12\2\x08\2", "json": b'{"a": [1, {"b": "c"}]}'}.get(form, b"\2\0ab")
    made = [FORMS[form](given, random.Random(seed)) for seed in range(60)]
    assert made == [FORMS[form](given, random.Random(seed)) for seed in range(60)]
    assert len({*made} - {given}) > 10
