"""A thousand checkpoints that went wrong in some way, planned without a graph.

In each something is missing, left over, or named like something else. Words, numbers and shapes of
the file tell it; so no plan may be complete and wrong, none may call a wrong line decided, and
following what it prints may not make it so.
"""

import itertools

import keras
import numpy as np
import pytest
from mutations import programs
from shares import share

from tf1compat.checkpoint import open_checkpoint
from tf1compat.checkpoint.source_formats import SOURCE_FORMATS, ArrayIndex, OneFile, StoredArray
from tf1compat.keras3 import index_model
from tf1compat.migration import plan_migration
from tf1compat.migration.reports._suggestions import suggestions
from tf1compat.names import rules_from_toml

SLOTS = ("Adam", "Momentum", "RMSProp_1", "adam_v", "ExponentialMovingAverage")
ELSEWHERE = ("aux", "target", "teacher", "old", "ema", "auxiliary_head", "target_network")


class Shapes(OneFile):
    """Variables of which the values don't matter."""

    name, suffix, summary = "shapes", ".shapes", "shapes by name"

    def __init__(self, shapes):
        self._shapes = shapes

    def open(self, prefix):
        zero = np.float32(0)
        return ArrayIndex(
            [prefix],
            {n: StoredArray.of(np.broadcast_to(zero, s)) for n, s in self._shapes.items()},
        )


def _layer(source):
    return source.rpartition("/")[0]


def _without(shapes, names):
    return {name: shape for name, shape in shapes.items() if name not in names}


def _missing(shapes, truth):
    """Each variable, and each layer, is not there."""
    for source in shapes:
        yield source, _without(shapes, {source}), _lost(truth, {source})
    for layer in dict.fromkeys(map(_layer, shapes)):
        gone = {source for source in shapes if _layer(source) == layer}
        yield layer, _without(shapes, gone), _lost(truth, gone)


def _lost(truth, gone):
    return {target: None if source in gone else source for target, source in truth.items()}


def _orphaned(shapes, truth):
    """Each variable is not there, but a slot or an average of it is."""
    for source in shapes:
        for slot in SLOTS:
            left = {**_without(shapes, {source}), f"{source}/{slot}": shapes[source]}
            yield f"{source}/{slot}", left, _lost(truth, {source})


def _elsewhere(shapes, truth):
    """Each variable is not there, but one of its shape in another part of the program is."""
    for number, source in enumerate(shapes):
        for word in (ELSEWHERE * 2)[number % 7 :][:4]:
            left = {**_without(shapes, {source}), f"{word}/{source}": shapes[source]}
            yield f"{word}/{source}", left, _lost(truth, {source})


def _beside(shapes, truth):
    """Everything is there, and a layer once more in another part of the program."""
    for number, layer in enumerate(dict.fromkeys(map(_layer, shapes))):
        for word in (ELSEWHERE[number % 7], ELSEWHERE[(number + 3) % 7]):
            more = {f"{word}/{n}": s for n, s in shapes.items() if _layer(n) == layer}
            yield f"{word}/{layer}", {**shapes, **more}, truth
            yield f"{word}/{layer} first", {**more, **shapes}, truth


def _with_slots(shapes, truth):
    """All variables have slots, but one has lost itself or another its slots."""
    slotted = {f"{n}/{s}": shape for n, shape in shapes.items() for s in ("Adam", "Adam_1")}
    for source in shapes:
        yield f"{source} lost", {**_without(shapes, {source}), **slotted}, _lost(truth, {source})


def _renamed(shapes, truth):
    """A layer has a name that says nothing."""
    for layer in dict.fromkeys(map(_layer, shapes)):
        names = {n: n.replace(layer, "qzx", 1) if _layer(n) == layer else n for n in shapes}
        renamed = {names[n]: shape for n, shape in shapes.items()}
        yield f"{layer} renamed", renamed, {target: names[n] for target, n in truth.items()}


def _swapped(shapes, truth):
    """Two layers of other shapes have each other's names: only the shapes say so."""
    layers = list(dict.fromkeys(map(_layer, shapes)))
    for a, b in itertools.pairwise(layers):
        names = {
            n: f"{ {a: b, b: a}.get(_layer(n), _layer(n)) }/{n.rpartition('/')[2]}" for n in shapes
        }
        mutated = {names[n]: shape for n, shape in shapes.items()}
        if set(mutated) == set(shapes) and mutated != shapes:
            yield f"{a} and {b} swapped", mutated, {t: names[n] for t, n in truth.items()}


MUTATIONS = (_missing, _orphaned, _elsewhere, _beside, _with_slots, _renamed, _swapped)


def _wrong(plan, truth):
    return {f.target: f.sources for f in plan.fills if f.sources != (truth[f.target],)}


@pytest.fixture(scope="module", params=programs.PROGRAMS)
def program(request):
    keras.utils.clear_session()
    model, shapes, truth = programs.PROGRAMS[request.param]()
    return index_model(model), shapes, truth


def _mutated(shapes, truth, every=8):
    """Returns a share of each kind of mutation."""
    return [case for mutate in MUTATIONS for case in share(mutate(shapes, truth), every)]


def _planned(path, shapes, index, rules=()):
    with SOURCE_FORMATS.with_(Shapes(shapes)):
        checkpoint = open_checkpoint(path)
    return plan_migration(checkpoint, index, rules), checkpoint


@pytest.fixture
def path(tmp_path):
    (tmp_path / "model.shapes").touch()
    return str(tmp_path / "model.shapes")


def test_the_programs_themselves(program, path):
    index, shapes, truth = program
    assert set(truth) == set(index)
    plan, _ = _planned(path, shapes, index)
    assert not _wrong(plan, truth)
    assert plan.complete


def test_no_line_of_a_plan_is_wrong(program, path):
    index, shapes, truth = program
    found = {
        case: wrong
        for case, mutated, true in _mutated(shapes, truth)
        if (wrong := _wrong(_planned(path, mutated, index)[0], true))
    }
    assert found == {}


def _followed(path, shapes, index):
    """Yields the plan, and the plans after pasting the first rule that each of them prints."""
    rules = ()
    for _ in range(3):
        plan, checkpoint = _planned(path, shapes, index, rules)
        yield plan
        given = tuple(rules)

        def replan(more, checkpoint=checkpoint, given=given):
            return plan_migration(checkpoint, index, [*more, *given])

        shown = suggestions(plan, replan, checkpoint)
        if not shown:
            return
        rules = (*rules_from_toml(f"rules = [{shown[0].text}]"), *rules)


def test_no_rule_that_is_printed_makes_a_plan_wrong(program, path):
    index, shapes, truth = program
    found = {
        case: wrong
        for case, mutated, true in _mutated(shapes, truth)[::2]
        for plan in _followed(path, mutated, index)
        if (wrong := _wrong(plan, true))
    }
    assert found == {}


def test_there_are_a_thousand_cases():
    count = 0
    for make in programs.PROGRAMS.values():
        _, shapes, truth = make()
        count += len(_mutated(shapes, truth, every=1))
    assert count >= 1000
