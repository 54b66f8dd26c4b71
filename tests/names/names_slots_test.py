"""Slots and shadows from the whole set of names.

The sets of names here are what TensorFlow 1.15.5's Saver wrote for small graphs of the kind named.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tf1compat.names import parse_names


def kinds(names, shapes=None):
    """Returns (kind, whose) by name for all that is no plain variable."""
    return {
        name: (parsed.kind, parsed.slot_of or parsed.shadow_of)
        for name, parsed in parse_names(names, shapes).items()
        if parsed.kind != "variable"
    }


@pytest.mark.parametrize(
    "leaves",
    [
        ["Adam", "Adam_1"],
        ["Momentum"],
        ["RMSProp", "RMSProp_1", "RMSProp_2"],
        ["Adagrad"],
        ["Adadelta", "Adadelta_1"],
        ["Ftrl", "Ftrl_1"],
        ["AdaMax", "AdaMax_1"],
        ["adam_m", "adam_v"],
        ["lamb_m", "lamb_v"],
        ["Adam", "Adam_1", "Adam_2", "Adam_3"],
        ["AdamWeightDecayOptimizer", "AdamOptimizer_1", "adam_opt"],
        ["LARSOptimizer", "AddSign", "PowerSign", "AdagradDA", "LazyAdam"],
    ],
)
def test_slots_behind_their_variable(leaves):
    slots = [f"fc/kernel/{leaf}" for leaf in leaves]
    parsed = parse_names(["fc/kernel", *slots])
    for slot, leaf in zip(slots, leaves, strict=True):
        assert (parsed[slot].kind, parsed[slot].slot) == ("slot", leaf)
        assert (parsed[slot].slot_of, parsed[slot].role) == ("fc/kernel", "kernel")
    assert parsed["fc/kernel"].kind == "variable"


def test_a_slot_without_its_variable_is_a_variable():
    assert kinds(["conv/kernel/Adam", "conv/kernel/Adam_1", "fc/kernel"]) == {}
    assert kinds(["loss/ExponentialMovingAverage", "w/ExponentialMovingAverage_1"]) == {}


def test_a_layer_called_adam_is_no_slot():
    names = ["Adam/kernel", "Adam/bias", "Momentum/w", "ExponentialMovingAverage/w", "kernel"]
    assert kinds(names) == {}


def test_a_slot_of_a_layer_called_adam():
    assert kinds(["Adam/kernel", "Adam/kernel/Adam"]) == {
        "Adam/kernel/Adam": ("slot", "Adam/kernel")
    }


def test_another_shape_is_no_slot():
    names = ["w", "w/Adam", "v", "v/Momentum", "u", "u/ExponentialMovingAverage"]
    shapes = {"w": (3,), "w/Adam": (4,), "v": (2, 2), "v/Momentum": (4,), "u": [5]}
    shapes["u/ExponentialMovingAverage"] = [5]
    assert kinds(names, shapes) == {"u/ExponentialMovingAverage": ("shadow", "u")}


def test_adafactor_slots_are_factors():
    names = ["w", "w/Adafactor", "w/Adafactor_1", "w_slot_vr", "w_slot_vc", "w_slot_x"]
    shapes = {"w": (3, 5), "w/Adafactor": (3,), "w/Adafactor_1": (5,)}
    shapes |= {"w_slot_vr": (5,), "w_slot_vc": (3,), "w_slot_x": (7,)}
    found = kinds(names, shapes)
    assert set(found) == {"w/Adafactor", "w/Adafactor_1", "w_slot_vr", "w_slot_vc"}
    assert parse_names(names, shapes)["w_slot_vr"].slot == "slot_vr"


def test_shampoo_slots_are_squares():
    """It keeps a matrix for each dimension, as in Gupta et al., 2018."""
    names = ["w", "w/Shampoo", "w/Shampoo_1", "w/Shampoo_2", "w/Shampoo_3"]
    shapes = {"w": (3, 5), "w/Shampoo": (3, 5), "w/Shampoo_1": (3, 3), "w/Shampoo_2": (5, 5)}
    shapes |= {"w/Shampoo_3": (4, 4)}  # no dimension of it
    assert set(kinds(names, shapes)) == {"w/Shampoo", "w/Shampoo_1", "w/Shampoo_2"}


def test_optimizer_applied_under_a_variable_scope():
    """1.15 puts the whole variable's name behind the scope, twice where the two agree."""
    names = ["m/k", "m/BatchNorm/beta", "m/BatchNorm/moving_mean", "m/beta1_power"]
    names += ["m/beta2_power", "m/m/k/Adam", "m/m/k/Adam_1", "m/m/BatchNorm/beta/Adam"]
    names += ["m/BatchNorm/m/BatchNorm/moving_mean/biased"]
    names += ["m/BatchNorm/m/BatchNorm/moving_mean/local_step", "m/m/k/ExponentialMovingAverage"]
    names += ["m/m/L/ExponentialMovingAverage"]  # the average of a tensor, not of a variable
    assert kinds(names) == {
        "m/beta1_power": ("optimizer_state", None),
        "m/beta2_power": ("optimizer_state", None),
        "m/m/k/Adam": ("slot", "m/k"),
        "m/m/k/Adam_1": ("slot", "m/k"),
        "m/m/BatchNorm/beta/Adam": ("slot", "m/BatchNorm/beta"),
        "m/BatchNorm/m/BatchNorm/moving_mean/biased": ("slot", "m/BatchNorm/moving_mean"),
        "m/BatchNorm/m/BatchNorm/moving_mean/local_step": (
            "optimizer_state",
            "m/BatchNorm/moving_mean",
        ),
        "m/m/k/ExponentialMovingAverage": ("shadow", "m/k"),
    }


