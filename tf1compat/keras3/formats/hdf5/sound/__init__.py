"""Whether the structures of an HDF5 file are sound, told from their bytes before HDF5 sees them."""

__all__: list[str] = []
