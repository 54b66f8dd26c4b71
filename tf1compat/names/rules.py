"""One rename rule: which source goes where, what is dropped, what keeps its initial value."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable

from tf1compat.errors import Problem, RuleError
from tf1compat.names._rule_forms import KEYS, form_of, form_problems
from tf1compat.names._template import Template, TemplateError
from tf1compat.names.parse import scopes_around
from tf1compat.names.patterns import Match, Pattern, PatternError, compile_pattern

__all__ = ["Dropped", "Rule", "rule"]


@dataclasses.dataclass(frozen=True)
class Dropped:
    """What a rule's function returns for a source that goes nowhere, and why.

    >>> Dropped("belonged to the old pretraining head").reason
    'belonged to the old pretraining head'
    """

    reason: str


RuleFunction = Callable[[Match], str | Dropped]


@dataclasses.dataclass(frozen=True, repr=False)
class Rule:
    r"""An ordered, full-match rule about names, checked when it is made.

    It takes one of five forms: `source` with `target` sends every checkpoint variable whose whole
    name matches to the weight that the template names; `source` with `drop` leaves those variables
    out; `target` with `keep` leaves every weight whose whole path matches at its initial value;
    `scope` with `layer` sends all variables in each scope that matches to the weights of a layer,
    paired by role and shape; `source` with `role` says what those variables are.

    Attributes:
      source: regular expression (Python's syntax, without look-arounds and back-references) that
        must match a source's whole name.
      target: template with ``\1`` or ``\g<name>`` for the pattern's groups and ``{row}`` for the
        number of each row of the source, each of which goes to a target of its own; or a function
        from the match to a name or a :class:`Dropped`; with `keep`, a regular expression for
        target paths.
      layout: name of the array layout to use, None to let the matcher find it. With one that
        joins, a rule that matches several sources of a target joins them by the number that its
        pattern captures; beside `drop`, it says which part of the sources is left out.
      drop: why the sources are left out.
      keep: why the targets keep their initial value.
      origin: where the rule was written: ``'rules.toml:12'``, ``'my_model.rename'``.
      scope: regular expression that must match the whole of a variable scope.
      layer: template for the path of the layer that all variables of the scope go to.
      role: what the sources are (:data:`tf1compat.names.ROLES`), whatever their names say. They
        belong to the scope that the pattern's first group captures, if it captures one.
      copy_of: beside `drop`, template for the name of the variable that a source is a copy of. It
        has to be there in the same shape, and with the same values if it is trained.
      source_vocabulary: path of a text file that has a token for each row of the source, a line
        each; with `target_vocabulary`, rows are taken by token, and tokens that the source doesn't
        have keep their initial value.
      target_vocabulary: the same for the target.
      cross_roles: True if a source may fill a target of another role, or by its shape alone.
      shared: True if the sources may also go elsewhere by other rules.

    Raises:
      RuleError: a bad pattern, a reference to a group that isn't there, a missing reason, or a
        combination of keys that says nothing; all of a rule's problems at once.

    >>> Rule(r"conv(\d+)/weights", r"conv_\1/kernel").apply("conv3/weights")
    'conv_3/kernel'
    >>> Rule(r"conv(\d+)/weights", r"conv_\1/kernel").apply("my/conv3/weights") is None
    True
    """

    source: str | None = None
    target: str | RuleFunction | None = None
    layout: str | None = None
    drop: str | None = None
    keep: str | None = None
    origin: str = ""
    scope: str | None = None
    layer: str | None = None
    role: str | None = None
    copy_of: str | None = None
    source_vocabulary: str | None = None
    target_vocabulary: str | None = None
    cross_roles: bool = False
    shared: bool = False

    def __repr__(self) -> str:
        given = [
            f"{field.name}={value!r}"
            for field in dataclasses.fields(self)
            if (value := getattr(self, field.name)) != field.default
        ]
        return f"Rule({', '.join(given)})"

    def __post_init__(self) -> None:
        problems = form_problems(self._keys, self.origin) or list(_text_problems(self))
        if problems:
            headline = f"{len(problems)} problem(s) in a rule"
            raise RuleError.from_problems(headline, problems)

    @functools.cached_property
    def action(self) -> str:
        """What the rule does: ``'map'``, ``'drop'``, ``'keep'``, ``'layer'`` or ``'role'``."""
        form = form_of(self._keys)
        return "" if form is None else form.name

    @functools.cached_property
    def _keys(self) -> dict[str, object]:
        """The keys that were given, with their values."""
        given = {key: getattr(self, key) for key in KEYS}
        unset: dict[str, object] = {"cross_roles": False, "shared": False}
        return {key: v for key, v in given.items() if v is not unset.get(key)}

    @property
    def reason(self) -> str:
        """Why a dropping or keeping rule does so; ``''`` for a mapping one."""
        return self.drop or self.keep or ""

    @property
    def pattern(self) -> str:
        """The regular expression: over target paths, over scopes, or else over source names."""
        by = {"keep": self.target, "layer": self.scope}
        return str(by.get(self.action, self.source) or "")

    @functools.cached_property
    def literal(self) -> str | None:
        """The one name that the pattern matches, where it is no more than an escaped name."""
        return self._regex.literal

    @functools.cached_property
    def _regex(self) -> Pattern:
        return compile_pattern(self.pattern)

    def _match(self, name: str) -> Match | None:
        try:
            return self._regex.fullmatch(name)
        except PatternError as error:
            problem = Problem(name, error.expected, error.found, self.origin, error.remedy)
            raise RuleError.from_problems("A rule's pattern can't tell", [problem]) from error

    @functools.cached_property
    def _template(self) -> Template:
        return Template(str(self.target), self._regex)

    @functools.cached_property
    def _copied(self) -> Template:
        return Template(self.copy_of or "", self._regex)

    def original_of(self, name: str) -> str | None:
        """Returns of what the rule says that source `name` is a copy; None if of nothing."""
        match = self._match(name) if self.copy_of is not None else None
        return None if match is None else self._expanded(self._copied, match)

    def layer_for(self, scope: str) -> str | None:
        """Returns the path of the layer that the rule sends a variable `scope` to, or None."""
        match = self._match(scope) if self.layer is not None else None
        if match is None:
            return None
        return self._expanded(Template(self.layer or "", self._regex), match)

    def groups(self, name: str) -> tuple[str | None, ...]:
        """Returns what the pattern's groups capture of `name`; () if it doesn't match."""
        match = self._match(name)
        return () if match is None else match.groups()

    def concerns(self, name: str) -> bool:
        """Returns whether the rule would have something to say about `name`, or a scope of it."""
        if self.action == "layer":
            return any(self.layer_for(scope) is not None for scope in scopes_around(name))
        return self.matches(name)

    def matches(self, name: str) -> bool:
        """Returns whether the rule's pattern matches the whole of `name`."""
        return self._match(name) is not None

    def apply(self, name: str) -> str | Dropped | None:
        """Returns where source `name` goes, a :class:`Dropped`, or None if the rule doesn't match.

        Raises:
          RuleError: the rule keeps targets and has no say about sources, or its function raised
            or returned something else than a name or a Dropped.
        """
        if self.source is None or self.action == "role":
            applies = {"keep": "targets", "layer": "scopes"}.get(self.action, "roles")
            raise RuleError(
                f"{self}: a rule with `{self.action}` applies to {applies}, not to sources"
            )
        match = self._match(name)
        if match is None:
            return None
        if self.drop is not None:
            return Dropped(self.drop)
        if isinstance(self.target, str):
            return self._expanded(self._template, match)
        return self._call(match)

    def _expanded(self, template: Template, match: Match) -> str:
        try:
            return template.expand(match)
        except TemplateError as error:
            name = _shortened(match.string)
            problem = Problem(name, error.expected, error.found, self.origin, "mend the template")
            raise RuleError.from_problems("A rule makes no name of it", [problem]) from error

    def _call(self, match: Match) -> str | Dropped:
        function = self.target
        expected, remedy = "a target name or Dropped(reason)", "mend the rule's function"
        try:
            result: object = function(match) if callable(function) else None
        except Exception as error:
            found = f"{type(error).__name__}: {error}"
            problem = Problem(repr(match.string), expected, found, self.origin, remedy)
            raise RuleError.from_problems("A rule's function failed", [problem]) from error
        if isinstance(result, str | Dropped) and result and result != Dropped(""):
            return result
        problem = Problem(repr(match.string), expected, repr(result), self.origin, remedy)
        raise RuleError.from_problems("A rule's function returned no target", [problem])

    def __str__(self) -> str:
        where = f" [{self.origin}]" if self.origin else ""
        return f"{self.pattern!r}{where}"


def rule(pattern: str, *, layout: str | None = None) -> Callable[[RuleFunction], Rule]:
    r"""Returns a decorator that makes a function into a :class:`Rule` for `pattern`.

    The function takes the match of a source's whole name, with the methods of ``re.Match``, and
    returns the target's name, or a :class:`Dropped` with a reason.

    Raises:
      RuleError: `pattern` is no regular expression.

    >>> @rule(r"block(\d+)/weights")
    ... def shifted(match):
    ...     return f"block_{int(match[1]) - 1}/kernel"
    >>> shifted.apply("block3/weights")
    'block_2/kernel'
    """

    def decorate(function: RuleFunction) -> Rule:
        origin = f"{function.__module__}.{function.__qualname__}"
        return Rule(pattern, function, layout=layout, origin=origin)

    return decorate


def _text_problems(made: Rule) -> list[Problem]:
    """Returns what is wrong with the pattern, the template and the reason of a well-formed rule."""
    problems = []
    for key in ("drop", "keep"):
        value = getattr(made, key)
        if value is not None and not value.strip():
            remedy = "say why, for whoever reads the plan next year"
            problems.append(Problem(key, "a reason", "nothing", made.origin, remedy))
    where = {"keep": "target", "layer": "scope"}.get(made.action, "source")
    try:
        pattern = made._regex
    except PatternError as error:
        found = Problem(where, error.expected, error.found, made.origin, error.remedy)
        return [*problems, found]
    for key in ("target", "layer", "copy_of"):
        text = getattr(made, key)
        if isinstance(text, str) and made.action != "keep":
            problems += _template_problems(made, key, pattern)
    return problems


def _template_problems(made: Rule, key: str, pattern: Pattern) -> list[Problem]:
    """Returns what is wrong with the template that is the value of `key`."""
    text = str(getattr(made, key))
    over = "scope" if key == "layer" else "source"
    remedy = f"mend the {key}, or add the group in parentheses to the {over}"
    if not text.strip():
        what = {"target": "a target's name", "layer": "a layer's path"}.get(key, "a source's name")
        return [Problem(key, what, repr(text), made.origin, remedy)]
    try:
        Template(text, pattern)
    except TemplateError as error:
        found = f"{error.found} in {_shortened(text)}"
        return [Problem(key, error.expected, found, made.origin, remedy)]
    return []


def _shortened(text: str) -> str:
    return repr(text) if len(text) <= 120 else f"{text[:120]!r}... ({len(text):,} characters)"
