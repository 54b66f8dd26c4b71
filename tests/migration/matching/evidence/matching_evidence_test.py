"""Kinds of evidence by themselves: what each tells apart in one open group, and what it doesn't."""

from tf1compat.migration.matching._flow import flow_between
from tf1compat.migration.matching.evidence.by_absence import ByAbsence
from tf1compat.migration.matching.evidence.by_flow import ByFlow
from tf1compat.migration.matching.nodes import Item, module_nodes
from tf1compat.migration.matching.objections import Objections
from tf1compat.migration.matching.state import Group, Pair, Side, State


def _nodes(*paths):
    return module_nodes([Item(f"{path}/kernel", path, "kernel", (4, 4)) for path in paths])


def _flow(nodes, feeds):
    producers = {f"{path}/kernel": [f"{p}/kernel" for p in given] for path, given in feeds.items()}
    return flow_between(nodes, producers)


def _state(source, target):
    state = State(source, target, 0, lambda s, t: True, Objections(source.nodes, target.nodes))
    return state, Group(tuple(source.nodes), tuple(target.nodes))


def _paths(parts):
    return [([s.path for s in p.sources], [t.path for t in p.targets]) for p in parts or ()]


def test_absent_scopes_are_left_out_only_where_the_others_are_as_many_as_the_targets():
    sources = _nodes("net/one", "net/two", "net/aux/last")
    source = Side(sources, absent=frozenset({"net/aux"}))
    state, group = _state(source, Side(_nodes("a", "b")))
    found = ByAbsence().within(state, group)
    assert _paths(found) == [(["net/one", "net/two"], ["a", "b"])]
    assert [str(reason) for reason in found[0].evidence] == [
        "net/aux holds what the model doesn't have"
    ]
    assert ByAbsence().within(*_state(source, Side(_nodes("a")))) is None


def test_absence_says_nothing_where_nothing_is_surplus():
    absent = frozenset({"net/aux"})
    source = Side(_nodes("net/one", "net/aux"), absent=absent)
    assert ByAbsence().within(*_state(source, Side(_nodes("a", "b")))) is None
    assert ByAbsence().within(*_state(source, Side(_nodes("a", "b", "c")))) is None
    present = Side(_nodes("net/one", "net/two"))
    assert ByAbsence().within(*_state(present, Side(_nodes("a", "b")))) is None


def test_equal_surroundings_count_among_unequal_sides_only_beside_a_pair():
    """`loose` and `free` have no neighbours at all: alike, but nothing says that they are one."""
    sources = _nodes("loose", "first", "second", "third")
    targets = _nodes("free", "in", "out")
    source = Side(sources, _flow(sources, {"loose": (), "second": ["first"], "third": ["second"]}))
    target = Side(targets, _flow(targets, {"free": (), "out": ["in"]}))
    state, group = _state(source, target)
    assert ByFlow().within(state, group) is None
    state, _ = _state(source, target)
    state.pair(sources[1], Pair(targets[1], ()))
    left = Group((sources[0], *sources[2:]), (targets[0], targets[2]))
    assert ByFlow().within(state, left) is None  # `second` feeds on, `out` doesn't


def test_equal_surroundings_beside_a_pair_count_among_unequal_sides():
    sources, targets = _nodes("stem", "next", "loose", "lost"), _nodes("in", "out", "free")
    source = Side(sources, _flow(sources, {"next": ["stem"], "loose": (), "lost": ()}))
    target = Side(targets, _flow(targets, {"out": ["in"], "free": ()}))
    state, _ = _state(source, target)
    state.pair(sources[0], Pair(targets[0], ()))
    found = ByFlow().within(state, Group(sources[1:], targets[1:]))
    assert _paths(found) == [(["next"], ["out"]), (["loose", "lost"], ["free"])]
