"""Words in which the pairs say their truth, and the shapes of their sources."""

import math
import pathlib

DUMPS = pathlib.Path(__file__).parent / "dumps"
NORM = ("gamma", "beta", "moving_mean", "moving_variance")
NORM_WITHOUT_GAMMA = NORM[1:]


def read_dump(name):
    """Returns shapes by variable name, in order of creation, from ``dumps/NAME.tsv``."""
    rows = (line.split("\t") for line in (DUMPS / f"{name}.tsv").read_text().splitlines())
    return {name: tuple(int(n) for n in shape.split(",") if n) for name, shape in rows}


def slim(target, scope, *, bias=True):
    """A layer whose variables TF-slim calls ``weights`` and ``biases``."""
    truth = {f"{target}/kernel": f"{scope}/weights"}
    return {**truth, f"{target}/bias": f"{scope}/biases"} if bias else truth


def layers(target, scope, *, bias=True):
    """A layer of ``tf.layers``, whose variables are ``kernel`` and ``bias``."""
    truth = {f"{target}/kernel": f"{scope}/kernel"}
    return {**truth, f"{target}/bias": f"{scope}/bias"} if bias else truth


def norm(target, scope, *, roles=NORM):
    """A normalisation, whose variables have the same names on both sides."""
    return {f"{target}/{role}": f"{scope}/{role}" for role in roles}


def depthwise(target, scope):
    """A depthwise convolution of TF-slim without bias."""
    return {f"{target}/kernel": f"{scope}/depthwise_weights"}


def numbered(name, number):
    """Returns an automatic name: ``conv2d``, ``conv2d_1``, ..."""
    return f"{name}_{number}" if number else name


def same_size(a, b):
    """Tells whether two shapes hold equally many elements."""
    return math.prod(a) == math.prod(b)
