"""Writes configurations.json: the layer configurations that both TensorFlows build.

python tests/graph/records/layers/list_configurations.py
"""

import itertools
import json
import pathlib

IMAGE, STEPS, VOLUME = [2, 7, 6, 3], [2, 8, 3], [2, 5, 4, 4, 2]


def config(layer, shape, args=None, form="function", **more):
    return dict({"layer": layer, "form": form, "input": shape, "args": args or {}}, **more)


def dense_configs():
    for shape, activation, bias in itertools.product(
        ([3, 4], [2, 3, 4], [2, 2, 3, 4]), (None, "@nn:relu", "tanh"), (True, False)
    ):
        yield config("dense", shape, {"units": 5, "activation": activation, "use_bias": bias})
    more = [
        {"kernel_regularizer": "@l2:0.1", "bias_regularizer": "@l1:0.2"},
        {"activity_regularizer": "@l2:0.3"},
        {"kernel_constraint": "@clip", "bias_constraint": "non_neg"},
        {"kernel_initializer": "he_normal", "bias_initializer": "ones"},
        {"kernel_initializer": "@init:orthogonal", "bias_initializer": "@constant:0.1"},
        {"trainable": False},
        {"trainable": False, "kernel_regularizer": "@l2:0.1"},
        {"name": "named"},
        {"name": "a/b"},
    ]
    for args in more:
        yield config("dense", [3, 4], dict(args, units=5))
        cls = dict(args.items())
        yield config("Dense", [3, 4], dict(cls, units=5), form="class", calls=2)
    yield config("dense", [3, 4], {"units": 5}, placeholder=[None, 4])
    yield config("dense", [2, 3, 4], {"units": 5}, placeholder=[None, None, 4])
    yield config("dense", [3, 4], {"units": 5}, dtype="float64")
    yield config(
        "dense", [3, 4], {"units": 2, "name": "d", "kernel_regularizer": "@l2:.1"}, calls=3
    )
    scopes = [
        {"partitioner": "@fixed:2"},
        {"partitioner": "@fixed:3", "regularizer": "@l2:0.1"},
        {"partitioner": "@minmax:4"},
        {"regularizer": "@l2:0.1"},
        {"initializer": "@constant:0.5"},
        {"constraint": "@clip"},
    ]
    for scope in scopes:
        yield config("dense", [3, 6], {"units": 4}, scope=scope)
        yield config("dense", [3, 6], {"units": 4, "kernel_regularizer": "@l2:.2"}, scope=scope)
        yield config("Dense", [3, 6], {"units": 4}, form="class", scope=scope, calls=2)


def convolution_configs():
    for layer, shape, kernels in (
        ("conv1d", STEPS, (1, 3)),
        ("conv2d", IMAGE, (1, [3, 2])),
        ("conv3d", VOLUME, (2, [1, 2, 3])),
    ):
        for kernel, padding, stride, bias in itertools.product(
            kernels, ("valid", "same"), (1, 2), (True, False)
        ):
            args = {"filters": 4, "kernel_size": kernel, "padding": padding, "strides": stride}
            yield config(layer, shape, dict(args, use_bias=bias, activation="@nn:relu"))
        for padding in ("valid", "same"):
            args = {"filters": 4, "kernel_size": 2, "padding": padding, "dilation_rate": 2}
            yield config(layer, shape, args)
        args = {"filters": 2, "kernel_size": 2, "kernel_regularizer": "@l2:0.1"}
        yield config(layer, shape, dict(args, bias_regularizer="@l1:0.1"))
        yield config(layer, shape, dict(args, activity_regularizer="@l1:0.1"), calls=1)
        yield config(layer, shape, dict(args, name="c", activation="sigmoid"), calls=2)
        yield config(layer, shape, dict(args, trainable=False))
        yield config(layer, shape, args, placeholder=[None] * (len(shape) - 1) + [shape[-1]])
        yield config(layer, shape, args, scope={"partitioner": "@fixed:2"})
        cls = layer.replace("conv", "Conv").replace("d", "D")
        yield config(cls, shape, dict(args, activation="@nn:tanh"), form="class", calls=2)
        yield config(cls, shape, dict(args, trainable=False, name="own"), form="class")
    yield config("conv1d", STEPS, {"filters": 2, "kernel_size": 3, "padding": "causal"})
    yield config(
        "conv1d",
        STEPS,
        {"filters": 2, "kernel_size": 3, "padding": "causal", "dilation_rate": 2},
    )


