"""Tables whose rows go by tokens: no checkpoint has their order, and both sides have their own."""

import keras
import numpy as np
import pytest

from tf1compat.checkpoint import write_checkpoint
from tf1compat.errors import RuleError
from tf1compat.keras3 import index_model
from tf1compat.migration import convert, plan_migration
from tf1compat.names import Rule
from tf1compat.testing import assert_arrays_equal

WORDS = ("the", "cat", "sat")
VALUES = np.arange(8, dtype=np.float32).reshape(4, 2)


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    folder = tmp_path_factory.mktemp("words")
    write_checkpoint(str(folder / "model.ckpt"), {"words/table": VALUES})
    return folder / "model.ckpt"


def _model(lookup):
    table = keras.layers.Embedding(4, 2, name="words")
    if lookup is None:
        return index_model(keras.Sequential([keras.Input((5,), dtype="int32"), table]))
    x = keras.Input((5,), dtype="string")
    return index_model(keras.Model(x, table(lookup(x))))


def _lookup():
    return keras.layers.StringLookup(vocabulary=WORDS, name="lookup")


def test_rows_of_a_table_of_tokens_are_asked_about(prefix):
    plan = plan_migration(prefix, _model(_lookup()))
    (asked,) = plan.unexplained
    assert "those of the model's lookup by '[UNK]', 'the', 'cat' and so on" in str(asked)
    with pytest.raises(RuleError, match="its rows go by tokens"):
        plan_migration(prefix, _model(_lookup()), [Rule("words/table", "words/embeddings")])
    assert plan_migration(prefix, _model(None)).complete


def test_vocabularies_or_a_layout_answer(prefix, tmp_path):
    for name, tokens in (("old", (*WORDS, "[UNK]")), ("new", ("[UNK]", *WORDS))):
        (tmp_path / name).write_text("\n".join(tokens), encoding="utf-8")
    files = {
        f"{side}_vocabulary": str(tmp_path / name)
        for side, name in (("source", "old"), ("target", "new"))
    }
    index = _model(_lookup())
    rule = Rule("words/table", "words/embeddings", **files)
    convert(plan_migration(prefix, index, [rule]), index)
    found = {"table": index["words/embeddings"].variable.numpy()}
    assert_arrays_equal(found, {"table": VALUES[[3, 0, 1, 2]]})
    rule = Rule("words/table", "words/embeddings", "identity")
    assert plan_migration(prefix, index, [rule]).complete
