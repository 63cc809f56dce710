"""JSON from pieces of text is what Python's json makes of all of it, wherever the pieces end."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exemplar.data.documents import Problem
from exemplar.data.errors import ExemplarError
from exemplar.data.readers import json_stream
from exemplar.data.readers.json_stream import JsonReader, NotJson, loads

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5)


@pytest.fixture(autouse=True)
def reads_as_little_as_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_stream, "_LEAST_READ", 1)


def pieces(text: str, size: int = 1) -> Iterator[str]:
    return (text[start : start + size] for start in range(0, len(text), size))


def values(reader: JsonReader) -> list[Any]:
    return [reader.value() for _ in reader.items()]


@settings(deadline=None, max_examples=40)
@given(st.lists(VALUES), st.integers(1, 20), st.booleans(), st.sampled_from([None, 1]))
def test_a_list_in_pieces_is_the_list(rows: list[Any], size: int, is_ascii: bool, indent: int | None) -> None:
    text = json.dumps(rows, ensure_ascii=is_ascii, indent=indent)
    reader = JsonReader(pieces(text, size))
    assert values(reader) == rows
    assert (reader.peek(), reader.line) == ("", text.count("\n") + 1)


@settings(deadline=None, max_examples=40)
@given(st.dictionaries(st.text(), VALUES), st.integers(1, 20))
def test_an_object_in_pieces_is_the_object(row: dict[str, Any], size: int) -> None:
    reader = JsonReader(pieces(json.dumps(row), size))
    assert {name: reader.value() for name in reader.members()} == row
    assert JsonReader(pieces(json.dumps(row), size)).value() == row


@settings(deadline=None, max_examples=40)
@given(st.lists(VALUES, min_size=1), st.integers(1, 20), st.data())
def test_changed_text_is_read_as_json_reads_it_or_an_error(rows: list[Any], size: int, data: st.DataObject) -> None:
    text = json.dumps(rows)
    place = data.draw(st.integers(0, len(text) - 1))
    changed = text[:place] + data.draw(st.sampled_from(["", "]", "}", '"', "\\", ",", "1", "N"])) + text[place + 1 :]
    try:
        expected, _ = json.JSONDecoder().raw_decode(changed)
    except json.JSONDecodeError as error:
        with pytest.raises(NotJson, match=re.escape(f"(char {error.pos})")):
            JsonReader(pieces(changed, size)).value()
    else:
        assert JsonReader(pieces(changed, size)).value() == expected


@pytest.mark.parametrize("number", ["0", "-12", "1.5", "1e5", "-2.5E-10", "NaN", "-Infinity", "9" * 30])
def test_a_number_that_a_piece_ends_within_is_read_to_its_end(number: str) -> None:
    assert repr(JsonReader(pieces(number)).value()) == repr(json.loads(number))
    assert repr(values(JsonReader(pieces(f"[{number}, {number}]")))) == repr([json.loads(number)] * 2)


def test_a_number_with_more_digits_than_python_converts_stays_a_text() -> None:
    text = f'[{"9" * 10_000}, {{"n": -{"8" * 5000}, "m": 7}}]'
    assert values(JsonReader(pieces(text, 64))) == ["9" * 10_000, {"n": "-" + "8" * 5000, "m": 7}] == loads(text)


def test_values_that_are_nested_too_deeply_are_passed_over() -> None:
    deep = "[" * 100_000 + r'"]\"\\"' + "]" * 100_000
    first, second, third = values(JsonReader(pieces(f'[{deep}, {{"a": {deep}}}, "last"]', 1000)))
    assert (str(first), str(second), third) == ("nested too deeply", "nested too deeply", "last")
    with pytest.raises(NotJson, match=re.escape("Unterminated value starting at: line 2 column 2 (char 3)")):
        values(JsonReader(pieces(f"[\n {deep[:-1]}", 1000)))


def test_values_that_are_too_large_are_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_stream, "_MOST_CHARACTERS", 100)
    monkeypatch.setattr(json_stream, "_MOST_VALUES", 20)
    rows = ["a" * 200 + '"]', [1] * 30, {"b": 1}]
    found = values(JsonReader(pieces(json.dumps(rows), 10)))
    assert [str(value) for value in found[:2]] == ["longer than 100 characters", "more than 20 values"]
    assert all(isinstance(value, ExemplarError) for value in found[:2])
    assert found[2] == {"b": 1}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[{"a": 1}\n {"a": tru}]', "Expecting value: line 2 column 8 (char 17)"),
        ('[{"a": 1}\n, {"a": "b', "Unterminated string starting at: line 2 column 9 (char 18)"),
        ('[{"a": 1} 2]', "Expecting ',' delimiter: line 1 column 11 (char 10)"),
        ("[1, 2", "Expecting ',' delimiter: line 1 column 6 (char 5)"),
        ("[\n\n", "Expecting value: line 3 column 1 (char 3)"),
        ('[{"a" 1}]', "Expecting ':' delimiter: line 1 column 7 (char 6)"),
        ('["\\x"]', "Invalid \\escape: line 1 column 3 (char 2)"),
        ('["a\nb"]', "Invalid control character at: line 1 column 4 (char 3)"),
    ],
)
def test_an_error_names_its_place(text: str, message: str) -> None:
    for size in (1, 7, 100):
        with pytest.raises(NotJson, match=re.escape(f"it is not JSON: {message}")):
            values(JsonReader(pieces(text, size)))


@pytest.mark.parametrize("text", ["", "{", '{"a"', '{"a":', '{"a":1', '{"a":1,', "{1: 2}", '{"a":1 "b":2}', '{"a":1,}'])
def test_an_object_that_is_none_is_an_error(text: str) -> None:
    with pytest.raises(NotJson, match="it is not JSON: "):
        [(name, reader.value()) for reader in [JsonReader([text])] for name in reader.members()]


def test_commas_may_lack_between_objects_and_stand_behind_the_last() -> None:
    assert values(JsonReader(pieces('[{"a": 1} {"b": 2},\n]'))) == [{"a": 1}, {"b": 2}]


def test_several_values_may_stand_one_after_the_other() -> None:
    reader = JsonReader(pieces('\ufeff {"a": 1}{"b": 2},\n[3]\n, '))
    assert [reader.value() for _ in reader.roots()] == [{"a": 1}, {"b": 2}, [3]]
    reader = JsonReader(pieces('{"a": 1} x'))
    with pytest.raises(NotJson, match=re.escape("Extra data: line 1 column 10 (char 9)")):
        [reader.value() for _ in reader.roots()]


def test_problems_among_the_pieces_are_kept() -> None:
    problem = Problem("line 2", "not UTF-8, read as cp1252", left_out=False)
    reader = JsonReader(["[1,", problem, "2]"])
    assert (values(reader), reader.problems) == ([1, 2], [problem])


def test_half_a_pair_is_looked_for_in_the_last_value_alone() -> None:
    reader = JsonReader(pieces(r'["\ud83d", "plain", "\uDE00"]'))
    assert [reader.value() and reader.last_may_have_surrogates() for _ in reader.items()] == [True, False, True]
