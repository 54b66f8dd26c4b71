"""What is printed of an object is a screen at most, and says what one wants to know."""

import html.parser

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf1compat import graph
from tf1compat.checkpoint import open_checkpoint, write_checkpoint
from tf1compat.errors import Problem
from tf1compat.keras3 import index_model
from tf1compat.migration import Proof, Verification, convert, plan_migration, verify
from tf1compat.names import Rule, RuleSet

LAYERS = 60
EVIL = "<script>alert(1)</script>\x1b[2J\n"


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """Objects of a model of many layers, by what they are."""
    path = str(tmp_path_factory.mktemp("shown") / "model.ckpt")
    values = {
        f"net/layer_{n}/{leaf}": np.full(shape, n, np.float32)
        for n in range(LAYERS)
        for leaf, shape in (("w", (2, 2)), ("b", (2,)))
    }
    slots = {f"{name}/{leaf}": value for name, value in values.items() for leaf in ("Adam",)}
    write_checkpoint(path, {**values, **slots})
    x = y = keras.Input((2,))
    for n in range(LAYERS):
        y = keras.layers.Dense(2, name=f"block_{n}")(y)
    model, checkpoint = keras.Model(x, y, name="deep"), open_checkpoint(path)
    rules = RuleSet(
        Rule(f"net/layer_{n}/{leaf}", f"block_{n}/{role}")
        for n in range(LAYERS)
        for leaf, role in (("w", "kernel"), ("b", "bias"))
    )
    plan = plan_migration(checkpoint, model, rules)
    write_checkpoint(f"{path}.more", {**values, "stray": np.ones((5, 5), np.float32)})
    open_plan = plan_migration(f"{path}.more", model, rules)
    problems = [Problem(f"w_{n}", "its source's bits", "others") for n in range(99)]
    with tf.Graph().as_default() as built:
        for n in range(99):
            tf.compat.v1.get_variable(f"l_{n}/w", [3, 3])
    conversion = convert(plan, model)
    return {
        "checkpoint": checkpoint,
        "entry": checkpoint["net/layer_0/w"],
        "name": checkpoint["net/layer_0/w/Adam"].name,
        "plan": plan,
        "open plan": open_plan,
        "fill": plan.fills[0],
        "conversion": conversion,
        "manifest": conversion.manifest,
        "verification": verify(plan, model),
        "failed verification": Verification(3, tuple(problems)),
        "proof": Proof.missing(plan, "there is no graph", tolerance=1e-5),
        "index": index_model(model),
        "weight": next(iter(index_model(model).values())),
        "query": graph.query(built),
        "rules": rules,
        "rule": Rule("a", "b"),
    }


def test_all_fit_a_screen(shown):
    for name, one in shown.items():
        for text in (str(one), repr(one)):
            assert len(text.splitlines()) <= 40, name
            assert len(text) <= 6000, name
        assert len(repr(one).splitlines()) == 1 or name == "query", name


def test_a_plan_says_what_is_open_before_what_is_not(shown):
    lines = str(shown["plan"]).splitlines()
    assert lines[0] == (
        "plan complete: 120 targets: 120 filled, 0 kept, 0 ambiguous, 0 unfilled; 240 sources: 120 "
        "used, 120 dropped, 0 ambiguous, 0 unexplained"
    )
    assert lines[1:] == [
        "  dropped 120 (slot Adam)",
        "  block_{0..59}/kernel <- net/layer_{0..59}/w  (rule {1,3,5,7,9,11,...,119})",
        "  block_{0..59}/bias <- net/layer_{0..59}/b  (rule {2,4,6,8,10,12,...,120})",
    ]
    assert len(shown["plan"].lines()) == 241
    assert repr(shown["plan"]) == f"<{lines[0]}>"
    opened = str(shown["open plan"]).splitlines()
    assert opened[1].startswith("  ! stray: expected ")
    assert opened[2].startswith("  block_{0..59}/kernel <- ")


