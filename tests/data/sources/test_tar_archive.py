"""Tars as tarfile writes them: files in the order of the archive, each packed byte unpacked once in a reading."""

import bz2
import gzip
import io
import lzma
import os
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exemplar.data.documents import Document, Problem
from exemplar.data.files import file
from exemplar.data.sources import tar_archive
from tests.support.damage import WILD, told, told_of
from tests.support.reading import documents, problems, read, texts
from tests.support.samples import tarred, zstd

FILES = {
    "z/b.csv": b"id,text\n1,one\n2,two\n",
    "a.txt": b"a text",
    "more.jsonl.gz": gzip.compress(b'{"text": "packed"}\n'),
    "./c.txt": b"with a dot",
    ".hidden.txt": b"hidden",
    "cat.png": b"\x89PNG",
}
PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    ".tar": bytes,
    ".tar.gz": gzip.compress,
    ".tgz": gzip.compress,
    ".tar.bz2": bz2.compress,
    ".tar.xz": lzma.compress,
    ".TAR.ZST": zstd,
}


@pytest.mark.parametrize("suffix", PACKINGS)
@pytest.mark.parametrize("kind", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
def test_a_tar_is_read_in_place_in_its_order(tmp_path: Path, suffix: str, kind: int) -> None:
    path = tmp_path / f"docs{suffix}"
    path.write_bytes(PACKINGS[suffix](tarred(FILES, format=kind)))
    source = read(str(path))
    expected = [
        Problem("cat.png", "not a kind that is read"),
        Document("1", "one"),
        Document("2", "two"),
        Document("a.txt", "a text"),
        Document("more.jsonl.gz#0", "packed"),
        Document("c.txt", "with a dot"),
    ]
    assert list(source.read()) == expected
    assert list(source.read()) == expected
    assert (source.name, os.listdir(tmp_path)) == ("docs", [path.name])
    (tmp_path / "d.txt").write_text("d")
    in_folder = [each.doc_id for each in documents(read(str(tmp_path)))]
    assert sorted(in_folder) == sorted(
        ["1", "2", "d.txt", *(f"{path.name}/{name}" for name in ("a.txt", "more.jsonl.gz#0", "c.txt"))]
    )


@pytest.mark.parametrize("suffix", [".tar", ".tar.gz"])
def test_what_is_no_file_is_told_and_names_lead_nowhere(tmp_path: Path, suffix: str) -> None:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        for name, kind, target in (
            ("link.txt", tarfile.SYMTYPE, "/etc/passwd"),
            ("hard.txt", tarfile.LNKTYPE, "a.txt"),
            ("device", tarfile.CHRTYPE, ""),
            ("pipe", tarfile.FIFOTYPE, ""),
            ("folder", tarfile.DIRTYPE, ""),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, target
            archive.addfile(info)
        for name in ("/etc/a.txt", "../../b.txt", "nested.tar.gz", "nested.7z", "a.txt", "a.txt"):
            info = tarfile.TarInfo(name)
            info.size = 3
            archive.addfile(info, io.BytesIO(name[-5:-2].encode()))
    path = tmp_path / f"docs{suffix}"
    path.write_bytes(PACKINGS[suffix](content.getvalue()))
    assert list(read(str(path)).read()) == [
        Problem("link.txt", "a link in an archive, which is not followed"),
        Problem("hard.txt", "a link in an archive, which is not followed"),
        Problem("device", "not a file"),
        Problem("pipe", "not a file"),
        Problem("nested.tar.gz", "an archive, which is not read here; unpack it first"),
        Problem("nested.7z", "an archive, which is not read here; unpack it first"),
        Document("/etc/a.txt", "a.t"),
        Document("../../b.txt", "b.t"),
        Document("a.txt", "a.t"),
    ]


def test_a_packed_tar_is_unpacked_once_for_all_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "docs.tar.gz"
    path.write_bytes(gzip.compress(tarred({f"{n:03}.csv": b"text\nrow\n" for n in range(200)})))
    source = read(str(path))
    opened = []
    stream = tar_archive.TarArchive._stream

    def counted(self: Any) -> Any:
        opened.append(self)
        return stream(self)

    monkeypatch.setattr(tar_archive.TarArchive, "_stream", counted)
    assert len(texts(source)) == 200
    assert len(opened) <= 1
    assert len(texts(source)) == 200
    assert len(opened) <= 2


def test_a_large_member_is_kept_in_a_file_without_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tar_archive, "_MOST_IN_MEMORY", 1000)
    rows = b"text\n" + b"".join(b"row %d\n" % n for n in range(1000))
    path = tmp_path / "docs.tar.gz"
    path.write_bytes(gzip.compress(tarred({"a.csv": rows, "b.csv": rows})))
    before = os.listdir(tmp_path)
    assert texts(read(str(path))) == [f"row {n}" for n in range(1000)] * 2
    assert os.listdir(tmp_path) == before
    monkeypatch.setattr(tar_archive, "_MOST_KEPT", 1000)
    (tmp_path / "other.tar.gz").write_bytes(gzip.compress(tarred({"a.csv": rows, "b.txt": b"b"})))
    assert list(read(str(tmp_path / "other.tar.gz")).read()) == [
        Problem("a.csv", "larger than 1,000 bytes in an archive; unpack it first"),
        Document("b.txt", "b"),
    ]


@pytest.mark.parametrize("suffix", [".tar", ".tar.gz"])
def test_what_lies_before_a_damage_is_read(tmp_path: Path, suffix: str) -> None:
    content = tarred({f"{n}.txt": bytes(f"text {n}" * 500, "ascii") for n in range(4)})
    damage = content.index(b"2.txt")
    for name, damaged in (
        ("cut", content[: damage + 700]),
        ("flipped", content[:damage] + b"?" + content[damage + 1 :]),
    ):
        path = tmp_path / f"{name}{suffix}"
        path.write_bytes(PACKINGS[suffix](damaged))
        found = list(read(str(path)).read())
        assert [each.doc_id for each in found if isinstance(each, Document)] == ["0.txt", "1.txt"]
        assert any(each.reason.startswith("read as far as it goes: ") for each in found if isinstance(each, Problem))
    assert told_of(tmp_path / f"no{suffix}", PACKINGS[suffix](b"no tar" * 500))


def test_a_tar_shares_what_it_may_expand_to_and_has_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file, "LEAST_UNPACKED", 100_000)
    monkeypatch.setattr(file, "MOST_TIMES", 3)
    (tmp_path / "a.tar.gz").write_bytes(gzip.compress(tarred({f"{n}.txt": b"a" * 50_000 for n in range(4)})))
    [found] = [each for each in problems(read(str(tmp_path / "a.tar.gz"))) if each.where == "a.tar.gz"]
    assert "expands to more than 100,000 bytes, beyond all measure for its size; unpack it first" in found.reason
    monkeypatch.setattr(tar_archive, "_MOST_MEMBERS", 3)
    (tmp_path / "b.tar").write_bytes(tarred({f"{n}.txt": b"a" for n in range(5)}))
    assert problems(read(str(tmp_path / "b.tar"))) == [
        Problem("b.tar", "read as far as it goes: it has more than 3 files; unpack it first")
    ]
    monkeypatch.setattr(tar_archive, "_MOST_EXTRA", 100)
    long = told_of(tmp_path / "c.tar", tarred({"a" * 5000: b"a"}, format=tarfile.GNU_FORMAT))
    assert long == "a header of 5,001 bytes"


@pytest.mark.parametrize("name", ["a.7z", "b.rar", "c.zip.gz"])
def test_an_archive_of_another_kind_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"7z")
    with pytest.raises(ValueError, match="is an archive, and of these zip and tar alone are read; unpack it first"):
        read(str(tmp_path / name))
    (tmp_path / "a.txt").write_text("a")
    assert problems(read(str(tmp_path))) == [Problem(name, "an archive, which is not read here; unpack it first")]


@WILD
@given(
    st.dictionaries(
        st.from_regex(r"[a-z]{1,8}(/[a-zé ]{1,120})?\.txt", fullmatch=True), st.text(min_size=1), min_size=1
    )
)
def test_what_tarfile_writes_is_what_is_read(tmp_path: Path, files: dict[str, str]) -> None:
    expected = {name: text for name, text in files.items() if text.strip() and "\r" not in text and text[0] != "\ufeff"}
    for suffix in (".tar", ".tgz"):
        (tmp_path / f"a{suffix}").write_bytes(
            PACKINGS[suffix](tarred({name: text.encode() for name, text in files.items()}))
        )
        with told():
            found = {each.doc_id: each.text for each in documents(read(str(tmp_path / f"a{suffix}")))}
            assert {name: found.get(name) for name in expected} == expected
