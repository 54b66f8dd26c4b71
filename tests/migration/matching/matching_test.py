import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shares import WHOLE

from tf1compat.migration.matching import Item, match_items
from tf1compat.migration.matching._flow import Flow

_LEAVES = {
    "kernel": "kernel",
    "bias": "bias",
    "weights": "kernel",
    "gamma": "gamma",
    "beta": "beta",
    "table": "unknown",
    "W": "kernel",
    "b": "bias",
}


def _item(path, *shape):
    module, _, leaf = path.rpartition("/")
    return Item(path, module, _LEAVES.get(leaf, "unknown"), shape)


def _dense(path, *shape):
    return [_item(f"{path}/kernel", *shape), _item(f"{path}/bias", shape[-1])]


def _flow(items, layers):
    """Lets every weight of a layer be fed by every weight of the layers that feed it."""
    return {
        item.path: [i.path for i in items if i.module in layers[item.module]]
        for item in items
        if item.module in layers
    }


def _targets(matching):
    return {source: target for source, (target, _) in matching.pairs.items()}


def _why(matching, source):
    return [str(reason) for reason in matching.pairs[source][1]]


def _modules(matching):
    return {s.rpartition("/")[0]: t.rpartition("/")[0] for s, t in _targets(matching).items()}


def test_unique_shapes_need_no_names():
    sources = [*_dense("zebra", 3, 5), *_dense("apple", 5, 2)]
    targets = [*_dense("one", 5, 2), *_dense("two", 3, 5)]
    assert _targets(match_items(sources, targets)) == {
        "zebra/kernel": "two/kernel",
        "zebra/bias": "two/bias",
        "apple/kernel": "one/kernel",
        "apple/bias": "one/bias",
    }


def test_numbers_are_compared_as_numbers():
    sources = [i for n in range(12) for i in _dense(f"net/layer_{n}", 4, 4)]
    targets = [i for n in range(12) for i in _dense(f"block_{n + 1}", 4, 4)]
    random.Random(0).shuffle(sources)
    random.Random(1).shuffle(targets)
    found = _modules(match_items(sources, targets))
    assert found == {f"net/layer_{n}": f"block_{n + 1}" for n in range(12)}


def test_automatic_names_start_at_the_name_without_a_number():
    sources = [*_dense("dense_1", 4, 4), *_dense("dense", 4, 4), *_dense("dense_2", 4, 4)]
    targets = [*_dense("fc_3", 4, 4), *_dense("fc_4", 4, 4), *_dense("fc_5", 4, 4)]
    found = _modules(match_items(sources, targets))
    assert found == {"dense": "fc_3", "dense_1": "fc_4", "dense_2": "fc_5"}


@pytest.mark.parametrize("names", [("a", "b"), ("x/tower", "y/tower"), ("first", "second")])
def test_equal_towers_with_unrelated_names_are_a_tie(names):
    sources = [*_dense("left", 4, 4), *_dense("right", 4, 4)]
    targets = [i for name in names for i in _dense(name, 4, 4)]
    matching = match_items(sources, targets)
    assert not matching.pairs
    (tie,) = matching.ties
    assert set(tie.sources) == {i.path for i in sources}
    assert set(tie.targets) == {i.path for i in targets}


def test_alphabetical_order_is_no_evidence():
    sources = [*_dense("alpha", 4, 4), *_dense("beta_", 4, 4)]
    targets = [*_dense("dense", 4, 4), *_dense("dense_1", 4, 4)]
    assert not match_items(sources, targets).pairs


def test_words_tell_families_apart_and_numbers_order_each():
    sources, targets, expected = [], [], {}
    for n in range(3):
        for own, other in (("query", "q"), ("key", "k"), ("value", "v")):
            sources += _dense(f"bert/layer_{n}/attention/self/{own}", 4, 4)
            targets += _dense(f"encoder_{n + 1}/mha/{other}", 4, 4)
            expected[f"bert/layer_{n}/attention/self/{own}"] = f"encoder_{n + 1}/mha/{other}"
    assert _modules(match_items(sources, targets)) == expected


def test_the_last_family_goes_where_the_others_did_not():
    sources = [*_dense("attention/query", 4, 4), *_dense("attention/output/dense", 4, 4)]
    targets = [*_dense("mha/query", 4, 4), *_dense("mha/projection", 4, 4)]
    found = match_items(sources, targets)
    assert _modules(found)["attention/output/dense"] == "mha/projection"
    assert found.pairs["attention/output/dense/kernel"][1][0].kind.name == "names_rest"


