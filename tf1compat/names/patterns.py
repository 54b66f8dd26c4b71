r"""Regular expressions that users write, matched in time linear in the text: by RE2.

They are read as Python's ``re`` reads them, whose own engine can take more than a lifetime for
``(\w+/?)+/kernel`` and a name of forty letters. What takes such an engine (look-arounds,
back-references, conditions) is refused, with what to write instead.

Two things differ from ``re``: ``$`` is the end of the text alone, not also before a last line end;
and of a group that is repeated and may match nothing, it isn't said which repeat it holds.
"""

from __future__ import annotations

import contextlib
import contextvars
import functools
import re
import warnings
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from tf1compat.budget import Budget, Meter
from tf1compat.errors import UsageError
from tf1compat.names._pattern_syntax import RefusedError, Translated, translated

if TYPE_CHECKING:
    import re2

__all__ = ["Match", "Pattern", "PatternError", "compile_pattern", "patterns_of"]

_LITERAL = re.compile(r"(?:[\w/:\-<>,;=@!&%~' ]|\\[^\w\s])+")
_LONGEST = 10_000  # characters of a pattern
# Bytes that RE2 may take for one, a third of them for what it remembers of texts it saw: the little
# that nearly all need is tried first, as a file may hold thousands of them.
_MEMORY = (32 << 10, 1 << 20, 8 << 20)
_INSTRUCTION = 16  # bytes
_INSTRUCTIONS = Meter("instructions of patterns", each=4, least=3_000_000)
_FILE: contextvars.ContextVar[Budget | None] = contextvars.ContextVar("patterns_of", default=None)


class PatternError(UsageError):
    """A pattern that can't be used.

    Attributes:
      expected: what would have been right.
      found: what there was instead.
      remedy: what to do about it.
    """

    def __init__(self, expected: str, found: str, *, remedy: str) -> None:
        super().__init__(f"expected {expected}, found {found}; {remedy}")
        self.expected = expected
        self.found = found
        self.remedy = remedy


def compile_pattern(text: str) -> Pattern:
    r"""Returns a pattern, ready to match.

    Raises:
      PatternError: `text` is empty, too long or no regular expression, or it has what takes more
        than linear time, or so many counted repeats that it is too large.

    >>> compile_pattern(r"conv(\d+)/w").fullmatch("conv12/w")[1]
    '12'
    >>> compile_pattern(r"(?!Adam).*")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    tf1compat.names.patterns.PatternError: expected a regular expression without look-arounds, ...
    """
    if not text or len(text) > _LONGEST:
        expected = f"at most {_LONGEST:,} characters" if text else "a regular expression"
        found = f"{len(text):,}" if text else "an empty one"
        raise PatternError(expected, found, remedy="mend the pattern")
    if _LITERAL.fullmatch(text):  # of thousands of pasted rules, none waits for an engine
        return Pattern(text, literal=re.sub(r"\\(.)", r"\1", text))
    try:
        ready = translated(text, ascii_text=True)
    except RefusedError as error:
        raise _refused(error) from error
    try:
        with warnings.catch_warnings():  # of sets that may nest one day; RE2's never will
            warnings.simplefilter("ignore", FutureWarning)
            form = re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise PatternError(
            "a regular expression",
            f"{_shortened(text)}: {error}",
            remedy="mend the pattern (Python's re syntax; write a literal dot or plus as \\. or "
            "\\+)",
        ) from error
    made = Pattern(
        text,
        groups=form.groups,
        groupindex=form.groupindex,
        boundary=ready.boundary,
        budget=_FILE.get(),
    )
    made.prepare(ready)
    return made


@contextlib.contextmanager
def patterns_of(budget: Budget) -> Iterator[None]:
    """Counts the programs of all patterns that are compiled within the block as one file's.

    Those that names beyond ASCII ask for are made later, and counted then: such a match raises
    BudgetError, as :func:`compile_pattern` does within the block.
    """
    token = _FILE.set(budget)
    try:
        yield
    finally:
        _FILE.reset(token)


