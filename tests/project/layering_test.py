"""The rooms import each other one way only, and nobody reaches for private TensorFlow."""

import ast
import graphlib
import subprocess
import sys
import textwrap

import private_imports
import pytest
import reaching
import source_tree as tree

FILES = tree.library_files()
PURE = {
    "errors",
    "registry",
    "lazy",
    "budget",
    "regular_files",
    "text_files",
    "printable",
    "stopping",
    "names",
    "files",
    "checkpoint",
    "package",
}  # rooms that TensorFlow never enters


# Names that several folders' modules share because they mean the same in each.
SHARED_NAMES = {
    "base": "the class that all others of the folder derive from",
    "checkpoint": "the class that the room is named for",
    "reader": "what reads the folder's format",
    "writer": "what writes the folder's format",
    "convert": "the app is named for what it does",
    "plan": "the app is named for what it makes",
    "verify": "the app is named for what it does",
}


# Modules that import what only their callers or the moment tell.
BY_NAME = {
    "tf1compat.apps.main": "the task that the command line names",
    "tf1compat.lazy": "the name that is asked for, so that Keras is imported no earlier",
    "tf1compat.keras3.models.factories": "the user's module:callable",
}


def where(path, line):
    return f"{tree.relative(path)}:{line}"


def written_edges(parsed):
    """Yields (line, imported module) for what is reached of the library, in whatever way."""
    for found in reaching.every_import(parsed):
        for module in tree.own_modules_imported(found):
            yield found.line, module


def forbidden_edges(path, parsed):
    room = tree.room_of(tree.module_name(path))
    allowed = tree.ALLOWED.get(room, set()) | {room}
    return [
        f"{where(path, line)}: {room} imports {module}; it may import {sorted(allowed)}"
        for line, module in written_edges(parsed)
        if tree.room_of(module) not in allowed
    ]


def test_every_room_has_its_place():
    rooms = {tree.room_of(module) for module in tree.modules()}
    assert rooms <= set(tree.ALLOWED), f"new rooms: {rooms - set(tree.ALLOWED)}"


def test_the_allowed_directions_make_no_circle():
    tuple(graphlib.TopologicalSorter(tree.ALLOWED).static_order())


def offenders(problems_of):
    """Returns what `problems_of` (path, parsed) says of every file of the library."""
    return [problem for path in FILES for problem in problems_of(path, tree.parse(path))]


def test_imports_point_one_way():
    assert offenders(forbidden_edges) == []


def test_folders_point_one_way():
    """Within every folder its files and folders import each other in one direction."""
    assert folder_circles(tree.import_edges(found_in=reaching.every_import)) == []


def folder_circles(edges):
    """Returns the circles between the direct children of any folder, as text."""
    found = []
    parts = [a.split(".") for a, _ in edges]
    for folder in sorted({".".join(p[:depth]) for p in parts for depth in range(1, len(p))}):
        graph = {}
        for a, b in edges:
            if a.startswith(folder + ".") and b.startswith(folder + "."):
                inner, outer = (m[len(folder) + 1 :].split(".")[0] for m in (a, b))
                if inner != outer:
                    graph.setdefault(inner, set()).add(outer)
        try:
            tuple(graphlib.TopologicalSorter(graph).static_order())
        except graphlib.CycleError as error:
            found.append(f"{folder}: " + " <- ".join(error.args[1]))
    return found


def test_imports_are_absolute_and_named():
    def problems(path, parsed):
        found = reaching.every_import(parsed)
        bad = [i for i in found if i.module.startswith(".") or "*" in i.names]
        return [f"{where(path, i.line)}: {i.module} {i.names}" for i in bad]

    assert offenders(problems) == []


def test_own_imports_resolve():
    """Every module and every name that the library imports of itself is there."""

    def problems(path, parsed):
        return [
            f"{where(path, found.line)}: {missing}"
            for found in tree.imports_of(parsed)
            for missing in tree.missing_of(found)
        ]

    assert offenders(problems) == []


def test_only_public_tensorflow_and_keras():
    def problems(path, parsed):
        return [f"{where(path, line)}: {t}" for line, t in private_imports.private_uses(parsed)]

    assert offenders(problems) == []


def test_underscored_modules_stay_in_their_folder():
    """An underscore means private to the folder; a module without one is used from elsewhere."""
    edges = tree.import_edges(with_packages=True, found_in=reaching.every_import)
    assert underscore_problems(edges) == []


def underscore_problems(edges):
    users = {}
    for importer, module in edges:
        users.setdefault(module, set()).add(importer)
    problems = []
    for module, path in tree.modules().items():
        folder, _, leaf = module.rpartition(".")
        if path.stem in ("__init__", "__main__") or tree.is_task(module):
            continue
        outside = {u for u in users.get(module, ()) if u == folder or tree.folder_of(u) != folder}
        if leaf.startswith("_") and outside:
            problems.append(f"{module} is private to its folder; {sorted(outside)} import it")
        if not leaf.startswith("_") and not outside:
            problems.append(f"{module}: only its folder uses it, so call it _{leaf}")
    return problems


