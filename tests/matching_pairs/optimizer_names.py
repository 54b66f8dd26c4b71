"""Layers in scopes called Adam and Momentum, beside the true slots of an Adam."""

from matching_pairs.chains import dense_shapes, sequential
from matching_pairs.support import layers

_LAYERS = {**dense_shapes("Adam", 6, 5), **dense_shapes("Momentum", 5, 5)}
SOURCES = dict(_LAYERS)
for _name, _shape in _LAYERS.items():
    SOURCES |= {f"{_name}/Adam": _shape, f"{_name}/Adam_1": _shape}
SOURCES |= {"beta1_power": (), "beta2_power": (), "global_step": ()}
TRUTH = {**layers("lower", "Adam"), **layers("upper", "Momentum")}


def build():
    return sequential((6, 5, 5), names=("lower", "upper"))
