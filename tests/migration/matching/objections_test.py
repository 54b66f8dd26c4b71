"""What words say against a pair, and that nothing is decided against them for want of another."""

import pytest

from tf1compat.migration.matching import Item, match_items
from tf1compat.migration.matching.nodes import module_nodes
from tf1compat.migration.matching.objections import Objections


def _kernels(*modules, shape=(4, 4)):
    return [Item(f"{module}/kernel", module, "kernel", shape) for module in modules]


def _between(sources, targets):
    source, target = module_nodes(_kernels(*sources)), module_nodes(_kernels(*targets))
    return Objections(source, target).between(source[0], target[0])


@pytest.mark.parametrize(
    ("source", "target", "words"),
    [
        ("aux_logits", "predictions", "aux"),
        ("AuxLogits/Conv2d_2a", "head", "aux"),
        ("teacher/fc", "fc", "teacher"),
        ("fc", "target_network/fc", "target"),
        ("rnn/fw/cell", "backward_layer", "backward and forward"),
        ("encoder/layer", "decoder/layer", "decoder and encoder"),
        ("attention/key", "attention/query", "key and query"),
        ("pi/fc0", "critic/fc0", "actor and critic"),
        ("encoder_decoder/attention", "decoder/attention", ""),
        ("vf/fc0", "value/fc0", ""),
        ("fc_mean", "std", "mean and std"),
        ("z_log_var", "mu", "std and mean"),
        ("start_logits", "end", "start and end"),
        ("src_proj", "tgt_proj", "src and tgt"),
        ("BoxEncodingPredictor", "conf_0", "box and class"),
        ("ClassPredictor", "cls_scores", ""),
        ("input_to_output", "output", ""),
        ("tower/fc6", "classifier", ""),
    ],
)
def test_words_that_exclude_each_other(source, target, words):
    found = _between([source, "elsewhere"], [target, "somewhere"])
    assert sorted(found.split(" and ")) == sorted(words.split(" and "))


def _of_roles(*roles, shape=(4, 4)):
    return [Item(f"{n}/{role}", str(n), role, shape) for n, role in enumerate(roles)]


@pytest.mark.parametrize(("name", "other"), [("start_logits", "end"), ("fc_mean", "std")])
def test_what_is_alone_on_both_sides_is_not_taken_against_its_words(name, other):
    assert _pairs(_kernels(name), _kernels(other)) == {}
    assert _pairs(_kernels(name), _kernels("head")) == {f"{name}/kernel": "head/kernel"}


def test_a_table_is_for_a_table_where_there_is_one_for_each():
    """A square one has the shape of a kernel; the file's words say which is which."""
    sources, targets = _of_roles("embedding", "kernel"), _of_roles("kernel", "kernel", "embedding")
    nodes = module_nodes(sources), module_nodes(targets)
    against = Objections(*nodes).between
    assert against(nodes[0][0], nodes[1][0]) == "embedding"
    assert against(nodes[0][1], nodes[1][2]) == "embedding"
    assert against(nodes[0][0], nodes[1][2]) == against(nodes[0][1], nodes[1][0]) == ""


def test_a_kernel_by_its_name_may_be_a_table_for_want_of_one():
    sources, targets = _of_roles("embedding", "kernel"), _of_roles("embedding", "embedding")
    nodes = module_nodes(sources), module_nodes(targets)
    assert Objections(*nodes).between(nodes[0][1], nodes[1][1]) == ""


def test_words_that_all_have_tell_nothing_apart():
    assert _between(["target/fc1", "target/fc2"], ["fc1", "fc2"]) == ""


def test_a_name_that_another_target_has_is_not_this_ones():
    assert _between(["logits", "other"], ["scores", "logits"]) == "logits"
    assert _between(["scores", "logits"], ["logits", "other"]) == "logits"
    numbered = _between(["fc_1", "fc_2"], ["fc_0", "fc_1"])
    assert numbered == ""  # what one counts from 1 the other may count from 0
    assert _between(["fc_1", "conv"], ["out", "fc_0"]) == ""


