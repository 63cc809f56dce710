import gzip
import os
import sys
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pypdf
import pytest

from exemplar.data.building.build import build_corpus
from exemplar.data.documents import Document, Problem
from exemplar.data.sources.spec import SourceSpec
from tests.support.fake_encoder import FakeEncoder
from tests.support.pdf import encrypted, pdf
from tests.support.reading import documents, numbered, problems, read, texts, write


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "folder"
    (folder / "notes").mkdir(parents=True)
    return folder


def test_a_folder_of_texts_is_a_document_a_file(folder: Path) -> None:
    (folder / "b.txt").write_text("the b")
    (folder / "notes" / "a.MD").write_text("# The a\n")
    (folder / "notes" / "packed.rst.gz").write_bytes(gzip.compress(b"packed"))
    (folder / "notes" / "paper.pdf").write_bytes(pdf("Hello cats"))
    (folder / ".hidden.txt").write_text("hidden")
    (folder / ".git").mkdir()
    (folder / ".git" / "x.txt").write_text("hidden")
    (folder / "picture.png").write_bytes(b"x")
    source = read(str(folder))
    assert list(source.read()) == [
        Problem("picture.png", "not a kind that is read"),
        Document("b.txt", "the b"),
        Document("notes/a.MD", "# The a\n"),
        Document("notes/packed.rst.gz", "packed"),
        Document("notes/paper.pdf", "Hello cats", (), {"pages": "1", "title": "On cats"}),
    ]
    assert (source.name, numbered(source)) == ("folder", False)
    assert source.spec == SourceSpec(str(folder))


def test_files_that_cannot_be_read_are_told_and_the_others_kept(folder: Path) -> None:
    (folder / "a.csv").write_text('text\nfirst\n"open\n')
    (folder / "b.parquet").write_bytes(b"PAR1 and nothing more")
    (folder / "binary.txt").write_bytes(b"\x00\xff\x00\xfe")
    (folder / "blank.txt").write_text(" \n")
    (folder / "broken.zip").write_bytes(b"PK and nothing more")
    (folder / "cut.txt.gz").write_bytes(gzip.compress(b"text" * 100)[:-9])
    (folder / "good.txt").write_text("good")
    (folder / "scan.pdf").write_bytes(pdf(""))
    (folder / "torn.pdf").write_bytes(b"%PDF-1.4 and nothing more")
    source = read(str(folder))
    assert documents(source) == [Document("a.csv#0", "first"), Document("good.txt", "good")]
    told = {each.where: each.reason for each in problems(source) if each.left_out}
    assert list(told) == [
        "broken.zip",
        "a.csv",
        "b.parquet",
        "binary.txt",
        "blank.txt",
        "cut.txt.gz",
        "scan.pdf",
        "torn.pdf",
    ]
    assert told["a.csv"].startswith("the quote that opens on line 3 never closes; close it")
    assert told["broken.zip"] == "File is not a zip file"
    assert told["binary.txt"].startswith("it is not text")
    assert (told["blank.txt"], told["scan.pdf"]) == ("no text", "no text")
    assert told["torn.pdf"].startswith("a PDF that can't be read: ")


def test_tables_of_a_folder_may_have_different_columns(folder: Path) -> None:
    write(folder / "a.csv", [{"text": "one", "label": "x"}, {"text": ""}])
    write(folder / "notes" / "b.jsonl", [{"body": "two", "year": 1999}])
    write(folder / "c.csv", [{"other": "no"}])
    (folder / "d.jsonl").write_bytes(b'{"text": "caf\xe9"}\n[]\n')
    source = read(str(folder))
    assert list(source.read()) == [
        Document("a.csv#0", "one", ("x",)),
        Problem("a.csv, line 3", "no text"),
        Problem("c.csv", "say which column of it holds the text"),
        Problem("line 1 of d.jsonl", "not UTF-8, read as cp1252", left_out=False),
        Document("d.jsonl#0", "café"),
        Problem("d.jsonl, line 2", "no JSON object"),
        Document("notes/b.jsonl#0", "two", (), {"year": "1999"}),
    ]
    assert numbered(source)
    assert source.spec == SourceSpec(str(folder))


def test_a_named_column_must_be_in_each_table_of_a_folder(folder: Path) -> None:
    write(folder / "a.csv", [{"text": "one", "kind": "x"}])
    write(folder / "b.csv", [{"text": "two"}])
    assert list(read(str(folder), label_column="kind").read()) == [
        Document("a.csv#0", "one", ("x",)),
        Problem("b.csv", "it has no column 'kind'"),
    ]