@pytest.mark.parametrize(
    ("prefix", "slot"), [("train", "Adam"), ("OptimizeLoss", "Adam"), ("loss", "Momentum")]
)
def test_optimizer_scope_in_front(prefix, slot):
    name = f"{prefix}/conv/kernel/{slot}"
    assert kinds(["conv/kernel", name]) == {name: ("slot", "conv/kernel")}


def test_the_scope_that_explains_most_decides_between_two_readings():
    inner = ["w", "a/w", "a/w/Adam", "a/a/w/Adam"]  # applied under scope `a`
    assert kinds(inner) == {"a/w/Adam": ("slot", "w"), "a/a/w/Adam": ("slot", "a/w")}
    outer = ["w", "a/w", "w/Adam", "a/w/Adam"]  # applied at the root
    assert kinds(outer) == {"w/Adam": ("slot", "w"), "a/w/Adam": ("slot", "a/w")}


def test_of_two_readings_that_explain_as_much_the_one_without_a_scope_is_taken():
    assert kinds(["w", "a/w", "a/w/Adam"]) == {"a/w/Adam": ("slot", "a/w")}


def test_shapes_decide_between_two_readings():
    names = ["w", "a/w", "a/w/Adam"]
    assert kinds(names, {"w": (2,), "a/w": (3,), "a/w/Adam": (2,)}) == {"a/w/Adam": ("slot", "w")}


def test_keras_optimizer_slots():
    names = ["dense/kernel", "training/Adam/dense/kernel/m", "training/Adam/dense/kernel/v"]
    names += ["training/Adam/beta_1", "training/Adam/iter", "training/Adam/learning_rate"]
    names += ["dense/v", "policy/dense/kernel/m"]
    assert kinds(names) == {
        "training/Adam/dense/kernel/m": ("slot", "dense/kernel"),
        "training/Adam/dense/kernel/v": ("slot", "dense/kernel"),
        "training/Adam/beta_1": ("optimizer_state", None),
        "training/Adam/iter": ("optimizer_state", None),
        "training/Adam/learning_rate": ("optimizer_state", None),
    }


def test_one_hyperparameter_alone_proves_nothing():
    assert kinds(["Adam/decay", "w"]) == {}


def test_partitions_and_their_slots():
    names = ["t/part_0", "t/part_1", "t/part_0/Adam", "t/part_1/Adam", "t/Adam_1"]
    assert kinds(names) == {
        "t/part_0/Adam": ("slot", "t/part_0"),
        "t/part_1/Adam": ("slot", "t/part_1"),
        "t/Adam_1": ("slot", "t"),
    }
    assert [parsed.part for parsed in parse_names(names).values()] == [0, 1, 0, 1, None]


def test_slots_of_partitions_joined_in_the_file():
    names = ["t", "t/part_0/Adam", "t/part_1/Adam", "t/Momentum"]
    shapes = {"t": (5, 2), "t/part_0/Adam": (3, 2), "t/part_1/Adam": (2, 2), "t/Momentum": (5, 2)}
    parsed = parse_names(names, shapes)
    assert [(n.slot_of, n.part) for n in parsed.values()] == [
        (None, None),
        ("t", 0),
        ("t", 1),
        ("t", None),
    ]
    for other in ((3, 3), (3,), (3, 2, 1)):  # too wide, or of another rank
        shapes["t/part_0/Adam"] = other
        assert parse_names(names, shapes)["t/part_0/Adam"].kind == "variable"


