import numpy as np

from exemplar.data.corpus.corpus import Corpus
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.rankers import Scorer
from exemplar.retrieval.score_plane import Point, score_plane
from exemplar.retrieval.search import SearchEngine
from tests.support.fake_encoder import FakeEncoder


def test_points_are_where_both_rankings_have_the_documents(animals: Corpus, encoder: FakeEncoder) -> None:
    engine = SearchEngine(animals, lambda built: encoder)
    marks = Feedback(("5",), ("3",))
    knn, svm = (engine.search("the cat", marks, ranker=ranker).scorer for ranker in ("knn", "anchored"))
    groups = (("rest", ["1", "2", "5", "gone"]), ("shown", ["0", "2"]), ("relevant", ["5"]))
    points = score_plane(engine, knn, svm, groups)
    assert [(point.doc_id, point.kind) for point in points] == [
        ("1", "rest"),
        ("2", "shown"),
        ("0", "shown"),
        ("5", "relevant"),
    ]
    for ranker, axis in (("knn", "x"), ("anchored", "y")):
        ranking = engine.search("the cat", marks, ranker=ranker, k=10)
        scores = dict(zip(ranking.doc_ids, ranking.scores, strict=True))
        assert np.allclose([getattr(point, axis) for point in points], [scores[point.doc_id] for point in points])


def test_a_plane_without_documents_is_empty(animals: Corpus) -> None:
    engine = SearchEngine(animals)
    weights = Scorer(np.zeros(animals.manifest.encoder.dim))
    assert score_plane(engine, weights, weights, (("rest", []), ("shown", ["gone"]))) == []
    assert score_plane(engine, weights, weights, (("rest", ["1"]),)) == [Point("1", 0.0, 0.0, "rest")]
