"""XLNet onto KerasHub's backbone, where that is installed (``pip install keras-hub``)."""

import functools
import shutil

import keras
import pytest
from real_pairs import xlnet_program as program
from v1_programs import saved, without_graph

from tf1compat.checkpoint import open_checkpoint
from tf1compat.migration import GraphOptions, Status, plan_migration, prove
from tf1compat.migration.verification.settling import settle
from tf1compat.names import Rule

hub = pytest.importorskip("keras_hub", reason="optional: pip install keras-hub")

# What the names don't say, nor, without a graph, what is computed: `o` is no word, nor `r_w`.
RULES = [
    Rule(
        r"model/transformer/layer_(\d+)/rel_attn/r/kernel",
        r"xlnet_encoder_\1/rel_attn/encoding/kernel",
    ),
    Rule("model/transformer/r_w_bias", "xlnet_encoder_{row}/content_attention_bias"),
    Rule("model/transformer/r_r_bias", "xlnet_encoder_{row}/positional_attention_bias"),
]
INPUTS = {"token_ids": "input_ids:0", "segment_ids": "segment_ids:0", "padding_mask": 1}
NOTHING_HIDDEN = GraphOptions(inputs=INPUTS, feeds={"input_mask": 0})


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    return saved(tmp_path_factory.mktemp("xlnet"), program.xlnet, scale=0.7)


def backbone(activation):
    keras.utils.clear_session()
    return hub.models.XLNetBackbone(
        vocabulary_size=program.WORDS,
        num_layers=program.BLOCKS,
        num_heads=program.HEADS,
        hidden_dim=program.WIDTH,
        intermediate_dim=program.INNER,
        activation=activation,
    )


def right_gelu():
    return backbone(functools.partial(keras.activations.gelu, approximate=True))


def test_it_is_complete_and_proved_without_a_rule(prefix):
    """All but the embedding of what is to be guessed: only the query stream takes that."""
    model = right_gelu()
    checkpoint = open_checkpoint(prefix)
    plan = plan_migration(checkpoint, model)
    plan = settle(plan, model, checkpoint, options=NOTHING_HIDDEN).plan  # as `migrate` does
    proof = prove(plan, model, options=NOTHING_HIDDEN)
    assert proof.agrees, proof.outputs
    open_ = {path for path, status in proof.lines.items() if status is not Status.PROVED}
    assert open_ == {"encoder_block_attn_mask_layer/mask_emb"}
    assert proof.lines["encoder_block_attn_mask_layer/mask_emb"] is Status.NOT_REACHED


def test_without_a_graph_three_rules_make_the_same_plan(prefix, tmp_path):
    for path in prefix.parent.glob(f"{prefix.name}.*"):
        shutil.copy(path, tmp_path)
    model = right_gelu()
    plan = plan_migration(without_graph(tmp_path / prefix.name), model, RULES)
    assert plan.complete, str(plan)
    assert prove(plan_migration(prefix, model, RULES), model, options=NOTHING_HIDDEN).agrees
    told = settle(
        plan_migration(prefix, model), model, open_checkpoint(prefix), options=NOTHING_HIDDEN
    ).plan
    assert {f.target: (f.sources, f.layout) for f in plan.fills} == {
        f.target: (f.sources, f.layout) for f in told.fills
    }


def test_the_gelu_that_keras_hub_takes_by_default_is_found_by_computing(prefix):
    """Its encoder calls it in its own ``call``, where no setting of a layer says so."""
    model = backbone("gelu")
    proof = prove(plan_migration(prefix, model, RULES), model, options=NOTHING_HIDDEN)
    assert not proof.agrees
    assert "xlnet_encoder_0/feedforward_output_dense" in str(proof.divergence)
