import sys
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
import xlwt
from hypothesis import given, settings
from hypothesis import strategies as st
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P
from openpyxl.styles import Font

from exemplar.data.documents import Document, Problem
from exemplar.data.errors import ExemplarError, TextColumnUnknown
from exemplar.data.files.options import ReadOptions
from exemplar.data.tabular import spreadsheet
from exemplar.data.tabular.sheet_bounds import cells_of_sheets
from exemplar.data.tabular.sheet_worker import plain_cell
from tests.support.reading import documents, problems, read, texts


def book(path: Path, *sheets: list[list[Any]], more: Callable[[openpyxl.Workbook], object] | None = None) -> str:
    made = openpyxl.Workbook()
    made.remove(made.active)
    for number, rows in enumerate(sheets, start=1):
        sheet = made.create_sheet(f"S{number}")
        for row in rows:
            sheet.append(row)
    if more:
        more(made)
    made.save(path)
    return str(path)


def cells(source: str) -> list[dict[str, Any]]:
    return [dict(each.cells) for each in documents(read(source))]


@pytest.mark.parametrize("suffix", [".xlsx", ".ods"])
def test_a_frame_is_read_as_it_was_written(tmp_path: Path, suffix: str) -> None:
    frame = pd.DataFrame(
        {"text": ["a\nb", "ü"], "day": pd.to_datetime(["2024-03-05", "2024-03-06"]), "n": [1, None], "x": [0.5, 2.0]}
    )
    frame.to_excel(tmp_path / f"a{suffix}", index=False, engine={".ods": "odf"}.get(suffix))
    assert cells(str(tmp_path / f"a{suffix}")) == [
        {"text": "a\nb", "day": "2024-03-05", "n": 1, "x": 0.5},
        {"text": "ü", "day": "2024-03-06", "n": "", "x": 2},
    ]


@pytest.mark.slow
def test_an_old_workbook_is_read(tmp_path: Path) -> None:
    made = xlwt.Workbook()
    sheet = made.add_sheet("S")
    day = xlwt.easyxf(num_format_str="yyyy-mm-dd")
    for n, name in enumerate(["text", "day", "n", "yes"]):
        sheet.write(0, n, name)
    sheet.write(1, 0, "für")
    sheet.write(1, 1, date(2024, 3, 5), day)
    sheet.write(1, 2, 3)
    sheet.write(1, 3, True)
    made.save(str(tmp_path / "a.xls"))
    assert cells(str(tmp_path / "a.xls")) == [{"text": "für", "day": "2024-03-05", "n": 3, "yes": "TRUE"}]


@pytest.mark.parametrize(
    ("cell", "plain"),
    [
        (3.0, 3),
        (0.1 + 0.2, 0.3),
        (-1.5, -1.5),
        (True, "TRUE"),
        (False, "FALSE"),
        (datetime(2024, 3, 5), "2024-03-05"),
        (datetime(2024, 3, 5, 12, 29, 59, 999_999), "2024-03-05 12:30:00"),
        (date(2024, 3, 5), "2024-03-05"),
        (time(4, 5), "04:05:00"),
        (timedelta(hours=30, seconds=5), "30:00:05"),
        (-timedelta(minutes=1), "-0:01:00"),
        ("a_x000D_\nb\r\nc", "a\nb\nc"),
        ("", ""),
    ],
)
def test_a_cell_is_what_a_person_reads(cell: Any, plain: Any) -> None:
    assert (plain_cell(cell), type(plain_cell(cell))) == (plain, type(plain))