def _pairs(sources, targets, **flows):
    found = match_items(sources, targets, **flows)
    return {source: target for source, (target, _) in found.pairs.items()}


@pytest.mark.parametrize("name", ["aux_logits", "teacher/logits", "ema/out"])
def test_what_is_left_is_not_taken_against_its_words(name):
    body = _kernels("hidden", shape=(3, 4))
    assert _pairs([*body, *_kernels(name)], [*body, *_kernels("predictions")]) == {
        "hidden/kernel": "hidden/kernel"
    }


def test_the_one_that_nothing_speaks_against_is_taken():
    sources = _kernels("net/fc", "net/aux_fc")
    assert _pairs(sources, _kernels("predictions")) == {"net/fc/kernel": "predictions/kernel"}


def test_parallel_branches_counted_by_themselves_are_a_tie():
    names = ("dense", "dense_1")
    sources, targets = _kernels(*names), _kernels(*names)
    parallel = {f"{n}/kernel": [] for n in names}
    in_a_row = {"dense/kernel": [], "dense_1/kernel": ["dense/kernel"]}
    assert _pairs(sources, targets, target_flow=parallel) == {}
    assert _pairs(sources, targets) == {}
    assert _pairs(sources, targets, target_flow=in_a_row) == {
        f"{n}/kernel": f"{n}/kernel" for n in names
    }


@pytest.mark.parametrize("names", [("head_1", "head_2"), ("out", "out_1")])
def test_numbers_of_one_side_tell_no_heads_apart(names):
    """Which of two outputs was made first says nothing; a layer behind one of them does."""
    sources, targets = _kernels("dense", "dense_1"), _kernels(*names)
    heads = {f"{name}/kernel": [] for name in names}
    assert _pairs(sources, targets, target_flow=heads) == {}
    first, second = (f"{name}/kernel" for name in names)
    row = {first: [], second: [first]}
    assert _pairs(sources, targets, target_flow=row) == {
        "dense/kernel": first,
        "dense_1/kernel": second,
    }


def test_the_data_flow_of_both_overrules_words():
    sources = [*_kernels("target/a", "b"), *_kernels("c", shape=(4, 9))]
    targets = [*_kernels("x", "y"), *_kernels("z", shape=(4, 9))]
    flow_s = {"target/a/kernel": [], "b/kernel": ["target/a/kernel"], "c/kernel": ["b/kernel"]}
    flow_t = {"x/kernel": [], "y/kernel": ["x/kernel"], "z/kernel": ["y/kernel"]}
    assert _pairs(sources, targets, source_flow=flow_s, target_flow=flow_t) == {
        "target/a/kernel": "x/kernel",
        "b/kernel": "y/kernel",
        "c/kernel": "z/kernel",
    }


def _norm(module):
    roles = ("gamma", "beta", "moving_mean", "moving_variance")
    return [Item(f"{module}/{role}", module, role, (4,)) for role in roles]


def test_one_scope_may_feed_two_layers():
    in_one = [*_kernels("scale1", shape=(3, 3, 3, 4)), *_norm("scale1")]
    apart = [*_kernels("conv", shape=(3, 3, 3, 4)), *_norm("bn")]
    assert _pairs(in_one, apart) == {s.path: t.path for s, t in zip(in_one, apart, strict=True)}


def test_one_layer_may_be_filled_from_two_scopes():
    sources = [Item("W", "", "kernel", (8, 3)), Item("output/b", "output", "bias", (3,))]
    targets = [Item("s/kernel", "s", "kernel", (8, 3)), Item("s/bias", "s", "bias", (3,))]
    assert _pairs(sources, targets) == {"W": "s/kernel", "output/b": "s/bias"}
    assert _pairs(sources, targets, given={"output/b": "s/bias"}) == {"W": "s/kernel"}
