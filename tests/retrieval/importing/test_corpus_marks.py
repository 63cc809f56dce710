"""Decisions and labels of a corpus become marks, in memory and over Milvus."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from exemplar.data.building.build import build_corpus
from exemplar.data.corpus.corpus import Corpus
from exemplar.data.corpus.store import DocumentStore
from exemplar.data.documents import Document
from exemplar.data.errors import ExemplarError
from exemplar.data.sources.spec import Source, SourceSpec
from exemplar.retrieval.feedback import Feedback, Mark
from exemplar.retrieval.importing import corpus_marks as module
from exemplar.retrieval.importing.corpus_marks import corpus_marks, decision_column, mark_columns
from exemplar.retrieval.importing.mark_column import MarkColumn
from exemplar.retrieval.sessions.event_json import event_from_json
from exemplar.retrieval.sessions.events import Undone
from exemplar.retrieval.sessions.session import Session
from tests.retrieval.importing.test_added_marks import built
from tests.retrieval.importing.test_earlier_exports import corpus_of
from tests.support.corpora import ANIMALS
from tests.support.fake_encoder import FakeEncoder

CLASSES: dict[str, Mark] = {"a": "positive", "b": "negative", "c": "unsure"}


def with_values(*values: str | None, name: str = "decision") -> Corpus:
    """Build a document for each value in a column; None is a blank cell."""
    return built(*(Document(f"d{n}", f"text {n}", (), {name: v} if v else {}) for n, v in enumerate(values)))


def with_labels(*labels: tuple[str, ...]) -> Corpus:
    return built(*(Document(f"d{n}", f"text {n}", each) for n, each in enumerate(labels)))


def column_of(corpus: DocumentStore, name: str) -> MarkColumn:
    [found] = [column for column in mark_columns(corpus)[0] if column.name == name]
    return found


def decided(corpus: DocumentStore) -> str | None:
    columns, _ = mark_columns(corpus)
    place = decision_column(columns)
    return None if place is None else columns[place].name


def taken(
    corpus: DocumentStore, name: str, marks: Mapping[str, Mark] | None = None, others: Mark | None = None
) -> Feedback:
    column = column_of(corpus, name)
    meant: dict[str, Mark] = {value: mark for mark, values in column.meant().items() for value in values}
    found = corpus_marks(corpus, column, meant if marks is None else marks, others)
    assert found.left_out == ()
    return found.event.marks


@pytest.mark.parametrize(
    ("name", "values", "marks"),
    [
        ("decision", ["included", "excluded", "maybe", None, "excluded"], Feedback(("d0",), ("d1", "d4"), ("d2",))),
        ("asreview_label", ["1", "0", "0", None], Feedback(("d0",), ("d1", "d2"))),
        ("answer", ["accept", "reject", "ignore", "accept"], Feedback(("d0", "d3"), ("d1",), ("d2",))),
        ("Included", ["TRUE", "False", "1.0", "0.0", "-1"], Feedback(("d0", "d2"), ("d1", "d3", "d4"))),
        ("Title-abstract decision", ["Not relevant", "Relevant", "?"], Feedback(("d1",), ("d0",), ("d2",))),
        ("decision", ["included", "excluded", "to be discussed", "excluded"], Feedback(("d0",), ("d1", "d3"))),
        ("answer", ["accept", "accept"], Feedback(("d0", "d1"))),
        ("RAYYAN-INCLUSION", ['{"Ann"=>"Maybe"}', '{"Ann"=>"Included"}', None], Feedback(("d1",), (), ("d0",))),
        (
            "notes",
            [
                'RAYYAN-INCLUSION: {"Ann"=>"Included"} | RAYYAN-LABELS: x',
                'RAYYAN-INCLUSION: {"Ann"=>"Excluded", "Bo"=>"Excluded"}',
                'RAYYAN-INCLUSION: {"Ann"=>"Included", "Bo"=>"Excluded"}',
                'RAYYAN-INCLUSION: {"Ann"=>"Excluded", "Bo"=>"Excluded"}',
            ],
            Feedback(("d0",), ("d1", "d3"), ("d2",)),
        ),
    ],
)
def test_decisions_are_recognised_by_name_and_words(name: str, values: list[str | None], marks: Feedback) -> None:
    corpus = with_values(*values, name=name)
    assert decided(corpus) == name
    assert taken(corpus, name) == marks


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("relevance", ["0", "1", "2", "3", "1", "2"]),
        ("open access", ["yes", "no", "yes", "no"]),
        ("topic", ["sports", "politics", "sports"]),
        ("decision", ["north", "south", "north"]),
    ],
)
def test_other_columns_are_offered_and_not_taken_for_decisions(name: str, values: list[str]) -> None:
    corpus = with_values(*values, name=name)
    assert decided(corpus) is None
    assert set(column_of(corpus, name).values) == set(values)


def test_numbers_and_letters_mean_marks_if_all_of_them_do() -> None:
    def meant(*values: str) -> dict[Mark, list[str]]:
        return {
            mark: each for mark, each in MarkColumn(None, "label", dict.fromkeys(values, 1)).meant().items() if each
        }

    assert meant("0", "1", "2") == meant("x", "y") == meant("0", "1", "10") == {}
    assert meant("0", "1", "-1", "later") == {"positive": ["1"], "negative": ["0", "-1"]}
    assert meant("y", "n", "?", "later") == {"positive": ["y"], "negative": ["n"], "unsure": ["?"]}
    assert meant("Included", "0", "2") == {"positive": ["Included"]}


def test_labels_that_are_decisions_are_taken_by_the_name_of_their_column() -> None:
    spec = SourceSpec("docs", label_column="class")
    documents = [Document(str(n), f"text {n}", (("1", "0")[n % 2],), {"decision": "spam"}) for n in range(4)]
    corpus = build_corpus(Source("docs", spec, lambda: iter(documents)), FakeEncoder())
    assert [column.name for column in mark_columns(corpus)[0]] == ["class", "decision"]
    assert decided(corpus) is None, "a class is no decision"
    assert taken(corpus, "class") == Feedback(("0", "2"), ("1", "3"))
    plain = with_labels(("accept",), ("reject",), ())
    assert decided(plain) == "label"
    assert taken(plain, "label") == Feedback(("d0",), ("d1",))


def test_the_most_telling_of_several_columns_is_the_first_choice() -> None:
    cells = [{"label": "1", "screening": "yes", "verdict": "accept", "year": "1"}, {"label": "0", "verdict": "no"}]
    corpus = built(*(Document(f"d{n}", f"text {n}", (), each) for n, each in enumerate(cells * 2)))
    assert decided(corpus) == "verdict"


@pytest.mark.parametrize(
    ("labels", "mark"),
    [
        (("a", "b", "c"), "positive"),
        (("x", "c", "b"), "negative"),
        (("c", "x"), "unsure"),
        (("x",), None),
        ((), None),
    ],
)
def test_of_several_labels_relevant_counts_first_and_then_not_relevant(
    labels: tuple[str, ...], mark: Mark | None
) -> None:
    corpus = with_labels(labels, ("a",))
    assert taken(corpus, "label", CLASSES).mark_of("d0") == mark


def test_all_other_values_can_mean_not_relevant_and_no_value_means_none() -> None:
    corpus = with_labels(("a",), ("x",), (), ("c", "x"), ("a", "x"), ("c",))
    assert taken(corpus, "label", {"a": "positive", "c": "unsure"}, "negative") == Feedback(
        ("d0", "d4"), ("d1", "d3"), ("d5",)
    )
    assert taken(with_values("a", None, "x"), "decision", {"a": "positive"}, "negative") == Feedback(("d0",), ("d2",))


def test_marks_have_their_texts_and_origin_and_one_undo_takes_them_back() -> None:
    corpus = with_values("included", "excluded", None, "maybe")
    before = Session("s", "weekly").after(
        corpus_marks(corpus, column_of(corpus, "decision"), {"maybe": "negative"}).event
    )
    event = corpus_marks(corpus, column_of(corpus, "decision"), {"included": "positive", "maybe": "unsure"}).event
    assert event.text_hashes == dict(zip(("d0", "d3"), corpus.text_hashes([0, 3]), strict=True))
    assert [text.text for text in event.texts] == ["text 0", "text 3"]
    assert event_from_json(event.to_json()) == event
    after = before.after(event)
    assert after.feedback == Feedback(("d0",), (), ("d3",)), "the new mark counts, as of a file"
    assert after.marks.found["d0"] == {"column": "decision"}
    assert after.after(Undone()).feedback == before.feedback == Feedback((), ("d3",))


def test_copies_of_a_text_are_one_mark_and_left_out_if_they_differ() -> None:
    texts = [
        ("a", "included"),
        ("b", "excluded"),
        ("a", "included"),
        ("b", "included"),
        ("b", "maybe"),
        ("c", "excluded"),
    ]
    corpus = built(*(Document(f"d{n}", text, (), {"decision": value}) for n, (text, value) in enumerate(texts)))
    column = column_of(corpus, "decision")
    found = corpus_marks(corpus, column, {"included": "positive", "excluded": "negative", "maybe": "unsure"})
    assert found.event.marks == Feedback(("d0",), ("d5",))
    assert found.left_out == (
        "the same text is marked in two ways, d1 as not relevant and d3 as relevant; mark it yourself",
    )


def test_too_many_values_and_too_many_marks_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = with_values("a", "b", "c", "a", "b", "c")
    monkeypatch.setattr(module, "MOST_VALUES", 2)
    assert mark_columns(corpus) == ([], ["decision"])
    monkeypatch.setattr(module, "MOST_VALUES", 3)
    monkeypatch.setattr(module, "MOST_MARKS", 2)
    assert len(taken(corpus, "decision", {"a": "positive"})) == 2
    with pytest.raises(ExemplarError, match="^more than 2 documents have these values; choose fewer values$"):
        corpus_marks(corpus, column_of(corpus, "decision"), {"a": "positive", "b": "negative"})


def test_values_come_block_by_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exemplar.data.corpus.facets._BLOCK", 2)
    monkeypatch.setattr(module, "_TOGETHER", 2)
    corpus = with_values("a", None, "b", "a", "b", "c", "a")
    assert list(corpus.values_in("decision")) == [
        (row, (value,)) for row, value in ((0, "a"), (2, "b"), (3, "a"), (4, "b"), (5, "c"), (6, "a"))
    ]
    assert list(corpus.values_in("other")) == list(corpus.values_in(None)) == []
    assert taken(corpus, "decision", CLASSES) == Feedback(("d0", "d3", "d6"), ("d2", "d4"), ("d5",))
    labels = (("a", "x"), (), ("b",), (), ("c", "a"))
    assert list(with_labels(*labels).values_in(None)) == [(row, each) for row, each in enumerate(labels) if each]


def test_a_corpus_without_columns_offers_none(animals: Corpus) -> None:
    assert mark_columns(corpus_of(animals, ["1", "2"], ["x", "y"], [None] * 2)) == ([], [])


@pytest.mark.slow
@pytest.mark.cluster
def test_over_milvus_the_same_documents_are_marked(tmp_path: Path) -> None:
    pytest.importorskip("milvus_lite", reason="pip install 'exemplar[milvus]'")
    from exemplar.data.milvus.push import push_corpus
    from exemplar.retrieval.index.served import open_served

    values = ["included", "excluded", None, "maybe", 'a "b" \\ c']
    documents = [
        Document(f"d{n}", f"{text}. " * (n + 1), ("x", "y")[: n % 3], {"decision": v} if (v := values[n % 5]) else {})
        for n, text in enumerate([*ANIMALS, ANIMALS[0]])
    ]
    documents[10] = Document("d10", documents[0].text, documents[0].labels, documents[0].metadata)  # a copy
    corpus = build_corpus(Source("docs", SourceSpec("docs"), lambda: iter(documents)), FakeEncoder(max_tokens=8))
    push_corpus(corpus, str(tmp_path / "a.db"))
    served, _, _ = open_served(str(tmp_path / "a.db"), "docs")
    assert mark_columns(served) == mark_columns(corpus)
    for column in mark_columns(corpus)[0]:
        marks: dict[str, Mark] = {"included": "positive", "maybe": "unsure", "x": "positive", "y": "unsure"}
        here, there = (corpus_marks(each, column, marks, "negative") for each in (corpus, served))
        assert here == there
        assert here.event.texts == there.event.texts
        assert len(here.event.marks) > 5
