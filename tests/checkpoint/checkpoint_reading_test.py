"""Reading, against what TensorFlow 1.15.5 wrote and what the installed TensorFlow reads."""

import pathlib
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest
import tensorflow as tf

from tf1compat.checkpoint import open_checkpoint, write_checkpoint
from tf1compat.errors import CorruptCheckpointError, UnsupportedCheckpointError, UsageError
from tf1compat.testing import assert_arrays_equal

TESTDATA = pathlib.Path(__file__).parent / "testdata"
PREFIXES = {
    "dtypes_v2": "model.ckpt",
    "dtypes_v1": "model.ckpt",
    "sharded_v2": "model.ckpt-7",
    "sharded_v1": "model.ckpt-7",
    "single_v1": "model.ckpt-7",
    "trained": "model.ckpt-3",
}
PLAIN = {"qint8": "int8", "quint8": "uint8", "qint16": "int16", "quint16": "uint16"}


def opened(case):
    return open_checkpoint(TESTDATA / case / PREFIXES[case])


def recorded(case):
    with np.load(TESTDATA / f"{case}.npz") as file:
        return dict(file)


def plain(entry, index=None):
    """The value in the form the record has it."""
    value = entry.read(index)
    if entry.dtype_name == "bfloat16":
        return value.view(np.uint16)
    return value.astype("S") if entry.dtype_name == "string" else value


@pytest.mark.parametrize("case", PREFIXES)
def test_every_value_is_what_1_15_5_was_given(case):
    checkpoint, record = opened(case), recorded(case)
    assert set(record) <= set(checkpoint)
    for name, expected in record.items():
        value = plain(checkpoint[name])
        assert isinstance(value, np.ndarray)
        assert value.shape == expected.shape == checkpoint[name].shape, name
        assert_arrays_equal(value, expected, message=name)
    assert checkpoint.check() == ()


@pytest.mark.parametrize("case", ["dtypes_v2", "sharded_v2", "sharded_v1", "dtypes_v1"])
def test_tensorflows_reader_lists_the_same(case):
    pattern = "-?????-of-00003" if case == "sharded_v1" else ""
    reader = tf.train.load_checkpoint(str(TESTDATA / case / PREFIXES[case]) + pattern)
    shapes = {name: tuple(shape) for name, shape in reader.get_variable_to_shape_map().items()}
    dtypes = {name: dtype.name for name, dtype in reader.get_variable_to_dtype_map().items()}
    checkpoint = opened(case)
    assert {name: entry.shape for name, entry in checkpoint.items()} == shapes
    assert {name: entry.dtype_name for name, entry in checkpoint.items()} == dtypes
    assert list(checkpoint) == sorted(shapes)


def test_dtypes_tell_quantized_values_from_integers():
    checkpoint = opened("dtypes_v2")
    for name, expected in PLAIN.items():
        assert checkpoint[name].dtype_name == name
        assert checkpoint[name].dtype == np.dtype(expected) == checkpoint[name].read().dtype
    assert checkpoint["bfloat16"].dtype.name == "bfloat16"
    assert checkpoint["string"].dtype == np.dtype(object)
    assert checkpoint["string"].read()[1, 1] == "\u00e9".encode()
    assert checkpoint["scalar/string"].read().shape == ()


def test_format_files_and_sizes():
    checkpoint = opened("sharded_v2")
    assert checkpoint.format == "V2"
    names = [pathlib.Path(path).name for path in checkpoint.files]
    assert names[0] == "model.ckpt-7.index"
    assert names[1:] == [f"model.ckpt-7.data-0000{n}-of-00003" for n in range(3)]
    assert checkpoint["rows"].nbytes == 7 * 4 * 4
    assert opened("sharded_v1").format == "V1"
    assert len(opened("sharded_v1").files) == 3
    assert not checkpoint.is_object_based


@pytest.mark.parametrize("case", ["sharded_v2", "sharded_v1", "single_v1"])
def test_partitioned_variables_whole_and_slice_by_slice(case):
    checkpoint, record = opened(case), recorded(case)
    for name, count in {"rows": 3, "columns": 2}.items():
        entry = checkpoint[name]
        assert len(entry.slices) == count
        whole = np.full(entry.shape, np.nan, np.float32)
        for index in entry.slices:
            whole[index] = entry.read(index)
        assert_arrays_equal(whole, record[name])
    assert checkpoint["whole"].slices == ()
    assert len(checkpoint["rows"].shards) == (1 if case == "single_v1" else 3)


