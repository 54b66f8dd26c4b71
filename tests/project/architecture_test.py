"""docs/architecture.md draws the house as its imports are, and names files that are there."""

import re

import architecture
import source_tree as tree

TEXT = architecture.PAGE.read_text(encoding="utf-8")


def test_the_picture_is_that_of_the_imports():
    assert architecture.on_page() == architecture.drawn(), f"run: {architecture.COMMAND}"


def test_a_new_import_between_rooms_would_change_the_picture():
    edges = {("a", "b"), ("b", "c"), ("a", "c")}
    assert architecture.reduced(edges) == {("a", "b"), ("b", "c")}
    assert ("migration", "keras3") in architecture.room_edges()


def test_every_room_is_described():
    rooms = {tree.room_of(module) for module in tree.modules()} - {"main", "package"}
    rows = set(re.findall(r"^\| `(\w+)` \|", TEXT, re.MULTILINE))
    assert rooms == rows


def test_files_and_classes_that_the_page_names_are_there():
    table = TEXT.partition("## Where things are added")[2].partition("## Rules")[0]
    named = re.findall(r"`((?:\w+/)+\w*(?:\.py)?)`", table)
    assert named
    assert [name for name in named if not (tree.ROOT / tree.PACKAGE / name).exists()] == []
    tests = {path.name for path in tree.files_under("tests")}
    assert [name for name in re.findall(r"`(\w+_test\.py)`", table) if name not in tests] == []


def test_classes_that_a_row_names_are_in_its_files():
    table = TEXT.partition("## Where things are added")[2].partition("## Rules")[0]
    rows = [line.split("|")[1:4] for line in table.splitlines() if line.startswith("| ")]
    every = {path.name for path in tree.files_under(tree.PACKAGE)}
    missing = []
    for what, where, line in rows:
        text = "".join(
            path.read_text(encoding="utf-8")
            for name in re.findall(r"`((?:\w+/)+(?:\w+\.py)?)`", where + line)
            for path in _python_at(tree.ROOT / tree.PACKAGE / name)
        )
        classes = re.findall(r"`([A-Z]\w+)`", where + line)
        missing += [(what, one) for one in classes if text and not _has(text, one)]
        files = re.findall(r"`(_?\w+\.py)`", where + line)
        missing += [(what, one) for one in files if one not in every]
    assert missing == []


def _has(text, name):
    return re.search(rf"^(class|from .* import)\b.*\b{name}\b", text, re.MULTILINE)


def _python_at(path):
    return [path] if path.suffix else sorted(path.rglob("*.py"))


def test_it_is_one_page():
    before, _, after = TEXT.partition("```mermaid\n")  # the graph grows with the house
    beside = before + after.partition("\n```\n")[2]
    assert after
    assert len(beside.splitlines()) <= 80
    for page in ("README.md", "CONTRIBUTING.md"):
        assert "docs/architecture.md" in (tree.ROOT / page).read_text(encoding="utf-8")
