from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_array, hstack, issparse

from exemplar.data.encoders.base import unit_rows
from exemplar.data.words.index import WordsIndex
from exemplar.data.words.indexing import write_index
from exemplar.retrieval.index import terms as terms_module
from exemplar.retrieval.index.dense import DenseIndex
from exemplar.retrieval.index.features import Features
from exemplar.retrieval.index.joint import JointIndex
from exemplar.retrieval.index.terms import TermColumns
from exemplar.retrieval.index.words import DocumentWords, evened
from exemplar.retrieval.svm.fit import fit_exemplar_svm
from exemplar.retrieval.svm.objective import LossWeights

VOCABULARY = ["ant", "bee", "cat", "dog", "eel", "fox", "gnu", "hen", "ibis", "jay", "kiwi", "lynx"]
ROWS = np.array([0, 0, 1, 2, 2, 2, *range(3, 60)])  # 63 passages of 60 documents


@pytest.fixture
def words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WordsIndex:
    """The words of 60 documents of 3 to 9 words, which are kept in blocks of seven documents."""
    monkeypatch.setattr(terms_module, "_BLOCK", 7)
    rng = np.random.default_rng(3)
    texts = [" ".join(rng.choice(VOCABULARY, rng.integers(3, 10))) for _ in range(60)]
    write_index(texts, tmp_path / "words", "", is_chosen=False, documents_sha256="0" * 64)
    return WordsIndex(tmp_path / "words")


@pytest.fixture
def vectors() -> np.ndarray:
    return unit_rows(np.random.default_rng(1).normal(0.3, 1, (63, 6)))


@pytest.fixture
def joint(words: WordsIndex, vectors: np.ndarray) -> JointIndex:
    return DocumentWords(words, DenseIndex(vectors), ROWS).joined(np.array([1, 4, 5, 9]))


@pytest.fixture
def stacked(words: WordsIndex, vectors: np.ndarray) -> np.ndarray:
    """The same rows as one array."""
    weights = np.stack([np.bincount(d, w, 60) for d, w in (words.weights(t) for t in range(words.n_terms))], axis=1)
    n_documents = np.count_nonzero(weights, axis=0)
    idf = np.log(1 + (60 - n_documents + 0.5) / (n_documents + 0.5))
    scales = 2 / np.linalg.norm(weights, axis=1).mean() * (idf + 5) / idf / 2.5
    return np.hstack([vectors, (scales * weights)[:, [1, 4, 5, 9]][ROWS]]).astype(np.float32)


