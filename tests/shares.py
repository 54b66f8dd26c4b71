"""How many of the cases that prove one rule are run: a share of them, or, where asked for, all.

A share holds the first case of each kind, so that each kind has one that can fail, and each so many
after it. ``TF1COMPAT_SHARES=whole`` asks for all: see CONTRIBUTING.md.
"""

import os

WHOLE = os.environ.get("TF1COMPAT_SHARES") == "whole"


def share(cases, every, kind=None, *, whole=WHOLE):
    """Returns the first of each kind of cases and each `every`-th of it, in the order given.

    Args:
      cases: things of any kind, in an order that is the same in each run.
      every: one in so many is kept.
      kind: a function of a case, whose results tell kinds apart; None: all are of one kind.
      whole: whether all are asked for.
    """
    cases = list(cases)
    if whole:
        return cases
    seen, kept = {}, []
    for case in cases:
        known = kind(case) if kind else None
        if seen.setdefault(known, 0) % every == 0:
            kept.append(case)
        seen[known] += 1
    return kept