class Pattern:
    """A regular expression; made by :func:`compile_pattern`.

    Attributes:
      text: it, as it was written.
      groups: how many groups it has.
      groupindex: the numbers of those that have names.
      literal: the one text that it matches, where it is no more than that, escaped; else None.
    """

    def __init__(
        self,
        text: str,
        *,
        groups: int = 0,
        groupindex: Mapping[str, int] = MappingProxyType({}),
        literal: str | None = None,
        boundary: str = "",
        budget: Budget | None = None,
    ) -> None:
        self.text = text
        self.groups = groups
        self.groupindex = groupindex
        self.literal = literal
        self._boundary = boundary
        self._budget = budget

    def prepare(self, ready: Translated) -> None:
        """Makes ready what matches names in ASCII; errors as for :func:`compile_pattern`."""
        self._ascii = self._engine(ready)
        _ = self._bounds

    def fullmatch(self, text: str) -> Match | None:
        """Returns the match of the whole of `text`, or None.

        Raises:
          PatternError: a text that isn't in ASCII, and a pattern that can't tell there.
        """
        if self.literal is not None and text != self.literal:
            return None
        data = _data(text)
        found = self._whole(data, ascii_text=len(data) == len(text))
        return None if found is None else Match(self, text, data=data, found=found)

    def _whole(self, data: bytes, *, ascii_text: bool) -> Any:
        if self.literal is not None:
            return _Whole(len(data))
        if not ascii_text:
            return self._every.fullmatch(data)
        low, high = self._bounds
        return self._ascii.fullmatch(data) if low <= data <= high else None

    def search(self, text: str) -> Match | None:
        """Returns the first match within `text`, or None; errors as for :meth:`fullmatch`."""
        data = _data(text)
        engine = self._ascii if len(data) == len(text) else self._every
        found = engine.search(data)
        return None if found is None else Match(self, text, data=data, found=found)

    @functools.cached_property
    def _ascii(self) -> re2._Regexp[bytes]:
        """What matches texts in ASCII."""
        return self._engine(translated(self.text, ascii_text=True))

    @functools.cached_property
    def _bounds(self) -> tuple[bytes, bytes]:
        """What every match in ASCII lies between: far cheaper to ask, where names are many."""
        import re2

        if self._boundary:  # of which RE2 says too little: of `^b\B\w` that it is `b`
            return b"", b"\x80"
        try:
            return self._ascii.possiblematchrange(32)
        except re2.error:  # all kinds of texts match
            return b"", b"\x80"

    @functools.cached_property
    def _every(self) -> re2._Regexp[bytes]:
        """What matches texts that aren't in ASCII alone: its classes are a hundred times larger."""
        if self._boundary:
            raise PatternError(
                "a name in ASCII where a pattern speaks of words",
                f"{self._boundary} in {_shortened(self.text)} and a name with other characters",
                remedy="write what stands there instead, such as (?:^|/) or (?:/|$)",
            )
        try:
            return self._engine(translated(self.text, ascii_text=False))
        except RefusedError as error:
            raise _refused(error) from error

    def _engine(self, ready: Translated) -> re2._Regexp[bytes]:
        """Returns RE2's program, in as little memory as does; counts it before the next is made."""
        for memory in _MEMORY:
            made = _compiled(ready.text, memory)
            size = memory // 3 // _INSTRUCTION if isinstance(made, str) else made.programsize
            if self._budget is not None:
                self._budget.spend(_INSTRUCTIONS, size)
            if not isinstance(made, str):
                return made
        raise PatternError(
            "a smaller regular expression",
            f"{_shortened(self.text)}: {made}",
            remedy="repeats within counted repeats multiply: write * or + for them",
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return compile_pattern, (self.text,)

    def __repr__(self) -> str:
        return f"compile_pattern({self.text!r})"


class Match:
    """A match, with the methods that ``re.Match`` has for it.

    Attributes:
      re: the pattern.
      string: the text that was looked at.
    """

    def __init__(self, pattern: Pattern, text: str, *, data: bytes, found: Any) -> None:
        self.re = pattern
        self.string = text
        self._data = data
        self._found = found

    def __getitem__(self, group: int | str) -> Any:
        """Returns the text of a group, None if it took no part; IndexError if there is none."""
        start, end = self._found.span(self._number(group))
        return None if start < 0 else self._data[start:end].decode("utf-8", "surrogatepass")

    def group(self, *groups: int | str) -> Any:
        """Returns the text of a group, or a tuple of those of several; by default of the whole."""
        found = tuple(self[group] for group in groups or (0,))
        return found if len(found) > 1 else found[0]

    def groups(self, default: Any = None) -> tuple[Any, ...]:
        """Returns the texts of all groups, `default` for those that took no part."""
        found = (self[number] for number in range(1, self.re.groups + 1))
        return tuple(default if one is None else one for one in found)

    def groupdict(self, default: Any = None) -> dict[str, Any]:
        """Returns the texts of the groups that have names."""
        found = {name: self[number] for name, number in self.re.groupindex.items()}
        return {name: default if one is None else one for name, one in found.items()}

    def span(self, group: int | str = 0) -> tuple[int, int]:
        """Returns where in the text a group begins and ends; (-1, -1) if it took no part."""
        start, end = self._found.span(self._number(group))
        return (-1, -1) if start < 0 else (self._characters(start), self._characters(end))

    def start(self, group: int | str = 0) -> int:
        """Returns where in the text a group begins."""
        return self.span(group)[0]

    def end(self, group: int | str = 0) -> int:
        """Returns where in the text a group ends."""
        return self.span(group)[1]

    def expand(self, template: str) -> str:
        r"""Returns a template with the groups' texts in place of ``\1``, ``\g<name>``.

        Raises:
          TemplateError: it names a group that there isn't.
        """
        from tf1compat.names._template import Template

        return Template(template, self.re).expand(self)

    def _number(self, group: int | str) -> int:
        number = self.re.groupindex.get(group, -1) if isinstance(group, str) else group
        if not 0 <= number <= self.re.groups:
            raise IndexError("no such group")
        return number

    def _characters(self, offset: int) -> int:
        return len(self._data[:offset].decode("utf-8", "surrogatepass"))

    def __repr__(self) -> str:
        return f"<Match of {self.re.text!r}: span={self.span()}, {self[0]!r}>"


def _compiled(written: str, memory: int) -> re2._Regexp[bytes] | str:
    """Returns RE2's program for a pattern that was translated, or why there is none."""
    import re2  # what lists a checkpoint shall not wait for it

    options = re2.Options()
    options.log_errors = False
    options.max_mem = memory
    try:
        return re2.compile(written.encode("utf-8", "surrogatepass"), options)
    except re2.error as error:
        reason = error.args[0] if error.args else b""
        return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)


class _Whole:
    """What RE2 would say of a match of everything."""

    def __init__(self, length: int) -> None:
        self._length = length

    def span(self, group: int) -> tuple[int, int]:
        return 0, self._length


def _data(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _refused(error: RefusedError) -> PatternError:
    return PatternError(
        "a regular expression without look-arounds, back-references and the like",
        error.found,
        remedy=error.remedy,
    )


def _shortened(text: str) -> str:
    return repr(text) if len(text) <= 120 else f"{text[:120]!r}... ({len(text):,} characters)"
