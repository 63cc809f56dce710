"""Files of every kind, damaged or made to do harm: documents come of them, or a sentence."""

import gzip
import itertools
import json
import os
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exemplar.data.documents import Document, Problem
from exemplar.data.files.options import ReadOptions
from exemplar.data.readers import json_table
from exemplar.data.readers.formats import BY_NAME, BY_SUFFIX
from exemplar.data.sources import hub_datasets
from exemplar.data.sources.preview import look_at
from exemplar.data.sources.spec import SourceSpec
from exemplar.data.tabular.parquet_table import _shared
from exemplar.retrieval.importing.marks_file import read_marks
from tests.support.damage import METHODS, WILD, damaged, table, told, zipped
from tests.support.parquet import with_wide_integers
from tests.support.pdf import encrypted
from tests.support.pdf import pdf as pdf_of
from tests.support.reading import ROWS, documents, read
from tests.support.samples import SAMPLES, sample

LINES = "".join(json.dumps(row) + "\n" for row in [*ROWS, {"text": "\ud800 half", "tags": ["a"], "by": {"x": [1]}}])
MARKS = b'{"doc_id": "a", "mark": 1}\n{"doc_id": 2, "mark": false, "text": "x"}\n'
SEEDS = {
    ".csv": [
        b'text,label\n"one ""quoted""\nline",x\ncaf\xc3\xa9,y\n',
        b"doc_id,mark\na,yes\n\nb,no\n",
        b"text\ncaf\xe9\n",
    ],
    ".tsv": [b'text\tlabel\n"one"\tx\nst"ray\ty\n', "text\ncafé\n".encode("utf-16")],
    ".jsonl": [LINES.encode(), LINES.encode("utf-32"), MARKS],
    ".json": [
        json.dumps(ROWS).encode(),
        b'{"text": ["a", "b"], "n": [1, 2]}',
        b'{"rows": [{"text": "a"}], "n": 1}',
        b'{"text": {"0": "a", "1": "b"}, "n": {"0": 1, "1": 2}}',
        b'{"a": {"text": "a"}, "b": {"text": "b", "messages": [{"role": "user", "content": ["c"]}]}}',
        b'{"columns": ["text"], "index": [3], "data": [["a"]]}{"text": "b"}',
        b'{"index": {"_id": "1"}}\n{"abstract_inverted_index": {"a": [0, 2], "b": [1]}, "label": [[0, 1, "X"]]}\n',
    ],
    ".parquet": [table(), with_wide_integers()],
    ".ris": [
        "TY  - JOUR\nTI  - caf\u00e9\nAB  - a\n\n  b\nDO  - 10.1/x\nN1  - ASReview_relevant\nER  - \n".encode(
            "utf-8-sig"
        ),
        "\nPMID- 1\nTI  - a\n      b\nAB  - c\nOAB - d\nLID - 10.1/x [doi]\n".encode("utf-16"),
        b"FN Clarivate\nVR 1.0\nPT J\nAU A\n   B\nTI a\nAB b\nUT WOS:1\nER\n\nEF\n",
        b"%0 Journal Article\n%T a\n%X b\n\nc\n",
    ],
    ".bib": [
        b'@string{s = "x"}\n@article{a, title={{\\"a}}, author={A and B}, abstract = "b" # s}\n'
        b"@book{c, title={d}}\n@misc{d, title={e}, crossref={c}}\n"
    ],
    ".xml": [
        b'<?xml version="1.0"?><xml><records><record><rec-number>1</rec-number><titles><title><style>a</style></title>'
        b"</titles><abstract>b&#x1F;c</abstract></record></records></xml>"
    ],
    ".txt": ["a text\n".encode("utf-16"), b"plain \xff text\n" * 9],
    ".pdf": [pdf_of("Hello cats"), encrypted(pdf_of("Hello cats"))],
    ".zip": [zipped(method) for method in METHODS],
}
PACKED = [suffix for suffix in SEEDS if suffix != ".zip"]


