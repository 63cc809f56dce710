"""Rows of CSV files as programs and people write them: nothing is lost for a stray quote or a surplus delimiter."""

import pickle
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exemplar.data.documents import Document, Problem
from exemplar.data.errors import ExemplarError
from exemplar.data.files.options import ReadOptions
from exemplar.data.files.table import Row, line_of
from exemplar.data.files.values import Joined
from exemplar.data.readers.tables import open_table
from exemplar.data.sources.files import file_on_disk
from exemplar.data.tabular import csv_table
from tests.support.reading import documents, problems, read

REPAIRED = "a stray quote; the row was repaired"
STRAY = "a stray quote, and the row does not fit the header"


def rows_of(path: Path, content: str) -> list[Row | Problem]:
    path.write_text(content)
    return list(open_table(file_on_disk(path)).rows(()))


def cells(row: Row | Problem) -> list[object]:
    return list((row.cells if isinstance(row, Problem) else row).values())


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ('1,"Scooped" risk management,a', ["1", "Scooped risk management", "a"]),  # as Excel reads it
        ('1,"The "best" film, ever",a', ["1", 'The "best" film, ever', "a"]),
        ('1,"He said \\"hi\\", and left",a', ["1", 'He said "hi", and left', "a"]),
        ('1,"It ends with \\"quotes\\"",a', ["1", 'It ends with "quotes"', "a"]),
        ('1,"one ""two"" "three" four",a', ["1", 'one "two" "three" four', "a"]),
        ('1,"Scooped" risk,a,,', ["1", "Scooped risk", "a"]),
        ('1,"a text" ,a', ["1", "a text", "a"]),
        ('1,"a "text"\nof two lines",a', ["1", 'a "text"\nof two lines', "a"]),
        ('1,"a text\nof "three"\nlines",a', ["1", 'a text\nof "three"\nlines', "a"]),
        ('1,"a stray quote,a', ["1", '"a stray quote', "a"]),
        ('1,"a "stray quote,a', ["1", "a stray quote", "a"]),
    ],
)
@pytest.mark.parametrize("n_after", [1, 3, 200])
def test_a_row_with_stray_quotes_is_mended_and_the_others_stay(
    tmp_path: Path, row: str, expected: list[str], n_after: int
) -> None:
    after = [f'{number},"text, {number}",b' for number in range(n_after)]
    before, mend, *others = rows_of(tmp_path / "rows.csv", "\n".join(['id,text,label\n0,"a, b",b', row, *after, ""]))
    assert cells(before) == ["0", "a, b", "b"]
    assert mend == Problem("line 3", REPAIRED, left_out=False)
    found, *others = others
    assert (cells(found), line_of(found)) == (expected, 3)
    assert [cells(each) for each in others] == [[str(number), f"text, {number}", "b"] for number in range(n_after)]
    first_after = 4 + row.count("\n")
    assert [line_of(each) for each in others] == list(range(first_after, first_after + n_after))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            'id,text\n1,"Para one.\n\n"Quoted, with comma."\n\nPara three."\n2,ok\n',
            [["1", 'Para one.\n\n"Quoted, with comma."\n\nPara three.'], ["2", "ok"]],
        ),
        (
            'id,text,label\n1,"first line, with comma\nsecond "inner", line\nthird",a\n2,b,c\n',
            [["1", 'first line, with comma\nsecond "inner", line\nthird', "a"], ["2", "b", "c"]],
        ),
        (
            'id,text,label\n1,text,"a\n2,fine,b\n3,pipe 5",c\n4,d,e\n',
            [["1", "text", '"a'], ["2", "fine", "b"], ["3", 'pipe 5"', "c"], ["4", "d", "e"]],
        ),
    ],
)
def test_texts_of_several_lines_keep_their_quotes_and_take_no_row(
    tmp_path: Path, content: str, expected: list[list[str]]
) -> None:
    found = rows_of(tmp_path / "rows.csv", content)
    assert [row for row in found if isinstance(row, Problem)] == [Problem("line 2", REPAIRED, left_out=False)]
    assert [cells(row) for row in found if not isinstance(row, Problem)] == expected


def test_a_row_of_several_lines_with_more_fields_is_left_out_as_a_whole(tmp_path: Path) -> None:
    found = rows_of(tmp_path / "rows.csv", 'id,text\n1,"two\nlines",x\n2,"b"\n')
    assert found == [Problem("line 2", "more fields than the header has names"), {"id": "2", "text": "b"}]


def test_rows_too_large_to_look_at_end_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_table, "_MOST_FIELDS", 100)
    (tmp_path / "rows.csv").write_text(f'id,text\n1,"a"b,c\n{"," * 200}\n')
    with pytest.raises(ExemplarError, match="line 3: a row of more than 134,217,728 characters or 100 fields"):
        documents(read(str(tmp_path / "rows.csv")))


def test_a_row_whose_stray_quotes_allow_no_reading_is_left_out_and_kept_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text('id,text,label\n1,"a" b,c,d "e,"\n2,fine,x\n3,"fine, too",y\n')
    source = read(str(path))
    assert [document.text for document in documents(source)] == ["fine", "fine, too"]
    (problem,) = problems(source)
    assert problem == Problem("line 2", STRAY)
    assert (problem.cells, problem.file, problem.line) == ({"line": '1,"a" b,c,d "e,"\n'}, "rows.csv", 2)


