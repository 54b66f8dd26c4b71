"""What shells complete: tasks, flags, values and files, from the same text as the help."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

from absl import flags

from tf1compat.apps._help import HelpText, flag_words

__all__ = ["SHELLS", "Completed"]


@dataclasses.dataclass(frozen=True)
class Completed:
    """A task as shells complete it.

    Attributes:
      name: of the task.
      summary: the line that says what it does.
      flags: the task's flags.
      values: what stands for its arguments; empty where they are files.
    """

    name: str
    summary: str
    flags: tuple[flags.Flag, ...] = ()
    values: tuple[str, ...] = ()

    @classmethod
    def of(cls, summary: str, text: HelpText) -> Completed:
        """Returns what a task's help tells."""
        known = text.flag_values
        placed = [known[one.flag] for one in text.usage.operands]
        values = [word for flag in placed for word in _values(flag)]
        return cls(text.task, summary, tuple(known[name] for name in known), tuple(values))

    def words(self) -> Iterator[str]:
        """Yields the task's flags as one types them, with ``=`` where a value follows."""
        for flag in self.flags:
            yield from _typed(flag)


def _values(flag: flags.Flag) -> Sequence[str]:
    parser = flag.parser
    return parser.enum_values if isinstance(parser, flags.EnumParser) else ()


def _typed(flag: flags.Flag) -> tuple[str, ...]:
    own = (f"--{flag.name}", f"--no{flag.name}")
    return own if flag.boolean else (f"--{flag.name}=",)


_BASH = """\
# tf1compat in bash: eval "$(tf1compat completion bash)", or a file of it where bash looks for them
_tf1compat() {{
    local task=${{COMP_WORDS[1]}} cur=${{COMP_WORDS[COMP_CWORD]}} flag= words= values=
    local before=${{COMP_WORDS[COMP_CWORD-1]}}
    COMPREPLY=()
    if (( COMP_CWORD == 1 )); then
        mapfile -t COMPREPLY < <(compgen -W {tasks} -- "$cur")
        return
    fi
    # bash takes the = of --flag=value for a word of its own
    if [[ $cur == "=" ]]; then
        flag=$before cur=
    elif [[ $before == "=" ]]; then
        flag=${{COMP_WORDS[COMP_CWORD-2]}}
    elif [[ $before == --* ]]; then
        flag=$before
    fi
    case $task in
{cases}
    esac
    case "$task $flag" in
{enums}
    esac
    if [[ -n $values && $cur != -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$values" -- "$cur")
    elif [[ $cur == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
        [[ ${{COMPREPLY[0]}} == *= ]] && compopt -o nospace 2>/dev/null
    else
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    fi
    return 0
}}
complete -F _tf1compat tf1compat"""


def _bash(tasks: Sequence[Completed]) -> str:
    cases, enums = [], []
    for one in tasks:
        words = " ".join([*one.words(), "--help"])
        values = f" values={shlex.quote(' '.join(one.values))}" * bool(one.values)
        cases.append(f"        {one.name}) words={shlex.quote(words)}{values} ;;")
        for flag in one.flags:
            if values := " ".join(_values(flag)):
                enums.append(f'        "{one.name} --{flag.name}") values={shlex.quote(values)} ;;')
    names = shlex.quote(" ".join(one.name for one in tasks))
    return _BASH.format(tasks=names, cases="\n".join(cases), enums="\n".join(enums))


def _zsh(tasks: Sequence[Completed]) -> str:
    described = [f"    {_in_zsh(f'{_escaped(one.name)}:{one.summary}')}" for one in tasks]
    cases = []
    for one in tasks:
        specs = [spec for flag in one.flags for spec in _zsh_flag(flag)]
        rest = f"*:argument:({' '.join(one.values)})" if one.values else "*:file:_files"
        told = " \\\n      ".join(_in_zsh(spec) for spec in [*specs, rest])
        cases.append(f"    {one.name}) _arguments \\\n      {told} ;;")
    return "\n".join(
        [
            "#compdef tf1compat",
            "# tf1compat in zsh: source <(tf1compat completion zsh), or _tf1compat in $fpath",
            "_tf1compat() {",
            "  local -a tasks=(",
            *described,
            "  )",
            "  if (( CURRENT == 2 )); then",
            "    _describe task tasks",
            "    return",
            "  fi",
            "  shift words",
            "  (( CURRENT-- ))",
            "  case $words[1] in",
            *cases,
            "  esac",
            "}",
            'if [[ $funcstack[1] == _tf1compat ]]; then _tf1compat "$@"; else',
            "  compdef _tf1compat tf1compat",
            "fi",
        ]
    )


def _zsh_flag(flag: flags.Flag) -> Iterator[str]:
    again = "*" if isinstance(flag, flags.MultiFlag) else ""
    words = _escaped(_brief(flag)).replace("[", r"\[").replace("]", r"\]")
    if flag.boolean:
        yield f"--{flag.name}[{words}]"
        yield f"--no{flag.name}[not so]"
        return
    values = _values(flag)
    kind = f"({' '.join(values)})" if values else "_files"
    yield f"{again}--{flag.name}=[{words}]:{flag.name}:{kind}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace(":", r"\:")


def _in_zsh(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _fish(tasks: Sequence[Completed]) -> str:
    lines = [
        "# tf1compat in fish: tf1compat completion fish | source, or a file of it where fish looks"
    ]
    for one in tasks:
        lines.append(
            f"complete -c tf1compat -n __fish_use_subcommand -f -a {_in_fish(one.name)} "
            f"-d {_in_fish(one.summary)}"
        )
        within = f"complete -c tf1compat -n {_in_fish(f'__fish_seen_subcommand_from {one.name}')}"
        if one.values:
            lines.append(f"{within} -f -a {_in_fish(' '.join(one.values))}")
        for flag in one.flags:
            lines += [f"{within} {rest}" for rest in _fish_flag(flag)]
    return "\n".join(lines)


def _fish_flag(flag: flags.Flag) -> Iterator[str]:
    told = f"-d {_in_fish(_brief(flag))}"
    if flag.boolean:
        yield f"-l {flag.name} {told}"
        yield f"-l no{flag.name}"
    elif values := " ".join(_values(flag)):
        yield f"-l {flag.name} -x -a {_in_fish(values)} {told}"
    else:
        yield f"-l {flag.name} -r -F {told}"


def _in_fish(text: str) -> str:
    return "'" + text.replace("\\", r"\\").replace("'", r"\'") + "'"


def _brief(flag: flags.Flag) -> str:
    """Returns the first sentence of what a flag is for."""
    return flag_words(flag).partition(". ")[0].rstrip(".")


SHELLS: Mapping[str, Callable[[Sequence[Completed]], str]] = MappingProxyType(
    {"bash": _bash, "zsh": _zsh, "fish": _fish}
)
"""By a shell's name, what makes its script of all tasks."""
