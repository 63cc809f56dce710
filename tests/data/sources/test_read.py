import gzip
import itertools
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from exemplar.data.documents import Document, Problem
from exemplar.data.sources.columns import Columns
from exemplar.data.sources.read import default_name, read_source
from exemplar.data.sources.spec import SourceSpec
from tests.support.reading import documents, numbered, problems, read, texts, write


def test_missing_files_and_unknown_kinds_are_errors(tmp_path: Path) -> None:
    for name in ("gone.csv", "gone.jsonl.gz", "gone.zip", "gone.md"):
        with pytest.raises(ValueError, match=f"there is no file or folder {name}"):
            read(name)
    with pytest.raises(ValueError, match="there is no file or folder ./gone"):
        read("./gone")
    (tmp_path / "picture.png").write_bytes(b"x")
    with pytest.raises(ValueError, match="can't read files such as .*; it reads .csv, .tsv"):
        read(str(tmp_path / "picture.png"))
    with pytest.raises(ValueError, match="limit must be at least 1, got 0"):
        read("docs", limit=0)


def test_a_blank_source_is_an_error() -> None:
    with pytest.raises(ValueError, match="name a source"):
        read("  ")


@pytest.mark.parametrize(("option", "value"), [("config", "en"), ("split", "test"), ("revision", "v1")])
def test_a_file_has_no_splits(tmp_path: Path, option: str, value: str) -> None:
    path = write(tmp_path / "rows.csv")
    with pytest.raises(ValueError, match=rf"only a Hugging Face data set has a {option}, and .*rows.csv is not one"):
        read(path, **{option: value})


@pytest.fixture
def data_set(tmp_path: Path) -> str:
    import datasets

    features = datasets.Features(
        {
            "content": datasets.Value("string"),
            "label": datasets.ClassLabel(names=["no", "yes"]),
            "tags": datasets.List(datasets.Value("string")),
            "picture": datasets.Image(),
            "nested": {"a": datasets.Value("int64")},
        }
    )
    rows = {
        "content": ["one", "two", "three"],
        "label": [1, 0, -1],
        "tags": [["x", "y"], [], []],
        "picture": [{"bytes": b"no picture", "path": None}] * 3,
        "nested": [{"a": 1}] * 3,
    }
    folder = tmp_path / "numbers"
    for split in ("train", "test"):
        datasets.Dataset.from_dict(rows, features=features).to_parquet(folder / "data" / f"{split}-0.parquet")
    return str(folder)


NUMBERS = [
    Document("0", "one", ("yes",), {"tags": "x, y", "nested": '{"a":1}'}),
    Document("1", "two", ("no",), {"nested": '{"a":1}'}),
    Document("2", "three", (), {"nested": '{"a":1}'}),
]


