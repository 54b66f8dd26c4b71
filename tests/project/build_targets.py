"""The BUILD files that should stand in the tree, worked out from the source tree.

Every module is a target, named as its file, in the BUILD of its folder; the folder itself is one
more, named as the folder, and has all that stands in it. What a module imports of another folder is
asked of that folder as a whole: of two folders that import each other, however different the files,
the targets make a circle, which Bazel refuses. A folder is visible beside it, a room to the rooms
that may import it, and to all only what the root has. So Bazel, too, proves which way imports
point, within the rooms as well.
"""

import ast
import collections
import re

import source_tree as tree

HEADER = '"""{doc}\n\nWritten by `python tests/project/update_build.py`.\n"""\n'
PUBLIC = ["//visibility:public"]
SINGLE = {
    "errors",
    "registry",
    "lazy",
    "budget",
    "regular_files",
    "text_files",
    "printable",
    "stopping",
}  # rooms of one module, in the package's own folder
TESTS = "//tests:__subpackages__"
RUNNER = "//tests:run_pytest.py"
NOT_DATA = ["**/*.py", "**/*.pyc", "**/__pycache__/**", "**/BUILD"]
TREE_DATA = "//:source_tree"


def build_files():
    """Returns the text of each BUILD file by the folder it stands in, relative to the root."""
    rules = collections.defaultdict(list)
    for add in (root_rules, library_rules, app_rules, example_rules, test_rules):
        for folder, rule, attributes in add():
            rules[folder].append((rule, attributes))
    return {folder: rendered(folder, found) for folder, found in sorted(rules.items())}


# --- the library ---------------------------------------------------------------------------------


def library_rules():
    yield from groups()
    for module, path in tree.modules().items():
        folder = tree.relative(path.parent)
        if path.stem == "__init__":
            yield folder, "py_library", folder_target(module, path)
        elif path.stem != "__main__":
            yield folder, "py_library", module_target(module, path)


def groups():
    """Yields for each room the group of packages that may import it."""
    rooms = {tree.room_of(module) for module in tree.modules()} - {"main", "package"}
    for room in [room for room in tree.ALLOWED if room in rooms]:
        users = [one for one in tree.ALLOWED if one == room or room in tree.ALLOWED[one]]
        users = [one for one in users if one in rooms - SINGLE]
        packages = [f"//{tree.PACKAGE}/{one}/..." for one in users]
        packages += [f"//{tree.PACKAGE}"] if room == "apps" else []  # the main binary
        packages += ["//", "//examples/...", "//tests/..."]
        yield tree.PACKAGE, "package_group", {"name": f"{room}_users", "packages": packages}


def module_target(module, path):
    """Returns the target of a file: visible in its folder, and if not private, below it."""
    room = f"{tree.PACKAGE}:{tree.room_of(module)}_users"
    here = f"{tree.relative(path.parent)}:__subpackages__"
    users = room if module.count(".") == 1 else here
    return {
        "name": target_name(path),
        "srcs": [path.name],
        "deps": dependencies(module, path),
        "visibility": [TESTS] if path.stem.startswith("_") else [f"//{users}", TESTS],
    }


def folder_target(module, path):
    """Returns the target of a folder: its ``__init__`` and all that stands in it."""
    if module == tree.PACKAGE:
        return {
            "name": "package",
            "srcs": ["__init__.py"],
            "data": ["py.typed"],
            "visibility": [f"//{tree.PACKAGE}:__subpackages__", "//:__pkg__", TESTS],
        }
    inside = [m for m in tree.modules() if m.rpartition(".")[0] == module]
    inside = [m for m in inside if tree.modules()[m].stem != "__main__"]
    deps = {label(m, module) for m in inside} | set(dependencies(module, path))
    room, above = tree.room_of(module), tree.relative(path.parent.parent)
    in_room = [f"//{above}:__subpackages__", TESTS]
    is_room = module == f"{tree.PACKAGE}.{room}"
    return {
        "name": path.parent.name,
        "srcs": ["__init__.py"],
        "deps": sorted(deps - {f":{path.parent.name}"}),
        "visibility": [f"//{tree.PACKAGE}:{room}_users"] if is_room else sorted(in_room),
    }


