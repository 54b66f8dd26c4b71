"""The lines of an optimizer: what fills it, what is left, and what is computed otherwise."""

import pathlib

import keras
import numpy as np
import pytest
import tensorflow as tf
from training_runs import Warm, compiled, net

from tf1compat.checkpoint import open_checkpoint, write_checkpoint
from tf1compat.errors import PlanError, UsageError
from tf1compat.keras3 import index_model, v1_optimizers
from tf1compat.keras3.index.optimizer_index import index_optimizer
from tf1compat.migration import Plan, convert, plan_migration, verify
from tf1compat.migration.carrying import FAMILIES, Family, Taker
from tf1compat.migration.planning.optimizer_plan import with_training_again
from tf1compat.names import rules_from_toml
from tf1compat.testing import assert_arrays_equal

sgd = keras.optimizers.SGD


def _plan(runs, name, optimizer, *, kind="dense", policy="prefer"):
    model = net(kind)
    model.compile(optimizer=optimizer, loss="mse")
    return plan_migration(runs / name / "model.ckpt", model, optimizer=policy), model


def _fills(plan):
    return {fill.target: (fill.sources, fill.layout) for fill in plan.training.fills}


def test_slots_go_the_way_of_their_weights(runs):
    plan, _ = _plan(runs, "momentum", v1_optimizers.Momentum(0.5), kind="lstm")
    found = _fills(plan)
    assert found["optimizer/accum/rnn/cell/recurrent_kernel"] == (
        ("rnn/basic_lstm_cell/kernel/Momentum",),
        "split(0, 4, 7) | blocks(0, 2, 1, 3)",
    )
    # nothing is added to the slot of the bias, as to the bias
    bias = found["optimizer/accum/rnn/cell/bias"]
    assert bias == (("rnn/basic_lstm_cell/bias/Momentum",), "blocks(0, 2, 1, 3)")
    assert found["optimizer/iterations"] == (("global_step",), "identity")
    assert found["optimizer/learning_rate"] == ((), "constant(0.02, float32)")
    assert plan.complete
    assert plan.drops == ()
    assert "9 slots of Momentum go along; 11 variables: 11 filled" in str(plan)


def test_slots_of_parts_are_joined_whatever_1_15_made_of_their_names(runs):
    """Below a scope, 1.15 saves each part's slot by a cut name, of the whole variable's shape."""
    plan, _ = _plan(runs, "adagrad_sharded", v1_optimizers.Adagrad(0.5), kind="lstm")
    assert plan.sources["words/table/art_2/Adagrad"].shape == (3, 4)
    assert _fills(plan)["optimizer/accum/words/embeddings"] == (
        tuple(f"words/table/art_{part}/Adagrad" for part in range(3)),
        "concatenate(0)",
    )
    assert plan.drops == ()


def test_plans_go_through_json(runs):
    plan, _ = _plan(runs, "adam_dense", keras.optimizers.Adam(0.5, epsilon=1e-3))
    assert plan.training.differences
    again = Plan.from_json(plan.to_json())
    assert again == plan
    strict, _ = _plan(runs, "adam_dense", sgd(0.5), policy="use")
    assert strict.training.refused
    assert Plan.from_json(strict.to_json()) == strict


def test_the_sum_of_gradients_is_scaled_for_keras_sgd(runs):
    plan, model = _plan(runs, "momentum_dense", sgd(0.5, momentum=0.9))
    convert(plan, model)
    entries = open_checkpoint(runs / "momentum_dense/model.ckpt")
    kept = index_optimizer(index_model(model))["optimizer/momentum/hidden/kernel"]
    expected = np.float32(-0.02) * entries["hidden/kernel/Momentum"].read()
    assert_arrays_equal(kept.weight.variable.numpy(), expected)
    assert float(model.optimizer.learning_rate.numpy()) == np.float32(0.02)
    assert not plan.training.differences


def test_a_subclass_that_keras_makes_for_a_backend_is_known_and_a_users_own_is_not(runs):
    """With torch, ``keras.optimizers.SGD(...)`` is another class of that name."""
    kinds = {}
    for module in ("keras.for_a_backend", "mine"):
        made = type("SGD", (sgd,), {"__module__": module})(0.7, momentum=0.9)
        plan, model = _plan(runs, "momentum_dense", made)
        kinds[module] = index_optimizer(index_model(model)).kind, len(plan.training.fills) > 2
    assert kinds == {"keras.for_a_backend": ("keras>SGD", True), "mine": ("SGD", False)}


