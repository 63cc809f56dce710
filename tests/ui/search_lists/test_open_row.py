"""The text of the open row: whole, in parts, with what it is near to."""

from typing import Any

import pytest

from exemplar.data.building.build import build_corpus
from exemplar.data.corpus.corpus import Corpus
from exemplar.data.documents import Document
from exemplar.data.errors import ExemplarError
from exemplar.data.sources.spec import Source, SourceSpec
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.highlights import SentenceHighlighter
from exemplar.retrieval.ranking import DocumentQuery, Query
from exemplar.retrieval.search import SearchEngine
from exemplar.ui.search.lists.open_row import opened_drawn_row, opened_row
from tests.support.fake_encoder import FakeEncoder

CAT = "\N{CAT FACE}"  # two characters to a browser


def built(encoder: FakeEncoder, *documents: Document, **how: Any) -> SearchEngine:
    corpus = build_corpus(Source("docs", SourceSpec("docs"), lambda: iter(documents)), encoder, **how)
    return SearchEngine(corpus, lambda info: encoder)


def opened(
    engine: SearchEngine, row: int, query: Query, feedback: Feedback | None = None, ranker: Any = "anchored"
) -> dict[str, Any]:
    feedback = feedback or Feedback()
    ranking = engine.search(query, feedback, ranker=ranker, k=0, depth=10)
    found = opened_row(row, ranking, engine, SentenceHighlighter(engine), feedback)
    assert found is not None
    return found


def test_the_parts_are_the_whole_text_with_the_sentences_that_carried_it(encoder: FakeEncoder) -> None:
    text = f"It rained {CAT} all day. The <b>cat</b> {CAT} slept on the mat. Nobody came."
    engine = built(encoder, Document("0", text), Document("1", "a dog"))
    found = opened(engine, 0, "the <b>cat</b> slept")
    assert found == {
        "row": 0,
        "parts": [
            ("passage", f"It rained {CAT} all day. "),
            ("carried", f"The <b>cat</b> {CAT} slept on the mat."),
            ("passage", " Nobody came."),
        ],
        "because": [],
        "words": ["cat", "slept"],
        "fields": [],
        "cut": "",
    }


def test_the_best_passage_stands_between_the_rest_of_the_text(encoder: FakeEncoder) -> None:
    passages = [" ".join(f"{word}{n}" for n in range(200)) for word in ("stone", "needle", "grass")]
    text = f"{CAT} ".join(passages)
    engine = built(encoder, Document("0", text), Document("1", "a dog"))
    assert engine.corpus.manifest.n_passages > 2
    found = opened(engine, 0, " ".join(f"needle{n}" for n in range(100)))
    parts = found["parts"]
    assert "".join(part for _, part in parts) == text
    assert (parts[0][0], parts[-1][0]) == ("", "")
    best = "".join(part for kind, part in parts if kind)
    assert "needle50" in best
    assert "stone50" not in best


def test_line_breaks_are_shown_as_such_and_directions_as_they_are(encoder: FakeEncoder) -> None:
    engine = built(encoder, Document("0", "one<br />two\n\nthree \N{RIGHT-TO-LEFT OVERRIDE}four"))
    found = opened(engine, 0, "zebra", ranker="knn")
    text = "".join(part for _, part in found["parts"])
    assert text == "one\ntwo\n\nthree \N{RIGHT-TO-LEFT OVERRIDE}four"


def test_of_a_text_without_end_what_is_around_the_passage_is_shown(encoder: FakeEncoder) -> None:
    text = f"{CAT} before " * 20_000 + "the needle is here " + "after " * 30_000
    engine = built(encoder, Document("hay", text), Document("other", "x"), whole=True)
    found = opened(engine, 0, "needle here")
    shown = "".join(part for _, part in found["parts"])
    assert len(shown) == 100_000
    start = text.index(shown)
    assert found["cut"] == (
        f"Characters {start + 1:,} to {start + 100_000:,} of {len(text):,}; an export has them all."
    )


@pytest.mark.parametrize(("n", "cut"), [(100_000, ""), (100_001, "Characters 1 to 100,000 of 100,001; an export")])
def test_a_text_is_cut_at_a_hundred_thousand_characters(encoder: FakeEncoder, n: int, cut: str) -> None:
    engine = built(encoder, Document("0", "w" * n), whole=True)
    found = opened(engine, 0, "other", ranker="knn")
    assert "".join(part for _, part in found["parts"]) == "w" * 100_000
    assert found["cut"].startswith(cut)
    assert bool(found["cut"]) == bool(cut)


