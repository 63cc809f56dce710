"""Sessions as exports: every column and row as it came, and Exemplar's own columns beside them."""

from itertools import chain
from pathlib import Path

import numpy as np
import pytest

from exemplar.data.corpus.filters import Filters
from exemplar.data.errors import ExemplarError
from exemplar.retrieval.exports import reordering
from exemplar.retrieval.exports.choice import Choice
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.search import SearchEngine
from exemplar.retrieval.sessions.events import Event, FiltersSet, MarksAdded, Noted, Queried, SettingsSet
from exemplar.retrieval.sessions.identity import ELSEWHERE, STATES, PresentMarks
from exemplar.retrieval.sessions.marks import MarkedText
from exemplar.retrieval.sessions.settings import Settings
from tests.support.exports import engine_of, exported, exported_with

PAPERS = """id,title,abstract,note,year
 a1 ,Cats,the cat sleeps,=1+1,2001
b2,,,no text,1999
c3,Dogs,the dog barks at the cat,,2003
d4,Copy,a cat,é,
e5,Copy,a cat,2,
f6,Rain,rain,,1990
"""
OWN = ["doc_id", "text_hash", "mark", "mark_state", "mark_origin", "exemplar_note", "reason", "marked", "reader"]
LISTS = ["vectors", "knn_rank", "knn_score", "anchored_rank", "anchored_score"]
WHEN = "2026-11-30T10:00:00+00:00"


@pytest.fixture
def engine(tmp_path: Path) -> SearchEngine:
    path = tmp_path / "papers.csv"
    path.write_text(PAPERS, encoding="utf-8")
    return engine_of(path)


def marking(engine: SearchEngine, *, relevant: tuple[str, ...] = ("a1",), not_relevant: tuple[str, ...] = ()) -> Event:
    marked = (*relevant, *not_relevant)
    hashes = dict(zip(marked, engine.corpus.text_hashes([engine.corpus.row(each) for each in marked]), strict=True))
    return MarksAdded(Feedback(relevant, not_relevant), hashes, at=WHEN, reader="ann")


def ids(engine: SearchEngine, *events: Event, choice: Choice) -> list[str | None]:
    return [row.get("doc_id") for row in exported(engine, *events, choice=choice).rows()]


def test_every_row_has_its_own_cells_and_what_the_session_says_of_it(engine: SearchEngine) -> None:
    events = (Queried("cat"), marking(engine, not_relevant=("d4",)), Noted("c3", "see 2", reason="old"))
    export = exported(engine, *events)
    assert export.columns == ("id", "title", "abstract", "note", "year", *OWN, "left_out", *LISTS)
    assert set(export.own) == {*OWN, "left_out", *LISTS}
    rows = [{name: row.get(name) for name in export.columns} for row in export.rows()]
    assert (len(rows), export.n_rows) == (6, 6)
    lines = [line.split(",") for line in PAPERS.splitlines()]
    assert [[row[name] for name in lines[0]] for row in rows] == lines[1:], "cells are as they came, blanks included"
    assert rows[1] == dict(zip(lines[0], lines[2], strict=True)) | dict.fromkeys(export.own) | {
        "left_out": "line 3: no text"
    }
    said = [[row[name] for name in ("doc_id", *OWN[2:])] for row in rows]
    assert said == [
        ["a1", "relevant", None, None, None, None, WHEN, "ann"],
        [None] * 8,
        ["c3", None, None, None, "see 2", "old", None, None],
        ["d4", "not relevant", None, None, None, None, WHEN, "ann"],
        ["e5", "not relevant", None, None, None, None, WHEN, "ann"],
        ["f6", None, None, None, None, None, None, None],
    ]
    assert [row["text_hash"] for row in rows if row["doc_id"]] == engine.corpus.text_hashes(range(5))
    assert export.about["query"] == "cat"
    assert export.about["rows"] == {"rows": "all", "order": "file"}
    assert export.about["corpus"]["source"] == "papers.csv", "and not where it lies on this machine"


def test_ranks_and_scores_are_those_of_the_lists(engine: SearchEngine) -> None:
    events = (Queried("cat"), marking(engine), SettingsSet(Settings(hide_marked=False)))
    rows = [row for row in exported(engine, *events).rows() if row.get("doc_id")]
    for ranker in ("knn", "anchored"):
        ranking = engine.search("cat", Feedback(("a1",)), ranker=ranker, k=5)
        copies = {copy: result for result in ranking.results for copy in (result.doc_id, *result.copies)}
        assert [row[f"{ranker}_rank"] for row in rows] == [copies[row["doc_id"]].rank for row in rows]
        assert [row[f"{ranker}_score"] for row in rows] == [copies[row["doc_id"]].score for row in rows]
    hiding = exported(engine, *events, SettingsSet(Settings(hide_marked=True)))
    assert [row for row in hiding.rows() if row.get("doc_id")] == rows, "what the page hides keeps its rank"
    filtered = exported(engine, *events[:2], FiltersSet(Filters(without="rain")))
    ranks = {row.get("doc_id"): (row.get("knn_rank"), row.get("knn_score")) for row in filtered.rows()}
    assert (ranks["f6"][0], ranks["f6"][1] is None) == (None, False), "what is filtered out has a score, and no rank"
    assert sorted(rank for rank, _ in ranks.values() if rank) == [1, 1, 2, 3]
    assert [each["length"] for each in filtered.about["lists"]] == [3, 3]


