import numpy as np
import pytest

from exemplar.data.building.build import build_corpus
from exemplar.data.corpus.corpus import Corpus
from exemplar.data.encoders.base import unit_rows
from exemplar.data.errors import ExemplarError
from exemplar.retrieval import nearest as module
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.index.dense import DenseIndex
from exemplar.retrieval.nearest import Nearest, nearest_marked
from exemplar.retrieval.search import SearchEngine
from tests.support.corpora import ANIMALS, source_of
from tests.support.fake_encoder import FakeEncoder

ANGLES = [0, 10, 350, 30, 90, 180, 10, 60, 45, 20]  # of the documents' vectors, in degrees


class Placed(FakeEncoder):
    """Places every document at its angle."""

    def __init__(self) -> None:
        super().__init__(dim=2)

    def _vector(self, text: str) -> np.ndarray:
        angle = np.radians(ANGLES[ANIMALS.index(text)])
        return np.array([np.cos(angle), np.sin(angle)])


@pytest.fixture
def placed() -> SearchEngine:
    return SearchEngine(build_corpus(source_of(ANIMALS), Placed()))


def found(nearest: list[Nearest]) -> list[tuple[str, str, float]]:
    return [(each.doc_id, each.mark, round(each.similarity, 4)) for each in nearest]


def test_the_nearest_marked_documents_come_first(placed: SearchEngine) -> None:
    marks = Feedback(("5", "3"), ("4", "1", "gone"), ("9",), ("a text alone",))
    expected = [("1", "negative", 0.9848), ("3", "positive", 0.866), ("4", "negative", 0.0), ("5", "positive", -1.0)]
    assert found(nearest_marked(placed, "0", marks)) == expected[:2]
    assert found(nearest_marked(placed, "0", marks, n=9)) == expected
    assert nearest_marked(placed, "0", marks, n=0) == []


def test_of_equally_near_documents_the_relevant_and_the_first_marked_come_first(placed: SearchEngine) -> None:
    assert [each.doc_id for each in nearest_marked(placed, "0", Feedback(("6",), ("1",)))] == ["6", "1"]
    assert [each.doc_id for each in nearest_marked(placed, "0", Feedback((), ("6", "1")))] == ["6", "1"]


def test_neither_the_document_nor_a_copy_of_it_is_near_to_itself(encoder: FakeEncoder) -> None:
    engine = SearchEngine(build_corpus(source_of([*ANIMALS, ANIMALS[0]]), encoder))
    [near] = nearest_marked(engine, "0", Feedback(("0", "10", "3")))
    assert (near.doc_id, near.mark) == ("3", "positive")
    assert nearest_marked(engine, "0", Feedback(("0", "10"))) == []
    assert nearest_marked(engine, "0", Feedback((), (), ("3",))) == []


@pytest.mark.parametrize("compared", [1, 3, 2**22])
def test_a_document_is_as_near_as_its_nearest_passage(
    encoder: FakeEncoder, compared: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_COMPARED", compared)
    encoder = FakeEncoder(max_tokens=4)
    texts = [
        "cats purr at night. stocks fell once again",
        "rain and wind came. stocks fell once again",
        "sun. and rain",
    ]
    corpus = build_corpus(source_of([*texts, *ANIMALS]), encoder)
    assert [len(corpus.passages_of(row)) for row in (0, 1)] == [2, 2]
    engine = SearchEngine(corpus, lambda *_: encoder)
    marks = Feedback(("2", "1"), ("3",))
    expected = {
        str(row): float((corpus.vectors[corpus.passages_of(0)] @ corpus.vectors[corpus.passages_of(row)].T).max())
        for row in (2, 1, 3)
    }
    nearest = nearest_marked(engine, "0", marks, n=3)
    assert {each.doc_id: each.similarity for each in nearest} == pytest.approx(expected)
    assert (nearest[0].doc_id, nearest[0].similarity) == ("1", pytest.approx(1.0))


def test_similarity_is_the_cosine_whatever_the_lengths_of_vectors(animals: Corpus) -> None:
    lengths = np.arange(1, 11, dtype=np.float32)[:, None]
    long = SearchEngine(animals, index=DenseIndex(unit_rows(animals.vectors) * lengths, longest=10))
    marks = Feedback(("1", "5"), ("3",))
    plain, scaled = (nearest_marked(engine, "0", marks, n=3) for engine in (SearchEngine(animals), long))
    assert [(each.doc_id, each.mark) for each in scaled] == [(each.doc_id, each.mark) for each in plain]
    assert [each.similarity for each in scaled] == pytest.approx([each.similarity for each in plain], abs=1e-6)


def test_without_vectors_nothing_is_near(words_alone: SearchEngine) -> None:
    assert nearest_marked(words_alone, "0", Feedback(("1",))) == []


def test_what_the_corpus_does_not_have_is_an_error(placed: SearchEngine) -> None:
    with pytest.raises(ExemplarError, match="no document 'x'"):
        nearest_marked(placed, "x", Feedback(("1",)))
