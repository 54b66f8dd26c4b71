"""V2 checkpoints: an index table and the shards it describes."""

__all__: list[str] = []
