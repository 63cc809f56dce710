import csv
import gzip
import io
import itertools
import json
import tracemalloc
import weakref
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exemplar.data.documents import Document, Problem
from exemplar.data.readers.tables import open_table
from exemplar.data.sources.files import file_on_disk
from exemplar.data.sources.read import read_source
from exemplar.data.sources.spec import SourceSpec
from tests.support.reading import ROWS, documents, numbered, problems, read, texts, write

SUFFIXES = [".csv", ".tsv", ".jsonl", ".json", ".parquet"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_tables_in_files_are_read_alike(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f"rows{suffix}")
    source = read(path, label_column="kind", id_column="key")
    assert list(source.read()) == [
        Document("a1", "the first", ("x",), {"stars": "3"}),
        Document("a2", "the second, with a comma\nand a line", ("y",), {"stars": "4"}),
        Document("a3", "NA", ("x",), {"stars": "5"}),
    ]
    assert list(source.read()) == list(source.read())
    assert (source.name, numbered(source)) == ("rows", False)
    assert source.spec == SourceSpec(path, text_column="text", label_column="kind", id_column="key")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_packed_tables_are_read_as_they_are(tmp_path: Path, suffix: str) -> None:
    path = Path(write(tmp_path / f"rows{suffix}"))
    packed = tmp_path / f"packed{suffix}.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    source = read(str(packed))
    assert documents(source) == documents(read(str(path)))
    assert source.name == "packed"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_limit_takes_the_first_rows(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f"rows{suffix}")
    assert texts(read(path, limit=2)) == [row["text"] for row in ROWS[:2]]
    assert len(documents(read(path, limit=10**12))) == 3
    with pytest.raises(ValueError, match="limit must be at most 1,000,000,000,000, got 1000000000001"):
        read(path, limit=10**12 + 1)


def test_a_limit_counts_rows_whether_they_give_a_document_or_not(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.csv", [{"text": "first"}, {"text": ""}, {"text": "third"}])
    assert list(read(path, limit=2).read()) == [Document("0", "first"), Problem("line 3", "no text")]


def test_without_an_id_column_the_row_number_is_the_id(tmp_path: Path) -> None:
    source = read(write(tmp_path / "rows.csv", [{"text": "first"}, {"text": "  "}, {"text": "third"}]))
    assert list(source.read()) == [Document("0", "first"), Problem("line 3", "no text"), Document("2", "third")]
    assert numbered(source)


def test_missing_cells_and_numbers_are_handled(tmp_path: Path) -> None:
    rows = [{"text": None, "label": "x"}, {"text": 17, "label": None}, {"text": "a", "label": 2, "n": float("nan")}]
    source = read(write(tmp_path / "rows.jsonl", rows))
    assert documents(source) == [Document("1", "17"), Document("2", "a", ("2",))]


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_numbers_keep_their_digits_beside_gaps(tmp_path: Path, suffix: str) -> None:
    import pyarrow as pa
    import pyarrow.parquet

    columns = {"text": ["a", "b", "c"], "label": [1, None, 0], "id": [9007199254740993, 9007199254740992, 3]}
    path = tmp_path / f"rows{suffix}"
    if suffix == ".parquet":
        pa.parquet.write_table(pa.table(columns), path)
    else:
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        path.write_text("\N{BYTE ORDER MARK}" + "\n".join(map(json.dumps, rows)) + "\n\n")
    assert documents(read(str(path), id_column="id")) == [
        Document("9007199254740993", "a", ("1",)),
        Document("9007199254740992", "b", ()),
        Document("3", "c", ("0",)),
    ]


def test_other_columns_become_metadata_as_text(tmp_path: Path) -> None:
    row = {
        "text": "a",
        "year": 1999,
        "price": 2.5,
        "new": True,
        "tags": ["x", None, 3],
        "by": {"name": "Zoë"},
        "blank": " ",
        "none": None,
        "vector": [0.123456] * 2000,
    }
    (document,) = documents(read(write(tmp_path / "rows.jsonl", [row])))
    assert document.metadata == {"year": "1999", "price": "2.5", "new": "True", "tags": "x, 3", "by": '{"name":"Zoë"}'}


def test_a_title_stands_before_its_text(tmp_path: Path) -> None:
    rows = [{"Title": "A", "Text": "a"}, {"Title": "", "Text": "b"}, {"Title": "C", "Text": ""}]
    path = write(tmp_path / "rows.csv", rows)
    source = read(path)
    assert list(source.read()) == [Document("0", "a", title="A"), Document("1", "b"), Document("2", "", title="C")]
    assert [document.full_text for document in documents(source)] == ["A\n\na", "b", "C"]
    assert texts(read(path, text_column="Title")) == ["A", "C"]
    assert documents(read(path, title_column="none"))[0] == Document("0", "a", (), {"Title": "A"})


def test_guesses_are_turned_off_by_none_and_the_description_says_so(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.csv", [{"text": "a", "label": "x", "id": "7"}])
    source = read(path, label_column="none", id_column="none")
    assert documents(source) == [Document("0", "a", (), {"label": "x", "id": "7"})]
    assert (source.spec.label_column, source.spec.id_column) == ("none", "none")
    assert documents(read(path)) == [Document("7", "a", ("x",))]
    path = write(tmp_path / "none.csv", [{"text": "a", "none": "7"}])
    assert documents(read(path, id_column="none")) == [Document("7", "a")]


@pytest.mark.parametrize(("cell", "reason"), [(["x"], "the text is a list"), ({"a": 1}, "the text is a dict")])
def test_text_that_is_no_text_is_left_out_and_told(tmp_path: Path, cell: object, reason: str) -> None:
    source = read(write(tmp_path / "rows.jsonl", [{"text": "a"}, {"text": cell}]))
    assert list(source.read()) == [Document("0", "a"), Problem("line 2", reason)]


def test_labels_may_be_lists_and_others_are_told(tmp_path: Path) -> None:
    rows = [{"text": "a", "label": ["x", "y"]}, {"text": "b", "label": {"no": 1}}, {"text": "c", "label": []}]
    assert list(read(write(tmp_path / "rows.jsonl", rows)).read()) == [
        Document("0", "a", ("x", "y")),
        Problem("line 2", "the label is no plain text", left_out=False),
        Document("1", "b"),
        Document("2", "c"),
    ]


def test_half_a_surrogate_pair_is_mended_and_told(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text(r'{"text": "half \ud83d a pair"}' + "\n" + r'{"text": "\ud83d\ude00"}')
    assert list(read(str(tmp_path / "rows.jsonl")).read()) == [
        Problem("line 1", "half a surrogate pair, replaced", left_out=False),
        Document("0", "half \N{REPLACEMENT CHARACTER} a pair"),
        Document("1", "\N{GRINNING FACE}"),
    ]


def test_control_characters_are_kept(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_bytes(b"text\na\0b\x07\n")
    assert texts(read(str(tmp_path / "rows.csv"))) == ["a\0b\x07"]


def test_parquet_columns_of_every_kind_are_read_as_pyarrow_reads_them(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from exemplar.data.sources.files import file_on_disk
    from exemplar.data.tabular.parquet_table import parquet_table

    texts = pa.array(["a", None, "b"])
    lists = {
        "list": pa.ListArray.from_arrays([0, 2, 2, 3], texts),
        "view": pa.ListViewArray.from_arrays([2, 0, 1], [1, 2, 0], texts),
        "fixed": pa.FixedSizeListArray.from_arrays(texts, 1),
        "map": pa.MapArray.from_arrays([0, 2, 2, 3], pa.array(["x", "y", "z"]), texts),
        "struct": pa.StructArray.from_arrays([texts, pa.array([1, 2, 3])], ["p", "q"]),
    }
    kinds = (pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.large_string()))
    plain = {str(kind): pa.array(texts.to_pylist(), kind) for kind in kinds}
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table(lists | plain), path)
    rows = list(parquet_table(file_on_disk(path)).rows(()))
    assert rows == pq.read_table(path).to_pylist()


@pytest.mark.parametrize("column", ["content", "review", "abstract", "document", "body", "Text", "BODY"])
def test_usual_names_for_the_text_are_recognised(tmp_path: Path, column: str) -> None:
    assert texts(read(write(tmp_path / "rows.csv", [{"other": "no", column: "yes"}]))) == ["yes"]


@pytest.mark.parametrize("option", ["text_column", "title_column", "label_column", "id_column"])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_column_that_does_not_exist_is_told_with_those_that_do(tmp_path: Path, suffix: str, option: str) -> None:
    path = write(tmp_path / f"rows{suffix}")
    with pytest.raises(ValueError, match="no column 'nope'; its columns are: key, text, kind, stars"):
        read(path, **{option: "nope"})


def test_an_unrecognised_text_column_must_be_named(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.csv", [{"one": "1", "two": "2"}])
    with pytest.raises(ValueError, match=r"which column of .* holds the text; its columns are: one, two"):
        read(path)


def test_a_column_that_was_named_is_not_guessed_for_something_else(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.csv", [{"label": "a", "id": "7"}])
    source = read(path, text_column="label", title_column="id")
    assert documents(source) == [Document("0", "a", title="7")]
    assert (source.spec.label_column, source.spec.id_column) == (None, None)


def test_two_columns_of_one_name_become_one(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("text,a,b,a\nx,1,2,3\ny,,2,\nz,,,3\n")
    found = documents(read(str(tmp_path / "rows.csv")))
    assert [document.metadata for document in found] == [{"a": "1\n3", "b": "2"}, {"b": "2"}, {"a": "3"}]


def test_a_row_whose_id_is_missing_or_taken_goes_by_its_number(tmp_path: Path) -> None:
    rows = [{"text": "a", "id": "7"}, {"text": "b", "id": " "}, {"text": "c", "id": "7"}, {"text": "d", "id": "8"}]
    found = list(read(write(tmp_path / "rows.csv", rows)).read())
    assert found == [
        Document("7", "a"),
        Problem("line 3", "no id; it goes by the number of its row", left_out=False),
        Document("1", "b"),
        Problem("line 4", "an earlier row has its id; it goes by the number of its row", left_out=False),
        Document("2", "c"),
        Document("8", "d"),
    ]
    assert [each.numbered for each in found if isinstance(each, Document)] == [False, True, True, False]


def test_a_row_whose_id_is_no_plain_value_goes_by_its_number(tmp_path: Path) -> None:
    rows = [{"_id": {"no": "64a"}, "text": "a"}, {"_id": "7", "text": "b"}]
    assert list(read(write(tmp_path / "rows.jsonl", rows)).read()) == [
        Problem("line 1", "the id is a dict; it goes by the number of its row", left_out=False),
        Document("0", "a"),
        Document("7", "b"),
    ]


def test_titles_alone_are_taken_where_no_column_is_to_be_the_text(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.csv", [{"Headline": "A", "note": "x"}, {"Headline": "", "note": "y"}])
    with pytest.raises(ValueError, match=r"say which column of .*rows.csv holds the text"):
        read(path)
    source = read(path, text_column="none")
    assert list(source.read()) == [Document("0", "", (), {"note": "x"}, "A"), Problem("line 3", "no text")]
    assert (source.spec.text_column, source.spec.title_column) == ("none", "Headline")
    assert documents(read_source(source.spec)) == documents(source)


def test_a_table_without_text_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"column 'text' of .*rows.csv holds no text$"):
        documents(read(write(tmp_path / "rows.csv", [{"text": ""}])))


def test_rows_are_counted_past_blank_and_wide_and_short_ones(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("text,label\na,x\n\nb,y,z\nc\n")
    assert list(read(str(tmp_path / "rows.csv")).read()) == [
        Document("0", "a", ("x",)),
        Problem("line 4", "more fields than the header has names"),
        Document("2", "c"),
    ]


def test_a_table_whose_rows_are_all_too_wide_says_so(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("text,label\na,b,x\nc,d,y\n")
    with pytest.raises(ValueError, match="holds no text: more fields than the header has names in 2 of 2 rows"):
        documents(read(str(tmp_path / "rows.csv")))


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ('text,n\nfine,1\n"open,2\nfine,3\n', 3),
        ('text,n\n"fine\nover lines","open\nfine,3\n', 3),
    ],
)
def test_a_quote_that_never_closes_is_told_by_the_line_it_opens_on(tmp_path: Path, content: str, line: int) -> None:
    (tmp_path / "rows.csv").write_text(content)
    with pytest.raises(ValueError, match=rf"cannot read .*rows.csv: the quote that opens on line {line} never closes"):
        documents(read(str(tmp_path / "rows.csv")))


def test_a_tsv_file_with_stray_quotes_has_no_quoting(tmp_path: Path) -> None:
    (tmp_path / "rows.tsv").write_text('text\tlabel\n"Great" he said\tx\n"open\ty\n5" pipe\tz\n')
    assert documents(read(str(tmp_path / "rows.tsv"))) == [
        Document("0", '"Great" he said', ("x",)),
        Document("1", '"open', ("y",)),
        Document("2", '5" pipe', ("z",)),
    ]


@given(st.text('a"\t\n\r\N{LATIN SMALL LETTER E WITH ACUTE}'), st.sampled_from(["utf-8", "utf-16", "cp1252"]))
def test_a_tsv_file_has_quoting_exactly_if_all_of_it_parses_with_quoting(
    tmp_path_factory: pytest.TempPathFactory, content: str, encoding: str
) -> None:
    path = tmp_path_factory.mktemp("wild") / "rows.tsv"
    path.write_bytes(f"text\tn\n{content}".encode(encoding))

    def parsed(quoting: int) -> list[list[str]]:
        lines = io.StringIO(content, newline="")
        return list(csv.reader(lines, delimiter="\t", quoting=quoting, strict=True))  # type: ignore[arg-type]

    try:
        expected = parsed(csv.QUOTE_MINIMAL)
    except csv.Error:
        expected = parsed(csv.QUOTE_NONE)
    rows = [row for row in open_table(file_on_disk(path)).rows(()) if not isinstance(row, Problem) or row.left_out]
    wide = "more fields than the header has names"
    assert [row.reason if isinstance(row, Problem) else row for row in rows] == [
        wide if any(map(str.strip, cells[2:])) else dict(zip(["text", "n"], cells, strict=False))
        for cells in expected
        if cells
    ]


@pytest.mark.parametrize(
    ("odd", "place", "n_parsed"),
    [
        ('a\t5" pipe', 9_000, 10_000),  # all lines once
        ('"b\tc"', 9_000, 11_000),  # also the lines from the first field with a quote, to check the quotes
        ('"b', 5_000, 15_000),
    ],
)
def test_a_tsv_file_is_parsed_twice_only_from_the_first_field_that_begins_with_a_quote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, odd: str, place: int, n_parsed: int
) -> None:
    rows = [odd if number == place else f"row {number}" for number in range(10_000)]
    (tmp_path / "rows.tsv").write_text("\n".join(["text\tn", *rows]))
    parsed: list[str] = []

    def counting(lines: Iterable[str], **options: Any) -> Any:
        return reader((parsed.append(line) or line for line in lines), **options)

    reader = csv.reader
    monkeypatch.setattr(csv, "reader", counting)
    assert len(documents(read(str(tmp_path / "rows.tsv")))) == 10_000
    assert n_parsed < len(parsed) < n_parsed + 999  # beyond them the head alone is read, to find the delimiter


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1))
@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_what_the_csv_module_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, delimiter: str, cells: list[str]
) -> None:
    path = tmp_path_factory.mktemp("wild") / ("rows.csv" if delimiter == "," else "rows.tsv")
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, delimiter=delimiter)
        rows.writerows([["n", "text"], ["0", "first"], *enumerate(cells, start=1)])
    expected = ["first", *(cell for cell in cells if cell.strip())]
    assert texts(read(str(path))) == expected


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_may_end_in_any_way(tmp_path: Path, end: str) -> None:
    (tmp_path / "rows.csv").write_bytes(end.join(["text,n", "a,1", '"b",2', ""]).encode())
    assert documents(read(str(tmp_path / "rows.csv"))) == [
        Document("0", "a", (), {"n": "1"}),
        Document("1", "b", (), {"n": "2"}),
    ]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("name", ["rows.csv", "rows.jsonl"])
def test_byte_order_marks_are_obeyed(tmp_path: Path, encoding: str, name: str) -> None:
    content = "text\ncafé 日本\n" if name == "rows.csv" else '{"text": "café 日本"}\n'
    (tmp_path / name).write_bytes(content.encode(encoding))
    assert list(read(str(tmp_path / name)).read()) == [Document("0", "café 日本")]


def test_western_text_that_is_not_utf8_is_read_and_told(tmp_path: Path) -> None:
    (tmp_path / "latin1.csv").write_bytes("text\nplain\ncafé\n".encode("latin-1"))
    assert list(read(str(tmp_path / "latin1.csv")).read()) == [
        Document("0", "plain"),
        Problem("line 3 of latin1.csv", "not UTF-8, read as cp1252", left_out=False),
        Document("1", "café"),
    ]


def test_one_bad_line_does_not_cost_the_others_their_letters(tmp_path: Path) -> None:
    (tmp_path / "mixed.csv").write_bytes("text\nПривет\n".encode() + b"caf\xe9\n" + "日本\n".encode())
    assert texts(read(str(tmp_path / "mixed.csv"))) == ["Привет", "café", "日本"]


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("shift_jis", "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。"),
        ("cp1251", "Все счастливые семьи похожи друг на друга, каждая несчастливая семья несчастлива по-своему."),
        ("gb18030", "我们的祖国是花园，花园的花朵真鲜艳，和暖的阳光照耀着我们，每个人脸上都笑开颜。"),
        ("cp1253", "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα."),
        ("cp1252", "“Ein Maß Bier kostet 9 €” – l’été, señor, smörgåsbord"),
    ],
)
def test_other_encodings_are_guessed(tmp_path: Path, encoding: str, text: str) -> None:
    (tmp_path / "rows.csv").write_bytes(("text\n" + f'"{text}"\n' * 20).encode(encoding))
    source = read(str(tmp_path / "rows.csv"))
    assert texts(source) == [text] * 20
    assert [(each.where, each.left_out) for each in problems(source)] == [("line 2 of rows.csv", False)]


