import errno
import hashlib
import os
import pathlib
import resource
import shutil
import signal

import ml_dtypes
import numpy as np
import pytest
import tensorflow as tf

from tf1compat.checkpoint import (
    Manifest,
    Partitioned,
    open_checkpoint,
    tensor_digest,
    write_checkpoint,
)
from tf1compat.errors import (
    CheckpointExistsError,
    OutputError,
    UnsupportedCheckpointError,
    UsageError,
)
from tf1compat.files import placing, sealed
from tf1compat.testing import assert_arrays_equal

TESTDATA = pathlib.Path(__file__).parents[1] / "testdata"
RNG = np.random.default_rng(1155)
TABLE = RNG.standard_normal((7, 4)).astype("f4")
NUMBERS = ["float16", "float32", "float64", "int8", "int16", "int32", "int64"]
NUMBERS += ["uint8", "uint16", "uint32", "uint64"]


def test_bytes_are_those_1_15_5_wrote(tmp_path):
    source = open_checkpoint(TESTDATA / "trained")
    write_checkpoint(tmp_path / "m", source)
    for suffix in (".index", ".data-00000-of-00001"):
        written = (tmp_path / f"m{suffix}").read_bytes()
        assert written == pathlib.Path(source.prefix + suffix).read_bytes(), suffix


def test_bytes_of_every_dtype_are_those_1_15_5_wrote(tmp_path):
    source = open_checkpoint(TESTDATA / "dtypes_v2" / "model.ckpt")
    with np.load(TESTDATA / "dtypes_v2.npz") as record:
        order = list(record)  # the data lie in the order they were saved in
    write_checkpoint(tmp_path / "m", [(name, source[name]) for name in order])
    for suffix in (".index", ".data-00000-of-00001"):
        written = (tmp_path / f"m{suffix}").read_bytes()
        assert written == pathlib.Path(source.prefix + suffix).read_bytes(), suffix


def items():
    found = {name: (RNG.standard_normal((2, 3)) * 9).astype(name) for name in NUMBERS}
    found["bfloat16"] = RNG.standard_normal(3).astype(ml_dtypes.bfloat16)
    found["string"] = np.array([b"a", b"", b"\0" * 300, "\u00e9"], object)
    found["scalar"] = np.float32(2)
    found["empty"] = np.zeros((0, 2), "f4")
    found["transposed"] = RNG.standard_normal((40, 30)).astype("f4").T
    found["big-endian"] = np.arange(5, dtype=">i4")
    found["lazy"] = lambda: np.full(3, 7, "f4")
    return found


def test_the_v1_saver_restores_it(tmp_path):
    values = items()
    write_checkpoint(tmp_path / "m", values, num_shards=3)
    reader = tf.compat.v1.train.NewCheckpointReader(str(tmp_path / "m"))
    assert set(reader.get_variable_to_shape_map()) == set(values)
    for name, value in values.items():
        found, expected = reader.get_tensor(name), value() if callable(value) else value
        if name == "string":
            assert list(found) == [b"a", b"", b"\0" * 300, "\u00e9".encode()]
            continue
        little_endian = expected.dtype.newbyteorder("<")
        assert_arrays_equal(found, expected.astype(little_endian), message=name)
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        restored = tf.compat.v1.get_variable("transposed", [30, 40])
        tf.compat.v1.train.Saver().restore(session, str(tmp_path / "m"))
        assert_arrays_equal(session.run(restored), values["transposed"])


def test_partitioned_variables_restore_whole_and_in_other_parts(tmp_path):
    columns = RNG.standard_normal((5, 6)).astype("f4")
    write_checkpoint(
        tmp_path / "m",
        {
            "rows": Partitioned((7, 4), [((0, 0), TABLE[:3]), ((3, 0), lambda: TABLE[3:])]),
            "columns": Partitioned((5, 6), [((0, 2), columns[:, 2:]), ((0, 0), columns[:, :2])]),
        },
        num_shards=2,
    )
    checkpoint = open_checkpoint(tmp_path / "m")
    assert_arrays_equal(checkpoint["rows"].read(), TABLE)
    assert_arrays_equal(checkpoint["columns"].read(), columns)
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        halves = tf.compat.v1.fixed_size_partitioner(2)
        rows = tf.compat.v1.get_variable("rows", [7, 4], partitioner=halves)
        whole = tf.compat.v1.get_variable("columns", [5, 6])
        tf.compat.v1.train.Saver().restore(session, str(tmp_path / "m"))
        assert_arrays_equal(session.run(tf.concat(list(rows), 0)), TABLE)
        assert_arrays_equal(session.run(whole), columns)