def test_a_live_optimizer_is_read_back(runs):
    plan, model = _plan(runs, "adam_dense", v1_optimizers.Adam(0.5))
    convert(plan, model)
    verify(plan, model).require_equal()
    kept = index_optimizer(index_model(model))["optimizer/v/hidden/kernel"].weight.variable
    kept.assign(kept.numpy() * 1.0001)
    (problem,) = verify(plan, model).problems
    assert problem.name == "optimizer/v/hidden/kernel"


@pytest.mark.parametrize("suffix", [".keras", ".weights.h5"])
def test_files_carry_the_optimizer(runs, tmp_path, suffix):
    optimizer = keras.optimizers.LossScaleOptimizer(v1_optimizers.Momentum(0.5))
    plan, model = _plan(runs, "loss_scaled", optimizer)
    path = tmp_path / f"a{suffix}"
    convert(plan, model, output=path)
    verify(plan, model, output=path).require_equal()
    assert int(model.optimizer.iterations.numpy()) == 0  # the model is as it was
    if suffix == ".keras":
        loaded = keras.saving.load_model(path)
    else:
        loaded = model
        loaded.load_weights(path)
    kept = index_optimizer(index_model(loaded))
    entries = open_checkpoint(runs / "loss_scaled/model.ckpt")
    for fill in plan.training.fills:
        if fill.sources:
            found = kept[fill.target].weight.variable.numpy()
            assert_arrays_equal(found, entries[fill.sources[0]].read(), fill.target)
    assert float(loaded.optimizer.dynamic_scale.numpy()) == 512.0
    assert float(loaded.optimizer.learning_rate.numpy()) == np.float32(0.02)


def test_a_file_without_the_optimizer_is_no_other(runs, tmp_path):
    plan, model = _plan(runs, "momentum_dense", v1_optimizers.Momentum(0.5))
    path = tmp_path / "a.keras"
    left = plan_migration(runs / "momentum_dense/model.ckpt", model, optimizer="ignore")
    convert(left, model, output=path)
    found = verify(plan, model, output=path)
    assert found.equal
    assert found.unchecked == (f"{path}: it holds nothing of what the optimizer goes on with",)
    with pytest.raises(UsageError, match="expected a format that holds an optimizer"):
        convert(plan, model, output=tmp_path / "a.safetensors")


@pytest.mark.parametrize(
    ("run", "kind", "make", "said"),
    [
        (
            "adam_dense",
            "dense",
            lambda: keras.optimizers.Adam(0.5),
            "epsilon 1e-08 in the v1 graph, 1e-07 in the model's optimizer",
        ),
        (
            "adam",
            "lstm",
            lambda: keras.optimizers.Adam(0.5, epsilon=1e-8),
            "the gradients of a row are added up in the v1 graph, squared one by one in the "
            "model's optimizer: words/embeddings",
        ),
        (
            "momentum",
            "lstm",
            lambda: sgd(0.5, momentum=0.9),
            "rows without a gradient stay in the v1 graph, all rows take each step in the model's "
            "optimizer: words/embeddings",
        ),
        (
            "adagrad",
            "lstm",
            lambda: keras.optimizers.Adagrad(0.5),
            "epsilon 0 in the v1 graph, 1e-07 in the model's optimizer",
        ),
        (
            "momentum_decayed",
            "lstm",
            lambda: v1_optimizers.Momentum(0.5),
            "learning rate 0.018578 at step 7 in the v1 graph, 0.5 at step 7 in the model's "
            "optimizer",
        ),
        (
            "adam_average",
            "lstm",
            lambda: v1_optimizers.Adam(0.5, use_ema=True, ema_momentum=0.9),
            "ema_momentum 0.95 in the v1 graph, 0.9 in the model's optimizer",
        ),
        (
            "adam_dense",
            "dense",
            lambda: keras.optimizers.RMSprop(0.5),
            "slots of Adam in the checkpoint, RMSprop in the model",
        ),
        (
            "adam_dense",
            "dense",
            lambda: keras.optimizers.Adam(0.5, weight_decay=0.1),
            "weight_decay none in the v1 graph, 0.1 in the model's optimizer",
        ),
    ],
)
def test_what_is_computed_otherwise_is_said(runs, run, kind, make, said):
    plan, _ = _plan(runs, run, make(), kind=kind)
    assert said in [one.text for one in plan.training.differences]
    assert plan.complete
    assert plan.training.offer.startswith("tf1compat.keras3.v1_optimizers.")


