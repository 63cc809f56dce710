"""The words index against a plain BM25 formula, and its damages."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from exemplar.data.words import indexing
from exemplar.data.words.analysis import Analyser
from exemplar.data.words.index import WordsIndex

TEXTS = [
    "the cat sat on the mat",
    "a cat and a dog",
    "dogs chase cats; the cats run, the dogs run",
    "",
    "read_csv reads COVID-19.csv",
    "中国 cat",
]


def written(folder: Path, texts: Sequence[str], language: str = "en") -> WordsIndex:
    indexing.write_index(texts, folder, language, is_chosen=True, documents_sha256="abc")
    return WordsIndex(folder)


def plain_bm25(texts: Sequence[str], language: str) -> dict[str, dict[int, float]]:
    """Return the weights by term and document, by the formula."""
    counts = [Analyser(language).terms(text) for text in texts]
    sizes = [sum(count.values()) for count in counts]
    mean, n = sum(sizes) / len(sizes), len(texts)
    weights: dict[str, dict[int, float]] = {}
    for term in {term for count in counts for term in count}:
        documents = [row for row, count in enumerate(counts) if term in count]
        idf = math.log(1 + (n - len(documents) + 0.5) / (len(documents) + 0.5))
        weights[term] = {
            row: idf * counts[row][term] * 2.2 / (counts[row][term] + 1.2 * (0.25 + 0.75 * sizes[row] / mean))
            for row in documents
        }
    return weights


def stored(index: WordsIndex, terms: Sequence[str]) -> dict[str, dict[int, float]]:
    weights = {}
    for term, number in zip(terms, index.numbers(terms).tolist(), strict=True):
        documents, values = index.weights(number)
        weights[term] = dict(zip(documents.tolist(), values.tolist(), strict=True))
    return weights


def test_weights_follow_the_formula(tmp_path: Path) -> None:
    expected = plain_bm25(TEXTS, "en")
    index = written(tmp_path / "words", TEXTS)
    actual = stored(index, sorted(expected))
    assert index.n_terms == len(expected)
    assert {term: list(weights) for term, weights in actual.items()} == {
        term: list(weights) for term, weights in expected.items()
    }
    for term, weights in expected.items():
        assert actual[term] == pytest.approx(weights, rel=1e-3)
    squares = np.zeros(len(TEXTS))
    for weights in expected.values():
        for row, weight in weights.items():
            squares[row] += weight**2
    np.testing.assert_allclose(index.lengths, np.sqrt(squares), rtol=1e-3)
    assert index.mean_length == pytest.approx(np.sqrt(squares[squares > 0]).mean(), rel=1e-3)
    assert index.n_words.tolist() == [sum(Analyser("en").terms(text).values()) for text in TEXTS]


def test_numbers_and_document_counts(tmp_path: Path) -> None:
    index = written(tmp_path / "words", TEXTS)
    numbers = index.numbers(["cat", "zebra", "read_csv", "中国"])
    assert (numbers >= 0).tolist() == [True, False, True, True]
    assert index.document_counts(numbers).tolist() == [4, 0, 1, 1]
    assert index.numbers(sorted(plain_bm25(TEXTS, "en"))).tolist() == list(range(index.n_terms))


@pytest.mark.parametrize("texts", [[], ["", "the"], ["", "zebra"]])
def test_texts_without_words(tmp_path: Path, texts: list[str]) -> None:
    index = written(tmp_path / "words", texts)
    assert (index.n_documents, index.n_terms) == (len(texts), len({"zebra"} & set(texts)))
    assert (index.mean_length > 0) == ("zebra" in texts)


def test_chunks_and_blocks_change_no_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = TEXTS * 5
    written(tmp_path / "whole", texts)
    monkeypatch.setattr(indexing, "CHUNK", 7)
    monkeypatch.setattr(indexing, "_BLOCK", 11)
    monkeypatch.setattr(indexing, "MOST_RAW_WORDS", 3)
    written(tmp_path / "cut", texts)
    assert _bytes(tmp_path / "whole") == _bytes(tmp_path / "cut")


def test_permuting_the_documents_permutes_the_postings(tmp_path: Path) -> None:
    order = [3, 5, 0, 2, 4, 1]
    first, second = written(tmp_path / "a", TEXTS), written(tmp_path / "b", [TEXTS[row] for row in order])
    terms = sorted(plain_bm25(TEXTS, "en"))
    expected = {term: {order.index(row): w for row, w in at.items()} for term, at in stored(first, terms).items()}
    assert stored(second, terms) == expected
    np.testing.assert_array_equal(second.lengths, first.lengths[order])


def test_no_file_stays_behind_after_an_error(tmp_path: Path) -> None:
    def texts():
        yield "a cat"
        raise OSError("the source is gone")

    with pytest.raises(OSError, match="the source is gone"):
        indexing.write_index(texts(), tmp_path / "words", "en", is_chosen=False, documents_sha256="")
    assert list(tmp_path.iterdir()) == []


def _bytes(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}