def test_entries_keep_slices_and_dtypes(tmp_path):
    for case in ("sharded_v1/model.ckpt-7", "dtypes_v1/model.ckpt"):
        source = open_checkpoint(TESTDATA / case)
        target = tmp_path / case.partition("/")[0]
        write_checkpoint(target, source)
        copy = open_checkpoint(target)
        for name, entry in source.items():
            assert copy[name].slices == entry.slices
            assert copy[name].dtype_name == entry.dtype_name
            assert_arrays_equal(copy[name].read(), entry.read())


def test_quantized_dtypes_go_by_tensorflows_own(tmp_path):
    write_checkpoint(tmp_path / "m", {"q": np.zeros(3, tf.qint8.as_numpy_dtype)})
    assert open_checkpoint(tmp_path / "m")["q"].dtype_name == "qint8"


def test_an_index_of_many_blocks(tmp_path):
    """More than 262,144 bytes of index, and keys that share much, or little, with the last."""
    ends = [hashlib.sha512(b"%d" % n).hexdigest() for n in range(4000)]
    names = [f"scope_{n % 7}/{'x' * (n % 50)}/layer_{n}/{end}" for n, end in enumerate(ends)]
    write_checkpoint(tmp_path / "m", ((name, np.int32(n)) for n, name in enumerate(names)))
    assert (tmp_path / "m.index").stat().st_size > 2 * 262144
    reader = tf.train.load_checkpoint(str(tmp_path / "m"))
    checkpoint = open_checkpoint(tmp_path / "m")
    assert set(reader.get_variable_to_shape_map()) == set(names) == set(checkpoint)
    for n in range(0, 4000, 40):
        assert reader.get_tensor(names[n]) == n == checkpoint[names[n]].read()


def test_one_value_at_a_time(tmp_path):
    alive = []

    class Tracked(np.ndarray):
        def __del__(self):
            alive.remove(self.label)

    def make(label):
        value = np.ones(4, "f4").view(Tracked)
        value.label = label
        assert not alive
        alive.append(label)
        return value

    write_checkpoint(tmp_path / "m", [(n, lambda n=n: make(n)) for n in "abc"])
    assert list(open_checkpoint(tmp_path / "m")) == ["a", "b", "c"]


def test_the_manifest_has_each_tensors_digest(tmp_path):
    value = np.arange(6, dtype="f4").reshape(2, 3)
    manifest = write_checkpoint(
        tmp_path / "m",
        {"w": value, "t": Partitioned((4,), [((0,), value[0]), ((3,), value[1, :1])])},
    )
    assert Manifest.from_json((tmp_path / "m.manifest.json").read_text()) == manifest
    by_name = manifest.by_name()
    assert by_name["w"].sha256 == tensor_digest(value)
    assert (by_name["w"].shape, by_name["w"].dtype) == ((2, 3), "float32")
    assert by_name["t[0:3]"].sha256 == tensor_digest(value[0])


