import tracemalloc
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exemplar.data.corpus.corpus import Corpus
from exemplar.data.errors import ExemplarError
from exemplar.data.sources.columns import Columns
from exemplar.data.tabular import parquet_table
from exemplar.data.tabular.formulas import unescape_formula
from exemplar.retrieval.importing import mark_tables, marks_file
from exemplar.retrieval.importing.added_marks import added_marks
from exemplar.retrieval.importing.in_words import preview_lines
from exemplar.retrieval.importing.mark_rows import MarkRow
from exemplar.retrieval.importing.marks_file import read_marks
from exemplar.retrieval.sessions.marks import MarkedText, Marks
from tests.retrieval.importing.test_earlier_exports import FORMULAS, HARMLESS, WRITERS, corpus_of, rows_of
from tests.support.earlier_exports import Column, as_parquet, export_table


def marks_in(content: bytes, name: str, columns: Columns = Columns()) -> dict[str, str]:  # noqa: B008 - immutable
    """Return the marks in a file by id, all rows of which can be read."""
    found = read_marks(content, name, columns)
    assert found.left_out == ()
    return {row.doc_id: row.mark for row in found.rows}


def left_out(content: bytes, name: str) -> list[str]:
    return list(read_marks(content, name).left_out)


TEXTS = st.text(min_size=1).filter(lambda text: not text.isspace())


@pytest.mark.parametrize("suffix", WRITERS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(
    texts=st.lists(st.sampled_from(FORMULAS + HARMLESS) | TEXTS, min_size=1, max_size=8, unique=True),
    marks=st.lists(st.sampled_from(["positive", "negative", "unsure", None]), min_size=8, max_size=8),
)
def test_what_was_exported_is_read_back(
    animals: Corpus, suffix: str, texts: list[str], marks: list[str | None]
) -> None:
    corpus = corpus_of(animals, texts, texts, [None] * len(texts))
    made = Marks()
    made.set(zip(texts, marks, strict=False))
    feedback = made.feedback
    table = export_table(corpus, feedback, [Column("knn", texts[::2], {text: len(text) / 7 for text in texts}, "full")])
    content = WRITERS[suffix](table)
    found = added_marks(read_marks(content, f"marks{suffix}"), corpus, Marks()).event.marks
    assert [set(marked) for _, marked in found.by_mark()] == [set(marked) for _, marked in feedback.by_mark()]
    if suffix != ".csv":
        assert rows_of(content, suffix) == table.to_pylist()
    else:
        rows = rows_of(content, suffix)
        assert [unescape_formula(row["text"]) for row in rows] == table["text"].to_pylist()
        assert [float(row["knn_score"]) for row in rows] == table["knn_score"].to_pylist()


POSITIVE = ["relevant", "Positive", "include", "Included", "accept", "ACCEPTED", "yes", "Y", "true", "TRUE", "1", "1.0"]
NEGATIVE = ["irrelevant", "not_relevant", "non-relevant", "negative", "exclude", "excluded", "reject", "Rejected"]
NEGATIVE += ["no", "N", "FALSE", "0", "0.0", "-1", "-1.0"]


@pytest.mark.parametrize(
    ("word", "mark"),
    [(word, "positive") for word in (*POSITIVE, " YES ")]
    + [(word, "negative") for word in (*NEGATIVE, "Not  relevant")]
    + [(word, "unsure") for word in ("?", "Maybe", "unsure", "unclear", " undecided ", "ignore")],
)
def test_marks_are_understood_in_many_words(word: str, mark: str) -> None:
    assert marks_in(f"doc_id,mark\na,{word}\n".encode(), "m.csv") == {"a": mark}


@pytest.mark.parametrize("word", ["", "  "])
def test_a_blank_cell_is_no_mark(word: str) -> None:
    assert marks_in(f"doc_id,mark\na,{word}\n".encode(), "m.csv") == {}


@pytest.mark.parametrize(
    "header",
    [
        *("id,mark", "_id,included", "Record ID,Included", "PMID,decision", "Ref-Key,answer", "doc_id,label"),
        *("Ticket ID,mark", "paperId,verdict", "Ticket,mark"),
    ],
)
def test_columns_may_have_other_names(header: str) -> None:
    content = f"{header}\na,yes\nb,no\n".encode()
    assert marks_in(content, "m.csv", Columns(text="text", id="ref_key")) == {"a": "positive", "b": "negative"}


def test_the_columns_of_an_export_are_read_before_others_of_such_names() -> None:
    content = b"id,doc_id,label,included,mark\n1,a,dog,no,yes\n"
    assert marks_in(content, "m.csv") == {"a": "positive"}


def test_rows_have_the_texts_that_were_marked() -> None:
    text_hash = "0123456789abcdef"
    content = f"doc_id,title,text,text_hash,mark,mark_state\na,T,x,{text_hash},yes,\nb,,y,1.2E+15,no,gone\nc,,,,no,\n"
    assert read_marks(content.encode(), "m.csv").rows == (
        MarkRow("line 2", "a", "positive", text_hash, MarkedText("T", "x")),
        MarkRow("line 3", "b", "negative", None, MarkedText(None, "y"), lost=True),
        MarkRow("line 4", "c", "negative"),
    )
    assert read_marks(b"text,answer\nx,accept\n", "m.csv").rows == (
        MarkRow("line 2", None, "positive", None, MarkedText(None, "x")),
    )


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("m.csv", b'text,MARK, Doc_ID \n"x, y",yes,1\n,0,2\n,,3\n'),
        ("m.CSV", "doc_id,mark\n1,yes\n2,no\n3,\n".encode("utf-16")),
        ("m.tsv", b"doc_id\tmark\n1\tyes\n2\tno\n"),
        ("m.jsonl", b'{"doc_id": 1, "mark": true}\n\n{"doc_id": "2", "mark": false}\n{"doc_id": "3", "mark": null}\n'),
        ("m.ndjson", b'{"doc_id": 1, "mark": 1}\n{"doc_id": 2, "mark": 0}\n{"doc_id": 3}'),
        ("m.json", b'[{"doc_id": "1", "mark": 1.0}, {"doc_id": "2", "mark": 0.0}]'),
        ("m.json", b'{"marks": [{"doc_id": "1", "mark": "yes"}, {"doc_id": "2", "mark": "no"}]}'),
    ],
)
def test_marks_are_read_from_every_kind_of_table(name: str, content: bytes) -> None:
    assert marks_in(content, name) == {"1": "positive", "2": "negative"}


