"""Folders that a README describes: configurations and splits as ``datasets`` resolves them, cells as they stand."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exemplar.data.documents import Document, Problem
from exemplar.data.errors import ExemplarError
from tests.support.damage import as_parquet
from tests.support.reading import documents, problems, read, texts
from tests.support.samples import arrow_stream

AS_THEY_STAND = ["NA", "007", "2020-01-01", "1e5", "None", "", " x ", "null", "nan", "1.0", "True", "1,000"]
SPLITS = [("train", "data/train-*"), ("test", "data/test-*")]


def described(folder: Path, files: dict[str, str], settings: str = "") -> str:
    """Write a data set with these files, and return its folder."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8", newline="")
    if not settings:
        paths = "".join(f"  - split: {split}\n    path: {path}\n" for split, path in SPLITS if split in "".join(files))
        settings = f"configs:\n- config_name: default\n  data_files:\n{paths}"
    (folder / "README.md").write_text(f"---\n{settings}---\n# Rows\n", encoding="utf-8")
    return str(folder)


def csv_of(rows: list[list[str]]) -> str:
    file = io.StringIO()
    csv.writer(file).writerows(rows)
    return file.getvalue()


def lines_of(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def both(suffix: str, rows: list[dict[str, str]]) -> dict[str, str]:
    if suffix == ".csv":
        content = csv_of([list(rows[0]), *(list(row.values()) for row in rows)])
    else:
        content = lines_of(rows) if suffix == ".jsonl" else json.dumps(rows)
    return {f"data/train-0{suffix}": content, f"data/test-0{suffix}": content}


@pytest.mark.parametrize("suffix", [".csv", ".json", ".jsonl"])
def test_cells_come_through_as_they_stand(tmp_path: Path, suffix: str) -> None:
    rows = [{"text": "t" + cell, "id": f"0{n}", "cell": cell} for n, cell in enumerate(AS_THEY_STAND)]
    folder = described(tmp_path / "rows", both(suffix, rows))
    found = documents(read(folder))
    assert [document.text for document in found] == ["t" + cell for cell in AS_THEY_STAND]
    assert [document.doc_id for document in found] == [row["id"] for row in rows]
    kept = [document.metadata.get("cell", "") for document in found]
    assert kept == AS_THEY_STAND
    alone = documents(read(f"{folder}/data/train-0{suffix}"))
    assert [(each.doc_id, each.text, each.metadata) for each in found] == [
        (each.doc_id, each.text, each.metadata) for each in alone
    ]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
@pytest.mark.parametrize("cell", [cell for cell in AS_THEY_STAND if cell])
def test_a_text_is_read_as_it_stands(tmp_path: Path, suffix: str, cell: str) -> None:
    folder = described(tmp_path / "rows", both(suffix, [{"text": cell, "label": cell}]))
    [document] = documents(read(folder, split="test"))
    assert (document.text, [label.strip() for label in document.labels]) == (cell, [cell.strip()])


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.lists(st.text(st.characters(codec="utf-8", categories=("L", "N", "P")), max_size=8), min_size=2, max_size=2)
    )
)
def test_any_cells_are_those_of_the_file_alone(tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]) -> None:
    folder = tmp_path_factory.mktemp("any") / "rows"
    content = csv_of([["text", "other"], ["the first", "x"], *rows])
    described(folder, {"data/train-0.csv": content})
    found, alone = documents(read(str(folder))), documents(read(str(folder / "data" / "train-0.csv")))
    assert [(each.doc_id, each.text, each.metadata) for each in found] == [
        (each.doc_id, each.text, each.metadata) for each in alone
    ]


def test_splits_and_slices_count_the_rows_of_all_files(tmp_path: Path) -> None:
    files = {f"data/train-{n}.csv": csv_of([["text"], *([f"{n}{row}"] for row in range(4))]) for n in range(2)}
    folder = described(tmp_path / "rows", files | {"data/test-0.csv": csv_of([["text"], ["t"]])})
    assert texts(read(folder)) == ["00", "01", "02", "03", "10", "11", "12", "13"]
    assert [document.doc_id for document in documents(read(folder))] == list(map(str, range(8)))
    assert texts(read(folder, split="train[3:6]")) == ["03", "10", "11"]
    assert texts(read(folder, split="train[:25%]+test")) == ["00", "01", "t"]
    assert texts(read(folder, split="test+train[-1:]")) == ["t", "13"]
    with pytest.raises(ExemplarError, match=r"cannot load the data set .*rows: Unknown split .dev.. .*train.*test"):
        read(folder, split="dev")


