"""HDF5 files as Keras lays them out, written and read without copying values through HDF5."""

__all__: list[str] = []
