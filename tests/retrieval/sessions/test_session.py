import re
from collections import deque
from dataclasses import replace
from functools import reduce

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exemplar.data.corpus.filters import Filters
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.ranking import DocumentQuery
from exemplar.retrieval.sessions.events import (
    DocumentQueried,
    Event,
    FiltersSet,
    Joined,
    Marked,
    MarksAdded,
    MarksCleared,
    MarksFollowed,
    Named,
    Noted,
    NotesAdded,
    Opened,
    Queried,
    Redone,
    SettingsSet,
    TextsKnown,
    Undone,
)
from exemplar.retrieval.sessions.marks import MOST_UNDO
from exemplar.retrieval.sessions.session import Session, new_id
from exemplar.retrieval.sessions.settings import Settings


def marked(*doc_ids: str) -> list[Event]:
    return [Marked(doc_id, "positive") for doc_id in doc_ids]


def after(*events: Event) -> Session:
    step_by_step, at_once = reduce(Session.after, events, BEGUN), BEGUN.after(*events)
    assert step_by_step == at_once
    return at_once


UNDO, REDO, BEGUN = Undone(), Redone(), Session("s1", "animals")


def test_what_is_no_mark_changes_no_mark() -> None:
    before = after(*marked("a", "b"), UNDO)
    session = reduce(Session.after, [Queried("cats"), DocumentQueried("a"), Named("x"), Opened()], before)
    assert session == replace(before, query=DocumentQuery("a"))


def test_an_added_query_keeps_the_queries_before_it_each_once() -> None:
    like, added = DocumentQueried("a", "01", added=True), Queried("dogs", added=True)
    session = after(Queried("cats"), added, like)
    assert (session.query, session.earlier) == (DocumentQuery("a"), ("cats", "dogs"))
    again = session.after(Queried("cats", added=True))
    assert (again.query, again.earlier) == ("cats", ("dogs", DocumentQuery("a")))
    assert again.after(Queried("cats", added=True)) == again
    assert again.after(DocumentQueried("a", added=True)).earlier == ("dogs", "cats")
    assert after(added).earlier == (), "there was no query before"
    for alone in (Queried("birds"), Queried("cats"), DocumentQueried("b")):
        assert again.after(alone).earlier == ()


def test_a_document_has_one_note_whatever_its_mark() -> None:
    noted = [Noted("a", "first"), *marked("a"), Noted("b", "other"), Noted("a", "second", "01")]
    session = after(*noted)
    assert (session.notes, session.feedback) == ({"b": "other", "a": "second"}, Feedback(("a",)))
    for event in (UNDO, MarksCleared(), Marked("a", None), Queried("cats")):
        assert session.after(event).notes == session.notes
    assert session.after(Noted("a", "")).notes == {"b": "other"}
    assert session.after(Noted("gone", "")).notes == session.notes
    assert session.after(UNDO).after(Noted("a", "third"), REDO).feedback == Feedback(("a",)), "a note is no step"
    assert session.after(NotesAdded({"a": "new", "b": "", "c": "c"})).notes == {"a": "new", "c": "c"}
    assert hash(session) == hash(after(*noted))


def test_notes_follow_marks_to_other_documents() -> None:
    session = after(*(Noted(doc_id, doc_id.upper()) for doc_id in "abcd"))
    assert session.after(MarksFollowed({"a": "x"})).notes == {"x": "A", "b": "B", "c": "C", "d": "D"}
    assert session.after(MarksFollowed({"a": "b", "b": "x"})).notes == {"b": "A", "x": "B", "c": "C", "d": "D"}
    assert session.after(MarksFollowed({"a": "b", "c": "d"})).notes == {"b": "B\nA", "d": "D\nC"}
    assert after(Noted("a", "same"), Noted("b", "same"), MarksFollowed({"a": "b"})).notes == {"b": "same"}


def test_one_step_marks_some_documents_and_takes_the_marks_of_others_back() -> None:
    before = after(*marked("a", "b"), Marked("c", "negative"))
    event = MarksAdded(Feedback((), ("d", "b")), taken_back=("a", "c", "a", "b", "gone"))
    session = before.after(event)
    assert session.feedback == Feedback((), ("d", "b"))
    assert session.after(UNDO).feedback == before.feedback
    assert session.after(UNDO, REDO).feedback == session.feedback
    assert before.after(MarksAdded(Feedback(), taken_back=("a", "c"))).feedback == Feedback(("b",))
    assert before.after(MarksAdded(Feedback(), taken_back=("gone",))) == before


