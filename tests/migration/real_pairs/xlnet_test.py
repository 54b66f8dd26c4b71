"""XLNet onto KerasHub's backbone, where that is installed (``pip install keras-hub``)."""

import functools

import keras
import pytest
from real_pairs import xlnet_program as program
from v1_programs import saved

from tf1compat.migration import GraphOptions, Status, plan_migration, prove
from tf1compat.names import Rule

hub = pytest.importorskip("keras_hub", reason="optional: pip install keras-hub")

HEADS = f"{program.HEADS}, {program.EACH}"
STACKS = {  # what the program holds for all blocks at once
    "r_w_bias": ("content_attention_bias", HEADS),
    "r_r_bias": ("positional_attention_bias", HEADS),
    "r_s_bias": ("segment_attention_bias", HEADS),
    "seg_embed": ("segment_encoding", f"2, {HEADS}"),
}
PLACES = Rule(
    r"model/transformer/layer_(\d+)/rel_attn/r/kernel", r"xlnet_encoder_\1/rel_attn/encoding/kernel"
)
INPUTS = {"token_ids": "input_ids:0", "segment_ids": "segment_ids:0", "padding_mask": 1}
NOTHING_HIDDEN = GraphOptions(inputs=INPUTS, feeds={"input_mask": 0})


def rules():
    """One for all blocks, and one for each row of a stack: no rule yet says all of its rows."""
    rows = [
        Rule(
            f"model/transformer/{source}",
            f"xlnet_encoder_{block}/{target}",
            layout=f"split(0, {block}, {block + 1}) | reshape({shape})",
        )
        for block in range(program.BLOCKS)
        for source, (target, shape) in STACKS.items()
    ]
    return [PLACES, *rows]


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


def test_it_is_complete_and_proved(prefix):
    """All but the embedding of what is to be guessed: only the query stream takes that."""
    model = backbone(functools.partial(keras.activations.gelu, approximate=True))
    plan = plan_migration(prefix, model, rules())
    proof = prove(plan, model, options=NOTHING_HIDDEN)
    assert proof.agrees, proof.outputs
    open_ = {path for path, status in proof.lines.items() if status is not Status.PROVED}
    assert open_ == {"encoder_block_attn_mask_layer/mask_emb"}
    assert proof.lines["encoder_block_attn_mask_layer/mask_emb"] is Status.NOT_REACHED


def test_rules_are_counted():
    assert len(rules()) == 1 + len(STACKS) * program.BLOCKS


def test_the_gelu_that_keras_hub_takes_by_default_is_found_by_computing(prefix):
    """Its encoder calls it in its own ``call``, where no setting of a layer says so."""
    model = backbone("gelu")
    proof = prove(plan_migration(prefix, model, rules()), model, options=NOTHING_HIDDEN)
    assert not proof.agrees
    assert "xlnet_encoder_0/feedforward_output_dense" in str(proof.divergence)