def test_no_underscored_names_from_other_modules():
    """What starts with an underscore stays in its module."""
    assert offenders(underscored_names) == []


def underscored_names(path, parsed):
    return [
        f"{where(path, found.line)}: {name} is private to {found.module}"
        for found in reaching.every_import(parsed)
        if found.module.startswith(tree.PACKAGE)
        for name in found.names
        if name.startswith("_")
        and not name.endswith("__")
        and f"{found.module}.{name}" not in tree.modules()
    ]


def test_only_what_is_not_known_beforehand_is_imported_by_name():
    """Anything else is an import statement, which every guard can read."""
    users = {tree.module_name(p) for p in FILES if reaching.mentions_importers(tree.parse(p))}
    assert users == set(BY_NAME)


def test_module_names_mean_one_thing():
    """One name for modules of two folders only where it means the same in both."""
    seen = {}
    for module, path in tree.modules().items():
        word = path.parent.name if path.stem == "__init__" else path.stem
        if word != "__main__":
            seen.setdefault(word.strip("_"), []).append(module)
    double = {name: found for name, found in seen.items() if len(found) > 1}
    assert {name: found for name, found in double.items() if name not in SHARED_NAMES} == {}


def test_keras_stays_in_its_room():
    def problems(path, parsed):
        if tree.room_of(tree.module_name(path)) == "keras3":
            return []
        return [f"{where(path, line)}: {text}" for line, text in private_imports.keras_uses(parsed)]

    assert offenders(problems) == []


def test_pure_rooms_import_no_tensorflow():
    """Not even within a function."""
    assert offenders(tensorflow_in_pure_rooms) == []


def tensorflow_in_pure_rooms(path, parsed):
    if tree.room_of(tree.module_name(path)) not in PURE:
        return []
    return [
        f"{where(path, found.line)}: {found.module}"
        for found in reaching.every_import(parsed)
        if found.module.split(".")[0] == "tensorflow"
    ]


def test_modules_import_each_other_without_circles():
    graph = {}
    for module, path in tree.modules().items():
        imports = [i for i in tree.imports_of(tree.parse(path)) if not i.typing_only]
        graph[module] = {m for i in imports for m in tree.own_modules_imported(i)} - {module}
    try:
        tuple(graphlib.TopologicalSorter(graph).static_order())
    except graphlib.CycleError as error:
        pytest.fail("imported in a circle: " + " <- ".join(error.args[1]))


def test_reading_without_tensorflow():
    """Importing what reads names and files loads neither TensorFlow nor Keras."""
    light = [m for m in tree.modules() if tree.room_of(m) in PURE]
    light += [m for m in ("tf1compat.apps.main", "tf1compat.apps.inspect") if m in tree.modules()]
    code = "import importlib, sys\n"
    code += f"sys.path.insert(0, {str(tree.ROOT)!r})\n"
    code += f"for name in {light!r}: importlib.import_module(name)\n"
    code += "print(sorted({m.split('.')[0] for m in sys.modules} & {'tensorflow', 'keras', 'jax'}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


@pytest.mark.parametrize(
    "code",
    [
        "import tensorflow.python.ops",
        "from tensorflow.python import ops",
        "from tensorflow import python",
        "from tensorflow.core.framework import graph_pb2",
        "import keras.src.layers as layers",
        "from keras import src",
        "import tf_keras",
        "def f():\n    from tensorflow.python.framework import ops",
        "import importlib\nimportlib.import_module('tensorflow.python.ops')",
        "import importlib\nimportlib.import_module('tensorflow' + '.python')",
        "name = 'ops'\n__import__(f'tensorflow.python.{name}')",
        "import sys\nsys.modules['keras.src.backend']",
        "import tensorflow as tf\ntf.python.ops",
        "import tensorflow.compat.v1 as tf\nx = tf._api",
        "import tensorflow as tf\ngetattr(tf, 'python')",
        "import tensorflow as tf\ngetattr(tf.compat, '_v1')",
        "import keras\nkeras.src.layers",
    ],
)
def test_the_guard_sees_private_uses(code):
    assert private_imports.private_uses(ast.parse(textwrap.dedent(code)))


@pytest.mark.parametrize(
    "code",
    [
        "import tensorflow as tf\ntf.compat.v1.get_variable('w', [1])",
        '"""Mirrors tensorflow.python.ops."""',
        "print('build it with keras, not with keras.src')",
        "found = module.split('.')[0] == 'tf_keras'",
        "python = 3\nself.python = python\nself._core.core = 1",
        "import tensorflow as tf\ntf.__version__",
    ],
)
def test_the_guard_lets_public_uses_pass(code):
    assert private_imports.private_uses(ast.parse(code)) == []


