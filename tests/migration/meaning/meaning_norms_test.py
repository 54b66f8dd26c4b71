"""Kernels that 1.15.5 computes of two variables: weight and spectral normalisation."""

import re

import keras
import numpy as np
import pytest
import tensorflow as tf
from bare_copies import bare_copy
from meaning_goldens import GOLDENS, IMAGE, L
from v1_programs import saved

from tf1compat.checkpoint import open_checkpoint
from tf1compat.errors import LayoutError, Tf1CompatError
from tf1compat.keras3 import index_model
from tf1compat.migration import (
    Assumptions,
    Status,
    convert,
    convert_back,
    load_recording,
    plan_migration,
    prove,
    verify_weights,
)
from tf1compat.migration.layouts import Spec, parse_layout
from tf1compat.names import Rule
from tf1compat.testing import assert_arrays_close, assert_arrays_equal

v1 = tf.compat.v1
NORMS = GOLDENS.parent / "norms"
PLAIN = Assumptions(weight_norm="plain")


def dense_pair():
    return [L.Dense(5, "tanh", name="hidden"), L.Dense(3, name="scores")]


def tanh_pair():
    return [L.Dense(5, "tanh", name="hidden"), L.Dense(3, "tanh", name="scores")]


def conv_pair():
    up = L.Conv2DTranspose(3, 3, 2, padding="same", name="up")
    return [L.Conv2D(3, 3, padding="same", activation="tanh", name="conv"), up]


def spectral_pair():
    conv = L.Conv2D(3, 3, padding="same", activation="tanh", name="conv")
    return [conv, L.GlobalAveragePooling2D(), L.Dense(2, name="scores")]


def both(scope, kernel, other, layout):
    return [Rule(f"{scope}/{one}", f"{scope}/kernel", layout) for one in (kernel, other)]


UP = both("up", "v", "g", "weight_norm(-2)")
CONV = both("conv", "v", "wn/g", "weight_norm(-1, 0, 0.25)")
SPECTRAL = [
    *both("conv", "w", "u", "spectral_norm"),
    *both("scores", "kernel", "u", "spectral_norm(2)"),
]
CASES = {
    # As a user says it of all, square or not: rows are inputs.
    "weight_norm_dense": ((5,), dense_pair, []),
    "weight_norm_of_norm": ((5,), tanh_pair, []),
    # An epsilon, and the axis of a transposed convolution of as many inputs, no name tells.
    "weight_norm_conv": (IMAGE, conv_pair, [*CONV, *UP]),
    "spectral_norm": (IMAGE, spectral_pair, SPECTRAL),
}


def model(name):
    keras.utils.clear_session()
    shape, layers, _ = CASES[name]
    x = h = keras.Input(shape, name="x")
    for layer in layers():
        h = layer(h)
    return index_model(keras.Model(x, h))


def assert_computes(plan, index, name):
    assert plan.complete, str(plan)
    convert(plan, index)
    recording = load_recording(NORMS / name / "io.npz")
    made = {"y": np.asarray(index.model(recording.inputs["x"]))}
    assert_arrays_close(made, {"y": recording.outputs["y"]}, of_largest=1e-6)


@pytest.mark.parametrize("name", CASES)
def test_a_graph_tells_all_and_it_is_proved(name):
    index = model(name)
    plan = plan_migration(NORMS / name, index)
    assert_computes(plan, index, name)
    assert set(prove(plan, index).lines.values()) == {Status.PROVED}
    checked = verify_weights(plan, index)
    kernels = tuple(path for path in index if path.endswith("kernel"))
    assert (checked.equal, checked.anew) == (True, kernels)


@pytest.mark.parametrize("name", CASES)
def test_a_user_and_rules_tell_without_a_graph(name, tmp_path):
    index, rules = model(name), CASES[name][2]
    plan = plan_migration(bare_copy(NORMS / name, tmp_path), index, rules, assume=PLAIN)
    assert_computes(plan, index, name)


ASKED = {
    "weight_norm_dense": r"the kernel may be scores/g \* scores/V .*\(--weight_norm=plain\)",
    "weight_norm_conv": r"the kernel may be up/g \* up/v / \|\|up/v\|\|: .*'weight_norm\(-1\)'",
    "spectral_norm": r"sigma found from conv/u in steps of power iteration: .*'spectral_norm\(1\)'",
}


@pytest.mark.parametrize("name", ASKED)
def test_what_no_name_tells_is_asked(name, tmp_path):
    plan = plan_migration(bare_copy(NORMS / name, tmp_path), model(name))
    assert not plan.complete
    assert re.search(ASKED[name], "\n".join(map(str, plan.unexplained)))


