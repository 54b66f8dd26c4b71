"""What SECURITY.md promises of inputs, flags and limits is there."""

import ast
import re

import source_tree as tree

from tf1compat.apps import diff, inspect, migrate, verify
from tf1compat.names import patterns

TEXT = (tree.ROOT / "SECURITY.md").read_text(encoding="utf-8")


def test_every_flag_that_it_names_is_one():
    known = {flag for app in (diff, inspect, migrate, verify) for flag in app._FLAGS}
    known |= {f"no{flag}" for flag in known} | {"budget"}
    named = set(re.findall(r"--([a-z_0-9]+)", TEXT))
    assert named <= known
    assert {"checkpoint", "other", "recording", "rules", "output", "model", "regex"} <= named


def test_files_and_limits_that_it_names_are_there():
    for path in re.findall(r"`(tf1compat/[\w/.]+)`", TEXT):
        assert (tree.ROOT / path).is_file()
    assert f"{patterns._LONGEST:,}" in TEXT
    assert f"{patterns._MEMORY[-1] >> 20} MiB of program" in " ".join(TEXT.split())


def test_readme_links_it():
    assert "(SECURITY.md)" in (tree.ROOT / "README.md").read_text(encoding="utf-8")


def test_nothing_stored_is_executed():
    """No module of the library unpickles, evaluates or allows objects in arrays."""
    for path in tree.library_files():
        source = path.read_text(encoding="utf-8")
        assert not re.search(
            r"(?<![\w.])(?:eval|exec)\(|import pickle|allow_pickle=True", source
        ), path


def meters():
    """Yields where, what, for each byte and at least of all meters that modules declare."""
    for module, path in tree.modules().items():
        for node in tree.walked(tree.parse(path)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Meter":
                given = {one.arg: number(one.value) for one in node.keywords}
                what = ast.literal_eval(node.args[0])
                yield module.removeprefix("tf1compat."), what, given["each"], given["least"]


def number(node):
    """Returns the number that an expression of constants is."""
    if isinstance(node, ast.Constant):
        return node.value
    left, right = number(node.left), number(node.right)
    return left / right if isinstance(node.op, ast.Div) else left << right


def row(module, what, each, least):
    share = "-" if not each else f"{each:g} a byte" if each >= 1 else f"1 in {1 / each:g} bytes"
    whole = "byte" in what and least % (1 << 20) == 0
    return f"| `{module}` | {what} | {share} | {f'{least >> 20} MiB' if whole else f'{least:,}'} |"


def test_budgets_are_those_of_the_code():
    expected = sorted(row(*one) for one in meters())
    found = [line for line in TEXT.splitlines() if line.startswith("| `") and "_bytes" not in line]
    found = sorted(line for line in found if line.count("|") == 5)
    assert found == expected, "\n".join(["SECURITY.md needs these rows:", *expected])


def test_inputs_are_flags_that_take_files():
    """Each flag that names a file to read is in the table of inputs, or of one's own code."""
    files = {"checkpoint", "other", "recording", "v1_outputs", "rules", "output", "model"}
    known = {flag for app in (diff, inspect, migrate, verify) for flag in app._FLAGS}
    missing = [flag for flag in sorted(files & known) if f"`--{flag}" not in TEXT]
    assert missing == []