def test_the_first_visible_sheet_with_cells_is_read_and_the_others_are_named(tmp_path: Path) -> None:
    rows = [["text"], ["x"]]

    def more(made: openpyxl.Workbook) -> None:
        made["S1"].sheet_state = "hidden"
        made.create_chartsheet("Chart")

    path = book(tmp_path / "a.xlsx", [["hidden"]], [], rows, [["text"], ["y"]], more=more)
    reason = "the first sheet with cells; not read were S1, S4, which can be chosen"
    assert list(read(path).read()) == [Problem("the sheet 'S3'", reason, left_out=False), Document("0", "x")]
    assert list(read(path, options=ReadOptions(table="S4")).read()) == [Document("0", "y")]
    assert read(path).tables == ("S3", "S1", "S4")
    with pytest.raises(ExemplarError, match="it has no sheet 'S9'; its sheets are S1, S2, S3, S4$"):
        read(path, options=ReadOptions(table="S9"))
    with pytest.raises(ExemplarError, match="the sheet 'S2' is empty"):
        read(path, options=ReadOptions(table="S2"))


def test_what_stands_around_a_table_is_left_out_and_told(tmp_path: Path) -> None:
    rows = [
        ["Export of the library"],
        ["by", "A. One"],
        [],
        [None, "Title", None, "text", " text ", None],
        [None, "t", None, "a", "b", None],
        [],
        [None, None, None, "c", None, "note"],
    ]
    path = book(tmp_path / "a.xlsx", rows)
    assert problems(read(path)) == [
        Problem("the sheet 'S1'", "2 rows above the header left out", left_out=False),
        Problem("line 4", "2 columns are named 'text'; their cells were joined", left_out=False),
    ]
    assert documents(read(path)) == [Document("0", "a\nb", (), {}, "t"), Document("1", "c", (), {"column 6": "note"})]
    assert [each.line for each in documents(read(path))] == [5, 7]
    assert read(path).columns() == ("Title", "text", "column 6")


@pytest.mark.parametrize("suffix", [".xlsx", ".ods"])
def test_columns_of_one_name_are_joined_and_told_as_in_csv(tmp_path: Path, suffix: str) -> None:
    rows = [
        ["Summary", "Labels", "Labels", "Description", "Comment", "Comment"],
        ["One", "ui", "slow", "It is slow", "first", 2],
        ["Two", None, "ui", "It is fast", None, None],
    ]
    frame = pd.DataFrame(rows)
    for name in (f"jira{suffix}", "jira.csv"):
        if name.endswith(".csv"):
            frame.to_csv(tmp_path / name, header=False, index=False)
        else:
            engine = {".ods": "odf"}.get(suffix)
            frame.to_excel(tmp_path / name, header=False, index=False, engine=engine)
    found, like = read(str(tmp_path / f"jira{suffix}")), read(str(tmp_path / "jira.csv"))
    assert problems(found) == problems(like)
    assert [each.reason for each in problems(found)] == [
        "2 columns are named 'Labels'; their cells were joined",
        "2 columns are named 'Comment'; their cells were joined",
    ]
    assert found.columns() == ("Summary", "Labels", "Description", "Comment")
    assert documents(found) == [
        Document("0", "It is slow", ("ui", "slow"), {"Comment": "first\n2"}, "One"),
        Document("1", "It is fast", ("ui",), {}, "Two"),
    ]


@pytest.mark.parametrize(
    ("rows", "hint"),
    [
        ([["1", "It is slow"], ["2", "It is fast"]], "its first line looks like a row: say if it has no header"),
        (
            [["Export", "2024"], ["key", "words", "more"], ["a", "It is slow", "x"], ["b", "It is fast", "y"]],
            "its header seems to be line 2: skip the lines before it",
        ),
    ],
)
def test_a_first_row_that_is_no_header_is_told_where_no_column_is_the_text(
    tmp_path: Path, rows: list[list[Any]], hint: str
) -> None:
    with pytest.raises(ExemplarError, match=f"; {hint}$"):
        read(book(tmp_path / "a.xlsx", rows))


COVER = [["About", "Value"], ["Made by", "A. One"], ["Made on", "2024-03-05"]]


