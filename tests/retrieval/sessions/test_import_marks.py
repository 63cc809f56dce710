import tracemalloc
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exemplar.data.corpus.corpus import Corpus
from exemplar.data.errors import ExemplarError
from exemplar.data.readers import parquet_table
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.sessions import import_marks
from exemplar.retrieval.sessions.export import Column, as_parquet, export_table, unescape_formula
from exemplar.retrieval.sessions.import_marks import read_marks
from exemplar.retrieval.sessions.marks import Marks
from tests.retrieval.sessions.test_export import FORMULAS, HARMLESS, WRITERS, corpus_of, rows_of

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
    table = export_table(corpus, feedback, [Column("knn", texts[::2], {text: len(text) / 7 for text in texts})])
    content = WRITERS[suffix](table)
    found = read_marks(content, f"marks{suffix}", corpus.rows_of)
    assert [set(marked) for _, marked in found.by_mark()] == [set(marked) for _, marked in feedback.by_mark()]
    if suffix != ".csv":
        assert rows_of(content, suffix) == table.to_pylist()
    else:
        rows = rows_of(content, suffix)
        assert [unescape_formula(row["text"]) for row in rows] == table["text"].to_pylist()
        assert [float(row["knn_score"]) for row in rows] == table["knn_score"].to_pylist()


@pytest.mark.parametrize(
    ("word", "mark"),
    [(word, "positive") for word in ("relevant", "Positive", " YES ", "true", "1", "1.0")]
    + [(word, "negative") for word in ("Not  relevant", "negative", "no", "FALSE", "0", "0.0")]
    + [("", None), ("  ", None)],
)
def test_marks_are_understood_in_many_words(word: str, mark: str | None) -> None:
    assert read_marks(f"doc_id,mark\na,{word}\n".encode(), "m.csv").mark_of("a") == mark


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
    assert read_marks(content, name) == Feedback(("1",), ("2",))


def test_marks_are_read_from_a_parquet_file_of_another_program(tmp_path: Path) -> None:
    pd.DataFrame({"doc_id": [1, 2, 3], "mark": [True, False, None]}).to_parquet(tmp_path / "m.parquet")
    assert read_marks((tmp_path / "m.parquet").read_bytes(), "m.parquet") == Feedback(("1",), ("2",))


def test_a_document_marked_twice_the_same_way_is_marked_once() -> None:
    assert read_marks(b"doc_id,mark\na,yes\nb,no\na,1\n", "m.csv") == Feedback(("a",), ("b",))


def test_the_apostrophe_is_taken_off_only_where_that_finds_the_document() -> None:
    content = b"doc_id,mark\n'=a,yes\n'b,yes\n'=c,yes\n"
    assert read_marks(content, "m.csv", {"=a", "b", "'=c"}.intersection) == Feedback(("=a", "'b", "'=c"))
    line = b'{"doc_id": "\'=a", "mark": 1}\n'
    assert read_marks(line, "m.jsonl", {"=a", "'=a"}.intersection) == Feedback(("'=a",))
    assert read_marks(line, "m.jsonl", {"=a"}.intersection) == Feedback(("=a",))


def test_documents_that_differ_by_an_apostrophe_are_not_taken_for_each_other(animals: Corpus) -> None:
    doc_ids = ["=a", "'=a", "''=a"]
    corpus = corpus_of(animals, doc_ids, ["x", "y", "z"], [None] * 3)
    for doc_id in doc_ids:
        table = export_table(corpus, Feedback((doc_id,)))
        for suffix, write in WRITERS.items():
            assert read_marks(write(table), f"m{suffix}", corpus.rows_of) == Feedback((doc_id,))