def test_marks_have_one_order_over_all_verdicts() -> None:
    session = after(*marked("b"), Marked("a", "unsure"), Marked("c", "negative"), *marked("d"))
    assert session.marks.order == ("b", "a", "c", "d")
    assert session.after(Marked("b", "negative"), Marked("c", None)).marks.order == ("a", "d", "b")
    assert after().marks.order == ()


def test_undo_and_redo_walk_through_the_marks() -> None:
    seen = [
        after(*marked("a", "b"), *steps).feedback.positives
        for steps in ([], [UNDO], [UNDO] * 2, [UNDO] * 3, [UNDO, UNDO, REDO], [UNDO, REDO], [UNDO, REDO, REDO])
    ]
    assert seen == [("a", "b"), ("a",), (), (), ("a",), ("a", "b"), ("a", "b")]


def test_a_new_mark_forgets_what_was_undone() -> None:
    session = after(*marked("a", "b"), UNDO, *marked("c"))
    assert not session.marks.future
    assert session.after(REDO) == session
    assert session.after(UNDO).feedback == Feedback(("a",))


def test_a_mark_that_changes_nothing_is_no_step() -> None:
    session = after(*marked("a", "b"), UNDO)
    for event in (*marked("a"), Marked("z", None), MarksAdded(Feedback(("a",)))):
        assert session.after(event) == session


def test_undo_takes_back_clearing_and_a_whole_import() -> None:
    session = after(*marked("a", "b"), MarksAdded(Feedback(("b", "x"), ("a", "y"))))
    assert session.feedback == Feedback(("b", "x"), ("a", "y"))
    assert session.after(UNDO).feedback == Feedback(("a", "b"))
    cleared = session.after(MarksCleared())
    assert cleared.feedback == Feedback()
    assert cleared.after(UNDO).feedback == session.feedback
    assert cleared.after(UNDO).after(REDO).feedback == Feedback()


def test_undo_leaves_query_filters_and_settings() -> None:
    filters, chosen = Filters(labels=("x",)), Settings(("svm",), 25, 0.5, hide_marked=True)
    others = [Queried("cats"), FiltersSet(filters), SettingsSet(chosen)]
    session = after(*marked("a"), *others, UNDO)
    assert session == Session("s1", "animals", "cats", after(*marked("a"), UNDO).marks, filters, chosen)
    assert (session.feedback, session.after(REDO).feedback) == (Feedback(), Feedback(("a",)))


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (Feedback(), Feedback(("a", "b"), ("c", "d"))),
        (Feedback(("e",), ("f",)), Feedback(("a", "b", "e"), ("c", "d", "f"))),
        (Feedback(("c",), ("a",)), Feedback(("b", "c"), ("d", "a"))),
        (Feedback(("d", "c"), ("b", "a")), Feedback(("d", "c"), ("b", "a"))),
        (Feedback((), (), ("a", "e")), Feedback(("b",), ("c", "d"), ("a", "e"))),
    ],
)
def test_of_added_marks_those_that_differ_count_and_come_last(other: Feedback, expected: Feedback) -> None:
    assert after(MarksAdded(Feedback(("a", "b"), ("c", "d"))), MarksAdded(other)).feedback == expected


def test_marks_keep_the_order_in_which_they_were_made() -> None:
    made = [Marked("b", "positive"), Marked("a", "positive"), Marked("c", "negative"), Marked("b", "positive")]
    assert after(*made).feedback == Feedback(("b", "a"), ("c",))
    assert after(*made, Marked("b", "negative"), Marked("a", None)).feedback == Feedback((), ("c", "b"))
    assert after(*made, Marked("b", "negative"), UNDO).feedback == Feedback(("b", "a"), ("c",))


def test_a_mark_keeps_the_hash_of_the_text_it_was_made_on_last() -> None:
    session = after(Marked("a", "positive", "01"), Marked("a", None), UNDO, MarksAdded(Feedback(("b",)), {"b": "02"}))
    assert session.marks.texts == {"a": "01", "b": "02"}
    assert session.after(Marked("a", "positive", "03")).marks.texts["a"] == "03"
    assert session.after(Marked("c", "positive"), TextsKnown({"c": "04"})).marks.texts["c"] == "04"