def test_a_ranking_by_words_alone_names_words_and_no_sentence(encoder: FakeEncoder) -> None:
    engine = built(encoder, Document("0", "Rain *falls*. It is cold."), Document("1", "the sun"), Document("2", "snow"))
    found = opened(engine, 0, "rain falls", ranker="words")
    assert found["parts"] == [("passage", "Rain *falls*. It is cold.")]
    assert sorted(found["words"]) == ["Rain", "falls"]
    assert opened(engine, 0, "rain falls", ranker="knn")["words"] == []


def test_the_nearest_marks_say_why(encoder: FakeEncoder) -> None:
    documents = [
        Document("cat", "the cat sleeps on the mat", title="Cats"),
        Document("kitten", "the cat and the kitten sleep"),
        Document("dog", "a dog barks"),
        Document("rain", "rain falls", title="Rain"),
        Document("snow", "snow falls"),
    ]
    engine = built(encoder, *documents)
    found = opened(engine, 1, "cat", Feedback(("cat",), ("dog", "rain"), ("snow",)))
    assert [(each["row"], each["title"], each["mark"]) for each in found["because"]] == [
        (0, "Cats", "positive"),
        (found["because"][1]["row"], found["because"][1]["title"], "negative"),
    ]
    assert found["because"][0]["sentence"] == "the cat sleeps on the mat"
    assert found["because"][1]["title"] in ("dog", "Rain")
    assert opened(engine, 1, "cat", Feedback((), (), ("snow",)))["because"] == []


def test_a_drawn_row_has_its_text_and_columns_and_nothing_of_marks_or_rankings(encoder: FakeEncoder) -> None:
    document = Document("cat", "A cat sleeps. A dog barks.", metadata={"year": "2020"}, title="Cats")
    engine = built(encoder, document, Document("dog", "a dog barks"))
    assert opened(engine, 0, "dog", Feedback(("dog",)))["because"]
    assert opened_drawn_row(0, engine.corpus) == {
        "row": 0,
        "parts": [("", "A cat sleeps. A dog barks.")],
        "because": [],
        "words": [],
        "fields": [["id", "cat"], ["year", "2020"]],
        "cut": "",
    }
    assert opened_drawn_row(2, engine.corpus) is None


def test_a_drawn_text_without_end_is_shown_from_its_beginning(encoder: FakeEncoder) -> None:
    engine = built(encoder, Document("0", "w" * 100_001), whole=True)
    found = opened_drawn_row(0, engine.corpus)
    assert found is not None
    assert found["parts"] == [("", "w" * 100_000)]
    assert found["cut"] == "Characters 1 to 100,000 of 100,001; an export has them all."


def test_the_id_and_the_other_columns_are_fields(encoder: FakeEncoder) -> None:
    metadata = {f"c{n:02}": "v" * 1000 for n in range(30)}
    engine = built(encoder, Document("a7", "text", metadata=metadata, title="A title"), Document("a8", "text b"))
    fields = opened(engine, 0, "text", ranker="knn")["fields"]
    assert fields[0] == ["id", "a7"]
    assert [name for name, _ in fields[1:]] == [f"c{n:02}" for n in range(20)]
    assert {len(value) for _, value in fields[1:]} == {303}
    assert opened(engine, 1, "text", ranker="knn")["fields"] == [], "the id is the row's name already"


def test_a_row_of_a_document_that_is_the_query_is_told(encoder: FakeEncoder) -> None:
    engine = built(encoder, Document("0", "a cat"), Document("1", "a cat sleeps"))
    assert opened(engine, 1, DocumentQuery("0"))["row"] == 1


def test_there_is_no_row_beyond_the_corpus(animals: Corpus, encoder: FakeEncoder) -> None:
    engine = SearchEngine(animals, lambda info: encoder)
    ranking = engine.search("dog", k=0, depth=10)
    assert opened_row(10, ranking, engine, SentenceHighlighter(engine), Feedback()) is None


def test_a_model_that_fails_leaves_the_text_without_its_best_sentences(
    encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "The dog barks. A cat sleeps."
    engine = built(encoder, Document("0", text), Document("1", "rain"))
    engine.search("dog")

    def fails(*_: object) -> None:
        raise ExemplarError("not enough memory")

    monkeypatch.setattr(encoder, "encode_documents", fails)
    assert opened(engine, 0, "dog")["parts"] == [("passage", text)]
