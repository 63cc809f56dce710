import gzip
import json
from pathlib import Path

import pandas as pd
import pytest

from data.sources import Document, Source, default_name, read_source

ROWS = [
    {"key": "a1", "text": "the first", "kind": "x", "stars": 3},
    {"key": "a2", "text": "the second, with a comma\nand a line", "kind": "y", "stars": 4},
    {"key": "a3", "text": "NA", "kind": "x", "stars": 5},
]


def write(path: Path, rows: list[dict] = ROWS) -> str:
    frame = pd.DataFrame(rows)
    writers = {
        ".csv": lambda: frame.to_csv(path, index=False),
        ".tsv": lambda: frame.to_csv(path, index=False, sep="\t"),
        ".jsonl": lambda: path.write_text("".join(json.dumps(row) + "\n" for row in rows)),
        ".parquet": lambda: frame.to_parquet(path),
    }
    writers[path.suffix]()
    return str(path)


def texts(source: Source) -> list[str]:
    return [document.text for document in source.documents]


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", ".parquet"])
def test_tables_in_files_are_read_alike(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f"rows{suffix}")
    source = read_source(path, label_column="kind", id_column="key")
    assert source.documents == [
        Document("a1", "the first", "x"),
        Document("a2", "the second, with a comma\nand a line", "y"),
        Document("a3", "NA", "x"),
    ]
    assert (source.name, source.n_skipped) == ("rows", 0)
    assert source.description == {
        "source": path,
        "split": None,
        "text_column": "text",
        "label_column": "kind",
        "id_column": "key",
        "limit": None,
    }


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", ".parquet"])
def test_limit_takes_the_first_rows(tmp_path: Path, suffix: str) -> None:
    source = read_source(write(tmp_path / f"rows{suffix}"), limit=2)
    assert texts(source) == [row["text"] for row in ROWS[:2]]


def test_without_an_id_column_the_row_number_is_the_id(tmp_path: Path) -> None:
    rows = [{"text": "first"}, {"text": "  "}, {"text": "third"}]
    source = read_source(write(tmp_path / "rows.csv", rows))
    assert [(document.doc_id, document.label) for document in source.documents] == [("0", None), ("2", None)]
    assert source.n_skipped == 1


def test_missing_cells_and_numbers_are_handled(tmp_path: Path) -> None:
    rows = [{"text": None, "label": "x"}, {"text": 17, "label": None}, {"text": "a", "label": 2}]
    source = read_source(write(tmp_path / "rows.jsonl", rows))
    assert [(document.doc_id, document.text) for document in source.documents] == [("1", "17"), ("2", "a")]
    assert source.documents[0].label is None


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
    assert read_source(str(path), id_column="id").documents == [
        Document("9007199254740993", "a", "1"),
        Document("9007199254740992", "b", None),
        Document("3", "c", "0"),
    ]


@pytest.mark.parametrize("cell", [["x", "y"], {"a": 1}, []])
def test_cells_that_are_no_plain_text_are_told_by_row(tmp_path: Path, cell: object) -> None:
    rows = [{"text": "a", "label": "x"}, {"text": "b", "label": cell}]
    path = write(tmp_path / "rows.jsonl", rows)
    with pytest.raises(ValueError, match=r"column 'label' of .* holds no plain text: row 1 is a (list|dict)"):
        read_source(path)


