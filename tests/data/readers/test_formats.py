"""Formats are recognised by what files begin with, and texts that only look like them stay texts."""

from pathlib import Path

import pytest

from exemplar.data.documents import Document, Problem
from exemplar.data.errors import ExemplarError
from exemplar.data.files.options import ReadOptions
from exemplar.data.readers.formats import BY_SUFFIX, format_of, is_readable
from exemplar.data.sources.files import file_on_disk
from tests.support.reading import documents, problems, read, texts
from tests.support.samples import RIS, SAMPLES, mail, sample

TEXTS = {
    "poem": "\tI wandered lonely as a cloud\n\tThat floats on high\n\tO'er vales and hills\n",
    "form": "Name:\tZoë\nPlace:\tParis\nAge:\t30\n",
    "dialogue": "ALICE\tHello there\nBOB\tHello\nALICE\tGood bye\n",
    "log": "2024-01-01 12:00\tINFO\tbegun\n2024-01-01 12:01\tINFO\tended\n",
    "travels": "From Paris we travelled south in 1999\nand came home in 2001.\n",
    "on RIS": "RIS is a format.\nA record begins so:\n\nTY  - JOUR\n\nand ends with ER.\n",
    "memories": "From here on, in 2020\nNote: hello\nmore\n",
    "greeting": "@bob{x, y = z}\nhello all\n",
    "on EndNote": "%0 Journal Article\nis how a record begins.\n",
    "on BibTeX": "Cite us:\n\n@article{doe, title = {A title}}\n",
    "orchids": "ORCHIDS are flowers. PAR1 is none.\n",
    "ducks": "DONALD, DUCK and friends\n",
    "song": "[Verse 1]\nLa la la\n",
    "set": "{a, b} is a set\n",
    "rule": "% " * 60 + "\nA rule of percent signs\n",
    "heads": "Cast: many\r\n" * 40 + "and no more\r\n",
    "comments": "<!-- a -->\n" * 60 + "<div>no page</div>\n",
    "one line": "a\tb",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_text_that_only_looks_like_another_format_stays_a_text(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.txt").write_bytes(text.encode())
    assert documents(read(str(tmp_path / "a.txt"))) == [Document("a.txt", text)]
    (tmp_path / "a").write_bytes(text.encode())
    with pytest.raises(ValueError, match=r"can't read files such as .* another name needs its format"):
        read(str(tmp_path / "a"))
    assert texts(read(str(tmp_path / "a"), options=ReadOptions(format="text"))) == [text]


@pytest.mark.parametrize("name", SAMPLES)
def test_a_file_keeps_its_format_without_its_suffix(tmp_path: Path, name: str) -> None:
    content, file = sample(name), tmp_path / name
    file.write_bytes(content)
    found = format_of(file_on_disk(file))
    (tmp_path / "without-suffix").write_bytes(content)
    by_content = format_of(file_on_disk(tmp_path / "without-suffix"))
    if name.split(".", 1)[1] in ("csv", "txt", "md", "json", "zip", "tar", "tar.gz", "tzst", "csv.gz", "csv.bz2"):
        return  # nothing but the name says it, or it is an archive
    if name.endswith((".csv.xz", ".jsonl.zst", ".tsv")):
        return
    assert found is not None
    assert by_content == found


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("a.txt", "text\tlabel\na\tx\nb\ty\n", "tsv"),
        ("a.txt", "\ufefftext\tlabel\r\na\tx\r\n", "tsv"),
        ("a.txt", RIS, "ris"),
        ("a.txt", f'Provider: X\nContent:text/plain; charset="UTF-8"\n\n1.\n{RIS}', "ris"),
        ("a.csv", RIS, "ris"),
        ("a.txt", mail().decode(), "email"),
        ("51060", "From: a@b.org\nSubject: Re: gods\nOrganization: x\nLines: 2\n\nText\n", "email"),
        ("a.txt", "From: Zoë\nSubject: x\n\nA letter.\n", "text"),
        ("a.txt", "From a@b.org Mon Jan  1 00:00:00 2024\nSubject: x\n\nText\n", "mbox"),
        ("a.txt", "From - Mon Jan 01 00:00:00 2024 +0000\r\nX-Mozilla-Status: 0001\r\n\r\nText\r\n", "mbox"),
        ("a.json", "<!doctype html><html><p>An error</p></html>", "html"),
        ("RC_2024-01", '{"text": "a"}\n', "jsonl"),
        ("dump", '[\n {"text": "a"}]', "jsonl"),
        ("a.txt", '{"text": "a"}\r\n\r\n{"text": "b"}\r\n', "jsonl"),
        ("a.txt", '\ufeff\n {"text": "a"}', "jsonl"),
        ("a.csv", '{"text": "a", "n": 1}\n{"text": "b"}\n', "jsonl"),
        ("a.tsv", '{"text": "a"}\n{"text": "b"}\nx\n', "jsonl"),
        ("a.txt", f'{{"text": "{"a" * 100_000}"}}\n{{}}\n', "jsonl"),
        ("a.txt", f'{{"n": 1}}\n{{"text": "{"a" * 100_000}"}}\n', "jsonl"),
        ("a.txt", f'{{"n": 1}}\n{{ {"a" * 100_000}\n', "text"),
        ("a.txt", '{"text": "a"}\n{text}\n', "text"),
        ("a.txt", '{"text": "a"}\nand so on\n', "text"),
        ("a.txt", '{"text": [' + "[" * 20_000, "text"),
        ("a.csv", '{"text": "a"},{"text": "b"}\n{"c": 1},{}\n', "csv"),
        ("a.md", '{"text": "a"}\n{"text": "b"}\n', "markdown"),
        ("a.eml", "Received: by x\nReceived: by y\n\nA\tb\n", "email"),
        ("a.md", RIS, "markdown"),
    ],
)
def test_the_format_of_a_text_is_found(tmp_path: Path, name: str, content: str, found: str) -> None:
    (tmp_path / name).write_bytes(content.encode())
    format = format_of(file_on_disk(tmp_path / name))
    assert format is not None
    assert format.name == found