def test_a_row_that_cannot_be_read_keeps_its_place_in_a_slice(tmp_path: Path) -> None:
    lines = '{"text": "a"}\n{broken\n{"text": "c"}\n'
    folder = described(tmp_path / "rows", {"data/train-0.jsonl": lines, "data/test-0.jsonl": lines})
    [problem] = problems(read(folder, split="train[:2]"))
    assert (problem.where, texts(read(folder, split="train[:2]"))) == ("data/train-0.jsonl, line 2", ["a"])
    assert [document.doc_id for document in documents(read(folder, split="train"))] == ["0", "2"]


def test_names_of_classes_in_the_readme_become_labels(tmp_path: Path) -> None:
    classes = "dataset_info:\n  features:\n  - name: text\n    dtype: string\n  - name: label\n    dtype:\n"
    classes += "      class_label:\n        names:\n          '0': bad\n          '1': yes\n"
    files = "configs:\n- config_name: default\n  data_files: rows.csv\n"
    folder = described(tmp_path / "rows", {"rows.csv": "text,label\na,0\nb,1\nc,bad\nd,7\n"}, files + classes)
    assert [document.labels for document in documents(read(folder))] == [("bad",), ("True",), ("bad",), ("7",)]


@pytest.mark.parametrize("kind", ["csv", "tsv"])
def test_what_a_readme_says_of_reading_is_obeyed(tmp_path: Path, kind: str) -> None:
    files = f"configs:\n- config_name: default\n  data_files: rows.{kind}\n"
    if kind == "csv":
        folder = described(tmp_path / "rows", {"rows.csv": "a;b\nc;d\n"}, files + "  sep: ;\n  names: [text, other]\n")
        assert [(each.text, each.metadata) for each in documents(read(folder))] == [
            ("a", {"other": "b"}),
            ("c", {"other": "d"}),
        ]
    else:
        folder = described(tmp_path / "rows", {"rows.tsv": "text\tn\nNA\t007\n"}, files)
        assert [(each.text, each.metadata) for each in documents(read(folder))] == [("NA", {"n": "007"})]


def test_a_column_of_mixed_types_is_read(tmp_path: Path) -> None:
    rows = [{"text": "one", "mixed": 1}, {"text": "two", "mixed": "s"}, {"text": "three", "mixed": {"a": [1]}}]
    folder = described(tmp_path / "rows", both(".jsonl", rows))
    assert [each.metadata for each in documents(read(folder))] == [
        {"mixed": "1"},
        {"mixed": "s"},
        {"mixed": '{"a":[1]}'},
    ]


def test_a_saved_column_of_mixed_types_is_read(tmp_path: Path) -> None:
    import datasets

    described(tmp_path / "rows", {"data/train-0.jsonl": lines_of([{"text": "a", "m": 1}, {"text": "b", "m": "s"}])})
    loaded = datasets.load_dataset(str(tmp_path / "rows"), split="train")
    assert type(loaded.features["m"]).__name__ == "Json"
    loaded.save_to_disk(tmp_path / "saved")
    source = read(str(tmp_path / "saved"))
    assert source.columns() == ("text", "m")
    assert [each.metadata for each in documents(source)] == [{"m": "1"}, {"m": "s"}]
    assert texts(read(str(tmp_path / "saved"), text_column="m")) == ["1", "s"]


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    folder = described(tmp_path / "rows", {"data/train-0.csv": "text\na\n", "data/train-1.csv": ""})
    with pytest.raises(ExemplarError, match=r"cannot read data/train-1.csv of .*rows: it is empty"):
        read(folder)


def test_a_broken_encoding_is_told_and_the_next_files_follow(tmp_path: Path) -> None:
    folder = described(tmp_path / "rows", {"data/train-0.csv": "text\na\n", "data/train-1.csv": "text\nb\n"})
    (tmp_path / "rows" / "data" / "train-0.csv").write_bytes(b"text\ncaf\xe9\n")
    assert list(read(folder).read()) == [
        Problem("line 2 of data/train-0.csv", "not UTF-8, read as cp1252", left_out=False),
        Document("0", "caf\u00e9"),
        Document("1", "b"),
    ]


def test_what_only_later_rows_have_is_kept(tmp_path: Path) -> None:
    rows = [{"text": f"t{n}"} for n in range(1200)] + [{"text": "last", "late": "kept"}]
    folder = described(tmp_path / "rows", {"data/train-0.jsonl": lines_of(rows)})
    last = documents(read(folder))[-1]
    assert (last.metadata, last.cells, last.file) == ({"late": "kept"}, rows[-1], "data/train-0.jsonl")
    folder = described(tmp_path / "more", {"data/train-0.csv": "id,text,\n001,hello,extra note\n"})
    assert documents(read(folder)) == [Document("001", "hello", (), {"column 3": "extra note"})]