def test_whole_variables_and_constants_matter_to_some(runs):
    """An LSTM's kernel is two weights in Keras, and its bias has the forget gate's 1.0 in it."""
    plan, _ = _plan(runs, "adafactor", v1_optimizers.Adafactor(), kind="lstm")
    assert [(one.kind.name, one.facts["of"]) for one in plan.training.differences] == [
        ("shifted", "rnn/cell/bias"),
        ("parted", "rnn/cell/kernel, rnn/cell/recurrent_kernel"),
    ]
    plan, _ = _plan(runs, "lamb", v1_optimizers.Lamb(Warm(), global_clipnorm=0.1), kind="lstm")
    # ALBERT's leaves biases as they are.
    assert [one.kind.name for one in plan.training.differences] == ["parted"]
    own = v1_optimizers.AdamWeightDecay(Warm(), global_clipnorm=0.1)
    plan, _ = _plan(runs, "adam_weight_decay", own, kind="lstm")
    assert not plan.training.differences
    own = v1_optimizers.AdamWeightDecay(Warm(), global_clipnorm=0.1, exclude=("norm",))
    plan, _ = _plan(runs, "adam_weight_decay", own, kind="lstm")
    assert [one.kind.name for one in plan.training.differences] == ["by_weight", "shifted"]


def test_all_that_it_keeps_may_be_asked_for(runs):
    plan, _ = _plan(runs, "adam_dense", keras.optimizers.Adam(0.5), policy="use")
    assert not plan.complete
    with pytest.raises(PlanError, match=r"epsilon 1e-08 in the v1 graph.*v1_optimizers\.Adam\("):
        plan.require_complete()
    plan, _ = _plan(runs, "adam_dense", sgd(0.5, momentum=0.9), policy="use")
    with pytest.raises(PlanError, match="optimizer/momentum/hidden/kernel: expected what the "):
        plan.require_complete()
    plain = net("dense")
    with pytest.raises(UsageError, match="expected a model that is compiled"):
        plan_migration(runs / "adam_dense/model.ckpt", plain, optimizer="use")
    with pytest.raises(UsageError, match="expected one of prefer, use, ignore, found 'carry'"):
        plan_migration(runs / "adam_dense/model.ckpt", plain, optimizer="carry")


def test_slots_may_be_left_behind(runs):
    plan, model = _plan(runs, "adam_dense", keras.optimizers.Adam(0.5), policy="ignore")
    assert plan.training is None
    assert not model.optimizer.built
    assert {drop.kind for drop in plan.drops} == {"slot", "optimizer_state", "global_step"}


def test_the_command_says_what_goes_along(runs, tmp_path, monkeypatch, app):
    monkeypatch.chdir(pathlib.Path(__file__).parent)
    path = tmp_path / "a.keras"
    given = ["migrate", str(runs / "momentum_dense/model.ckpt"), "training_runs:plain_momentum"]
    status, out, _ = app(*given, str(path), "--verify", "--noprove", "--optimizer=use")
    assert status == 0
    assert "optimizer SGD: 4 slots of Momentum go along; 6 variables: 6 filled" in out
    assert "8 weights equal bit for bit" in out
    given[1] = str(runs / "adam_dense/model.ckpt")
    status, out, error = app(*given, str(tmp_path / "b.keras"), "--optimizer=use")
    assert status == 1
    assert "6 unfilled optimizer variables:" in error
    assert "  slots of Adam in the checkpoint, SGD in the model" in error
    status, out, _ = app(*given, str(tmp_path / "b.safetensors"), "--noprove")
    assert status == 0
    assert "note: safetensors holds no optimizer; that of the model starts anew" in out


def test_what_no_place_is_for_says_so(runs):
    plan, _ = _plan(runs, "adam_dense", sgd(0.5))
    reasons = {drop.source: drop.reason for drop in plan.drops}
    assert reasons["hidden/kernel/Adam"] == (
        "slot Adam of hidden/kernel, left behind: SGD has no place for it"
    )


def test_a_plan_is_for_one_optimizer(runs):
    plan, model = _plan(runs, "adam_dense", keras.optimizers.Adam(0.5))
    model.compile(optimizer=sgd(0.5), loss="mse")
    with pytest.raises(PlanError, match=r"the optimizer keras>Adam, found keras>SGD"):
        convert(plan, model)


def _changed(runs, name, folder, **values):
    """Writes a run's checkpoint anew with other values, or without some; there is no graph."""
    entries = open_checkpoint(runs / name / "model.ckpt")
    held = {key: entry.read() for key, entry in entries.items()} | values
    prefix = str(folder / "other.ckpt")
    write_checkpoint(prefix, {key: value for key, value in held.items() if value is not None})
    return prefix


