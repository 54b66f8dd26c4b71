"""Text in place of a file: pointers to it, and what a server answered instead."""

from __future__ import annotations

import re

from tf1compat.checkpoint.foreign._sample import GRAPH, SAVED, STAND_IN, Foreign, Sample

__all__ = ["blank", "graph_text", "page", "pointer", "state", "text"]

_STATE = re.compile(r"(?m)^[ \t]*(?:all_model_checkpoint_paths|model_checkpoint_path)\s*:")
_GRAPH_TEXTS = {
    r"saved_model_schema_version\s*:|meta_graphs\s*\{": "a SavedModel as text (.pbtxt)",
    r"meta_info_def\s*\{|graph_def\s*\{": "a graph as text (a MetaGraphDef)",
    r"node\s*\{": "a graph as text (a GraphDef, .pbtxt)",
}
_NO_VALUES = (
    "it has no checkpoint's values: name the checkpoint beside it (the prefix of an .index file)"
)
_TEXT_VALUES = (
    "where its variables were made constants, give it a name that ends in .pbtxt, by which it is "
    "read; else name the checkpoint beside it (the prefix of an .index file)"
)
_NAME = "name the checkpoint: the prefix of an .index file"
_AGAIN = "the download went wrong: fetch the file itself"
_SHOWN = 60  # characters of a text


def blank(sample: Sample) -> Foreign | None:
    """Recognises files of which nothing but the length arrived."""
    if not sample.size or any(sample.head) or any(sample.tail):
        return None
    return Foreign("nothing but zeros", "the copy or the download broke off: fetch it again")


def state(sample: Sample) -> Foreign | None:
    """Recognises the text file ``checkpoint``, by whatever name."""
    if not _STATE.search(sample.text or ""):
        return None
    return Foreign(
        "a checkpoint state", "name it where it stands with its checkpoint", "state", is_model=False
    )


def pointer(sample: Sample) -> Foreign | None:
    """Recognises what Git keeps in place of large files."""
    text = sample.text or ""
    if text.startswith("version https://git-lfs"):
        return Foreign(
            "a git-LFS pointer", "fetch the file that it stands for with `git lfs pull`", STAND_IN
        )
    if "/annex/objects/" in text.partition("\n")[0]:
        return Foreign(
            "a git-annex pointer", "fetch the file that it stands for: `git annex get`", STAND_IN
        )
    return None


def page(sample: Sample) -> Foreign | None:
    """Recognises what a server answers instead of a file."""
    begin = (sample.text or "")[:1000].lower()
    if re.match(
        r"(?:<\?xml[^>]*>\s*)?(?:<!--(?:(?!-->)[\s\S])*-->\s*)*<(?:!doctype\s+html|html|head)\b",
        begin,
    ):
        return Foreign("an HTML page", _AGAIN, STAND_IN)
    if re.match(r"<\?xml|<error>", begin):
        return Foreign("an XML document, as servers answer with an error", _AGAIN, STAND_IN)
    if begin.startswith("{") and '"weightsmanifest"' in (sample.text or "").lower():
        return Foreign("a model of TensorFlow.js", "name the checkpoint that it was made from")
    if re.match(r'[{\[]\s*["\]}{\[]', begin):
        return Foreign("a JSON file", _NAME, is_model=False)
    return None


def graph_text(sample: Sample) -> Foreign | None:
    """Recognises graphs in the text form of protocol buffers."""
    begin = re.sub(r"\A(?:#[^\n]*\n\s*)+", "", sample.text or "")
    for pattern, what in _GRAPH_TEXTS.items():
        if re.match(pattern, begin):
            key, remedy = GRAPH, _TEXT_VALUES
            if "SavedModel" in what:
                key, remedy = SAVED, _NO_VALUES
            return Foreign(what, remedy, key)
    return None


def text(sample: Sample) -> Foreign | None:
    """Recognises any other text."""
    if not sample.text:
        return None
    first = sample.text.partition("\n")[0].strip()
    shown = first[:_SHOWN] + ("..." if len(first) > _SHOWN else "")
    return Foreign(f"a text file that begins {shown!r}", _NAME, is_model=False)
