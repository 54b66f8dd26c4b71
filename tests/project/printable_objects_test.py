"""What stands for an object in a log shows the names of files, and obeys none."""

import numpy as np

from tf1compat.checkpoint import open_checkpoint, write_checkpoint
from tf1compat.migration.verification.outputs import output_difference
from tf1compat.names import Rule, RuleSet, parse_name
from tf1compat.names.reasons import Kind, Reason

EVIL = "a\x1b[2J\x9b31m\u202e\u2066\u2028\nforged"


def test_objects_show_names(tmp_path):
    write_checkpoint(str(tmp_path / EVIL), {f"{EVIL}/w": np.zeros(2, np.float32)})
    checkpoint = open_checkpoint(str(tmp_path / EVIL))
    entry = checkpoint[f"{EVIL}/w"]
    reason = Reason(Kind("shown", "as {what} says"), {"what": EVIL})
    difference = output_difference(EVIL, np.zeros(2, np.float32), np.ones(2, np.float32))
    rule = Rule("a", EVIL)
    things = [checkpoint, entry, entry.name, parse_name(EVIL), reason]
    for thing in [*things, difference, rule, RuleSet([rule])]:
        for shown in (str(thing), repr(thing)):
            assert not set(shown) & set("\x1b\x9b\u202e\u2066\u2028\n"), type(thing)