def test_two_by_two_grids_need_words_for_their_numbers():
    sources = [i for a in (0, 1) for b in (0, 1) for i in _dense(f"tower_{a}/layer_{b}", 4, 4)]
    unlabelled = [i for a in (0, 1) for b in (0, 1) for i in _dense(f"p{a}/s{b}", 4, 4)]
    assert not match_items(sources, unlabelled).pairs
    labelled = [i for b in (0, 1) for a in (0, 1) for i in _dense(f"layer{b}_tower{a}", 4, 4)]
    found = _modules(match_items(sources, labelled))
    assert found == {f"tower_{a}/layer_{b}": f"layer{b}_tower{a}" for a in (0, 1) for b in (0, 1)}


def test_numbering_that_other_weights_contradict_is_not_trusted():
    # the decoder counts backwards: the weights of telling shapes say so
    sources, targets = [], []
    for n, size in enumerate((3, 5, 7)):
        sources += _dense(f"up_{n}", 4, size)
        targets += _dense(f"block_{9 - n}", 4, size)
    for n in (4, 5):
        sources += _dense(f"up_{n}", 8, 8)
        targets += _dense(f"block_{9 - n}", 8, 8)
    found = match_items(sources, targets)
    assert _modules(found) == {"up_0": "block_9", "up_1": "block_8", "up_2": "block_7"}
    (tie,) = found.ties
    assert len(tie.targets) == 4


def test_numbers_in_another_nesting_do_not_speak_against_the_rest_of_their_chain():
    """Tower by tower here, layer by layer there: neither way of counting misleads."""
    sources = [i for a in (0, 1) for b in (0, 1) for i in _dense(f"tower_{a}/layer_{b}", 4, 4)]
    targets = [i for b in (0, 1) for a in (0, 1) for i in _dense(f"layer{b}_tower{a}", 4, 4)]
    for b in (2, 3):
        sources += _dense(f"tower_0/layer_{b}", 6, 6)
        targets += _dense(f"layer{b}_tower0", 6, 6)
    found = _modules(match_items(sources, targets))
    places = [(a, b) for a in (0, 1) for b in (0, 1)] + [(0, 2), (0, 3)]
    assert found == {f"tower_{a}/layer_{b}": f"layer{b}_tower{a}" for a, b in places}


def test_numbering_against_the_data_flow_is_not_trusted():
    sources = [*_dense("layer_0", 4, 4), *_dense("layer_1", 4, 4)]
    targets = [*_dense("dense", 4, 4), *_dense("dense_1", 4, 4)]
    backwards = {"dense_1": (), "dense": ("dense_1",)}
    assert not match_items(sources, targets, target_flow=_flow(targets, backwards)).pairs
    forwards = {"dense": (), "dense_1": ("dense",)}
    assert len(match_items(sources, targets, target_flow=_flow(targets, forwards)).pairs) == 4


def test_a_row_in_the_data_flow_orders_targets_without_numbers():
    sources = [*_dense("layer_0", 4, 4), *_dense("layer_1", 4, 4)]
    targets = [*_dense("wide", 4, 4), *_dense("narrow", 4, 4)]
    row = {"narrow": (), "wide": ("narrow",)}
    found = _modules(match_items(sources, targets, target_flow=_flow(targets, row)))
    assert found == {"layer_0": "narrow", "layer_1": "wide"}
    apart = {"narrow": (), "wide": ()}
    assert not match_items(sources, targets, target_flow=_flow(targets, apart)).pairs


def test_norms_follow_their_convs():
    sources, targets, flow = [], [], {}
    for n, (own, other) in enumerate((("first", "b"), ("second", "a"))):
        sources += [_item(f"{own}/weights", 3, 3, n + 1, 8), _item(f"{own}/BatchNorm/gamma", 8)]
        targets += [_item(f"conv_{other}/kernel", 3, 3, n + 1, 8), _item(f"bn_{other}/gamma", 8)]
        flow |= {f"conv_{other}": (), f"bn_{other}": (f"conv_{other}",)}
    found = match_items(sources, targets, target_flow=_flow(targets, flow))
    assert _targets(found)["first/BatchNorm/gamma"] == "bn_b/gamma"
    assert "follows conv_b" in _why(found, "first/BatchNorm/gamma")[0]


def test_equal_places_in_both_data_flows():
    sources = [*_dense("z", 4, 4), *_dense("y", 4, 4), *_dense("head", 4, 2)]
    targets = [*_dense("m", 4, 4), *_dense("n", 4, 4), *_dense("out", 4, 2)]
    found = match_items(
        sources,
        targets,
        source_flow=_flow(sources, {"z": (), "y": ("z",), "head": ("y",)}),
        target_flow=_flow(targets, {"n": (), "m": ("n",), "out": ("m",)}),
    )
    assert _modules(found) == {"z": "n", "y": "m", "head": "out"}
    assert "data flow" in _why(found, "z/kernel")[0]


