import json
import random
from dataclasses import replace

import pytest

from exemplar.data.building.build import build_corpus
from exemplar.data.corpus.corpus import Corpus
from exemplar.data.errors import ExemplarError
from exemplar.retrieval.feedback import Feedback, Mark
from exemplar.retrieval.screening.bounds import Target
from exemplar.retrieval.screening.from_session import record_of
from exemplar.retrieval.screening.joining import joined
from exemplar.retrieval.screening.left import Left, how_much_is_left
from exemplar.retrieval.screening.readers import (
    Comparison,
    Judgement,
    Reading,
    cohen_kappa,
    compare,
    conflicts_csv,
    reading_of,
)
from exemplar.retrieval.sessions.events import (
    DocumentQueried,
    Event,
    FiltersSet,
    Joined,
    Marked,
    MarksAdded,
    Named,
    Noted,
    NotesAdded,
    Queried,
    SettingsSet,
)
from exemplar.retrieval.sessions.identity import present_marks
from exemplar.retrieval.sessions.marks import MarkedText
from exemplar.retrieval.sessions.session import Session
from exemplar.retrieval.sessions.settings import Settings
from tests.support.corpora import ANIMALS, many, source_of
from tests.support.fake_encoder import FakeEncoder
from tests.support.readers import marked

MARKS: tuple[Mark, ...] = ("positive", "negative", "unsure")
RANKED = {"list": "anchored", "rank": 1}
READERS = (("ann", 3), ("bob", 30))  # and how many they take for relevant


def reading(corpus: Corpus, title: str, *events: Event) -> Reading:
    session = Session(title, corpus.manifest.name).after(*events, corpus_id=corpus.manifest.corpus_id)
    texts = {event.text_hash: event.text for event in events if isinstance(event, Marked) and event.text}
    return reading_of(title, session, corpus, lambda: {str(key): text for key, text in texts.items()})


def anns(corpus: Corpus) -> Reading:
    return reading(
        corpus,
        "cats by ann",
        Queried("a cat"),
        marked(corpus, "0", "positive", "ann", "2020-01-01"),
        marked(corpus, "1", "positive", "ann", "2020-01-02"),
        marked(corpus, "2", "unsure", "ann"),
        marked(corpus, "5", "negative", "ann"),
        marked(corpus, "6", "negative", "ann"),
        Noted("6", "a market", reason="wrong population"),
        Noted("5", "", reason="wrong outcome"),
        marked(corpus, "7", "negative", "ann"),
        Noted("9", "look again"),
    )


def bobs(corpus: Corpus) -> Reading:
    return reading(
        corpus,
        "cats by bob",
        Queried("cats"),
        marked(corpus, "0", "positive", "bob", "2020-02-01"),
        marked(corpus, "1", "negative", "bob", "2020-02-02"),
        Noted("1", "a kitten", reason="wrong outcome"),
        marked(corpus, "2", "unsure", "bob"),
        marked(corpus, "5", "negative", "bob"),
        Noted("5", "", reason="duplicate"),
        marked(corpus, "6", "positive", "bob"),
        Noted("6", "stocks"),
        marked(corpus, "8", "positive", "bob"),
    )


def test_two_readings_are_compared_as_counted_by_hand(animals: Corpus) -> None:
    found = compare(anns(animals), bobs(animals))
    assert found.names == ("ann", "bob")
    assert [one.doc_id for one, _ in found.both] == ["0", "1", "2", "5", "6"]
    assert found.table == {
        "positive": {"positive": 1, "negative": 1, "unsure": 0},
        "negative": {"positive": 1, "negative": 1, "unsure": 0},
        "unsure": {"positive": 0, "negative": 0, "unsure": 1},
    }
    assert [(one.doc_id, one.mark, other.mark, one.note, other.note) for one, other in found.conflicts] == [
        ("1", "positive", "negative", "", "a kitten"),
        ("6", "negative", "positive", "a market", "stocks"),
    ]
    assert found.agreement == 3 / 5
    assert found.kappa == pytest.approx((15 - 9) / (25 - 9))  # 3 of 5 agree; by chance 2*2 + 2*2 + 1*1 of 25
    assert found.kappa_of_two == 0
    assert [each.doc_id for each in found.only_first] == ["7"]
    assert [each.doc_id for each in found.only_second] == ["8"]


def test_conflicts_are_written_as_csv_that_no_spreadsheet_runs(animals: Corpus) -> None:
    one = reading(animals, "a", marked(animals, "0", "positive", "=ann"), Noted("0", "=1+1"))
    other = reading(animals, "b", marked(animals, "0", "negative", "bob"), Noted("0", "", reason="old"))
    lines = conflicts_csv(compare(one, other)).decode("utf-8-sig").splitlines()
    assert lines == [
        "doc_id,title,first_reader,first_mark,first_reason,first_note,"
        "second_reader,second_mark,second_reason,second_note",
        f"0,{ANIMALS[0]},'=ann,relevant,,'=1+1,bob,not relevant,old,",
    ]
    assert conflicts_csv(compare(one, one)).decode("utf-8-sig").splitlines() == lines[:1]


