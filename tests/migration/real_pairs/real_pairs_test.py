"""Public programs onto the models of KerasHub, where that is installed (``pip install keras-hub``).

Each is migrated with the rules that a user would write, counted, and proved by computing.
"""

import pathlib

import keras
import pytest
from real_pairs import real_programs as programs
from v1_programs import saved

from tf1compat.checkpoint import open_checkpoint
from tf1compat.migration import Status, lint, plan_migration, prove
from tf1compat.migration.verification.settling import settle
from tf1compat.names import Rule

hub = pytest.importorskip("keras_hub", reason="optional: pip install keras-hub")

BERT = pathlib.Path(__file__).parents[2] / "goldens" / "bert"
SIZES = {"vocabulary_size": programs.WORDS, "max_sequence_length": programs.PLACES, "dropout": 0}
SIZES |= {"num_layers": programs.BLOCKS, "num_heads": programs.HEADS, "hidden_dim": programs.WIDTH}
GROUP = r"bert/encoder/transformer/group_(\d+)/inner_group_(\d+)"


def gpt2():
    return hub.models.GPT2Backbone(**SIZES, intermediate_dim=4 * programs.WIDTH)


def albert():
    return hub.models.AlbertBackbone(
        **SIZES, embedding_dim=4, intermediate_dim=3 * programs.WIDTH, num_segments=2
    )


def electra():
    sizes = SIZES | {"vocab_size": SIZES["vocabulary_size"], "embedding_dim": programs.WIDTH}
    del sizes["vocabulary_size"]
    return hub.models.ElectraBackbone(**sizes, intermediate_dim=3 * programs.WIDTH)


ALBERT_RULES = [
    Rule(scope=f"{GROUP}/LayerNorm", layer=r"group_\1_inner_layer_\2/self_attention_layer_norm"),
    Rule(scope=GROUP, layer=r"group_\1_inner_layer_\2"),
]
ELECTRA_RULES = [Rule(target="pooled_dense/.*", keep="the original has none")]
PAIRS = {
    "gpt2": (programs.gpt2, gpt2, []),
    "albert": (programs.albert, albert, ALBERT_RULES),
    "electra": (programs.electra, electra, ELECTRA_RULES),
}


@pytest.mark.parametrize("name", PAIRS)
def test_it_is_complete_and_proved(name, tmp_path):
    program, factory, rules = PAIRS[name]
    keras.utils.clear_session()
    model = factory()
    prefix = saved(tmp_path, program, scale=0.7)
    plan = plan_migration(prefix, model, rules)
    plan = settle(plan, model, open_checkpoint(prefix)).plan  # as `tf1compat migrate` does
    proof = prove(plan, model)
    assert proof.agrees, proof.outputs
    assert _unproved(proof) == set()


def _unproved(proof):
    """Lines that aren't proved, but for the biases of keys, which the softmax takes out."""
    found = {path for path, status in proof.lines.items() if status is not Status.PROVED}
    return {path for path in found if not path.endswith("key/bias")}


def test_bert_as_tensorflow_1_15_5_saved_it():
    """The golden has two heads, which the backbone hasn't."""
    keras.utils.clear_session()
    model = hub.models.BertBackbone(
        vocabulary_size=48,
        num_layers=2,
        num_heads=3,
        hidden_dim=24,
        intermediate_dim=40,
        max_sequence_length=16,
        dropout=0,
    )
    plan = plan_migration(BERT, model, [Rule("cls/.*", drop="heads")])
    proof = prove(plan, model)
    assert proof.agrees, proof.outputs
    assert _unproved(proof) == set()


def test_another_gelu_is_found_without_computing(tmp_path):
    program, _, _ = PAIRS["electra"]
    keras.utils.clear_session()
    model = electra()
    for layer in model._flatten_layers():
        if getattr(layer, "activation", None) is not None and "intermediate" in layer.name:
            layer.activation = keras.activations.gelu
    plan = plan_migration(saved(tmp_path, program, scale=0.7), model, ELECTRA_RULES)
    found = " ".join(map(str, lint(plan, model).findings))
    assert "activation gelu(tanh) in the v1 graph, gelu(erf) in the model" in found
    assert not prove(plan, model).agrees
