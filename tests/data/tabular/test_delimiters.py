"""The delimiter of a file, found in its head, and what stands before its table."""

import csv
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exemplar.data.documents import Document
from exemplar.data.errors import ExemplarError
from exemplar.data.files.options import ReadOptions
from exemplar.data.readers.tables import open_table
from exemplar.data.sources.files import file_on_disk
from exemplar.data.tabular.delimiters import is_delimited
from tests.support.reading import documents, read

SEMICOLONS = ("cells are parted by semicolons",)


def table(path: Path, content: str, encoding: str = "utf-8", **options: Any) -> tuple[list[dict], tuple[str, ...]]:
    path.write_bytes(content.encode(encoding))
    found = open_table(file_on_disk(path, options=ReadOptions(**options)))
    return [dict(row) for row in found.rows(()) if isinstance(row, dict)], found.notes


@pytest.mark.parametrize(
    ("name", "content", "row", "notes"),
    [
        (
            "a.csv",
            "id;text;score\n1;Bees, wild, nest, here;3,14\n2;a, b;2,5\n",
            {"id": "1", "text": "Bees, wild, nest, here", "score": "3,14"},
            SEMICOLONS,
        ),
        ("a.csv", "id,text\n1,Bees; wild; nest\n2,Cracks; grow\n", {"id": "1", "text": "Bees; wild; nest"}, ()),
        ("a.csv", "id\ttext\n1\ta, b\n", {"id": "1", "text": "a, b"}, ("cells are parted by tabs",)),
        ("a.csv", "id|text\n1|a, b; c\n", {"id": "1", "text": "a, b; c"}, ("cells are parted by pipes",)),
        ("a.tsv", 'id,text\n1,"a, b"\n', {"id": "1", "text": "a, b"}, ("cells are parted by commas",)),
        ("a.tsv", "id;text\n1;a, b\n", {"id": "1", "text": "a, b"}, SEMICOLONS),
        ("a.tsv", "id\ttext\n1\ta, b; c, d\n", {"id": "1", "text": "a, b; c, d"}, ()),
        (
            "a.csv",
            "Surname, name;text\nLee, Ann;so, so\nKay, Bob;a, b\n",
            {"Surname, name": "Lee, Ann", "text": "so, so"},
            SEMICOLONS,
        ),
        ("a.csv", "text\nBees, wild, nest\nCracks grow\nIt is, well, so\n", {"text": "Bees, wild, nest"}, ()),
        ("a.csv", "text\nBees, wild\nCracks, grow\nTrains, late\n", {"text": "Bees, wild"}, ()),
        ("a.csv", 'text\n"Bees, wild, nest"\n', {"text": "Bees, wild, nest"}, ()),
        ("a.csv", "text,\nBees,\nCracks,\n", {"text": "Bees"}, ()),
        (
            "a.csv",
            'id;text\n1;"a line\nand, another; one"\n',
            {"id": "1", "text": "a line\nand, another; one"},
            SEMICOLONS,
        ),
        ("a.csv", "\n" * 300 + "id;text\n1;a\n", {"id": "1", "text": "a"}, SEMICOLONS),
        ("a.txt", "id,text\n1,a\n2,b\n", {"id": "1", "text": "a"}, ()),
    ],
)
def test_the_delimiter_is_found_in_the_head(
    tmp_path: Path, name: str, content: str, row: dict[str, str], notes: tuple[str, ...]
) -> None:
    found, told = table(tmp_path / name, content)
    assert (found[0], told) == (row, notes)


