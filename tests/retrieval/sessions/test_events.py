import json
import math
from typing import Any

import pytest

from exemplar.data.corpus.filters import Filters
from exemplar.data.errors import ExemplarError
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.rankers import DEFAULT_RANKER
from exemplar.retrieval.sessions.event_json import event_from_json
from exemplar.retrieval.sessions.events import (
    CheckDrawn,
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
from exemplar.retrieval.sessions.settings import Settings

# What every version writes and reads, to the byte, and what the history says.
EVENTS: list[tuple[Event, str, str]] = [
    (Queried("a \N{CAT FACE}\n b"), r'{"query": "a \ud83d\udc31\n b"}', "searched “a \N{CAT FACE} b”"),
    (Queried("x" * 300), f'{{"query": "{"x" * 300}"}}', f"searched “{'x' * 200} …”"),
    (DocumentQueried("3"), '{"query_document": "3"}', "searched for more like 3"),
    (DocumentQueried("3", "00ff"), '{"query_document": "3", "text": "00ff"}', "searched for more like 3"),
    (Queried("cats", added=True), '{"query": "cats", "added": true}', "added the query “cats” to the search"),
    (
        DocumentQueried("3", added=True),
        '{"query_document": "3", "added": true}',
        "added the query “more like 3” to the search",
    ),
    (
        DocumentQueried("3", "00ff", added=True),
        '{"query_document": "3", "text": "00ff", "added": true}',
        "added the query “more like 3” to the search",
    ),
    (
        Marked("5", "positive"),
        '{"mark": "positive", "doc_id": "5", "text": null, "reader": "", "found": {}, "note": "", "reason": ""}',
        "marked 5 as relevant",
    ),
    (
        Marked("5", "negative"),
        '{"mark": "negative", "doc_id": "5", "text": null, "reader": "", "found": {}, "note": "", "reason": ""}',
        "marked 5 as not relevant",
    ),
    (
        Marked("5", None),
        '{"mark": null, "doc_id": "5", "text": null, "reader": "", "found": {}, "note": "", "reason": ""}',
        "took the mark on 5 back",
    ),
    (
        MarksAdded(Feedback(("1", "2"), ("3",))),
        '{"marks": {"positive": ["1", "2"], "negative": ["3"], "unsure": []}, "texts": {}}',
        "took in marks: 2 as relevant, 1 as not relevant",
    ),
    (
        Marked("5", "unsure", "00ff", None, "ann", {"list": "knn", "rank": 3}, "why?", "far off"),
        '{"mark": "unsure", "doc_id": "5", "text": "00ff", "reader": "ann", '
        '"found": {"list": "knn", "rank": 3}, "note": "why?", "reason": "far off"}',
        "marked 5 as unsure, by ann",
    ),
    (
        Marked("5", "positive", replaces=("4", "7")),
        '{"mark": "positive", "doc_id": "5", "text": null, "reader": "", "found": {}, "note": "", "reason": "", '
        '"replaces": ["4", "7"]}',
        "marked 5 as relevant",
    ),
    (
        MarksAdded(Feedback(("1",), (), ("2",)), {"1": "00ff"}),
        '{"marks": {"positive": ["1"], "negative": [], "unsure": ["2"]}, "texts": {"1": "00ff"}}',
        "took in marks: 1 as relevant, 0 as not relevant, 1 as unsure",
    ),
    (
        MarksAdded(Feedback(("1",)), {"1": "00ff"}, made={"1": "2000-01-01"}, corpus_ids={"1": "c"}),
        '{"marks": {"positive": ["1"], "negative": [], "unsure": []}, "texts": {"1": "00ff"}, '
        '"made": {"1": "2000-01-01"}, "corpus_ids": {"1": "c"}}',
        "took in marks: 1 as relevant, 0 as not relevant",
    ),
    (
        MarksAdded(Feedback((), ("1",)), taken_back=("2", "3")),
        '{"marks": {"positive": [], "negative": ["1"], "unsure": []}, "texts": {}, "taken_back": ["2", "3"]}',
        "took in marks: 0 as relevant, 1 as not relevant, 2 taken back",
    ),
    (
        MarksAdded(Feedback(), taken_back=("2", "3")),
        '{"marks": {"positive": [], "negative": [], "unsure": []}, "texts": {}, "taken_back": ["2", "3"]}',
        "took 2 marks back",
    ),
    (
        MarksAdded(Feedback(("1",)), found={"1": {"list": "knn", "rank": 3}}, found_all={"import": "a.csv"}),
        '{"marks": {"positive": ["1"], "negative": [], "unsure": []}, "texts": {}, '
        '"found": {"1": {"list": "knn", "rank": 3}}, "found_all": {"import": "a.csv"}}',
        "took in marks: 1 as relevant, 0 as not relevant",
    ),
    (
        CheckDrawn(("7", "2"), 1200, {"7": "00ff", "2": "0100"}),
        '{"drawn": ["7", "2"], "n_unread": 1200, "texts": {"7": "00ff", "2": "0100"}}',
        "drew 2 of 1,200 unread documents at random",
    ),
    (
        CheckDrawn(("7",), 1200, {"7": "00ff"}, "abcd"),
        '{"drawn": ["7"], "n_unread": 1200, "texts": {"7": "00ff"}, "documents": "abcd"}',
        "drew 1 of 1,200 unread documents at random",
    ),
    (Noted("3", "see\ntable 2"), r'{"noted": "see\ntable 2", "doc_id": "3"}', "noted “see table 2” on 3"),
    (
        MarksAdded(Feedback(("1",)), reader="ann", readers={"1": "bob"}),
        '{"marks": {"positive": ["1"], "negative": [], "unsure": []}, "texts": {}, "reader": "ann", '
        '"readers": {"1": "bob"}}',
        "took in marks: 1 as relevant, 0 as not relevant, by ann",
    ),
    (
        MarksAdded(Feedback(), taken_back=("2",), reader="ann"),
        '{"marks": {"positive": [], "negative": [], "unsure": []}, "texts": {}, "taken_back": ["2"], "reader": "ann"}',
        "took 1 marks back, by ann",
    ),
    (
        Noted("3", "n", reason="wrong outcome"),
        '{"noted": "n", "doc_id": "3", "reason": "wrong outcome"}',
        "gave the reason “wrong outcome” for 3, and noted “n” on 3",
    ),
    (
        Noted("3", "", reason="wrong outcome"),
        '{"noted": "", "doc_id": "3", "reason": "wrong outcome"}',
        "gave the reason “wrong outcome” for 3",
    ),
    (Noted("3", "n", reason=""), '{"noted": "n", "doc_id": "3", "reason": ""}', "noted “n” on 3"),
    (
        NotesAdded({"3": "a"}, {"4": "b"}),
        '{"notes": {"3": "a"}, "reasons": {"4": "b"}}',
        "took in 1 notes and 1 reasons",
    ),
    (
        Joined(("cats", "dogs"), ("3",)),
        '{"joined": ["cats", "dogs"], "conflicts": ["3"]}',
        "joined the sessions “cats” and “dogs”: 1 conflict to settle",
    ),
    (
        Joined(("cats", "dogs")),
        '{"joined": ["cats", "dogs"], "conflicts": []}',
        "joined the sessions “cats” and “dogs”: 0 conflicts to settle",
    ),
    (Noted("3", "", "00ff"), '{"noted": "", "doc_id": "3", "text": "00ff"}', "removed the note on 3"),
    (NotesAdded({"3": "a", "4": "b"}), '{"notes": {"3": "a", "4": "b"}}', "took in 2 notes"),
    (TextsKnown({"1": "00ff"}), '{"texts_known": {"1": "00ff"}}', "kept the texts of 1 earlier marks"),
    (MarksFollowed({"1": "2"}), '{"followed": {"1": "2"}}', "1 marks followed their texts to other ids"),
    (MarksCleared(), '{"clear_marks": true}', "cleared all marks"),
    (Undone(), '{"undo": true}', "took the last change of marks back"),
    (Redone(), '{"redo": true}', "made the change of marks again"),
    (
        FiltersSet(Filters(("x",), (("year", ("1990", "")),), "w", "")),
        '{"filters": {"labels": ["x"], "fields": {"year": ["1990", ""]}, "words": "w", "without": ""}}',
        "set filters",
    ),
    (
        FiltersSet(Filters(words=" ", since="2026-11-12")),
        '{"filters": {"labels": [], "fields": {}, "words": " ", "without": "", "since": "2026-11-12"}}',
        "set filters",
    ),
    (
        FiltersSet(Filters()),
        '{"filters": {"labels": [], "fields": {}, "words": "", "without": ""}}',
        "cleared the filters",
    ),
    (
        SettingsSet(Settings(("svm",), 25, 0.5, hide_marked=True)),
        '{"settings": {"rankers": ["svm"], "k": 25, "C": 0.5, "hide_marked": true, "comfortable": false}}',
        "changed the settings",
    ),
    (
        SettingsSet(Settings()),
        '{"settings": {"rankers": ["knn", "anchored"], "k": 25, "C": null, "hide_marked": true, "comfortable": false}}',
        "changed the settings",
    ),
    (
        SettingsSet(Settings(hide_marked=False, comfortable=True)),
        '{"settings": {"rankers": ["knn", "anchored"], "k": 25, "C": null, "hide_marked": false, "comfortable": true}}',
        "changed the settings",
    ),
    (
        SettingsSet(Settings(reader="ann", reasons=("too old", "no trial"))),
        f'{{"settings": {{"rankers": ["knn", "{DEFAULT_RANKER}"], "k": 25, "C": null, "hide_marked": true, '
        '"comfortable": false, "reader": "ann", "reasons": ["too old", "no trial"]}}',
        "changed the settings",
    ),
    (Named("my cats"), '{"name": "my cats"}', "named it “my cats”"),
    (Named(""), '{"name": ""}', "took its name away"),
    (Opened(), '{"open": true}', "went to this corpus"),
]


@pytest.mark.parametrize(("event", "written", "words"), EVENTS)
def test_an_event_is_written_read_and_described(event: Event, written: str, words: str) -> None:
    assert json.dumps(event.to_json()) == written
    assert event_from_json(json.loads(written)) == event
    assert event.describe() == words


@pytest.mark.parametrize(
    ("written", "event"),
    [
        ({"mark": "positive", "doc_id": "5"}, Marked("5", "positive")),
        ({"marks": {"positive": ["1"], "negative": ["2"]}}, MarksAdded(Feedback(("1",), ("2",)))),
        (
            {"settings": {"rankers": ["svm"], "k": 10, "C": None, "hide_marked": False}},
            SettingsSet(Settings(("svm",), 10, hide_marked=False, comfortable=False)),
        ),
    ],
)
def test_events_of_earlier_versions_are_read(written: Any, event: Event) -> None:
    assert event_from_json(written) == event


@pytest.mark.parametrize("event", [{}, {"mark": "maybe", "doc_id": "a"}, {"query": 3}, {"mark": "positive"}])
def test_an_unknown_event_is_refused(event: Any) -> None:
    with pytest.raises(ExemplarError, match="unknown session event"):
        event_from_json(event)


@pytest.mark.parametrize(
    "event",
    [
        {"filters": {}},
        {"filters": {"labels": 1, "fields": {}, "words": "", "without": ""}},
        {"settings": {}},
        {"settings": {"rankers": 3, "k": 10, "C": None, "hide_marked": False}},
        {"settings": {"rankers": ["knn"], "k": None, "C": None, "hide_marked": False}},
        {"settings": {"rankers": ["best"], "k": 10, "C": None, "hide_marked": False}},
        {"settings": {"rankers": ["knn", "knn"], "k": 10, "C": None, "hide_marked": False}},
        {"settings": {"rankers": ["knn", "svm", "anchored"], "k": 10, "C": None, "hide_marked": False}},
        {"settings": {"rankers": [], "k": 10, "C": None, "hide_marked": False}},
        {"settings": {"rankers": ["knn"], "k": 0, "C": None, "hide_marked": False}},
        {"settings": {"rankers": ["knn"], "k": 10, "C": "much", "hide_marked": False}},
        {"settings": {"rankers": ["knn"], "k": 10, "C": -1, "hide_marked": False}},
        {"settings": {"rankers": ["knn"], "k": 10, "C": float("nan"), "hide_marked": False}},
        {"marks": {"positive": ["a"], "negative": ["a"]}},
        {"marks": {"positive": [1], "negative": []}},
        {"marks": {"positive": ["a"]}},
        {"marks": {"positive": ["a"], "negative": []}, "made": {"a": 1}},
        {"mark": "positive", "doc_id": "a", "replaces": [2]},
        {"mark": "positive", "doc_id": "a", "replaces": "b"},
        {"marks": {"positive": ["a"], "negative": []}, "taken_back": [2]},
        {"marks": {"positive": ["a"], "negative": []}, "taken_back": "b"},
        {"drawn": [1], "n_unread": 3},
        {"drawn": ["1"], "n_unread": "3"},
        {"drawn": ["1"], "n_unread": True},
        {"drawn": ["1"]},
        {"drawn": ["1"], "n_unread": 3, "texts": {"1": 1}},
        {"noted": 3, "doc_id": "a"},
        {"noted": "x"},
        {"notes": {"a": 3}},
        {"notes": ["a"]},
        {"notes": {}, "reasons": ["a"]},
        {"joined": ["a"], "conflicts": []},
        {"joined": ["a", "b"], "conflicts": "c"},
        {"marks": {"positive": ["a"], "negative": []}, "readers": ["a"]},
        "no event",
        ["undo"],
    ],
)
def test_an_event_that_makes_no_session_is_refused(event: Any) -> None:
    with pytest.raises(
        ExemplarError,
        match="not settings|not filters|different rankers|unknown session event|more than once",
    ):
        event_from_json(event)


def test_settings_beyond_all_numbers_are_refused() -> None:
    settings = {"rankers": ["knn"], "k": math.inf, "C": None, "hide_marked": False}
    with pytest.raises(ExemplarError, match="not settings of a search"):
        event_from_json({"settings": settings})


def test_a_fault_of_the_program_is_no_unknown_event(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ValueError("a fault")

    monkeypatch.setattr(Filters, "from_json", fail)
    with pytest.raises(ValueError, match="^a fault$") as caught:
        event_from_json({"filters": {}})
    assert not isinstance(caught.value, ExemplarError)
