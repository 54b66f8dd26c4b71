"""The picture in docs/architecture.md: rooms and their folders, with the imports between them."""

import graphlib
import re

import source_tree as tree

PAGE = tree.ROOT / "docs" / "architecture.md"
COMMAND = "python tests/project/update_architecture.py"
_BLOCK = re.compile(r"```mermaid\n(.*?)```\n", re.DOTALL)
_EVERYWHERE = {
    "errors",
    "registry",
    "lazy",
    "budget",
    "regular_files",
    "text_files",
    "printable",
    "stopping",
    "package",
    "main",
}  # imported by all, or by none: no arrows for these


def on_page():
    """Returns the Mermaid graph that the page holds."""
    return _BLOCK.search(PAGE.read_text(encoding="utf-8"))[1]


def redrawn():
    """Returns the page with its graph drawn anew."""
    return _BLOCK.sub(lambda _: f"```mermaid\n{drawn()}```\n", PAGE.read_text(encoding="utf-8"))


def drawn():
    """Returns the graph as Mermaid text: a box a room; users point at the used."""
    folders = {}
    for module, path in tree.modules().items():
        room = tree.room_of(module)
        if path.stem == "__init__" and room not in _EVERYWHERE:
            inner = module.split(".")[2:]
            folders.setdefault(room, set()).update(inner[:1])
    lines = ["graph TD"]
    for room in [room for room in tree.ALLOWED if room in folders]:
        if folders[room]:
            lines.append(f"  subgraph {node(room)}[{room}]")
            lines += [f"    {node(room, inner)}[{inner}]" for inner in sorted(folders[room])]
            lines.append("  end")
        else:
            lines.append(f"  {node(room)}[{room}]")
    rooms = {(node(a), node(b)) for a, b in room_edges()}
    lines += [f"  {a} --> {b}" for a, b in sorted(reduced(rooms))]
    lines += [f"  {a} --> {b}" for a, b in sorted(reduced(folder_edges()))]
    return "\n".join([*lines, ""])


def node(room, folder=""):
    """Returns what a box is called in the text; ``graph`` alone would be Mermaid's own word."""
    return f"{room}_{folder or 'room'}"


def room_edges():
    """Returns which room imports which."""
    found = {(tree.room_of(a), tree.room_of(b)) for a, b in tree.import_edges()}
    return {(a, b) for a, b in found if a != b and not {a, b} & _EVERYWHERE}


def folder_edges():
    """Returns which folder imports which other of the same room."""
    found = set()
    for a, b in tree.import_edges(with_packages=True):
        room = tree.room_of(a)
        inner = [inner_folder(module) for module in (a, b)]
        if room == tree.room_of(b) and all(inner) and inner[0] != inner[1]:
            found.add((node(room, inner[0]), node(room, inner[1])))
    return found


def inner_folder(module):
    """Returns the folder directly within its room that a module lies in; "" for none."""
    parts = module.split(".")
    path = tree.modules()[module]
    if path.stem != "__init__":
        parts = parts[:-1]
    return parts[2] if len(parts) > 2 else ""


def reduced(edges):
    """Returns `edges` without those that others imply, so that a picture stays readable."""
    graph = {}
    for a, b in edges:
        graph.setdefault(a, set()).add(b)
    below = {}
    for one in graphlib.TopologicalSorter(graph).static_order():
        direct = graph.get(one, set())
        below[one] = direct.union(*(below[b] for b in direct))
    return {(a, b) for a, b in edges if not any(b in below[c] for c in graph[a] if c != b)}