def test_a_row_is_a_vector_and_the_terms_of_its_document(joint: JointIndex, stacked: np.ndarray) -> None:
    assert (joint.n, joint.dim) == stacked.shape
    rows = [5, 62, 0, 5, 33]
    np.testing.assert_allclose(joint.vectors(rows), stacked[rows], rtol=1e-5)
    np.testing.assert_allclose(joint.mean(), stacked.mean(axis=0), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("documents", [[5, 59, 0, 5, 33, 33, 6, 7], [40], [3, 2, 1], []])
def test_words_of_documents_come_in_the_order_asked_for_as_sparse_rows(
    words: WordsIndex, stacked: np.ndarray, documents: list[int]
) -> None:
    terms = np.array([1, 4, 5, 9])
    scales = DocumentWords(words, DenseIndex(np.eye(60, dtype=np.float32)), np.arange(60)).scales(terms)
    rows = TermColumns(words, terms, 60, scales).rows(np.array(documents, np.intp))
    assert issparse(rows)
    assert (rows.shape, rows.dtype) == ((len(documents), 4), np.float32)
    firsts = np.searchsorted(ROWS, documents)
    np.testing.assert_allclose(rows.toarray(), stacked[firsts, 6:], rtol=1e-5)


@pytest.mark.parametrize("precise", [False, True])
def test_a_scan_reads_what_a_scan_of_all_columns_reads(joint: JointIndex, stacked: np.ndarray, precise: bool) -> None:
    w = np.random.default_rng(0).normal(size=10)
    left_out = np.array([2, 40])
    found, expected = (each.scan(w, -0.4, left_out, precise=precise) for each in (joint, DenseIndex(stacked, 9.0)))
    np.testing.assert_allclose(found.scores, expected.scores, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(found.violators, expected.violators)
    assert found.loss == pytest.approx(expected.loss, rel=1e-5)
    np.testing.assert_allclose(found.pull, expected.pull, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("within", [None, [1, 2, 3, 30, 31, 60]])
def test_the_best_rows_are_those_of_all_columns(
    joint: JointIndex, stacked: np.ndarray, within: list[int] | None
) -> None:
    w = np.random.default_rng(5).normal(size=10)
    options = {"b": 0.2, "exclude": [3, 7], "within": within}
    rows, scores = joint.top_k(w, 8, **options)
    expected_rows, expected = DenseIndex(stacked, 9.0).top_k(w, 8, **options)
    np.testing.assert_array_equal(rows, expected_rows)
    np.testing.assert_allclose(scores, expected, rtol=1e-5)


def test_by_words_alone_equal_documents_tie_and_others_do_not_come(joint: JointIndex, stacked: np.ndarray) -> None:
    w = np.append(np.zeros(6), [1, 0, 0, 0])
    rows, scores = joint.top_k(w, 63, above=0.0)
    assert set(rows) == set(np.flatnonzero(stacked[:, 6] > 0))
    for score in np.unique(scores):
        assert (np.diff(rows[scores == score]) > 0).all()
    best = joint.best_words(np.array([1.0, 0, 0, 0]), [])
    assert best == pytest.approx(stacked[:, 6].max())
    assert joint.best_words(np.array([1.0, 0, 0, 0]), ROWS[stacked[:, 6] == stacked[:, 6].max()]) < best


@pytest.mark.parametrize("n_terms", [4, 12])
def test_the_svm_on_vectors_and_words_is_linear_svcs_on_the_stacked_matrix(
    words: WordsIndex, vectors: np.ndarray, n_terms: int
) -> None:
    from sklearn.svm import LinearSVC

    corpus = DocumentWords(words, DenseIndex(vectors), ROWS)
    joint = corpus.joined(np.arange(n_terms))
    X = joint.vectors(range(63))
    query = X[11] + np.float32(0.1)
    svm = fit_exemplar_svm(joint, query, C=0.1, exclude=[11], until="exact")
    rows = np.delete(np.arange(63), 11)
    dense = csr_array(np.vstack([query[:6], vectors[rows]]).astype(np.float64))
    sparse = csr_array(np.vstack([query[6:], X[rows, 6:]]).astype(np.float64))
    y = np.r_[1, np.full(62, -1)]
    reference = LinearSVC(class_weight="balanced", C=50 * 2 / 63, tol=1e-8, max_iter=1_000_000, random_state=0)
    reference.fit(hstack([dense, sparse]), y)
    assert svm.stopped == "exact"
    np.testing.assert_allclose(np.append(svm.w, svm.b), np.append(reference.coef_, reference.intercept_), atol=2e-3)


@pytest.mark.parametrize("background", [0.0, 3.0])
def test_examples_whose_words_are_sparse_train_as_whole_rows_do(
    words: WordsIndex, vectors: np.ndarray, background: float
) -> None:
    joint = DocumentWords(words, DenseIndex(vectors), ROWS).joined(np.arange(words.n_terms))
    dense, loss = joint.vectors([10, 20, 30, 40]), LossWeights(np.array([2.0, 1.0]), 4.0, background)
    sparse = [Features(rows[:, :6], csr_array(rows[:, 6:])) for rows in (dense[:2], dense[2:])]
    anchor = np.append(dense[0], -1)
    found, expected = (
        fit_exemplar_svm(
            joint, positives, [7, 9], negative_vectors=negatives, loss=loss, anchor=anchor, exclude=[10], until="exact"
        )
        for positives, negatives in (sparse, (dense[:2], dense[2:]))
    )
    assert (found.stopped, found.scans) == (expected.stopped, expected.scans)
    np.testing.assert_allclose(np.append(found.w, found.b), np.append(expected.w, expected.b), atol=1e-5)


def test_common_words_weigh_more_than_by_bm25_the_more_common_they_are() -> None:
    counts = np.array([1, 10, 500, 990, 1000])
    idf = np.log(1 + (1000 - counts + 0.5) / (counts + 0.5))
    expected = np.append((idf[:3] + 5) / idf[:3] / 2.5, [(1 + 5 / 0.1) / 2.5] * 2)  # idf counts as 0.1 at least
    np.testing.assert_allclose(evened(counts, 1000), expected)


def test_documents_without_any_chosen_term_have_vectors_alone(words: WordsIndex, vectors: np.ndarray) -> None:
    joint = DocumentWords(words, DenseIndex(vectors), ROWS).joined(np.empty(0, np.int64))
    assert joint.dim == 6
    np.testing.assert_array_equal(joint.vectors([3, 1]), vectors[[3, 1]])
    np.testing.assert_array_equal(joint.top_k(vectors[8], 5)[0], DenseIndex(vectors).top_k(vectors[8], 5)[0])


def test_the_words_of_a_text_weigh_as_in_a_document_of_it(words: WordsIndex, vectors: np.ndarray) -> None:
    corpus = DocumentWords(words, DenseIndex(vectors), ROWS)
    for document in (0, 17, 59):
        expected = {}
        for term in range(words.n_terms):
            documents, weights = words.weights(term)
            if document in documents:
                expected[term] = float(weights[documents == document][0])
        texts = {name: term for term, name in enumerate(sorted(VOCABULARY))}
        assert len(texts) == words.n_terms
        counted = [name for name, term in texts.items() if term in expected]
        found = corpus.of_text(" ".join(counted))
        assert found.terms.tolist() == sorted(expected)
    assert corpus.of_text("nothing of this is known").terms.size == 0