def test_undo_and_redo_restore_the_text_the_corpus_and_the_time_of_a_mark() -> None:
    def about(session: Session) -> tuple[object, ...]:
        marks = session.marks
        return session.feedback.mark_of("1"), marks.texts.get("1"), marks.corpus_ids.get("1"), marks.made.get("1")

    on_a = BEGUN.after(Marked("1", "positive", "0a", at="t1"), corpus_id="c1")
    for event, expected in (
        (Marked("1", "negative", "0b", at="t2"), ("negative", "0b", "c2", "t2")),
        (Marked("1", "positive", "0b", at="t2"), ("positive", "0b", "c2", "t2")),
        (Marked("1", "positive", "0a", at="t2"), ("positive", "0a", "c2", "t2")),
        (MarksAdded(Feedback((), ("1",)), {"1": "0b"}, at="t2"), ("negative", "0b", "c2", "t2")),
        (MarksCleared(), (None, None, None, None)),
    ):
        then = on_a.after(event, corpus_id="c2")
        assert about(then) == expected
        assert about(then.after(UNDO, corpus_id="c2")) == ("positive", "0a", "c1", "t1")
        assert about(then.after(UNDO, REDO, corpus_id="c3")) == expected


def test_a_text_that_became_known_is_known_after_undo_too() -> None:
    session = after(*marked("a"), TextsKnown({"a": "01"}), Marked("a", "negative", "02"), UNDO)
    assert session.marks.texts == {"a": "01"}
    assert session.after(UNDO, REDO).marks.texts == {"a": "01"}


def test_marks_follow_their_texts_to_other_documents() -> None:
    session = after(*marked("a", "b"), Marked("c", "negative"), TextsKnown({"a": "01"}), MarksFollowed({"a": "x"}))
    assert session.feedback == Feedback(("x", "b"), ("c",))
    assert session.marks.texts == {"x": "01"}
    assert session.after(UNDO) == session
    assert session.after(MarksFollowed({"c": "b"})).feedback == Feedback(("x",), ("b",)), "the later mark stays"
    assert session.after(MarksFollowed({"b": "c"})).feedback == Feedback(("x",), ("c",))
    assert session.after(MarksFollowed({"gone": "y"})).feedback == session.feedback


def test_undo_goes_a_hundred_steps_back_and_forth() -> None:
    session = after(*marked(*map(str, range(MOST_UNDO + 50))))
    back = reduce(Session.after, [UNDO] * (MOST_UNDO + 50), session)
    assert back.feedback == Feedback(tuple(map(str, range(50))))
    assert len(session.marks.past) == len(back.marks.future) == MOST_UNDO
    assert reduce(Session.after, [REDO] * (MOST_UNDO + 50), back) == session


MARK_EVENTS = st.one_of(
    st.builds(Marked, st.sampled_from("abc"), st.sampled_from(["positive", "negative", "unsure", None])),
    st.sampled_from([UNDO, REDO, MarksCleared(), MarksAdded(Feedback(("a",), ("c",)))]),
)


@settings(deadline=None)
@given(st.lists(MARK_EVENTS, max_size=30))
def test_undo_and_redo_are_each_others_opposite(events: list[Event]) -> None:
    session = after(*events)
    if session.marks.past:
        assert session.after(UNDO).after(REDO) == session
    if session.marks.future:
        assert session.after(REDO).after(UNDO) == session
    assert reduce(Session.after, [UNDO] * len(events), session).marks.past == deque()


