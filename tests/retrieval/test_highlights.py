import numpy as np
import pytest

from exemplar.data.building.build import build_corpus
from exemplar.data.corpus.corpus import Corpus
from exemplar.retrieval.highlights import SentenceHighlighter, carrying_words
from exemplar.retrieval.search import SearchEngine
from tests.support.corpora import source_of
from tests.support.fake_encoder import FakeEncoder

PASSAGE = "It rained all day. The cat slept on the mat. Nobody came."


@pytest.fixture
def highlighter(animals: Corpus, encoder: FakeEncoder) -> SentenceHighlighter:
    return SentenceHighlighter(SearchEngine(animals, lambda built: encoder))


def carried(highlighter: SentenceHighlighter, passage: str, vector: np.ndarray) -> list[str]:
    return [passage[start:end] for start, end in highlighter.best_sentences(passage, vector)]


def test_the_sentence_nearest_to_the_rankings_vector_carried_the_passage(
    highlighter: SentenceHighlighter, encoder: FakeEncoder
) -> None:
    highlighter.encode([PASSAGE])
    assert carried(highlighter, PASSAGE, encoder.encode_query("the cat")) == ["The cat slept on the mat."]
    assert carried(highlighter, PASSAGE, encoder.encode_query("rained day")) == ["It rained all day."]
    assert carried(highlighter, PASSAGE, -encoder.encode_query("the cat")) != ["The cat slept on the mat."]


def test_two_equal_sentences_are_both_highlighted(highlighter: SentenceHighlighter, encoder: FakeEncoder) -> None:
    passage = "The cat slept. It rained all day. The cat slept!"
    highlighter.encode([passage])
    assert carried(highlighter, passage, encoder.encode_query("the cat slept.")) == ["The cat slept."]
    passage = "A cat slept. It rained. A cat slept."
    highlighter.encode([passage])
    assert carried(highlighter, passage, encoder.encode_query("a cat slept.")) == ["A cat slept.", "A cat slept."]


def test_what_is_known_is_not_encoded_again(highlighter: SentenceHighlighter, encoder: FakeEncoder) -> None:
    before = encoder.documents_encoded
    highlighter.encode([PASSAGE, "One. Two.", PASSAGE])
    assert encoder.documents_encoded == before + 5
    highlighter.encode([PASSAGE])
    assert encoder.documents_encoded == before + 5


@pytest.mark.parametrize("passage", ["one sentence alone", "", "  \n ", "..."])
def test_a_passage_of_one_sentence_has_nothing_to_mark(
    highlighter: SentenceHighlighter, encoder: FakeEncoder, passage: str
) -> None:
    before = encoder.documents_encoded
    highlighter.encode([passage])
    assert highlighter.best_sentences(passage, encoder.encode_query("one")) == []
    assert encoder.documents_encoded == before


def test_only_the_beginning_of_a_long_passage_is_read(highlighter: SentenceHighlighter, encoder: FakeEncoder) -> None:
    before = encoder.documents_encoded
    highlighter.encode(["Again and again. " * 10_000])
    assert encoder.documents_encoded == before + 64


def test_an_unknown_passage_has_nothing_marked_yet(highlighter: SentenceHighlighter, encoder: FakeEncoder) -> None:
    assert highlighter.best_sentences("Never. Seen.", encoder.encode_query("never")) == []


def test_the_latest_sentences_are_cached(
    highlighter: SentenceHighlighter, encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exemplar.retrieval.highlights._CACHED", 5)
    passages = ["One. Two.", "Alone", "Three. Four.", "Five. Six."]
    for passage in passages:
        highlighter.encode([passage])
    before = encoder.documents_encoded
    highlighter.encode(passages[1:])
    assert encoder.documents_encoded == before
    highlighter.encode(passages[:1])
    assert encoder.documents_encoded == before + 2


def test_the_words_that_carry_a_row_are_looked_up_where_it_begins_and_in_its_passage(encoder: FakeEncoder) -> None:
    long = "rain " + "and so on " * 20_000 + "snow"
    engine = SearchEngine(build_corpus(source_of([long, "sun", "hail"], name="long"), encoder), lambda *_: encoder)
    ranking = engine.search("Rain snow", ranker="words")
    assert carrying_words(engine, ranking.scorer, ranking.results[0]) == ["rain"]
    knn = engine.search("Rain snow", ranker="knn")
    assert carrying_words(engine, knn.scorer, knn.results[0]) == []