def test_a_limit_holds_for_a_folder_as_a_whole(folder: Path) -> None:
    write(folder / "a.csv", [{"text": "one"}, {"text": "two"}])
    write(folder / "b.csv", [{"text": "three"}, {"text": "four"}])
    assert texts(read(str(folder), limit=3)) == ["one", "two", "three"]


def test_ids_differ_over_all_of_a_folder(folder: Path) -> None:
    write(folder / "a.csv", [{"text": "one", "id": "1"}, {"text": "two", "id": "2"}])
    write(folder / "b.csv", [{"text": "three", "id": "2"}, {"text": "four", "id": "c.txt"}])
    write(folder / "c.txt.csv", [{"text": "five", "id": "b.csv#0"}])
    source = read(str(folder))
    assert [each.doc_id for each in documents(source)] == ["1", "2", "b.csv#2", "c.txt", "b.csv#0"]
    assert problems(source) == [
        Problem("b.csv", "ids of an earlier file; they stand after the name of this one", left_out=False)
    ]
    corpus = build_corpus(source, FakeEncoder())
    assert list(corpus.rows) == ["1", "2", "b.csv#2", "c.txt", "b.csv#0"]
    by_row = documents(read(str(folder), id_column="none"))
    assert [each.doc_id for each in by_row] == ["a.csv#0", "a.csv#1", "b.csv#0", "b.csv#1", "c.txt.csv#0"]


def test_links_that_lead_out_of_a_folder_are_not_followed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "others").mkdir()
    (tmp_path / "others" / "x.txt").write_text("secret")
    (folder / "a.txt").write_text("a")
    (folder / "alias.txt").symlink_to(folder / "a.txt")
    (folder / "again").symlink_to(folder / "notes")
    (folder / "out").symlink_to(tmp_path / "others")
    (folder / "out.txt").symlink_to("../secret.txt")
    (folder / "round").symlink_to(folder)
    assert list(read(str(folder)).read()) == [
        Problem("out", "a link that leads out of the folder"),
        Problem("out.txt", "a link that leads out of the folder"),
        Document("a.txt", "a"),
        Document("alias.txt", "a"),
    ]


def test_a_link_to_the_folder_itself_may_be_named(folder: Path, tmp_path: Path) -> None:
    (folder / "a.txt").write_text("a")
    (tmp_path / "link").symlink_to(folder)
    assert texts(read(str(tmp_path / "link"))) == ["a"]


def test_a_folder_that_cannot_be_read_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse_notes(path: str) -> object:
        if str(path).endswith("notes"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    (folder / "a.txt").write_text("a")
    (folder / "notes" / "b.txt").write_text("b")
    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", refuse_notes)
    assert list(read(str(folder)).read()) == [
        Problem("notes", "a folder that can't be read"),
        Document("a.txt", "a"),
    ]


def test_a_zip_is_read_in_place_and_nothing_is_written(tmp_path: Path) -> None:
    within = tmp_path / "within"
    within.mkdir()
    with zipfile.ZipFile(within / "docs.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../x.txt", "from above")
        archive.writestr("__MACOSX/a.txt", "hidden")
        archive.writestr("more/", "")
        archive.writestr("more/a.csv", "text\none\n")
        archive.writestr("more/paper.pdf", pdf("Hello cats"))
        archive.writestr("packed.txt.gz", gzip.compress(b"packed"))
        archive.writestr("picture.png", b"x")
    before = sorted(tmp_path.rglob("*"))
    source = read(str(within / "docs.zip"))
    expected = [
        Document("../../x.txt", "from above"),
        Document("more/a.csv#0", "one"),
        Document("more/paper.pdf", "Hello cats", (), {"pages": "1", "title": "On cats"}),
        Document("packed.txt.gz", "packed"),
    ]
    assert list(source.read()) == [Problem("picture.png", "not a kind that is read"), *expected]
    assert (source.name, sorted(tmp_path.rglob("*"))) == ("docs", before)
    assert [each.doc_id for each in documents(read(str(within)))] == [f"docs.zip/{e.doc_id}" for e in expected]


def test_a_broken_zip_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"PK and nothing more")
    with pytest.raises(ValueError, match=r"cannot read .*a.zip: File is not a zip file"):
        read(str(tmp_path / "a.zip"))


def test_a_single_file_is_a_document(tmp_path: Path) -> None:
    (tmp_path / "cats.txt.gz").write_bytes(gzip.compress("über cats\n".encode("latin-1")))
    source = read(str(tmp_path / "cats.txt.gz"))
    assert list(source.read()) == [
        Problem("line 1 of cats.txt.gz", "not UTF-8, read as cp1252", left_out=False),
        Document("cats.txt.gz", "über cats\n"),
    ]
    assert (source.name, source.spec) == ("cats", SourceSpec(str(tmp_path / "cats.txt.gz")))


