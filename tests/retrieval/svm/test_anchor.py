from pathlib import Path

import numpy as np
import pytest

from exemplar.data.building.build import build_corpus
from exemplar.data.words.index import WordsIndex
from exemplar.data.words.indexing import write_index
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.index.dense import DenseIndex
from exemplar.retrieval.index.words import DocumentWords
from exemplar.retrieval.ranking import Ranking
from exemplar.retrieval.search import SearchEngine
from exemplar.retrieval.svm import anchor as anchor_module
from exemplar.retrieval.svm.anchor import choose_terms, dense_anchor, information, term_rows, word_anchor
from tests.support.corpora import source_of
from tests.support.fake_encoder import FakeEncoder

TEXTS = ["red fox", "red hen", "red fox fox fox fox den", "blue hen pen", "blue sky", "blue", "grey owl", "grey cat"]


@pytest.fixture
def words(tmp_path: Path) -> DocumentWords:
    write_index(TEXTS, tmp_path / "words", "", is_chosen=False, documents_sha256="0" * 64)
    index = WordsIndex(tmp_path / "words")
    return DocumentWords(index, DenseIndex(np.eye(8, dtype=np.float32)), np.arange(8))


def names(words: DocumentWords, terms: np.ndarray) -> list[str]:
    return [sorted({word for text in TEXTS for word in text.split()})[term] for term in terms]


def scores(words: DocumentWords, terms: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return words.joined(terms).vectors(range(8))[:, 8:] @ (weights / words.scales(terms))


def test_the_dense_part_is_the_mean_of_the_examples_at_length_1() -> None:
    np.testing.assert_allclose(dense_anchor(np.array([[0.6, 0.8], [1, 0]], np.float32)), np.array([2, 1]) / np.sqrt(5))
    np.testing.assert_allclose(dense_anchor(np.array([[3, 4]], np.float32)), [0.6, 0.8])
    np.testing.assert_array_equal(dense_anchor(np.array([[1, 0], [-1, 0]], np.float32)), [0, 0])
    np.testing.assert_array_equal(dense_anchor(np.empty((1, 0), np.float32)), [])


def test_before_marks_the_document_with_most_of_the_querys_words_scores_half(words: DocumentWords) -> None:
    found = word_anchor(words, words.of_text("a red fox den"), ())
    assert names(words, found.terms) == ["den", "fox", "red"]
    of_words = scores(words, found.terms, found.weights)
    assert int(of_words.argmax()) == 2
    assert of_words.max() == pytest.approx(0.5, rel=1e-3)
    without = scores(words, found.terms, word_anchor(words, words.of_text("a red fox den"), (), without=[2]).weights)
    assert np.delete(without, 2).max() == pytest.approx(0.5, rel=1e-3), "the query's own document does not count"


def test_query_and_positives_share_the_weight(words: DocumentWords) -> None:
    query, positives = words.of_text("blue hen"), (words.of_text(TEXTS[2]), words.of_text("grey owl cat"))
    found = word_anchor(words, query, positives)
    total, own = 1 + 0.75, [text.weights @ np.minimum(text.counts, 3) for text in positives]
    best = scores(words, query.terms, query.counts).max()
    expected = {"blue": 1 / total / best, "hen": 1 / total / best}
    expected |= {"fox": 0.375 / total * 3 / own[0], "red": 0.375 / total / own[0]}  # "den" is in this positive alone
    expected |= dict.fromkeys(("grey", "owl", "cat"), 0.375 / total / own[1])
    del expected["owl"], expected["cat"]  # in one document each, as in one positive
    weights = dict(zip(names(words, found.terms), found.weights, strict=True))
    assert weights == {name: pytest.approx(0.8 * weight, rel=1e-3) for name, weight in sorted(expected.items())}


def test_without_a_query_the_positives_have_all_the_weight(words: DocumentWords) -> None:
    positives = (words.of_text(TEXTS[0]), words.of_text("blue hen"))
    found = word_anchor(words, None, positives)
    own = [text.weights.sum() for text in positives]
    expected = {"blue": 0.5 / own[1], "fox": 0.5 / own[0], "hen": 0.5 / own[1], "red": 0.5 / own[0]}
    weights = dict(zip(names(words, found.terms), found.weights, strict=True))
    assert weights == {name: pytest.approx(0.8 * weight, rel=1e-6) for name, weight in expected.items()}
    assert found.query.tolist() == [0] * 4


def test_a_query_says_as_much_as_its_words_are_rare(words: DocumentWords) -> None:
    def idf(n_documents: int) -> float:
        return float(np.log(1 + (8 - n_documents + 0.5) / (n_documents + 0.5)))

    assert information(words, words.of_text("red owl")) == pytest.approx(idf(3) + idf(1))
    assert information(words, words.of_text("blue, blue unicorn")) == pytest.approx(2 * idf(3))
    assert information(words, words.of_text("unicorn")) == 0


@pytest.mark.parametrize("terms", [[0, 2, 3, 7], [2], [], [9]])
def test_the_words_of_texts_are_rows_of_the_terms_that_take_part(terms: list[int]) -> None:
    scales = np.linspace(1, 2, len(terms))
    texts = [
        (np.array([2, 3, 8]), np.array([0.5, 1.5, 9])),
        (np.empty(0, np.int64), np.empty(0)),
        (np.array([0, 7]), np.array([2.0, 4])),
        (np.array([1]), np.array([7.0])),
    ]
    expected = np.zeros((4, 10))
    for row, (of_text, weights) in zip(expected, texts, strict=True):
        row[of_text] = weights
    found = term_rows(texts, np.array(terms, np.int64), scales)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found.toarray(), expected[:, terms] * scales, rtol=1e-6)
    assert term_rows([], np.array(terms, np.int64), scales).shape == (0, len(terms))


