import csv
import json
from pathlib import Path

import pytest

from exemplar.data.documents import Document, Problem
from exemplar.data.sources import html_cells
from exemplar.data.texts import html
from tests.support.reading import documents, problems, read, texts


def told(column: str, where: str = "a.csv") -> Problem:
    return Problem(where, f"HTML in column '{column}' was read as text", left_out=False)


def test_html_in_any_column_becomes_text_and_is_told(tmp_path: Path) -> None:
    rows = [["title", "body", "note"], ["T &amp; x", "<p>a</p><p>b</p>", "<i>n</i>"], ["U", "plain", "<img src=x>"]]
    with (tmp_path / "a.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    source = read(str(tmp_path / "a.csv"))
    assert problems(source) == [
        Problem("a.csv", "HTML in columns 'title', 'body', 'note' was read as text", left_out=False)
    ]
    assert documents(source) == [
        Document("0", "a\n\nb", (), {"note": "n"}, "T & x"),
        Document("1", "plain", (), {}, "U"),
    ]
    assert documents(source)[0].cells["body"] == "<p>a</p><p>b</p>"


@pytest.mark.parametrize(
    "text", ["a film<br /><br />I liked", "a < b and <3", "List<String> x", "std::vector<int> &x; if (a && b)", "R&D"]
)
def test_other_text_stays(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps({"text": text}) + "\n")
    assert list(read(str(tmp_path / "a.jsonl")).read()) == [Document("0", text)]


def test_a_column_of_which_less_than_half_is_html_stays(tmp_path: Path) -> None:
    cells = ["x", "", "y", "<p>z</p>"]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps({"text": cell}) + "\n" for cell in cells))
    assert texts(read(str(tmp_path / "a.jsonl"))) == ["x", "y", "<p>z</p>"]
    (tmp_path / "b.jsonl").write_text("".join(json.dumps({"text": cell}) + "\n" for cell in cells[1:]))
    assert texts(read(str(tmp_path / "b.jsonl"))) == ["y", "z"]


def test_nested_text_becomes_text(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps({"data": {"text": "<p>a</p>"}}) + "\n")
    assert texts(read(str(tmp_path / "a.jsonl"), text_column="data.text")) == ["a"]


def test_html_in_nested_titles_and_labels_becomes_text(tmp_path: Path) -> None:
    row = {"id": "1", "body": "It is late.", "source": {"subject": "<p>Late</p>", "label": "<b>x</b>"}}
    (tmp_path / "a.jsonl").write_text(json.dumps(row) + "\n")
    source = read(str(tmp_path / "a.jsonl"), title_column="source.subject", label_column="source.label")
    assert documents(source) == [Document("1", "It is late.", ("x",), {}, "Late")]
    reason = "HTML in columns 'source.subject', 'source.label' was read as text"
    assert problems(source) == [Problem("a.jsonl", reason, left_out=False)]


def test_labels_become_text_and_ids_stay(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,text,label\nR&amp;D,x,Food &amp; Drink\n")
    assert list(read(str(tmp_path / "a.csv")).read()) == [told("label"), Document("R&amp;D", "x", ("Food & Drink",))]


def test_a_cell_that_fails_stays_and_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html, "_MOST_TAGS", 3)
    (tmp_path / "a.jsonl").write_text("".join(json.dumps({"text": f"{p}</p>"}) + "\n" for p in ("<p>x", "<p>" * 4)))
    first, document, problem, other = read(str(tmp_path / "a.jsonl")).read()
    assert (first, document, other) == (
        told("text", "a.jsonl"),
        Document("0", "x"),
        Document("1", "<p><p><p><p></p>"),
    )
    reason = "HTML in column 'text' stays as it is: HTML with more than 3 tags"
    assert problem == Problem("line 2", reason, left_out=False)


def test_an_error_among_the_first_rows_comes_after_the_rows_before_it(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('text\nfirst\nsecond\n"third, which does not end\n')
    items = read(str(tmp_path / "a.csv")).read()
    assert next(items) == Document("0", "first")


def test_few_rows_are_held_if_they_are_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html_cells, "_MOST_PEEKED", 10)
    (tmp_path / "a.csv").write_text("text\n" + "a long text\n" + "<p>x</p>\n" * 9)
    assert texts(read(str(tmp_path / "a.csv"))) == ["a long text", *["<p>x</p>"] * 9]


def test_where_no_cell_closes_a_tag_entities_alone_are_read(tmp_path: Path) -> None:
    cells = [
        "R&amp;D",
        "SELECT a FROM <table> WHERE x &lt; 1",
        "if (a<b && c>d) &amp; more",
        "&lt;p&gt;all of it&lt;/p&gt;",
    ]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps({"text": cell}) + "\n" for cell in cells))
    found = [document.text for document in documents(read(str(tmp_path / "a.jsonl")))]
    assert found == ["R&D", "SELECT a FROM <table> WHERE x < 1", "if (a<b && c>d) & more", "all of it"]