def test_marks_are_read_from_a_parquet_file_of_another_program(tmp_path: Path) -> None:
    pd.DataFrame({"doc_id": [1, 2, 3], "mark": [True, False, None]}).to_parquet(tmp_path / "m.parquet")
    assert marks_in((tmp_path / "m.parquet").read_bytes(), "m.parquet") == {"1": "positive", "2": "negative"}


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        (
            "m.csv",
            b'doc_id,note,mark\na,x,yes\n"b ","two\nlines",perhaps\n\nc,x,no\nd,x,maybe not\n',
            ["b (line 3): 'perhaps' is not a mark; ", "d (line 7): 'maybe not' is not a mark; "],
        ),
        ("m.csv", b"doc_id,mark\n,yes\na,yes\n", ["line 2 has a mark but no doc_id; fill it in"]),
        ("m.csv", b"doc_id,mark\na,yes,more\nb,2\n", ["line 2: more fields than", "b (line 3): '2' is not a mark"]),
        ("m.tsv", b"doc_id\tmark\na\tyes\nb\tx\n", ["b (line 3): 'x' is not a mark"]),
        ("m.jsonl", b'{"doc_id": "a", "mark": 1}\n\n{"doc_id": 7, "mark": 7}\n', ["7 (line 3): '7' is not a mark"]),
        ("m.jsonl", b'{"doc_id": "a", "mark": 1}\nnot json\n', ["line 2: no JSON"]),
        ("m.jsonl", b'{"doc_id": ["a"], "mark": 1}\n', ["line 1: the id is a list"]),
        ("m.json", b'[{"doc_id": "a", "mark": 1}, {"doc_id": "b", "mark": {"x": 1}}]', ["row 1: the mark is a dict"]),
        ("m.json", b'[{"doc_id": "a", "mark": 1}, {"doc_id": "b", "mark": "x"}]', ["b (row 1): 'x' is not a mark; "]),
    ],
)
def test_rows_that_cannot_be_read_are_named_by_id_and_line(name: str, content: bytes, expected: list[str]) -> None:
    messages = left_out(content, name)
    assert [message[: len(start)] for message, start in zip(messages, expected, strict=True)] == expected


