import numpy as np
import pytest

from exemplar.data.building.build import build_corpus
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.saved_search.among_marks import Cut, among_marks, figures
from exemplar.retrieval.search import SearchEngine
from tests.support.corpora import source_of
from tests.support.fake_encoder import FakeEncoder


def test_figures_by_hand() -> None:
    scores = np.array([0.9, 0.8, 0.8, 0.4, 0.1])
    relevant = np.array([True, True, False, True, False])

    found = figures(scores, relevant, 5)

    whole, most = Cut(pytest.approx(0.25), 3 / 4, 1.0, 6 / 7), Cut(pytest.approx(0.6), 2 / 3, 2 / 3, 2 / 3)
    assert found.suggested == whole
    assert found.cuts == (whole, most)
    assert (found.n_relevant, found.n_not_relevant, found.n_folds) == (3, 2, 5)


def test_figures_are_of_searches_that_have_not_seen_the_rows(encoder: FakeEncoder) -> None:
    texts = [f"cat number{n} animal" for n in range(6)] + [f"stock price{n} market" for n in range(6)]
    corpus = build_corpus(source_of(texts + ["other words"] * 3, name="two"), encoder)
    engine = SearchEngine(corpus, lambda *_: encoder)
    relevant, others = tuple(map(str, range(6))), tuple(map(str, range(6, 12)))

    parted = among_marks(engine, "cat", Feedback(relevant, others), ranker="anchored")
    mixed = among_marks(
        engine, "cat", Feedback(relevant[::2] + others[::2], relevant[1::2] + others[1::2]), ranker="anchored"
    )

    assert parted is not None
    assert mixed is not None
    assert (parted.suggested.precision, parted.suggested.recall) == (1.0, 1.0)
    assert mixed.suggested.f1 < 0.8
    again = among_marks(engine, "cat", Feedback(relevant[::-1], others), ranker="anchored")
    assert again is not None
    assert again.suggested.threshold == pytest.approx(parted.suggested.threshold)


@pytest.mark.parametrize(("n_relevant", "n_others"), [(4, 5), (5, 4)])
def test_few_marks_give_no_figures(n_relevant: int, n_others: int) -> None:
    feedback = Feedback(tuple(map(str, range(n_relevant))), tuple(str(n) for n in range(10, 10 + n_others)))

    assert among_marks(None, "cat", feedback, ranker="anchored") is None  # type: ignore[arg-type]
