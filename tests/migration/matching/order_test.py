"""What order decides: rows and stages of them, and nothing between branches of one stage."""

import dataclasses

import pytest

from tf1compat.checkpoint.meta.branch_joins import Join
from tf1compat.migration.matching import Item, match_items
from tf1compat.migration.matching._flow import flow_between
from tf1compat.migration.matching.nodes import module_nodes


def kernels(*modules, shape=(4, 4)):
    return [Item(f"{module}/kernel", module, "kernel", shape) for module in modules]


def fed(feeds):
    """Returns the flow between kernels of layers by what feeds each layer."""
    return {f"{name}/kernel": [f"{one}/kernel" for one in some] for name, some in feeds.items()}


def modules(sources, targets, **flows):
    found = match_items(sources, targets, **flows)
    pairs = {source: target for source, (target, _) in found.pairs.items()}
    return {s.rpartition("/")[0]: t.rpartition("/")[0] for s, t in pairs.items()}


@pytest.mark.parametrize(
    ("names", "others"),
    [
        (("fc1", "fc2"), ("lin1", "lin2")),  # a gate and its value, numbered by two authors
        (("dense", "dense_1"), ("lin1", "lin2")),
        (("lin1", "lin2"), ("dense", "dense_1")),
        (("dense_1", "dense_2"), ("fc1", "fc2")),  # the kind of layer carries no number
    ],
)
def test_no_number_tells_branches_apart(names, others):
    sources = [*kernels(*names), *kernels("end", shape=(4, 1))]
    targets = [*kernels(*others), *kernels("last", shape=(4, 1))]
    flow = fed({**dict.fromkeys(others, ()), "last": others})
    assert modules(sources, targets, target_flow=flow) == {"end": "last"}
    row = fed({others[0]: (), others[1]: others[:1], "last": others[1:]})
    assert len(modules(sources, targets, target_flow=row)) == 3


def test_a_number_after_the_same_word_tells_them_apart():
    sources, targets = kernels("gate_1", "gate_2"), kernels("net/b/gate_1", "net/b/gate_2")
    flow = fed({"net/b/gate_1": (), "net/b/gate_2": ()})
    assert modules(sources, targets, target_flow=flow) == {
        "gate_1": "net/b/gate_1",
        "gate_2": "net/b/gate_2",
    }


def test_a_constant_shift_is_the_same_number():
    sources, targets = kernels("dec_0", "dec_1"), kernels("decoder_1", "decoder_2")
    flow = fed({"decoder_1": (), "decoder_2": ("decoder_1",)})
    assert modules(sources, targets, target_flow=flow) == {
        "dec_0": "decoder_1",
        "dec_1": "decoder_2",
    }


def test_two_numbers_for_one_tell_no_order_unless_they_were_created_in_it():
    """``left1_0, left2_0`` may be cells of two sides as well as sides of two cells."""
    sources = kernels("cell_0", "cell_1", "cell_2", "cell_3")
    side_by_side = ("left1_0", "left1_1", "left2_0", "left2_1")
    assert modules(sources, kernels(*side_by_side)) == dict(
        zip(("cell_0", "cell_1", "cell_2", "cell_3"), side_by_side, strict=True)
    )
    created_by_cells = kernels("left1_0", "left2_0", "left1_1", "left2_1")
    assert modules(sources, created_by_cells) == {}
    (tie,) = match_items(sources, created_by_cells).ties
    assert set(tie.sources) == {source.path for source in sources}


def test_order_counts_from_stage_to_stage():
    """Two blocks of a gate and its value, with a layer in between: ranks say which block."""
    sources, targets = (
        kernels(*(f"{word}{number}" for number in range(1, 6))) for word in ("fc", "lin")
    )
    flow = fed({"lin1": (), "lin2": (), "lin3": ("lin1", "lin2"), "lin4": ("lin3",)})
    flow |= fed({"lin5": ("lin3",)})
    assert modules(sources, targets, target_flow=flow) == {"fc3": "lin3"}
    ties = match_items(sources, targets, target_flow=flow).ties
    assert [set(tie.sources) for tie in ties] == [
        {"fc1/kernel", "fc2/kernel"},
        {"fc4/kernel", "fc5/kernel"},
    ]


def beside(*names, ordered=True):
    """Returns that what layers made is put side by side, or added up, in this order."""
    return [Join(tuple(frozenset({f"{name}/kernel"}) for name in names), ordered=ordered)]


def test_branches_that_are_called_so_stand_as_they_are_put_together():
    sources = [*kernels("Branch_0/fc", "Branch_1/fc"), *kernels("Logits", shape=(4, 1))]
    targets = [*kernels("dense", "dense_1"), *kernels("out", shape=(4, 1))]
    flow = fed({"dense": (), "dense_1": (), "out": ("dense", "dense_1")})
    joins = beside("dense", "dense_1")
    found = modules(sources, targets, target_flow=flow, target_joins=joins)
    assert found == {"Branch_0/fc": "dense", "Branch_1/fc": "dense_1", "Logits": "out"}
    for other in (beside("dense_1", "dense"), beside("dense", "dense_1", ordered=False), ()):
        found = modules(sources, targets, target_flow=flow, target_joins=other)
        assert found == {"Logits": "out"}


