"""Files that are damaged or made to do harm, and what may come of reading them: a sentence, or documents."""

import gzip
import io
import itertools
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from exemplar.data.building.plan import plan_of
from exemplar.data.building.uploads import save_upload
from exemplar.data.corpus.catalog import corpus_status, list_corpora, searchable_corpora, verify_corpus
from exemplar.data.corpus.corpus import Corpus, open_corpus
from exemplar.data.corpus.manifest import corpus_folder
from exemplar.data.corpus.shards import DOCUMENTS, JOURNAL, PASSAGES, VECTORS
from exemplar.data.corpus.source_rows import ROWS, source_rows
from exemplar.data.corpus.words import WORDS
from exemplar.data.errors import ExemplarError
from exemplar.data.words.header import FILES as OF_WORDS
from exemplar.data.words.header import HEADER
from exemplar.retrieval.evaluation.judgements import judgements_of
from exemplar.retrieval.ranking import DocumentQuery
from exemplar.retrieval.search import SearchEngine
from tests.support.fake_encoder import FakeEncoder
from tests.support.reading import read

FILES = ["manifest.json", JOURNAL, DOCUMENTS, ROWS, PASSAGES, VECTORS]
WORDS_FILES = [f"{WORDS}/{file}" for file in (HEADER, *OF_WORDS)]
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
WILD = settings(deadline=None, max_examples=25, suppress_health_check=list(HealthCheck))

# What else may be written into a file: ends of lines and texts, numbers beyond all measure, marks of formats.
_PIECES = [
    *(b"\0", b"\n", b"\r", b'"', b",", b"\t", b"\\", b"\xff", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\x1a"),
    *(b"\\ud800", b"1e999", b"NaN", b"-1", b"99999999999999999999", b"null", b"[" * 2000, b'{"a":' * 2000, b"9" * 5000),
    *(b"PAR1", b"PK\x01\x02", b"PK\x05\x06", b"\x1f\x8b", b"%PDF", b"ARROW1", b"\xff\xff\xff\x7f", b"\xff" * 8),
]


@contextmanager
def told() -> Iterator[None]:
    """Let pass what a face of the program turns into a sentence, and nothing else."""
    try:
        yield
    except (ExemplarError, OSError) as error:
        assert not isinstance(error, pa.ArrowException | UnicodeError), repr(error)  # noqa: PT017 - or none at all
        assert 10 < len(str(error)) < 3000  # noqa: PT017


@st.composite
def damaged(draw: Callable[..., Any], contents: Sequence[bytes]) -> bytes:
    """One of some files, with a few changes."""
    content = draw(st.sampled_from(contents))
    places = st.integers(0, len(content))
    for _ in range(draw(st.integers(1, 4))):
        start, end = sorted((draw(places), draw(places)))
        kind = draw(st.sampled_from(["flip", "write", "insert", "cut", "repeat", "end"]))
        match kind:
            case "flip":
                new = bytes(byte ^ draw(st.integers(1, 255)) for byte in content[start : start + 1])
                content = content[:start] + new + content[start + 1 :]
            case "write":
                piece = draw(st.sampled_from(_PIECES) | st.binary(max_size=8))
                content = content[:start] + piece + content[start + len(piece) :]
            case "insert":
                content = content[:start] + draw(st.sampled_from(_PIECES)) + content[start:]
            case "cut":
                content = content[:start] + content[end:]
            case "repeat":
                content = content[:end] + content[start:end] + content[end:]
            case "end":
                content = content[:start]
    return content


def tree(folder: Path) -> dict[str, bytes | str]:
    """Return all that is in a folder: files with what they hold, links with where they lead."""
    paths = sorted(itertools.chain(folder.rglob("*"), folder.rglob(".*")))
    return {
        str(path.relative_to(folder)): (
            f"-> {path.readlink()}" if path.is_symlink() else path.read_bytes() if path.is_file() else "/"
        )
        for path in paths
    }


def told_of(path: Path, content: bytes) -> str:
    """Return what is said of a file that can't be read."""
    path.write_bytes(content)
    with pytest.raises(ValueError, match=".") as caught:
        list(read(str(path)).read())
    return str(caught.value).removeprefix(f"cannot read {path}: ")


def table() -> bytes:
    rows = pa.table(
        {
            "text": ["one", "two, and more", None, "vier \N{GRINNING FACE}"],
            "doc_id": [1, 2, 3, 4],
            "mark": pa.array(["yes", "no", "yes", None]).dictionary_encode(),
            "tags": [["x"], [], None, ["y", "z"]],
            "by": [{"name": "Zoë", "in": 1999}, None, {"name": "q", "in": None}, {"name": "", "in": 0}],
            "when": [datetime(2001, 1, 1)] * 4,
            "map": pa.array([[("k", "v")], [], None, [("a", "b")]], pa.map_(pa.string(), pa.string())),
        }
    )
    return as_parquet(rows, compression="zstd")


def as_parquet(rows: pa.Table, **options: Any) -> bytes:
    file = io.BytesIO()
    pq.write_table(rows, file, **options)
    return file.getvalue()


def zipped(method: int, **more: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.writestr("a.csv", "text,label\none,x\n")
        archive.writestr("more/b.txt.gz", gzip.compress(b"packed text"))
        archive.writestr("c.md", "# a text\n" * 30)
        for name, content in more.items():
            archive.writestr(name, content)
    return file.getvalue()


def place_of(corpus: Corpus, file: str) -> Path:
    folder = corpus_folder(corpus.manifest.name)
    return folder / file if file == "manifest.json" else folder / corpus.manifest.build / file


def use(name: str) -> None:
    """Do with a corpus all that can be done."""
    with told():
        corpus_status(name)
    list_corpora()
    searchable_corpora()
    plan_of(name)
    save_upload("x.csv", b"text\na\n")
    with told():
        verify_corpus(name)
    with told():
        corpus = open_corpus(name)
        engine = SearchEngine(corpus, lambda *_: FakeEncoder())
        with told():
            engine.search("cat")
        with told():
            words = corpus.words
            for number in words.numbers(["cat", "the", "zebra"]).tolist():
                words.weights(number)
        with told():
            engine.search(DocumentQuery("3"), ranker="svm")
        with told():
            judgements_of(corpus)
        with told():
            list(source_rows(corpus.manifest))
        len(corpus.facets.to_json(10_000))