@pytest.mark.parametrize("streaming", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_a_data_set_folder_gives_class_names_as_labels_and_decodes_no_pictures(data_set: str, streaming: bool) -> None:
    source = read(data_set, streaming=streaming)
    assert list(source.read()) == NUMBERS
    assert list(source.read()) == NUMBERS
    assert (source.name, numbered(source)) == ("numbers", True)
    assert source.spec == SourceSpec(
        data_set, split="train", streaming=streaming, text_column="content", label_column="label"
    )


def test_splits_slices_and_limits_go_together(data_set: str) -> None:
    assert texts(read(data_set, split="test[1:]", limit=1)) == ["two"]
    with pytest.raises(ValueError, match=r"cannot load the data set .*numbers: Unknown split .*nope.*train.*test"):
        read(data_set, split="nope")


@pytest.mark.slow
def test_a_streamed_data_set_has_limits_and_whole_splits_but_no_slices(data_set: str) -> None:
    assert texts(read(data_set, split="train+test", limit=4, streaming=True)) == ["one", "two", "three", "one"]
    with pytest.raises(ValueError, match=r"has no slices, got the split 'train\[:2\]'; use a full split and a limit"):
        read(data_set, split="train[:2]", streaming=True)
    with pytest.raises(ValueError, match=r"cannot load the data set .*numbers: Unknown split .*nope.*train.*test"):
        read(data_set, split="nope", streaming=True)


@pytest.mark.slow
def test_streamed_rows_without_known_columns_are_read(tmp_path: Path) -> None:
    write(tmp_path / "rows.jsonl", [{"text": "a", "label": "x"}, {"text": "b", "label": "y"}])
    source = read(str(tmp_path), split="train", streaming=True)
    assert documents(source) == [Document("0", "a", ("x",)), Document("1", "b", ("y",))]


def test_a_data_set_column_that_cannot_be_used_is_told(data_set: str) -> None:
    with pytest.raises(ValueError, match="no column 'text'; its columns are: content, label, tags, nested"):
        read(data_set, text_column="text")
    with pytest.raises(ValueError, match=r"column 'picture' of .*numbers can't be read as text: it holds Image"):
        read(data_set, label_column="picture")


@pytest.fixture
def configured(tmp_path: Path) -> str:
    folder = tmp_path / "languages"
    for language in ("en", "de"):
        (folder / language).mkdir(parents=True)
        write(folder / language / "rows.csv", [{"text": f"{language} one"}, {"text": f"{language} two"}])
    configs = "".join(f"- config_name: {each}\n  data_files: {each}/rows.csv\n" for each in ("en", "de"))
    (folder / "README.md").write_text(f"---\nlicense: mit\nconfigs:\n{configs}---\n# Languages\n")
    return str(folder)


def test_a_configuration_of_a_folder_is_read(configured: str) -> None:
    source = read(configured, config="de", revision="v1")
    assert texts(source) == ["de one", "de two"]
    assert (source.spec.config, source.spec.revision) == ("de", "v1")
    with pytest.raises(ValueError, match=r"cannot load the data set .*languages: Config name is missing.*'en', 'de'"):
        read(configured)


@pytest.mark.parametrize("options", [{}, {"split": "train[:2]"}])
def test_a_folder_that_was_saved_to_disk_is_read(tmp_path: Path, options: dict[str, str]) -> None:
    import datasets

    data_set = datasets.Dataset.from_dict({"text": ["a", "b"]})
    data_set.save_to_disk(tmp_path / "one")
    datasets.DatasetDict({"train": data_set, "test": data_set}).save_to_disk(tmp_path / "both")
    assert texts(read(str(tmp_path / "one"), **options)) == ["a", "b"]
    assert texts(read(str(tmp_path / "both"), **options)) == ["a", "b"]
    assert texts(read(str(tmp_path / "both"), split="test[1:]+train")) == ["b", "a", "b"]
    with pytest.raises(ValueError, match=r"both: Unknown split \"dev\". Should be one of \['train', 'test'\]"):
        read(str(tmp_path / "both"), split="dev")


def test_a_data_set_folder_with_a_link_that_leads_out_is_refused(data_set: str, tmp_path: Path) -> None:
    (tmp_path / "secret.parquet").write_bytes((Path(data_set) / "data" / "train-0.parquet").read_bytes())
    (Path(data_set) / "data" / "train-1.parquet").symlink_to(tmp_path / "secret.parquet")
    with pytest.raises(ValueError, match=r"data/train-1.parquet is a link that leads out of the folder"):
        read(data_set)


@pytest.mark.parametrize(
    ("file", "content"), [("folder.py", "raise SystemExit"), ("README.md", "# Rows\n"), ("x.md", "---\nconfigs:\n---")]
)
def test_a_folder_of_files_is_no_data_set(tmp_path: Path, file: str, content: str) -> None:
    (tmp_path / file).write_text(content)
    (tmp_path / "rows.csv").write_text("text\na\n")
    assert Document("rows.csv#0", "a") in documents(read(str(tmp_path)))


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
        read(str(folder), split="train")
    assert "\n" not in str(caught.value)


def test_files_of_a_data_set_that_do_not_fit_together_are_read_as_far_as_they_do(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text\na\n")
    (tmp_path / "b.csv").write_text("other,columns\nb,c\n")
    (tmp_path / "c.csv").write_text("more,text\nm,c\n")
    source = read(str(tmp_path), split="train")
    assert source.columns() == ("text", "other", "columns", "more")
    assert list(source.read()) == [
        Document("0", "a"),
        Problem("b.csv, line 2", "no text"),
        Document("2", "c", (), {"more": "m"}),
    ]


def test_a_hub_that_cannot_be_reached_is_told_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub

    def refuse(*args: object, **kwargs: object) -> None:
        raise ConnectionError("no route")

    monkeypatch.setattr(huggingface_hub.HfApi, "repo_info", refuse)
    with pytest.raises(
        ValueError, match=r"no folder some/where, and the .* hub can't be reached .*\(no route\).*OFFLINE"
    ):
        read("some/where")


def test_the_hub_is_asked_for_the_revision(monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub
    from huggingface_hub.errors import RevisionNotFoundError

    def refuse(self: object, name: str, *, revision: str, **kwargs: object) -> None:
        raise RevisionNotFoundError(f"{name} {revision}", response=SimpleNamespace(headers={}, request=None))

    monkeypatch.setattr(huggingface_hub.HfApi, "repo_info", refuse)
    with pytest.raises(ValueError, match="the data set some/where on the hub has no revision v7"):
        read("some/where", revision="v7")


@pytest.mark.parametrize("name", ["data/my/reviews", "my reviews"])
def test_a_name_the_hub_cannot_have_is_told_without_asking_it(name: str) -> None:
    with pytest.raises(ValueError, match=f"there is no folder {name}, and no data set on the hub can have this name"):
        read(name)


def test_offline_and_not_cached_is_an_error() -> None:
    with pytest.raises(ValueError, match="cannot load the data set some/where"):
        read("some/where")


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


@pytest.mark.parametrize("file", ["reviews.csv", "reviews.csv.gz", "reviews.CSV.GZ", "reviews.zip"])
def test_corpora_of_files_are_named_without_the_suffixes(tmp_path: Path, file: str) -> None:
    (tmp_path / file).touch()
    assert default_name(str(tmp_path / file)) == "reviews"


@pytest.mark.slow
def test_package_documentation_is_labelled_by_package() -> None:
    source = read("docs:numpy", limit=50)
    found = documents(source)
    assert (len(found), problems(source), numbered(source)) == (50, [], False)
    assert {document.labels for document in found} == {("numpy",)}
    assert source.spec == SourceSpec("docs:numpy", limit=50)
    assert [document.title for document in found] == [document.doc_id for document in found]
    with pytest.raises(ValueError, match="there is no installed package 'nope'"):
        read("docs:nope")


@pytest.mark.slow
@pytest.mark.parametrize("streaming", [False, True])
def test_imdb_is_read_as_it_is(shared_datasets: Path, streaming: bool) -> None:
    found = documents(read(str(shared_datasets / "imdb"), split="train", limit=1000, streaming=streaming))
    assert [document.doc_id for document in found] == [str(row) for row in range(1000)]
    assert found[0].text.startswith("I rented I AM CURIOUS-YELLOW from my video store")
    assert {document.labels for document in found} == {("neg",)}


@pytest.mark.slow
def test_imdb_files_are_read_as_the_data_set_is(shared_datasets: Path) -> None:
    imdb = shared_datasets / "imdb"
    file = read(str(imdb / "plain_text" / "train-00000-of-00001.parquet"))
    folder = read(str(imdb))
    assert list(itertools.islice(file.read(), 500)) == list(itertools.islice(folder.read(), 500))
    assert not any(isinstance(found, Problem) for found in file.read())


@pytest.fixture
def stored() -> Iterator[Callable[[str, str], str]]:
    """Copies a file into storage and returns its URL."""
    import fsspec

    memory = fsspec.filesystem("memory")

    def store(path: str, name: str) -> str:
        memory.pipe(f"/bucket/{name}", Path(path).read_bytes())
        return f"memory://bucket/{name}"

    yield store
    memory.store.clear()
    memory.pseudo_dirs[:] = [""]


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", ".json", ".parquet"])
def test_a_table_in_storage_is_read_as_the_one_on_disk(
    tmp_path: Path, stored: Callable[[str, str], str], suffix: str
) -> None:
    path = write(tmp_path / f"rows{suffix}")
    url = stored(path, f"rows{suffix}")
    there, here = read(url, label_column="kind"), read(path, label_column="kind")
    assert list(there.read()) == list(here.read())
    assert list(there.read()) == list(here.read())
    assert (there.name, there.columns()) == ("rows", here.columns())
    assert there.spec == replace(here.spec, source=url)
    assert list(read_source(there.spec).read()) == list(here.read())


def test_texts_and_packed_files_in_storage_are_read(tmp_path: Path, stored: Callable[[str, str], str]) -> None:
    (tmp_path / "a.txt").write_text("one text\n")
    (tmp_path / "rows.csv.gz").write_bytes(gzip.compress(b"text\nfirst\nsecond\n"))
    note = read(stored(str(tmp_path / "a.txt"), "a.txt"))
    assert (note.name, documents(note)) == ("a", [Document("a.txt", "one text\n")])
    packed = read(stored(str(tmp_path / "rows.csv.gz"), "rows.csv.gz"))
    assert (packed.name, texts(packed)) == ("rows", ["first", "second"])


def test_a_folder_in_storage_is_read_by_its_files(tmp_path: Path, stored: Callable[[str, str], str]) -> None:
    for name in ("b/2.parquet", "1.parquet"):
        stored(write(tmp_path / "rows.parquet"), f"reviews/{name}")
    (tmp_path / "x").write_bytes(b"x")
    for name in (".hidden.csv", "picture.png"):
        stored(str(tmp_path / "x"), f"reviews/{name}")
    source = read("memory://bucket/reviews/")
    assert [document.doc_id for document in documents(read("memory://bucket/reviews"))] == [
        *(f"1.parquet#{row}" for row in range(3)),
        *(f"b/2.parquet#{row}" for row in range(3)),
    ]
    assert (source.name, source.columns()) == ("reviews", ("key", "text", "kind", "stars"))
    assert problems(source) == [Problem("picture.png", "not a kind that is read")]


def test_a_file_url_is_its_path(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.csv")
    source = read(f"file://{path}")
    assert (source.name, source.spec.source) == ("rows", path)
    assert default_name(f"file://{path}") == "rows"


def test_what_is_not_in_storage_or_cannot_be_reached_is_told(
    tmp_path: Path, stored: Callable[[str, str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def said(url: str, **choices: str) -> str:
        with pytest.raises(ValueError, match=".") as told:
            read(url, **choices)
        return str(told.value)

    assert said("memory://bucket/gone.parquet") == "there is no file or folder memory://bucket/gone.parquet"
    assert said("memory://bucket/gone/") == "there is no file or folder memory://bucket/gone/"
    assert said("nope://bucket/x.csv") == "Exemplar can't read from nope://; for a local file give its path alone"
    picture = stored(write(tmp_path / "rows.csv"), "rows.png")
    assert said(picture).startswith(f"Exemplar can't read files such as {picture}; it reads .csv, ")
    table = stored(write(tmp_path / "rows.csv"), "rows.csv")
    assert said(table, split="test") == f"only a Hugging Face data set has a split, and {table} is not one"
    monkeypatch.setitem(sys.modules, "s3fs", None)
    assert said("s3://bucket/rows.csv") == "reading s3:// needs another package: pip install s3fs"


def test_storage_that_fails_in_the_middle_is_told(
    tmp_path: Path, stored: Callable[[str, str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import fsspec.implementations.memory

    class Expired(Exception):
        """As storages have them: no error of files."""

    def fail(*_: object) -> bytes:
        raise Expired("the token has expired")

    source = read(stored(write(tmp_path / "rows.csv"), "rows.csv"))
    monkeypatch.setattr(fsspec.implementations.memory.MemoryFile, "read", fail, raising=False)
    with pytest.raises(ValueError, match="^cannot read memory://bucket/rows.csv: the token has expired$"):
        list(source.read())


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        ("Ticket ID,Subject,Body,Status", Columns("Body", "Subject")),
        ("Key,Title,Abstract Note", Columns("Abstract Note", "Title")),
        ("Summary,Issue key,Description,Labels", Columns("Description", "Summary", "Labels")),
        ("Article_Title,ABSTRACT,doc-id", Columns("ABSTRACT", "Article_Title", None, "doc-id")),
        ("Headline,text, Class ", Columns("text", "Headline", "Class")),
        ("id,title,selftext", Columns("selftext", "title", None, "id")),
    ],
)
def test_columns_are_guessed_by_the_names_that_exports_give_them(header: str, columns: Columns, tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text(f"{header}\n" + ",".join("abcdefg"[: header.count(",") + 1]) + "\n")
    found = read(str(path)).spec.columns
    assert Columns(*(name and name.strip() for name in (found.text, found.title, found.label, found.id))) == columns