def test_what_is_told_in_the_data_flow_tells_its_neighbours_too():
    """Two rows of equals: their ends differ, and each pair is a landmark for the next."""
    sources, targets, expected = [], [], {}
    flow_s, flow_t = {}, {}
    for row, size in (("ab", 3), ("cd", 5)):
        names_s = [f"{row[0]}{letter}" for letter in "bcdfghjklmnp"]
        names_t = [f"{row[1]}{letter}" for letter in "xqwzvtsrpnml"]
        for names, items, flow in ((names_s, sources, flow_s), (names_t, targets, flow_t)):
            for n, name in enumerate(names):
                items += _dense(name, size if n == 0 else 4, 4)
                flow[name] = names[n - 1 : n]
        expected |= dict(zip(names_s, names_t, strict=True))
    random.Random(2).shuffle(targets)
    found = match_items(
        sources,
        targets,
        source_flow=_flow(sources, flow_s),
        target_flow=_flow(targets, flow_t),
    )
    assert _modules(found) == expected


def test_neighbours_alike_are_no_evidence_where_one_side_has_more():
    sources = [i for name in ("loose", "first", "second", "third") for i in _dense(name, 4, 4)]
    targets = [*_dense("free", 4, 4), *_dense("in", 9, 4), *_dense("out", 4, 4)]
    found = match_items(
        sources,
        targets,
        source_flow=_flow(sources, {"loose": (), "second": ("first",), "third": ("second",)}),
        target_flow=_flow(targets, {"free": (), "out": ("in",)}),
    )
    assert not found.pairs
    assert sorted(found.ties[0].targets) == ["free/bias", "free/kernel", "out/bias", "out/kernel"]


def test_members_of_one_scope_go_into_one_container():
    sources, targets = [], []
    for n, (own, other) in enumerate((("north", "b"), ("south", "a"))):
        sources += [*_dense(f"{own}/in", 9, 4 + n), *_dense(f"{own}/mid", 4, 4)]
        targets += [*_dense(f"{other}/dense", 9, 4 + n), *_dense(f"{other}/core", 4, 4)]
    found = match_items(sources, targets)
    assert _modules(found)["north/mid"] == "b/core"
    assert _why(found, "north/mid/kernel") == ["the rest of north went into b"]


def test_a_head_that_the_model_lacks_is_left_out():
    sources = [*_dense("net/body_1", 4, 4), *_dense("net/body_2", 4, 4)]
    aux = [*_dense("net/extra/first", 4, 4), *_dense("net/extra/last", 4, 9)]
    targets = [*_dense("dense", 4, 4), *_dense("dense_1", 4, 4)]
    found = match_items([*sources, *aux], targets)
    assert _modules(found) == {"net/body_1": "dense", "net/body_2": "dense_1"}
    assert "net/extra holds what the model doesn't have" in _why(found, "net/body_1/kernel")
    same = [*_dense("net/extra/first", 4, 4), *_dense("net/extra/last", 4, 4)]
    assert not match_items([*sources, *same], targets).pairs


def test_more_missing_than_a_head_leaves_out_nothing():
    sources = [*_dense("net/body_1", 4, 4), *_dense("net/body_2", 4, 4)]
    sources += [*_dense("net/extra/first", 4, 4), *_dense("net/extra/last", 4, 9)]
    found = match_items(sources, _dense("dense", 4, 4))
    assert not found.pairs
    (tie,) = found.ties
    assert {path.rpartition("/")[0] for path in tie.sources} == {
        *("net/body_1", "net/body_2", "net/extra/first"),
    }


def test_a_member_that_a_rule_sends_elsewhere_leaves_its_place_to_it_alone():
    sources = [*_dense("a", 4, 4), _item("a/beta", 4)]
    found = match_items(sources, _dense("d", 4, 4), given={"a/beta": "d/bias"})
    assert _targets(found) == {"a/kernel": "d/kernel"}


def test_merged_dimensions_fit_and_transposed_ones_do_not():
    sources = [_item("fc6/weights", 7, 7, 8, 16), _item("table", 6, 4)]
    targets = [_item("fc1/kernel", 392, 16), _item("embedding/kernel", 4, 6)]
    assert _targets(match_items(sources, targets)) == {"fc6/weights": "fc1/kernel"}


