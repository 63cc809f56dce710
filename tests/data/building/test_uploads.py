import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from exemplar.data.building.build import build_corpus
from exemplar.data.building.uploads import remove_upload, safe_name, save_upload, uploaded_name
from exemplar.data.corpus.catalog import remove_corpus
from exemplar.data.documents import Document, Problem
from tests.support.fake_encoder import FakeEncoder
from tests.support.reading import read

CSV = b"text\nbuy milk\nfeed the cat\n"


def test_the_same_content_is_kept_once_under_each_name(home: Path) -> None:
    first, again, other = save_upload("a.csv", CSV), save_upload("a.csv", CSV), save_upload("b.csv", CSV)
    assert first == again != other
    assert first.read_bytes() == other.read_bytes() == CSV
    assert first.parent == other.parent
    assert [path.name for path in (home / "uploads").iterdir()] == [first.parent.name]
    assert save_upload("a.csv", CSV + b"sleep\n").parent != first.parent


def test_a_file_that_was_cut_off_is_written_anew() -> None:
    path = save_upload("a.csv", CSV)
    path.write_bytes(b"te")
    assert save_upload("a.csv", CSV).read_bytes() == CSV


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("notes.csv", "notes.csv"),
        ("Ünï (1) - b.csv.gz", "Ünï (1) - b.csv.gz"),
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\notes.csv", "notes.csv"),
        ("a\0b\n<i>*x*.csv", "a_b_i_x_.csv"),
        ("...", "upload"),
        ("", "upload"),
        ("..csv", "csv"),
        ("half \ud800 pair.csv", "half _ pair.csv"),
        ("é" * 300 + ".jsonl.gz", "é" * 75 + ".jsonl.gz"),
    ],
)
def test_a_name_is_made_safe(name: str, safe: str) -> None:
    assert safe_name(name) == safe
    assert save_upload(name, CSV).name == safe


def test_only_uploads_are_known_as_such(tmp_path: Path) -> None:
    assert uploaded_name(str(save_upload("a.csv", CSV))) == "a.csv"
    for source in (str(tmp_path / "a.csv"), "docs:numpy", ""):
        assert uploaded_name(source) is None


def test_an_upload_goes_with_the_last_corpus_built_from_it(encoder: FakeEncoder, tmp_path: Path) -> None:
    path = save_upload("a.csv", CSV)
    for name in ("one", "two"):
        build_corpus(read(str(path)), encoder, name=name)
    remove_corpus("one")
    remove_upload(str(path))
    assert path.exists()
    remove_corpus("two")
    remove_upload(str(path), in_use=[str(path)])
    assert path.exists()
    remove_upload(str(path))
    assert not path.parent.exists()
    own = tmp_path / "own.csv"
    own.write_bytes(CSV)
    remove_upload(str(own))
    assert own.exists()


def test_what_became_no_corpus_goes_after_a_day(encoder: FakeEncoder) -> None:
    built, left = save_upload("a.csv", CSV), save_upload("b.csv", CSV + b"left\n")
    build_corpus(read(str(built)), encoder)
    for path in (built, left):
        os.utime(path.parent, (time.time() - 100_000,) * 2)
    young = save_upload("c.csv", CSV + b"young\n")
    assert [path.exists() for path in (built, left, young)] == [True, False, True]


def test_what_a_build_still_reads_is_kept(encoder: FakeEncoder) -> None:
    path = save_upload("a.csv", CSV)
    source = read(str(path))
    kept = []

    def slowly() -> Iterator[Document | Problem]:
        documents = list(source.read())
        os.utime(path.parent, (time.time() - 100_000,) * 2)
        save_upload("b.csv", CSV + b"other\n")
        kept.append(path.exists())
        yield from documents

    build_corpus(replace(source, read=slowly), encoder)
    assert kept == [True]
