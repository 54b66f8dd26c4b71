"""Uses at odds, of nets with thousands of weights."""

from tf1compat.migration.matching.nodes import Item
from tf1compat.migration.planning._both_uses import BothUses


class Ways(frozenset):
    """Counts how often ways of using a weight are compared."""

    compared = 0

    def isdisjoint(self, other):
        Ways.compared += 1
        return super().isdisjoint(other)


def test_ways_of_using_weights_are_compared_and_not_all_pairs_of_them():
    sources = [Item(f"s{n}/w", f"s{n}", "kernel", (4, 4), Ways(["product"])) for n in range(500)]
    targets = [Item(f"t{n}/k", f"t{n}", "kernel", (4, 4), Ways(["product"])) for n in range(500)]
    both = BothUses(None, {}, {}, {}, frozenset())
    assert list(both.at_odds(sources, targets)) == []
    assert Ways.compared == 500
