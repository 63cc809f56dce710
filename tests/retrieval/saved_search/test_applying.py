from dataclasses import replace
from typing import get_args

import numpy as np
import pytest

from exemplar.data.building.build import build_corpus
from exemplar.data.corpus.corpus import Corpus, open_corpus
from exemplar.data.errors import EncoderMismatch, ExemplarError
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.rankers import Ranker
from exemplar.retrieval.saved_search.applying import apply, why_vectors_are_unused
from exemplar.retrieval.saved_search.file import bytes_of, saved_search_of
from exemplar.retrieval.saved_search.making import saved_search
from exemplar.retrieval.saved_search.saved import SavedSearch
from exemplar.retrieval.saved_search.vectors import vectors_of_bytes
from exemplar.retrieval.search import SearchEngine
from exemplar.retrieval.sessions.events import DocumentQueried, Event, MarksAdded, Queried, SettingsSet
from exemplar.retrieval.sessions.marks import MarkedText, marked_texts
from exemplar.retrieval.sessions.session import Session
from exemplar.retrieval.sessions.settings import Settings
from tests.support.corpora import ANIMALS, source_of
from tests.support.fake_encoder import FakeEncoder

# Long and short, with words that stand in them many times.
OTHERS = [
    "a kitten " * 30,
    "cat " * 400,
    ANIMALS[0],
    ANIMALS[1],
    "the market of cats and dogs " * 5,
    "nothing of all this",
    ANIMALS[5],
    "",
    "cat",
]


LOST = MarkedText(None, "a hamster")


def marks_on(corpus: Corpus, positives: tuple[str, ...], negatives: tuple[str, ...]) -> MarksAdded:
    marked = (*positives, *negatives)
    texts = marked_texts(corpus, list(corpus.rows_of(marked).values()))
    hashes = {doc_id: text.text_hash for doc_id, text in zip(marked, texts, strict=True)}
    return MarksAdded(Feedback(positives, negatives), hashes, tuple(texts))


def session_on(corpus: Corpus, *events: Event, ranker: Ranker = "anchored") -> Session:
    begun: tuple[Event, ...] = (
        Queried("cat food"),
        SettingsSet(Settings(rankers=(ranker,))),
        marks_on(corpus, ("0", "1"), ("5", "6")),
    )
    return Session("one", corpus.manifest.name).after(*begun, *events, corpus_id=corpus.manifest.corpus_id)


def saved_on(corpus: Corpus, encoder: FakeEncoder, *events: Event, ranker: Ranker = "anchored") -> SavedSearch:
    engine = SearchEngine(corpus, lambda *_: encoder)
    return saved_search(session_on(corpus, *events, ranker=ranker), engine, dict, "cats")


def other_engine(encoder: FakeEncoder, texts: list[str] = OTHERS, language: str | None = None) -> SearchEngine:
    source = source_of([text or "blank" for text in texts], name="other")
    source = replace(source, spec=replace(source.spec, language=language))
    return SearchEngine(build_corpus(source, encoder), lambda *_: encoder)


@pytest.mark.parametrize("ranker", get_args(Ranker))
def test_saved_weights_give_the_scores_of_the_engine_itself(
    ranker: Ranker, animals: Corpus, encoder: FakeEncoder
) -> None:
    engine = SearchEngine(animals, lambda *_: encoder)
    session = session_on(animals, ranker=ranker)
    saved = saved_search_of(bytes_of(saved_search(session, engine, dict, "cats")))
    trained = engine.search("cat food", session.feedback, ranker=ranker, k=0, depth=99)

    applied = apply(saved, engine)

    assert applied.comparable
    assert animals.doc_ids(applied.rows) == list(trained.doc_ids)
    np.testing.assert_allclose(applied.scores, trained.scores, atol=1e-6)
    assert {row: mark.mark for row, mark in applied.marks.items()} == {
        0: "positive",
        1: "positive",
        5: "negative",
        6: "negative",
    }


def test_a_text_has_its_score_on_every_corpus(animals: Corpus, encoder: FakeEncoder) -> None:
    saved = saved_on(animals, encoder)
    here, there = apply(saved, SearchEngine(animals)), apply(saved, other_engine(encoder))
    by_text = dict(zip(here.rows.tolist(), here.scores.tolist(), strict=True))
    others = dict(zip(there.rows.tolist(), there.scores.tolist(), strict=True))

    assert saved.words is not None
    assert sorted(saved.words.terms) == ["cat", "kitten"]
    assert len(others) == len(OTHERS)
    np.testing.assert_allclose([others[2], others[3], others[6]], [by_text[0], by_text[1], by_text[5]], atol=1e-9)
    assert sorted(there.marks) == [2, 3, 6]


def test_counts_come_from_the_words_index_or_from_the_texts_alike(animals: Corpus, encoder: FakeEncoder) -> None:
    saved = saved_on(animals, encoder)
    assert saved.words is not None
    same_language = other_engine(encoder, language=saved.words.language or "none")
    by_index = apply(saved, same_language)
    another = apply(saved, other_engine(encoder, language="de"))  # whose index has other terms

    assert by_index.rows.tolist() == another.rows.tolist()
    assert by_index.scores.tolist() == another.scores.tolist()


def test_a_document_as_query_goes_with_its_text(animals: Corpus, encoder: FakeEncoder) -> None:
    [text_hash] = animals.text_hashes([2])
    saved = saved_on(animals, encoder, DocumentQueried("2", text_hash))
    lacks_it = other_engine(encoder)

    trained = apply(saved, lacks_it, retrain=True)
    typed = lacks_it.search(ANIMALS[2], Feedback(("2", "3"), ("6",), negative_texts=(ANIMALS[6],)), k=0, depth=99)

    assert trained.rows.tolist()[:5] == list(typed.rows)[:5]
    assert apply(saved, SearchEngine(animals, lambda *_: encoder), retrain=True).rows.size == 10