def read_all(path: Path) -> None:
    with told():
        list(itertools.islice(read(str(path)).read(), 1000))
    assert len(look_at(SourceSpec(str(path))).error) < 3000
    with told():
        read_marks(path.read_bytes(), path.name)


def read_quietly(path: Path) -> None:
    with told():
        list(itertools.islice(read(str(path)).read(), 1000))
    assert len(look_at(SourceSpec(str(path))).error) < 3000


@pytest.mark.parametrize("suffix", SEEDS)
@WILD
@given(st.data())
def test_a_damaged_file_gives_documents_or_a_sentence(tmp_path: Path, suffix: str, data: st.DataObject) -> None:
    path = tmp_path / f"rows{suffix}"
    path.write_bytes(data.draw(damaged(SEEDS[suffix])))
    read_all(path)


@pytest.mark.parametrize("name", SAMPLES)
@WILD
@given(st.data())
def test_a_damaged_file_of_any_format_gives_documents_or_a_sentence(
    tmp_path: Path, name: str, data: st.DataObject
) -> None:
    (tmp_path / name).write_bytes(data.draw(damaged([sample(name)])))
    read_quietly(tmp_path / name)
    (tmp_path / "other.txt").write_text("another")
    assert "another" in [each.text for each in documents(read(str(tmp_path)))]  # the others are read, whatever it is


@WILD
@given(st.data())
def test_any_bytes_under_any_name_give_documents_or_a_sentence(tmp_path: Path, data: st.DataObject) -> None:
    content = data.draw(damaged([sample(data.draw(st.sampled_from(list(SAMPLES))))]))
    name = f"rows{data.draw(st.sampled_from([*BY_SUFFIX, '', '.zip', '.tar', '.gz', '.xz', '.zst']))}"
    if name.endswith(".lance"):
        return
    (tmp_path / name).write_bytes(content)
    read_quietly(tmp_path / name)
    format = data.draw(st.sampled_from(list(BY_NAME)))
    with told():
        list(itertools.islice(read(str(tmp_path / name), options=ReadOptions(format=format)).read(), 1000))


@WILD
@given(st.data())
def test_a_damaged_lance_data_set_gives_documents_or_a_sentence(tmp_path: Path, data: st.DataObject) -> None:
    import lance

    rows = tmp_path / "rows.lance"
    if not rows.exists():
        lance.write_dataset(pa.table({"text": ["a", "b"], "label": ["x", None]}), str(rows))
    files = sorted(path for path in rows.rglob("*") if path.is_file())
    path = data.draw(st.sampled_from(files))
    content = path.read_bytes()
    path.write_bytes(data.draw(damaged([content])))
    try:
        read_quietly(rows)
    finally:
        path.write_bytes(content)


@WILD
@given(st.sampled_from(PACKED), st.data())
def test_a_folder_of_damaged_packed_files_gives_them_or_a_sentence(
    tmp_path: Path, suffix: str, data: st.DataObject
) -> None:
    packed = [gzip.compress(content) for content in SEEDS[suffix]]
    (tmp_path / f"rows{suffix}.gz").write_bytes(data.draw(damaged(packed)))
    with told():
        list(read(str(tmp_path)).read())


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", ".json", ".parquet"])
@WILD
@given(st.data())
def test_a_described_folder_of_damaged_files_gives_documents_or_a_sentence(
    tmp_path: Path, suffix: str, data: st.DataObject
) -> None:
    (tmp_path / "README.md").write_text(f"---\nconfigs:\n- config_name: default\n  data_files: rows{suffix}\n---\n")
    (tmp_path / f"rows{suffix}").write_bytes(data.draw(damaged(SEEDS[suffix])))
    with told():
        list(read(str(tmp_path), split=data.draw(st.sampled_from(["train", "train[:2]", "train[50%:]"]))).read())


