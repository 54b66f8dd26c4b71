"""What tells sources apart: every kind of evidence, the strongest first, one file a kind.

To add one, write an :class:`Evidence` in a file of its own and put it into the tuple here; from
outside the package, ``EVIDENCE.add(Mine())``, which is asked after the others.
"""

from tf1compat.migration.matching.evidence import (
    by_absence,
    by_containers,
    by_flow,
    by_joins,
    by_names,
    by_neighbours,
    by_objection,
    by_order,
    by_owner,
    by_stages,
)
from tf1compat.migration.matching.evidence.base import FILL_KINDS as _FILL_KINDS
from tf1compat.migration.matching.evidence.base import Evidence, Proposal
from tf1compat.migration.matching.nodes import Node
from tf1compat.migration.matching.state import EvidenceKind, Group, State
from tf1compat.names.reasons import kind_names as _kind_names
from tf1compat.registry import Registry as _Registry

__all__ = ["EVIDENCE", "Evidence", "EvidenceKind", "Group", "Node", "Proposal", "State"]

EVIDENCE: _Registry[Evidence] = _Registry(
    "kind of evidence",
    (
        by_flow.ByFlow(),
        by_joins.ByJoins(),
        by_stages.ByStages(),
        by_objection.ByObjection(),
        by_names.ByNames(),
        by_containers.ByContainers(),
        by_order.ByOrder(),
        by_absence.ByAbsence(),
        by_owner.ByOwner(),
        by_neighbours.ByNeighbours(),
    ),
    has={"kinds": tuple},
    methods=["within", "across", "following"],
    claims=_kind_names,
    check=Evidence.check,
    words=_FILL_KINDS,
)
"""Every kind of evidence, in the order in which they are asked."""