def separable_configs():
    for layer, shape in (("separable_conv1d", STEPS), ("separable_conv2d", IMAGE)):
        for padding, stride, multiplier, bias in itertools.product(
            ("valid", "same"), (1, 2), (1, 2), (True, False)
        ):
            args = {"filters": 4, "kernel_size": 3, "padding": padding, "strides": stride}
            yield config(layer, shape, dict(args, depth_multiplier=multiplier, use_bias=bias))
        args = {"filters": 4, "kernel_size": 3, "depthwise_regularizer": "@l2:0.1"}
        yield config(layer, shape, dict(args, pointwise_regularizer="@l1:0.1", activation="relu"))
        yield config(layer, shape, {"filters": 4, "kernel_size": 2, "dilation_rate": 2})
        yield config(layer, shape, dict(args, name="s"), calls=2)
        cls = layer.replace("separable_conv", "SeparableConv").replace("d", "D", 9)
        cls = {"separable_conv1d": "SeparableConv1D", "separable_conv2d": "SeparableConv2D"}[layer]
        yield config(cls, shape, {"filters": 4, "kernel_size": 2}, form="class", calls=2)
    yield config("separable_conv1d", STEPS, {"filters": 2, "kernel_size": 3, "padding": "causal"})


def transpose_configs():
    for layer, shape in (("conv2d_transpose", [2, 4, 3, 3]), ("conv3d_transpose", [2, 3, 2, 2, 2])):
        for kernel, padding, stride, bias in itertools.product(
            (2, 3), ("valid", "same"), (1, 2), (True, False)
        ):
            args = {"filters": 3, "kernel_size": kernel, "padding": padding, "strides": stride}
            yield config(layer, shape, dict(args, use_bias=bias))
        args = {"filters": 3, "kernel_size": 3, "strides": 2, "activation": "@nn:relu"}
        yield config(layer, shape, args, placeholder=[None] * (len(shape) - 1) + [shape[-1]])
        yield config(layer, shape, dict(args, kernel_regularizer="@l2:0.1", name="t"), calls=2)
        cls = {"conv2d_transpose": "Conv2DTranspose", "conv3d_transpose": "Conv3DTranspose"}[layer]
        yield config(cls, shape, args, form="class", calls=2)
    args = {"filters": 3, "kernel_size": 3, "strides": 2, "data_format": "channels_first"}
    yield config("conv2d_transpose", [2, 3, 4, 3], args)
    yield config("conv2d_transpose", [2, 3, 4, 3], args, placeholder=[None, 3, None, None])


def norm_configs():
    for training, fused, shape in itertools.product(
        (True, False, "@placeholder"), (True, False, None), (IMAGE, [6, 4], [3, 4, 5])
    ):
        yield config("batch_normalization", shape, {"fused": fused}, call={"training": training})
        if training == "@placeholder":
            yield config(
                "batch_normalization",
                shape,
                {"fused": fused},
                call={"training": training},
                feed=True,
            )
    variants = [
        {"center": False},
        {"scale": False},
        {"center": False, "scale": False},
        {"momentum": 0.5, "epsilon": 0.1},
        {"axis": 1},
        {"axis": 1, "fused": False},
        {"axis": 2},
        {"axis": [1, 2]},
        {"axis": [1, 3]},
        {"gamma_regularizer": "@l2:0.1", "beta_regularizer": "@l1:0.1"},
        {"trainable": False},
        {"renorm": True},
        {"renorm": True, "renorm_clipping": {"rmax": 1.1, "rmin": 0.9, "dmax": 0.1}},
        {"renorm": True, "renorm_momentum": 0.7, "momentum": 0.6, "fused": False},
        {"adjustment": "@scaled"},
        {"name": "bn", "fused": False},
    ]
    for args, training in itertools.product(variants, (True, "@placeholder", False)):
        if args.get("axis") == 1 and "fused" not in args and training is not False:
            continue  # TF 1.15's CPU has no fused kernel with channels first
        if args.get("axis") == 1 and "fused" not in args:
            continue
        feed = {"feed": True} if training == "@placeholder" else {}
        yield config("batch_normalization", IMAGE, args, call={"training": training}, **feed)
    for training in (True, False, "@placeholder"):
        yield config(
            "BatchNormalization", IMAGE, {}, form="class", call={"training": training}, calls=2
        )
    yield config("batch_normalization", IMAGE, {"name": "b"}, call={"training": True}, calls=2)
    yield config(
        "batch_normalization", IMAGE, {}, call={"training": True}, placeholder=[None, None, None, 3]
    )
    yield config("batch_normalization", [6, 4], {}, call={"training": True}, dtype="float64")
    yield config(
        "batch_normalization",
        [6, 4],
        {},
        scope={"partitioner": "@fixed:2"},
        call={"training": True},
    )


