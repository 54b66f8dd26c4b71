"""BUILD holds every file, and its deps restate the directions of import."""

import ast
import graphlib

import build_targets
import pytest
import source_tree as tree

TEXT = (tree.ROOT / "BUILD").read_text(encoding="utf-8")
RULES = build_targets.read(TEXT)
NAMED = {
    attributes["name"]: (rule, attributes) for rule, attributes in RULES if "name" in attributes
}
COMMAND = "python tests/project/update_build.py"
LIBRARIES = {
    name: attributes
    for name, (rule, attributes) in NAMED.items()
    if rule == "py_library" and name in tree.ALLOWED
}


def sources(attributes):
    found = attributes.get("srcs", [])
    return [] if isinstance(found, ast.AST) else found


def deps(attributes):
    return {label.removeprefix(":") for label in attributes.get("deps", [])}


def rooms_needed(path):
    return {
        tree.room_of(module)
        for found in tree.imports_of(tree.parse(path))
        for module in tree.own_modules_imported(found)
    }


def all_deps(name):
    """Returns what target `name` depends on, directly or not."""
    found, todo = set(), [name]
    while todo:
        for dep in deps(NAMED[todo.pop()][1]) - found:
            found.add(dep)
            todo.append(dep)
    return found


def test_is_up_to_date():
    assert build_targets.rendered() == TEXT, f"run: {COMMAND}"


def test_everything_is_private_by_default():
    package = [attributes for rule, attributes in RULES if rule == "package"]
    assert package == [{"default_visibility": ["//visibility:private"]}]
    shown = {name for name, (_, attributes) in NAMED.items() if "visibility" in attributes}
    assert shown <= set(tree.ALLOWED), "only the library's rooms are for others"


def test_only_native_rules_and_nothing_fetched():
    known = {"package", "licenses", "exports_files", "filegroup"}
    known |= {"py_library", "py_binary", "py_test"}
    assert {rule for rule, _ in RULES} <= known
    workspace = ast.parse((tree.ROOT / "WORKSPACE").read_text(encoding="utf-8"))
    assert [node.value.func.id for node in workspace.body] == ["workspace"]


def test_names_are_unique():
    names = [attributes["name"] for _, attributes in RULES if "name" in attributes]
    assert sorted(set(names)) == sorted(names)


def test_every_file_has_a_target():
    files = {tree.relative(path) for path in tree.files_under(tree.PACKAGE, "tests", "examples")}
    listed = {source for _, attributes in NAMED.values() for source in sources(attributes)}
    python = {source for source in listed if source.endswith(".py")}
    assert (sorted(files - python), sorted(python - files)) == ([], []), f"run: {COMMAND}"


@pytest.mark.parametrize("room", LIBRARIES)
def test_a_room_holds_its_files_and_no_other(room):
    expected = [
        tree.relative(path)
        for module, path in tree.modules().items()
        if tree.room_of(module) == room
    ]
    assert sources(LIBRARIES[room]) == sorted(expected)


@pytest.mark.parametrize("room", LIBRARIES)
def test_a_room_depends_on_allowed_rooms_only(room):
    assert deps(LIBRARIES[room]) <= tree.ALLOWED[room] | {"package"}


@pytest.mark.parametrize("room", LIBRARIES)
def test_a_room_depends_on_all_it_imports(room):
    needed = set()
    for source in sources(LIBRARIES[room]):
        needed |= rooms_needed(tree.ROOT / source)
    assert needed - {room} <= deps(LIBRARIES[room])


def test_targets_depend_on_targets_that_are_there_without_circles():
    graph = {name: deps(attributes) for name, (_, attributes) in NAMED.items()}
    assert set().union(*graph.values()) <= set(NAMED)
    tuple(graphlib.TopologicalSorter(graph).static_order())


@pytest.mark.parametrize(
    "path", [p for p in tree.files_under("tests") if p.stem.endswith("_test")], ids=tree.relative
)
def test_a_test_has_its_target(path):
    name = tree.relative(path).removesuffix(".py")
    rule, attributes = NAMED[name]
    assert rule == "py_test"
    assert tree.relative(path) in sources(attributes)
    assert attributes["args"] == [tree.relative(path)]
    assert rooms_needed(path) <= all_deps(name)


def test_every_app_is_a_binary():
    binaries = {a["main"] for rule, a in NAMED.values() if rule == "py_binary"}
    scripts = {
        tree.relative(path)
        for path in tree.files_under("tf1compat", "examples")
        if '__name__ == "__main__"' in path.read_text(encoding="utf-8")
    }
    assert binaries == scripts