def _with_logarithms(scope, axis):
    """Of v and the logarithm of g, or with norms along another axis: no layout makes that."""

    def program():
        x = v1.placeholder(tf.float32, [None, 4], "x")
        with v1.variable_scope("fc"):
            v = v1.get_variable("v", [4, 4])
            g = v1.get_variable("g", [4])
            tf.tanh(tf.matmul(x, scope(g) * tf.nn.l2_normalize(v, axis)))

    return program


OTHERWISE = {
    "logarithm": _with_logarithms(tf.exp, 0),
    "axis": _with_logarithms(tf.identity, 1),
}


@pytest.mark.parametrize("name", OTHERWISE)
def test_no_layout_is_offered_where_the_graph_computes_otherwise(name, tmp_path):
    prefix = saved(tmp_path, OTHERWISE[name])
    keras.utils.clear_session()
    index = index_model(keras.Sequential([keras.Input((4,)), L.Dense(4, use_bias=False)]))
    for rules in ([], [Rule("fc/g", drop="gains")]):
        plan = plan_migration(prefix, index, rules)
        told = "\n".join(map(str, plan.unexplained))
        assert not plan.complete
        assert "layout='weight_norm" not in told
        assert "the graph makes a kernel of fc/v and fc/g that isn't read as" in told


def test_a_dropped_vector_is_never_silent(tmp_path):
    """Be the kernel matched or ruled; only where its rule says a layout it goes as that says."""
    prefix, index = bare_copy(NORMS / "spectral_norm", tmp_path), model("spectral_norm")
    drop = Rule(".*/u", drop="power iteration")
    conv = ("conv/w", "conv/kernel")
    for rules in ([drop], [drop, Rule(*conv)]):
        for path in (prefix, NORMS / "spectral_norm"):
            plan = plan_migration(path, index, rules)
            assert not plan.complete
            left = {problem.name: str(problem) for problem in plan.unexplained}
            assert {"conv/u", "scores/u"} <= set(left)
            assert "layout='spectral_norm(" in left["conv/u"]
            assert "{source='conv/w', target='...', layout='identity'}" in left["conv/u"]
    same = Rule("scores/kernel", "scores/kernel", "identity")
    assert plan_migration(prefix, index, [drop, Rule(*conv, "identity"), same]).complete


def _wrapped():
    """Keras' wrapper, whose kernel is the normalised one while it doesn't train."""
    keras.utils.clear_session()
    conv = L.Conv2D(3, 3, padding="same", activation="tanh", name="conv")
    layers = [L.SpectralNormalization(conv, name="sn"), L.GlobalAveragePooling2D()]
    return index_model(keras.Sequential([keras.Input(IMAGE), *layers, L.Dense(2, name="scores")]))


@pytest.mark.parametrize("graph", [True, False])
def test_a_vector_of_the_models_own_leaves_the_kernel_to_be_made(graph, tmp_path):
    prefix = NORMS / "spectral_norm" if graph else bare_copy(NORMS / "spectral_norm", tmp_path)
    index = _wrapped()
    layout = "spectral_norm(1, 1e-12)"
    scores = both("scores", "kernel", "u", "spectral_norm(2)")
    vector = Rule("conv/u", "sn/vector_u", shared=True)
    asked = plan_migration(prefix, index, [*scores, Rule("conv/u", "sn/vector_u")])
    assert "conv/w" in {problem.name for problem in asked.unexplained}
    kernel = [Rule(f"conv/{one}", "sn/conv/kernel", layout, shared=True) for one in ("w", "u")]
    assert_computes(
        plan_migration(prefix, index, [*scores, vector, *kernel]), index, "spectral_norm"
    )


def test_a_dropped_norm_is_never_silent(tmp_path):
    prefix, index = bare_copy(NORMS / "weight_norm_dense", tmp_path), model("weight_norm_dense")
    plan = plan_migration(prefix, index, [Rule(".*/g", drop="gains")])
    assert not plan.complete
    assert {"hidden/g", "scores/g"} <= {problem.name for problem in plan.unexplained}


class Gained(L.Layer):
    """A dense layer that normalises its weights itself."""

    def __init__(self, units, **options):
        super().__init__(**options)
        self.units = units

    def build(self, shape):
        self.v = self.add_weight(shape=(shape[-1], self.units), name="V")
        self.g = self.add_weight(shape=(self.units,), name="g")
        self.b = self.add_weight(shape=(self.units,), name="b")

    def call(self, x):
        norm = keras.ops.sqrt(keras.ops.sum(self.v**2, 0))
        return x @ (self.g * self.v / norm) + self.b