def test_rare_terms_take_part_first_and_all_have_eight_postings_a_document(
    words: DocumentWords, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = words.of_text("red fox den blue hen")
    monkeypatch.setattr(anchor_module, "MOST_TERMS", 3)
    assert names(words, text.terms[choose_terms(words, text.terms, text.counts)]) == ["den", "fox", "hen"]
    monkeypatch.setattr(anchor_module, "MOST_ENTRIES", 3 / 8)
    assert names(words, text.terms[choose_terms(words, text.terms, text.counts)]) == ["den", "fox"]
    monkeypatch.setattr(anchor_module, "MOST_ENTRIES", 0)
    assert names(words, text.terms[choose_terms(words, text.terms, text.counts)]) == ["den"], "at least one"


def test_a_query_without_a_known_word_has_no_words_part(words: DocumentWords) -> None:
    found = word_anchor(words, words.of_text("?"), ())
    assert (found.terms.size, found.weights.size, found.query.size) == (0, 0, 0)


class TopicEncoder(FakeEncoder):
    """Knows what the animals have in common, and no other word."""

    def _vector(self, text: str) -> np.ndarray:
        animals = sum(word in {"cat", "dog", "kitten", "puppy", "pet"} for word in text.lower().split())
        return np.array([1.0, animals, 0.01 * len(text)])


DOCUMENTS = [
    "ticket 4711 was closed",
    "ticket 4712 was opened",
    "the kitten sleeps",
    "a puppy barks",
    "the puppy of ticket 4713",
    "stocks rose today",
    "rain is likely",
]


def first(query: str, ranker: str, marks: Feedback | None = None) -> list[str]:
    encoder = TopicEncoder(dim=3)
    engine = SearchEngine(build_corpus(source_of(DOCUMENTS, name="topics"), encoder), lambda *_: encoder)
    ranking: Ranking = engine.search(query, marks, ranker=ranker, k=3)
    return [result.doc_id for result in ranking.results]


def test_where_only_words_have_the_answer_words_find_it() -> None:
    assert first("4711", "knn")[0] != "0"
    for ranker in ("words", "hybrid", "anchored"):
        assert first("4711", ranker)[0] == "0", ranker
    assert first("4711", "words") == ["0"], "no other document has the word"


def test_where_only_meaning_has_the_answer_vectors_find_it() -> None:
    assert first("dog", "words") == []
    for ranker in ("knn", "hybrid", "anchored", "anchored-vectors"):
        assert set(first("dog", ranker)) == {"2", "3", "4"}, ranker


def test_where_both_have_a_part_of_the_answer_both_find_it() -> None:
    for ranker in ("hybrid", "anchored"):
        assert first("pet 4713", ranker)[0] == "4", ranker


def test_a_mark_brings_what_shares_its_rare_words() -> None:
    assert "1" not in first("rain today", "anchored")
    assert "1" in first("rain today", "anchored", Feedback(("0",))), "another ticket"