def test_ids_are_fit_for_an_address_and_differ() -> None:
    ids = {new_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(re.fullmatch(r"[\w-]{12}", each) for each in ids)


def test_a_mark_on_a_text_replaces_those_on_its_copies_in_one_step() -> None:
    made = after(Marked("a", "positive", "01"), Marked("b", "negative", "01"), Marked("c", "negative", "02"))
    event = made.on_text(Marked("d", "negative", "01"))
    assert event.replaces == ("a", "b")
    assert made.after(event).feedback == Feedback((), ("c", "d"))
    assert made.after(event, UNDO).feedback == made.feedback
    assert made.on_text(Marked("a", None)).replaces == ("b",), "the session knows its text"
    assert made.on_text(Marked("x", None)).replaces == ()
    assert made.after(made.on_text(Marked("a", None))).on_text(Marked("b", "positive", "01")).replaces == ()


def test_marks_on_texts_take_those_on_their_copies_back_in_one_step() -> None:
    marks = [Marked("a", "positive", "01"), Marked("b", "negative", "01"), Marked("c", "negative", "02")]
    made = after(*marks, Marked("d", "unsure", "03"), Marked("e", "positive"))
    event = made.on_texts(MarksAdded(Feedback(("x", "y")), {"x": "01", "y": "09"}))
    assert event == MarksAdded(Feedback(("x", "y")), {"x": "01", "y": "09"}, taken_back=("a", "b"))
    assert made.after(event).feedback == Feedback(("e", "x", "y"), ("c",), ("d",))
    assert made.after(event, UNDO).feedback == made.feedback
    assert made.on_texts(MarksAdded(Feedback(("a", "x")), {"x": "02"})).taken_back == ("b", "c"), "it knows a's text"
    assert made.on_texts(MarksAdded(Feedback(), taken_back=("b", "b", "d"))).taken_back == ("b", "d", "a")
    assert made.on_texts(MarksAdded(Feedback(("b",)), taken_back=("b", "c"))).taken_back == ("c", "a")
    assert made.on_texts(MarksAdded(Feedback(("e", "z")))).taken_back == ()


def test_a_mark_has_its_reader_whom_undo_and_ids_that_change_keep() -> None:
    session = after(
        Marked("a", "positive", reader="ann"), Marked("b", "negative"), Marked("a", "negative", reader="bob")
    )
    assert session.marks.readers == {"a": "bob"}
    assert session.after(UNDO).marks.readers == {"a": "ann"}
    assert session.after(MarksFollowed({"a": "x"})).marks.readers == {"x": "bob"}
    added = MarksAdded(Feedback(("c", "d"), ("b",)), reader="cleo", readers={"d": "dan", "b": ""})
    assert session.after(added).marks.readers == {"a": "bob", "c": "cleo", "d": "dan"}


def test_a_mark_that_another_reader_makes_again_is_a_step() -> None:
    session = after(Marked("a", "positive", reader="ann"), Marked("a", "positive", reader="bob"))
    assert session.marks.readers == {"a": "bob"}
    assert session.after(UNDO).marks.readers == {"a": "ann"}


def test_a_reason_stands_beside_the_note_and_an_earlier_version_leaves_it() -> None:
    session = after(Noted("a", "n", reason="old"), Noted("b", "", reason="far"))
    assert (session.notes, session.reasons) == ({"a": "n"}, {"a": "old", "b": "far"})
    assert session.after(Noted("a", "m")).reasons == {"b": "far", "a": "old"}
    assert session.after(Noted("a", "m", reason="")).reasons == {"b": "far"}
    assert session.after(NotesAdded({"b": "x"}, {"a": "new"})).reasons == {"a": "new", "b": "far"}
    assert session.after(UNDO, MarksCleared()).reasons == session.reasons
    told = session.after(Marked("c", "negative", note="why", reason="far"))
    assert (told.notes, told.reasons) == ({"a": "n", "c": "why"}, {"a": "old", "b": "far", "c": "far"})


def test_notes_and_the_first_of_the_reasons_follow_their_texts() -> None:
    session = after(Noted("a", "n", reason="old"), Noted("b", "m", reason="far"), MarksFollowed({"a": "b"}))
    assert (session.notes, session.reasons) == ({"b": "m\nn"}, {"b": "far"})


def test_a_conflict_is_open_until_it_is_marked_as_relevant_or_not() -> None:
    joined = after(Joined(("x", "y"), ("a", "b")), MarksAdded(Feedback((), (), ("a", "b", "c"))))
    assert joined.conflicts == ("a", "b")
    assert joined.after(Marked("a", "unsure")).conflicts == ("a", "b")
    settled = joined.after(Marked("a", "negative"))
    assert settled.conflicts == ("b",)
    assert settled.after(UNDO).conflicts == ("a", "b")
    assert settled.after(MarksFollowed({"b": "z"})).conflicts == ("z",)
    assert after(Marked("a", "unsure")).conflicts == ()