def test_a_prefix_that_is_taken_is_refused(tmp_path):
    write_checkpoint(tmp_path / "m", {"w": np.zeros(1)})
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(CheckpointExistsError, match="choose another prefix"):
        write_checkpoint(tmp_path / "m", {"w": np.ones(1)})
    assert before == {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    (tmp_path / "n.data-00000-of-00009").touch()
    with pytest.raises(CheckpointExistsError, match="a part of one"):
        write_checkpoint(tmp_path / "n", {"w": np.ones(1)})
    write_checkpoint(tmp_path / "m-2", {"w": np.ones(1)})  # only begins alike


def test_a_folder_of_the_prefix_is_refused_for_it_would_be_read_instead(tmp_path):
    (tmp_path / "m").mkdir()
    with pytest.raises(CheckpointExistsError, match="m: a folder is there; choose another prefix"):
        write_checkpoint(tmp_path / "m", {"w": np.ones(1)})
    assert names(tmp_path) == ["m"]


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ([("a", np.zeros(1)), ("a", np.zeros(1))], UsageError, "'a' is given twice"),
        ([("", np.zeros(1))], UsageError, "can't be a variable's name"),
        ([("\0a", np.zeros(1))], UsageError, "can't be a variable's name"),
        ([("\ud800", np.zeros(1))], UsageError, "can't be a variable's name"),
        ([(3, np.zeros(1))], UsageError, "can't be a variable's name"),
        (
            [("a", np.zeros(1, "M8[s]"))],
            UnsupportedCheckpointError,
            "no dtype for numpy's datetime64",
        ),
        ([("a", np.array([None]))], UsageError, "holds bytes, not NoneType"),
        ([("a", Partitioned((4, 2), [((0, 0), TABLE[:2, :2])]))], UsageError, "4 of 8 elements"),
        ([("a", Partitioned((2,), [((1,), TABLE[0])]))], UsageError, "'a': a slice up to 5"),
        (
            [("a", Partitioned((2,), [((0,), np.ones(1, "f4")), ((1,), np.ones(1, "f8"))]))],
            UsageError,
            "'a': its slices differ in dtype",
        ),
        (
            [("a", Partitioned((2, 2), [((0,), TABLE[0, :2])]))],
            UsageError,
            "'a': a slice of rank 1",
        ),
        (
            [("a", Partitioned((2, 4), [((0, 0), TABLE[:1]), ((1, 0), TABLE[:1].astype("f8"))]))],
            UsageError,
            "'a': its slices differ in dtype",
        ),
    ],
)
def test_what_cannot_be_written_leaves_nothing(tmp_path, given, error, message):
    with pytest.raises(error, match=message):
        write_checkpoint(tmp_path / "m", [("good", np.zeros(3)), *given])
    assert list(tmp_path.iterdir()) == []


def test_a_graph_stands_beside_what_is_written_with_it(tmp_path):
    before = write_checkpoint(tmp_path / "plain", {"w": TABLE})
    graph = bytes(range(256)) * 9
    assert write_checkpoint(tmp_path / "m", {"w": TABLE}, graph=graph) == before
    assert (tmp_path / "m.meta").read_bytes() == graph
    assert open_checkpoint(tmp_path / "m").graph_path == str(tmp_path / "m.meta")


def test_a_graph_that_stands_there_is_not_written_over(tmp_path):
    (tmp_path / "m.meta").write_bytes(b"a Saver's")
    with pytest.raises(CheckpointExistsError, match=r"a part of one, is there \(m.meta\)"):
        write_checkpoint(tmp_path / "m", {"w": TABLE}, graph=b"another")
    assert names(tmp_path) == ["m.meta"]
    write_checkpoint(tmp_path / "m", {"w": TABLE})
    assert (tmp_path / "m.meta").read_bytes() == b"a Saver's"


