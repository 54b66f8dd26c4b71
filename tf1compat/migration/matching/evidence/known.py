"""Every kind of evidence there is, the strongest first."""

from __future__ import annotations

from tf1compat.migration.matching.evidence.base import Evidence
from tf1compat.migration.matching.evidence.by_absence import ByAbsence
from tf1compat.migration.matching.evidence.by_containers import ByContainers
from tf1compat.migration.matching.evidence.by_flow import ByFlow
from tf1compat.migration.matching.evidence.by_names import ByNames
from tf1compat.migration.matching.evidence.by_neighbours import ByNeighbours
from tf1compat.migration.matching.evidence.by_order import ByOrder
from tf1compat.migration.matching.evidence.by_owner import ByOwner
from tf1compat.names.registry import Registry

__all__ = ["EVIDENCE"]

EVIDENCE: Registry[Evidence] = Registry(
    "kind of evidence",
    (ByFlow(), ByNames(), ByContainers(), ByOrder(), ByAbsence(), ByOwner(), ByNeighbours()),
)
