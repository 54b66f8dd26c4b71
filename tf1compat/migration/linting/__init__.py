"""What the weights don't show: settings of a v1 graph and of a model, compared layer by layer."""

from tf1compat.migration.linting.base import Check, Layer
from tf1compat.migration.linting.checks import CHECKS
from tf1compat.migration.linting.finding import Effect, Finding, Lint
from tf1compat.migration.linting.side_by_side import lint

__all__ = ["CHECKS", "Check", "Effect", "Finding", "Layer", "Lint", "lint"]