DEEP = b"[" * 100_000


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("m.xlsx", b"", r"marks can't be read from m.xlsx: use a file whose name ends in .csv, .tsv, .jsonl, "),
        ("m.csv.gz", b"", "marks can't be read from m.csv.gz"),
        ("m", b"doc_id,mark\n", "marks can't be read from m: "),
        ("m.csv", b"", "cannot read m.csv: it is empty"),
        ("m.csv", b"id,note\n1,x\n", "cannot read m.csv: it has no column 'doc_id'; its columns are: id, note"),
        ("m.csv", b"doc_id;mark\n1;x\n", "it has no column 'doc_id'; its columns are: doc_id;mark"),
        ("m.csv", b"doc_id,mark,Mark\n1,yes,no\n", "it has two columns named 'mark'; its columns are: doc_id, mark, "),
        (
            "m.csv",
            b"doc_id,mark\na,yes\nb,maybe\n",
            "'maybe' in row 1 of m.csv is not a mark; write relevant, not",
        ),
        ("m.csv", b"doc_id,mark\na,-1\n", "'-1' in row 0 of m.csv is not a mark"),
        ("m.csv", b"doc_id,mark\na,yes\na,no\n", "m.csv marks the document 'a' both ways, the second time in row 1"),
        ("m.csv", b"doc_id,mark\n,yes\n", "row 0 of m.csv has a mark but no doc_id; fill it in"),
        ("m.csv", b"doc_id,mark\na,yes,more\n", "cannot read m.csv: row 0: more fields than the header has names"),
        ("m.csv", b'doc_id,mark\n"a,yes\n', "cannot read m.csv: the quote that opens on line 2 never closes"),
        ("m.csv", b"\0\xff\xfe\0\x80" * 99, "cannot read m.csv: "),
        ("m.jsonl", b'{"doc_id": "a", "mark": 1}\nnot json\n', "cannot read m.jsonl: line 2: no JSON"),
        ("m.jsonl", b'{"doc_id": ["a"], "mark": 1}\n', "the doc_id in row 0 of m.jsonl is a list"),
        ("m.jsonl", b'{"doc_id": "a", "mark": {"x": 1}}\n', "the mark in row 0 of m.jsonl is a dict"),
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
    monkeypatch.setattr(import_marks, "MOST_BYTES", 100)
    with pytest.raises(ExemplarError, match="m.csv is larger than 50 MB; remove all columns but doc_id and mark"):
        read_marks(b"doc_id,mark\n" + b"a,yes\n" * 20, "m.csv")
    monkeypatch.setattr(parquet_table, "_MOST_HELD", 100)
    packed = as_parquet(pa.table({"doc_id": ["a"], "mark": ["yes"], "text": ["long " * 1000]}))
    monkeypatch.setattr(import_marks, "MOST_BYTES", len(packed))
    with pytest.raises(ExemplarError, match="cannot read m.parquet: unpacked it is larger than 1 GB"):
        read_marks(packed, "m.parquet")
    monkeypatch.setattr(import_marks, "MOST_ROWS", 3)
    with pytest.raises(ExemplarError, match="cannot read m.csv: it has more than 3 rows"):
        read_marks(b"doc_id,mark\n" + b"a,yes\n" * 4, "m.csv")
    assert len(read_marks(b"doc_id,mark\n" + b"a,yes\n" * 3, "m.csv")) == 1


def test_a_small_file_that_repeats_a_huge_text_takes_little_memory() -> None:
    huge = pa.DictionaryArray.from_arrays(pa.array([0] * 5000, pa.int32()), pa.array(["x" * 2_000_000]))
    packed = as_parquet(pa.table({"doc_id": huge, "mark": ["yes"] * 5000, "text": huge}))
    tracemalloc.start()
    try:
        assert len(read_marks(packed, "m.parquet")) == 1
        assert tracemalloc.get_traced_memory()[1] < 50_000_000
    finally:
        tracemalloc.stop()


@settings(deadline=None, max_examples=150)
@given(st.binary(max_size=300), st.sampled_from(["m.csv", "m.tsv", "m.json", "m.jsonl", "m.parquet"]))
def test_any_bytes_are_marks_or_an_error_that_says_so(content: bytes, name: str) -> None:
    for prefix in (b"", b"doc_id,mark\n", b"doc_id\tmark\n", b'{"doc_id": "a", "mark": 1}\n'):
        try:
            read_marks(prefix + content, name)
        except ExemplarError as error:
            assert name in str(error)  # noqa: PT017 - either way is right
