"""The BUILD files are what the source tree makes of them, and hold what they promise."""

import ast
import graphlib

import build_targets
import pytest
import source_tree as tree

from tf1compat.apps.main import TASKS

COMMAND = "python tests/project/update_build.py"
FILES = build_targets.build_files()
RULES = {folder: build_targets.read(text) for folder, text in FILES.items()}
TARGETS = {
    f"//{folder}:{attributes['name']}": (folder, rule, attributes)
    for folder, rules in RULES.items()
    for rule, attributes in rules
    if "name" in attributes
}


def full(label, folder):
    """Returns a label in full: ``:a`` in folder ``b`` is ``//b:a``, ``//b/a`` is ``//b/a:a``."""
    if label.startswith(":"):
        return f"//{folder}{label}"
    return label if ":" in label else f"{label}:{label.rpartition('/')[2]}"


def deps(target):
    folder, _, attributes = TARGETS[target]
    return {full(label, folder) for label in attributes.get("deps", [])}


def test_is_up_to_date():
    found = {
        tree.relative(path.parent).removeprefix("."): path.read_text(encoding="utf-8")
        for path in tree.build_files()
    }
    stale = [folder for folder in FILES if found.get(folder) != FILES[folder]]
    assert (stale, sorted(set(found) - set(FILES))) == ([], []), f"run: {COMMAND}"


def test_every_folder_of_code_has_one():
    folders = {tree.relative(p.parent) for p in tree.files_under(tree.PACKAGE, "tests", "examples")}
    assert folders <= set(FILES)


def test_everything_is_private_by_default():
    heads = [
        attributes for rules in RULES.values() for rule, attributes in rules if rule == "package"
    ]
    assert heads == [{"default_visibility": ["//visibility:private"]}] * len(FILES)


def test_only_the_root_and_the_apps_have_what_is_public():
    public = [
        target
        for target, (folder, rule, attributes) in TARGETS.items()
        if attributes.get("visibility") == ["//visibility:public"]
        and folder
        and rule != "py_binary"
    ]
    assert public == []


def test_the_root_has_every_app():
    apps = {f"{name.replace('-', '_')}_app" for name in TASKS} | {"main"}
    root = {
        attributes["name"]: attributes["actual"]
        for rule, attributes in RULES[""]
        if rule == "alias"
    }
    assert set(root) == apps
    assert all(TARGETS[label][1] == "py_binary" for label in root.values())
    binaries = [t for t, (folder, rule, _) in TARGETS.items() if rule == "py_binary"]
    assert {label for label in binaries if label.startswith("//tf1compat")} == set(root.values())


def test_underscored_modules_are_private_to_their_folder():
    shown = [
        target
        for target, (_, rule, attributes) in TARGETS.items()
        if rule == "py_library"
        and attributes["name"].startswith("_")
        and attributes["visibility"] != [build_targets.TESTS]
    ]
    assert shown == []


def test_only_native_rules_and_nothing_fetched():
    known = {
        "package",
        "licenses",
        "exports_files",
        "filegroup",
        "package_group",
        "test_suite",
        "alias",
    }
    known |= {"py_library", "py_binary", "py_test"}
    assert {rule for rules in RULES.values() for rule, _ in rules} <= known
    workspace = ast.parse((tree.ROOT / "WORKSPACE").read_text(encoding="utf-8"))
    assert [node.value.func.id for node in workspace.body] == ["workspace"]


def test_targets_depend_on_targets_that_are_there_without_circles():
    graph = {target: deps(target) for target in TARGETS}
    assert set().union(*graph.values()) - set(TARGETS) == set()
    tuple(graphlib.TopologicalSorter(graph).static_order())


def test_the_groups_restate_the_directions_of_import():
    rooms = [room for room in tree.ALLOWED if f"{tree.PACKAGE}.{room}" in tree.modules()]
    for room in rooms:
        for other in tree.ALLOWED[room] & set(rooms):
            if other not in build_targets.SINGLE:
                group = TARGETS[f"//{tree.PACKAGE}:{other}_users"][2]
                assert f"//{tree.PACKAGE}/{room}/..." in group["packages"]
    names = TARGETS[f"//{tree.PACKAGE}:keras3_users"][2]["packages"]
    assert f"//{tree.PACKAGE}/graph/..." not in names


def is_visible(target, folder):
    """Tells whether a target may be depended on from `folder`, as Bazel would decide."""
    home, _, attributes = TARGETS[target]
    for shown in attributes.get("visibility", []):
        if shown.startswith("//tf1compat:") and shown.endswith("_users"):
            if any(covers(package, folder) for package in TARGETS[shown][2]["packages"]):
                return True
        elif shown == "//visibility:public" or covers(shown, folder):
            return True
    return home == folder


def covers(package, folder):
    """Tells whether ``//a/...``, ``//a:__subpackages__`` or ``//a:__pkg__`` holds `folder`."""
    if package.endswith(":__pkg__") or package == "//":
        return folder == package.removeprefix("//").removesuffix(":__pkg__")
    if not package.endswith(("/...", ":__subpackages__")):
        return folder == package.removeprefix("//")
    top = package.removeprefix("//").removesuffix("/...").removesuffix(":__subpackages__")
    return folder == top or folder.startswith(f"{top}/") or not top


def test_targets_see_what_they_depend_on():
    hidden = [
        (target, dep)
        for target, (folder, _, _) in TARGETS.items()
        for dep in deps(target)
        if not is_visible(dep, folder)
    ]
    assert hidden == []


def test_a_forbidden_direction_is_not_visible():
    assert not is_visible("//tf1compat/graph:graph", "tf1compat/names")
    assert not is_visible("//tf1compat/graph:graph", "tf1compat/checkpoint/meta")
    assert is_visible("//tf1compat/graph:graph", "tf1compat/migration/planning")
    assert not is_visible("//tf1compat/graph:items", "tf1compat/migration/planning")
    assert is_visible("//tf1compat/graph:items", "tf1compat/graph/debug")
    assert not is_visible("//tf1compat/graph/assign:_ops", "tf1compat/graph/debug")


@pytest.mark.parametrize(
    ("other", "here", "asked"),
    [
        ("names.parse", "names", "names.parse"),
        ("names.parse", "names.optimizers", "names.parse"),
        ("names.optimizers.adam", "names", "names.optimizers"),
        ("names.optimizers.adam", "graph.query", "names"),
        ("graph.assign.fitting", "graph.layers", "graph.assign"),
        ("migration.matching.evidence", "migration.matching", "migration.matching.evidence"),
        ("migration.matching.evidence", "migration.planning", "migration.matching"),
        ("errors", "graph.layers", "errors"),
    ],
)
def test_what_is_in_another_folder_is_asked_of_that_folder(other, here, asked):
    found = build_targets.as_seen(f"{tree.PACKAGE}.{other}", f"{tree.PACKAGE}.{here}")
    assert found == f"{tree.PACKAGE}.{asked}"
