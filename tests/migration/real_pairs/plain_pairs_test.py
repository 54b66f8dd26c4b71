"""Public programs onto models of plain Keras, as a user would write them anew.

Each is migrated with the rules that a user would write, counted, and proved by computing.
"""

import dataclasses
from collections.abc import Callable, Sequence

import keras
import pytest
from real_pairs import convolution_programs, mobilenet_program, plain_models, recurrent_programs
from shares import share
from v1_programs import saved

from tf1compat.checkpoint import open_checkpoint
from tf1compat.migration import GraphOptions, Status, lint, plan_migration, prove
from tf1compat.migration.verification.settling import settle
from tf1compat.names import Rule

STACK = r"wavenet/dilated_stack/layer(\d+)"
WAVENET_RULES = [
    Rule(f"{STACK}/Variable", r"layer\1_filter/bias"),
    Rule(f"{STACK}/Variable_1", r"layer\1_gate/bias"),
    Rule("wavenet/dilated_stack/layer2/(dense|Variable_2)", drop="nothing comes after it"),
]
TAGGER_RULES = [Rule("transitions", drop="the CRF stays outside")]
FULL = GraphOptions(feeds={"sequence_lengths": 4, "word_lengths": recurrent_programs.LETTERS})
AFTER_THE_SOUND = {"one_hot": "wavenet/Slice:0", "speaker": "speaker:0"}


@dataclasses.dataclass(frozen=True)
class Pair:
    """What is migrated onto what, and all that a user has to say of it."""

    program: Callable[[], object]
    model: Callable[[], keras.Model]
    rules: Sequence[Rule] = ()
    options: GraphOptions | None = None
    scale: float = 0.7


PAIRS = {
    "char_lstm": Pair(recurrent_programs.char_lstm, plain_models.char_lstm),
    "char_gru": Pair(recurrent_programs.char_gru, plain_models.char_gru),
    "tagger": Pair(recurrent_programs.tagger, plain_models.tagger, TAGGER_RULES, FULL),
    "unet": Pair(convolution_programs.unet, plain_models.unet, scale=0.3),
    "wavenet": Pair(
        convolution_programs.wavenet,
        plain_models.wavenet,
        WAVENET_RULES,
        GraphOptions(inputs=AFTER_THE_SOUND),
    ),
    # With larger values, rounding of so many layers is more than the tolerance.
    "mobilenet": Pair(mobilenet_program.mobilenet, plain_models.mobilenet, scale=0.4),
}


def _kind(name):
    """Recurrent or not: of each, a share."""
    return PAIRS[name].program.__module__ == recurrent_programs.__name__


@pytest.mark.parametrize("name", share(PAIRS, 9, _kind))
def test_it_is_complete_and_proved(name, tmp_path):
    pair = PAIRS[name]
    keras.utils.clear_session()
    model = pair.model()
    prefix = saved(tmp_path, pair.program, scale=pair.scale)
    plan = plan_migration(prefix, model, pair.rules)
    # as `tf1compat migrate` does
    plan = settle(plan, model, open_checkpoint(prefix), options=pair.options).plan
    proof = prove(plan, model, options=pair.options)
    assert proof.agrees, proof.outputs
    assert set(proof.lines.values()) == {Status.PROVED}
    assert not lint(plan, model).findings


def test_most_pairs_need_no_rule_and_none_more_than_three():
    needed = {name: len(pair.rules) for name, pair in PAIRS.items() if pair.rules}
    assert needed == {"tagger": 1, "wavenet": 3}
