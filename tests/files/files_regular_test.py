"""Files whose sizes are not to be trusted."""

import pytest

from tf1compat.errors import CorruptCheckpointError
from tf1compat.files.regular import open_regular


def test_no_memory_is_taken_for_what_is_not_there(tmp_path):
    (tmp_path / "f").write_bytes(b"abc")
    with open_regular(str(tmp_path / "f")) as file:
        assert file.read(1, 2) == b"bc"
        with pytest.raises(CorruptCheckpointError, match="the file has 3 bytes: it is cut short"):
            file.read(1, 1 << 60)