def contrib_configs():
    for center, scale, shape in itertools.product((True, False), (True, False), (IMAGE, [4, 6])):
        yield config("layer_norm", shape, {"center": center, "scale": scale})
    for args in (
        {"begin_norm_axis": 2},
        {"begin_norm_axis": -1},
        {"begin_norm_axis": 1, "begin_params_axis": 1},
        {"activation_fn": "@nn:relu", "trainable": False},
        {"variables_collections": ["mine"], "outputs_collections": ["outs"]},
    ):
        yield config("layer_norm", IMAGE, args)
    for center, scale, data_format in itertools.product(
        (True, False), (True, False), ("NHWC", "NCHW")
    ):
        yield config(
            "instance_norm", IMAGE, {"center": center, "scale": scale, "data_format": data_format}
        )
    yield config("instance_norm", IMAGE, {"epsilon": 0.1, "activation_fn": "@nn:relu"})
    for groups, zero in itertools.product((1, 2, 4), (True, False)):
        yield config("group_norm", [2, 3, 3, 4], {"groups": groups, "mean_close_to_zero": zero})
    yield config(
        "group_norm", [2, 4, 3, 3], {"groups": 2, "channels_axis": 1, "reduction_axes": [2, 3]}
    )
    yield config("group_norm", [2, 3, 3, 4], {"groups": 2, "center": False})
    yield config("group_norm", [2, 3, 3, 4], {"groups": 2}, placeholder=[None, 3, 3, 4])
    for args in ({"num_units": 3}, {"num_units": 2}, {"num_units": 3, "axis": 1}):
        yield config("maxout", [2, 6, 6], args)
    yield config("maxout", [2, 6], {"num_units": 3}, placeholder=[None, 6])
    for unique in (True, False):
        yield config(
            "embed_sequence",
            [2, 5],
            {"vocab_size": 7, "embed_dim": 3, "unique": unique},
            dtype="int32",
        )
    yield config(
        "embed_sequence",
        [2, 5],
        {"vocab_size": 7, "embed_dim": 3},
        dtype="int64",
        scope={"partitioner": "@fixed:3"},
    )


def pooling_configs():
    for kind, rank, (size, stride), padding in itertools.product(
        ("max", "average"), (1, 2, 3), ((2, 2), (3, 1), (2, 3)), ("valid", "same")
    ):
        shape = {1: STEPS, 2: IMAGE, 3: VOLUME}[rank]
        args = {"pool_size": size, "strides": stride, "padding": padding}
        yield config(f"{kind}_pooling{rank}d", shape, args)
    for kind in ("max", "average"):
        first = {"pool_size": 2, "strides": 2, "data_format": "channels_first"}
        yield config(kind + "_pooling1d", STEPS, first)
        yield config(kind + "_pooling3d", VOLUME, first)
        cls = {"max": "MaxPooling2D", "average": "AveragePooling2D"}[kind]
        yield config(cls, IMAGE, {"pool_size": [3, 2], "strides": [2, 1]}, form="class", calls=2)


def shape_configs():
    for data_format in ("channels_last", "channels_first"):
        yield config("flatten", IMAGE, {"data_format": data_format})
        yield config("flatten", IMAGE, {"data_format": data_format}, placeholder=[None, 7, 6, 3])
    yield config("flatten", [3, 4], {})
    yield config("flatten", [3], {})
    yield config("Flatten", IMAGE, {}, form="class", calls=2)
    for training in (True, False, "@placeholder"):
        for args in (
            {"rate": 0.4, "seed": 3},
            {"rate": 0.5, "seed": 5, "noise_shape": [2, 1, 1, 3]},
            {"rate": 0.0, "seed": 5},
        ):
            yield config("dropout", IMAGE, args, call={"training": training}, feed=True)
    yield config(
        "dropout",
        IMAGE,
        {"rate": 0.5, "seed": 5, "noise_shape": [None, 1, 1, None]},
        call={"training": True},
        placeholder=[None, 7, 6, 3],
    )
    yield config("Dropout", [3, 4], {"rate": 0.4, "seed": 3}, form="class", call={"training": True})


def all_configs():
    made = itertools.chain(
        dense_configs(),
        convolution_configs(),
        separable_configs(),
        transpose_configs(),
        norm_configs(),
        contrib_configs(),
        pooling_configs(),
        shape_configs(),
    )
    counts = {}
    for one in made:
        number = counts.setdefault(one["layer"], itertools.count())
        yield dict({"id": "{}-{:02}".format(one["layer"], next(number))}, **one)


def main():
    path = pathlib.Path(__file__).with_name("configurations.json")
    lines = ",\n".join(json.dumps(one, sort_keys=True) for one in all_configs())
    path.write_text("[\n" + lines + "\n]\n")


if __name__ == "__main__":
    main()