@pytest.mark.parametrize("writer", ["openpyxl", "odf"])
def test_a_cover_sheet_gives_way_to_the_first_visible_sheet_with_a_text(tmp_path: Path, writer: Any) -> None:
    path = str(tmp_path / ("a.xlsx" if writer == "openpyxl" else "a.ods"))
    sheets = {"README": COVER, "Codes": [["code", "name"], [1, "x"]], "Papers": [["Title", "Abstract"], ["t", "a"]]}
    with pd.ExcelWriter(path, engine=writer) as book_writer:
        for name, rows in {**sheets, "More": [["text"], ["y"]]}.items():
            pd.DataFrame(rows).to_excel(book_writer, sheet_name=name, header=False, index=False)
    reason = "the first sheet with a usual name for the text; not read were README, Codes, More, which can be chosen"
    assert list(read(path).read()) == [
        Problem("the sheet 'Papers'", reason, left_out=False),
        Document("0", "a", (), {}, "t"),
    ]
    assert read(path).tables == ("Papers", "README", "Codes", "More")
    assert texts(read(path, text_column="name")) == ["x"]
    with pytest.raises(ExemplarError, match="its columns are: About, Value"):
        read(path, options=ReadOptions(table="README"))


def test_a_hidden_sheet_or_one_without_a_text_is_not_taken_for_the_first(tmp_path: Path) -> None:
    def more(made: openpyxl.Workbook) -> None:
        made["S2"].sheet_state = "hidden"

    path = book(tmp_path / "a.xlsx", COVER, [["text"], ["hidden"]], [["code"], ["x"]], more=more)
    with pytest.raises(TextColumnUnknown, match="its columns are: About, Value") as told:
        read(path)
    assert told.value.tables == ("S1", "S2", "S3")
    assert texts(read(path, text_column="Value")) == ["A. One", "2024-03-05"]


@pytest.mark.slow
def test_a_cover_sheet_of_an_old_workbook_gives_way_too(tmp_path: Path) -> None:
    made = xlwt.Workbook()
    for name, rows in {"README": COVER, "Papers": [["text", "n"], ["a", 1]]}.items():
        sheet = made.add_sheet(name)
        for n_row, row in enumerate(rows):
            for n_column, cell in enumerate(row):
                sheet.write(n_row, n_column, cell)
    made.save(str(tmp_path / "a.xls"))
    assert cells(str(tmp_path / "a.xls")) == [{"text": "a", "n": 1}]
    assert read(str(tmp_path / "a.xls")).tables == ("Papers", "README")


def test_lines_are_skipped_and_a_header_is_none_where_that_is_said(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", [["x", "y"], ["text", "n"], ["a", 1]])
    assert cells_of(path, skip_lines=1) == [{"text": "a", "n": 1}]
    options = ReadOptions(no_header=True)
    assert texts(read(path, text_column="column 1", options=options)) == ["x", "text", "a"]


def cells_of(path: str, **options: Any) -> list[dict[str, Any]]:
    return [dict(each.cells) for each in documents(read(path, options=ReadOptions(**options)))]


def test_cells_that_are_merged_over_rows_hold_for_each_of_them(tmp_path: Path) -> None:
    def more(made: openpyxl.Workbook) -> None:
        made["S1"].merge_cells("A2:A4")

    path = book(tmp_path / "a.xlsx", [["label", "text"], ["x", "a"], [None, "b"], [], ["y", "c"]], more=more)
    assert [(each.text, each.labels) for each in documents(read(path))] == [("a", ("x",)), ("b", ("x",)), ("c", ("y",))]


def test_formulas_give_their_last_value_and_errors_none(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", [["text", "sum", "bad"], ["a", "=1+1", "#N/A"]])
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    sheet = members["xl/worksheets/sheet1.xml"]
    members["xl/worksheets/sheet1.xml"] = sheet.replace(b"<f>1+1</f><v></v>", b"<f>1+1</f><v>2</v>").replace(
        b"<f>1+1</f><v />", b"<f>1+1</f><v>2</v>"
    )
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    assert cells(path) == [{"text": "a", "sum": 2, "bad": ""}]


def test_a_stray_cell_far_away_takes_no_memory(tmp_path: Path) -> None:
    def at_the_end(sheet: str) -> Callable[[openpyxl.Workbook], object]:
        return lambda made: made[sheet].cell(1_048_576, 16_384, "stray")

    rows = [["text"], ["a"]]
    with pytest.raises(ExemplarError, match="its cells lie too far apart"):
        read(book(tmp_path / "a.xlsx", rows, more=at_the_end("S1")))
    other = read(book(tmp_path / "b.xlsx", rows, [], more=at_the_end("S2")))
    assert texts(other) == ["a"]
    assert [each.reason for each in problems(other)] == [
        "the first sheet with cells; not read were S2, which can be chosen"
    ]
    format_alone = book(
        tmp_path / "c.xlsx", rows, more=lambda made: setattr(made["S1"]["XFD1048576"], "font", Font(bold=True))
    )
    assert texts(read(format_alone)) == ["a"]


CELL = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1).filter(
        lambda text: text.strip() == text and "_x" not in text and not text.startswith(("=", "#"))
    ),
    st.integers(-(10**14), 10**14),
    st.booleans(),
    st.dates(date(1901, 1, 1)),
)


