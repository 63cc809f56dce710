"""Descriptions as Jira Cloud exports them are texts, and not columns."""

import json
from pathlib import Path
from typing import Any

from exemplar.data.documents import Document
from exemplar.data.readers.atlassian import atlassian_text
from exemplar.data.readers.nested_cells import table_columns
from tests.support.reading import documents, problems, read


def text(words: str, *marks: str) -> dict[str, Any]:
    return {"type": "text", "text": words, "marks": [{"type": mark} for mark in marks]}


def node(kind: str, *content: Any, **attributes: Any) -> dict[str, Any]:
    return {"type": kind, "attrs": attributes, "content": list(content)}


def leaf(kind: str, **attributes: Any) -> dict[str, Any]:
    return {"type": kind, "attrs": attributes}


def test_issues_of_jira_cloud_are_read(tmp_path: Path) -> None:
    content = node("doc", node("paragraph", text("It "), text("fails", "strong"), text(".")), version=1)
    issues = [
        {"key": "A-1", "fields": {"summary": "Login", "description": content, "environment": content}},
        {"key": "A-2", "fields": {"summary": "No text", "description": None}},
    ]
    path = tmp_path / "jira.json"
    for exported, n_problems in ((issues, 0), ({"issues": issues, "names": [{"id": 1}]}, 1)):
        path.write_text(json.dumps(exported))
        source = read(str(path))
        assert documents(source) == [
            Document("0", "It fails.", (), {"key": "A-1", "fields.environment": "It fails."}, "Login"),
            Document("1", "", (), {"key": "A-2"}, "No text"),
        ]
        assert len(problems(source)) == n_problems  # the list that is not read


def test_a_block_is_a_line_and_nodes_show_what_they_are_called() -> None:
    document = node(
        "doc",
        node("heading", text("Steps"), level=1),
        node("bulletList", node("listItem", node("paragraph", text("Ask "), leaf("mention", id="7", text="@Ann")))),
        node("paragraph"),
        node("table", node("tableRow", *(node("tableCell", node("paragraph", text(cell))) for cell in "ab"))),
        node("codeBlock", text("x = 1\n  y = 2"), language="python"),
        node("paragraph", text("one"), {"type": "hardBreak"}, text("two "), leaf("emoji", shortName=":bee:")),
        leaf("rule"),
        node("mediaSingle", leaf("media", id="9", type="file")),
        node("paragraph", leaf("inlineCard", url="https://example.org")),
    )
    lines = ["Steps", "Ask @Ann", "a", "b", "x = 1", "  y = 2", "one", "two :bee:", "https://example.org"]
    assert atlassian_text(document) == "\n".join(lines)


def test_nodes_that_are_none_and_any_depth_are_read() -> None:
    strange = node(
        "doc", None, 7, "loose", {"type": []}, {"type": "text", "text": 3}, {"attrs": 1}, node("x", text("a"))
    )
    assert atlassian_text(strange) == "loosea"
    deep = text("bottom")
    for _ in range(100_000):
        deep = {"type": "panel", "content": [deep]}
    document = {"type": "doc", "content": [deep]}
    assert atlassian_text(document) == "bottom"
    while "content" in document:  # else Python frees it by recursion
        document = document.pop("content")[0]


def test_other_objects_with_a_type_stay_columns() -> None:
    assert list(table_columns([{"a": {"type": "doc", "content": "x"}}])) == ["a.type", "a.content"]
    assert list(table_columns([{"a": {"type": "post", "content": ["x"]}}])) == ["a.type", "a.content"]
