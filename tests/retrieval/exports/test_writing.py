"""Exports as files: every format is read again with the same columns, cells and order, or refuses what it lacks."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import pytest

from exemplar.data.bibliographies.exported_note import read_note, written_note
from exemplar.data.bibliographies.people import people_in
from exemplar.data.building.build import build_corpus
from exemplar.data.errors import ExemplarError
from exemplar.retrieval.exports.about import file_name
from exemplar.retrieval.exports.choice import Choice
from exemplar.retrieval.exports.export import Export
from exemplar.retrieval.exports.formats import xlsx_file
from exemplar.retrieval.exports.writing import FORMATS, format_of_name, unwritten_columns, write_export
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.search import SearchEngine
from exemplar.retrieval.sessions.events import MarksAdded, Noted, Queried
from exemplar.retrieval.sessions.identity import PresentMarks
from exemplar.retrieval.sessions.marks import MarkedText
from tests.support.exports import engine_of, exported, exported_with, rows_in
from tests.support.fake_encoder import FakeEncoder
from tests.support.reading import read

HOSTILE = [
    "=1+1",
    "@SUM(A1)",
    "-3",
    "+1",
    "-1,5",
    "''=x",
    "a\nb",
    'a,b;c\t"d"',
    "é_x0041_",
    "<b>&amp;",
    " x ",
    "007",
    "1e5",
]
TABLES = ("csv", "xlsx", "parquet", "jsonl")


def table(rows: list[Mapping[str, Any]], own: tuple[str, ...] = (), n: int | None = None) -> Export:
    columns = tuple(dict.fromkeys(name for row in rows for name in row))
    return Export(columns, own, lambda: iter(rows), len(rows) if n is None else n, {"query": "x"})


def written(export: Export, path: Path, format: str, **options: Any) -> Path:
    write_export(export, path, format, **options)
    return path


@pytest.mark.parametrize("format", TABLES)
def test_texts_come_back_as_they_were(tmp_path: Path, format: str) -> None:
    rows: list[Mapping[str, Any]] = [
        {"id": str(number), "text": text, "=head": None} for number, text in enumerate(HOSTILE)
    ]
    path = written(table(rows), tmp_path / f"x{FORMATS[format].suffix}", format)
    columns, found = rows_in(path)
    guarded = {"=1+1", "@SUM(A1)", "''=x"} if format == "csv" else set()
    head = "'=head" if format == "csv" else "=head"
    assert columns == ("id", "text", head)
    assert [row["text"] for row in found] == [f"'{text}" if text in guarded else text for text in HOSTILE]
    assert [row["id"] for row in found] == [row["id"] for row in rows]


@pytest.mark.parametrize("format", [*TABLES, "dataset"])
def test_cells_keep_their_types_where_the_format_has_them(tmp_path: Path, format: str) -> None:
    cells = {"text": "a", "n": 3, "x": 0.5, "yes": True, "names": ["a", "b"], "deep": {"k": [1, None]}, "id": 2**60 + 1}
    rows = [cells, {"text": "b", "x": float("nan"), "yes": False, "names": ["c; d"], "n": -1}]
    path = written(table(rows), tmp_path / f"x{FORMATS[format].suffix}", format)
    if format == "dataset":
        import datasets

        first, second = datasets.load_from_disk(str(path)).to_list()
    else:
        first, second = rows_in(path)[1]
    as_text = {"names": "a; b", "deep": '{"k": [1, null]}', "id": str(2**60 + 1)}
    expected: dict[str, dict[str, Any]] = {
        "csv": {**as_text, "n": "3", "x": "0.5", "yes": "true"},
        "xlsx": as_text | {"yes": "TRUE"},
        "parquet": {"deep": '{"k": [1, null]}'},
        "dataset": {"deep": '{"k": [1, null]}'},
        "jsonl": {},
    }
    assert first == cells | expected[format]
    assert second["deep"] is second["id"] is None
    assert second["names"] == {"csv": '["c; d"]', "xlsx": '["c; d"]'}.get(format, ["c; d"])
    assert second["n"] == ("-1" if format == "csv" else -1)
    assert second["x"] is None or second["x"] != second["x"]


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_csv_has_the_delimiter_of_a_locale_and_a_byte_order_mark(tmp_path: Path, delimiter: str) -> None:
    path = written(table([{"a": "1;2", "b": "3,4"}]), tmp_path / "x.csv", "csv", delimiter=delimiter)
    assert path.read_bytes().startswith(b"\xef\xbb\xbfa" + delimiter.encode() + b"b\r\n")
    assert rows_in(path) == (("a", "b"), [{"a": "1;2", "b": "3,4"}])


@pytest.mark.parametrize("format", [*TABLES, "ris", "bibtex"])
def test_a_session_goes_out_and_comes_in_with_the_same_rows(tmp_path: Path, format: str) -> None:
    source = tmp_path / "papers.csv"
    source.write_text(
        "id,title,abstract,authors,year,doi\n"
        'a1,"Cats & {dogs}_ 100% $~^\\","the cat sleeps","Ann, A.; Bob and Sons",2001,10.1000/a_1\n'
        'b2,Dogs,"the dog barks.",,,\n',
        encoding="utf-8",
    )
    engine = engine_of(source)
    marks = MarksAdded(Feedback(("a1",)), dict(zip(["a1"], engine.corpus.text_hashes([0]), strict=True)))
    export = exported(engine, Queried("cat"), marks, Noted("b2", "why; not?"), choice=Choice(order="rank"))
    made = [{name: row.get(name) or None for name in export.columns} for row in export.rows()]
    columns, rows = rows_in(written(export, tmp_path / f"out{FORMATS[format].suffix}", format))
    if format in TABLES:
        scores = {name for name in export.own if name.endswith("_score")}
        assert columns == export.columns
        for row, expected in zip(rows, made, strict=True):
            texts = {name: None if cell is None else str(cell) for name, cell in row.items() if name not in scores}
            assert texts == {name: None if expected[name] is None else str(expected[name]) for name in texts}
            assert [float(row[name]) for name in scores] == pytest.approx([expected[name] for name in scores], 1e-14)
        return
    fields = ("id", "title", "abstract", "authors", "year", "doi")
    assert [[row.get(name) for name in fields] for row in rows] == [[row[name] for name in fields] for row in made]
    notes = [read_note(row["N1" if format == "ris" else "annote"]) for row in rows]
    assert notes == [
        {"mark": "relevant", "doc_id": "a1", "text_hash": made[0]["text_hash"]},
        {"doc_id": "b2", "text_hash": made[1]["text_hash"], "note": "why; not?"},
    ]
    assert unwritten_columns(export, format) == ()


RIS = """TY  - JOUR
ID  - 7
TI  - Cats
AU  - Ann, A.
AU  - Bob, B.
PY  - 2001
T2  - J. of Cats
DO  - 10.1/x
KW  - cat
KW  - nap
UR  - http://x.org
AB  - They sleep.

      And play.