def test_bad_lines_of_json_are_told_by_their_number_and_the_others_kept(tmp_path: Path) -> None:
    deep = '{"text": ' + "[" * 200_000 + "]" * 200_000 + "}"
    (tmp_path / "bad.jsonl").write_text(f'{{"text": "a"}}\n\n{{"text": }}\n["b"]\n{deep}\n{{"text": "c"}}\n')
    assert list(read(str(tmp_path / "bad.jsonl")).read()) == [
        Document("0", "a"),
        Problem("line 3", "no JSON"),
        Problem("line 4", "no JSON object"),
        Problem("line 5", "nested too deeply"),
        Document("4", "c"),
    ]


def test_a_named_column_is_searched_for_in_all_of_the_file(tmp_path: Path) -> None:
    rows = [{"text": "a"}] * 1500 + [{"text": "b", "late": "x"}]
    path = write(tmp_path / "rows.jsonl", rows)
    assert documents(read(path, label_column="late"))[-1] == Document("1500", "b", ("x",))
    with pytest.raises(ValueError, match="no column 'later'; its columns are: text"):
        read(path, label_column="later")


@pytest.mark.parametrize(
    "content",
    [
        [{"text": "a", "n": 1}, {"text": "b"}],
        {"version": 1, "tags": ["x"], "data": [{"text": "a", "n": 1}, {"text": "b"}]},
        {"text": ["a", "b"], "n": [1, None]},
    ],
)
def test_json_may_be_laid_out_in_several_ways(tmp_path: Path, content: object) -> None:
    (tmp_path / "rows.json").write_text(json.dumps(content, indent=1))
    assert documents(read(str(tmp_path / "rows.json"))) == [
        Document("0", "a", (), {"n": "1"}),
        Document("1", "b"),
    ]


