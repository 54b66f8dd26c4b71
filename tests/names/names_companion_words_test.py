"""What slots and averages are called in a column, against what 1.15.5's optimizers call them."""

import pytest

from tf1compat.names.companion_words import companion_words

# `get_slot(w, slot).op.name` of TensorFlow 1.15.5, behind the variable's name.
SLOTS = {
    "Adam": {"m": "Adam", "v": "Adam_1"},
    "AdaMax": {"m": "AdaMax", "v": "AdaMax_1"},
    "RMSProp": {"rms": "RMSProp", "momentum": "RMSProp_1"},
    "RMSProp, centered": {"rms": "RMSProp", "mg": "RMSProp_1", "momentum": "RMSProp_2"},
    "Ftrl": {"accum": "Ftrl", "linear": "Ftrl_1"},
    "Adadelta": {"accum": "Adadelta", "accum_update": "Adadelta_1"},
}


@pytest.mark.parametrize("optimizer", SLOTS)
def test_slots_go_by_what_they_are(optimizer):
    slots = SLOTS[optimizer]
    name = optimizer.partition(",")[0]
    assert companion_words(slots.values()) == f"{name} {', '.join(slots)}"
    assert companion_words(reversed(slots.values())) == f"{name} {', '.join(slots)}"


@pytest.mark.parametrize(
    ("leaves", "words"),
    [
        ([], ""),
        (["Momentum"], "Momentum"),
        (["Adam_1"], "Adam_1"),
        (["Adam", "Adam_1", "Adam_2", "Adam_3"], "Adam, Adam_1, Adam_2, Adam_3"),
        (["Adam", "Adam_2"], "Adam, Adam_2"),
        (["adam_m", "adam_v", "ExponentialMovingAverage"], "adam m, v, average"),
        (["lamb_v", "lamb_m"], "lamb m, v"),
        (["ExponentialMovingAverage", "ExponentialMovingAverage_1"], "2 averages"),
    ],
)
def test_what_is_not_known_goes_by_its_name(leaves, words):
    assert companion_words(leaves) == words