@pytest.mark.parametrize("graph", [True, False])
def test_a_layer_that_has_both_itself_takes_them_as_they_stand(graph, tmp_path):
    name = "weight_norm_dense"
    x = keras.Input((5,), name="x")
    h = keras.ops.tanh(Gained(5, name="hidden")(x))
    index = index_model(keras.Model(x, Gained(3, name="scores")(h)))
    plan = plan_migration(NORMS / name if graph else bare_copy(NORMS / name, tmp_path), index)
    assert_computes(plan, index, name)
    assert {fill.layout for fill in plan.fills} == {"identity"}


def back(name, folder, change):
    """Returns what goes back of a model with other kernels, the plan and that model."""
    index = model(name)
    plan = plan_migration(NORMS / name, index)
    convert(plan, index)
    for path in index:
        if path.endswith("kernel"):
            index[path].variable.assign(change(np.asarray(index[path].variable)))
    convert_back(plan, index, output=folder / "back")
    return open_checkpoint(folder / "back"), plan, index


def test_kernels_that_are_as_they_were_leave_both_their_bits(tmp_path):
    name = "spectral_norm"
    made, _, _ = back(name, tmp_path, lambda kernel: kernel)
    for key, entry in open_checkpoint(NORMS / name).items():
        assert_arrays_equal(made[key].read(), entry.read())


def test_other_kernels_go_back_as_v_with_their_norms(tmp_path):
    made, plan, index = back("weight_norm_conv", tmp_path, lambda kernel: kernel * 2 + 0.125)
    for fill in plan.fills:
        sources = [made[source].read() for source in fill.sources]
        wanted = np.asarray(index[fill.target].variable)
        assert_arrays_equal(sources[0], wanted)
        again = parse_layout(fill.layout).apply(*sources)
        assert_arrays_close(again, wanted, rtol=1e-6, atol=1e-7)


def test_a_kernel_that_no_division_by_sigma_makes_does_not_go_back(tmp_path):
    with pytest.raises(Tf1CompatError, match=r"largest singular value is 1, .* no w and u make"):
        back("spectral_norm", tmp_path, lambda kernel: kernel * 2)
    assert not (tmp_path / "back.index").exists()


def test_a_kernel_that_is_off_is_found():
    name = "weight_norm_dense"
    index = model(name)
    plan = plan_migration(NORMS / name, index)
    convert(plan, index)
    kernel = index["hidden/kernel"].variable
    kernel.assign(np.asarray(kernel) * (1 + 1e-5))
    found = verify_weights(plan, index)
    assert "hidden/V, hidden/g, laid out anew" in "\n".join(map(str, found.problems))


UNFIT = {
    "weight_norm": ([(3,), (3,)], "expected v and g, in this order"),
    "weight_norm(-1)": ([(3, 2), (3,)], r"expected g of shape \[2\], or \[1, 2\], for v"),
    "weight_norm(2)": ([(3, 2), (2,)], "expected an axis of v"),
    "spectral_norm": ([(3, 2), (2,)], r"expected u of shape \[1, 2\], or \[3, 1\], for w"),
    "spectral_norm(2)": ([(1, 2), (3, 2)], "expected u of shape"),
}


@pytest.mark.parametrize("text", UNFIT)
def test_sources_that_do_not_fit_are_named(text):
    shapes, told = UNFIT[text]
    with pytest.raises(LayoutError, match=told):
        parse_layout(text).spec(*map(Spec, shapes))


@pytest.mark.parametrize("text", ["weight_norm", "spectral_norm"])
def test_slots_stay_behind(text):
    with pytest.raises(LayoutError, match=r"slots of these say nothing of the kernel"):
        parse_layout(text).for_slot(Spec((3, 2)), Spec((3, 2)))


def test_no_step_finds_no_sigma():
    with pytest.raises(LayoutError, match="expected one step or more"):
        parse_layout("spectral_norm(0)")


def test_a_vector_of_rows_is_that_of_the_transpose():
    rng = np.random.default_rng(7)
    w, u = rng.normal(size=(4, 3)), rng.normal(size=(1, 4))
    layout = parse_layout("spectral_norm(40)")
    assert_arrays_close(layout.apply(w, u.T), layout.apply(w.T, u).T, rtol=1e-12)
    assert_arrays_close(layout.apply(w, u.T), w / np.linalg.norm(w, 2), rtol=1e-6)