def test_columns_of_json_are_parsed_once_for_their_names_and_first_rows_and_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Parsed(dict[str, Any]):
        """An object that can have weak references."""

    def counting(text: str) -> Any:
        value = Parsed(loads(text))
        values.append(weakref.ref(value))
        return value

    path = tmp_path / "rows.json"
    path.write_bytes(b'{"text": ["caf\xe9", "b"],\n"n": [1, 2]}')
    loads, values = json.loads, list[Any]()
    monkeypatch.setattr(json, "loads", counting)
    source = read(str(path))
    assert len(values) == 1
    assert values[0]() is not None
    first = list(source.read())
    assert [value() for value in values] == [None]
    assert list(source.read()) == first
    assert [value() for value in values] == [None, None]
    assert first[:2] == [
        Problem("line 1 of rows.json", "not UTF-8, read as cp1252", left_out=False),
        Document("0", "café", (), {"n": "1"}),
    ]


def test_json_that_is_read_from_several_places_at_once_is_the_same(tmp_path: Path) -> None:
    source = read(write(tmp_path / "rows.json"))
    first, second = source.read(), source.read()
    assert list(zip(first, second, strict=True)) == [(document, document) for document in documents(source)]


def test_json_lines_in_a_json_file_are_read(tmp_path: Path) -> None:
    (tmp_path / "rows.json").write_text('{"text": "a"}\n{"text": "b"}\n')
    assert texts(read(str(tmp_path / "rows.json"))) == ["a", "b"]


