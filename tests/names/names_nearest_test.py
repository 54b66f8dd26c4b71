"""Nearest names: the right ones first, always the same, never a failure."""

import random

from tf1compat.names import nearest_names
from tf1compat.names.nearest import nearest_scopes

MODEL = [
    f"model/layer_{i}/{part}/{leaf}"
    for i in range(100)
    for part in ("query", "key", "ffn")
    for leaf in ("kernel", "bias", "kernel/Adam")
]


def test_an_exact_name_is_nearest_to_itself():
    assert nearest_names("model/layer_7/key/bias", MODEL)[0] == "model/layer_7/key/bias"


def test_a_typo_in_the_leaf():
    assert nearest_names("model/layer_42/key/kernal", MODEL)[0] == "model/layer_42/key/kernel"


def test_another_scope_in_front():
    assert nearest_names("bert/model/layer_42/ffn/bias", MODEL)[0] == "model/layer_42/ffn/bias"


def test_case_does_not_matter():
    assert nearest_names("CONV1/Weights", ["fc/b", "conv1/weights"], count=1) == ("conv1/weights",)


def test_an_exact_name_comes_before_one_in_another_case():
    assert nearest_names("w", ["W", "w"])[0] == "w"
    assert nearest_names("W", ["w", "W"])[0] == "W"


def test_of_many_alike_the_one_of_the_same_length_is_looked_at():
    assert nearest_names("abc", [f"abc{'x' * n}" for n in range(200, 0, -1)])[0] == "abcx"


def test_a_long_scope_that_all_share_does_not_hide_the_rest():
    scope = "a_scope_that_is_quite_long/and_another_one"
    names = [*(f"{scope}/input_layers/{i:04d}" for i in range(100)), f"{scope}/output_layer/bias"]
    assert nearest_names(f"{scope}/outptu_layer/bias", names)[0] == names[-1]


def test_count_duplicates_and_few_candidates():
    assert len(nearest_names("x", MODEL)) == 3
    assert nearest_names("x", ["a", "a"]) == ("a",)
    assert nearest_names("x", []) == ()
    assert nearest_names("", ["a", "b"], count=1) == ("a",)
    assert len(nearest_names("model", MODEL, count=200)) == 200


def test_the_order_of_candidates_decides_nothing_among_finalists():
    names = MODEL[:30]
    shuffled = random.Random(1).sample(names, len(names))
    assert nearest_names("model/layer_3/kye/bias", names) == nearest_names(
        "model/layer_3/kye/bias", shuffled
    )


def test_hostile_names_pass():
    huge = "a/" * 50_000
    assert nearest_names(huge, [huge + "b", "c"], count=1) == (huge + "b",)
    assert nearest_names("\0\udcff", ["\udcff", "x"], count=1) == ("\udcff",)


def test_scopes_of_scopes_alone_are_near_too():
    names = [f"bert/encoder/layer_{i}/{part}/w" for i in range(3) for part in ("key", "value")]
    assert nearest_scopes("encoder", names).startswith("bert/encoder, ")
    assert nearest_scopes("a", ["w"]) == "none"
    assert len(nearest_scopes("a", ["a/" * 20000 + "w"])) < 1000  # and no hours over it
