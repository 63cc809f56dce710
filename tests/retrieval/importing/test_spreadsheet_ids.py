"""Ids that a spreadsheet took for numbers, in files without texts."""

import pytest

from exemplar.data.corpus.corpus import Corpus
from exemplar.data.documents import Document
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.importing.in_words import preview_lines
from tests.retrieval.importing.test_added_marks import built
from tests.retrieval.importing.test_places import found_in


def _corpus(*ids: str) -> Corpus:
    return built(*(Document(doc_id, f"text {number}") for number, doc_id in enumerate(ids)), name="numbers")


@pytest.mark.parametrize(
    ("doc_id", "shown"),
    [
        ("001", "1"),
        ("001", "1.0"),
        ("001", "1,0"),
        ("100000", "1E+05"),
        ("1E5", "1.00E+05"),
        ("123456789012", "1.23457E+11"),
        ("123456789012", "1,23457E+11"),
        ("1234567890123456789", "1234567890123450000"),
        ("1.10", "1.1"),
    ],
)
def test_a_number_finds_the_id_that_it_was(doc_id: str, shown: str) -> None:
    found = found_in(f"doc_id;mark\n{shown};yes\nx1;no\n", _corpus(doc_id, "x1", "7"))
    assert found.event.marks == Feedback((doc_id,), ("x1",))
    assert (found.found, found.left_out) == ({"number": 1, "id": 1}, ())
    assert "1 by the id as a number (a spreadsheet makes 1 of 001)" in preview_lines(found)[1]


def test_a_number_that_two_ids_may_have_been_finds_none() -> None:
    corpus = _corpus("1", "001", "0002", "002", "123456789012", "123456789013", "5")
    found = found_in("doc_id,mark\n1,yes\n2,yes\n1.23457E+11,yes\n5,yes\n9,no\n", corpus)
    assert (found.event.marks, found.found) == (Feedback(("5",)), {"id": 1})
    assert found.left_out == (
        "1 (line 2): a spreadsheet may have made it of several ids, 1, 001; add the texts or the hashes",
        "2 (line 3): a spreadsheet may have made it of several ids, 0002, 002; add the texts or the hashes",
        "1.23457E+11 (line 4): a spreadsheet may have made it of several ids, 123456789012, 123456789013; add the "
        "texts or the hashes",
        "9 (line 6): this corpus does not have it",
    )
    kept = found_in("doc_id,mark\n1,yes\n001,no\n", corpus)
    assert (kept.event.marks, kept.left_out) == (Feedback(("1",), ("001",)), ()), "where zeros are there, none is gone"
    lines = found_in('{"doc_id": "1", "mark": "yes"}\n', corpus, name="m.jsonl")
    assert lines.event.marks == Feedback(("1",)), "no spreadsheet wrote it"
