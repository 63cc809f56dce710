"""Word documents and books."""

import sys
import zipfile
from io import BytesIO
from pathlib import Path

import docx
import pytest

from exemplar.data.documents import Document, Problem
from exemplar.data.errors import ExemplarError
from exemplar.data.texts import docx as docx_reader
from exemplar.data.texts import epub
from tests.support.reading import documents, read

OPF = """<?xml version="1.0"?>
<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/">
<metadata><dc:title>Wild bees</dc:title><dc:creator>A. One</dc:creator><dc:creator>B. Two</dc:creator></metadata>
<manifest><item id="b" href="text/ch%202.xhtml"/><item id="a" href="text/ch1.xhtml"/>
<item id="n" href="nav.xhtml" properties="nav"/></manifest>
<spine><itemref idref="n"/><itemref idref="a"/><itemref idref="b"/></spine></package>"""
CONTAINER = '<container><rootfiles><rootfile full-path="OEBPS/book.opf"/></rootfiles></container>'
BOOK = {
    "META-INF/container.xml": CONTAINER,
    "OEBPS/book.opf": OPF,
    "OEBPS/nav.xhtml": "<p>Contents</p>",
    "OEBPS/text/ch1.xhtml": "<html><head><title/></head><body><h1>One</h1><p>First &amp; best.</p></body></html>",
    "OEBPS/text/ch 2.xhtml": "<html><body><p>Second.</p></body></html>",
}
METADATA = {"author": "A. One, B. Two"}


def book(path: Path, **members: str | None) -> str:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/epub+zip")
        for name, content in (BOOK | members).items():
            if content is not None:
                archive.writestr(name, content)
    return str(path)


def word(path: Path) -> str:
    made = docx.Document()
    made.core_properties.title, made.core_properties.author = "Wild  bees", "A. One"
    made.add_heading("Methods")
    made.add_paragraph("We counted a < b & c.")
    made.add_paragraph("an item", style="List Bullet")
    table = made.add_table(2, 2)
    for n, text in enumerate("abcd"):
        table.cell(n // 2, n % 2).text = text
    made.save(str(path))
    return str(path)


def test_a_word_document_gives_paragraphs_lists_and_tables(tmp_path: Path) -> None:
    text = "Methods\n\nWe counted a < b & c.\n\n* an item\na b\nc d"
    found = documents(read(word(tmp_path / "a.docx")))
    assert found == [Document("a.docx", text, (), {"author": "A. One"}, "Wild bees")]


def test_a_book_gives_its_chapters_in_order(tmp_path: Path) -> None:
    text = "One\n\nFirst & best.\n\nSecond."
    assert documents(read(book(tmp_path / "a.epub"))) == [Document("a.epub", text, (), METADATA, "Wild bees")]


def test_a_missing_chapter_costs_no_other(tmp_path: Path) -> None:
    path = book(tmp_path / "a.epub", **{"OEBPS/text/ch1.xhtml": None})
    problem, document = read(path).read()
    assert isinstance(problem, Problem)
    assert isinstance(document, Document)
    assert (problem.where, problem.left_out, document.text) == ("a.epub, OEBPS/text/ch1.xhtml", False, "Second.")


@pytest.mark.parametrize(
    ("algorithm", "reason"),
    [
        ("http://www.w3.org/2001/04/xmlenc#aes128-cbc", "protected against copying"),
        ("http://www.idpf.org/2008/embedding", ""),
    ],
)
def test_a_protected_book_is_told_and_one_with_protected_fonts_read(
    tmp_path: Path, algorithm: str, reason: str
) -> None:
    encryption = f'<encryption><EncryptedData><EncryptionMethod Algorithm="{algorithm}"/></EncryptedData></encryption>'
    path = book(tmp_path / "a.epub", **{"META-INF/encryption.xml": encryption})
    if reason:
        with pytest.raises(ExemplarError, match=reason):
            documents(read(path))
    else:
        assert documents(read(path))[0].title == "Wild bees"


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"META-INF/container.xml": "<container/>"}, "does not say what is in it"),
        ({"META-INF/container.xml": None}, "There is no item named"),
        ({"OEBPS/book.opf": "<package"}, "whose book.opf can't be read"),
        ({"OEBPS/book.opf": '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'}, "whose book.opf can't be read"),
    ],
)
def test_a_broken_book_is_told(tmp_path: Path, members: dict[str, str | None], reason: str) -> None:
    with pytest.raises(ExemplarError, match=reason):
        documents(read(book(tmp_path / "a.epub", **members)))