@pytest.mark.parametrize("n_rows", [40, 99, 100, 101])
def test_a_head_that_ends_within_a_quote_shows_the_delimiter(tmp_path: Path, n_rows: int) -> None:
    rows = "".join(f'{number};"one, two,\nthree, {number}"\n' for number in range(n_rows))
    found, _ = table(tmp_path / "a.csv", f"id;text\n{rows}")
    assert found == [{"id": str(number), "text": f"one, two,\nthree, {number}"} for number in range(n_rows)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("line", ["sep=;", '"sep=;"', "SEP=;", "sep=;;;"])
def test_a_line_that_names_the_delimiter_is_obeyed(tmp_path: Path, line: str, encoding: str) -> None:
    rows = [{"id": "1", "text": "a, b"}]
    assert table(tmp_path / "a.csv", f"{line}\r\nid;text\r\n1;a, b\r\n", encoding)[0] == rows
    skipped = f"{line}\r\nReport, all\r\nid;text\r\n1;a, b\r\n"
    assert table(tmp_path / "a.csv", skipped, encoding, skip_lines=2)[0] == rows


def test_a_line_that_names_the_tab_is_obeyed(tmp_path: Path) -> None:
    assert table(tmp_path / "a.csv", "sep=\t\nid\ttext\n1\ta, b\n")[0] == [{"id": "1", "text": "a, b"}]
    assert table(tmp_path / "a.csv", "sep=\\t\nid\ttext\n1\ta, b\n")[0] == [{"id": "1", "text": "a, b"}]


@pytest.mark.parametrize(
    ("delimiter", "character"),
    [("semicolon", ";"), ("TAB", "\t"), ("\\t", "\t"), ("space", " "), ("colon", ":"), ("\x01", "\x01"), ("¶", "¶")],
)
def test_a_chosen_delimiter_holds_against_the_head_and_the_line(tmp_path: Path, delimiter: str, character: str) -> None:
    content = f"sep=,\nid{character}a,b\n1{character}c,d\n"
    assert table(tmp_path / "a.csv", content, delimiter=delimiter) == ([{"id": "1", "a,b": "c,d"}], ())


@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=15), min_size=1, max_size=8
    ),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_what_the_csv_module_writes_is_read_back_whatever_its_delimiter_and_encoding(
    tmp_path_factory: pytest.TempPathFactory, cells: list[str], delimiter: str, encoding: str, end: str
) -> None:
    path = tmp_path_factory.mktemp("wild") / "rows.csv"
    with path.open("w", encoding=encoding, newline="") as file:
        rows = csv.writer(file, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
        rows.writerows([["n", "text", "more"], *([number, cell, "x"] for number, cell in enumerate(cells))])
    found = open_table(file_on_disk(path)).rows(())
    assert [dict(row) for row in found if isinstance(row, dict)] == [
        {"n": str(number), "text": cell, "more": "x"} for number, cell in enumerate(cells)
    ]


def test_lines_before_the_header_are_told_and_can_be_skipped(tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    path.write_text('Sales\nExported by Ann, Bob\n\nid,text,label\n1,"a\nb",c\n2,d,e\n')
    with pytest.raises(ExemplarError) as told:
        read(str(path))
    assert str(told.value) == (
        f"say which column of {path} holds the text; its columns are: Sales; "
        "its header seems to be line 4: skip the lines before it"
    )
    with pytest.raises(ExemplarError, match=r"no column 'text'; .*its header seems to be line 4"):
        read(str(path), text_column="text")
    source = read(str(path), options=ReadOptions(skip_lines=3))
    assert documents(source) == [Document("1", "a\nb", ("c",)), Document("2", "d", ("e",))]
    assert source.notes == ("lines 1 to 3 are skipped",)


def test_more_skipped_lines_than_there_are_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,text\n1,a\n")
    with pytest.raises(ExemplarError, match=r"nothing is left after the 5 lines to skip; skip fewer"):
        read(str(tmp_path / "a.csv"), options=ReadOptions(skip_lines=5))


def test_a_first_line_that_looks_like_a_row_is_told_and_can_be_one(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("1,Bees nest in parks,a\n2,Bridges crack,b\n")
    with pytest.raises(ExemplarError, match=r"its first line looks like a row: say if it has no header"):
        read(str(path))
    source = read(str(path), text_column="column 2", options=ReadOptions(no_header=True))
    assert [document.text for document in documents(source)] == ["Bees nest in parks", "Bridges crack"]


def test_without_a_header_the_widest_of_the_first_rows_has_all_columns(tmp_path: Path) -> None:
    rows, _ = table(tmp_path / "a.csv", "1;a;x\n2;b\n3;c, d;y;\n4;e;z;more\n", no_header=True)
    assert rows[0] == {"column 1": "1", "column 2": "a", "column 3": "x"}
    assert rows[3] == {"column 1": "4", "column 2": "e", "column 3": "z", "column 4": "more"}
    rows, _ = table(tmp_path / "a.csv", "Bees, wild, nest\nCracks grow\nIt is so\n", no_header=True)
    assert rows == [{"column 1": text} for text in ("Bees, wild, nest", "Cracks grow", "It is so")]


@pytest.mark.parametrize(
    ("delimiter", "message"),
    [
        ("||", "a delimiter is one character, or one of comma, semicolon, tab, pipe, space, colon; got '||'"),
        ("", "a delimiter is one character, or one of comma, semicolon, tab, pipe, space, colon; got ''"),
        ('"', "a quote, the end of a line or a zero can't be the delimiter"),
        ("\0", "a quote, the end of a line or a zero can't be the delimiter"),
    ],
)
def test_what_no_delimiter_can_be_is_an_error(tmp_path: Path, delimiter: str, message: str) -> None:
    (tmp_path / "a.csv").write_text("id,text\n1,a\n")
    with pytest.raises(ExemplarError) as told:
        read(str(tmp_path / "a.csv"), options=ReadOptions(delimiter=delimiter))
    assert str(told.value) == message


@pytest.mark.parametrize(
    "text",
    [
        "Dear Ann, hello, bye\nwe met, at noon, there\nand so, on, we went\n",
        "id, please\nA line\nAnother\n",
        "text\nBees nest\nCracks grow\n",
        "id,text\n1,a\n",
        "",
    ],
)
def test_prose_with_commas_is_no_table(text: str) -> None:
    assert not is_delimited(text)
