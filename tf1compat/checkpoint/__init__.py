"""Name-based checkpoints as files: read, write, inspect. TensorFlow is never imported here."""

from tf1compat.checkpoint.manifest import Manifest, TensorDigest, tensor_digest
from tf1compat.checkpoint.staging import clear_stale, staged_file, staged_files

__all__ = [
    "Manifest",
    "TensorDigest",
    "clear_stale",
    "staged_file",
    "staged_files",
    "tensor_digest",
]