def test_failures_of_the_callers_own_leave_nothing(tmp_path):
    with pytest.raises(ZeroDivisionError, match="integer division or modulo by zero"):
        write_checkpoint(tmp_path / "m", {"a": np.zeros(2), "b": lambda: 1 // 0})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("num_shards", [0, -1, 100_000])
def test_num_shards_has_bounds(tmp_path, num_shards):
    with pytest.raises(UsageError, match=f"num_shards is {num_shards}, expected 1 to 99999"):
        write_checkpoint(tmp_path / "m", {}, num_shards=num_shards)


def test_a_checkpoint_of_nothing(tmp_path):
    write_checkpoint(tmp_path / "m", {})
    assert dict(open_checkpoint(tmp_path / "m")) == {}
    assert open_checkpoint(tmp_path / "m").check() == ()


def test_a_full_disk_gives_a_typed_error_and_leaves_nothing(tmp_path):
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.raises(OutputError, match="could not be written"):
            write_checkpoint(tmp_path / "m", {"w": np.zeros(1 << 20)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    assert list(tmp_path.iterdir()) == []


def test_files_are_synced_before_they_get_their_names_and_the_folder_around(tmp_path, monkeypatch):
    log = []

    def logged(function, label):
        def wrapper(*arguments):
            log.append((label, *arguments))
            return function(*arguments)

        return wrapper

    monkeypatch.setattr(sealed, "sync_file", logged(sealed.sync_file, "sync"))
    for module in (sealed, placing):
        monkeypatch.setattr(module, "sync_directory", logged(module.sync_directory, "sync"))
    monkeypatch.setattr(os, "link", logged(os.link, "link"))
    write_checkpoint(tmp_path / "m", {"w": np.zeros(1)}, num_shards=2)
    links = [entry for entry in log if entry[0] == "link"]
    assert links[-1][2].endswith("m.index")
    assert len(links) == 4
    for link in links:
        assert log.index(("sync", link[1])) < log.index(link)
    last = log.index(links[-1])
    folder = ("sync", str(tmp_path))
    assert log[last - 1] == folder, "data have their names on the disk before the index has its own"
    assert log[last + 1 :] == [folder]


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture(params=["links", "no links"])
def links(request, monkeypatch):
    """Filesystems that have hard links, and such as haven't."""

    def refused(source, target):
        raise OSError(errno.EPERM, "Operation not permitted")

    if request.param == "no links":
        monkeypatch.setattr(os, "link", refused)
    return request.param


def test_written_with_and_without_links(tmp_path, links):
    write_checkpoint(tmp_path / "m", {"w": np.zeros(1)}, num_shards=2)
    assert open_checkpoint(tmp_path / "m").check() == ()
    assert len(names(tmp_path)) == 4


@pytest.mark.parametrize("suffix", ["data-00000-of-00002", "manifest.json", "index"])
def test_what_another_program_puts_there_meanwhile_stays_and_the_rest_is_taken_back(
    tmp_path, links, suffix
):
    def value():
        (tmp_path / f"m.{suffix}").write_bytes(b"theirs")
        return np.zeros(1)

    with pytest.raises(OutputError, match=f"m.{suffix}: .*another program put a file there"):
        write_checkpoint(tmp_path / "m", {"w": value}, num_shards=2)
    assert names(tmp_path) == [f"m.{suffix}"]
    assert (tmp_path / f"m.{suffix}").read_bytes() == b"theirs"


def test_a_failing_writer_leaves_other_programs_files_alone(tmp_path):
    def value():
        (tmp_path / "m.data-00000-of-00007").write_bytes(b"theirs")
        raise ValueError("half way")

    with pytest.raises(ValueError, match="half way"):
        write_checkpoint(tmp_path / "m", {"w": value})
    assert names(tmp_path) == ["m.data-00000-of-00007"]


def test_a_failure_while_naming_takes_everything_back(tmp_path, links, monkeypatch):
    def fails(path):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(placing, "sync_directory", fails)
    with pytest.raises(OutputError, match=r"m\.index.*Input/output error"):
        write_checkpoint(tmp_path / "m", {"w": np.zeros(1)})
    assert names(tmp_path) == []


@pytest.mark.parametrize("operation", ["fstat", "close"])
def test_a_place_that_was_kept_is_given_up_where_the_disk_fails(tmp_path, monkeypatch, operation):
    """On filesystems without links an empty file keeps each place, and would be in the way."""
    real, opened, open_file = getattr(os, operation), [], os.open

    def opening(path, flags, *mode, **options):
        handle = open_file(path, flags, *mode, **options)
        if os.path.basename(path).startswith("m.") and ".tmp-" not in os.fspath(path):
            opened.append(handle)
        return handle

    def fails(handle):
        if handle in opened:
            opened.clear()
            operation == "close" and real(handle)
            raise OSError(errno.EDQUOT, "Disk quota exceeded")
        return real(handle)

    def refused(source, target):
        raise OSError(errno.EPERM, "Operation not permitted")

    with monkeypatch.context() as patch:
        patch.setattr(os, "link", refused)
        patch.setattr(os, "open", opening)
        patch.setattr(os, operation, fails)
        with pytest.raises(OutputError, match="Disk quota exceeded"):
            write_checkpoint(tmp_path / "m", {"w": np.zeros(1)})
    assert names(tmp_path) == []
    write_checkpoint(tmp_path / "m", {"w": np.zeros(1)})


def test_an_error_after_the_index_has_its_name_says_that_it_stands(tmp_path, monkeypatch):
    def fails(path):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(sealed, "sync_directory", fails)
    with pytest.raises(OutputError, match=r"m\.index: the new file stands there"):
        write_checkpoint(tmp_path / "m", {"w": np.zeros(1)})
    assert open_checkpoint(tmp_path / "m").check() == ()
    assert len(names(tmp_path)) == 3


def test_a_checkpoint_being_written_is_not_disturbed(tmp_path):
    def second():
        with pytest.raises(OutputError, match="m: another program is writing it now"):
            write_checkpoint(tmp_path / "m", {"w": np.ones(1)})
        return np.zeros(1)

    write_checkpoint(tmp_path / "m", {"w": second})
    assert open_checkpoint(tmp_path / "m")["w"].read() == 0


@pytest.mark.parametrize("last", ["manifest.json", "index"])
def test_what_a_run_killed_while_naming_left_is_in_nobodys_way(tmp_path, links, last):
    def kill(path):
        os._exit(9)

    child = os.fork()
    if not child:
        placing.sync_directory = kill if last == "manifest.json" else placing.sync_directory
        placing.settle = kill
        write_checkpoint(tmp_path / "m", {"w": np.zeros(1)}, num_shards=2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert "m.manifest.json" in names(tmp_path), "it was killed while it named its files"
    if last == "index":
        with pytest.raises(CheckpointExistsError, match="is there"):
            write_checkpoint(tmp_path / "m", {"w": np.ones(1)})
    else:
        write_checkpoint(tmp_path / "m", {"w": np.ones(1)}, num_shards=2)
    assert open_checkpoint(tmp_path / "m")["w"].read() == (last != "index")
    assert len(names(tmp_path)) == 4


@pytest.mark.parametrize("suffix", ["data-00000-of-00001", "index", "manifest.json", "meta"])
def test_what_reads_back_otherwise_is_not_written(tmp_path, monkeypatch, suffix):
    real = sealed.sync_file

    def flips(path):
        real(path)
        if path.endswith(suffix):
            data = bytearray(pathlib.Path(path).read_bytes())
            data[len(data) // 2] ^= 1
            pathlib.Path(path).write_bytes(data)

    monkeypatch.setattr(sealed, "sync_file", flips)
    values = {"w": np.ones(100), "s": np.array([b"text" * 9], object)}
    with pytest.raises(OutputError, match="m: what was written reads back otherwise") as told:
        write_checkpoint(tmp_path / "m", values, graph=b"a graph")
    assert ".tmp-" not in str(told.value)
    assert names(tmp_path) == []


def test_another_checkpoint_that_is_sound_is_not_the_one_meant(tmp_path, monkeypatch):
    write_checkpoint(tmp_path / "n", {"w": np.ones(100)})
    real = sealed.sync_file

    def swaps(path):
        real(path)
        shutil.copy(tmp_path / os.path.basename(path).replace("m.", "n."), path)

    monkeypatch.setattr(sealed, "sync_file", swaps)
    with pytest.raises(OutputError, match="another index: 1 of 1 records differ"):
        write_checkpoint(tmp_path / "m", {"w": np.zeros(100)})


def test_a_copy_onto_its_own_source_is_refused(tmp_path):
    write_checkpoint(tmp_path / "m", {"w": np.ones(3)})
    (tmp_path / "n.data-00000-of-00001").symlink_to("m.data-00000-of-00001")
    for name in ("m", "n"):
        with pytest.raises(CheckpointExistsError, match="is there"):
            write_checkpoint(tmp_path / name, open_checkpoint(tmp_path / "m"))
    assert open_checkpoint(tmp_path / "m").check() == ()


@pytest.mark.parametrize("last", ["", ".", ".."])
def test_a_prefix_that_names_a_directory_is_refused(tmp_path, last):
    with pytest.raises(UsageError, match=r"prefix is '.*', expected a path whose last part"):
        write_checkpoint(os.path.join(tmp_path, "more", last), {"w": np.ones(2)})
    assert os.listdir(tmp_path) == []


def test_a_prefix_that_is_no_path_is_refused():
    with pytest.raises(OutputError, match="can't be written, no path holds a NUL character"):
        write_checkpoint("a\0b", {"w": np.ones(2)})


def test_a_generator_may_fill_one_buffer_again_and_again(tmp_path):
    """Values are hashed on another thread: it has seen each before the next is made."""
    buffer = np.empty(1 << 20, np.float32)

    def values():
        for n in range(6):
            buffer[...] = n
            yield f"v{n}", buffer

    manifest = write_checkpoint(str(tmp_path / "m.ckpt"), values())
    digests = [tensor_digest(np.full(1 << 20, n, np.float32)) for n in range(6)]
    assert [one.sha256 for one in manifest.tensors] == digests