def dependencies(module, path):
    """Returns the labels of what a module imports, and of the package itself."""
    here = module if path.stem == "__init__" else module.rpartition(".")[0]
    found = {label(as_seen(other, here), here) for other in imported([path]) if other != module}
    return sorted(found | {f"//{tree.PACKAGE}:package"})


def as_seen(other, here):
    """Returns what folder `here` asks for to import `other`.

    It is the module itself where that is in this folder or one around it, and else the outermost
    folder that isn't around this one: the folders as wholes then point one way, or make a circle.
    """
    names = other.split(".")
    for depth in range(2, len(names) + 1):
        folder = ".".join(names[:depth])
        is_folder = tree.modules()[folder].stem == "__init__"
        if is_folder and not f"{here}.".startswith(f"{folder}."):
            return folder
    return other


def imported(paths):
    return {
        other
        for path in paths
        for found in tree.imports_of(tree.parse(path))
        for other in tree.own_modules_imported(found)
    }


def label(module, here=None):
    """Returns the label of a module's target, short where it stands in folder `here`."""
    path = tree.modules()[module]
    if path.stem == "__init__":
        name = "package" if module == tree.PACKAGE else path.parent.name
        folder = tree.relative(path.parent)
        return f":{name}" if module == here else f"//{folder}:{name}"
    folder, name = module.rpartition(".")[0], target_name(path)
    return f":{name}" if folder == here else f"//{folder.replace('.', '/')}:{name}"


def target_name(path):
    """Returns the name of a module's target; the folder's own name is that of the folder."""
    return f"{path.stem}_module" if path.stem == path.parent.name else path.stem


# --- apps, examples and tests --------------------------------------------------------------------


def root_rules():
    rooms = [room for room in tree.ALLOWED if f"{tree.PACKAGE}.{room}" in tree.modules()]
    single = [f"//{tree.PACKAGE}:{one}" for one in sorted(SINGLE | {"package"})]
    everything = [f"//{tree.PACKAGE}/{room}" for room in rooms if room not in SINGLE]
    yield (
        "",
        "py_library",
        {
            "name": tree.PACKAGE,
            "deps": [*single, *everything],
            "visibility": PUBLIC,
        },
    )
    for folder, _, attributes in app_rules():
        name = attributes["name"]
        actual = f"//{folder}:{name}"
        yield "", "alias", {"name": name, "actual": actual, "visibility": PUBLIC}
    for folder, tests in sorted(suites().items()):
        name = folder.replace("/", "_")
        yield "", "test_suite", {"name": name, "tests": tests, "visibility": PUBLIC}


def suites():
    """Returns the labels of all tests by the folder directly below tests/ that holds them."""
    found = collections.defaultdict(list)
    for path in tree.files_under("tests"):
        if path.stem.endswith("_test"):
            folder = tree.relative(path.parent)
            found["/".join(folder.split("/")[:2])].append(f"//{folder}:{path.stem}")
    return found


def app_rules():
    """Yields a binary for the dispatcher and one for each app that can be run by itself."""
    for module, path in tree.modules().items():
        if tree.room_of(module) in ("apps", "main") and is_script(path):
            folder = tree.relative(path.parent)
            name = "main" if path.stem == "__main__" else f"{path.stem}_app"
            deps = [f"//{tree.PACKAGE}/apps"] if path.stem == "__main__" else [":apps"]
            yield folder, "py_binary", {**binary(name, path, deps), "visibility": PUBLIC}


def example_rules():
    for folder, files in by_folder("examples").items():
        deps = [f"//:{tree.PACKAGE}"] if imported(files) else []
        shown = ["//examples:__subpackages__", TESTS]
        library = {"name": "example", "testonly": True, "srcs": names(files)}
        yield (
            folder,
            "py_library",
            {**library, "data": data_glob(), "deps": deps, "visibility": shown},
        )
        for path in filter(is_script, files):
            yield folder, "py_binary", {**binary(path.stem, path, [":example"]), "testonly": True}


