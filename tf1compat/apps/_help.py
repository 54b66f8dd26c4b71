"""A task's help: how it is asked for, examples, flags and exit codes."""

from __future__ import annotations

import dataclasses
import re
import textwrap
from collections.abc import Callable, Iterator, Sequence

from absl import flags

from tf1compat.apps.usage_text import Operand, Usage

__all__ = ["HelpText", "Section", "broken", "flag_form", "flag_words", "help_lines"]

_WIDTH = 80
_MARK = "    "

Entry = tuple[str, str]  # what is explained, and the words


@dataclasses.dataclass(frozen=True)
class Section:
    """Entries under a heading, or lines of a text that an app makes."""

    heading: str
    entries: tuple[Entry, ...] = ()
    lines: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class HelpText:
    """All that a task's help says: its help page, manual page and completion print it."""

    task: str
    usage: Usage
    flag_values: flags.FlagValues
    notes: Sequence[Callable[[], str]] = ()

    def sections(self) -> Iterator[Section]:
        """Yields what follows the usage line and what it is about."""
        operands = {one.flag: one for one in self.usage.operands}
        known = self.flag_values
        placed = [_placed(one, known[one.flag]) for one in operands.values()]
        if placed:
            yield Section("arguments, by their places or as flags", tuple(placed))
        if self.usage.examples:
            told = [("tf1compat " + one, why) for one, why in self.usage.examples]
            yield Section("examples", tuple(told))
        named = [known[name] for name in known if name not in operands]
        yield Section("flags", tuple((flag_form(one), flag_words(one)) for one in named))
        exits = [(str(code), words) for code, words in self.usage.statuses().items()]
        yield Section("exit codes", tuple(exits))
        for note in self.notes:
            heading, *lines = note().split("\n")
            yield Section(heading.rstrip(":"), lines=tuple(lines))


def help_lines(text: HelpText) -> list[str]:
    """Returns a task's help, at most 80 columns wide where its words let it be."""
    lines = _wrapped(f"usage: {text.usage.line(text.task)}", indent="", hang=_MARK)
    if text.usage.about:
        lines += ["", *_wrapped(text.usage.about, indent="")]
    for section in text.sections():
        lines += ["", f"{section.heading}:"]
        for line in section.lines:
            own = line[: len(line) - len(line.lstrip())]
            lines += _wrapped(line.strip(), indent=own, hang=own + _MARK)
        short = all(len(name) <= len(_MARK) for name, _ in section.entries)
        for name, words in section.entries:
            if short:
                lines += _wrapped(f"{name:<{len(_MARK)}}{words}", indent="  ", hang="  " + _MARK)
            else:
                lines += [*broken(name, indent="  "), *_wrapped(words, indent="  " + _MARK)]
    return lines


def flag_form(flag: flags.Flag) -> str:
    """Returns how a flag is written: ``--format=table|json``, ``--[no]verify``."""
    parser = flag.parser
    if flag.boolean:
        return f"--[no]{flag.name}"
    if isinstance(parser, flags.EnumParser):
        return f"--{flag.name}={'|'.join(parser.enum_values)}"
    kinds = {
        flags.IntegerParser: "INTEGER",
        flags.FloatParser: "NUMBER",
        flags.ListParser: "A,B,...",
    }
    value = next((word for kind, word in kinds.items() if isinstance(parser, kind)), "VALUE")
    return f"--{flag.name}={value}"


def broken(command: str, *, indent: str = "") -> list[str]:
    """Returns a command in lines that a shell joins, where it is wider than a screen."""
    lines = _wrapped(command, indent=indent, hang=indent + _MARK, width=_WIDTH - 2)
    return [*(f"{line} \\" for line in lines[:-1]), *lines[-1:]]


def _placed(operand: Operand, flag: flags.Flag) -> Entry:
    return f"{operand}, {flag_form(flag).replace('=VALUE', f'={operand.name}')}", flag_words(flag)


def flag_words(flag: flags.Flag) -> str:
    """Returns what a flag is for, without what absl adds, which :func:`flag_form` says."""
    text = re.sub(r";\s+repeat this option.*", "", flag.help, flags=re.DOTALL)
    if isinstance(flag.parser, flags.EnumParser):
        text = text.removeprefix(f"<{'|'.join(flag.parser.enum_values)}>: ")
    again = " Repeatable." if isinstance(flag, flags.MultiFlag) and "epeatable" not in text else ""
    plain = flag.boolean or flag.default in (None, [], "")
    default = "" if plain else f" (default: {flag.default})"
    return " ".join(f"{text}{again}{default}".split())


def _wrapped(text: str, *, indent: str, hang: str | None = None, width: int = _WIDTH) -> list[str]:
    return textwrap.wrap(
        text,
        width,
        initial_indent=indent,
        subsequent_indent=indent if hang is None else hang,
        break_long_words=False,
        break_on_hyphens=False,
    )