INDICES = [
    0,
    -1,
    slice(None),
    slice(1, 6, 2),
    slice(None, None, -1),
    slice(5, 1, -3),
    slice(4, 4),
    (slice(2, 5), 1),
    (..., 0),
    (..., slice(None, None, -2)),
    (None, 3),
    (slice(None), None, slice(1, 3)),
    (np.int64(2), slice(0, 3)),
    (),
    Ellipsis,
]


@pytest.mark.parametrize("case", ["sharded_v2", "sharded_v1"])
@pytest.mark.parametrize("name", ["rows", "columns", "ints", "global_step"])
def test_indices_are_numpys_basic_indices(case, name):
    entry, value = opened(case)[name], recorded(case)[name]
    for index in INDICES:
        try:
            expected = value[index]
        except IndexError:
            with pytest.raises(UsageError, match=r"index .* can't be used on axis|too many items"):
                entry.read(index)
            continue
        found = entry.read(index)
        assert found.shape == expected.shape, index
        assert_arrays_equal(found, expected)


@pytest.mark.parametrize("shape", [(3, 700, 400), (900, 1000), (2, 1, 300_000), (1_000_000,)])
def test_slices_of_tensors_larger_than_a_window(tmp_path, shape):
    value = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    _save(tmp_path / "m", {"w": value})
    entry = open_checkpoint(tmp_path / "m")["w"]
    assert_arrays_equal(entry.read(), value)
    for index in (1, slice(None, None, 2), (..., slice(10, 300, 7)), (..., -1), slice(-1, None)):
        assert_arrays_equal(entry.read(index), value[index])


@pytest.mark.parametrize(
    ("index", "message"),
    [
        (np.arange(2), r"index array\(\[0, 1\]\) can't be used on axis 0 of size 7"),
        ([0], r"index \[0\] can't be used on axis 0 of size 7"),
        (True, "index True can't be used on axis 0 of size 7"),
        ((0, 0, 0), r"index \(0, 0, 0\) has too many items for shape \(7, 4\)"),
        (7, "index 7 can't be used on axis 0 of size 7"),
        (1.5, r"index 1\.5 can't be used on axis 0 of size 7"),
        ((..., ...), r"index \(Ellipsis, Ellipsis\) has too many items for shape \(7, 4\)"),
    ],
    ids=str,
)
def test_what_is_no_basic_index_is_refused(index, message):
    with pytest.raises(UsageError, match=message):
        opened("sharded_v2")["rows"].read(index)


def _save(prefix, values):
    """Saves with the installed TensorFlow's v1 Saver."""
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        variables = {
            name: tf.compat.v1.get_variable(f"v{n}", initializer=value, use_resource=True)
            for n, (name, value) in enumerate(values.items())
        }
        session.run(tf.compat.v1.global_variables_initializer())
        saver = tf.compat.v1.train.Saver(variables)
        saver.save(session, str(prefix), write_meta_graph=False)


def test_what_the_installed_saver_writes_reads_alike(tmp_path):
    rng = np.random.default_rng(0)
    values = {f"scope/v{n}": rng.standard_normal((n, 3)).astype("f4") for n in range(40)}
    values["half"] = rng.standard_normal(5).astype("f2")
    values["unicode \u00e9"] = rng.integers(0, 9, 4)
    _save(tmp_path / "m", values)
    checkpoint = open_checkpoint(tmp_path / "m")
    reader = tf.train.load_checkpoint(str(tmp_path / "m"))
    assert set(checkpoint) == set(values)
    for name, entry in checkpoint.items():
        assert_arrays_equal(entry.read(), reader.get_tensor(name))


def test_object_based_checkpoints_are_listed_and_said_to_be(tmp_path):
    root = tf.train.Checkpoint(w=tf.Variable([1.0, 2.0]))
    prefix = root.write(str(tmp_path / "ckpt"))
    checkpoint = open_checkpoint(prefix)
    assert checkpoint.is_object_based
    assert_arrays_equal(checkpoint["w/.ATTRIBUTES/VARIABLE_VALUE"].read(), [1, 2])
    assert checkpoint["_CHECKPOINTABLE_OBJECT_GRAPH"].dtype_name == "string"
    assert checkpoint.check() == ()


def test_names_are_taken_apart_in_the_light_of_all_names():
    checkpoint = opened("trained")
    name = checkpoint["net/hidden/kernel/Adam"].name
    assert (name.full, name.kind, name.slot_of) == (
        "net/hidden/kernel/Adam",
        "slot",
        "net/hidden/kernel",
    )
    assert checkpoint["net/hidden/bias"].name.role == "bias"