def test_cut_names_of_partitioned_slots_under_a_scope():
    """1.15 cuts the slot's name at the wrong place there: the scope's length comes out."""
    shapes = dict.fromkeys(
        ["enc/table", "enc/table/art_0/Adam", "enc/table/art_1/Adam_1", "k", "train/k/Adam"], (4, 3)
    )
    shapes["enc/table/t_0/ExponentialMovingAverage"] = (4, 3)
    shapes["enc/table/tart_0/Adam"] = (4, 3)
    parsed = parse_names(shapes, shapes)
    assert kinds(shapes, shapes) == {
        "enc/table/art_0/Adam": ("slot", "enc/table"),
        "enc/table/art_1/Adam_1": ("slot", "enc/table"),
        "train/k/Adam": ("slot", "k"),
        "enc/table/t_0/ExponentialMovingAverage": ("shadow", "enc/table"),
    }
    assert parsed["enc/table/art_1/Adam_1"].part == 1
    assert parsed["enc/table/art_1/Adam_1"].slot == "Adam_1"


def test_a_cut_longer_than_the_partition():
    base = "t"
    scope = "a_rather_long_training_scope"
    whole = f"{scope}/{base}/part_2/Adam"
    name = f"{base}/{whole[len(base + '/part_2/') :]}"
    assert kinds([base, name]) == {name: ("slot", base)}


def test_a_part_without_the_others_is_a_name_like_any_other():
    parsed = parse_names(["body/part_3", "body/part_4", "arm/part_0", "arm/part_1"])
    assert [(n.scope, n.leaf, n.part) for n in parsed.values()] == [
        ("body", "part_3", None),
        ("body", "part_4", None),
        ("", "arm", 0),
        ("", "arm", 1),
    ]


def test_an_average_of_everything_that_moves():
    names = ["bn/moving_mean", "bn/moving_mean/ExponentialMovingAverage"]
    names += ["avg/bn/moving_mean/ExponentialMovingAverage"]
    names += ["bn/moving_mean/ExponentialMovingAverage/biased"]
    names += ["bn/moving_mean/ExponentialMovingAverage/local_step"]
    found = kinds(names)
    assert found[names[1]] == found[names[2]] == ("shadow", "bn/moving_mean")
    assert found[names[3]] == ("slot", names[1])
    assert found[names[4]] == ("optimizer_state", names[1])


def test_a_lone_biased_is_a_variable():
    assert kinds(["gate", "gate/biased", "loop", "loop/local_step"]) == {}


def test_a_custom_optimizer_needs_the_whole_file():
    model = ["a/w", "a/b", "c/w", "c/b", "c/moving_mean"]
    slots = [f"{name}/MyOpt" for name in model[:4]]
    shapes = dict.fromkeys(model + slots, (3,))
    assert kinds(model + slots, shapes) == {f"{n}/MyOpt": ("slot", n) for n in model[:4]}
    assert kinds([*model, "a/w/MyOpt", "a/b/MyOpt"], shapes) == {}  # two of four: a coincidence
    rest = [f"d{n}/w" for n in range(5)]  # of nine variables four have one: less than half
    assert kinds([*model, *rest, *slots], shapes) == {}
    assert len(kinds([*model, *rest[:4], *slots], shapes)) == 4
    wrong = shapes | dict.fromkeys(slots, (4,))
    assert kinds(model + slots, wrong) == {}


def test_a_custom_average_by_its_name():
    model = ["a/w", "a/b", "c/w"]
    parsed = parse_names([*model, *(f"{name}/my_ema" for name in model)])
    assert [parsed[f"{name}/my_ema"].shadow_of for name in model] == model


def test_slots_named_by_hand_like_keras_own():
    model = ["a/w", "a/b", "c/w"]
    slots = {f"{name}/{leaf}": name for name in model for leaf in ("m", "v")}
    assert kinds([*model, *slots]) == {slot: ("slot", name) for slot, name in slots.items()}


def test_an_optimizers_scope_counts_more_than_a_leaf_that_nobody_knows():
    assert kinds(["w", "Adam/w", "Adam/w/m"]) == {"Adam/w/m": ("slot", "w")}


def test_scopes_of_one_name_within_each_other_are_no_slots():
    assert kinds(["a", "a/p", "a/p/p", "a/p/p/p"]) == {}


@pytest.mark.parametrize("leaf", ["mask", "threshold", "min", "g", "u", "weight_mask", "scale_1"])
def test_what_layers_keep_beside_their_weights_is_no_slot(leaf):
    model = ["a/w", "b/w", "c/w"]
    assert kinds([*model, *(f"{name}/{leaf}" for name in model)]) == {}


def test_a_file_of_averages_only_keeps_their_roles():
    parsed = parse_names(["c/weights/ExponentialMovingAverage", "c/BatchNorm/beta/Adam"])
    assert [(n.kind, n.role) for n in parsed.values()] == [
        ("variable", "kernel"),
        ("variable", "unknown"),
    ]


def test_ordinary_leaves_under_a_variable_are_never_custom_slots():
    names = [f"{scope}/{leaf}" for scope in "abc" for leaf in ("w", "w/kernel", "w/bias")]
    assert kinds(names) == {}


