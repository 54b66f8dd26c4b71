"""What the files of a V2 bundle are called, behind their prefix."""

__all__ = ["SHARD"]

SHARD = r"data-\d{5,}-of-\d{5,}"
"""Pattern of a data file's suffix: TensorFlow writes five digits, or more if it takes more."""