def test_rows_are_chosen_by_verdict_by_filters_and_from_the_top(engine: SearchEngine) -> None:
    events = (
        Queried("cat"),
        marking(engine, not_relevant=("d4",)),
        Noted("c3", "see 2"),
        FiltersSet(Filters(words="cat")),
    )
    found = {each: ids(engine, *events, choice=Choice(each)) for each in ("relevant", "unsure", "marked", "unmarked")}
    assert found == {"relevant": ["a1"], "unsure": [], "marked": ["a1", "c3", "d4", "e5"], "unmarked": ["c3", "f6"]}
    assert ids(engine, *events, choice=Choice("passing")) == ["a1", "c3", "d4", "e5"]
    first = engine.search("cat", Feedback(("a1",), ("d4",)), k=1, filters=Filters(words="cat")).results[0].doc_id
    assert ids(engine, *events, choice=Choice("first", 1)) == [first], "whatever the page hides"
    whole = (Queried("rain"), SettingsSet(Settings()))
    ranked = engine.search("rain", ranker="knn", k=5)
    by_rank = [sorted((result.doc_id, *result.copies)) for result in ranked.results]
    assert ids(engine, *whole, choice=Choice(order="rank", ranker="knn")) == [*chain(*by_rank), None]
    assert ids(engine, *whole, choice=Choice("first", 2, "rank", "knn")) == [*chain(*by_rank[:2])]
    assert exported(engine, *whole, choice=Choice(ranker="words")).columns[-2:] == ("words_rank", "words_score")


def test_what_cannot_be_exported_is_refused(engine: SearchEngine) -> None:
    with pytest.raises(ExemplarError, match="the list has 4 results, and 5 were asked for; ask for 4 at most"):
        exported(engine, Queried("cat"), choice=Choice("first", 5))
    with pytest.raises(ExemplarError, match="the list has no results: the filters keep all of them out"):
        exported(engine, Queried("cat"), FiltersSet(Filters(words="nothing")), choice=Choice("first", 1))
    with pytest.raises(ExemplarError, match="no query now, so that nothing is ranked; export as in the file"):
        exported(engine, choice=Choice(order="rank"))
    with pytest.raises(ExemplarError, match="the rows to export can be all, .*; got 'some'"):
        Choice("some")  # type: ignore[arg-type]
    with pytest.raises(ExemplarError, match="a number of rows belongs to the first rows"):
        Choice("all", 3)
    with pytest.raises(ExemplarError, match="must be at least 1, got 0"):
        Choice("first", 0)


def test_marks_that_lost_their_documents_are_rows_at_the_end(engine: SearchEngine) -> None:
    lost = MarkedText("A title", "a text")
    present = PresentMarks(
        Feedback(), {"x": "gone", "c3": "changed"}, {"x": lost, "c3": MarkedText(None, "b")}, frozenset({"x"})
    )
    notes = (Noted("x", "why?"), Noted("z", "gone too"))
    export = exported_with(engine, present, MarksAdded(Feedback(("x",), ("c3",))), *notes)
    rows = [[row.get(name) for name in ("title", "abstract", "year", *OWN[:6])] for row in export.rows()]
    assert export.n_rows == len(rows) == 9
    assert rows[6:] == [
        ["A title", "a text", None, "x", lost.text_hash, "relevant", STATES["gone"], ELSEWHERE, "why?"],
        [None, "b", None, "c3", MarkedText(None, "b").text_hash, "not relevant", STATES["changed"], None, None],
        [None, None, None, "z", None, None, STATES["gone"], None, "gone too"],
    ]
    assert rows[2][3:6] == ["c3", engine.corpus.text_hashes([1])[0], None], "the text that has this id now has no mark"


def test_rows_of_a_large_corpus_are_ordered_part_by_part(engine: SearchEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    events, choice = (Queried("rain"), marking(engine)), Choice(order="rank")
    together = list(exported(engine, *events, choice=choice).rows())
    monkeypatch.setattr(reordering, "_MOST_TOGETHER", 100)
    assert list(exported(engine, *events, choice=choice).rows()) == together
    assert [row["id"] for row in together] != [row["id"] for row in exported(engine, *events).rows()]


def test_texts_of_a_folder_are_exported_as_titles_and_texts(tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    for name, text in (("a.txt", "first"), ("b.txt", " "), ("c.txt", "third")):
        (folder / name).write_text(text)
    export = exported(engine_of(folder))
    rows = {row.get("doc_id"): (row.get("text"), row.get("file"), row.get("left_out")) for row in export.rows()}
    assert rows == {
        "a.txt": ("first", "a.txt", None),
        "c.txt": ("third", "c.txt", None),
        None: (None, "b.txt", "b.txt: no text"),
    }


def test_columns_of_rows_that_differ_stand_in_the_order_of_their_rows(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(
        '{"text": "a", "z": 1}\n{"text": "b", "y": [1, 2], "z": 2.5}\n{"text": "c", "z": 12345678901234567890}\n'
        '{"text": "d", "y": [], "o": {"deep": null}}\n'
    )
    export = exported(engine_of(path))
    assert export.columns[:4] == ("text", "y", "o", "z")
    assert [export.kinds[name] for name in export.columns[:4]] == ["text", "ints", "json", "json"]


def test_an_order_of_places_is_made_without_gaps() -> None:
    assert list(reordering.reordered([], np.full(3, -1), 100)) == []