@pytest.mark.parametrize(
    ("content", "why"), [(pdf(""), "no text"), (b"%PDF-1.4", "a PDF that can't be read"), (b"", "a PDF that can't")]
)
def test_a_pdf_without_text_is_an_error(tmp_path: Path, content: bytes, why: str) -> None:
    (tmp_path / "scan.pdf").write_bytes(content)
    with pytest.raises(ValueError, match=f"cannot read .*scan.pdf: {why}"):
        documents(read(str(tmp_path / "scan.pdf")))


@pytest.mark.parametrize("algorithm", ["RC4-128", "AES-128", "AES-256", "AES-256-R5"])
def test_an_encrypted_pdf_is_read_unless_it_wants_a_password(folder: Path, algorithm: str) -> None:
    for name, text in [("a.pdf", "Hello"), ("z.txt", "the last")]:
        (folder / name).write_bytes(pdf(text) if name.endswith("pdf") else text.encode())
    for name, user_password in [("open.pdf", ""), ("secret.pdf", "secret")]:
        (folder / name).write_bytes(encrypted(pdf("Hello"), user_password, algorithm))
    found = read(str(folder))
    assert problems(found) == [Problem("secret.pdf", "a PDF that wants a password; save it without one")]
    assert [(document.doc_id, document.text) for document in documents(found)] == [
        ("a.pdf", "Hello"),
        ("open.pdf", "Hello"),
        ("z.txt", "the last"),
    ]


@pytest.mark.parametrize(
    ("needed", "told"),
    [
        ("cryptography>=3.1 is required for AES algorithm", "an encrypted PDF, which needs cryptography: .*pip "),
        ("brotli is required for BrotliDecode", "a PDF that can't be read: brotli is required for BrotliDecode"),
    ],
)
def test_a_pdf_that_needs_another_package_says_which(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, needed: str, told: str
) -> None:
    def lack(*_: object) -> str:
        raise pypdf.errors.DependencyError(needed)

    monkeypatch.setattr(pypdf.PageObject, "extract_text", lack)
    (tmp_path / "a.pdf").write_bytes(pdf("Hello"))
    with pytest.raises(ValueError, match=f"cannot read .*a.pdf: {told}"):
        documents(read(str(tmp_path / "a.pdf")))


def test_pdf_files_need_pypdf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pypdf", None)
    (tmp_path / "a.pdf").write_bytes(pdf("Hello"))
    with pytest.raises(ValueError, match=r"PDF files need pypdf: .*pip install 'exemplar\[pdf\]'"):
        documents(read(str(tmp_path / "a.pdf")))


def test_long_texts_are_read_and_too_long_ones_told(folder: Path) -> None:
    (folder / "long.txt").write_text("a" * 1_000_000)
    (folder / "toolong.txt").write_text("a" * 10_000_001)
    (folder / "huge.txt.gz").write_bytes(gzip.compress(b"a" * 50_000_000))
    assert list(read(str(folder)).read()) == [
        Problem("huge.txt.gz", "longer than 10,000,000 characters"),
        Document("long.txt", "a" * 1_000_000),
        Problem("toolong.txt", "longer than 10,000,000 characters"),
    ]


def test_a_folder_without_files_that_can_be_read_is_an_error(folder: Path) -> None:
    (folder / "picture.png").write_bytes(b"x")
    with pytest.raises(ValueError, match=r"folder holds no file that Exemplar reads: .csv, .tsv"):
        read(str(folder))


