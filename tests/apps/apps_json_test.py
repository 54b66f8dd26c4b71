"""What tasks print as JSON is strict, says its version, and is as the schema has it."""

import contextlib
import io
import json
import pathlib
import sys

import jsonschema
import numpy as np
import pytest

from tf1compat.apps import TASKS, run
from tf1compat.apps._printing import _strict
from tf1compat.checkpoint import write_checkpoint
from tf1compat.keras3.formats.programs.deviation import Deviation
from tf1compat.migration import Plan
from tf1compat.migration.verification.program_outputs import ProgramOutput, ProgramOutputs

ROOT = pathlib.Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "docs" / "json.schema.json").read_text(encoding="utf-8"))
PAGE = (ROOT / "docs" / "json.md").read_text(encoding="utf-8")
GRAPH = str(ROOT / "tests" / "goldens" / "bert" / "model.ckpt")
NAN, INF = float("nan"), float("inf")
_MODEL = """
import keras

def build():
    return keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(2, name="fc")])
"""
WEIGHTS = {"net/w": np.eye(2, dtype=np.float32), "net/b": np.zeros(2, np.float32)}
SICK = {"net/w": np.array([[NAN, INF], [-INF, 0]], np.float32), "net/b": np.ones(2, np.float32)}


def told(*args):
    """Returns the object that a task prints, and its exit status."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), pytest.raises(SystemExit) as ended:
        run([*args, "--format=json"])
    return json.loads(out.getvalue(), parse_constant=pytest.fail), ended.value.code


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """A directory with checkpoints, and a model in a file of Python."""
    folder = tmp_path_factory.mktemp("json")
    (folder / "model_of_json.py").write_text(_MODEL)
    write_checkpoint(str(folder / "a.ckpt"), {**WEIGHTS, "net/w/Adam": WEIGHTS["net/w"]})
    write_checkpoint(str(folder / "sick.ckpt"), {**SICK, "text": np.array([b"x"], object)})
    write_checkpoint(str(folder / "more.ckpt"), {**SICK, "text": np.array([b"y"], object)})
    write_checkpoint(str(folder / "bare.ckpt"), {"net/w": WEIGHTS["net/w"]})
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))
    sys.modules.pop("model_of_json", None)


CASES = {
    "inspect": (0, "inspect", "a.ckpt"),
    "inspect of what is not finite": (0, "inspect", "sick.ckpt", "--health"),
    "inspect of an object-based one": (0, "inspect", "tests/checkpoint/testdata/object_based"),
    "inspect of a graph": (0, "inspect", GRAPH, "--graph"),
    "diff of equals": (0, "diff", "a.ckpt", "a.ckpt"),
    "diff of what is not finite": (1, "diff", "a.ckpt", "sick.ckpt"),
    "diff of strings": (1, "diff", "sick.ckpt", "more.ckpt"),
    "diff with a file": (1, "diff", "bare.ckpt", "out.weights.h5", "--model=model_of_json:build"),
    "plan": (0, "plan", "a.ckpt", "model_of_json:build"),
    "plan that is open": (1, "plan", "bare.ckpt", "model_of_json:build"),
    "migrate": (0, "migrate", "a.ckpt", "model_of_json:build", "new.keras", "--verify"),
    "back": (0, "back", "a.ckpt", "new.keras", "back.ckpt"),
    "rename": (0, "rename", "a.ckpt", "renamed.ckpt", "--map=net/w=net/kernel"),
    "drop-slots": (0, "drop-slots", "a.ckpt", "slotless.ckpt", "--dry_run"),
    "cast": (0, "cast", "a.ckpt", "half.ckpt", "--to=float16", "--scope=net/w"),
    "merge": (0, "merge", "a.ckpt", "merged.ckpt", "--dry_run"),
    "split": (0, "split", "a.ckpt", "split.npz", "--parts=2", "--scope=net", "--kind=variables"),
    "average": (0, "average", "a.ckpt", "a.ckpt", "mean.ckpt", "--dry_run"),
    "extract": (0, "extract", "a.ckpt", "net", "one.safetensors"),
    "convert": (0, "convert", "a.ckpt", "less.npz", "--variables=net/b"),
    "migrate that writes nothing": (0, "migrate", "a.ckpt", "model_of_json:build", "--dry_run"),
    "back that writes nothing": (0, "back", "a.ckpt", "new.keras", "--dry_run"),
    "migrate of what is open": (1, "migrate", "bare.ckpt", "model_of_json:build", "no.keras"),
    "verify": (0, "verify", "a.ckpt", "model_of_json:build", "out.weights.h5"),
    "verify of another": (1, "verify", "sick.ckpt", "model_of_json:build", "out.weights.h5"),
}


@pytest.fixture(scope="module")
def answers(work):
    """What each case printed, its status, by its name."""

    def placed(word):
        ends = (".ckpt", ".h5", ".keras", ".npz", ".safetensors")
        here = word.endswith(ends) and word != GRAPH
        return str(work / word if here else ROOT / word if word.startswith("tests/") else word)

    told("migrate", *map(placed, ("a.ckpt", "model_of_json:build", "out.weights.h5")))
    return {name: told(*map(placed, args)) for name, (_, *args) in CASES.items()}


@pytest.mark.parametrize("case", CASES)
def test_it_is_as_the_schema_has_it(answers, case):
    found, status = answers[case]
    expected, task, *_ = CASES[case]
    assert status == expected
    assert found["task"] == task
    of_task = {**SCHEMA["$defs"][task], "$defs": SCHEMA["$defs"]}
    jsonschema.Draft202012Validator(of_task).validate(found)
    jsonschema.Draft202012Validator(SCHEMA).validate(found)
    jsonschema.Draft202012Validator(_closed(of_task)).validate(found)  # every key is in it


def _closed(schema):
    """Returns a schema whose objects have no other keys than it says.

    A form that others add keys to is open by itself.
    """
    closed = _shut(schema)
    for name in _added_to(schema):
        closed["$defs"][name].pop("unevaluatedProperties", None)
    return closed


def _shut(value):
    if isinstance(value, list):
        return [_shut(one) for one in value]
    if not isinstance(value, dict):
        return value
    found = {key: _shut(one) for key, one in value.items()}
    named = isinstance(value.get("properties"), dict)
    return {"unevaluatedProperties": False, **found} if named else found


def _added_to(value):
    if isinstance(value, dict):
        if {"$ref", "properties"} <= value.keys():
            yield value["$ref"].rpartition("/")[2]
        value = value.values()
    for one in value if not isinstance(value, str) and hasattr(value, "__iter__") else ():
        yield from _added_to(one)


def test_a_program_is_as_the_schema_has_it():
    """One is run by another library, which takes its time: here is what the tasks hold of it."""
    one = ProgramOutput("y", Deviation("y", INF, NAN, 0.5), None)
    both = ProgramOutput("z", Deviation("z", 0.0, 0.0, 0.0), Deviation("z", 1.0, 0.5, 0.5))
    record = ProgramOutputs((one, both), 0.25, "the checkpoint has no .meta").record()
    found = json.loads(json.dumps(_strict(record), allow_nan=False))
    schema = {**SCHEMA["$defs"]["program"], "$defs": SCHEMA["$defs"]}
    jsonschema.Draft202012Validator(_closed(schema)).validate(found)
    for task in ("migrate", "verify"):
        assert SCHEMA["$defs"][task]["properties"]["program"] == {"$ref": "#/$defs/program"}


def test_there_is_a_case_of_each_task():
    assert {task for _, task, *_ in CASES.values()} == {*TASKS} - {"completion"}


def test_the_schema_is_one_and_sees_what_is_not():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    bad = {"format": 1, "task": "diff", "checkpoint": "a", "other": "b", "rows": []}
    with pytest.raises(jsonschema.ValidationError, match="is not valid under any"):
        jsonschema.Draft202012Validator(SCHEMA).validate(bad)


def test_numbers_that_are_none_are_null(answers):
    rows = {row["name"]: row for row in answers["diff of what is not finite"][0]["rows"]}
    assert (rows["net/w"]["elements"], rows["net/w"]["largest"]) == (4, None)
    (row,) = answers["diff of strings"][0]["rows"]
    assert (row["elements"], row["largest"]) == (1, None)
    sick = {row["name"]: row for row in answers["inspect of what is not finite"][0]["variables"]}
    assert [sick["net/w"][k] for k in ("nan", "inf", "zero", "max")] == [1, 2, 1, 0.0]


def test_a_printed_plan_is_a_plan(answers):
    found, _ = answers["plan"]
    assert Plan.from_json(json.dumps(found)).complete


@pytest.mark.parametrize("task", list(TASKS))
def test_every_task_that_has_json_has_a_form_on_the_page_and_in_the_schema(task):
    text = TASKS[task].help()
    if "format" not in text.flag_values:
        return
    assert {"$ref": f"#/$defs/{task}"} in SCHEMA["oneOf"]
    assert f"`{task}`" in PAGE
