"""Documents in the format of Atlassian, as Jira Cloud and Confluence export descriptions and comments."""

from collections.abc import Iterator
from typing import Any

_LINES = frozenset({"paragraph", "heading", "codeBlock", "caption", "taskItem", "decisionItem"})  # hold inline nodes
_NAMES = ("text", "shortName", "url", "title")  # attributes that show what a node without a text of its own is


def is_atlassian(cell: Any) -> bool:
    """Return whether a cell is a document of nodes, each with a type."""
    return isinstance(cell, dict) and cell.get("type") == "doc" and isinstance(cell.get("content"), list)


def atlassian_text(document: dict[str, Any]) -> str:
    """Return the text of a document, a line a block; blank blocks are left out.

    Mentions, emoji and links to pages show what they are called; pictures and rules have no text.
    """
    lines = "".join(_pieces(document)).split("\n")
    return "\n".join(line.rstrip() for line in lines if line.strip())


def _pieces(document: dict[str, Any]) -> Iterator[str]:
    """Yield texts and line breaks in order; nodes wait in a list, so that no depth is too deep."""
    waiting: list[Any] = [document]
    while waiting:
        node = waiting.pop()
        if isinstance(node, str):
            yield node
        if not isinstance(node, dict):
            continue
        kind, content = node.get("type"), node.get("content")
        if isinstance(kind, str) and kind in _LINES:
            yield "\n"
            waiting.append("\n")
        if isinstance(content, list):
            waiting.extend(reversed(content))
        elif kind == "hardBreak":
            yield "\n"
        else:
            yield _own_text(node)


def _own_text(node: dict[str, Any]) -> str:
    if isinstance(node.get("text"), str):
        return str(node["text"])
    attributes = node.get("attrs")
    if not isinstance(attributes, dict):
        return ""
    return next((attributes[name] for name in _NAMES if isinstance(attributes.get(name), str)), "")