def test_beta_powers_need_evidence():
    assert kinds(["beta1_power", "w"]) == {}
    assert set(kinds(["beta1_power", "beta2_power", "w"])) == {"beta1_power", "beta2_power"}
    assert set(kinds(["w", "w/AdaMax", "x/beta1_power_1"])) == {"w/AdaMax", "x/beta1_power_1"}
    shapes = {"beta1_power": (3,), "beta2_power": ()}
    assert kinds(["beta1_power", "beta2_power"], shapes) == {}


def test_global_step_is_a_scalar():
    assert kinds(["global_step"], {"global_step": ()}) == {"global_step": ("global_step", None)}
    assert kinds(["global_step"], {"global_step": (2,)}) == {}


def test_names_stay_verbatim_and_in_order():
    names = ["w/Adam:0", "w:0", "global_step:0"]
    parsed = parse_names(names, {"w:0": (2,), "w/Adam:0": (2,)})
    assert list(parsed) == names
    assert [n.full for n in parsed.values()] == names
    assert parsed["w/Adam:0"].slot_of == "w:0"


def test_nothing_is_a_slot_of_itself_and_oddities_pass():
    names = ["", "/", "a//Adam", "/Adam", "Adam", "Adam/Adam", "a" * 100_000 + "/Adam", "\0/x"]
    names += ["/".join(["s"] * 50_000) + "/Adam"]
    assert kinds(names) == {"Adam/Adam": ("slot", "Adam")}


def test_generators_are_taken():
    assert list(parse_names(name for name in ("a", "a/Adam"))) == ["a", "a/Adam"]


SCOPES = st.sampled_from(["", "a", "b", "a/b", "a/a", "train", "Adam"])
LEAVES = st.sampled_from(["w", "b", "kernel", "Adam", "m"])


@given(st.lists(st.tuples(SCOPES, LEAVES), unique=True, min_size=1, max_size=8), SCOPES)
def test_every_slot_that_115_would_name_is_found_where_shapes_differ(model, prefix):
    variables = ["/".join(filter(None, pair)) for pair in model]
    shapes = {name: (index + 2, 3) for index, name in enumerate(dict.fromkeys(variables))}
    slots = {}
    for name in list(shapes):
        for leaf in ("Adam", "Adam_1"):
            slot = "/".join(filter(None, (prefix, name, leaf)))
            if slot not in shapes:
                slots[slot] = name
    sizes = shapes | {slot: shapes[name] for slot, name in slots.items()}
    assert kinds(sizes, sizes) == {slot: ("slot", name) for slot, name in slots.items()}


def test_slices_of_many_partitioned_variables_are_no_slots():
    names = [f"online/{v}/part_{i}" for v in ("a", "b", "c", "d") for i in range(3)]
    names += [f"{name}/Adam" for name in names]
    parsed = parse_names(names)
    assert {parsed[n].kind for n in names if n.endswith("Adam")} == {"slot"}
    assert {parsed[n].kind for n in names if not n.endswith("Adam")} == {"variable"}
    assert parsed["online/b/part_2"].part == 2


def test_a_slot_of_a_part_has_the_rank_of_the_whole():
    shapes = {"emb": (10, 4), "emb/part_0/Adam": (5,), "emb/part_1/Adam": (5, 4)}
    assert kinds(shapes, shapes) == {"emb/part_1/Adam": ("slot", "emb")}


def test_a_leaf_that_few_variables_have_is_no_slot():
    few = [f"net/l{n}/kernel" for n in range(20)]
    slots = [f"{name}/zorg" for name in few[:3]]
    assert kinds([*few, *slots]) == {}
    assert set(kinds([*few[:4], *slots])) == set(slots)


def test_of_two_readings_that_explain_as_much_the_shorter_scope_wins():
    names = ["w", "a/w", "a/w/Adam"]
    assert kinds(names) == {"a/w/Adam": ("slot", "a/w")}


def test_the_scalars_of_two_optimizers_belong_together_by_their_number():
    names = [f"beta{n}_power{counter}" for counter in ("", "_1") for n in (1, 2)]
    assert set(kinds([*names, "w"])) == set(names)
    assert kinds(["beta1_power", "beta2_power_1", "w"]) == {}


def test_a_slots_counter_may_be_long():
    assert set(kinds(["w", "w/Adam_1234", "w/Adam_12345"])) == {"w/Adam_1234"}


def test_a_kernel_and_its_bias_by_one_letter():
    shapes = {"up/wd": (2, 2, 8, 4), "up/bd": (8,), "up/wk": (3,), "up/bk": (3,), "up/we": (3, 3)}
    roles = [name.role for name in parse_names(shapes, shapes).values()]
    assert roles == ["kernel", "bias", "unknown", "unknown", "unknown"]
    assert parse_names(shapes)["up/wd"].role == "unknown"  # shapes aren't known
