"""Copies of goldens that have no graph beside them."""

import shutil


def bare_copy(golden, folder):
    """Returns the prefix of a copy, in a folder, of a golden's checkpoint without its graph."""
    for path in golden.glob("model.ckpt.*"):
        if path.suffix != ".meta":
            shutil.copy(path, folder)
    return folder / "model.ckpt"
