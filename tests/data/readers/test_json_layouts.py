"""The layouts of JSON files that people have: by pandas, by search servers, by exports of forums and chats."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exemplar.data.documents import Document, Problem
from exemplar.data.errors import ExemplarError, TextColumnUnknown
from exemplar.data.files.options import ReadOptions
from exemplar.data.readers import json_shapes
from exemplar.data.readers.json_shapes import read_shape
from exemplar.data.readers.json_stream import JsonReader
from exemplar.data.readers.tables import open_table
from exemplar.data.sources.files import file_on_disk
from exemplar.data.sources.preview import look_at
from exemplar.data.sources.spec import SourceSpec
from tests.support.reading import documents, problems, read, texts

ROWS = [{"id": "a", "text": "a bee"}, {"id": "b", "text": "a bridge"}]
FRAME = pd.DataFrame({"text": ["a bee", "a bridge", "a train"], "label": ["x", None, "y"], "year": [1, 2, 3]})
EXPECTED = [
    Document("0", "a bee", ("x",), {"year": "1"}),
    Document("1", "a bridge", (), {"year": "2"}),
    Document("2", "a train", ("y",), {"year": "3"}),
]


def written(folder: Path, content: Any, name: str = "rows.json", **layout: Any) -> str:
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content, **layout), encoding="utf-8")
    return str(path)


def chosen(path: str, table: str, **choices: Any) -> list[Document]:
    return documents(read(path, options=ReadOptions(table=table), **choices))


@pytest.mark.parametrize("orient", ["records", "split", "columns", "index", "table"])
@pytest.mark.parametrize("indent", [0, 2])
def test_all_that_pandas_writes_with_names_is_read(tmp_path: Path, orient: Any, indent: int) -> None:
    FRAME.to_json(tmp_path / "rows.json", orient=orient, indent=indent)
    source = read(str(tmp_path / "rows.json"))
    found = documents(source)
    if orient == "table":
        found = [Document(each.doc_id, each.text, each.labels, {"year": each.metadata["year"]}) for each in found]
    assert found == EXPECTED
    assert problems(source) == []


def test_lines_of_pandas_are_read(tmp_path: Path) -> None:
    FRAME.to_json(tmp_path / "rows.json", orient="records", lines=True)
    assert documents(read(str(tmp_path / "rows.json"))) == EXPECTED


def test_values_of_pandas_have_columns_by_number(tmp_path: Path) -> None:
    FRAME.to_json(tmp_path / "rows.json", orient="values")
    with pytest.raises(TextColumnUnknown, match="its columns are: column 1, column 2, column 3"):
        read(str(tmp_path / "rows.json"))
    assert texts(read(str(tmp_path / "rows.json"), text_column="column 1")) == ["a bee", "a bridge", "a train"]


@pytest.mark.parametrize("orient", ["split", "columns", "table"])
@pytest.mark.parametrize("index", [["k1", "k2", "k3"], [3, 7, 9]])
def test_an_index_that_does_not_count_rows_is_a_column(tmp_path: Path, orient: Any, index: list[Any]) -> None:
    FRAME.set_axis(index).to_json(tmp_path / "rows.json", orient=orient)
    assert [each.metadata["index"] for each in documents(read(str(tmp_path / "rows.json")))] == list(map(str, index))
    FRAME.set_axis(index).to_json(tmp_path / "rows.json", orient="index")
    assert [each.doc_id for each in documents(read(str(tmp_path / "rows.json")))] == list(map(str, index))


cells = st.text(st.characters(codec="utf-8"), max_size=5).filter(str.strip) | st.none()


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(cells, cells), min_size=1, max_size=8), st.sampled_from(["records", "split", "columns"]))
def test_what_pandas_wrote_is_what_is_read(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str | None, str | None]], orient: Any
) -> None:
    path = tmp_path_factory.mktemp("pandas") / "rows.json"
    pd.DataFrame(rows, columns=["text", "b"]).to_json(path, orient=orient)
    found = [row for row in open_table(file_on_disk(path)).rows(()) if not isinstance(row, Problem)]
    assert [(row["text"], row["b"]) for row in found] == rows


@settings(deadline=None, max_examples=40)
@given(
    st.dictionaries(st.text(max_size=3), st.dictionaries(st.text(max_size=3), st.text() | st.integers()), max_size=4),
    st.integers(0, 2),
)
def test_any_object_gives_rows_or_one_sentence(
    tmp_path_factory: pytest.TempPathFactory, content: dict[str, Any], depth: int
) -> None:
    for _ in range(depth):
        content = {"within": content, "list": [content]}
    path = written(tmp_path_factory.mktemp("any"), content)
    try:
        table = open_table(file_on_disk(Path(path)))
    except ExemplarError as error:
        assert str(error).startswith("its JSON is neither") or "say which holds" in str(error)  # noqa: PT017
    else:
        assert all(isinstance(row, Problem | dict) for row in table.rows(()))


@pytest.mark.parametrize("indent", [None, 1])
def test_a_list_beside_others_is_chosen_by_its_name(tmp_path: Path, indent: int | None) -> None:
    path = written(tmp_path, {"count": 2, "tickets": ROWS, "users": [{"id": 9, "text": "x"}]}, indent=indent)
    with pytest.raises(ExemplarError, match=r"several lists: tickets, users; say which holds the documents"):
        read(path)
    assert chosen(path, "tickets") == [Document("a", "a bee"), Document("b", "a bridge")]
    with pytest.raises(ExemplarError, match="it has no list 'posts' of objects; its lists are tickets, users"):
        chosen(path, "posts")


@pytest.mark.parametrize("name", ["export.json", "export", "export.txt"])
def test_of_several_lists_the_only_one_with_a_text_is_read_and_the_others_are_told(tmp_path: Path, name: str) -> None:
    users = [{"id": 9, "name": "x", "photo": {"title": "y"}}]
    path = written(tmp_path, {"users": users, "tickets": ROWS, "n": 1}, name)
    source = read(path)
    assert texts(source) == ["a bee", "a bridge"]
    reason = "the only list with a text; not read were users, which can be chosen"
    assert problems(source) == [Problem("the list 'tickets'", reason, left_out=False)]
    assert source.tables == look_at(SourceSpec(path)).tables == ("users", "tickets")
    for table in source.tables:
        choice = read(path, options=ReadOptions(table=table), text_column="id")
        assert (choice.tables, problems(choice)) == (("users", "tickets"), [])
    assert texts(read(path, text_column="name")) == ["x"]  # the only list with this column
    assert texts(read(written(tmp_path, {"a": users, "b": [{"data": {"text": "deep"}}]}))) == ["deep"]
    for others in ([{"x": 1}], [{"text": "a"}, {"text": "b"}]):
        neither = written(tmp_path, {"users": others, "tickets": others})
        with pytest.raises(ExemplarError, match="it has several lists: users, tickets; say which"):
            read(neither)


def test_texts_by_id_are_documents(tmp_path: Path) -> None:
    by_id = {"a1": "One bee", "a2": "Two bees"}
    by_name = {"intro.html": "How the bees came home.", "faq": "What do bees eat?"}
    for content in (by_id, by_name, {f"{number}": f"bee number {number}" for number in range(500)}):
        source = read(written(tmp_path, content))
        assert [(each.doc_id, each.text) for each in documents(source)] == list(content.items())
        assert source.notes == ("each text of the object is a document, and its name the id",)
    assert texts(read(written(tmp_path, by_id), text_column="a2")) == ["Two bees"]  # a row, as it was asked for


@pytest.mark.parametrize(
    "content",
    [
        {"a1": "One bee"},
        {"a1": "One bee", "a2": "Two"},
        {"a1": "One bee", "a2": 2},
        {"name": "Ann Lee", "city": "New York"},
        {"question": "What do all bees eat?", "reply": "They eat what they find."},
        {"Article_Title": "What do all bees eat?", "2": "They eat what they find."},
    ],
)
def test_texts_of_one_row_are_no_documents(tmp_path: Path, content: dict[str, Any]) -> None:
    with pytest.raises(TextColumnUnknown, match=f"its columns are: {', '.join(content)}"):
        read(written(tmp_path, content))


def test_lines_of_lists_and_of_texts_are_rows(tmp_path: Path) -> None:
    lists = written(tmp_path, '["Bee","a"]\n\n["Bridge",null]\nx\n[]\n', "rows.jsonl")
    source = read(lists, text_column="column 1")
    assert documents(source) == [Document("0", "Bee", (), {"column 2": "a"}), Document("1", "Bridge")]
    assert [each.line for each in documents(source)] == [1, 3]
    assert [(each.where, each.reason) for each in problems(source)] == [
        ("line 4", "no JSON"),
        ("line 5", "no JSON object"),
    ]
    with pytest.raises(TextColumnUnknown, match="its columns are: column 1, column 2"):
        read(lists)
    source = read(written(tmp_path, '"One bee"\n"Two \\ud83d bees"\n7\n', "rows.jsonl"))
    assert texts(source) == ["One bee", "Two \ufffd bees"]
    assert [each.where for each in problems(source)] == ["line 2", "line 3"]
    mixed = read(written(tmp_path, '["Bee","a"]\n["x","b"]\n{"text": "a bee"}\n', "rows.jsonl"))
    assert texts(mixed) == ["a bee"]
    assert [each.reason for each in problems(mixed)] == ["no JSON object"] * 2


def test_a_file_without_suffix_that_is_one_object_is_no_line(tmp_path: Path) -> None:
    content = {"tickets": ROWS, "users": [{"id": 9, "text": "x"}]}
    with pytest.raises(ExemplarError, match="it has several lists: tickets, users"):
        read(written(tmp_path, content, "export"))
    assert texts(read(written(tmp_path, {"n": 1, "tickets": ROWS}, "export"))) == ["a bee", "a bridge"]
    lines = written(tmp_path, content, "rows.jsonl")
    with pytest.raises(TextColumnUnknown, match="its columns are: tickets, users"):
        read(lines)
    assert [each.text for each in chosen(lines, "tickets")] == ["a bee", "a bridge"]


def test_lists_within_rows_are_chosen_by_their_names(tmp_path: Path) -> None:
    pages = [{"page": 1, "tickets": ROWS[:1]}, {"page": 2}, {"page": 3, "tickets": [*ROWS[1:], 7]}]
    for path in (written(tmp_path, pages), written(tmp_path, "\n".join(map(json.dumps, pages)), "pages.jsonl")):
        source = read(path, options=ReadOptions(table="tickets"))
        assert texts(source) == ["a bee", "a bridge"]
        assert [each.reason for each in problems(source)] == ["no list 'tickets'", "no JSON object"]
        with pytest.raises(ExemplarError, match="it has no list 'posts' of objects; its lists are tickets"):
            chosen(path, "posts")
    squad = {"version": 2, "data": [{"title": "T", "paragraphs": [{"context": "a"}, {"context": "b"}]}]}
    found = chosen(written(tmp_path, squad), "data.paragraphs", text_column="context")
    assert [each.text for each in found] == ["a", "b"]


@pytest.mark.parametrize(
    "content",
    [
        {"a": {"text": "a bee"}, "b": {"text": "a bridge"}},
        {"a": {"text": "a bee", "by": [{"n": 1}]}, "b": {"text": "a bridge", "by": []}},
        {"query": {"pages": {"a": {"text": "a bee"}, "b": {"text": "a bridge"}}}},
        {f"{number}": {"text": "a bee", "id": number} for number in range(2, 402)},
        {"2": {"text": "a bee"}, "3": {"text": "a bridge"}, "4": None},
    ],
)
def test_keys_of_objects_are_ids(tmp_path: Path, content: Any) -> None:
    source = read(written(tmp_path, content))
    assert source.spec.id_column == "id"
    found = documents(source)
    assert found[0].doc_id in ("a", "2")
    assert len(found) == len(content.get("query", {}).get("pages", content)) - len(problems(source))


def test_several_objects_of_objects_are_named_and_chosen(tmp_path: Path) -> None:
    content = {
        "posts": {"-N1": {"text": "a"}, "-N2": {"text": "b"}},
        "users": {"u1": {"name": "c"}, "u2": {"name": "d"}},
    }
    path = written(tmp_path, content)
    with pytest.raises(ExemplarError, match="several objects of objects: posts, users; say which"):
        read(path)
    assert chosen(path, "posts") == [Document("-N1", "a"), Document("-N2", "b")]


def test_an_object_with_a_text_is_a_row_whatever_lists_it_has(tmp_path: Path) -> None:
    content = {"title": "Bees", "text": "Bees nest.", "authors": [{"name": "A"}], "tags": ["x"]}
    expected = [Document("0", "Bees nest.", (), {"authors": '[{"name":"A"}]', "tags": "x"}, "Bees")]
    assert documents(read(written(tmp_path, content, indent=2))) == expected
    assert documents(read(written(tmp_path, content))) == expected


def test_lists_of_lists_of_objects_are_one_list(tmp_path: Path) -> None:
    assert documents(read(written(tmp_path, [ROWS[:1], ROWS[1:]]))) == [
        Document("a", "a bee"),
        Document("b", "a bridge"),
    ]


def test_texts_beside_other_values_are_documents(tmp_path: Path) -> None:
    source = read(written(tmp_path, ["a bee", 7, "a bridge"]))
    assert texts(source) == ["a bee", "a bridge"]
    assert problems(source) == [Problem("row 1", "no JSON object")]


HIT = {"_index": "i", "_id": "7", "_source": {"title": "T", "text": "a bee", "label": "x", "by": "Ann"}}
FOUND = [Document("7", "a bee", ("x",), {"_index": "i", "_source.by": "Ann"}, "T")]


def test_elasticsearch_is_read(tmp_path: Path) -> None:
    answer = {"took": 1, "hits": {"total": {"value": 1}, "hits": [HIT]}, "aggregations": {"x": {"buckets": [{"n": 1}]}}}
    assert documents(read(written(tmp_path, answer))) == FOUND
    assert documents(read(written(tmp_path, json.dumps(HIT) + "\n", "dump.jsonl"))) == FOUND
    source = read(written(tmp_path, HIT))
    assert source.columns() == ("_index", "_id", "_source.title", "_source.text", "_source.label", "_source.by")


def test_bulk_files_are_read_with_the_ids_of_their_actions(tmp_path: Path) -> None:
    lines = [
        {"index": {"_index": "i", "_id": "1"}},
        {"text": "a bee"},
        {"delete": {"_id": "1"}},
        {"update": {"_id": "2", "routing": "r"}},
        {"doc": {"text": "a bridge"}},
        {"create": {}},
        {"text": "a train"},
    ]
    source = read(written(tmp_path, "".join(json.dumps(line) + "\n" for line in lines), "bulk.ndjson"))
    assert documents(source) == [Document("1", "a bee"), Document("2", "a bridge"), Document("2", "a train")]
    assert [each.line for each in documents(source)] == [2, 5, 7]


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        (
            "geo.json",
            {
                "features": [
                    {"id": 1, "geometry": {"type": "Point"}, "properties": {"description": "a", "category": "b"}}
                ]
            },
            Document("1", "a", ("b",), {"geometry": '{"type":"Point"}'}),
        ),
        (
            "tweets.js",
            'window.YTD.tweets.part0 = [{"tweet": {"id": "1", "full_text": "a", "lang": "en"}}]',
            Document("1", "a", (), {"tweet.lang": "en"}),
        ),
        (
            "x.json",
            {"data": [{"id": "1", "text": "a"}], "includes": {"users": [{"id": "7"}]}, "meta": {"result_count": 1}},
            Document("1", "a"),
        ),
        (
            "thread.json",
            {"post_stream": {"posts": [{"id": 1, "cooked": "a"}]}, "suggested_topics": [{"id": 3}], "title": "t"},
            Document("1", "a"),
        ),
        (
            "channel.json",
            {"guild": {"id": "8"}, "messages": [{"id": "1", "content": "a", "author": {"id": "7"}}], "messageCount": 1},
            Document("1", "a", (), {"author": '{"id":"7"}'}),
        ),
        (
            "result.json",
            {"name": "c", "id": 5, "messages": [{"id": 1, "text": ["a ", {"type": "link", "text": "b"}, "."]}]},
            Document("1", "a b."),
        ),
        (
            "issues.json",
            [{"id": 1, "title": "T", "body": "a", "labels": [{"id": 2, "name": "bug"}, {"name": "ui"}]}],
            Document("1", "a", ("bug", "ui"), {}, "T"),
        ),
        (
            "jira.json",
            {"issues": [{"id": "1", "fields": {"summary": "T", "description": "a", "labels": ["x"]}}]},
            Document("1", "a", ("x",), {}, "T"),
        ),
        (
            "mongo.json",
            {
                "_id": {"$oid": "64a"},
                "text": "a",
                "at": {"$date": {"$numberLong": "1577836800000"}},
                "n": {"$numberInt": "7"},
            },
            Document("64a", "a", (), {"at": "2020-01-01T00:00:00Z", "n": "7"}),
        ),
    ],
)
def test_exports_are_read(tmp_path: Path, name: str, content: Any, expected: Document) -> None:
    for indent in (None, 1):
        source = read(written(tmp_path, content, name, indent=indent))
        assert documents(source) == [expected]
        assert problems(source) == []


def test_objects_without_end_are_looked_at_in_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_shapes, "_MOST_LOOKED_AT", 20)
    content = {f"k{number}": {"text": "a", "tags": {"x": number}} for number in range(1000)}
    assert len(texts(read(written(tmp_path, content)))) == 1000
    shape = read_shape(JsonReader([json.dumps(content)]))
    assert (shape.n, len(shape.members)) == (1000, 5)


def test_rows_that_a_text_beside_them_describes_are_read(tmp_path: Path) -> None:
    rows = [{"text": f"review {number}"} for number in range(3)]
    assert texts(read(written(tmp_path, {"abstract": "About this data set", "data": rows}))) == [
        row["text"] for row in rows
    ]
    article = {"title": "T", "text": "An article", "comments": [{"text": "first"}, {"text": "second"}]}
    assert texts(read(written(tmp_path, article))) == ["An article"]