def test_the_comparison_as_json_has_all_of_it(animals: Corpus) -> None:
    content = json.loads(json.dumps(compare(anns(animals), bobs(animals)).to_json()))
    assert content["conflicts"][1] == {
        "title": ANIMALS[6],
        "first": {
            "doc_id": "6",
            "mark": "not relevant",
            "reader": "ann",
            "note": "a market",
            "reason": "wrong population",
        },
        "second": {"doc_id": "6", "mark": "relevant", "reader": "bob", "note": "stocks"},
    }
    assert content["only_first"] == [{"title": ANIMALS[7], "doc_id": "7", "mark": "not relevant", "reader": "ann"}]
    assert content["table"]["relevant"] == {"relevant": 1, "not relevant": 1, "unsure": 0}
    figures = ("readers", "marked_by_both", "agreement", "kappa_without_unsure", "text_unknown")
    assert [content[key] for key in figures] == [["ann", "bob"], 5, 0.6, 0.0, [0, 0]]


@pytest.mark.parametrize("classes", [MARKS, MARKS[:2]])
@pytest.mark.parametrize("seed", range(5))
def test_kappa_is_that_of_scikit_learn(classes: tuple[Mark, ...], seed: int) -> None:
    from sklearn.metrics import cohen_kappa_score

    draw = random.Random(seed)
    pairs = [(draw.choice(MARKS), draw.choice(MARKS + ("positive",) * seed)) for _ in range(40)]
    table = {a: {b: pairs.count((a, b)) for b in MARKS} for a in MARKS}
    first, second = zip(*[pair for pair in pairs if set(pair) <= set(classes)], strict=True)
    assert cohen_kappa(table, classes) == pytest.approx(cohen_kappa_score(first, second))


def test_kappa_is_not_defined_where_agreement_by_chance_is_certain() -> None:
    table = {a: {b: 4 if a == b == "positive" else 0 for b in MARKS} for a in MARKS}
    assert cohen_kappa(table, MARKS) is None
    assert cohen_kappa({a: dict.fromkeys(MARKS, 0) for a in MARKS}, MARKS) is None


def test_without_a_record_in_common_there_is_no_figure(animals: Corpus) -> None:
    one = reading(animals, "a", marked(animals, "0", "positive", ""))
    other = reading(animals, "b", marked(animals, "1", "positive", ""))
    found = compare(one, other)
    assert (found.both, found.agreement, found.kappa, found.kappa_of_two) == ((), None, None, None)


def test_records_are_matched_by_their_texts_on_a_corpus_with_other_ids(animals: Corpus, encoder: FakeEncoder) -> None:
    turned = build_corpus(source_of(ANIMALS[::-1], name="turned"), encoder)
    one = reading(animals, "a", marked(animals, "0", "positive", "ann"))
    other = reading(turned, "b", marked(turned, "9", "negative", "bob"), marked(turned, "8", "positive", "bob"))
    found = compare(one, other)
    assert [(first.doc_id, second.doc_id) for first, second in found.both] == [("0", "9")]
    join = joined(one, other, animals)
    session = Session("j", "animals").after(*join.events)
    assert session.feedback == Feedback(("1",), (), ("0",))
    assert present_marks(session.marks, animals, dict).states == {}


def test_copies_of_a_text_are_one_record_and_unsure_if_their_marks_differ(encoder: FakeEncoder) -> None:
    corpus = build_corpus(source_of(["a cat", "a dog", "a cat", "a dog"], name="copies"), encoder)
    one = reading(corpus, "a", marked(corpus, "0", "positive", "ann"), marked(corpus, "1", "positive", "ann"))
    other = reading(
        corpus,
        "b",
        marked(corpus, "2", "positive", "bob"),
        marked(corpus, "1", "positive", "bob"),
        marked(corpus, "3", "negative", "bob"),
    )
    assert [(a.mark, b.mark) for a, b in compare(one, other).both] == [("positive", "positive"), ("positive", "unsure")]


def test_a_mark_whose_text_no_one_knows_is_counted_and_left_out(animals: Corpus) -> None:
    old = reading(animals, "old", Marked("0", "positive"), marked(animals, "1", "positive", ""))
    found = compare(old, reading(animals, "b", marked(animals, "0", "positive", "")))
    assert (old.unknown, found.both, found.unknown) == (("0",), (), (1, 0))
    assert joined(old, old, animals).left_out == ("0: no one knows on which text it was marked",) * 2


def test_a_reading_is_named_by_its_one_reader_else_by_its_title(animals: Corpus) -> None:
    assert anns(animals).name == "ann"
    assert reading(animals, "t", marked(animals, "0", "positive", "")).name == "t"
    both = reading(animals, "t", marked(animals, "0", "positive", "ann"), marked(animals, "1", "positive", "bob"))
    assert both.name == "t"
    mine = anns(animals)
    assert compare(mine, replace(mine, title="mine")).names == ("cats by ann", "mine")
    assert compare(mine, mine).names == ("cats by ann (1)", "cats by ann (2)")


