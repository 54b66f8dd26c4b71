"""Tables of sorted keys in LevelDB's file format, reader and writer beside each other."""

__all__: list[str] = []
