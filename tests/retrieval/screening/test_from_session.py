from dataclasses import replace

import pytest

from exemplar.data.building.build import build_corpus
from exemplar.data.corpus.corpus import Corpus
from exemplar.data.corpus.filters import Filters
from exemplar.data.errors import ExemplarError
from exemplar.retrieval.feedback import Feedback, Mark
from exemplar.retrieval.screening.from_session import draw_check, record_of
from exemplar.retrieval.screening.left import how_much_is_left
from exemplar.retrieval.screening.record import Draw, Read, Record
from exemplar.retrieval.sessions.events import (
    CheckDrawn,
    Event,
    FiltersSet,
    Marked,
    MarksAdded,
    MarksFollowed,
    Redone,
    Undone,
)
from exemplar.retrieval.sessions.session import Session
from tests.support.corpora import source_of
from tests.support.fake_encoder import FakeEncoder

KNN, IMPORTED = {"list": "knn", "rank": 1}, {"import": "marks.csv"}


@pytest.fixture
def hashes(animals: Corpus) -> dict[str, str]:
    return dict(zip(animals.rows, animals.text_hashes(list(animals.rows.values())), strict=True))


def marked(hashes: dict[str, str], doc_id: str, mark: Mark | None, found: dict[str, object] | None = None) -> Marked:
    return Marked(doc_id, mark, hashes[doc_id], found=KNN if found is None else found)


def record_after(corpus: Corpus, *events: Event) -> Record:
    return record_of(Session("s1", corpus.manifest.name).after(*events), corpus)


def test_marks_are_read_in_order_with_how_they_were_found(animals: Corpus, hashes: dict[str, str]) -> None:
    added = MarksAdded(Feedback(("5",), ("1",)), hashes, found={"5": {"list": "svm", "rank": 2}}, found_all=IMPORTED)
    record = record_after(animals, marked(hashes, "3", "negative"), added, marked(hashes, "0", "unsure", {}))
    assert record == Record(
        (
            Read("3", "negative", KNN),
            Read("5", "positive", {"list": "svm", "rank": 2}),
            Read("1", "negative", IMPORTED),
            Read("0", "unsure", {}),
        ),
        (),
        10,
    )


def test_a_mark_that_was_taken_back_or_undone_is_unread(animals: Corpus, hashes: dict[str, str]) -> None:
    events = [marked(hashes, "3", "positive"), marked(hashes, "4", "negative")]
    assert record_after(animals, *events, Undone()).reads == (Read("3", "positive", KNN),)
    assert record_after(animals, *events, marked(hashes, "3", None)).reads == (Read("4", "negative", KNN),)
    assert record_after(animals, *events, Undone(), Redone()) == record_after(animals, *events)


def test_a_mark_that_was_changed_stands_where_it_was_changed(animals: Corpus, hashes: dict[str, str]) -> None:
    events = [marked(hashes, "3", "positive"), marked(hashes, "4", "negative")]
    changed = record_after(animals, *events, marked(hashes, "3", "negative", {}))
    assert changed.reads == (Read("4", "negative", KNN), Read("3", "negative", KNN)), "it says no other way"
    again = record_after(animals, *events, marked(hashes, "3", "positive", IMPORTED))
    assert again.reads == (Read("3", "positive", KNN), Read("4", "negative", KNN)), "made again: nothing changed"
    undone = record_after(animals, *events, marked(hashes, "3", "negative", IMPORTED), Undone())
    assert undone == record_after(animals, *events)
    other = record_after(animals, *events, marked(hashes, "3", "negative", IMPORTED))
    assert other.reads[1] == Read("3", "negative", IMPORTED)


def test_marks_on_other_texts_are_left_out(animals: Corpus, hashes: dict[str, str]) -> None:
    gone, changed = Marked("99", "positive", "00ff"), Marked("4", "positive", hashes["3"])
    unknown = Marked("5", "positive")
    assert record_after(animals, gone, changed, unknown).reads == ()


