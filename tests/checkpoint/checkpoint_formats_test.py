"""A format of checkpoints that the package doesn't have, added from outside and used throughout."""

import json
import os

import numpy as np
import pytest

from tf1compat.apps import run
from tf1compat.checkpoint import (
    SOURCE_FORMATS,
    ArrayIndex,
    OneFile,
    StoredArray,
    find_prefix,
    open_checkpoint,
    stored_type_of,
    write_checkpoint,
)
from tf1compat.checkpoint.covering import uncovered
from tf1compat.checkpoint.slices import Region
from tf1compat.checkpoint.source_formats import checkpoint_names, prefix_of
from tf1compat.errors import CheckpointNotFoundError, CorruptCheckpointError, UsageError
from tf1compat.testing import assert_arrays_equal

VALUES = {
    "mlp/fc1/weights": np.arange(32, dtype=np.float32).reshape(4, 8) / 7,
    "mlp/fc1/biases": np.arange(8, dtype=np.float32),
    "mlp/fc1/weights/Adam": np.ones((4, 8), np.float32),
}


class Json(OneFile):
    """Arrays as nested lists, by name, with their dtypes."""

    name, suffix, summary = "JSON", ".toy.json", "a file of nested lists"

    def open(self, prefix):
        with open(prefix, encoding="utf-8") as file:
            try:
                held = json.load(file)
            except ValueError as error:
                raise CorruptCheckpointError(str(error), file=prefix) from error
        arrays = {name: np.array(value, dtype) for name, (dtype, value) in held.items()}
        return ArrayIndex([prefix], {name: StoredArray.of(a) for name, a in arrays.items()})


class Folder:
    """A directory that is a checkpoint, one .npy file a variable, read when asked for."""

    name, summary = "folder", "a directory of .npy files"

    def prefix_of(self, path):
        folder, base = os.path.split(path)
        return folder if base.endswith(".npy") else None

    def exists(self, prefix):
        return self.is_directory(prefix)

    def prefixes(self, directory, names):
        return {name for name in names if self.is_directory(os.path.join(directory, name))}

    def is_directory(self, path):
        return os.path.isfile(os.path.join(path, "names.txt"))

    def graph_path(self, prefix):
        return os.path.join(prefix, "graph.pb")

    def open(self, prefix):
        arrays, files = {}, [os.path.join(prefix, "names.txt")]
        with open(files[0], encoding="utf-8") as listing:
            lines = listing.read().splitlines()
        for line in lines:
            name, dtype, *shape = line.split()
            path = os.path.join(prefix, name.replace("/", ".") + ".npy")
            arrays[name] = StoredArray(
                stored_type_of(dtype), tuple(map(int, shape)), lambda path=path: np.load(path)
            )
        return ArrayIndex(files, arrays)


def write_json(path, values):
    held = {name: (value.dtype.name, value.tolist()) for name, value in values.items()}
    path.write_text(json.dumps(held))
    return str(path)


@pytest.fixture
def path(tmp_path):
    with SOURCE_FORMATS.with_(Json()):
        yield write_json(tmp_path / "w.toy.json", VALUES)


def test_it_opens_as_any_other(path):
    checkpoint = open_checkpoint(path)
    assert (checkpoint.format, checkpoint.prefix, checkpoint.files) == ("JSON", path, (path,))
    assert list(checkpoint) == sorted(VALUES)
    assert checkpoint.graph_path is None
    for name, value in VALUES.items():
        entry = checkpoint[name]
        assert_arrays_equal(entry.read(), value)
        assert_arrays_equal(entry.read((slice(1, 3),)), value[1:3])
        assert (entry.dtype_name, entry.shape, entry.nbytes) == (
            "float32",
            value.shape,
            value.size * 4,
        )
    assert checkpoint["mlp/fc1/weights/Adam"].name.slot == "Adam"
    assert checkpoint.check() == ()


def test_what_is_read_belongs_to_the_reader(path):
    entry = open_checkpoint(path)["mlp/fc1/biases"]
    entry.read()[...] = -1
    assert_arrays_equal(entry.read(), VALUES["mlp/fc1/biases"])


def test_it_comes_before_v1_which_takes_any_file(path):
    assert open_checkpoint(path).format == "JSON"
    with pytest.raises(CheckpointNotFoundError, match=r"nearest: .*w\.toy\.json"):
        open_checkpoint(path.replace("w.", "v."))
    assert checkpoint_names(os.path.dirname(path)) == ("w.toy.json",)


def test_its_damage_is_its_own(path):
    with open(path, "w") as file:
        file.write("{")
    with pytest.raises(CorruptCheckpointError, match=r"w\.toy\.json: "):
        open_checkpoint(path)