def test_steps_follow_from_powers_where_none_are_counted(runs, tmp_path):
    prefix = _changed(runs, "adam_dense", tmp_path, global_step=None)
    model = net("dense")
    model.compile(optimizer=keras.optimizers.Adam(0.5), loss="mse")
    plan = plan_migration(prefix, model)
    steps = {fill.target: fill for fill in plan.training.fills}["optimizer/iterations"]
    assert steps.sources == ("beta1_power",)
    assert steps.layout == "steps_of_power(0.9, int64)"
    convert(plan, model)
    verify(plan, model).require_equal()
    assert int(model.optimizer.iterations.numpy()) == 7


def test_training_begins_anew_where_there_are_no_slots(runs, tmp_path):
    """Of a checkpoint of weights alone, neither step nor rate is taken: it isn't this training."""
    names = open_checkpoint(runs / "adam_dense/model.ckpt")
    slots = {name: None for name, entry in names.items() if entry.name.kind == "slot"}
    prefix = _changed(runs, "adam_dense", tmp_path, **slots)
    model = net("dense")
    model.compile(optimizer=keras.optimizers.Adam(0.5), loss="mse")
    plan = plan_migration(prefix, model)
    assert plan.training.fills == ()
    assert {keep.reason for keep in plan.training.keeps} == {
        "begins anew: the checkpoint has no slots that it takes"
    }
    convert(plan, model)
    assert float(model.optimizer.learning_rate.numpy()) == 0.5
    assert int(model.optimizer.iterations.numpy()) == 0


def test_weights_that_are_not_trained_have_no_slots(runs):
    model = net("dense")
    model.get_layer("hidden").trainable = False
    model.compile(optimizer=v1_optimizers.Momentum(0.5), loss="mse")
    plan = plan_migration(runs / "momentum_dense/model.ckpt", model)
    assert plan.training.slots == 2
    reasons = {drop.source: drop.reason for drop in plan.drops}
    assert reasons["hidden/kernel/Momentum"] == (
        "slot Momentum of hidden/kernel, left behind: it trains no such weight"
    )


def test_counts_that_contradict_each_other_are_said(runs, tmp_path):
    prefix = _changed(runs, "adam_dense", tmp_path, global_step=np.int64(5000))
    model = net("dense")
    model.compile(optimizer=keras.optimizers.Adam(0.5), loss="mse")
    plan = plan_migration(prefix, model)
    assert [one.text for one in plan.training.differences] == [
        "beta1_power of step 7, beta2_power of step 7; global_step is 5000 in the checkpoint, one "
        "count in the model's optimizer"
    ]
    convert(plan, model)
    assert int(model.optimizer.iterations.numpy()) == 7
    model.compile(optimizer=v1_optimizers.Adam(0.5), loss="mse")  # which keeps the powers
    plan = plan_migration(prefix, model)
    assert not plan.training.differences
    convert(plan, model)
    assert int(model.optimizer.iterations.numpy()) == 5000


def test_without_a_graph_names_tell_slots_and_nothing_the_rate(runs, tmp_path):
    prefix = _changed(runs, "rmsprop_centered", tmp_path)
    model = net("lstm")
    model.compile(optimizer=v1_optimizers.RMSProp(0.5, centered=True), loss="mse")
    plan = plan_migration(prefix, model)
    found = _fills(plan)
    assert found["optimizer/mg/conv/kernel"] == (("conv/kernel/RMSProp_1",), "identity")
    assert found["optimizer/momentum/conv/kernel"] == (("conv/kernel/RMSProp_2",), "identity")
    kept = {keep.target: keep.reason for keep in plan.training.keeps}
    assert kept["optimizer/learning_rate"] == (
        "as the model was compiled: there is no v1 graph that steps"
    )
    unread = ("decay", "momentum", "epsilon", "centered", "clipping", "learning_rate")
    assert plan.training.unread == unread
    assert f"not compared, as no graph tells: {', '.join(unread)}" in str(plan)
    assert Plan.from_json(plan.to_json()) == plan


def test_averages_begin_with_values_where_there_are_none(runs):
    plan, model = _plan(runs, "adam_dense", v1_optimizers.Adam(0.5, use_ema=True))
    fill = {one.target: one for one in plan.training.fills}["optimizer/average/hidden/kernel"]
    assert fill.sources == ("hidden/kernel",)
    assert "an average that begins with the value of hidden/kernel" in fill.why
    convert(plan, model)
    kept = index_optimizer(index_model(model))["optimizer/average/hidden/kernel"]
    assert_arrays_equal(kept.weight.variable.numpy(), model.get_layer("hidden").kernel.numpy())


def test_families_can_be_added():
    one = Family("Yogi", (("m", "v"),), (Taker("mine>Yogi", {"m": "m", "v": "v"}),))
    with FAMILIES.with_(one):
        assert FAMILIES["Yogi"].taker("mine>Yogi") is one.takers[0]
    assert one.taker("keras>Adam") is None


