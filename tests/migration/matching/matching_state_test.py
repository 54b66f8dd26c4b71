"""What follows from the pairs there are, as pairs come."""

from tf1compat.migration.matching._flow import flow_between
from tf1compat.migration.matching.evidence._nesting import in_same_nesting
from tf1compat.migration.matching.nodes import Item, module_nodes
from tf1compat.migration.matching.objections import Objections
from tf1compat.migration.matching.places import make_places
from tf1compat.migration.matching.state import EvidenceKind, Pair, Side, State


def _side(feeds):
    items = [Item(f"{path}/kernel", path, "kernel", (4, 4)) for path in feeds]
    nodes = module_nodes(items)
    producers = {f"{path}/kernel": [f"{p}/kernel" for p in given] for path, given in feeds.items()}
    return Side(nodes, flow_between(nodes, producers))


def _state(source, target):
    return State(source, target, 0, lambda s, t: True, Objections(source.nodes, target.nodes))


def test_colours_follow_from_the_pairs_there_are():
    source = _side({"a": (), "b": ["a"], "c": (), "d": ["c"]})
    target = _side({"k": (), "l": ["k"], "m": (), "n": ["m"]})
    state = _state(source, target)
    a, b, _, d = source.nodes
    k, l, _, n = target.nodes  # noqa: E741
    of_s, of_t = state.colours(1)
    assert of_s[b] == of_s[d] == of_t[l] == of_t[n]
    state.pair(a, Pair(k, ()))
    of_s, of_t = state.colours(1)
    assert of_s[b] == of_t[l]
    assert of_s[d] == of_t[n]
    assert of_s[b] != of_s[d]


def test_what_counts_otherwise_follows_from_the_pairs_there_are():
    source = _side({f"up_{n}": () for n in range(4)})
    target = _side({f"down_{n}": () for n in range(4)})
    state = _state(source, target)
    state.pair(source.nodes[0], Pair(target.nodes[3], ()))
    assert not state.counts_otherwise(source.nodes[3])
    state.pair(source.nodes[1], Pair(target.nodes[2], ()))
    assert state.counts_otherwise(source.nodes[3])


def test_pairs_reordered_on_purpose_are_no_anchors():
    reordered = EvidenceKind("turned", "turned on purpose", reordered=True)
    source, target = (
        _side({f"s_{n}": () for n in range(3)}),
        _side({f"t_{n}": () for n in range(3)}),
    )
    state = _state(source, target)
    for s, t in ((0, 2), (1, 1)):
        state.pair(source.nodes[s], Pair(target.nodes[t], (reordered.because(),)))
    assert (state.anchors(), state.disordered()) == ({}, set())
    state.pair(source.nodes[2], Pair(target.nodes[0], ()))
    assert list(state.anchors().values()) == [[((2,), (0,))]]


def test_equal_numbers_tell_the_nesting_where_words_do_not():
    def grid(text, outer, inner):
        return make_places([text.format(i, j) for i in outer for j in inner])

    sources = grid("block_{}/unit_{}", (0, 1), (1, 2))
    assert in_same_nesting(sources, grid("stage_{}/part_{}", (0, 1), (1, 2))) == [0, 1, 2, 3]
    assert in_same_nesting(sources, grid("part_{}/stage_{}", (1, 2), (0, 1))) == [0, 2, 1, 3]
    assert in_same_nesting(sources, grid("stage_{}/part_{}", (3, 4), (5, 6))) is None


def test_numbers_of_any_length_have_their_order():
    long = "9" * 5000
    names = [
        f"layer_{digits}/w" for digits in ("2", "10", "1" + "0" * 40, "9" * 41, long, "1" + long)
    ]
    places = make_places(names)
    numbers = [place.numbers for place in places]
    assert numbers == sorted(numbers)
    assert len(set(numbers)) == len(names)
    assert make_places([f"layer_{'0' * 5000}7/w"])[0].numbers == (7,)