def test_strings_integers_and_scalars(tmp_path):
    values = {
        "text": np.array(["a", "bcd"]),
        "step": np.array(7, np.int64),
        "half": np.array([1.5], np.float16),
    }
    index = ArrayIndex(["f"], {name: StoredArray.of(value) for name, value in values.items()})
    with SOURCE_FORMATS.with_(_Fixed(index)):
        checkpoint = open_checkpoint("made-up")
        assert checkpoint["text"].read().tolist() == [b"a", b"bcd"]
        assert (checkpoint["text"].dtype_name, checkpoint["text"].nbytes) == ("string", 4)
        assert checkpoint["step"].read().shape == ()
        assert checkpoint["half"].dtype == np.float16
        write_checkpoint(str(tmp_path / "copy"), checkpoint)
    copy = open_checkpoint(str(tmp_path / "copy"))
    assert {name: copy[name].read().tolist() for name in copy} == {
        "half": [1.5],
        "step": 7,
        "text": [b"a", b"bcd"],
    }


class _Fixed(Folder):
    def __init__(self, index):
        self._index = index

    def is_directory(self, path):
        return os.path.basename(path) == "made-up"

    def open(self, prefix):
        return self._index


@pytest.mark.parametrize("found", [np.zeros(3, np.float32), np.zeros(2, np.float64)])
def test_a_value_unlike_what_was_said_is_damage(found):
    wrong = StoredArray(stored_type_of("float32"), (2,), lambda: found)
    with SOURCE_FORMATS.with_(_Fixed(ArrayIndex(["f"], {"w": wrong}))):
        checkpoint = open_checkpoint("made-up")
        message = rf"f: variable 'w': .* found {found.dtype} of"
        with pytest.raises(CorruptCheckpointError, match=message):
            checkpoint["w"].read()
        assert len(checkpoint.check()) == 1


def test_a_directory_may_be_a_checkpoint_itself(tmp_path):
    folder = tmp_path / "saved"
    folder.mkdir()
    np.save(folder / "a.w.npy", np.arange(3, dtype=np.int32))
    (folder / "names.txt").write_text("a/w int32 3\n")
    assert checkpoint_names(str(tmp_path)) == ()
    with SOURCE_FORMATS.with_(Folder()):
        assert find_prefix(folder) == find_prefix(folder / "a.w.npy") == str(folder)
        checkpoint = open_checkpoint(folder)
        assert checkpoint.graph_path == str(folder / "graph.pb")
        assert_arrays_equal(checkpoint["a/w"].read(), np.arange(3, dtype=checkpoint["a/w"].dtype))
        assert checkpoint_names(str(tmp_path)) == ("saved",)
    with pytest.raises(CheckpointNotFoundError, match="there is no such checkpoint"):
        find_prefix(folder)


def test_the_package_has_its_own_and_says_so(tmp_path, capsys):
    own = ["V1", "V2", "safetensors", "npz", "frozen graph"]
    assert list(SOURCE_FORMATS) == [*own, "Keras HDF5", "Keras archive"]  # apps import keras3
    with pytest.raises(UsageError, match="a name of its own"):
        SOURCE_FORMATS.add(type("Again", (Json,), {"name": "V2"})())
    with SOURCE_FORMATS.with_(Json()), pytest.raises(SystemExit):
        run(["inspect", "--help"])
    assert "JSON: a file of nested lists" in capsys.readouterr().out


def test_inspect_lists_it(path, capsys):
    with pytest.raises(SystemExit) as exit_:
        run(["inspect", f"--checkpoint={path}", "--health", "--slots"])
    out = capsys.readouterr().out
    assert exit_.value.code == 0
    assert "slot Adam of mlp/fc1/weights" in out
    assert "3 of 3 variables, 72 elements, 288 B (JSON checkpoint, 1 file)" in out


def test_what_an_output_format_reads_too_is_a_checkpoint_by_its_name(path, tmp_path, capsys):
    class Hdf5(Json):
        name, suffix = "toy_hdf5", ".toy.h5"

        def open(self, prefix):
            return super().open(path)

    (tmp_path / "other.toy.h5").touch()
    with SOURCE_FORMATS.with_(Hdf5()), pytest.raises(SystemExit) as exit_:
        run(["diff", f"--checkpoint={path}", f"--other={tmp_path / 'other.toy.h5'}"])
    assert (exit_.value.code, capsys.readouterr().out.split()[0]) == (0, "all")


def test_it_is_planned_converted_and_verified(path, tmp_path):
    import keras

    from tf1compat.migration import convert, plan_migration, verify

    model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(8, name="fc1")])
    plan = plan_migration(open_checkpoint(path), model)
    assert plan.complete
    output = str(tmp_path / "out.weights.h5")
    convert(plan, model, output=output)
    assert verify(plan, model, output=output).weights == 2
    convert(plan, model)
    assert_arrays_equal(model.get_layer("fc1").kernel, VALUES["mlp/fc1/weights"])


def test_a_file_of_a_file_belongs_to_the_prefix_of_both():
    assert prefix_of("m.data-00000-of-00001.index") == "m"
    assert prefix_of("m.data-00000-of-00001") == prefix_of("m") == "m"


def test_an_empty_slice_overlaps_nothing():
    whole, most = Region((0,), (5,)), Region((0,), (4,))
    nothing, one = Region((3,), (0,)), Region((3,), (1,))
    assert uncovered([whole, nothing], (5,)) == ""
    assert uncovered([whole, one], (5,)) == "slices at (0,) and (3,) overlap"
    assert uncovered([most, nothing], (5,)) == "slices hold 4 of 5 elements"
