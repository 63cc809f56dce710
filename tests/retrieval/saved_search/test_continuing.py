from dataclasses import replace

from exemplar.data.building.build import build_corpus
from exemplar.data.corpus.corpus import Corpus
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.saved_search.continuing import events_on
from exemplar.retrieval.sessions.events import DocumentQueried, Named, NotesAdded, Queried, SettingsSet
from exemplar.retrieval.sessions.identity import present_marks
from exemplar.retrieval.sessions.session import Session
from exemplar.retrieval.sessions.settings import Settings
from exemplar.retrieval.sessions.store import home_store
from tests.retrieval.saved_search.test_applying import saved_on
from tests.support.corpora import ANIMALS, source_of
from tests.support.fake_encoder import FakeEncoder


def test_a_new_session_has_query_settings_and_marks_by_their_texts(animals: Corpus, encoder: FakeEncoder) -> None:
    [of_milk, of_mat] = animals.text_hashes([2, 0])
    notes = NotesAdded({"0": "the best"}, {"5": "wrong kind"})
    saved = saved_on(animals, encoder, DocumentQueried("2", of_milk), Queried("pets", added=True), notes)
    november = build_corpus(source_of(["new", ANIMALS[6], ANIMALS[1], "other"], name="november"), encoder)

    events = events_on(saved, november)
    session = Session("new", "november").after(*events, corpus_id=november.manifest.corpus_id)

    aside = f"0 ({of_mat[:8]})"
    assert events[:4] == [
        Named("cats on november"),
        SettingsSet(Settings(rankers=("anchored",))),
        Queried(ANIMALS[2]),
        Queried("pets", added=True),
    ]
    assert session.feedback == Feedback((aside, "2"), ("5", "1"))
    assert (session.notes, session.reasons) == ({aside: "the best"}, {"5": "wrong kind"})

    store = home_store()
    kept = store.texts(store.begin("november", events, november.manifest.corpus_id))
    present = present_marks(session.marks, november, lambda: kept)
    assert present.feedback == Feedback(("2",), ("1",), (), (ANIMALS[0],), (ANIMALS[5],))
    assert present.events == ()


def test_what_is_not_there_gives_no_event(animals: Corpus, encoder: FakeEncoder) -> None:
    saved = replace(saved_on(animals, encoder), title="", marks=(), settings=Settings())

    assert events_on(saved, animals) == [Queried("cat food")]