@settings(max_examples=10, deadline=None)
@given(st.lists(st.tuples(CELL, CELL), min_size=1, max_size=20))
def test_cells_that_are_written_are_read(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[Any, Any]]) -> None:
    path = book(tmp_path_factory.mktemp("book") / "a.xlsx", [["text", "b"], *map(list, rows)])
    found = cells(path)
    expected = [{"text": plain_cell(a), "b": plain_cell(b)} for a, b in rows]
    assert [{name: str(cell) for name, cell in row.items()} for row in found] == [
        {name: str(cell) for name, cell in row.items()} for row in expected
    ]


@pytest.mark.parametrize(
    ("stream", "reason"),
    [
        ("EncryptedPackage", "it has a password; save it without one"),
        ("WordDocument", "an old Word document; save it as .docx"),
        ("PowerPoint Document", "an old PowerPoint file"),
        ("__properties_version1.0", "an Outlook message; save it as .eml or .mbox"),
    ],
)
@pytest.mark.parametrize("name", ["a.xls", "a.doc", "a.msg"])
def test_other_old_documents_are_told(tmp_path: Path, stream: str, reason: str, name: str) -> None:
    (tmp_path / name).write_bytes(b"\xd0\xcf\x11\xe0" + b"\0" * 600 + stream.encode("utf-16-le") + b"\0" * 600)
    with pytest.raises(ExemplarError, match=reason):
        read(str(tmp_path / name))


