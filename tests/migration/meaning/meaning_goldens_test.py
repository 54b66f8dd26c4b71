"""What TensorFlow 1.15.5 recorded comes out in Keras, by the graph or by answers in its stead."""

import keras
import numpy as np
import pytest
from bare_copies import bare_copy
from meaning_goldens import (
    GOLDENS,
    MEANINGS,
    SIZE,
    WIDTH,
    WORDS,
    Golden,
    L,
    embedding,
)
from shares import share

from tf1compat.migration import Status, convert, load_recording, plan_migration, prove
from tf1compat.names import Rule
from tf1compat.testing import assert_arrays_close

# Both sides computed what 1.15.5 did: that a proof says so, too, is asked where it can't say so of
# all, and of a share.
PROVED = share(MEANINGS, 3, lambda name: bool(MEANINGS[name].unreached))
ASKED = [name for name, golden in MEANINGS.items() if golden.question]


@pytest.fixture(autouse=True)
def fresh_names():
    keras.utils.clear_session()


def recorded(name):
    recording = load_recording(GOLDENS / name / "io.npz")
    return recording.inputs["x"], recording.outputs["y"]


def assert_computes_what_was_recorded(plan, index, name):
    assert plan.complete, str(plan)
    convert(plan, index)
    x, y = recorded(name)
    assert_arrays_close({"y": np.asarray(index.model(x))}, {"y": y}, of_largest=1e-6)


def carried_out(plan):
    """Returns all of a plan that tells what a conversion writes."""
    return {fill.target: (fill.sources, fill.layout) for fill in plan.fills}


@pytest.mark.parametrize("name", MEANINGS)
def test_a_graph_or_names_or_answers_tell_all_and_it_is_proved(name, tmp_path):
    golden = MEANINGS[name]
    folder, index = golden.folder or name, golden.model()
    plan = plan_migration(GOLDENS / folder, index)
    assert_computes_what_was_recorded(plan, index, folder)
    assert {f.target: f.layout for f in plan.fills} == {t: golden.layout(t) for t in index}
    if name in PROVED:
        left = {t: s for t, s in prove(plan, index).lines.items() if s is not Status.PROVED}
        assert left == dict.fromkeys(golden.unreached, Status.NOT_REACHED)
    prefix = bare_copy(GOLDENS / folder, tmp_path)
    bare = plan_migration(prefix, index, golden.rules, assume=golden.assume)
    assert bare.complete, str(bare)
    assert carried_out(bare) == carried_out(plan)


@pytest.mark.parametrize("name", ASKED)
def test_what_only_a_graph_tells_is_asked(name, tmp_path):
    golden = MEANINGS[name]
    plan = plan_migration(bare_copy(GOLDENS / (golden.folder or name), tmp_path), golden.model())
    assert not plan.complete
    assert golden.question in "\n".join(map(str, (*plan.unexplained, *plan.unfilled)))


def fewer_classes():
    return [L.Dense(5, "relu", name="hidden"), L.Dense(6, name="logits")]


def more_words():
    return [L.Embedding(WORDS + 2, SIZE, name="words"), L.Dense(2, name="scores")]


CLASSES, TABLE = r"logits/(kernel|bias)", "words/embeddings"
RULED = {
    "cut": ("classes", (WIDTH,), fewer_classes, (CLASSES, r"logits/\1", "cut(-1, 1, 7)")),
    "rows": (
        "classes",
        (WIDTH,),
        fewer_classes,
        (CLASSES, r"logits/\1", "rows(-1, 1, 2, 3, 4, 5, 6)"),
    ),
    "pad": ("table", (), more_words, (TABLE, TABLE, "pad(0, 0, 2)")),
}


@pytest.mark.parametrize("name", RULED)
def test_a_rule_says_which_rows_are_taken(name, tmp_path):
    folder, shape, layers, rule = RULED[name]
    index = Golden(shape, layers).model()
    plan = plan_migration(GOLDENS / folder, index, [Rule(*rule)])
    assert_computes_what_was_recorded(plan, index, folder)
    assert set(prove(plan, index).lines.values()) == {Status.PROVED}
    for prefix in (GOLDENS / folder, bare_copy(GOLDENS / folder, tmp_path)):
        assert not plan_migration(prefix, index).complete


WRONG = {
    "cut": ("classes", (WIDTH,), fewer_classes, (CLASSES, r"logits/\1", "cut(-1, 0, 6)")),
    "shards_in_order": (
        "mod_list",
        (),
        embedding,
        (r"words/shard_(\d+)", TABLE, "concatenate(0)"),
    ),
    "transposed": (
        "transposed_kernels",
        (WIDTH,),
        MEANINGS["transposed_kernels"].layers,
        ("(.*)/kernel", r"\1/kernel", "identity"),
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_rule_is_not_proved(name):
    folder, shape, layers, rule = WRONG[name]
    index = Golden(shape, layers).model()
    assert not prove(plan_migration(GOLDENS / folder, index, [Rule(*rule)]), index).agrees


def test_words_are_taken_by_their_tokens(tmp_path):
    """A grown vocabulary in another order: the same words have the same scores."""
    old = [f"word_{i}" for i in range(WORDS)]
    new = ["new", *old[::-1], "newer"]
    files = {}
    for name, words in {"old": old, "new": new}.items():
        files[name] = tmp_path / f"{name}.txt"
        files[name].write_text("\n".join(words) + "\n")
    rule = Rule(
        TABLE, TABLE, source_vocabulary=str(files["old"]), target_vocabulary=str(files["new"])
    )
    index = Golden((), more_words).model()
    convert(plan_migration(GOLDENS / "table", index, [rule]), index)
    x, y = recorded("table")
    numbers = np.array([new.index(old[i]) for i in x], np.int32)
    assert_arrays_close({"y": np.asarray(index.model(numbers))}, {"y": y}, of_largest=1e-6)
