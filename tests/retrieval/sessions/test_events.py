import json
import math
from typing import Any

import pytest

from exemplar.data.corpus.filters import Filters
from exemplar.data.errors import ExemplarError
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.sessions.events import (
    DocumentQueried,
    Event,
    FiltersSet,
    Marked,
    MarksAdded,
    MarksCleared,
    Named,
    Opened,
    Queried,
    Redone,
    SettingsSet,
    Undone,
    event_from_json,
)
from exemplar.retrieval.sessions.settings import Settings

# What every version writes and reads, to the byte, and what the history says.
EVENTS: list[tuple[Event, str, str]] = [
    (Queried("a \N{CAT FACE}\n b"), r'{"query": "a \ud83d\udc31\n b"}', "searched “a \N{CAT FACE} b”"),
    (Queried("x" * 300), f'{{"query": "{"x" * 300}"}}', f"searched “{'x' * 200} …”"),
    (DocumentQueried("3"), '{"query_document": "3"}', "searched for more like 3"),
    (Marked("5", "positive"), '{"mark": "positive", "doc_id": "5"}', "marked 5 as relevant"),
    (Marked("5", "negative"), '{"mark": "negative", "doc_id": "5"}', "marked 5 as not relevant"),
    (Marked("5", None), '{"mark": null, "doc_id": "5"}', "took the mark on 5 back"),
    (
        MarksAdded(Feedback(("1", "2"), ("3",))),
        '{"marks": {"positive": ["1", "2"], "negative": ["3"]}}',
        "took in marks: 2 as relevant, 1 as not relevant",
    ),
    (MarksCleared(), '{"clear_marks": true}', "cleared all marks"),
    (Undone(), '{"undo": true}', "took the last change of marks back"),
    (Redone(), '{"redo": true}', "made the change of marks again"),
    (
        FiltersSet(Filters(("x",), (("year", ("1990", "")),), "w", "")),
        '{"filters": {"labels": ["x"], "fields": {"year": ["1990", ""]}, "words": "w", "without": ""}}',
        "set filters",
    ),
    (
        FiltersSet(Filters(words=" ")),
        '{"filters": {"labels": [], "fields": {}, "words": " ", "without": ""}}',
        "set filters",
    ),
    (
        FiltersSet(Filters()),
        '{"filters": {"labels": [], "fields": {}, "words": "", "without": ""}}',
        "cleared the filters",
    ),
    (
        SettingsSet(Settings(("svm",), 25, 0.5, hide_marked=True)),
        '{"settings": {"rankers": ["svm"], "k": 25, "C": 0.5, "hide_marked": true}}',
        "changed the settings",
    ),
    (
        SettingsSet(Settings()),
        '{"settings": {"rankers": ["knn", "anchored"], "k": 10, "C": null, "hide_marked": false}}',
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