def test_a_wrong_value_is_never_returned(tmp_path):
    source = TESTDATA / "sharded_v2"
    for path in source.glob("model.ckpt-7*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    checkpoint = open_checkpoint(tmp_path / "model.ckpt-7")
    entry = checkpoint["rows"]
    shard = pathlib.Path(entry.shards[2])
    data = bytearray(shard.read_bytes())
    data[data.index(entry.read(entry.slices[2]).tobytes()) + 31] ^= 1
    shard.write_bytes(data)
    broken = [name for name in checkpoint if _fails(checkpoint[name])]
    assert broken == ["rows"]
    with pytest.raises(CorruptCheckpointError, match="checksum") as caught:
        checkpoint["rows"].read(slice(6, 7))  # of the one slice that is damaged
    assert_arrays_equal(checkpoint["rows"].read(0), recorded("sharded_v2")["rows"][0])
    assert caught.value.file == str(shard)
    assert caught.value.variable == "rows"
    assert caught.value.offset is not None
    assert [error.variable for error in checkpoint.check()] == ["rows"]


def _fails(entry):
    try:
        entry.read()
    except CorruptCheckpointError:
        return True
    return False


def test_after_a_missing_shard_the_others_still_read(tmp_path):
    for path in (TESTDATA / "sharded_v2").glob("model.ckpt-7*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    checkpoint = open_checkpoint(tmp_path / "model.ckpt-7")
    gone = checkpoint["ints"].shards[0]
    pathlib.Path(gone).unlink()
    for name, entry in checkpoint.items():
        assert _fails(entry) == (gone in entry.shards), name
    with pytest.raises(CorruptCheckpointError, match="variable 'ints': the file is missing"):
        checkpoint["ints"].read()


def test_variants_are_listed_and_reading_them_is_refused(tmp_path):
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        listed = tf.raw_ops.TensorListReserve(
            element_shape=[2], num_elements=1, element_dtype=tf.float32
        )
        save = tf.raw_ops.SaveV2(
            prefix=str(tmp_path / "m"),
            tensor_names=["list", "x"],
            shape_and_slices=["", ""],
            tensors=[listed, tf.constant(1.0)],
        )
        session.run(save)
    checkpoint = open_checkpoint(tmp_path / "m")
    assert checkpoint["list"].dtype_name == "variant"
    with pytest.raises(UnsupportedCheckpointError, match="dtype variant can't be read as an array"):
        checkpoint["list"].read()
    assert checkpoint["x"].read() == 1


def test_listing_imports_neither_numpy_nor_tensorflow():
    """numpy's import is half of what listing a checkpoint takes as a whole process."""
    code = (
        "import sys; from tf1compat.checkpoint import open_checkpoint;"
        f"found = open_checkpoint({str(TESTDATA / 'dtypes_v2' / 'model.ckpt')!r});"
        "[(entry.shape, entry.dtype_name, entry.nbytes) for entry in found.values()];"
        "assert not {'numpy', 'tensorflow', 'keras'} & set(sys.modules), 'imported'"
    )
    root = pathlib.Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("version", [1, 2])
def test_reading_takes_the_memory_of_the_result_and_little_more(tmp_path, version):
    value = np.arange(1 << 23, dtype=np.float32).reshape(1 << 10, -1)
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        tensor = tf.compat.v1.placeholder(tf.float32)
        names = {"tensor_names": ["odd/w"]}
        if version == 1:
            save = tf.raw_ops.Save(filename=str(tmp_path / "m"), data=[tensor], **names)
        else:
            save = tf.raw_ops.SaveV2(
                prefix=str(tmp_path / "m"), shape_and_slices=[""], tensors=[tensor], **names
            )
        session.run(save, {tensor: value})
    entry = open_checkpoint(tmp_path / "m")["odd/w"]
    tracemalloc.start()
    try:
        found = entry.read()
        whole = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        column = entry.read((slice(None), 3))
        part = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    assert_arrays_equal(found, value)
    assert_arrays_equal(column, value[:, 3])
    assert found.flags.aligned
    assert found.flags.writeable
    assert whole < value.nbytes + (8 << 20)
    if version == 2:
        assert part < 8 << 20


def test_an_empty_data_file_of_another_count_of_shards_is_damage(tmp_path):
    write_checkpoint(tmp_path / "m", {"w": np.ones(2)})
    (tmp_path / "m.data-00001-of-00001").touch()  # of this checkpoint's own count: nothing in it
    assert open_checkpoint(tmp_path / "m").check() == ()
    (tmp_path / "m.data-00000-of-00007").touch()
    (problem,) = open_checkpoint(tmp_path / "m").check()
    assert "m.data-00000-of-00007" in str(problem)
    assert "0 bytes that the index does not know of" in str(problem)
