"""Where outputs are staged: a folder beside them that no other writer makes, clears or shares."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
from collections.abc import Iterator, Sequence

from tf1compat.files._access import area_mode
from tf1compat.files.claims import Claim, stamp_of
from tf1compat.files.output_errors import naming

__all__ = ["leftovers", "remove_area", "staged_place", "staging_area"]

_PROCESS = os.urandom(8).hex()  # tells what this process staged from what others did
_AREA = re.compile(r"\.tmp-[0-9a-f]{16}-([0-9a-f]{16})[0-9a-f]{16}")


@contextlib.contextmanager
def staging_area(claim: Claim, outputs: Sequence[str]) -> Iterator[str]:
    """Makes a folder beside a claimed output; it goes with all that is in it when the block ends.

    Args:
      claim: of the output.
      outputs: the files that are to come of it. Who may not read one that stands there already
        may not look into the folder.

    Raises:
      OutputError: it can't be made.
    """
    area, owner = f"{stamp_of(claim.path)}-{_PROCESS}{os.urandom(8).hex()}", os.getpid()
    try:
        with naming(claim.path):
            os.mkdir(area, _mode(outputs))
        yield area
    finally:
        if os.getpid() == owner:  # a fork that unwinds must not clear what its parent writes
            with contextlib.suppress(OSError):  # whoever writes next clears it
                remove_area(area)


def staged_place(path: str) -> str | None:
    """Returns the output that a path staged by this process is for; None for any other path."""
    area, base = os.path.split(path)
    match = _AREA.fullmatch(os.path.basename(area))
    if match is None or match[1] != _PROCESS:
        return None
    return os.path.join(os.path.dirname(area), base)


def leftovers(claim: Claim) -> tuple[str, ...]:
    """Returns the areas that ended writers of a claimed output left, sorted.

    None where the claim isn't exclusive: they may be those of living writers. Those of other users
    are left alone, as is all that only looks like one: where many may write, a folder of such a
    name says nothing of who made it.
    """
    if not claim.exclusive:
        return ()
    directory, stamp = os.path.split(stamp_of(claim.path))
    try:
        names = sorted(os.listdir(directory))
    except OSError:
        return ()
    named = (name for name in names if name.startswith(stamp) and _AREA.fullmatch(name))
    return tuple(area for name in named if _is_own(area := os.path.join(directory, name)))


def _is_own(area: str) -> bool:
    """Tells whether it is a folder of this user."""
    try:
        status = os.lstat(area)
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()


def remove_area(area: str) -> None:
    """Removes an area and all within; an OSError where that fails, nothing where there is none."""
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(area)


def _mode(outputs: Sequence[str]) -> int:
    """Returns the mode of an area for outputs, some of which may be there."""
    mode = area_mode(None)
    for path in outputs:
        with contextlib.suppress(OSError):
            mode &= area_mode(os.stat(path))
    return mode