def test_the_other_rows_are_read() -> None:
    found = read_marks(b"doc_id,mark\na,yes\nb,perhaps\nc,no\n", "m.csv")
    assert [(row.doc_id, row.mark) for row in found.rows] == [("a", "positive"), ("c", "negative")]
    assert found.left_out == ("b (line 3): 'perhaps' is not a mark; write relevant, not relevant, unsure, or nothing",)


DEEP = b"[" * 100_000


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("m.xlsx", b"", "cannot read m.xlsx: "),
        ("m.csv.gz", b"", "cannot read m.csv.gz: "),
        ("m.zip", b"", "cannot read m.zip: "),
        ("m.txt", b"a plain text", "cannot read m.txt: text has no rows; save it as CSV, Excel, JSON Lines, Parquet, "),
        ("m", b"\0\1\2", "cannot read m: its format is unknown; save it as CSV"),
        ("m.csv", b"", "cannot read m.csv: it is empty"),
        ("m.csv", b"id,note\n1,x\n", "cannot read m.csv: it has no column 'mark'; its columns are: id, note"),
        (
            "m.csv",
            b"name,no,mark\n1,2,x\n",
            "cannot read m.csv: it has no column 'doc_id'; its columns are: name, no, ",
        ),
        ("m.csv", b"doc_id,mark,Mark\n1,yes,no\n", "it has two columns named 'mark'; its columns are: doc_id, mark, "),
        ("m.csv", b'doc_id,mark\n"a,yes\n', "cannot read m.csv: the quote that opens on line 2 never closes"),
        ("m.csv", b"\0\xff\xfe\0\x80" * 99, "cannot read m.csv: "),
        ("m.json", DEEP, "cannot read m.json: "),
        ("m.jsonl", b'{"doc_id":' + DEEP + b"\n", "cannot read m.jsonl: no line is a JSON object"),
        ("m.json", b"3", "cannot read m.json: its JSON is neither a list of objects"),
        ("m.parquet", b"PAR1 and no more", "cannot read m.parquet: "),
        ("m.parquet", as_parquet(pa.table({"doc_id": ["a"]}))[:-9] + b"\0" * 9, "cannot read m.parquet: "),
    ],
)
def test_a_file_that_cannot_be_says_why(name: str, content: bytes, message: str) -> None:
    with pytest.raises(ExemplarError, match=message.replace("(", r"\(").replace("[", r"\[")):
        read_marks(content, name)


def test_files_beyond_all_measure_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mark_tables, "MOST_BYTES", 100)
    with pytest.raises(
        ExemplarError,
        match="cannot read m.csv: it is larger than 0 MB; remove all columns but doc_id, text_hash and mark",
    ):
        read_marks(b"doc_id,mark\n" + b"a,yes\n" * 20, "m.csv")
    monkeypatch.setattr(parquet_table, "_MOST_HELD", 100)
    packed = as_parquet(pa.table({"doc_id": ["a"], "mark": ["yes"], "text": ["long " * 1000]}))
    monkeypatch.setattr(mark_tables, "MOST_BYTES", len(packed))
    with pytest.raises(ExemplarError, match="cannot read m.parquet: unpacked it is larger than 1 GB"):
        read_marks(packed, "m.parquet")
    monkeypatch.setattr(marks_file, "MOST_ROWS", 3)
    with pytest.raises(ExemplarError, match="cannot read m.csv: it has more than 3 rows with a mark or a note"):
        read_marks(b"doc_id,mark\n" + b"a,yes\n" * 4, "m.csv")
    assert len(read_marks(b"doc_id,mark\n" + b"a,yes\nb,\n" * 3, "m.csv").rows) == 3
    monkeypatch.setattr(marks_file, "MOST_CHARACTERS", 30)
    assert len(read_marks(b"text,mark\n" + b"twenty characters ..,yes\n" * 3, "m.csv").rows) == 3
    with pytest.raises(ExemplarError, match="the texts and notes of its marks have more than 30 characters; remove "):
        read_marks(b"text,mark\ntwenty characters ..,yes\nand twenty more .....,no\n", "m.csv")


def test_a_small_file_that_repeats_a_huge_text_takes_little_memory(animals: Corpus) -> None:
    huge = pa.DictionaryArray.from_arrays(pa.array([0] * 5000, pa.int32()), pa.array(["x" * 2_000_000]))
    packed = as_parquet(pa.table({"doc_id": huge, "mark": ["yes"] * 5000, "text": huge}))
    tracemalloc.start()
    try:
        found = added_marks(read_marks(packed, "m.parquet"), animals, Marks())
        assert (len(found.event.marks), found.n_lost) == (1, 1)
        assert tracemalloc.get_traced_memory()[1] < 50_000_000
    finally:
        tracemalloc.stop()