@pytest.mark.parametrize(
    ("family", "found"),
    [
        (Family("A", (("m",),), ()), "expected one that takes it, found none"),
        (Family("B", (("m",),), (Taker("k>B", {"v": "v"}),)), "expected slots of m, found v"),
    ],
)
def test_families_that_do_not_fit_together_are_refused(family, found):
    with pytest.raises(UsageError, match=found):
        FAMILIES.add(family)


def test_optimizers_variables_have_stable_paths():
    model = compiled("momentum_dense")
    kept = index_optimizer(index_model(model))
    assert list(kept) == [
        "optimizer/iterations",
        "optimizer/learning_rate",
        *(
            f"optimizer/momentum/{path}"
            for path in ("hidden/kernel", "hidden/bias", "scores/kernel", "scores/bias")
        ),
    ]


def test_what_a_rule_drops_stays_behind(runs):
    model = net("dense")
    model.compile(optimizer=v1_optimizers.Momentum(0.5), loss="mse")
    rules = rules_from_toml(
        "rules = [{source='hidden/kernel/Momentum', drop='so'}, {source='global_step', drop='so'}]"
    )
    plan = plan_migration(runs / "momentum_dense/model.ckpt", model, rules)
    kept = {keep.target: keep.reason for keep in plan.training.keeps}
    assert set(kept) == {"optimizer/accum/hidden/kernel", "optimizer/iterations"}
    assert plan.training.slots == 3


def test_the_section_is_made_anew_as_it_was(runs):
    """As it is where computing settled what other weights are filled with."""
    model = net("dense")
    model.compile(optimizer=v1_optimizers.Momentum(0.5), loss="mse")
    checkpoint = open_checkpoint(runs / "momentum_dense/model.ckpt")
    plan = plan_migration(checkpoint, model)
    index = index_model(model)
    again = with_training_again(plan, checkpoint, index, graph=checkpoint.graph_path)
    assert again == plan
    assert again is not plan


def _differing(plan):
    return {reason.facts["setting"] for reason in plan.training.differences}


def test_clipping_is_said(runs):
    for clip in ("clipnorm", "clipvalue", "global_clipnorm"):
        optimizer = v1_optimizers.Adam(0.5, **{clip: 0.1})
        plan, _ = _plan(runs, "adam_dense", optimizer, policy="use")
        assert (plan.complete, _differing(plan)) == (False, {clip})


def test_two_optimizers_of_a_graph_are_not_taken_for_one(tmp_path):
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, [None, 3])
        first = v1.get_variable("a/kernel", [3, 2], use_resource=False)
        last = v1.get_variable("b/kernel", [2, 1], use_resource=False)
        loss = tf.reduce_mean(x @ first @ last)
        for rate, beta, one in ((0.01, 0.9, first), (0.001, 0.5, last)):
            v1.train.AdamOptimizer(rate, beta1=beta).minimize(loss, var_list=[one])
        session.run(v1.global_variables_initializer())
        v1.train.Saver().save(session, str(tmp_path / "m.ckpt"))
    dense = keras.layers.Dense
    layers = [dense(2, use_bias=False, name="a"), dense(1, use_bias=False, name="b")]
    model = keras.Sequential([keras.Input((3,)), *layers])
    model.compile(v1_optimizers.Adam(0.5), "mse")
    plan = plan_migration(tmp_path / "m.ckpt", model, optimizer="use")
    assert {"beta_1", "learning_rate"} <= _differing(plan)
    assert not plan.complete
    assert "0.5 and 0.9" in "".join(plan.lines())
    assert "beta_1" not in plan.training.unread


def test_a_power_that_no_steps_make_is_said(runs, tmp_path):
    prefix = _changed(runs, "adam_dense", tmp_path, beta1_power=np.float32(0.3))
    model = net("dense")
    model.compile(optimizer=keras.optimizers.Adam(0.5), loss="mse")
    plan = plan_migration(prefix, model)
    said = [one.text for one in plan.training.differences]
    assert any("beta1_power, which is no power of 0.9, in the checkpoint" in one for one in said)


def test_averages_beside_slots_are_said(runs):
    model = net("lstm")
    model.compile(optimizer=v1_optimizers.Adam(0.5), loss="mse")
    path = runs / "adam_average" / "model.ckpt"
    plan = plan_migration(path, model, averages="use", optimizer="use")
    assert not plan.complete
    said = "\n".join(plan.training.lines())
    assert "slots of the trained weights in the checkpoint, their moving averages in the" in said