@pytest.fixture
def classes(tmp_path: Path) -> str:
    import datasets

    features = datasets.Features(
        {
            "text": datasets.Value("string"),
            "label": datasets.ClassLabel(names=["no", "yes"]),
            "picture": datasets.Image(),
        }
    )
    rows = {"text": ["one", "two", "three"], "label": [1, 0, -1], "picture": [None] * 3}
    path = tmp_path / "classes.parquet"
    datasets.Dataset.from_dict(rows, features=features).to_parquet(path)
    return str(path)


def test_a_bare_parquet_file_of_a_data_set_gives_class_names(classes: str) -> None:
    assert documents(read(classes)) == [
        Document("0", "one", ("yes",)),
        Document("1", "two", ("no",)),
        Document("2", "three"),
    ]


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("empty.csv", b"", "it is empty"),
        ("ragged.csv", b'text\n"open quote', "the quote that opens on line 2 never closes"),
        ("bad.jsonl", b'{"text": \n', "no line is a JSON object"),
        ("list.json", b"[1, 2]\n", "its JSON is neither"),
        ("bad.json", b'[{"text": "a"},\n', "it is not JSON: Expecting value: line 2"),
        ("deep.json", b"[" * 200_000 + b"]" * 200_000, "it is nested too deeply"),
        ("bad.parquet", b"PAR1 and nothing more", "Parquet magic bytes"),
        ("zipped.csv", gzip.compress(b"text\na\n", mtime=0), "it is not text"),
        ("plain.csv.gz", b"text\na\n", "Not a gzipped file"),
        ("cut.csv.gz", gzip.compress(b"text\n" + b"a\n" * 1000, mtime=0)[:-12], "ended before"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_clear_line(tmp_path: Path, name: str, content: bytes, why: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=rf"cannot read .*{name}: .*{why}") as caught:
        documents(read(str(tmp_path / name)))
    assert "\n" not in str(caught.value)


def test_a_parquet_file_that_was_cut_off_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = Path(write(tmp_path / "rows.parquet"))
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ValueError, match=r"cannot read .*rows.parquet: "):
        read(str(path))


