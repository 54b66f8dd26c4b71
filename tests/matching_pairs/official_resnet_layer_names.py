"""The flat automatic names of the official TF1 ResNet (``resnet_model/conv2d_7/kernel``).

Its shortcuts are created before the other convolutions of a block; Keras creates them later, so
that the two orders differ.
"""

import itertools

from matching_pairs.support import NORM, numbered

DEPTHS = (3, 4, 6, 3)


class Names:
    """Gives the layers of one kind their automatic names, and keeps the variables' shapes."""

    def __init__(self):
        self.sources = {}
        self.truth = {}
        self._convs, self._norms = itertools.count(), itertools.count()

    def conv(self, target, shape, *, biased):
        """Adds a convolution without bias; `biased` says that the one in Keras has one."""
        source = f"resnet_model/{numbered('conv2d', next(self._convs))}/kernel"
        self.sources[source] = shape
        self.truth[f"{target}/kernel"] = source
        if biased:
            self.truth[f"{target}/bias"] = None

    def norm(self, target, channels):
        """Adds a batch normalisation."""
        scope = f"resnet_model/{numbered('batch_normalization', next(self._norms))}"
        for role in NORM:
            self.sources[f"{scope}/{role}"] = (channels,)
            self.truth[f"{target}/{role}"] = f"{scope}/{role}"

    def dense(self):
        """Adds the classifier."""
        self.sources["resnet_model/dense/kernel"] = (2048, 1000)
        self.sources["resnet_model/dense/bias"] = (1000,)
        self.truth["predictions/kernel"] = "resnet_model/dense/kernel"
        self.truth["predictions/bias"] = "resnet_model/dense/bias"


def units():
    """Yields Keras prefix, channels coming in, narrow channels, and whether it has a shortcut."""
    channels = 64
    for stage, depth in enumerate(DEPTHS):
        narrow = 64 * 2**stage
        for unit in range(1, depth + 1):
            yield f"conv{stage + 2}_block{unit}", channels, narrow, unit == 1
            channels = 4 * narrow