@pytest.mark.parametrize(
    "code",
    [
        "import keras",
        "from tensorflow import keras",
        "from tensorflow.keras import layers",
        "import tensorflow as tf\ntf.keras.Model",
        "import tensorflow as tf\ntf.compat.v1.keras.layers",
        "import importlib\nimportlib.import_module('keras')",
        "import importlib\nimportlib.import_module(name='keras.layers')",
        "from importlib import import_module as load\nload('keras')",
    ],
)
def test_the_guard_sees_keras(code):
    assert private_imports.keras_uses(ast.parse(code))


@pytest.mark.parametrize(
    ("module", "code"),
    [
        ("names", "from tf1compat.checkpoint import open_checkpoint"),
        ("checkpoint", "def f():\n    import tf1compat.graph.scopes"),
        ("graph", "import importlib\nimportlib.import_module('tf1compat.keras3')"),
        ("names", "__import__('tf1compat.graph')"),
        ("names", "from importlib import import_module as load\nload('tf1compat.graph')"),
        ("names", "from importlib import import_module\nimport_module(name='tf1compat.graph')"),
        ("names", "import_module(f'tf1compat.graph.{name}')"),
        ("names", "import tf1compat\nprint(tf1compat.graph.items)"),
        ("errors", "from tf1compat import names"),
        ("migration", "import tf1compat.apps"),
        ("apps", "from tf1compat.testing import GraphTestCase"),
    ],
)
def test_the_guard_sees_forbidden_directions(module, code):
    path = tree.ROOT / tree.PACKAGE / module / "made_up.py"
    if module == "errors":
        path = path.parent.with_suffix(".py")
    assert forbidden_edges(path, ast.parse(code))


@pytest.mark.parametrize(
    "code",
    [
        "def f():\n    import tensorflow",
        "def f():\n    importlib.import_module('tensorflow')",
        "def f():\n    return __import__('tensorflow.compat.v1')",
        "from importlib import import_module as load\ndef f():\n    load(name='tensorflow')",
    ],
)
def test_the_guard_sees_tensorflow_in_pure_rooms(code):
    parsed = ast.parse(code)
    assert tensorflow_in_pure_rooms(tree.ROOT / tree.PACKAGE / "checkpoint" / "new.py", parsed)
    assert not tensorflow_in_pure_rooms(tree.ROOT / tree.PACKAGE / "graph" / "new.py", parsed)


@pytest.mark.parametrize(
    "code",
    [
        "import importlib\nload = importlib.import_module\nload(name)",
        "from importlib import import_module as load\nload(name)",
        "load = __import__",
        "load = getattr(importlib, 'import_module')",
    ],
)
def test_the_guard_sees_what_imports_by_name(code):
    assert reaching.mentions_importers(ast.parse(code))


@pytest.mark.parametrize(
    "code",
    [
        "from tf1compat.names import _slots",
        "from tf1compat import names\nnames._slots.find_companions",
        "import tf1compat.names\ndef f():\n    return tf1compat.names._slots",
        "import tf1compat.names as n\nn._slots",
        "from tf1compat import names\ngetattr(names, '_slots')",
        "import importlib\nimportlib.import_module('tf1compat.names._slots')",
        "__import__('tf1compat.names._slots')",
    ],
)
def test_the_guard_sees_underscored_modules_however_reached(code):
    edges = [
        ("tf1compat.migration.conversion", module) for _, module in written_edges(ast.parse(code))
    ]
    assert any("_slots is private to its folder" in text for text in underscore_problems(edges))


def test_the_guard_sees_underscored_names_however_reached():
    path = tree.ROOT / tree.PACKAGE / "migration" / "new.py"
    for code in (
        "from tf1compat.names.parse import _hidden",
        "from tf1compat.names import parse\nparse._hidden()",
        "from tf1compat.names import parse\ngetattr(parse, '_hidden')",
    ):
        assert underscored_names(path, ast.parse(code))
    assert not underscored_names(
        path, ast.parse("from tf1compat.names import parse\nparse.__doc__")
    )


def test_the_guard_sees_circles_between_folders():
    edges = [("p.a.x", "p.b.y"), ("p.b.z", "p.a.w")]
    assert folder_circles(edges) == ["p: a <- b <- a"] or folder_circles(edges) == [
        "p: b <- a <- b"
    ]


def test_the_guard_sees_underscores_that_lie():
    edges = [
        ("tf1compat.migration.conversion", "tf1compat.names._slots"),
        ("tf1compat.names.nameset", "tf1compat.names.parse"),
    ]
    problems = underscore_problems(edges)
    assert any("_slots is private to its folder" in problem for problem in problems)
    assert "tf1compat.names.parse: only its folder uses it, so call it _parse" in problems