def test_what_is_no_workbook_is_told(tmp_path: Path) -> None:
    whole = Path(book(tmp_path / "a.xlsx", [["text"], ["a"]])).read_bytes()
    for content, reason in (
        (b"text\tn\na\t1\n", r"it is no workbook; if it is text, name its format"),
        (whole[: len(whole) // 2], "damaged, or no workbook"),
        (b"PK\3\4" + b"\0" * 99, "damaged"),
        (b"", "it is no workbook"),
    ):
        (tmp_path / "a.xlsx").write_bytes(content)
        with pytest.raises(ExemplarError, match=reason):
            read(str(tmp_path / "a.xlsx"))
    with zipfile.ZipFile(made := BytesIO(), "w") as archive:
        archive.writestr("a.txt", "x")
    (tmp_path / "a.xlsx").write_bytes(made.getvalue())
    with pytest.raises(ExemplarError, match="a workbook that can't be read"):
        read(str(tmp_path / "a.xlsx"))
    with pytest.raises(ExemplarError, match="it has no sheet with cells"):
        read(book(tmp_path / "a.xlsx", []))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", ["\t", ";", ","])
def test_text_under_the_name_of_a_workbook_is_read_as_the_table_that_it_is(
    tmp_path: Path, encoding: str, delimiter: str
) -> None:
    rows = [["id", "title", "abstract"], *([f"{n}", f"café {n}", "naïve words"] for n in range(9))]
    content = "".join(f"{delimiter.join(row)}\r\n" for row in rows)
    (tmp_path / "a.xls").write_text(content, encoding=encoding, newline="")
    assert [(each.doc_id, each.title, each.text) for each in documents(read(str(tmp_path / "a.xls")))] == [
        (*row[:2], row[2]) for row in rows[1:]
    ]


def test_bounds_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = book(tmp_path / "a.xlsx", [["text"], ["a"]])
    monkeypatch.setattr(spreadsheet, "_MOST_UNPACKED", 1000)
    with pytest.raises(ExemplarError, match="it is larger than 1,000 bytes when unpacked"):
        read(path)
    monkeypatch.setattr(spreadsheet, "_MOST_BYTES", 100)
    with pytest.raises(ExemplarError, match="it is larger than 100 bytes; save its sheets as CSV"):
        read(path)


def test_a_workbook_in_a_zip_is_read(tmp_path: Path) -> None:
    content = Path(book(tmp_path / "a.xlsx", [["text"], ["a"]])).read_bytes()
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("a.xlsx", content)
    assert texts(read(str(tmp_path / "b.zip"))) == ["a"]


def test_the_missing_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = book(tmp_path / "a.xlsx", [["text"], ["a"]])
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    with pytest.raises(ExemplarError, match=r"spreadsheets need the extra 'office': .*exemplar\[office\]"):
        read(path)


def ods(path: Path, *, columns: int, rows: int) -> str:
    """Write a sheet whose last cell stands after so many blank columns and rows."""
    made = OpenDocumentSpreadsheet()
    sheet = Table(name="S")
    made.spreadsheet.addElement(sheet)
    for text, repeated in (("text", 1), ("a", 1), (None, rows), ("last", 1), (None, 1_000_000)):
        row = TableRow(numberrowsrepeated=repeated)
        sheet.addElement(row)
        if text == "last":
            row.addElement(TableCell(numbercolumnsrepeated=columns))
        cell = TableCell(valuetype="string" if text else None)
        if text:
            cell.addElement(P(text=text))
        row.addElement(cell)
        row.addElement(TableCell(numbercolumnsrepeated=16_000))
    made.save(str(path))
    return str(path)


def test_blank_cells_of_ods_take_no_memory(tmp_path: Path) -> None:
    assert texts(read(ods(tmp_path / "a.ods", columns=1, rows=1000))) == ["a"]
    with pytest.raises(ExemplarError, match="its cells lie too far apart"):
        read(ods(tmp_path / "a.ods", columns=16_000, rows=1_000_000))


@pytest.mark.parametrize(
    ("sheet", "n_cells"),
    [
        ("", 0),
        ('<row r="2"><c r="B2"><v>1</v></c></row>', 32 * 1_048_576),  # few columns are not counted
        ('<row r="3"><c r="AAA3" t="s"><v>1</v></c></row>', 3 * 703),
        ('<row r="3"><c s="1" r="AAA3"/><c r="AAB3" s="1"></c><c r="AAC3"><v/></c></row>', 0),
        ("<row><c><v>1</v></c><c><v>1</v></c></row><row/><row><c><v>1</v></c></row>", 2 * 3),
        ("<row r='900'><c><v>1</v></c></row>", 900),
        ("<x:row><x:c t=\"n\" r = 'aaa9999999'><x:v>1</x:v></x:c></x:row>", 703 * 9_999_999),
    ],
)
def test_cells_are_counted_before_there_is_room_for_them(sheet: str, n_cells: int) -> None:
    parts = {
        "xl/workbook.xml": b'<workbook xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
        b'<sheets><sheet name="S" r:id="a"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": b'<Relations><Relation Id="a" Target="worksheets/s.xml"/></Relations>',
        "xl/worksheets/s.xml": sheet.encode(),
    }
    assert cells_of_sheets(parts) == {"S": n_cells}