@pytest.mark.parametrize("name", ["corpus.jsonl", "corpus.jsonl.gz"])
def test_a_beir_folder_is_its_corpus(folder: Path, name: str) -> None:
    content = (
        b'{"_id": "d1", "title": "Cats", "text": "sleep", "metadata": {}}\n{"_id": "d2", "title": "", "text": "x"}'
    )
    (folder / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    (folder / "queries.jsonl").write_text('{"_id": "q1", "text": "a query"}\n')
    source = read(str(folder), split="test")
    assert list(source.read()) == [Document("d1", "sleep", title="Cats"), Document("d2", "x")]
    assert source.spec == SourceSpec(str(folder), text_column="text", title_column="title", id_column="_id")


def test_a_beir_corpus_is_read_as_it_is(shared_datasets: Path) -> None:
    source = read(str(shared_datasets / "beir" / "scifact"))
    found = documents(source)
    assert (len(found), problems(source), numbered(source)) == (5183, [], False)
    assert found[0].doc_id == "4983"
    assert (found[0].title or "").startswith("Microstructural development of human newborn cerebral white matter")


@pytest.mark.parametrize(
    "elsewhere", ["../secret.csv", "/etc/*.csv", "http://example.invalid/x.csv", "zip://x.csv::a.zip"]
)
def test_a_data_set_folder_cannot_name_files_elsewhere(folder: Path, elsewhere: str) -> None:
    (folder / "README.md").write_text(f"---\nconfigs:\n- config_name: default\n  data_files: '{elsewhere}'\n---\n")
    (folder / "rows.csv").write_text("text\na\n")
    with pytest.raises(ValueError, match="its README names .*, which is not in the folder"):
        read(str(folder))


@pytest.mark.skipif(sys.platform != "linux", reason="names are bytes on Linux alone")
def test_a_file_whose_name_is_no_unicode_is_read(folder: Path) -> None:
    (folder / "caf\udce9.txt").write_text("a text")
    [document] = documents(read(str(folder)))
    assert document.doc_id == "caf\N{REPLACEMENT CHARACTER}.txt"


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="descriptors can't be counted here")
def test_of_many_zips_only_one_is_open(folder: Path) -> None:
    for number in range(30):
        with zipfile.ZipFile(folder / f"{number:02}.zip", "w") as archive:
            archive.writestr("a.txt", f"a {number}")
            archive.writestr("b.csv", f"text\nb {number}\nc {number}\n")
    source = read(str(folder))
    before, most, found = len(os.listdir("/proc/self/fd")), 0, []
    for document in source.read():
        found.append(document.text)
        most = max(most, len(os.listdir("/proc/self/fd")))
    assert found == [f"{letter} {number}" for number in range(30) for letter in "abc"]
    assert most - before <= 4
    assert len(os.listdir("/proc/self/fd")) <= before


def test_columns_in_the_paths_of_a_folder_are_columns(folder: Path) -> None:
    for label, year, words in (("pos", "1999", ["good", "fine"]), ("neg", "2001", ["bad"])):
        path = folder / f"label={label}" / f"year={year}"
        path.mkdir(parents=True)
        pq.write_table(pa.table({"text": words}), path / "part-0.parquet")
    assert documents(read(str(folder))) == [
        Document("label=neg/year=2001/part-0.parquet#0", "bad", ("neg",), {"year": "2001"}),
        Document("label=pos/year=1999/part-0.parquet#0", "good", ("pos",), {"year": "1999"}),
        Document("label=pos/year=1999/part-0.parquet#1", "fine", ("pos",), {"year": "1999"}),
    ]
    pq.write_table(pa.table({"text": ["own"], "label": ["mine"]}), folder / "label=pos" / "own.parquet")
    assert Document("label=pos/own.parquet#0", "own", ("mine",)) in documents(read(str(folder))), (
        "the file's own counts"
    )
    found = documents(read(str(folder), label_column="year"))
    assert [each.labels for each in found] == [("2001",), ("1999",), ("1999",)]


def test_the_ids_of_several_files_stay_when_the_corpus_is_built_again(folder: Path) -> None:
    write(folder / "feb.csv", [{"id": "1", "text": "Trains run late"}, {"id": "2", "text": "Bread keeps a week"}])
    write(
        folder / "jan.csv", [{"id": "1", "text": "Bees nest"}, {"id": "2", "text": "Bridges"}, {"id": "2", "text": "c"}]
    )
    told = [
        Problem("jan.csv", "ids of an earlier file; they stand after the name of this one", left_out=False),
        Problem("jan.csv, line 4", "an earlier row has its id; it goes by the number of its row", left_out=False),
    ]
    ids = ["1", "2", "jan.csv#1", "jan.csv#2", "jan.csv#2"]
    assert problems(read(str(folder))) == told
    assert [each.doc_id for each in documents(read(str(folder)))] == ids
    assert [each.numbered for each in documents(read(str(folder)))] == [False] * 4 + [True]
    first = build_corpus(read(str(folder)), FakeEncoder())
    assert list(first.rows) == [*ids[:4], "jan.csv#2.2"]
    assert list(build_corpus(read(str(folder)), FakeEncoder()).rows) == list(first.rows)


def test_a_file_that_breaks_in_its_middle_gives_what_lies_before_and_the_next_files(folder: Path) -> None:
    (folder / "a.jsonl.gz").write_bytes(
        gzip.compress(b"".join(b'{"id": %d, "text": "t"}\n' % n for n in range(9000)))[:-9]
    )
    write(folder / "b.csv", [{"id": "0", "text": "an id that a row before the break has"}])
    found = list(read(str(folder)).read())
    assert isinstance(found[-1], Document)
    assert found[-1].doc_id == "b.csv#0"
    assert [each.where for each in found if isinstance(each, Problem)] == ["a.jsonl.gz", "b.csv"]
    assert len(found) > 8000
