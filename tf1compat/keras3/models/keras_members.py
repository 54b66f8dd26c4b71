"""What a ``.keras`` file is called and made of; Keras' own names."""

__all__ = ["CONFIG_MEMBER", "METADATA_MEMBER", "SUFFIX", "WEIGHTS_MEMBER"]

SUFFIX = ".keras"
CONFIG_MEMBER = "config.json"
METADATA_MEMBER = "metadata.json"
WEIGHTS_MEMBER = "model.weights.h5"