def test_joining_takes_over_agreement_and_leaves_conflicts_to_a_person(animals: Corpus) -> None:
    first, second = anns(animals), bobs(animals)
    before = (first.session, second.session)
    join = joined(first, second, animals, reader="cleo")
    session = Session("j", "animals").after(*join.events)
    assert session.feedback == Feedback(("0", "8"), ("5", "7"), ("1", "2", "6"))
    assert session.marks.readers == {"7": "ann", "8": "bob"} | dict.fromkeys(("0", "1", "2", "5", "6"), "ann, bob")
    assert (session.conflicts, join.n_conflicts, join.left_out) == (("1", "6"), 2, ())
    assert session.notes == {
        "1": "Conflict: ann: relevant; bob: not relevant (wrong outcome)\nbob: a kitten",
        "5": "Reasons: ann: wrong outcome; bob: duplicate",
        "6": "Conflict: ann: not relevant (wrong population); bob: relevant\nann: a market\nbob: stocks",
        "9": "look again",
    }
    assert session.reasons == {"5": "wrong outcome", "6": "wrong population", "1": "wrong outcome"}
    assert (session.query, session.settings) == ("a cat", Settings(reader="cleo"))
    assert session.marks.made["0"] == "2020-02-01"
    assert session.marks.corpus_ids["0"] == animals.manifest.corpus_id
    assert join.events[-1] == Named("ann and bob, joined")
    assert not any(session.marks.found.values()), "no one read them in this order"
    assert Joined(("cats by ann", "cats by bob"), ("1", "6")) in join.events
    assert (first.session, second.session) == before
    settled = session.after(marked(animals, "1", "positive", "cleo"))
    assert settled.conflicts == ("6",)
    assert settled.marks.readers["1"] == "cleo"


def test_no_rule_claims_anything_from_the_marks_of_a_joined_session(encoder: FakeEncoder) -> None:
    corpus = build_corpus(many(40), encoder)

    def judged(row: int, reader: str, n_relevant: int) -> Marked:
        return replace(marked(corpus, str(row), "positive" if row < n_relevant else "negative", reader), found=RANKED)

    def left_of(session: Session) -> Left:
        return how_much_is_left(record_of(session, corpus), Target(0.8))

    ann, bob = (reading(corpus, reader, *(judged(row, reader, n) for row in range(39))) for reader, n in READERS)
    assert all(left_of(each.session).rule.holds for each in (ann, bob))
    joint = Session("j", "many").after(*joined(ann, bob, corpus).events)
    settled = joint.after(*(judged(int(doc_id), "cleo", 3) for doc_id in joint.conflicts))
    made_again = settled.after(MarksAdded(settled.feedback, settled.marks.texts, found_all=RANKED))
    for session in (joint, settled, made_again):
        left = left_of(session)
        assert (left.n_read, left.since_last, left.rule.holds, left.rule.high) == (39, 0, False, 1)
    assert left_of(made_again.after(judged(39, "cleo", 3))).since_last == 1


def test_a_note_of_both_is_taken_over_once(animals: Corpus) -> None:
    said = (marked(animals, "0", "positive", "ann"), Noted("0", "good"))
    session = Session("j", "animals").after(
        *joined(reading(animals, "a", *said), reading(animals, "b", *said), animals).events
    )
    assert session.notes == {"0": "good"}


def test_a_joined_session_keeps_marks_on_texts_that_the_corpus_lost(animals: Corpus, encoder: FakeEncoder) -> None:
    gone = MarkedText("Owls", "an owl at night")
    on_owls = Marked("3", "positive", gone.text_hash, gone, reader="bob")
    other = reading(animals, "b", on_owls)
    join = joined(anns(animals), other, animals, "named")
    [added] = [event for event in join.events if isinstance(event, MarksAdded)]
    assert gone in added.texts
    session = Session("j", "animals").after(*join.events)
    present = present_marks(session.marks, animals, lambda: {text.text_hash: text for text in added.texts})
    assert gone.full_text in present.feedback.positive_texts
    assert join.events[-1] == Named("named")


def test_filters_and_queries_of_the_first_are_taken_over(animals: Corpus) -> None:
    one = reading(animals, "a", Queried("a"), DocumentQueried("3", added=True), marked(animals, "0", "positive", ""))
    events = joined(one, bobs(animals), animals).events
    assert events[:2] == (Queried("a", added=True), DocumentQueried("3", None, added=True))
    assert {type(event) for event in events} == {
        Queried, DocumentQueried, FiltersSet, SettingsSet, Joined, MarksAdded, NotesAdded, Named
    }  # fmt: skip


def test_without_a_mark_there_is_nothing_to_join(animals: Corpus) -> None:
    empty = reading(animals, "empty", Noted("0", "only a note"))
    with pytest.raises(ExemplarError, match="the sessions 'empty' and 'empty' have no mark to join"):
        joined(empty, empty, animals)


def test_a_title_is_one_line_and_cut() -> None:
    assert Judgement("1", "00", MarkedText("a\n b", "c"), None).title == "a b"
    assert Judgement("1", "00", MarkedText(None, "x" * 400), None).title == "x" * 300 + " …"
    assert Judgement("1", "00", None, None).title == ""
    assert Comparison(("a", "b"), (), (), ()).table["unsure"]["unsure"] == 0
