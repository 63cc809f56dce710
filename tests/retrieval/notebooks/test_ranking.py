"""What a ranking of a frame looks like in a notebook and at a prompt."""

import re
from pathlib import Path
from xml.etree.ElementTree import Element

import pandas as pd
import pytest
from defusedxml import ElementTree

from exemplar import Searcher
from exemplar.retrieval.notebooks.html import Shown, excerpt, table
from tests.support.fake_encoder import FakeEncoder
from tests.support.paths import ROOT

HOSTILE = "<script>alert(1)</script> & <b>bold</b> **stars** $x^2$ "


def cells_of(html: str) -> list[list[Element]]:
    """Return the cells of the table's rows; what is not escaped is no XML, or an element too many."""
    body = ElementTree.fromstring(html.replace("<br>", "<br/>")).find("table/tbody")
    assert body is not None
    return [list(row) for row in body]


def test_html_has_rank_score_mark_label_title_and_the_best_sentence() -> None:
    text = "Nothing of it here. The cat sleeps on the mat. Something else altogether."
    frame = pd.DataFrame({"title": ["Cats & mats", "Stocks"], "text": [text, "stocks fell"]}, index=["x<y", "b"])
    searcher = Searcher(FakeEncoder()).fit(frame).mark(relevant="x<y")
    [first, second] = cells_of(searcher.rank("the cat sleeps", k=2)._repr_html_())
    shown = ["".join(cell.itertext()) for cell in first]
    assert [shown[0], shown[2], shown[3], shown[4]] == ["1", "relevant", "x<y", f"Cats & mats{text}"]
    assert re.fullmatch(r"-?\d\.\d{3}", shown[1])
    assert [mark.text for mark in first[4].iter("mark")] == ["The cat sleeps on the mat."]
    assert "".join(second[4].itertext()) == "Stocksstocks fell"


def test_nothing_of_the_data_becomes_html() -> None:
    row = Shown(1, 0.5, HOSTILE, HOSTILE, HOSTILE, f"{HOSTILE}and {HOSTILE}", ((0, 8), (60, 70)))
    html = table([row], 1, HOSTILE)
    [cells] = cells_of(html)
    assert [element.tag for cell in cells for element in cell.iter()] == [
        *("td", "td", "td", "td", "td", "div", "b", "br", "mark", "mark")
    ]
    assert ["".join(cell.itertext()) for cell in cells[2:]] == [HOSTILE, HOSTILE, f"{HOSTILE}{HOSTILE}and {HOSTILE}"]
    assert html.startswith('<div class="mathjax_ignore tex2jax_ignore"><table><caption>&lt;script&gt;')


def test_the_prompt_shows_a_line_a_row_and_how_many_more() -> None:
    texts = [f"word{n} cat\nline" for n in range(14)]
    ranking = Searcher(FakeEncoder()).fit(texts).mark(relevant=3).rank("word3 cat", k=12)
    lines = repr(ranking).splitlines()
    assert (lines[0], lines[-1]) == ("Anchored SVM, 12 of 14 texts", "     ... 2 more in to_frame()")
    assert re.fullmatch(r"   1 +\d\.\d{3} relevant +word3 cat line", lines[1])
    assert len(lines) == 12
    assert "<p>2 more in <code>to_frame()</code></p>" in ranking._repr_html_()


def test_an_excerpt_begins_before_the_first_highlight() -> None:
    text = "word " * 60 + "here it is. " + "word " * 200
    shown, [(first, last)] = excerpt(text, [(300, 311)])
    assert shown[first:last] == "here it is."
    assert (shown[:7], shown[-2:]) == ("… word ", " …")
    assert len(shown) < 420
    assert excerpt("short", ()) == ("short", [])


@pytest.mark.slow
def test_a_notebook_shows_a_ranking(tmp_path: Path) -> None:
    import nbclient
    import nbformat

    code = (
        f"import sys\nsys.path.insert(0, {str(ROOT)!r})\n"
        "from exemplar import Searcher\n"
        "from tests.support.fake_encoder import FakeEncoder\n"
        "texts = ['A <cat> sleeps on the mat.', 'Stocks fell sharply today.', 'A dog barks. It is cold.']\n"
        "Searcher(FakeEncoder()).fit(texts).mark(relevant=0).rank('a cat, a dog', k=2)"
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    nbclient.NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
    [output] = [each for each in notebook.cells[0].outputs if each.output_type == "execute_result"]
    rows = cells_of(output["data"]["text/html"])
    assert ["".join(row[4].itertext()) for row in rows] == ["A <cat> sleeps on the mat.", "A dog barks. It is cold."]
    assert output["data"]["text/plain"].startswith("Anchored SVM, 2 of 3 texts\n")
    assert list(tmp_path.iterdir()) == []
