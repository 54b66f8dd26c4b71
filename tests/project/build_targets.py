"""The targets that BUILD should hold, worked out from the source tree."""

import ast

import source_tree as tree

HEADER = '''"""Bazel targets of tf1compat: one for each room, app, example and test file.

Written by `python tests/project/update_build.py`; tests/project/build_test.py holds it against the
files and against the allowed directions of import. Native rules only, nothing is fetched.
"""

package(default_visibility = ["//visibility:private"])

licenses(["notice"])  # Apache-2.0

exports_files(["LICENSE"])
'''
PUBLIC = ["//visibility:public"]
RUNNER = "tests/run_pytest.py"
NOT_DATA = ["**/*.py", "**/*.pyc", "**/__pycache__/**"]


def targets():
    """Returns the rules in order, each as (rule, attributes)."""
    return [*library_targets(), *app_targets(), *example_targets(), *test_targets()]


def library_targets():
    rooms = {}
    for module, path in tree.modules().items():
        rooms.setdefault(tree.room_of(module), []).append(path)
    for room in [room for room in tree.ALLOWED if room in rooms and room != "main"]:
        attributes = {"name": room, "srcs": sources(rooms[room])}
        if room == "package":
            attributes["data"] = ["tf1compat/py.typed"]
        else:
            attributes["deps"] = labels({"package", *rooms_imported(rooms[room])} - {room})
        attributes["visibility"] = PUBLIC
        yield "py_library", attributes


def app_targets():
    """Yields a binary for the dispatcher and one for each app that can be run by itself."""
    for module, path in tree.modules().items():
        if tree.room_of(module) in ("apps", "main") and is_script(path):
            name = "main" if module.endswith("__main__") else f"{module.split('.')[-1]}_app"
            yield "py_binary", binary(name, path, [":apps"])


def example_targets():
    examples = tree.files_under("examples")
    if examples:
        yield (
            "py_library",
            {
                "name": "examples",
                "testonly": True,
                "srcs": sources(examples),
                "data": data_glob("examples"),
                "deps": labels(rooms_imported(examples)),
            },
        )
    for path in filter(is_script, examples):
        name = tree.relative(path).removesuffix(".py")
        yield "py_binary", {**binary(name, path, [":examples"]), "testonly": True}


def test_targets():
    files = tree.files_under("tests")
    support = [path for path in files if not path.stem.endswith("_test")]
    yield (
        "py_library",
        {
            "name": "test_support",
            "testonly": True,
            "srcs": sources(support),
            "data": data_glob("tests"),
            "deps": labels(rooms_imported(support)),
        },
    )
    for path in files:
        if path not in support:
            yield "py_test", unit_test(path)


def unit_test(path):
    deps = {"test_support", *rooms_imported([path])}
    if runs_examples(path):
        deps.add("examples")
    attributes = {
        "name": tree.relative(path).removesuffix(".py"),
        "srcs": sorted([tree.relative(path), RUNNER]),
        "main": RUNNER,
        "args": [tree.relative(path)],
        "deps": labels(deps),
    }
    if path.parent.name == "project":
        attributes["data"] = [":source_tree"]
    return attributes


def binary(name, path, deps):
    return {"name": name, "srcs": sources([path]), "main": tree.relative(path), "deps": deps}


def sources(paths):
    return sorted(tree.relative(path) for path in paths)


def labels(rooms):
    return sorted(f":{room}" for room in rooms)


def data_glob(folder):
    return {"glob": [f"{folder}/**"], "exclude": NOT_DATA}


def is_script(path):
    return 'if __name__ == "__main__":' in path.read_text(encoding="utf-8")


def rooms_imported(paths):
    """Returns the rooms whose modules any of the files at `paths` imports."""
    return {
        tree.room_of(module)
        for path in paths
        for found in tree.imports_of(tree.parse(path))
        for module in tree.own_modules_imported(found)
    } | ({"apps"} if any(names_every_app(path) for path in paths) else set())


def names_every_app(path):
    """Tells a test that runs apps as commands: it needs them although it imports none."""
    text = path.read_text(encoding="utf-8")
    return path.stem.endswith("_test") and ('"tf1compat"' in text and '"-m"' in text)


def runs_examples(path):
    """Tells a test of the examples, which may name their folder instead of importing it."""
    imported = {found.module.split(".")[0] for found in tree.imports_of(tree.parse(path))}
    named = path.parent.name == "examples" or '"examples"' in path.read_text(encoding="utf-8")
    return bool(tree.files_under("examples")) and ("examples" in imported or named)


def rendered(rules=None):
    """Returns the text of BUILD."""
    blocks = [HEADER, *(block(rule, attributes) for rule, attributes in rules or targets())]
    return "\n".join([*blocks, SOURCE_TREE])


SOURCE_TREE = """# What the guards of tests/project read: the tree itself.
filegroup(
    name = "source_tree",
    testonly = True,
    srcs = ["BUILD", "CHANGELOG.md", "CONTRIBUTING.md", "README.md", "setup.cfg"] + glob([
        ".ci/**",
        "examples/**",
        "tests/**",
        "tf1compat/**",
    ]),
)
"""


def block(rule, attributes):
    lines = [f"{rule}("]
    for key, value in attributes.items():
        lines.append(f"    {key} = {shown(value)},")
    return "\n".join([*lines, ")", ""])


def shown(value):
    """Returns a value as Starlark."""
    if isinstance(value, dict):
        quoted = ", ".join(f'"{pattern}"' for pattern in value["exclude"])
        return f"glob({shown(value['glob'])}, exclude = [{quoted}])"
    if isinstance(value, list) and len(value) > 1:
        rows = "".join(f'        "{item}",\n' for item in value)
        return f"[\n{rows}    ]"
    if isinstance(value, list):
        return "[" + "".join(f'"{item}"' for item in value) + "]"
    return str(value) if isinstance(value, bool) else f'"{value}"'


def read(text):
    """Returns the rules in the text of a BUILD file as (rule, attributes), globs as ast nodes."""
    rules = []
    for node in ast.parse(text).body:
        call = node.value if isinstance(node, ast.Expr) else None
        if isinstance(call, ast.Call):
            rules.append((call.func.id, {k.arg: literal(k.value) for k in call.keywords}))
    return rules


def literal(node):
    try:
        return ast.literal_eval(node)
    except ValueError:
        return node