def test_training_anew_gives_scores_that_do_not_compare(animals: Corpus, encoder: FakeEncoder) -> None:
    saved, engine = saved_on(animals, encoder), other_engine(encoder)
    by_weights, anew = apply(saved, engine), apply(saved, engine, retrain=True)

    assert (by_weights.comparable, anew.comparable) == (True, False)
    assert sorted(anew.rows.tolist()) == list(range(len(OTHERS)))
    assert not np.allclose(np.sort(anew.scores), np.sort(by_weights.scores), atol=1e-3)
    same = apply(saved, SearchEngine(animals, lambda *_: encoder), retrain=True)
    np.testing.assert_allclose(same.scores, apply(saved, SearchEngine(animals)).scores, atol=1e-6)


def test_saved_vectors_train_anew_as_embedding_does_without_a_model(animals: Corpus, encoder: FakeEncoder) -> None:
    engine = other_engine(encoder)
    [text_hash] = engine.corpus.text_hashes([4])
    query = DocumentQueried("4", text_hash)
    gone = MarksAdded(Feedback(("gone",)), {"gone": LOST.text_hash}, (LOST,))
    session = session_on(engine.corpus, query, Queried("pets", added=True), gone, ranker="anchored-vectors")
    texts = {LOST.text_hash: LOST}
    without, saved = (
        saved_search_of(bytes_of(saved_search(session, engine, lambda: texts, "cats", with_vectors=with_vectors)))
        for with_vectors in (False, True)
    )
    assert saved.vectors is not None
    assert replace(saved, vectors=None, created=without.created) == without
    long = vectors_of_bytes(saved.vectors.passages[engine.corpus.text_hashes([1])[0]], encoder.dim)
    assert np.array_equal(long, engine.corpus.vectors[engine.corpus.passages_of(1)])
    assert len(long) > 1
    assert len(saved.vectors.passages) == 5
    assert len(saved.vectors.queries) == 2

    embedded = apply(without, SearchEngine(animals, lambda *_: encoder), retrain=True)
    found = apply(saved, SearchEngine(animals, no_model), retrain=True)

    assert why_vectors_are_unused(saved, animals) == ""
    assert found.rows.tolist() == embedded.rows.tolist()
    np.testing.assert_array_equal(found.scores, embedded.scores)
    with pytest.raises(AssertionError, match="a model is loaded"):
        apply(without, SearchEngine(animals, no_model), retrain=True)


def test_vectors_of_another_model_or_of_other_passages_are_not_used(animals: Corpus, encoder: FakeEncoder) -> None:
    engine = SearchEngine(animals, lambda *_: encoder)
    saved = saved_search(session_on(animals), engine, dict, "cats", with_vectors=True)
    assert why_vectors_are_unused(replace(saved, whole=True), animals) == (
        "The vectors in the saved search were not used: there is one for a text, and this corpus has one for a passage."
    )
    changed = FakeEncoder()
    changed.revision = "2"
    other = other_engine(changed)
    assert why_vectors_are_unused(saved, other.corpus) == (
        "The vectors in the saved search were not used: they are vectors of fake (revision 1, 64 dimensions), and this "
        "corpus has vectors of fake (revision 2, 64 dimensions)."
    )
    apply(saved, other, retrain=True)
    assert changed.queries_encoded == 1


def no_model(*_: object) -> FakeEncoder:
    raise AssertionError("a model is loaded")


def test_weights_do_not_rank_vectors_of_another_model(animals: Corpus, encoder: FakeEncoder) -> None:
    saved = saved_on(animals, encoder)
    changed = FakeEncoder()
    changed.revision = "2"
    engine = other_engine(changed)

    with pytest.raises(EncoderMismatch, match=r"has vectors of fake \(revision 2, 64 dimensions\), and this search"):
        apply(saved, engine)
    assert apply(saved, engine, retrain=True).rows.size == len(OTHERS)
    by_words = saved_on(animals, encoder, ranker="words")
    assert apply(by_words, engine).rows.size  # no vectors take part


def test_weights_of_words_alone_rank_a_corpus_of_words_alone(words_alone: SearchEngine) -> None:
    corpus = open_corpus("animals")
    saved = saved_search(session_on(corpus), words_alone, dict, "cats")
    trained = words_alone.search("cat food", Feedback(("0", "1"), ("5", "6")), k=0, depth=99)

    applied = apply(saved_search_of(bytes_of(saved)), words_alone)

    assert saved.weights.w == ()
    np.testing.assert_allclose(applied.scores, trained.scores, atol=1e-6)


def test_words_of_another_version_do_not_rank(animals: Corpus, encoder: FakeEncoder) -> None:
    saved = saved_on(animals, encoder)
    assert saved.words is not None
    older = replace(saved, words=replace(saved.words, analysis="0"))

    with pytest.raises(ExemplarError, match=r"another version of the analysis \(0, here 1, Snowball"):
        apply(older, SearchEngine(animals))


def test_a_session_without_a_query_can_not_be_saved(animals: Corpus, encoder: FakeEncoder) -> None:
    engine = SearchEngine(animals, lambda *_: encoder)

    with pytest.raises(ExemplarError, match="has no query yet"):
        saved_search(Session("one", "animals"), engine, dict, "none")
    with pytest.raises(ExemplarError, match="is not in this corpus any more"):
        saved_search(session_on(animals, DocumentQueried("gone")), engine, dict, "none")