@pytest.mark.parametrize("suffix", [".docx", ".epub"])
def test_what_is_no_document_is_told(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    whole = Path(word(path) if suffix == ".docx" else book(path)).read_bytes()
    for content in (b"plain text", whole[: len(whole) // 2], b"PK\3\4" + b"\0" * 99):
        path.write_bytes(content)
        with pytest.raises(ExemplarError, match="damaged, or no file of the kind that its name says"):
            documents(read(str(path)))


def test_what_expands_beyond_the_bound_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docx_reader, "_MOST_UNPACKED", 1000)
    monkeypatch.setattr(epub, "_MOST_UNPACKED", 1000)
    for path in (word(tmp_path / "a.docx"), book(tmp_path / "a.epub", big="x" * 1000)):
        with pytest.raises(ExemplarError, match="it is larger than 1,000 bytes when unpacked"):
            documents(read(path))


def test_a_zip_with_a_password_is_told(tmp_path: Path) -> None:
    content = bytearray(Path(word(tmp_path / "a.docx")).read_bytes())
    content[content.index(b"PK\1\2") + 8] |= 1  # the flag of the first member
    (tmp_path / "a.docx").write_bytes(content)
    with pytest.raises(ExemplarError, match="it has a password; save it without one"):
        documents(read(str(tmp_path / "a.docx")))


def test_another_zip_is_no_word_document(tmp_path: Path) -> None:
    with zipfile.ZipFile(made := BytesIO(), "w") as archive:
        archive.writestr("a.txt", "x")
    (tmp_path / "a.docx").write_bytes(made.getvalue())
    with pytest.raises(ExemplarError, match="a Word document that can't be read"):
        documents(read(str(tmp_path / "a.docx")))


def test_missing_extras_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = word(tmp_path / "a.docx"), book(tmp_path / "a.epub")
    monkeypatch.setitem(sys.modules, "mammoth", None)
    monkeypatch.setitem(sys.modules, "inscriptis", None)
    for path, message in zip(
        paths, ("Word documents need the extra 'office'", "books need the extra 'web'"), strict=True
    ):
        with pytest.raises(ExemplarError, match=message):
            documents(read(path))


def damaged(content: bytes, name: str) -> bytes:
    """Return a zip in which what a member's data begin with is no data that can be unpacked."""
    member = zipfile.ZipFile(BytesIO(content)).getinfo(name)
    begin = member.header_offset + 30 + len(name.encode())
    return content[:begin] + b"\xff" * min(8, member.compress_size) + content[begin + min(8, member.compress_size) :]


def test_a_damaged_member_is_told_and_costs_no_other_file(tmp_path: Path) -> None:
    chapters = {"OEBPS/text/ch1.xhtml": "<p>" + "word " * 500}
    content = Path(book(tmp_path / "a.epub", **chapters)).read_bytes()
    (tmp_path / "a.epub").write_bytes(damaged(content, "OEBPS/text/ch1.xhtml"))
    (tmp_path / "b.epub").write_bytes(damaged(content, "OEBPS/book.opf"))
    word(tmp_path / "c.docx")
    letter = (tmp_path / "c.docx").read_bytes()
    (tmp_path / "c.docx").write_bytes(damaged(letter, "docProps/core.xml"))
    (tmp_path / "d.docx").write_bytes(damaged(letter, "word/document.xml"))
    (tmp_path / "e.txt").write_text("fine")
    found = list(read(str(tmp_path)).read())
    assert [item.doc_id for item in found if isinstance(item, Document)] == ["a.epub", "c.docx", "e.txt"]
    told = {item.where: item.reason for item in found if isinstance(item, Problem)}
    assert told.keys() == {"a.epub, OEBPS/text/ch1.xhtml", "b.epub", "d.docx"}
    assert "OEBPS/book.opf is damaged: " in told["b.epub"]