def test_copies_count_once(encoder: FakeEncoder) -> None:
    corpus = build_corpus(source_of(["bees", "wasps", "bees", "ants", "wasps"], name="bees"), encoder)
    session = Session("s1", "bees")
    hashes = dict(zip(corpus.rows, corpus.text_hashes(range(5)), strict=True))
    marks = [marked(hashes, "2", "positive"), marked(hashes, "3", "negative"), marked(hashes, "0", "negative")]
    session = session.after(*marks)
    record = record_of(session, corpus)
    assert (record.n_records, len(record.reads)) == (3, 2)
    assert [read.mark for read in record.reads] == ["negative", "negative"], "the last mark on a text counts"
    drawn = draw_check(session, corpus, 1)
    assert (drawn.n_unread, drawn.doc_ids) == (1, ("1",))
    copy_marked = record_of(session.after(drawn, marked(hashes, "4", "positive")), corpus)
    assert how_much_is_left(copy_marked).drawn_left == (), "the mark on a copy judges what was drawn"
    assert copy_marked.draws[0].covers


def test_filters_make_the_review(encoder: FakeEncoder) -> None:
    texts = ["a bee", "two bees", "a bee", "a wasp", "a hornet"]
    corpus = build_corpus(source_of(texts, ["x", "x", "y", "x", "y"], name="bees"), encoder)
    hashes = dict(zip(corpus.rows, corpus.text_hashes(range(5)), strict=True))
    session = Session("s1", "bees").after(
        FiltersSet(Filters(labels=("x",))), marked(hashes, "2", "positive"), marked(hashes, "4", "negative")
    )
    record = record_of(session, corpus)
    assert record == Record((Read("2", "positive", KNN),), (), 3), "the mark on 2 is on the text of 0, which passes"
    drawn = draw_check(session, corpus, 2)
    assert (sorted(drawn.doc_ids), drawn.n_unread) == (["1", "3"], 2)
    [draw] = record_of(session.after(drawn), corpus).draws
    assert (draw.n_read, draw.covers) == (1, True)
    [draw] = record_of(session.after(drawn, FiltersSet(Filters())), corpus).draws
    assert not draw.covers


def test_a_check_remembers_what_was_read(animals: Corpus, hashes: dict[str, str]) -> None:
    session = Session("s1", "animals").after(marked(hashes, "3", "positive"), marked(hashes, "4", "negative"))
    drawn = draw_check(session, animals, 8)
    assert (drawn.n_unread, sorted(drawn.doc_ids)) == (8, ["0", "1", "2", "5", "6", "7", "8", "9"])
    assert drawn.text_hashes == {doc_id: hashes[doc_id] for doc_id in drawn.doc_ids}
    later = session.after(drawn, marked(hashes, "4", "positive"), marked(hashes, "0", "negative", {"random": 1}))
    record = record_of(later, animals)
    assert record.draws == (Draw(1, drawn.doc_ids, 8, frozenset({"3", "4"})),)
    assert record.reads[-1] == Read("0", "negative", {"random": 1})
    assert later.after(Undone(), Undone()).draws == later.draws, "undo takes no draw back"


def test_draws_are_random_and_within_what_is_unread(animals: Corpus, hashes: dict[str, str]) -> None:
    session = Session("s1", "animals").after(marked(hashes, "3", "positive"))
    drawn = {draw_check(session, animals, 1).doc_ids[0] for _ in range(400)}
    assert drawn == set(hashes) - {"3"}
    for n in (0, 10):
        with pytest.raises(ExemplarError, match=f"^a random check draws 1 to 9 records, which are unread; got {n}$"):
            draw_check(session, animals, n)


def test_checks_have_their_numbers_by_the_order_of_the_log(animals: Corpus, hashes: dict[str, str]) -> None:
    session = Session("s1", "animals")
    first, second = draw_check(session, animals, 2), draw_check(session, animals, 3)
    draws = record_of(session.after(first, second), animals).draws
    assert [(draw.number, len(draw.doc_ids)) for draw in draws] == [(1, 2), (2, 3)]