def test_an_open_quote_takes_no_row_with_it_even_over_many_lines(tmp_path: Path) -> None:
    others = [f"{number},a plain text,b" for number in range(3000)]
    lines = ["id,text,label", '0,"open,b', *others, '9000,"with, quotes",b', ""]
    found = rows_of(tmp_path / "rows.csv", "\n".join(lines))
    assert found[0] == Problem("line 2", REPAIRED, left_out=False)
    assert len(found) == 1 + 3002
    assert [line_of(row) for row in found[1:]] == list(range(2, 3004))


@given(st.lists(st.text('ab ,"\n', max_size=6), min_size=1, max_size=4), st.text('ab ,"\n\\', max_size=25))
def test_whatever_stands_between_no_row_before_it_changes(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], wild: str
) -> None:
    path = tmp_path_factory.mktemp("wild") / "rows.csv"
    written = "".join(f'{number},"{text.replace(chr(34), chr(34) * 2)}",x\n' for number, text in enumerate(texts))
    path.write_text(f"id,text,label\n{written}{wild}\n")
    table = open_table(file_on_disk(path))
    found = []
    try:
        found.extend(table.rows(()))
    except Exception as error:
        assert "never closes" in str(error)  # noqa: PT017  # only some inputs raise
    assert [cells(row) for row in found[: len(texts)]] == [[str(n), text, "x"] for n, text in enumerate(texts)]


def test_blank_cells_behind_the_last_column_are_no_fields(tmp_path: Path) -> None:
    found = rows_of(tmp_path / "rows.csv", "id,text,label\n1,a,x\n2,b,y,\n3,c,z, ,\n4,d,x,,more\n")
    assert [cells(row) for row in found] == [
        ["1", "a", "x"],
        ["2", "b", "y"],
        ["3", "c", "z"],
        ["4", "d", "x", "more"],
    ]
    assert found[3] == Problem("line 5", "more fields than the header has names")
    assert isinstance(found[3], Problem)
    assert found[3].cells == {"id": "4", "text": "d", "label": "x", "column 5": "more"}


