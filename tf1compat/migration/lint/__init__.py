"""What the weights don't show: settings of a v1 graph and of a model, compared layer by layer."""

from tf1compat.migration.lint.base import Check, Layer
from tf1compat.migration.lint.checks import CHECKS
from tf1compat.migration.lint.finding import Effect, Finding, Lint
from tf1compat.migration.lint.linting import lint

__all__ = ["CHECKS", "Check", "Effect", "Finding", "Layer", "Lint", "lint"]
