"""What lies nested in cells: columns by dotted names, texts of conversations and abstracts, labels of tools."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exemplar.data.documents import Document, Problem
from exemplar.data.errors import ExemplarError, TextColumnUnknown
from exemplar.data.readers.nested_cells import cell_at, labels_in, table_columns, text_in
from exemplar.data.sources.preview import look_at
from exemplar.data.sources.spec import SourceSpec
from tests.support.reading import documents, problems, read


def written(folder: Path, rows: list[Any], name: str = "rows.jsonl") -> str:
    (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(folder / name)


def columns(*rows: dict[str, Any]) -> list[str]:
    return list(table_columns(rows))


def test_keys_of_objects_are_columns_three_deep() -> None:
    assert columns({"a": {"b": {"c": {"d": 1}}, "e": 1}, "f": [1]}) == ["a.b.c", "a.e", "f"]
    assert columns({"a": None, "b": {}}, {"a": {"x": 1}}, {"a": {"y": 1}}) == ["a.x", "a.y", "b"]
    assert columns({"a": {"x": 1}}, {"a": "plain"}) == ["a"]


def test_objects_with_many_keys_are_one_column() -> None:
    assert columns({"a": dict.fromkeys(map(str, range(201)), 1)}) == ["a"]
    rows = [{"a": {f"{number} {key}": 1 for key in range(150)}, "b": {"c": 1}} for number in range(1000)]
    assert columns(*rows) == ["a", "b.c"]


def test_objects_that_are_values_are_one_column() -> None:
    row = {
        "id": {"$oid": "1"},
        "abstract": {"bees": [0]},
        "mapping": {"x": {"message": None, "parent": None}},
        "mood": {"choices": ["good"]},
    }
    assert columns(row) == list(row)


@pytest.mark.parametrize(
    ("name", "cell"),
    [("a", {"b": {"c": 1}, "d": 2}), ("a.b.c", 1), ("a.d", 2), ("e.f.g", 3), ("a.x", None), ("e.x", None)],
)
def test_a_cell_is_taken_by_the_name_of_its_column(name: str, cell: Any) -> None:
    assert cell_at({"a": {"b": {"c": 1}, "d": 2}, "e.f": {"g": 3}, "n": None}, name) == cell


def test_nested_columns_are_guessed_and_chosen_and_what_lies_beside_is_metadata(tmp_path: Path) -> None:
    rows = [{"id": 1, "data": {"text": "a", "source": "mail", "by": {"x": 1}}, "user": {"id": 7, "label": "no"}}]
    source = read(written(tmp_path, rows))
    assert (source.spec.text_column, source.spec.id_column, source.spec.label_column) == ("data.text", "id", None)
    [document] = documents(source)
    assert document.metadata == {"data.source": "mail", "data.by": '{"x":1}', "user": '{"id":7,"label":"no"}'}
    path = written(tmp_path, rows)
    found = documents(read(path, text_column="data.source", label_column="user.label", id_column="user.id"))
    assert found == [Document("7", "mail", ("no",), {"id": "1", "data.text": "a", "data.by": '{"x":1}'})]
    with pytest.raises(
        ExemplarError, match=r"no column 'data.x'; its columns are: id, data.text, data.source, data.by.x"
    ):
        read(path, text_column="data.x")


def test_a_nested_column_that_only_later_rows_have_can_be_chosen(tmp_path: Path) -> None:
    rows = [{"text": "a"}] * 1200 + [{"text": "b", "by": {"name": "Ann"}}]
    assert documents(read(written(tmp_path, rows), label_column="by.name"))[-1] == Document("1200", "b", ("Ann",))


USER, BOT = {"role": "user", "content": "hi"}, {"role": "assistant", "content": "yes?"}


@pytest.mark.parametrize(
    ("messages", "text"),
    [
        ([USER, BOT], "user: hi\nassistant: yes?"),
        ([{"from": "human", "value": "hi"}, {"from": "gpt", "value": "yes?"}], "human: hi\ngpt: yes?"),
        ([{"role": "user", "content": [{"type": "text", "text": "hi"}, {"type": "image_url"}]}], "user: hi"),
        ([{"role": "user", "content": [{"text": "hi"}, "you"]}], "user: hi\nyou"),
        ([USER, {"role": "assistant", "content": None, "tool_calls": []}, BOT], "user: hi\nassistant: yes?"),
        ([{"sender": "human", "text": "hi", "content": []}], "human: hi"),
        ([{"text": "hi"}, {"author": {"name": "Ann"}, "content": "yes?"}], "hi\nAnn: yes?"),
        (["a ", {"type": "bold", "text": "b"}, {"type": "x"}, "."], "a b."),
        ([{"role": "user"}], [{"role": "user"}]),
        (["a", "b"], ["a", "b"]),
        ([], []),
    ],
)
def test_conversations_are_text_a_line_each(messages: list[Any], text: Any) -> None:
    assert text_in(messages, "messages") == text
    assert text_in(json.dumps(messages), "messages") == text
    assert text_in(json.dumps(messages), "text") == json.dumps(messages)  # where the name does not say it


def test_a_conversation_of_chatgpt_is_its_last_branch() -> None:
    def node(parent: str | None, role: str = "", *parts: str) -> dict[str, Any]:
        message = {"author": {"role": role}, "content": {"content_type": "text", "parts": list(parts)}}
        return {"message": message if role else None, "parent": parent, "children": []}

    tree = {
        "root": node(None),
        "a": node("root", "system", ""),
        "b": node("a", "user", "hi"),
        "other": node("b", "assistant", "no"),
        "c": node("b", "assistant", "yes?", "or"),
    }
    assert text_in(tree, "mapping") == "user: hi\nassistant: yes?\nor"
    tree["root"]["parent"] = "c"  # round and round
    assert text_in(tree, "mapping") == "user: hi\nassistant: yes?\nor"


words = st.text(st.characters(codec="utf-8", exclude_characters=" \n"), min_size=1, max_size=8)


@settings(deadline=None)
@given(st.lists(words.filter(lambda word: word.isprintable()), min_size=1, max_size=20))
def test_an_inverted_index_is_its_text_in_json_and_in_pythons_notation(text: list[str]) -> None:
    index: dict[str, list[int]] = {}
    for place, word in enumerate(text):
        index.setdefault(word, []).append(place)
    assert text_in(index, "x") == " ".join(text)
    assert text_in(json.dumps(index), "abstract_inverted_index") == " ".join(text)
    assert text_in(repr(index), "abstract_inverted_index") == " ".join(text)


def test_an_inverted_index_in_a_csv_file_of_pandas_is_text(tmp_path: Path) -> None:
    index = {"It's": [0], "a": [1, 3], "bee": [2], '"a"': [4]}
    frame = pd.DataFrame({"id": ["W1", "W2"], "abstract_inverted_index": [index, None]})
    frame.to_csv(tmp_path / "works.csv", index=False)
    source = read(str(tmp_path / "works.csv"))
    assert documents(source) == [Document("W1", 'It\'s a bee a "a"')]
    assert problems(source) == [Problem("line 3", "no text")]


@pytest.mark.parametrize("cell", ["{'a': [0]", "{'a': [x]}", "{1: [0]}", "{" * 100_000, "{'" * 100_000, "['a', {}]"])
def test_a_text_that_is_no_index_stays_as_it_is(cell: str) -> None:
    assert text_in(cell, "abstract_inverted_index") == cell
    assert labels_in(cell) == cell


ANNOTATION = {"result": [{"type": "choices", "value": {"choices": ["late", "broken"]}}]}
REGION = {"result": [{"type": "labels", "value": {"start": 0, "end": 3, "text": "Ann", "labels": ["PER"]}}]}
PATHS = {"result": [{"type": "taxonomy", "value": {"taxonomy": [["post", "late"], ["post"]]}}]}
BOX = {"result": [{"type": "rectanglelabels", "value": {"x": 1, "rectanglelabels": ["car"]}}, {"type": "relation"}]}


@pytest.mark.parametrize(
    ("cell", "labels"),
    [
        ("late", "late"),
        (["late", "broken"], ["late", "broken"]),
        ([[0, 7, "PER"], [17, 21, "LOC"]], ["PER", "LOC"]),
        ([{"start": 0, "end": 7, "label": "PER"}], ["PER"]),
        ([{"id": 3, "name": "bug"}, "ui"], ["bug", "ui"]),
        ({"choices": ["late"]}, ["late"]),
        ('{"choices":["late","broken"]}', ["late", "broken"]),
        ('[{"start":0,"end":3,"labels":["PER"]}]', ["PER"]),
        ("['late', \"it's\"]", ["late", "it's"]),
        ({"late": True, "broken": False}, ["late"]),
        ([ANNOTATION, REGION], ["late", "broken", "PER"]),
        ([PATHS, BOX, {**ANNOTATION, "was_cancelled": True}], ["post/late", "post", "car"]),
        ([{"id": 1, "result": []}], []),
        ([], []),
        (None, None),
        ([[1, 2], [3, 4]], [[1, 2], [3, 4]]),
        ({"no": 1}, {"no": 1}),
        ('{"no":1}', '{"no":1}'),
        ("[PAD]", "[PAD]"),
    ],
)
def test_labels_of_annotation_tools_are_names(cell: Any, labels: Any) -> None:
    assert labels_in(cell) == labels


def test_label_studio_is_read(tmp_path: Path) -> None:
    tasks = [{"id": 1, "annotations": [ANNOTATION], "predictions": [], "data": {"text": "a", "source": "mail"}}]
    (tmp_path / "tasks.json").write_text(json.dumps(tasks))
    source = read(str(tmp_path / "tasks.json"))
    assert documents(source) == [Document("1", "a", ("late", "broken"), {"data.source": "mail"})]
    assert source.spec.label_column == "annotations"
    about = {"annotator": 1, "annotation_id": 2, "created_at": "x", "updated_at": "y", "lead_time": 1.5}
    short = [
        {"text": "a", "id": 1, "mood": {"choices": ["late", "broken"]}, **about},
        {"text": "b", "id": 2, "mood": "late", **about},
    ]
    expected = [("late", "broken"), ("late",)]
    assert [each.labels for each in documents(read(written(tmp_path, short)))] == expected
    cells = [
        {**row, "mood": json.dumps(row["mood"]) if isinstance(row["mood"], dict) else row["mood"]} for row in short
    ]
    pd.DataFrame(cells).to_csv(tmp_path / "tasks.csv", index=False)
    assert [each.labels for each in documents(read(str(tmp_path / "tasks.csv")))] == expected
    two = read(written(tmp_path, [{**row, "source": "mail"} for row in short]))  # which of both is not known
    assert [each.labels for each in documents(two)] == [(), ()]


def test_prodigy_is_read_and_only_what_was_accepted_is_a_label(tmp_path: Path) -> None:
    hashes = {"_input_hash": 1, "_task_hash": 2}
    rows = [
        {"text": "a", "label": "LATE", "answer": "accept", "spans": [{"start": 0, "end": 1, "label": "X"}], **hashes},
        {"text": "b", "label": "LATE", "answer": "reject", **hashes},
        {"text": "c", "label": "LATE", "answer": "ignore", **hashes},
    ]
    source = read(written(tmp_path, rows))
    assert [(each.text, each.labels, each.metadata["answer"]) for each in documents(source)] == [
        ("a", ("LATE",), "accept"),
        ("b", (), "reject"),
        ("c", (), "ignore"),
    ]
    reason = "rejected or ignored in Prodigy: its label is left out"
    assert problems(source) == [Problem(f"line {number}", reason, left_out=False) for number in (2, 3)]
    other = [{"text": "a", "label": "LATE", "answer": "reject"}]  # not Prodigy's
    assert documents(read(written(tmp_path, other)))[0].labels == ("LATE",)
    choice = [{"text": "a", "options": [{"id": "X", "text": "x"}], "accept": ["X", "Y"], "answer": "accept", **hashes}]
    assert documents(read(written(tmp_path, choice)))[0].labels == ("X", "Y")


def test_the_answers_of_prodigy_and_its_spans_can_be_labels(tmp_path: Path) -> None:
    span = {"start": 0, "end": 1, "label": "X"}
    answers = ("accept", "reject", "ignore")
    rows = [{"text": "a", "spans": [span], "answer": answer, "_input_hash": 1} for answer in answers]
    chosen = read(written(tmp_path, rows), label_column="answer")
    assert [each.labels for each in documents(chosen)] == [("accept",), ("reject",), ("ignore",)]
    assert problems(chosen) == []
    assert [each.labels for each in documents(read(written(tmp_path, rows)))] == [("X",), (), ()]
    assert documents(read(written(tmp_path, [{"text": "a", "spans": [span]}])))[0].labels == ()  # not Prodigy's


@pytest.mark.parametrize("beside", ["relations", "Comments"])
def test_entities_of_doccano_are_labels(tmp_path: Path, beside: str) -> None:
    entities = [{"id": 1, "label": "PER", "start_offset": 0, "end_offset": 3}]
    rows = [{"id": 1, "text": "Ann", "entities": entities, beside: []}, {"id": 2, "text": "b", "entities": []}]
    assert [each.labels for each in documents(read(written(tmp_path, rows)))] == [("PER",), ()]
    rows[0] |= {"label": "x"}
    assert [each.labels for each in documents(read(written(tmp_path, rows)))] == [("x",), ()]
    assert documents(read(written(tmp_path, [{"text": "Ann", "entities": entities}])))[0].labels == ()


def test_a_title_may_lie_in_an_object_above_that_of_the_text(tmp_path: Path) -> None:
    rows = [{"n": 1, "data": {"id": "x", "subject": "far", "to": {"id": "y", "body": "a"}, "by": {"title": "no"}}}]
    chosen = read(written(tmp_path, rows)).spec.columns
    assert (chosen.text, chosen.title, chosen.id) == ("data.to.body", "data.subject", "data.to.id")


def test_a_nested_column_of_lists_is_not_guessed_as_the_text(tmp_path: Path) -> None:
    row = {"question": "Who?", "context": "Long ago, bees nested here.", "answers": {"text": ["bees"], "at": [10]}}
    path = written(tmp_path, [row, {**row, "answers": {"text": [], "at": []}}])
    with pytest.raises(TextColumnUnknown, match="answers.at; the longest texts are in 'context'"):
        read(path)
    assert look_at(SourceSpec(path)).chosen.text is None
    assert [each.reason for each in problems(read(str(tmp_path)))] == ["say which column of it holds the text"]
    pd.DataFrame([row]).to_parquet(tmp_path / "rows.parquet")
    with pytest.raises(TextColumnUnknown, match="the longest texts are in 'context'"):
        read(str(tmp_path / "rows.parquet"))
    with pytest.raises(TextColumnUnknown, match=f"the longest texts are in '{'x' * 100}...'"):
        read(written(tmp_path, [{"x" * 5000: "Long ago, bees nested here."}]))
    chat = [{"data": {"messages": [USER, BOT]}}]
    assert documents(read(written(tmp_path, chat)))[0].text == "user: hi\nassistant: yes?"


@pytest.mark.parametrize("name", ["abstract", "indexed_abstract"])
@pytest.mark.parametrize("as_text", [False, True])
def test_abstracts_of_microsoft_academic_become_text(tmp_path: Path, name: str, as_text: bool) -> None:
    index = {"IndexLength": 3, "InvertedIndex": {"a": [0, 2], "bee": [1]}}
    rows = [{"id": 1, "title": "T", name: json.dumps(index) if as_text else index}]
    assert documents(read(written(tmp_path, rows))) == [Document("1", "a bee a", (), {}, "T")]


def test_doccano_is_read(tmp_path: Path) -> None:
    rows = [
        {"id": 1, "text": "a", "label": ["late", "broken"], "Comments": []},
        {"id": 2, "text": "Ann Lee", "label": [[0, 3, "PER"], [4, 7, "PER"]]},
        {"id": 3, "text": "c", "label": []},
    ]
    found = documents(read(written(tmp_path, rows)))
    assert [each.labels for each in found] == [("late", "broken"), ("PER",), ()]
    found = documents(read(written(tmp_path, [{"id": 1, "data": "a", "label": ["late"]}])))
    assert found == [Document("1", "a", ("late",))]


def test_authors_in_parts_are_one_name_each(tmp_path: Path) -> None:
    rows = [{"text": "a", "authors_parsed": [["Balázs", "C.", ""], ["Lee", "", ""]], "at": [[1, 2], [3, 4]]}]
    [document] = documents(read(written(tmp_path, rows)))
    assert document.metadata == {"authors_parsed": "Balázs, C.; Lee", "at": "[[1,2],[3,4]]"}