def test_text_that_is_no_unicode_is_mended(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text(r'{"text": "half \ud83d a pair"}')
    assert texts(read_source(str(tmp_path / "rows.jsonl"))) == ["half \N{REPLACEMENT CHARACTER} a pair"]


@pytest.mark.parametrize("column", ["content", "review", "abstract", "document", "body"])
def test_usual_names_for_the_text_are_recognised(tmp_path: Path, column: str) -> None:
    source = read_source(write(tmp_path / "rows.csv", [{"other": "no", column: "yes"}]))
    assert texts(source) == ["yes"]


@pytest.mark.parametrize("option", ["text_column", "label_column", "id_column"])
def test_a_column_that_does_not_exist_is_told_with_those_that_do(tmp_path: Path, option: str) -> None:
    path = write(tmp_path / "rows.csv")
    with pytest.raises(ValueError, match="no column 'nope'; its columns are: key, text, kind, stars"):
        read_source(path, **{option: "nope"})


def test_an_unrecognised_text_column_must_be_named(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.csv", [{"one": "1", "two": "2"}])
    with pytest.raises(ValueError, match=r"which column of .* holds the text; its columns are: one, two"):
        read_source(path)


def test_ids_must_be_there_and_differ(tmp_path: Path) -> None:
    path = write(tmp_path / "twice.csv", [{"text": "a", "n": "7"}, {"text": "b", "n": "8"}, {"text": "c", "n": "7"}])
    with pytest.raises(ValueError, match=r"column 'n' of .* can't be the id: rows 0 and 2 both have '7'"):
        read_source(path, id_column="n")
    path = write(tmp_path / "missing.csv", [{"text": "a", "n": "7"}, {"text": "b", "n": ""}])
    with pytest.raises(ValueError, match=r"row 1 of .* has no id in column 'n'"):
        read_source(path, id_column="n")


def test_a_table_without_text_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="column 'text' of .* holds no text"):
        read_source(write(tmp_path / "rows.csv", [{"text": ""}]))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.csv", b""),
        ("latin1.csv", "text\ncafé\n".encode("latin-1")),
        ("ragged.csv", b'text\n"open quote'),
        ("wide.csv", b"text,label\na,b,c\nd,e,f\n"),
        ("comma.csv", b"text,label\na,b,\nc,d,\n"),
        ("bad.jsonl", b'{"text": "a"}\n{"text": '),
        ("deep.jsonl", b'{"text": ' + b"[" * 200_000 + b"]" * 200_000 + b"}"),
        ("list.jsonl", b'{"text": "a"}\n["text"]\n'),
        ("bad.parquet", b"PAR1 and nothing more"),
        ("zipped.csv", gzip.compress(b"text\na\n")),
    ],
)
def test_a_file_that_cannot_be_read_is_one_clear_line(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=rf"cannot read .*{name}: .+") as caught:
        read_source(str(tmp_path / name))
    assert "\n" not in str(caught.value)