def saved(folder: Path, **splits: list[str]) -> str:
    """Save a data set of texts, with a split each, or without one if there is only ``rows``."""
    import datasets

    features = datasets.Features(
        {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["even", "odd"])}
    )
    made = {
        split: datasets.Dataset.from_dict(
            {"text": found, "label": [n % 2 for n in range(len(found))]}, features=features
        )
        for split, found in splits.items()
    }
    if list(made) == ["rows"]:
        made["rows"].save_to_disk(folder, num_shards=min(3, len(made["rows"])))
    else:
        datasets.DatasetDict(made).save_to_disk(folder)
    return str(folder)


def test_a_saved_data_set_is_read_over_all_its_files(tmp_path: Path) -> None:
    source = read(saved(tmp_path / "rows", rows=[f"text {n}" for n in range(7)]))
    assert len(list((tmp_path / "rows").glob("*.arrow"))) == 3
    assert texts(source) == [f"text {n}" for n in range(7)]
    assert [each.labels for each in documents(source)][:3] == [("even",), ("odd",), ("even",)]
    [first, *_] = sorted((tmp_path / "rows").glob("*.arrow"))
    assert documents(read(str(first)))[1] == Document("1", "text 1", ("odd",))


def test_the_splits_of_a_saved_data_set_are_listed_unless_it_has_one(tmp_path: Path) -> None:
    path = saved(tmp_path / "two", dev=["a"], test=["b", "c"])
    with pytest.raises(ExemplarError, match=r"two: Unknown split \"train\". Should be one of \['dev', 'test'\]"):
        read(path)
    assert texts(read(path, split="test[1:]")) == ["c"]
    source = read(saved(tmp_path / "one", test=["b", "c"]))
    assert (texts(source), source.spec.split) == (["b", "c"], "test")


def test_a_selection_is_saved_as_it_is(tmp_path: Path) -> None:
    import datasets

    rows = datasets.Dataset.from_dict({"text": ["a", "b", "c", "d"]}, split="test")
    rows.select([2, 0]).save_to_disk(tmp_path / "rows")
    assert texts(read(str(tmp_path / "rows"))) == ["c", "a"]


@pytest.mark.parametrize("name", ["../secret/data-00000-of-00001.arrow", "/etc/passwd", "..", 5])
def test_a_saved_data_set_cannot_name_files_elsewhere(tmp_path: Path, name: object) -> None:
    saved(tmp_path / "secret", rows=["a secret"])
    path = saved(tmp_path / "rows", rows=["a"])
    state = json.loads((tmp_path / "rows" / "state.json").read_text())
    (tmp_path / "rows" / "state.json").write_text(json.dumps(state | {"_data_files": [{"filename": name}]}))
    with pytest.raises(ExemplarError, match="state.json names files that are not in the folder"):
        read(path)
    path = saved(tmp_path / "both", a=["a"], b=["b"])
    (tmp_path / "both" / "dataset_dict.json").write_text(json.dumps({"splits": ["a", "../secret"]}))
    with pytest.raises(ExemplarError, match="dataset_dict.json names no splits"):
        read(path)


def test_a_damaged_saved_data_set_is_told(tmp_path: Path) -> None:
    path = saved(tmp_path / "rows", rows=["a"])
    (tmp_path / "rows" / "state.json").write_text("{")
    with pytest.raises(ExemplarError, match="state.json can't be read"):
        read(path)


@pytest.mark.parametrize("suffix", [".parquet", ".arrow", ".jsonl"])
def test_a_column_may_be_empty_in_one_file_and_full_in_another(tmp_path: Path, suffix: str) -> None:
    for name, note in (("a", pa.nulls(1)), ("b", pa.array(["n"])), ("c", pa.array([7]))):
        table = pa.table({"text": [name], "note": note})
        write = {".parquet": as_parquet, ".arrow": arrow_stream}.get(suffix, lambda t: lines_of(t.to_pylist()).encode())
        (tmp_path / f"{name}{suffix}").write_bytes(write(table))
    assert [(each.text, each.metadata) for each in documents(read(str(tmp_path)))] == [
        ("a", {}),
        ("b", {"note": "n"}),
        ("c", {"note": "7"}),
    ]