def test_a_text_with_tabs_in_a_folder_is_a_table_only_with_a_column_for_the_text(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("word\tmeaning\ncat\tan animal\nbee\tan insect\n")
    (tmp_path / "b.txt").write_text("text\tlabel\none\tx\n")
    told = "looks like a table, but no column has a usual name for the text; read as one text"
    assert list(read(str(tmp_path)).read()) == [
        Problem("a.txt", told, left_out=False),
        Document("a.txt", "word\tmeaning\ncat\tan animal\nbee\tan insect\n"),
        Document("b.txt#0", "one", ("x",)),
    ]
    assert texts(read(str(tmp_path), text_column="meaning")) == ["an animal", "an insect"]
    with pytest.raises(ValueError, match="word, meaning; if it is no table, say that its format is text"):
        read(str(tmp_path / "a.txt"))


def test_json_in_a_text_is_one_text_if_no_key_is_usual_and_it_lies_in_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text('{"word": "cat"}\n{"word": "bee"}\n')
    (tmp_path / "b.txt").write_text('{"text": "one"}\n{"text": "two"}\n')
    assert texts(read(str(tmp_path))) == ['{"word": "cat"}\n{"word": "bee"}\n', "one", "two"]
    assert [each.where for each in problems(read(str(tmp_path)))] == ["a.txt"]
    with pytest.raises(ValueError, match="word; if it is no table, say that its format is text"):
        read(str(tmp_path / "a.txt"))


def test_files_of_other_kinds_are_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a.png", "b.JPG", "c.mp4", "d.py", "e.exe", "f.js", "_SUCCESS", "_metadata", "g.tar"):
        assert name not in BY_SUFFIX
        file = file_on_disk(tmp_path / name, name)  # there is none: to open it would raise
        assert not is_readable(file)
        assert file.known == {}
    (tmp_path / "h").write_bytes(b"\xff\xff\xff\xff\xff\xff\xff\xff no stream")
    (tmp_path / "notes").write_text("a text without suffix")
    (tmp_path / "i.doc").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"W\0o\0r\0d\0D\0o\0c\0u\0m\0e\0n\0t\0")
    (tmp_path / "j.txt").write_text("j")
    assert [each.where for each in problems(read(str(tmp_path)))] == ["h", "i.doc", "notes"]


def test_a_file_is_looked_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a text")
    file = file_on_disk(tmp_path / "a.txt")
    found = format_of(file)
    (tmp_path / "a.txt").unlink()
    assert format_of(file) == found


def test_a_format_that_does_not_exist_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    with pytest.raises(ExemplarError, match="there is no format 'nope'; the formats are csv, tsv, "):
        read(str(tmp_path / "a.txt"), options=ReadOptions(format="nope"))