def test_a_tie_of_many_fits_a_screen(tmp_path):
    letters = "abcdefghijkl"
    sources = {f"{a}{b}/w": np.ones((2, 3), np.float32) for a in letters for b in letters}
    write_checkpoint(str(tmp_path / "m.ckpt"), sources)
    layers = [keras.layers.Dense(3, name=f"d{n}", use_bias=False) for n in range(len(sources))]
    inputs = keras.Input((2,))
    model = keras.Model(inputs, [layer(inputs) for layer in layers])
    plan = plan_migration(str(tmp_path / "m.ckpt"), model)
    (tie,) = plan.ambiguities
    assert len(tie.sources) == len(tie.targets) == len(sources)
    assert plan.problems[0].name == "d{0..143}/kernel"
    assert "144 equal sources: aa/w, ab/w, " in plan.problems[0].found
    assert plan.problems[0].found.endswith(", al/w, and 132 more such lines (.ambiguities)")
    for text in (str(plan), plan._repr_html_()):
        assert len(text) <= 1500


def test_what_one_wants_to_know(shown):
    path = shown["checkpoint"].prefix
    assert str(shown["checkpoint"]) == (
        f"{path}: V2 checkpoint, 240 variables of 2.88 kB: 120 of a model, 120 slots"
    )
    assert str(shown["entry"]) == "net/layer_0/w: float32[2, 2], kernel, 16 B"
    told = f"120 tensors of 360 elements went into the model 'deep', from {path}"
    assert str(shown["conversion"]) == told
    assert repr(shown["manifest"]) == "<Manifest: 120 tensors of 360 elements>"
    assert repr(shown["weight"]) == (
        "Weight('block_0/kernel', shape=(2, 2), dtype=float32, role=kernel, layer=Dense)"
    )
    assert repr(shown["verification"]) == "<Verification: equal; 120 weights equal bit for bit>"
    failed = shown["failed verification"]
    assert repr(failed) == "<Verification: 99 differ; 3 weights equal bit for bit>"
    assert str(failed).splitlines()[-1] == "... and 61 more (.problems, .outputs)"
    assert repr(Rule("a", "b")) == "Rule(source='a', target='b')"
    assert repr(shown["rules"]).endswith("and 112 more])")


class Cells(html.parser.HTMLParser):
    """The texts of a table, and which tags there are."""

    def __init__(self):
        super().__init__()
        self.tags, self.rows = set(), []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag == "tr":
            self.rows.append([])

    def handle_data(self, data):
        if self.rows:
            self.rows[-1].append(data)


def test_what_is_dropped_is_counted_below_what_is_filled(shown):
    found = Cells()
    found.feed(shown["plan"]._repr_html_())
    assert found.rows[-1] == ["120 sources", "dropped", "slot Adam"]


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("plan", ["block_{0..59}/kernel", "net/layer_{0..59}/w", "rule {1,3,5,7,9,11,...,119}"]),
        ("checkpoint", ["net/layer_0/b", "(2,)", "float32", "bias", "8 B"]),
        ("query", ["l_0/w", "(3, 3)", "float32", "9", "36", "trainable_variables, variables"]),
        ("failed verification", ["w_0", "its source's bits", "others"]),
    ],
)
def test_notebooks_get_a_table(shown, name, row):
    text = shown[name]._repr_html_()
    found = Cells()
    found.feed(text)
    assert row in found.rows
    assert len(found.rows) <= 42
    assert found.tags <= {"div", "p", "table", "tr", "th", "td"}


def test_names_in_a_notebook_are_shown_and_not_obeyed(tmp_path):
    write_checkpoint(str(tmp_path / "evil.ckpt"), {f"{EVIL}/w": np.zeros(2, np.float32)})
    text = open_checkpoint(str(tmp_path / "evil.ckpt"))._repr_html_()
    assert "<script" not in text
    assert not set(text) & set("\x1b\n")
    failed = Verification(0, (Problem(EVIL, EVIL, EVIL),))
    assert "<script" not in failed._repr_html_()