@pytest.mark.slow
def test_a_million_characters_are_a_document_and_too_many_are_told(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.csv", [{"text": "a" * 1_000_000}, {"text": "b" * 10_000_001}, {"text": "c"}])
    found = list(read(path).read())
    assert found[0] == Document("0", "a" * 1_000_000)
    assert found[1:] == [Problem("line 3", "longer than 10,000,000 characters"), Document("2", "c")]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("rows.csv", b"text\n" + b"a row\n" * 100_000 + b'"open'),
        ("rows.csv.gz", gzip.compress(b"text\n" + b"a row\n" * 100_000, mtime=0)[:-9]),
        ("rows.jsonl.gz", gzip.compress(b'{"text": "a row"}\n' * 100_000, mtime=0)[:-9]),
    ],
)
def test_a_file_is_read_only_as_far_as_its_documents_are_taken(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    source = read(str(tmp_path / name))
    assert [found.text for found in itertools.islice(source.read(), 2)] == ["a row", "a row"]
    assert texts(read(str(tmp_path / name), limit=2)) == ["a row", "a row"]
    with pytest.raises(ValueError, match=f"cannot read .*{name}"):
        texts(source)


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", ".parquet"])
def test_memory_does_not_grow_with_the_number_of_documents(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f"rows{suffix}", [{"text": "x" * 10_000}] * 4_000)  # 40 MB of text
    source = read(path)
    tracemalloc.start()
    try:
        assert sum(len(found.text) for found in source.read()) == 40_000_000
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 10_000_000
