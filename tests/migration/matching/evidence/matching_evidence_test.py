"""Kinds of evidence by themselves: what each tells apart in one open group, and what it doesn't."""

import pytest

from tf1compat.checkpoint.meta.branch_joins import Join
from tf1compat.migration.matching._flow import flow_between
from tf1compat.migration.matching._joined_nodes import Joins
from tf1compat.migration.matching.evidence.by_absence import ByAbsence
from tf1compat.migration.matching.evidence.by_flow import ByFlow
from tf1compat.migration.matching.evidence.by_joins import ByJoins
from tf1compat.migration.matching.evidence.by_neighbours import ByNeighbours
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


def _joined(nodes, *parts, ordered):
    paths = [frozenset(f"{path}/kernel" for path in part.split()) for part in parts]
    return Side(nodes, joins=Joins(nodes, [Join(tuple(paths), ordered)]))


def test_branches_are_told_apart_by_what_they_are_added_to():
    """Whatever their names say: what is added to the first is what the first is."""
    sources, targets = _nodes("base", "one", "two"), _nodes("base", "one", "two")
    source = _joined(sources, "base", "two", ordered=False)
    target = _joined(targets, "base", "one", ordered=False)
    state, _ = _state(source, target)
    left = Group(tuple(sources[1:]), tuple(targets[1:]))
    state.pair(sources[0], Pair(targets[0], ()))
    found = _paths(ByJoins().within(state, left))
    assert sorted(found) == [(["one"], ["two"]), (["two"], ["one"])]


def test_sums_tell_nothing_where_one_side_adds_up_more():
    sources, targets = _nodes("base", "one", "two"), _nodes("base", "up", "down")
    source = _joined(sources, "base", "one", ordered=False)
    target = _joined(targets, "base", "up", "down", ordered=False)
    state, _ = _state(source, target)
    state.pair(sources[0], Pair(targets[0], ()))
    assert ByJoins().within(state, Group(tuple(sources[1:]), tuple(targets[1:]))) is None


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (("two", "one"), [(["two"], ["up"]), (["one"], ["down"])]),
        (("two", "base", "one"), [(["two"], ["up"]), (["one"], ["down"])]),
        (("two", "one two"), []),  # as of what a sum goes into, `two` is in both
    ],
)
def test_branches_side_by_side_are_told_apart_by_their_place(parts, expected):
    sources, targets = _nodes("one", "two", "base"), _nodes("up", "down")
    source = _joined(sources, *parts, ordered=True)
    target = _joined(targets, "up", "down", ordered=True)
    state, _ = _state(source, target)
    assert _paths(ByJoins().within(state, Group(sources[:2], targets))) == expected


def test_the_place_side_by_side_doesnt_overrule_names():
    sources, targets = _nodes("left", "right"), _nodes("right_one", "left_one")
    source = _joined(sources, "left", "right", ordered=True)
    target = _joined(targets, "right_one", "left_one", ordered=True)
    assert ByJoins().within(*_state(source, target)) is None


def test_neighbours_count_only_where_both_sides_nest_their_numbers_alike():
    """`cell_0/path_1` is `path_1_of_0`: that 2 follows 1 there says nothing of cells."""
    sources = _nodes("cell_0/path_1", "cell_0/path_2", "cell_2/path_1", "cell_1/other")
    targets = _nodes("path_1_of_0", "path_2_of_0", "path_1_of_3", "rest")
    state, _ = _state(Side(sources), Side(targets))
    state.pair(sources[0], Pair(targets[0], ()))
    state.pair(sources[1], Pair(targets[1], ()))
    state.groups = [Group(sources[2:], targets[2:])]
    assert not list(ByNeighbours().across(state))