def test_a_delimiter_at_every_line_s_end_makes_no_column(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("id,text,label,\n1,a,x,\n2,b,y,\n")
    table = open_table(file_on_disk(tmp_path / "rows.csv"))
    assert table.columns == ("id", "text", "label")
    assert list(table.rows(())) == [{"id": "1", "text": "a", "label": "x"}, {"id": "2", "text": "b", "label": "y"}]


def test_cells_of_a_column_without_a_name_are_kept(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text(",text\n0,a\n1,b\n")
    assert documents(read(str(tmp_path / "rows.csv"))) == [
        Document("0", "a", (), {"column 1": "0"}),
        Document("1", "b", (), {"column 1": "1"}),
    ]
    (tmp_path / "rows.csv").write_text(",column 1,text\n0,real,a\n")
    assert documents(read(str(tmp_path / "rows.csv"))) == [
        Document("0", "a", (), {"column 1": "real", "column 1 without a name": "0"})
    ]


def test_blanks_between_delimiters_and_quotes_are_left_out(tmp_path: Path) -> None:
    found = rows_of(tmp_path / "rows.csv", 'id, text, label\n1, "Bees, wild ones", a\n2, "Cracks ""grow""", b\n')
    assert found == [
        {"id": "1", "text": "Bees, wild ones", "label": "a"},
        {"id": "2", "text": 'Cracks "grow"', "label": "b"},
    ]


def test_blanks_around_names_ids_and_labels_are_left_out_and_those_of_texts_stay(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("id ,  text , label,note\n 7 , a , yes, b \n8,c,yes ,\n")
    for choices in ({}, {"label_column": " label", "text_column": "text "}):
        assert documents(read(str(tmp_path / "rows.csv"), **choices)) == [
            Document("7", " a ", ("yes",), {"note": " b "}),
            Document("8", "c", ("yes",)),
        ]


def test_ids_that_a_spreadsheet_turned_into_fractions_are_whole_again(tmp_path: Path) -> None:
    for ids, expected in [
        (["1.0", "20.0", "", "-3.0"], ["1", "20", "2", "-3"]),
        (["1.0", "1.1", "1.10", "2.0"], ["1.0", "1.1", "1.10", "2.0"]),
        (["", "v1.0"], ["0", "v1.0"]),
        ([f"{n}.0" for n in range(200)] + ["v1.0"], [*map(str, range(200)), "v1.0"]),
    ]:
        rows = "".join(f"{doc_id},text {number}\n" for number, doc_id in enumerate(ids))
        (tmp_path / "rows.csv").write_text(f"id,text\n{rows}")
        assert [document.doc_id for document in documents(read(str(tmp_path / "rows.csv")))] == expected


def test_messages_name_the_line_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text('\ntext,n\n"over\nthree\nlines",1\n\n,2\n\n')
    assert problems(read(str(tmp_path / "rows.csv"))) == [Problem("line 7", "no text")]


def test_a_document_keeps_its_file_its_line_and_all_its_cells(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text('id,title,text,label,note\n 7,A,"a\nb",x, \n')
    (document,) = documents(read(str(tmp_path / "rows.csv")))
    assert (document.file, document.line) == ("rows.csv", 2)
    assert document.cells == {"id": " 7", "title": "A", "text": "a\nb", "label": "x", "note": " "}


def test_columns_of_the_same_name_are_joined_and_told(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text(
        "Summary,Labels,Labels,Comment,Description,Comment\nA,mobile, urgent,one,first,two\nB,,web,,second,\nC,x,x\n"
    )
    source = read(str(tmp_path / "rows.csv"))
    assert problems(source) == [
        Problem("line 1", "2 columns are named 'Labels'; their cells were joined", left_out=False),
        Problem("line 1", "2 columns are named 'Comment'; their cells were joined", left_out=False),
    ]
    assert documents(source) == [
        Document("0", "first", ("mobile", "urgent"), {"Comment": "one\ntwo"}, "A"),
        Document("1", "second", ("web",), {}, "B"),
        Document("2", "", ("x",), {}, "C"),
    ]


def test_joined_cells_are_a_text_and_a_copy_keeps_their_parts() -> None:
    joined = Joined(["a", "b"])
    assert (joined, pickle.loads(pickle.dumps(joined)).parts) == ("a\nb", ("a", "b"))  # noqa: S301
    assert pa.array([joined]).to_pylist() == ["a\nb"]


def test_texts_in_several_columns_of_one_name_are_joined_by_lines(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("text,text\nfirst,second\nthird,\n")
    assert [document.text for document in documents(read(str(tmp_path / "rows.csv")))] == ["first\nsecond", "third"]


def test_a_name_over_several_lines_is_chosen_as_it_is_shown(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text('When,"What could\nbe  better ?"\n2024,The queue is too long\n')
    source = read(str(tmp_path / "rows.csv"), text_column="What could be better ?")
    assert documents(source) == [Document("0", "The queue is too long", (), {"When": "2024"})]
    assert source.spec.columns.in_words() == "text What could be better ?, no title, no label, ids by row"
    with pytest.raises(
        ExemplarError, match=r"columns are: When, What could be better \?; the longest texts are in 'What"
    ):
        read(str(tmp_path / "rows.csv"))


def test_a_stray_quote_in_the_header_is_told_and_costs_nothing(tmp_path: Path) -> None:
    found = rows_of(tmp_path / "rows.csv", 'id,"te"xt\n1,a\n2,"b, c"\n')
    assert found[0] == Problem("line 1", "a stray quote in the names of columns", left_out=False)
    assert found[1:] == [{"id": "1", "text": "a"}, {"id": "2", "text": "b, c"}]


def test_how_a_file_was_read_is_noted_where_its_name_does_not_say_it(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("About\nid;text\n1;a\n", encoding="utf-16")
    notes = read(str(path), options=ReadOptions(skip_lines=1)).notes
    assert notes == ("the encoding is UTF-16", "cells are parted by semicolons", "line 1 is skipped")
    path.write_text("id,text\n1,a\n", encoding="utf-8-sig")
    assert read(str(path)).notes == ()
    assert read(str(path), options=ReadOptions(delimiter="comma", encoding="utf-8")).notes == ()


@pytest.mark.slow  # bytes of some formats are read by a process of its own
@given(st.binary(max_size=120), st.sampled_from([{}, {"no_header": True}, {"skip_lines": 1}, {"delimiter": ";"}]))
def test_any_bytes_are_rows_or_one_sentence(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, options: dict[str, Any]
) -> None:
    path = tmp_path_factory.mktemp("wild") / "rows.csv"
    path.write_bytes(content)
    try:
        list(open_table(file_on_disk(path, options=ReadOptions(**options))).rows(()))
    except ExemplarError as error:
        assert str(error)  # noqa: PT017  # only some inputs raise
        assert "\n" not in str(error)  # noqa: PT017


@pytest.mark.parametrize("end", ['a"', "a"])
def test_a_wide_row_of_several_lines_in_a_tsv_file_is_left_out_as_a_whole(tmp_path: Path, end: str) -> None:
    found = rows_of(tmp_path / "rows.tsv", f'text\tn\n\t"\n\t\n"\t{end}')
    assert found == [Problem("line 2", "more fields than the header has names")]
    assert cells(found[0]) == ["", "\n\t\n", end]


def test_a_column_without_a_name_can_be_chosen_and_one_behind_the_last_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        ",title,abstract,,included,\n7,Cats,[No abstract available],x,1,\n8,Bees,Buzz,,0,\n"
    )
    source = read(str(tmp_path / "a.csv"), id_column="column 1")
    assert source.columns() == ("column 1", "title", "abstract", "column 4", "included")
    assert documents(source) == [
        Document("7", "", ("1",), {"column 4": "x"}, title="Cats"),
        Document("8", "Buzz", ("0",), {}, title="Bees"),
    ]
