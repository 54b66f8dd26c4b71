"""The rooms import each other one way only, and nobody reaches for private TensorFlow."""

import ast
import graphlib
import subprocess
import sys
import textwrap

import private_imports
import pytest
import source_tree as tree

FILES = tree.library_files()
IDS = [tree.relative(path) for path in FILES]
PURE = {"errors", "names", "checkpoint", "package"}  # rooms that TensorFlow never enters


def where(path, line):
    return f"{tree.relative(path)}:{line}"


def written_edges(path, parsed):
    """Yields (line, imported module) for imports, and for import_module with a known beginning."""
    for found in tree.imports_of(parsed):
        for module in tree.own_modules_imported(found):
            yield found.line, module
    for node in ast.walk(parsed):
        if isinstance(node, ast.Call) and private_imports.called(node) == "import_module":
            text = private_imports.joined_text(node.args[0]) if node.args else ""
            if text.startswith(tree.PACKAGE + "."):
                yield node.lineno, text.rstrip(".")


def forbidden_edges(path, parsed):
    room = tree.room_of(tree.module_name(path))
    allowed = tree.ALLOWED.get(room, set()) | {room}
    return [
        f"{where(path, line)}: {room} imports {module}; it may import {sorted(allowed)}"
        for line, module in written_edges(path, parsed)
        if tree.room_of(module) not in allowed
    ]


def test_every_room_has_its_place():
    rooms = {tree.room_of(module) for module in tree.modules()}
    assert rooms <= set(tree.ALLOWED), f"new rooms: {rooms - set(tree.ALLOWED)}"


def test_the_allowed_directions_make_no_circle():
    tuple(graphlib.TopologicalSorter(tree.ALLOWED).static_order())


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_imports_point_one_way(path):
    assert forbidden_edges(path, tree.parse(path)) == []


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_imports_are_absolute_and_named(path):
    found = tree.imports_of(tree.parse(path))
    assert [i for i in found if i.module.startswith(".") or "*" in i.names] == []


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_only_public_tensorflow_and_keras(path):
    problems = private_imports.private_uses(tree.parse(path))
    assert [f"{where(path, line)}: {text}" for line, text in problems] == []


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_no_underscored_names_from_other_modules(path):
    """What starts with an underscore stays in its module, such a module in its folder."""
    module = tree.module_name(path)
    room = tree.room_of(module)
    problems = []
    for found in tree.imports_of(tree.parse(path)):
        for target in tree.own_modules_imported(found):
            hidden = any(part.startswith("_") for part in target.split(".")[1:])
            if hidden and tree.room_of(target) != room and target != "tf1compat.__main__":
                problems.append(f"{where(path, found.line)}: {target} is private to its room")
        if found.module.startswith(tree.PACKAGE):
            problems += [
                f"{where(path, found.line)}: {name} is private to {found.module}"
                for name in found.names
                if name.startswith("_")
                and not name.endswith("__")
                and f"{found.module}.{name}" not in tree.modules()
            ]
    assert problems == []


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_keras_stays_in_its_room(path):
    if tree.room_of(tree.module_name(path)) != "keras3":
        problems = private_imports.keras_uses(tree.parse(path))
        assert [f"{where(path, line)}: {text}" for line, text in problems] == []


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_pure_rooms_import_no_tensorflow(path):
    """checkpoint/ may import it within a function, where it reads a .meta; names/ never."""
    room = tree.room_of(tree.module_name(path))
    lazily = room == "checkpoint" and "meta" in path.stem
    problems = [
        f"{where(path, found.line)}: {found.module}"
        for found in tree.imports_of(tree.parse(path))
        if found.module.split(".")[0] == "tensorflow" and not (found.lazy and lazily)
    ]
    assert room not in PURE or problems == []


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