def test_heads_that_are_called_branches_are_put_together_nowhere():
    sources, targets = kernels("Branch_0/fc", "Branch_1/fc"), kernels("dense", "dense_1")
    assert modules(sources, targets, target_flow=fed({"dense": (), "dense_1": ()})) == {}


def test_branches_may_be_called_so_by_the_model():
    sources = [*kernels("fc1", "fc2"), *kernels("end", shape=(4, 1))]
    targets = [*kernels("branch_1/a", "branch_2/a"), *kernels("out", shape=(4, 1))]
    names = ("branch_1/a", "branch_2/a")
    flow = fed({**dict.fromkeys(names, ()), "out": names})
    found = modules(sources, targets, target_flow=flow, target_joins=beside(*names))
    assert found == {"fc1": "branch_1/a", "fc2": "branch_2/a", "end": "out"}


@pytest.mark.parametrize(
    ("feeds", "stages"),
    [
        ({"a": "", "b": "a", "c": "b"}, ["a", "b", "c"]),
        ({"a": "", "b": "a", "c": "a", "d": "bc"}, ["a", "bc", "d"]),
        ({"a": "", "b": "", "c": "ab"}, ["ab", "c"]),
        ({"a": "", "b": "a", "c": ""}, ["abc"]),  # c may come before a, or after b
        ({"c": "", "a": "", "b": "a"}, ["abc"]),
        ({"a": "", "b": "a", "c": "", "d": "bc"}, ["abc", "d"]),
        ({"a": "", "b": "a", "c": "a", "d": "b"}, ["a", "bcd"]),
    ],
)
def test_all_of_a_stage_feed_all_of_every_later_one(feeds, stages):
    nodes = module_nodes(kernels(*feeds))
    producers = fed({name: tuple(some) for name, some in feeds.items()})
    found = flow_between(nodes, producers).stages(nodes)
    assert [sorted(node.path for node in stage) for stage in found] == [sorted(s) for s in stages]


@pytest.mark.parametrize(
    "word",
    [
        *("up", "decoder", "dec", "up_conv", "net/dec_block", "deconv_layer", "upsample_conv"),
        *("u", "upscore", "top_down_", "block_td", "ToRGB_lod", "P", "lateral_c", "uconv", "recon"),
        *("level", "scale", "right"),
    ],
)
def test_a_way_up_may_be_counted_down(word):
    names = [f"{word}{number}" for number in (1, 2, 3)]
    sources, targets = kernels(*names), kernels("one", "two", "three")
    flow = fed({"one": (), "two": ("one",), "three": ("two",)})
    assert modules(sources, targets, target_flow=flow) == {}
    down = fed({names[2]: (), names[1]: names[2:], names[0]: names[1:2]})
    found = modules(sources, targets, source_flow=down, target_flow=flow)
    assert found == dict(zip(reversed(names), ("one", "two", "three"), strict=True))


def test_a_rank_tells_nothing_among_kernels_that_are_used_in_several_ways():
    """Of ``conv1, conv2`` none says which one the model has as its deconvolution."""
    flow = fed({"one": (), "two": ("one",)})
    plain, *others = kernels("one", "two")
    turned = [dataclasses.replace(one, uses=frozenset({"up"})) for one in others]
    sources = kernels("conv1", "conv2")
    assert modules(sources, [plain, *turned], target_flow=flow) == {}
    assert len(modules(sources, [plain, *others], target_flow=flow)) == 2


def test_stages_of_both_flows_line_up():
    """A gate and a filter, ten times over; which of two it is, no flow tells."""
    letters = "jihgfedcba"  # in another order than that of their names

    def drawn(names, one, two):
        """Returns pairs of kernels in a row, and their flow."""
        pairs = [(f"{name}/{one}", f"{name}/{two}") for name in names]
        before = [(), *pairs[:-1]]
        return pairs, fed({n: f for pair, f in zip(pairs, before, strict=True) for n in pair})

    pairs_s, flow_s = drawn(letters, "gate", "filter")
    pairs_t, flow_t = drawn("puqtrszvnm", "left", "right")
    sources = kernels(*(name for pair in pairs_s for name in pair))
    targets = kernels(*(name for pair in reversed(pairs_t) for name in pair))
    ties = match_items(sources, targets, source_flow=flow_s, target_flow=flow_t).ties
    found = {tie.sources[0][0]: tie.targets[0][0] for tie in ties if len(tie.sources) == 2}
    assert found == dict(zip(letters, "puqtrszvnm", strict=True))


def test_stages_of_other_sizes_tell_nothing():
    sources, targets = kernels("p", "q", "r"), kernels("a", "b", "c")
    drawn = fed({"p": (), "q": (), "r": ("p", "q")})
    flow = fed({"a": (), "b": ("a",), "c": ("a",)})
    ties = match_items(sources, targets, source_flow=drawn, target_flow=flow).ties
    assert [len(tie.sources) for tie in ties] == [3]
