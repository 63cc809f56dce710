import numpy as np
import pytest

from exemplar.data.corpus.corpus import Corpus
from exemplar.retrieval.highlights import Explainer
from exemplar.retrieval.search import SearchEngine
from tests.support.fake_encoder import FakeEncoder

PASSAGE = "It rained all day. The cat slept on the mat. Nobody came."


@pytest.fixture
def explainer(animals: Corpus, encoder: FakeEncoder) -> Explainer:
    return Explainer(SearchEngine(animals, lambda built: encoder))


def carried(explainer: Explainer, passage: str, vector: np.ndarray) -> list[str]:
    return [passage[start:end] for start, end in explainer.carried(passage, vector)]


def test_the_sentence_nearest_to_the_rankings_vector_carried_the_passage(
    explainer: Explainer, encoder: FakeEncoder
) -> None:
    explainer.learn([PASSAGE])
    assert carried(explainer, PASSAGE, encoder.encode_query("the cat")) == ["The cat slept on the mat."]
    assert carried(explainer, PASSAGE, encoder.encode_query("rained day")) == ["It rained all day."]
    assert carried(explainer, PASSAGE, -encoder.encode_query("the cat")) != ["The cat slept on the mat."]


def test_two_sentences_that_say_the_same_both_carried_it(explainer: Explainer, encoder: FakeEncoder) -> None:
    passage = "The cat slept. It rained all day. The cat slept!"
    explainer.learn([passage])
    assert carried(explainer, passage, encoder.encode_query("the cat slept.")) == ["The cat slept."]
    passage = "A cat slept. It rained. A cat slept."
    explainer.learn([passage])
    assert carried(explainer, passage, encoder.encode_query("a cat slept.")) == ["A cat slept.", "A cat slept."]


def test_what_is_known_is_not_encoded_again(explainer: Explainer, encoder: FakeEncoder) -> None:
    assert not explainer.knows(PASSAGE)
    before = encoder.documents_encoded
    explainer.learn([PASSAGE, "One. Two.", PASSAGE])
    assert encoder.documents_encoded == before + 5
    explainer.learn([PASSAGE])
    assert encoder.documents_encoded == before + 5
    assert explainer.knows(PASSAGE)


@pytest.mark.parametrize("passage", ["one sentence alone", "", "  \n ", "..."])
def test_a_passage_of_one_sentence_has_nothing_to_mark(
    explainer: Explainer, encoder: FakeEncoder, passage: str
) -> None:
    before = encoder.documents_encoded
    explainer.learn([passage])
    assert explainer.carried(passage, encoder.encode_query("one")) == []
    assert encoder.documents_encoded == before


def test_of_an_endless_passage_only_the_beginning_is_read(explainer: Explainer, encoder: FakeEncoder) -> None:
    before = encoder.documents_encoded
    explainer.learn(["Again and again. " * 10_000])
    assert encoder.documents_encoded == before + 64


def test_an_unknown_passage_has_nothing_marked_yet(explainer: Explainer, encoder: FakeEncoder) -> None:
    assert explainer.carried("Never. Seen.", encoder.encode_query("never")) == []


def test_of_the_sentences_the_latest_are_kept(explainer: Explainer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exemplar.retrieval.highlights._KEPT", 5)
    passages = ["One. Two.", "Alone", "Three. Four.", "Five. Six."]
    for passage in passages:
        explainer.learn([passage])
    assert [explainer.knows(passage) for passage in passages] == [False, True, True, True]
