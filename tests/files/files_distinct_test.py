import os

import pytest

from tf1compat.errors import UsageError
from tf1compat.files.distinct import require_distinct


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "m.data-00000-of-00001"
    path.write_text("values")
    return path


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_a_link_onto_an_input_is_that_input(tmp_path, source, link):
    link(source, tmp_path / "o.weights.h5")
    with pytest.raises(
        UsageError, match=r"o\.weights\.h5: expected a file of its own, found .*m\.da"
    ):
        require_distinct([tmp_path / "o.weights.h5"], [source])


def test_another_spelling_is_the_same_file(tmp_path, source):
    (tmp_path / "sub").mkdir()
    spelled = f"{tmp_path}/sub/../{source.name}"
    with pytest.raises(UsageError, match="which is read too; choose another path"):
        require_distinct([spelled], [source])
    with pytest.raises(UsageError, match="found a file that is read too"):
        require_distinct([source], [str(source)])


def test_a_place_where_nothing_stands_yet(tmp_path):
    (tmp_path / "link").symlink_to("later")
    with pytest.raises(UsageError, match=r"link: expected a file of its own, found .*later"):
        require_distinct([tmp_path / "link"], [tmp_path / "later"])


def test_two_outputs_are_two_files(tmp_path):
    (tmp_path / "report").symlink_to("weights")
    with pytest.raises(UsageError, match="weights, which is written too"):
        require_distinct([tmp_path / "weights", tmp_path / "report"], [])


def test_all_at_once_and_only_those(tmp_path, source):
    other = tmp_path / "other"
    other.write_text("values")
    require_distinct([other, tmp_path / "new"], [source, tmp_path / "gone"])
    with pytest.raises(UsageError) as caught:
        require_distinct([source, tmp_path / "new", other], [source, other])
    assert [problem.name for problem in caught.value.problems] == [str(source), str(other)]