def test_rules():
    folders = by_folder("tests")
    for folder, files in folders.items():
        support = [path for path in files if not path.stem.endswith("_test")]
        attributes = {"name": "support", "testonly": True, "srcs": names(support)}
        attributes |= {"data": data_glob(), "visibility": [TESTS]}
        deps = {label(module) for module in imported(support)}
        if folder == "tests":
            deps |= {f"//{other}:support" for other in folders if other != folder}
        yield folder, "py_library", {**attributes, "deps": sorted(deps)}
        for path in sorted(set(files) - set(support)):
            yield folder, "py_test", unit_test(path, folder)


def unit_test(path, folder):
    deps = {"//tests:support", *(label(module) for module in imported([path]))}
    if runs_apps(path):
        deps.add(f"//{tree.PACKAGE}/apps")
    if runs_examples(path):
        deps |= {f"//{example}:example" for example in by_folder("examples")}
    attributes = {
        "name": path.stem,
        "srcs": [path.name, RUNNER],
        "main": RUNNER,
        "args": [tree.relative(path)],
        "deps": sorted(deps),
        "visibility": ["//:__pkg__"],
    }
    if folder == "tests/project":
        attributes["data"] = [TREE_DATA]
    return attributes


def by_folder(top):
    """Returns the Python files below folder `top` by the folder that holds them."""
    found = {}
    for path in tree.files_under(top):
        found.setdefault(tree.relative(path.parent), []).append(path)
    for folder in list(found):  # folders between, so that every label's package is there
        while "/" in folder:
            folder = folder.rpartition("/")[0]
            found.setdefault(folder, [])
    return dict(sorted(found.items()))


def binary(name, path, deps):
    return {"name": name, "srcs": [path.name], "main": path.name, "deps": deps}


def names(paths):
    return sorted(path.name for path in paths)


def data_glob():
    return {"glob": ["**"], "exclude": NOT_DATA}


def is_script(path):
    return re.search(r'^if __name__ == "__main__":', path.read_text(encoding="utf-8"), re.M)


def runs_apps(path):
    """Tells a test that runs apps as commands: it needs them although it imports none."""
    text = path.read_text(encoding="utf-8")
    return '"tf1compat"' in text and '"-m"' in text


def runs_examples(path):
    """Tells a test of the examples, which may name their folder instead of importing it."""
    imports = {found.module.split(".")[0] for found in tree.imports_of(tree.parse(path))}
    return "examples" in imports or '"examples' in path.read_text(encoding="utf-8")


# --- as text -------------------------------------------------------------------------------------


def rendered(folder, rules):
    """Returns the text of the BUILD file of a folder."""
    doc = (
        "What others may build on: the library, the test suites."
        if not folder
        else (f"Targets of {folder}: one for each file, one for the folder.")
    )
    head = [HEADER.format(doc=doc), 'package(default_visibility = ["//visibility:private"])\n']
    if not folder:
        head += ['licenses(["notice"])  # Apache-2.0\n', 'exports_files(["LICENSE"])\n']
    if folder == "tests":
        exported = 'exports_files(["run_pytest.py"], visibility = ["//tests:__subpackages__"])\n'
        head.append(exported)
    blocks = [block(rule, attributes) for rule, attributes in rules]
    if not folder or folder.startswith(("tests", "examples")):
        blocks.append(SOURCES if folder else SOURCE_TREE)
    return "\n".join([*head, *blocks])


SOURCES = """filegroup(
    name = "all_files",
    testonly = True,
    srcs = glob(["**"], exclude = ["**/__pycache__/**"]),
    visibility = ["//:__subpackages__"],
)
"""
SOURCE_TREE = """# What the guards of tests/project read beside the library.
filegroup(
    name = "source_tree",
    testonly = True,
    srcs = ["BUILD", "CHANGELOG.md", "CONTRIBUTING.md", "README.md", "setup.cfg"] + glob([
        ".ci/**",
        "docs/**",
    ]),
    visibility = ["//tests:__subpackages__"],
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
