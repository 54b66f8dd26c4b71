"""The graph room's annotations say something, and mypy holds users to them."""

import ast
import os
import subprocess
import sys

import pytest
import source_tree as tree

MOST_ANY = 0.15  # of a folder's annotations


def annotations(parsed):
    """Yields (line, what is annotated, annotation) of arguments, results and variables.

    Not of `*args` and `**kwargs`: what they hand on, another signature checks.
    """
    for node in ast.walk(parsed):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            given = node.args
            for one in [*given.posonlyargs, *given.args, *given.kwonlyargs]:
                if one.annotation is not None:
                    yield one.annotation.lineno, f"{node.name}({one.arg})", one.annotation
            if node.returns is not None:
                yield node.returns.lineno, f"{node.name} ->", node.returns
        elif isinstance(node, ast.AnnAssign):
            yield node.lineno, ast.unparse(node.target), node.annotation


def folders():
    """Returns {folder: its files} of the graph room, the room's own files under its own name."""
    found = {}
    for path in tree.files_under(f"{tree.PACKAGE}/graph"):
        found.setdefault(tree.relative(path.parent), []).append(path)
    return found


def bare_any(paths):
    """Returns (places annotated with nothing but Any, number of all annotations)."""
    every = [(path, *one) for path in paths for one in annotations(tree.parse(path))]
    bare = [
        f"{tree.relative(path)}:{line} {what}"
        for path, line, what, annotation in every
        if isinstance(annotation, ast.Name) and annotation.id == "Any"
    ]
    return bare, len(every)


@pytest.mark.parametrize("folder", folders())
def test_few_annotations_are_any(folder):
    bare, total = bare_any(folders()[folder])
    assert len(bare) <= MOST_ANY * total, f"{len(bare)} of {total} are Any:\n" + "\n".join(bare)


def test_the_count_sees_every_place():
    code = "def f(a: Any, *b: Any, c: int, **d: Any) -> Any:\n    e: Any = 1\n    g: list[Any] = []"
    found = [(what, ast.unparse(one)) for _, what, one in annotations(ast.parse(code))]
    assert [what for what, text in found if text == "Any"] == ["f(a)", "f ->", "e"]
    assert len(found) == 5


# Lines that end in "# wrong" are misuses; the others must pass.
PROGRAM = """\
import tensorflow as tf
from tf1compat.graph import layers, rnn_cell
from tf1compat.graph.types import Shape, Tensor, Variable

def double(value: Tensor) -> Tensor:
    return value * 2

def shape_of(value: Tensor) -> Shape:
    return value.shape

x: Tensor = tf.ones([1, 2])
layers.dense(x, 3, activation=double, kernel_regularizer="l2")
layers.dense(x, 3, activation="relu", bias_initializer={"class_name": "Ones", "config": {}})
layers.dense(x, 3, activation=shape_of)  # wrong
layers.dense(x, 3, kernel_initializer=0.1)  # wrong
layers.dense(x, 3, kernel_regularizer=0.1)  # wrong
layers.conv2d(x, 3, (1, 2))
layers.conv2d(x, 3, "same")  # wrong
layers.conv2d(x, 3, 1.5)  # wrong
layers.batch_normalization(x, training=tf.constant(True))
layers.batch_normalization(x, training="no")  # wrong
layers.conv2d(x, 3, 1).shape.rank
layers.conv2d(x, 3, 1).rank  # wrong
layers.dense(x, 3).shape[0] + 1  # wrong
kernel: Variable = layers.dense(x, 3)  # wrong
cell = rnn_cell.MultiRNNCell([rnn_cell.LSTMCell(3), rnn_cell.GRUCell(3)])
output, state = cell(x, cell.zero_state(1, tf.float32))
rnn_cell.MultiRNNCell([rnn_cell.LSTMCell, rnn_cell.GRUCell(3)])  # wrong
rnn_cell.ResidualWrapper(layers.Dense(3))  # wrong
rnn_cell.GRUCell(3, activation=3)  # wrong
cell(x)  # wrong
"""


# NumPy's annotations take longer than all else, and say nothing of the graph room's.
WITHOUT_NUMPY = """
[mypy-numpy.*]
follow_imports = skip
follow_imports_for_stubs = True
"""


@pytest.mark.slow
def test_mypy_flags_misuses(tmp_path):
    program, config = tmp_path / "program.py", tmp_path / "setup.cfg"
    program.write_text(PROGRAM)
    config.write_text((tree.ROOT / "setup.cfg").read_text(encoding="utf-8") + WITHOUT_NUMPY)
    command = [sys.executable, "-m", "mypy", "--config-file", str(config)]
    done = subprocess.run(
        [*command, "--cache-dir", os.devnull, str(program)],
        cwd=tree.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    own = [line for line in done.stdout.splitlines() if "program.py:" in line and "error" in line]
    flagged = {int(line.split("program.py:")[1].split(":")[0]) for line in own}
    wrong = {
        number for number, line in enumerate(PROGRAM.splitlines(), 1) if line.endswith("# wrong")
    }
    assert flagged == wrong, done.stdout + done.stderr