def test_a_bad_line_of_json_is_told_by_its_number(tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_text('{"text": "a"}\n\n{"text": }\n')
    with pytest.raises(ValueError, match="line 3 is no JSON: Expecting value at column 10"):
        read_source(str(tmp_path / "bad.jsonl"))


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", ".parquet"])
def test_the_largest_limit_takes_all_and_a_larger_one_is_refused(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f"rows{suffix}")
    assert len(read_source(path, limit=10**12).documents) == 3
    with pytest.raises(ValueError, match="limit must be at most 1,000,000,000,000, got 1000000000001"):
        read_source(path, limit=10**12 + 1)


def test_missing_files_and_unknown_kinds_are_errors(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="there is no file or folder gone.csv"):
        read_source("gone.csv")
    with pytest.raises(ValueError, match="there is no file or folder ./gone"):
        read_source("./gone")
    (tmp_path / "picture.png").write_bytes(b"x")
    with pytest.raises(ValueError, match="none of the files that can be read: .csv, .tsv"):
        read_source(str(tmp_path / "picture.png"))
    with pytest.raises(ValueError, match="limit must be at least 1, got 0"):
        read_source("docs", limit=0)


@pytest.fixture
def data_set(tmp_path: Path) -> str:
    import datasets

    features = datasets.Features(
        {"content": datasets.Value("string"), "label": datasets.ClassLabel(names=["no", "yes"])}
    )
    rows = {"content": ["one", "two", "three"], "label": [1, 0, -1]}
    folder = tmp_path / "numbers"
    for split in ("train", "test"):
        datasets.Dataset.from_dict(rows, features=features).to_parquet(folder / "data" / f"{split}-0.parquet")
    return str(folder)


def test_a_data_set_folder_gives_class_names_as_labels(data_set: str) -> None:
    source = read_source(data_set)
    assert source.documents == [
        Document("0", "one", "yes"),
        Document("1", "two", "no"),
        Document("2", "three"),
    ]
    assert (source.name, source.description["split"]) == ("numbers", "train")


def test_splits_slices_and_limits_go_together(data_set: str) -> None:
    assert texts(read_source(data_set, split="test[1:]", limit=1)) == ["two"]
    with pytest.raises(ValueError, match=r"cannot load the data set .*numbers: Unknown split .*nope"):
        read_source(data_set, split="nope")


def test_a_data_set_column_that_does_not_exist_is_told_with_those_that_do(data_set: str) -> None:
    with pytest.raises(ValueError, match="no column 'text'; its columns are: content, label"):
        read_source(data_set, text_column="text")


def test_a_folder_without_data_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot load the data set"):
        read_source(str(tmp_path))


@pytest.mark.parametrize(
    ("file", "content", "why"),
    [
        ("folder.py", "raise SystemExit", "scripts are no longer supported"),
        ("README.md", "---\nconfigs: [\n---\n", "expected|flow|YAML|parsing"),
    ],
)
def test_a_data_set_folder_that_cannot_be_loaded_is_one_clear_line(
    tmp_path: Path, file: str, content: str, why: str
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / file).write_text(content)
    (folder / "rows.csv").write_text("text\na\n")
    with pytest.raises(ValueError, match=rf"cannot load the data set .*({why})") as caught:
        read_source(str(folder))
    assert "\n" not in str(caught.value)


def test_files_of_a_folder_that_do_not_fit_together_say_why(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text\na\n")
    (tmp_path / "b.csv").write_text("other,columns\nb,c\n")
    with pytest.raises(ValueError, match="columns"):
        read_source(str(tmp_path))


def test_a_blank_source_is_an_error() -> None:
    with pytest.raises(ValueError, match="name a source"):
        read_source("  ")


def test_a_hub_that_cannot_be_reached_is_told_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub

    def refuse(*args: object, **kwargs: object) -> None:
        raise ConnectionError("no route")

    monkeypatch.setattr(huggingface_hub.HfApi, "repo_info", refuse)
    with pytest.raises(
        ValueError, match=r"no folder some/where, and the .* hub can't be reached .*\(no route\).*OFFLINE"
    ):
        read_source("some/where")


@pytest.mark.parametrize("name", ["data/my/reviews", "my reviews"])
def test_a_name_the_hub_cannot_have_is_told_without_asking_it(name: str) -> None:
    with pytest.raises(ValueError, match=f"there is no folder {name}, and no data set on the hub can have this name"):
        read_source(name)


def test_offline_and_not_cached_is_an_error() -> None:
    with pytest.raises(ValueError, match="cannot load the data set some/where"):
        read_source("some/where")


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("docs", "docs"),
        ("docs:numpy,pandas", "docs"),
        ("stanfordnlp/imdb", "imdb"),
        ("imdb", "imdb"),
        ("/some/where/", "where"),
        ("../my data", "my-data"),
        ("...", "corpus"),
    ],
)
def test_corpora_are_named_after_their_source(source: str, name: str) -> None:
    assert default_name(source) == name


def test_package_documentation_is_labelled_by_package() -> None:
    source = read_source("docs:numpy", limit=50)
    assert len(source.documents) == 50
    assert {document.label for document in source.documents} == {"numpy"}
    assert source.description == {"source": "docs:numpy", "limit": 50}
    first = source.documents[0]
    assert first.text.startswith(f"{first.doc_id}\n\n")


def test_imdb_is_read_as_it_is(shared_datasets: Path) -> None:
    source = read_source(str(shared_datasets / "imdb"), split="train", limit=1000)
    assert len(source.documents) == 1000
    assert [document.doc_id for document in source.documents[:2]] == ["0", "1"]
    assert source.documents[0].text.startswith("I rented I AM CURIOUS-YELLOW from my video store")
    assert source.documents[0].label == "neg"
