"""A format of checkpoints from outside that answers wrongly is named, with what it was asked."""

import re
import types

import numpy as np
import pytest

from tf1compat.checkpoint import (
    SOURCE_FORMATS,
    ArrayIndex,
    OneFile,
    StoredArray,
    open_checkpoint,
    stored_type_of,
)
from tf1compat.checkpoint.slices import Region
from tf1compat.checkpoint.source_formats import checkpoint_names, prefix_of
from tf1compat.errors import CorruptCheckpointError, UnknownNameError, UsageError

FLOAT = stored_type_of("float32")
ARRAY = StoredArray(FLOAT, (2,), lambda: np.ones(2, np.float32))


def fails(*_):
    raise KeyError("lost")


def check(entry):
    for error in entry.check():
        raise error


def piece(**members):
    """Returns a stored piece of which the test says what it answers."""
    whole = {"region": Region((0,), (2,)), "path": "p", "stream": fails}
    return types.SimpleNamespace(**whole | {"require": str, "stored_bytes": int} | members)


def toy(**members):
    """Returns a format of which the test says what it answers."""
    members = {"open": lambda self, prefix: ArrayIndex([prefix], {"w": ARRAY}), **members}
    base = {"name": "toy", "suffix": ".toy", "summary": "toys"}
    return type("Toy", (OneFile,), base | members)()


def index(**members):
    """Returns what opens an index that answers so."""
    good = ArrayIndex(["f"], {"w": ARRAY})
    methods = {name: getattr(good, name) for name in ("names", "lookup", "files", "check")}
    return lambda self, prefix: types.SimpleNamespace(**methods | members)


@pytest.fixture
def path(tmp_path):
    (tmp_path / "a.toy").touch()
    return str(tmp_path / "a.toy")


def use(path):
    """Asks for all that a checkpoint tells."""
    checkpoint = open_checkpoint(path)
    checkpoint_names(path.rpartition("/")[0])
    return checkpoint.graph_path, checkpoint.files, checkpoint.check(), checkpoint["w"].read()


@pytest.mark.parametrize("asked", [lambda w: w.read(), lambda w: w.read(1), check])
def test_what_a_piece_raises_is_said_to_be_its_formats(path, asked):
    opened = toy(open=index(lookup=lambda name: (FLOAT, (2,), (piece(path=path),))))
    message = (
        rf"{re.escape(path)}: variable 'w': its format: expected what its piece streams or an "
        r"error of this package, found KeyError\('lost'\)"
    )
    with SOURCE_FORMATS.with_(opened), pytest.raises(CorruptCheckpointError, match=message):
        asked(open_checkpoint(path)["w"])


@pytest.mark.parametrize("method", ["prefix_of", "exists", "prefixes", "graph_path", "open"])
@pytest.mark.parametrize("answer", [fails, lambda *_: 5])
def test_a_format_that_answers_wrongly(path, method, answer):
    message = rf"format of checkpoints 'toy': expected .* of its method {method}.*, found (5|KeyEr)"
    with SOURCE_FORMATS.with_(toy(**{method: answer})), pytest.raises(UsageError, match=message):
        use(path)


@pytest.mark.parametrize("method", ["names", "lookup", "files", "check"])
@pytest.mark.parametrize("answer", [fails, lambda *_: (1, 2)])
def test_an_index_that_answers_wrongly(path, method, answer):
    message = rf"format of checkpoints 'toy': expected .* of its method {method}.*, found (\(1|Key)"
    wrong = toy(open=index(**{method: answer}))
    with SOURCE_FORMATS.with_(wrong), pytest.raises(UsageError, match=message):
        use(path)


def test_what_it_raises_is_kept_as_the_cause(path):
    with SOURCE_FORMATS.with_(toy(open=fails)), pytest.raises(UsageError) as caught:
        open_checkpoint(path)
    assert isinstance(caught.value.__cause__, KeyError)


@pytest.mark.parametrize(
    "read", [fails, lambda: None, lambda: [1.0, 1.0], lambda: np.ma.masked_equal([1.0, 2.0], 2.0)]
)
def test_a_value_that_cannot_be_read_is_damage(path, read):
    held = ArrayIndex([path], {"w": StoredArray(FLOAT, (2,), read)})
    message = r"a\.toy: variable 'w': .*expected an array without a mask of its method read.* found"
    with SOURCE_FORMATS.with_(toy(open=lambda *_: held)):
        checkpoint = open_checkpoint(path)
        with pytest.raises(CorruptCheckpointError, match=message):
            checkpoint["w"].read()
        assert len(checkpoint.check()) == 1


def _part(start, shape):
    whole = ArrayIndex(["f"], {"w": ARRAY}).lookup("w")[2][0]
    return whole._replace(region=Region(start, shape))


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ((), "found that slices hold 0 of 2 elements"),
        ((_part((0,), (1,)),), "found that slices hold 1 of 2 elements"),
        ((_part((0,), (2,)), _part((1,), (1,))), "found that slices at .* overlap"),
        ((_part((1,), (2,)),), r"found one of shape \(2,\) at \(1,\)"),
        ((_part((0, 0), (2, 1)),), r"found one of shape \(2, 1\) at \(0, 0\)"),
        (
            (types.SimpleNamespace(stream=None),),
            "found one without region, path, require, st",
        ),
        ((piece(region=((0,), (2,))),), r"found the region \(\(0,\), \(2,\)\)"),
    ],
)
def test_pieces_make_up_the_variable(path, parts, message):
    wrong = toy(open=index(lookup=lambda *_: (FLOAT, (2,), parts)))
    full = f"'toy': expected pieces that make up 'w' of shape .*, {message}"
    with SOURCE_FORMATS.with_(wrong), pytest.raises(UsageError, match=full):
        use(path)


def test_what_is_read_is_the_readers_own(path):
    kept = np.ones(2, np.float32)
    with SOURCE_FORMATS.with_(
        toy(open=lambda *_: ArrayIndex([path], {"w": StoredArray(FLOAT, (2,), lambda: kept)}))
    ):
        open_checkpoint(path)["w"].read()[:] = 5
    assert kept.tolist() == [1, 1]


@pytest.mark.parametrize(
    "make",
    [
        lambda: StoredArray(np.dtype("float32"), (2,), ARRAY.read),
        lambda: StoredArray(FLOAT, [2], ARRAY.read),
        lambda: StoredArray(FLOAT, (2,), np.ones(2)),
        lambda: ArrayIndex(["f"], {"w": np.ones(2)}),
        lambda: ArrayIndex(["f"], {1: ARRAY}),
        lambda: ArrayIndex([], {"w": ARRAY}),
    ],
)
def test_arrays_that_are_none(make):
    with pytest.raises(UsageError, match=r"expected .* of a checkpoint|expected the paths"):
        make()


def test_prefixes_that_go_on_for_ever():
    endless = toy(prefix_of=lambda self, path: path + "x")
    with (
        SOURCE_FORMATS.with_(endless),
        pytest.raises(UsageError, match="'toy': expected a prefix of 'm' that is its own prefix"),
    ):
        prefix_of("m")


@pytest.mark.parametrize("name", [5, None, [], ("V2",)])
def test_what_is_no_name_is_in_no_registry(name):
    assert name not in SOURCE_FORMATS
    with pytest.raises(UnknownNameError, match="expected a format of checkpoints"):
        SOURCE_FORMATS[name]