N1  - ASReview_relevant
N1  - asreview_ranking: 3
VL  - 12
ER  -

TY  - BOOK
TI  - Dogs
N2  - bark
ER  -
"""
BIB = """@article{cat1, title = {Cats \\& {Dogs}}, author = {Ann, A. and {Bob and Sons}}, year = 2001,
 journal = {J. of Cats}, abstract = {They sleep}, url = {http://x.org/a_b}, doi = {10.1/x_y}, volume = {12},
 note = {mine}}
@inproceedings{dog, title = {Dogs}, booktitle = {Proc.}, abstract = {bark}}
"""


@pytest.mark.parametrize(("format", "content", "note"), [("ris", RIS, "N1"), ("bibtex", BIB, "annote")])
def test_a_bibliography_goes_out_as_it_came_with_a_note(tmp_path: Path, format: str, content: str, note: str) -> None:
    source = tmp_path / f"refs{FORMATS[format].suffix}"
    source.write_text(content)
    before = rows_in(source)
    engine = engine_of(source)
    [first] = engine.corpus.doc_ids([0])
    export = exported(engine, MarksAdded(Feedback((first,)), {first: engine.corpus.text_hashes([0])[0]}))
    path = written(export, tmp_path / f"out{FORMATS[format].suffix}", format)
    again = written(exported(engine_of(path)), tmp_path / f"again{FORMATS[format].suffix}", format)
    kept = [row.pop(note, None) for row in before[1]]
    for each in (path, again):
        columns, rows = rows_in(each)
        notes = [row.pop(note).split("\n") for row in rows]
        assert ["\n".join(lines[:-1]) or None for lines in notes] == kept, "the note of an export replaces the last one"
        ids = [row.pop("id", None) for row in rows]
        assert rows == [{name: cell for name, cell in row.items() if name != "id"} for row in before[1]]
        assert [name for name in columns if name not in ("id", note)] == [
            name for name in before[0] if name not in ("id", note)
        ]
        assert ids == [row.get("id") for row in before[1]]
    assert read_note(rows_in(path)[1][0][note].split("\n")[-1])["mark"] == "relevant"


@pytest.mark.parametrize("format", ["ris", "bibtex"])
def test_what_a_corpus_takes_for_title_and_text_is_that_of_the_reference(tmp_path: Path, format: str) -> None:
    source = tmp_path / "papers.csv"
    source.write_text("No.,Titel,subject,Fassung\n7,Cats,animals,they sleep\n8,Dogs,animals,they bark\n")
    papers = read(str(source), id_column="No.", title_column="Titel", text_column="Fassung")
    engine = SearchEngine(build_corpus(papers, FakeEncoder()), lambda *_: FakeEncoder())
    lost = {"x": MarkedText("Birds", "they sing")}
    export = exported_with(engine, PresentMarks(Feedback(), {"x": "gone"}, lost), MarksAdded(Feedback(("x",))))
    _, rows = rows_in(written(export, tmp_path / f"out{FORMATS[format].suffix}", format))
    assert [(row["title"], row["abstract"]) for row in rows] == [
        ("Cats", "they sleep"),
        ("Dogs", "they bark"),
        ("Birds", "they sing"),
    ]
    assert [row["id"] for row in rows[:2]] == ["7", "8"]
    assert unwritten_columns(export, "ris") == ("subject",)


@pytest.mark.parametrize("format", ["ris", "bibtex"])
def test_an_author_of_a_line_of_its_own_stays_one(tmp_path: Path, format: str) -> None:
    names = ["M&uuml;ller, A.; Bees", "Doe J, Roe R", '"Bees" and Birds', "Ann, A."]
    records = [[name] for name in names] + [names]
    source = tmp_path / "refs.ris"
    lines = ("".join(f"AU  - {name}\n" for name in record) for record in records)
    source.write_text("".join(f"TY  - JOUR\nTI  - {n}\n{line}ER  - \n" for n, line in enumerate(lines)))
    path = written(exported(engine_of(source)), tmp_path / f"out{FORMATS[format].suffix}", format)
    assert [people_in(row["authors"]) for row in rows_in(path)[1]] == records
    if format == "ris":
        lines = (line for line in path.read_text().splitlines() if line.startswith("AU"))
        assert list(lines) == [f"AU  - {name}" for record in records for name in record]


@pytest.mark.parametrize("cell", ["Doe, J.; Roe, R.", "Doe J, Roe R", ["Doe, J", "Roe, R"]])
def test_a_cell_of_authors_becomes_an_author_each(tmp_path: Path, cell: Any) -> None:
    export = table([{"title": "a", "Authors": cell}])
    dot = "." if "." in cell else ""
    lines = written(export, tmp_path / "x.ris", "ris").read_text().splitlines()
    assert [line for line in lines if line.startswith("AU")] == [f"AU  - Doe, J{dot}", f"AU  - Roe, R{dot}"]
    assert f"author = {{Doe, J{dot} and Roe, R{dot}}}" in written(export, tmp_path / "x.bib", "bibtex").read_text()


def test_columns_for_which_a_bibliography_has_no_place_are_named() -> None:
    export = table([{"title": "a", "My notes": "b", "C1": "c", "mark": "relevant"}], ("mark",))
    assert unwritten_columns(export, "ris") == ("My notes",)
    assert unwritten_columns(export, "bibtex") == ("My notes",)
    assert unwritten_columns(export, "csv") == ()
    both = table([{"title": "a", "authors": "b", "author": "c"}])
    assert unwritten_columns(both, "bibtex") == unwritten_columns(both, "ris") == ("author",)


@pytest.mark.parametrize(
    ("named", "ris", "bibtex"),
    [
        ("JOUR", "JOUR", "article"),
        ("journalArticle", "JOUR", "article"),
        ("Journal Article; Review", "GEN", "article"),
        ("incollection", "CHAP", "incollection"),
        ("CHAP", "CHAP", "incollection"),
        ("case report", "GEN", "misc"),
    ],
)
def test_types_of_references_are_those_of_the_format(tmp_path: Path, named: str, ris: str, bibtex: str) -> None:
    export = table([{"title": "a", "abstract": "b", "type": named}])
    assert written(export, tmp_path / "x.ris", "ris").read_text().startswith(f"TY  - {ris}\n")
    assert written(export, tmp_path / "x.bib", "bibtex").read_text().startswith(f"@{bibtex}{{")


def test_no_field_of_a_reference_comes_twice(tmp_path: Path) -> None:
    row = {"title": "a", "journal": "J Cats", "T2": "Journal of Cats", "annote": "mine", "note": "", "type": "CHAP"}
    export = table([row | {"mark": "relevant"}], ("mark",))
    lines = written(export, tmp_path / "x.bib", "bibtex").read_text().splitlines()
    assert lines[1:6] == [
        "  title = {a},",
        "  booktitle = {J Cats},",
        "  annote = {mine},",
        "  t2 = {Journal of Cats},",
        "  note = {Exemplar: relevant},",
    ]
    tags = [line for line in written(export, tmp_path / "x.ris", "ris").read_text().splitlines() if "Cats" in line]
    assert tags == ["JF  - J Cats", "T2  - Journal of Cats"]


def test_a_note_is_read_as_it_was_written() -> None:
    values = {
        "mark": "not relevant",
        "reason": "wrong; 100%",
        "doc_id": "a: b",
        "text_hash": "0f",
        "note": "x; note: y",
    }
    note = written_note(values, {"knn_rank": "3"})
    assert note == (
        "Exemplar: not relevant; reason: wrong%3B 100%25; doc_id: a: b; text_hash: 0f; knn_rank: 3; note: x; note: y"
    )
    assert read_note(note) == values
    assert read_note(written_note({})) == {}
    assert read_note("Exemplary: x") is None


def test_a_workbook_holds_text_and_no_formulas_and_says_what_it_is(tmp_path: Path) -> None:
    path = written(
        table([{"a": "=1+1", "b": "http://x.org", "c": 2.5, "d": "\x01\udc80"}]), tmp_path / "x.xlsx", "xlsx"
    )
    book = openpyxl.load_workbook(path)
    cells = [(cell.value, cell.data_type) for cell in book["Rows"][2]]
    assert cells[:3] == [("=1+1", "s"), ("http://x.org", "s"), (2.5, "n")]
    assert [[cell.value for cell in row] for row in book["About"].rows] == [["query", "x"]]
    assert not book["Rows"]["B2"].hyperlink
    assert rows_in(path)[1] == [{"a": "=1+1", "b": "http://x.org", "c": 2.5, "d": "\x01\ufffd"}]


def test_what_excel_cannot_hold_is_refused_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.xlsx"
    path.write_text("as it was")
    with pytest.raises(ExemplarError, match="row 3 has 16,384 in the column 't'; export CSV, Parquet or JSON Lines"):
        write_export(table([{"t": "\N{CAT}" * 16_383}, {"t": "\N{CAT}" * 16_384}]), path, "xlsx")
    with pytest.raises(
        ExemplarError, match="holds 1,048,576 rows with the header, and these are 1,048,577; export fewer"
    ):
        write_export(table([{"t": "x"}], n=1_048_576), path, "xlsx")
    with pytest.raises(ExemplarError, match="holds 16,384 columns, and these are 16,385"):
        write_export(table([{f"c{number}": 1 for number in range(16_385)}]), path, "xlsx")
    monkeypatch.setattr(xlsx_file, "package", lambda *_: (_ for _ in ()).throw(ExemplarError("XLSX files need")))
    with pytest.raises(ExemplarError, match="XLSX files need"):
        write_export(table([{"t": "x"}]), path, "xlsx")
    assert [each.name for each in tmp_path.iterdir()] == ["x.xlsx"]
    assert path.read_text() == "as it was"


def test_what_an_export_is_stands_in_it_or_beside_it(tmp_path: Path) -> None:
    export = table([{"a": "b"}])
    metadata = pq.read_schema(written(export, tmp_path / "x.parquet", "parquet")).metadata
    assert json.loads(metadata[b"exemplar"]) == {"query": "x"}
    for format in ("csv", "jsonl", "ris", "bibtex"):
        path = written(export, tmp_path / f"x{FORMATS[format].suffix}", format)
        assert json.loads((tmp_path / f"{path.name}.about.json").read_text()) == {"query": "x"}
    folder = written(export, tmp_path / "x", "dataset")
    assert json.loads((folder / "about.json").read_text()) == {"query": "x"}


def test_a_datasets_folder_replaces_no_other_folder(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("mine")
    columns, rows = rows_in(next(written(table([{"a": "b"}]), tmp_path / "empty", "dataset").glob("*.arrow")))
    assert (columns, rows) == (("a",), [{"a": "b"}])
    for format in ("dataset", "csv"):
        with pytest.raises(ExemplarError, match="is a folder; name a file, or for a datasets folder one that is new"):
            write_export(table([{"a": "b"}]), tmp_path / "full", format)
    assert (tmp_path / "full" / "mine").read_text() == "mine"


def test_progress_is_reported_and_an_export_that_stops_leaves_nothing(tmp_path: Path) -> None:
    rows = [{"a": str(number)} for number in range(2500)]
    seen: list[tuple[int, int]] = []
    written(table(rows), tmp_path / "x.csv", "csv", on_progress=lambda done, total: seen.append((done, total)))
    assert seen == [(0, 2500), (1000, 2500), (2000, 2500), (2500, 2500)]

    def stop(done: int, total: int) -> None:
        if done:
            raise KeyboardInterrupt

    for format, known in FORMATS.items():
        with pytest.raises(KeyboardInterrupt):
            write_export(table(rows), tmp_path / f"y{known.suffix}", format, on_progress=stop)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.csv", "x.csv.about.json"]


def test_an_export_of_nothing_has_its_columns(tmp_path: Path) -> None:
    nothing = Export(("text", "mark"), ("mark",), lambda: iter(()), 0, {})
    for format in ("csv", "parquet", "xlsx"):
        assert rows_in(written(nothing, tmp_path / f"x{FORMATS[format].suffix}", format)) == (("text", "mark"), [])
    assert written(nothing, tmp_path / "x.jsonl", "jsonl").read_bytes() == b""


def test_the_format_is_that_of_the_name() -> None:
    assert [format_of_name(Path(f"x{known.suffix.upper()}")) for known in FORMATS.values() if known.suffix] == [
        name for name, known in FORMATS.items() if known.suffix
    ]
    with pytest.raises(
        ExemplarError, match=r"'x.txt' says no format; end it in one of .csv, .xlsx, .parquet, .jsonl, "
    ):
        format_of_name(Path("x.txt"))
    with pytest.raises(ExemplarError, match="there is no format 'pdf'; the formats are csv, xlsx"):
        write_export(table([]), Path("x"), "pdf")


def test_the_name_says_corpus_session_and_date(monkeypatch: pytest.MonkeyPatch) -> None:
    name = file_name("papers", "Sea: films / “2020” ", ".csv")
    assert name.startswith("papers-sea-films-2020-20")
    assert name.endswith(".csv")
    assert len(file_name("papers", "x" * 10_000, ".csv")) < 120
    long = file_name("é" * 200, "検" * 10_000, ".parquet")
    assert len(long.encode()) <= 200, "what is written beside it has a longer name"
    assert long.startswith("é" * 45 + "-" + "検" * 30 + "-20")
