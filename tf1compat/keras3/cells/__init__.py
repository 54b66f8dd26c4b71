"""Cells of TensorFlow 1.x that Keras lacks, for ``keras.layers.RNN`` and ``Bidirectional``."""

from tf1compat.keras3.cells.full_lstm import FullLSTMCell
from tf1compat.keras3.cells.normed_lstm import NormedLSTMCell

__all__ = ["OWN_CELLS", "FullLSTMCell", "NormedLSTMCell"]

OWN_CELLS = (FullLSTMCell, NormedLSTMCell)
"""Every cell of this folder."""
