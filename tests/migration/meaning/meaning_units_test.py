"""Units that become an image: they stand as the image's data format on each side has them."""

import keras
import pytest
import tensorflow as tf
from bare_copies import bare_copy
from v1_programs import saved, without_graph

from tf1compat.graph import layers as graph_layers
from tf1compat.keras3 import index_model
from tf1compat.migration import Assumptions, Status, convert, plan_migration, prove

L = keras.layers
v1 = tf.compat.v1
HEIGHT, WIDTH, CHANNELS = 4, 3, 5
UNITS = HEIGHT * WIDTH * CHANNELS


def _generator(first):
    """A product, a norm and an activation before an image; channels first, as on a GPU, or last."""

    def program():
        h = graph_layers.dense(v1.placeholder(tf.float32, [None, 2], "z"), UNITS, name="fc")
        h = tf.nn.relu(graph_layers.batch_normalization(h, name="bn"))
        if first:
            h = tf.reshape(h, [-1, CHANNELS, HEIGHT, WIDTH])
            h = tf.transpose(h, [0, 2, 3, 1])
        else:
            h = tf.reshape(h, [tf.shape(h)[0], HEIGHT, WIDTH, CHANNELS])
        graph_layers.conv2d(h, 2, 3, padding="same", name="conv")

    return program


@pytest.fixture(scope="module", params=[True, False], ids=["NCHW", "NHWC"])
def generator(request, tmp_path_factory):
    prefix = saved(tmp_path_factory.mktemp("generator"), _generator(request.param))
    return prefix, "NCHW" if request.param else "NHWC"


def _model(data_format):
    keras.utils.clear_session()
    if data_format == "NHWC":
        made = [L.Reshape((HEIGHT, WIDTH, CHANNELS))]
    else:
        made = [L.Reshape((CHANNELS, HEIGHT, WIDTH)), L.Permute((2, 3, 1))]
    before = [keras.Input((2,)), L.Dense(UNITS, name="fc"), L.BatchNormalization(name="bn")]
    return index_model(
        keras.Sequential([*before, L.ReLU(), *made, L.Conv2D(2, 3, padding="same", name="conv")])
    )


@pytest.mark.parametrize("model", ["NHWC", "NCHW"])
def test_units_follow_the_image_that_is_made_of_them(model, generator):
    prefix, data_format = generator
    index = _model(model)
    plan = plan_migration(prefix, index)
    moved = {fill.target for fill in plan.fills if "transpose" in fill.layout}
    units = {path for path in index if not path.startswith("conv")}
    assert moved == (units if model != data_format else set())
    assert set(prove(plan, index).lines.values()) == {Status.PROVED}


@pytest.mark.parametrize("model", ["NHWC", "NCHW"])
def test_a_user_is_asked_without_a_graph(model, generator, tmp_path):
    prefix, data_format = generator
    bare, index = bare_copy(prefix.parent, tmp_path), _model(model)
    asked = plan_migration(bare, index)
    told = {problem.name for problem in asked.unexplained if "its units become" in str(problem)}
    assert told == {path for path in index if not path.startswith("conv")}
    plan = plan_migration(bare, index, assume=Assumptions(data_format=data_format))
    convert(plan, index)
    left = plan_migration(prefix, index)
    assert [fill.layout for fill in plan.fills] == [fill.layout for fill in left.fills]


def test_an_image_of_one_channel_is_the_same_either_way(tmp_path):
    def program():
        h = graph_layers.dense(v1.placeholder(tf.float32, [None, 2], "z"), 12, name="fc")
        graph_layers.conv2d(tf.reshape(h, [-1, 4, 3, 1]), 2, 3, name="conv")

    bare = without_graph(saved(tmp_path, program))
    layers = [L.Dense(12, name="fc"), L.Reshape((4, 3, 1)), L.Conv2D(2, 3, name="conv")]
    assert plan_migration(bare, keras.Sequential([keras.Input((2,)), *layers])).complete