def test_many_columns_are_read_and_a_message_names_the_first(tmp_path: Path) -> None:
    names = [f"c{number}" for number in range(40_000)]
    rows = ",".join(["text", *names]) + "\na," + ",".join(names) + "\n"
    (tmp_path / "a.csv").write_text(rows)
    [document] = documents(read(str(tmp_path / "a.csv")))
    assert len(document.metadata) == 40_000
    with pytest.raises(ValueError, match=r"no column 'x'; its columns are: text, c0, .*, c48, and 39,951 more$"):
        read(str(tmp_path / "a.csv"), text_column="x")


def test_json_that_is_nested_or_split_without_end_costs_its_line_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_table, "_MOST_VALUES_OF_A_LINE", 3000)
    deep = '{"text": "\\ud800", "deep": ' + "[" * 900 + "]" * 900 + "}"
    wide = '{"text": "a", "wide": [' + "{}," * 2000 + "{}]}"
    (tmp_path / "a.jsonl").write_text(f'{deep}\n{wide}\n{{"text": "a", "": "b", "id": "{"i" * 10_001}"}}\n')
    assert list(read(str(tmp_path / "a.jsonl"), id_column="none").read()) == [
        Problem("line 1", "nested too deeply"),
        Problem("line 2", "more than 3,000 values"),
        Document("2", "a", (), {"": "b", "id": "i" * 10_001}),
    ]
    (tmp_path / "b.json").write_text(f'[{deep}, {{"text": "a", "id": 1}}, {{"text": "a", "id": "{"i" * 10_001}"}}]')
    assert list(read(str(tmp_path / "b.json")).read()) == [
        Problem("row 0", "nested too deeply"),
        Document("1", "a"),
        Problem("row 2", "the id is longer than 10,000 characters; it goes by the number of its row", left_out=False),
        Document("2", "a"),
    ]


def test_yaml_that_repeats_itself_without_end_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_datasets, "_MOST_PARTS", 1000)
    repeated = "".join(f"a{n + 1}: &a{n + 1} [{', '.join([f'*a{n}'] * 9)}]\n" for n in range(40))
    (tmp_path / "README.md").write_text(f"---\na0: &a0 [x]\n{repeated}configs: *a40\n---\n")
    (tmp_path / "rows.csv").write_text("text\na\n")
    with pytest.raises(
        ValueError, match=r"cannot load the data set .*: the front matter of its README has more than 1,"
    ):
        read(str(tmp_path))


def test_folders_without_end_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def too_deep(*_: object, **__: object) -> None:
        raise RecursionError  # as os.walk does where paths are made step by step, and it calls itself

    monkeypatch.setattr(os, "walk", too_deep)
    with pytest.raises(ValueError, match=f"the folders in {tmp_path} are nested too deeply"):
        read(str(tmp_path))


@pytest.mark.skipif(os.name == "nt", reason="has no pipes with names")
def test_a_pipe_is_no_source(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(ValueError, match="there is no file or folder"):
        read(str(tmp_path / "pipe.csv"))
    (tmp_path / "a.txt").write_text("a")
    assert list(read(str(tmp_path)).read()) == [
        Problem("pipe.csv", "not a kind that is read"),
        Document("a.txt", "a"),
    ]


@pytest.mark.parametrize("source", ["a\0b", "a\0.csv", "~\0", "x" * 5000, "/" + "x" * 10_000_000])
def test_a_name_that_no_file_can_have_is_told(source: str) -> None:
    with pytest.raises(ValueError, match="no source can be named") as caught:
        read(source)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("index", [1, -1])
def test_a_column_that_refers_to_values_that_it_lacks_is_told(index: int) -> None:
    column = pa.DictionaryArray.from_arrays(pa.array([0, index]), pa.array(["x"]), safe=False)
    with pytest.raises(pa.ArrowInvalid, match="out of bounds"):
        _shared(column)
