from dataclasses import replace

import numpy as np

from exemplar.retrieval.index.dense import DenseIndex
from exemplar.retrieval.rankers import Scorer
from exemplar.retrieval.ranking import Ranking
from exemplar.retrieval.suggest import Suggestion, parted, suggest_marks
from exemplar.retrieval.svm.fit import fit_exemplar_svm


def ranking(*doc_ids: str, scores: tuple[float, ...] = ()) -> Ranking:
    scores = scores or tuple(-float(place) for place in range(len(doc_ids)))
    texts = tuple(ord(doc_id[0]) for doc_id in doc_ids)  # "a" and "a2" are copies
    return Ranking("query", "knn", (), 0.0, Scorer(np.ones(3)), doc_ids, scores, texts, len(doc_ids))


def trained(of: Ranking) -> Ranking:
    svm = fit_exemplar_svm(DenseIndex(np.eye(3, dtype=np.float32)), [[1.0, 0.0, 0.0]])
    return replace(of, ranker="svm", scorer=Scorer(svm.w, svm.b, svm))


def test_documents_that_are_ranked_most_apart_come_first() -> None:
    first, second = ranking("a", "b", "c", "d"), ranking("b", "x", "c", "a")
    found = suggest_marks(first, second, marked=(), n=3)
    assert found == [
        Suggestion("a", "disagreement", (1, 4), -3.0),
        Suggestion("x", "disagreement", (None, 2), -1.0),
        Suggestion("b", "disagreement", (2, 1), 0.0),
    ]


def test_what_both_rank_alike_or_is_marked_is_not_suggested() -> None:
    both = ranking("a", "b", "c")
    assert suggest_marks(both, both, marked=()) == []
    assert [each.doc_id for each in suggest_marks(both, ranking("c", "b", "a"), marked=("a",))] == ["c"]


def test_then_come_those_nearest_to_the_border() -> None:
    same = ranking("a", "b", "c", "d", scores=(0.9, 0.2, -0.1, -0.7))
    found = suggest_marks(same, trained(same), marked=("b",), n=2)
    assert found == [Suggestion("c", "margin", (3, 3), -0.1), Suggestion("d", "margin", (4, 4), -0.7)]


def test_nothing_is_suggested_twice() -> None:
    first, second = ranking("a", "b", "c"), trained(ranking("c", "b", "a", scores=(0.1, 0.05, 0.0)))
    found = suggest_marks(first, second, marked=(), n=2)
    assert [(each.doc_id, each.why) for each in found] == [
        ("a", "disagreement"),
        ("c", "disagreement"),
        ("b", "margin"),
    ]


def test_copies_are_one_document() -> None:
    first, second = ranking("a", "b", "c", "d"), ranking("b2", "x", "c", "a2")
    found = suggest_marks(first, second, marked=("x", "d"), n=3)
    assert found == [
        Suggestion("a", "disagreement", (1, 4), -3.0),
        Suggestion("b", "disagreement", (2, 1), 0.0),
    ]


def test_without_documents_nothing_is_suggested() -> None:
    assert suggest_marks(ranking(), trained(ranking()), marked=()) == []


def test_a_ranking_whose_first_is_behind_the_first_hundred_of_the_learned_one_is_parted() -> None:
    learned = ranking(*map(chr, range(1000, 1200)))
    near, far = learned.doc_ids[99], learned.doc_ids[100]
    one, other = ranking(far, near, "x", "y"), replace(ranking(near, far, "x"), ranker="words")
    assert parted(learned, [one, other]) == [(one, [far, "x"])]
    assert parted(learned, [other, ranking()]) == []
    assert parted(ranking(), [other]) == [(other, [near, far, "x"])]