def test_sources_of_several_shapes_that_fit_one_target_are_told_apart_together():
    sources = [_item("fc1/weights", 1, 1, 3, 4), _item("fc2/weights", 3, 4)]
    targets = [_item("fc1/kernel", 3, 4), _item("fc2/kernel", 3, 4)]
    assert _targets(match_items(sources, targets)) == {
        "fc1/weights": "fc1/kernel",
        "fc2/weights": "fc2/kernel",
    }


def test_flat_scopes_are_taken_apart_by_number():
    sources = [_item("W1", 3, 4), _item("b1", 4), _item("W2", 4, 4), _item("b2", 4)]
    targets = [*_dense("dense", 3, 4), *_dense("dense_1", 4, 4)]
    sources = [Item(i.path, "", {"W": "kernel", "b": "bias"}[i.path[0]], i.shape) for i in sources]
    assert _targets(match_items(sources, targets)) == {
        "W1": "dense/kernel",
        "b1": "dense/bias",
        "W2": "dense_1/kernel",
        "b2": "dense_1/bias",
    }


def test_extra_biases_stay_open_and_kernels_are_found():
    sources = [_item(f"conv_{n}/weights", 3, 3, 4, 4) for n in range(3)]
    targets = [i for n in range(3) for i in (*_dense(f"c{n}", 3, 3, 4, 4),)]
    found = match_items(sources, targets)
    assert _targets(found) == {f"conv_{n}/weights": f"c{n}/kernel" for n in range(3)}
    assert not found.ties


@st.composite
def _renamed_networks(draw):
    """A network under two namings whose numbers keep their order and whose words may be lost."""
    stages = draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
    keep_words = draw(st.booleans())
    offset = draw(st.integers(0, 3))
    truth, shapes, flat = {}, {}, 0
    for stage, units in enumerate(stages):
        size = draw(st.sampled_from([4, 8]))
        for unit in range(units):
            for word in draw(st.sampled_from([("conv",), ("conv", "shortcut"), ("a", "b", "c")])):
                source = f"net/stage{stage}/unit_{unit}/{word}"
                named = f"s{stage + offset}_{word}_u{unit}" if keep_words else f"dense_{flat}"
                truth[source] = named
                shapes[source] = (size, size)
                flat += 1
    return truth, shapes


@settings(deadline=None, max_examples=150 if WHOLE else 40)
@given(_renamed_networks(), st.randoms(use_true_random=False))
def test_never_wrong_on_renamed_networks(network, rng):
    truth, shapes = network
    sources = [i for name in truth for i in _dense(name, *shapes[name])]
    targets = [i for name, other in truth.items() for i in _dense(other, *shapes[name])]
    rng.shuffle(sources)
    rng.shuffle(targets)
    for source, target in _modules(match_items(sources, targets)).items():
        assert truth[source] == target


@pytest.mark.parametrize(
    ("names", "others", "told"),
    [
        (("gen", "disc"), ("generator", "discriminator"), True),
        (("gates", "values"), ("gate", "value"), True),
        (("out", "body"), ("outer", "inner"), False),
        (("reset", "update"), ("res", "skip"), False),
    ],
)
def test_an_abbreviation_leaves_more_out_than_an_end(names, others, told):
    sources = [_item(f"{name}/kernel", 4, 4) for name in names]
    targets = [_item(f"{name}/kernel", 4, 4) for name in reversed(others)]
    found = _modules(match_items(sources, targets))
    assert found == (dict(zip(names, others, strict=True)) if told else {})


def _twins(branches, name, count):
    """Returns the layers of branches that nothing but the flow tells apart, and who feeds whom."""
    layers = {}
    for branch in branches:
        before = ()
        for number in range(count):
            layers[f"{branch}/{name(number)}"] = before
            before = (f"{branch}/{name(number)}",)
    items = [item for path in layers for item in _dense(path, 4, 4)]
    return items, _flow(items, layers)


def test_one_pair_is_followed_along_the_flow_without_looking_at_everything_again(monkeypatch):
    looks = []
    whole = Flow.colours
    monkeypatch.setattr(Flow, "colours", lambda *args: looks.append(args) or whole(*args))
    count = 60
    sources, flow_s = _twins(("p", "q"), lambda number: f"u{number * 79 % 101}", count)
    targets, flow_t = _twins(("left", "right"), lambda number: f"dense_{number}", count)
    found = match_items(
        sources,
        targets,
        source_flow=flow_s,
        target_flow=flow_t,
        given={"q/u0/kernel": "left/dense_0/kernel"},
    )
    assert _modules(found) == {
        f"{own}/u{number * 79 % 101}": f"{other}/dense_{number}"
        for own, other in (("q", "left"), ("p", "right"))
        for number in range(count)
    }
    assert len(looks) < 12  # as many as for a branch of two
