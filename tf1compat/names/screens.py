"""What an object says of itself: a screen at most, as text and for a notebook."""

from __future__ import annotations

import html
from collections.abc import Sequence

from tf1compat.printable import joined, printable_name

__all__ = ["SCREEN", "html_table", "on_a_screen"]

SCREEN = 40  # lines


def on_a_screen(lines: Sequence[str], *, rest: str) -> str:
    """Returns the text of lines, of many the first ones and how many more there are.

    Args:
      lines: of text, in which no name makes a line of its own.
      rest: what has all of them.

    >>> print(on_a_screen([str(n) for n in range(100)], rest=".lines()")[-32:])
    37
    38
    ... and 61 more (.lines())
    """
    if len(lines) <= SCREEN:
        return joined(lines)
    shown = lines[: SCREEN - 1]
    return joined([*shown, f"... and {len(lines) - len(shown)} more ({rest})"])


def html_table(
    headline: str, header: Sequence[str], rows: Sequence[Sequence[str]], *, more: int = 0
) -> str:
    """Returns a headline and a table for a notebook; what names hold is shown, and does nothing.

    Args:
      headline: a line of text.
      header: names of the columns.
      rows: cells, as many in each row as there are columns.
      more: how many further rows there would be.

    >>> html_table("1 weight", ["name"], [["<b>"]])
    '<div><p>1 weight</p><table><tr><th>name</th></tr><tr><td>&lt;b&gt;</td></tr></table></div>'
    """
    table = "".join(
        f"<tr>{''.join(f'<{kind}>{_shown(cell)}</{kind}>' for cell in row)}</tr>"
        for kind, row in [("th", header), *(("td", row) for row in rows)]
    )
    left = f"<p>... and {more:,} more</p>" if more else ""
    whole = f"<table>{table}</table>" if rows else ""
    return f"<div><p>{_shown(headline)}</p>{whole}{left}</div>"


def _shown(text: str) -> str:
    return html.escape(printable_name(text))