def test_a_check_of_a_corpus_that_has_grown_covers_it_no_longer(encoder: FakeEncoder) -> None:
    texts = ["a bee", "two bees", "a wasp"]
    corpus = build_corpus(source_of(texts, name="bees"), encoder)
    session = Session("s1", "bees")
    session = session.after(draw_check(session, corpus, 2))
    assert record_of(session, corpus).draws[0].covers
    grown = build_corpus(source_of([*texts, "a hornet"], name="bees"), encoder)
    assert not record_of(session, grown).draws[0].covers


def test_a_check_of_a_corpus_in_which_another_unread_text_has_taken_a_place_covers_it_no_longer(
    encoder: FakeEncoder,
) -> None:
    corpus = build_corpus(source_of(["a bee", "two bees", "a wasp"], name="bees"), encoder)
    session, drawn = Session("s1", "bees"), draw_check(Session("s1", "bees"), corpus, 1)
    texts = ["a bee", "two bees", "a wasp"]
    other = next(row for row in range(3) if str(row) not in drawn.doc_ids)
    texts[other] = "a horse"
    changed = build_corpus(source_of(texts, name="bees"), encoder)
    assert record_of(session.after(drawn), corpus).draws[0].covers
    assert not record_of(session.after(drawn), changed).draws[0].covers


def test_a_mark_that_is_taken_back_stays_read_before_a_draw(animals: Corpus, hashes: dict[str, str]) -> None:
    session = Session("s1", "animals").after(marked(hashes, "3", "positive"), marked(hashes, "4", "negative"))
    session = session.after(draw_check(session, animals, 8))
    checked = session.after(*(marked(hashes, each, "negative", {}) for each in session.draws[0].drawn.doc_ids))
    assert (whole := how_much_is_left(record_of(checked, animals)).check)
    for event in (marked(hashes, "4", None), Undone()):
        later = checked.after(event) if isinstance(event, Marked) else session.after(event)
        [draw] = record_of(later, animals).draws
        assert (draw.read, draw.covers) == (frozenset({"3", "4"}), True)
    lost = how_much_is_left(record_of(checked.after(marked(hashes, "4", None)), animals)).check
    assert lost
    assert (whole.high, lost.high) == (0, 1), "it may be relevant"


def test_a_mark_that_goes_to_a_copy_stays_read_before_a_draw(encoder: FakeEncoder) -> None:
    corpus = build_corpus(source_of(["bees", "wasps", "bees", "ants"], name="bees"), encoder)
    hashes = dict(zip(corpus.rows, corpus.text_hashes(range(4)), strict=True))
    session = Session("s1", "bees").after(marked(hashes, "2", "positive"))
    session = session.after(draw_check(session, corpus, 1))
    [draw] = record_of(session.after(session.on_text(marked(hashes, "0", "positive"))), corpus).draws
    assert (draw.n_read, draw.covers) == (1, True)


def test_marks_that_follow_their_texts_stay_read_before_a_draw(animals: Corpus, hashes: dict[str, str]) -> None:
    session = Session("s1", "animals").after(Marked("old", "positive", hashes["3"], found=KNN))
    drawn = CheckDrawn(("1",), 9, {"1": hashes["1"]})
    record = record_of(session.after(drawn, MarksFollowed({"old": "3"})), animals)
    assert record.reads == (Read("3", "positive", KNN),)
    assert record.draws == (Draw(1, ("1",), 9, frozenset({"3"})),)


def test_a_session_written_anew_keeps_order_and_ways(animals: Corpus, hashes: dict[str, str]) -> None:
    """As the page does when the log has lost events."""
    events = [
        marked(hashes, doc_id, mark) for doc_id, mark in (("3", "negative"), ("1", "positive"), ("5", "negative"))
    ]
    marks = Session("s1", "animals").after(*events).marks
    again = MarksAdded(marks.feedback, marks.texts, made=marks.made, found=marks.found)
    assert record_after(animals, again) == record_after(animals, *events)
    assert [read.doc_id for read in record_after(animals, replace(again, found={})).reads] == ["1", "3", "5"]