ANY_NAMES = ["m", *(f"m.{kind}" for kind in ("csv", "tsv", "json", "jsonl", "parquet", "ris", "bib", "csv.gz", "zip"))]


@settings(deadline=None, max_examples=150)
@pytest.mark.slow  # bytes of some formats are read by a process of its own
@given(
    st.binary(max_size=300),
    st.sampled_from(["m.csv", "m.tsv", "m.json", "m.jsonl", "m.parquet", "m.ris", "m.bib", "m.csv.gz", "m.zip", "m"]),
)
def test_any_bytes_are_marks_or_an_error_that_says_so(content: bytes, name: str) -> None:
    for prefix in (b"", b"doc_id,mark\n", b"doc_id\tmark\n", b'{"doc_id": "a", "mark": 1}\n'):
        try:
            read_marks(prefix + content, name)
        except ExemplarError as error:
            assert name in str(error)  # noqa: PT017 - either way is right


def test_notes_reasons_and_readers_are_read_beside_marks_and_without() -> None:
    content = b"doc_id,mark,note,Exclusion Reason,reviewer\na,no,n,old,ann\nb,,m,,ann\nc,,,old,\nd,,,,ann\ne,yes,,,\n"
    assert read_marks(content, "m.csv").rows == (
        MarkRow("line 2", "a", "negative", note="n", reason="old", reader="ann"),
        MarkRow("line 3", "b", None, note="m", reader="ann"),
        MarkRow("line 4", "c", None, reason="old"),
        MarkRow("line 6", "e", "positive"),
    )


def test_a_column_of_readers_is_no_column_of_ids_and_a_text_is_no_note() -> None:
    with pytest.raises(ExemplarError, match="it has no column 'doc_id'"):
        read_marks(b"mark,reader\nyes,ann\n", "m.csv")
    assert read_marks(b"mark,ticket,reader\nyes,7,ann\n", "m.csv").rows == (
        MarkRow("line 2", "7", "positive", reader="ann"),
    )
    [row] = read_marks(b"note,mark\nx,yes\n", "m.csv", Columns(text="note")).rows
    assert (row.text, row.note) == (MarkedText(None, "x"), "")


def test_long_notes_are_cut_and_the_preview_says_so(animals: Corpus) -> None:
    long = b"doc_id,mark,note,reason\n1,yes," + b"n" * 20_000 + b"," + b"r" * 300 + b"\n2,no,n,r\n"
    file = read_marks(long, "m.csv")
    assert [(len(row.note), len(row.reason)) for row in file.rows] == [(10_000, 200), (1, 1)]
    lines = preview_lines(added_marks(file, animals, Marks()))
    assert lines[-1] == (
        "Cut, since they are too long: 1 row (a note at 10,000 characters, a reason or a reader at 200)."
    )


def test_a_note_without_a_mark_needs_a_document() -> None:
    file = read_marks(b"doc_id,text,mark,note\n,,,n\n", "m.csv")
    assert file.left_out == ("line 2 has a note but no doc_id; fill it in, or remove the note",)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize(
    "content",
    [
        "doc_id;mark;note\r\na;1;so, so\r\nb;0;\r\n",
        "sep=;\r\ndoc_id;mark;note\r\na;1;so, so\r\nb;0;\r\n",
        "doc_id\tmark\tnote\r\na\t1\tso, so\r\nb\t0\t\r\n",
        "doc_id|mark|note\r\na|1|so, so\r\nb|0|\r\n",
    ],
)
def test_marks_are_read_whatever_the_delimiter_and_the_encoding(content: str, encoding: str) -> None:
    found = read_marks(content.encode(encoding), "marks.csv")
    assert [(row.doc_id, row.mark, row.note) for row in found.rows] == [
        ("a", "positive", "so, so"),
        ("b", "negative", ""),
    ]
    assert found.left_out == ()


def test_ids_of_marks_in_older_encodings_keep_their_letters() -> None:
    content = "doc_id;mark;note\nbalíček;1;Zásilka dorazila pozdě a byla poškozená\nkůň;0;Příliš žluťoučký\n"
    assert marks_in(content.encode("cp1250"), "marks.csv") == {"balíček": "positive", "kůň": "negative"}
