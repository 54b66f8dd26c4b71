"""Rows of text as aligned columns."""

from tf1compat.names.columns import columns


def test_an_endless_cell_stands_whole_and_makes_no_other_line_long():
    rows = [["name", "n"], ["x" * 64_000, "10"], *[[f"layer_{n}/w", "9"] for n in range(5000)]]
    lines = columns(rows, right=[False, True])
    assert lines[1] == "x" * 64_000 + "  10"
    assert {len(line) for line in lines[2:]} == {260}
    assert lines[0].split() == ["name", "n"]
