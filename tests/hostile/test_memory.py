"""What is made to fill the memory does not: what is read and built is held in parts, and what is too much is told."""

import gzip
import io
import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from benchmarks.memory import in_own_process
from exemplar.data.building import staging
from exemplar.data.building.build import build_corpus
from exemplar.data.corpus import source_rows
from exemplar.data.corpus.corpus import Corpus
from exemplar.data.files import encodings, file
from exemplar.data.sources import html_cells
from exemplar.data.tabular import delimiters
from exemplar.data.texts import pdf
from exemplar.data.words import language
from tests.support.corpora import ANIMALS, source_of
from tests.support.damage import as_parquet
from tests.support.fake_encoder import FakeEncoder
from tests.support.pdf import pdf as pdf_of
from tests.support.reading import read

# What each may take in memory, in megabytes, where the bounds are a sixteenth of what they are.
BOMBS = {"rows": 28, "line": 48, "wide": 48, "parquet": 48, "pdf": 24, "documents": 24}
SIXTEENTH = {
    (file, "LEAST_UNPACKED"): 2**26,
    (file, "MOST_TIMES"): 6,
    (encodings, "_MOST_LINE_BYTES"): 2**23,
    (delimiters, "_FIRST_CHARACTERS"): 2**16,
    (html_cells, "_MOST_PEEKED"): 2**16,
    (pdf, "_MOST_HELD"): 2**23,
    (staging, "_BATCH_CHARACTERS"): 2**21,
    (source_rows, "_GROUP_CHARACTERS"): 2**18,
}


def explode(folder: str) -> dict[str, str]:
    """Return what is said of each bomb in the end, where there is little memory beyond what the process has."""
    for (module, name), value in SIXTEENTH.items():
        assert hasattr(module, name)
        setattr(module, name, value)
    recogniser = language.load_recogniser()  # takes the same whatever is read
    language.load_recogniser = lambda: recogniser
    said = {}
    for bomb, megabytes in BOMBS.items():
        path = write_bomb(bomb, Path(folder))
        with at_most(megabytes):
            said[bomb] = end_of(path, limit=None if bomb == "rows" else 25)
    return said


@contextmanager
def at_most(megabytes: int) -> Iterator[None]:
    import resource

    [kilobytes] = re.findall(r"^VmData:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    before = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (int(kilobytes) * 2**10 + megabytes * 2**20, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)


def end_of(path: str, limit: int | None) -> str:
    try:
        return f"{build_corpus(read(path, limit=limit), Forgetful()).n_documents} documents"
    except ValueError as error:
        return str(error).removeprefix(f"cannot read {path}: ")


class Forgetful(FakeEncoder):
    """Keeps no texts."""

    def encode_documents(self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None) -> np.ndarray:
        vectors = super().encode_documents(texts, on_progress)
        self.encoded.clear()
        return vectors


def write_bomb(bomb: str, folder: Path) -> str:
    million = gzip.compress(b"a" * 2**20)
    match bomb:
        case "rows":  # ten gigabytes in ten megabytes
            kind, content = ".csv.gz", gzip.compress(b"text\n") + gzip.compress((b"a" * 2**16 + b"\n") * 16) * 10_000
        case "line":
            kind, content = ".jsonl.gz", gzip.compress(b'{"text": "a"}\n{"text": "') + million * 10_000
        case "wide":
            kind, content = ".csv.gz", gzip.compress("text\n".encode("utf-16")) + million * 10_000
        case "parquet":  # three gigabytes, and three thousand times the same text
            rows = pa.DictionaryArray.from_arrays(pa.array([0] * 3000, pa.int32()), pa.array(["a" * 2**20]))
            kind, content = ".parquet", as_parquet(pa.table({"text": rows}), store_schema=False)
        case "pdf":
            kind, content = ".pdf", pages_of(b"BT /F1 12 Tf (a) Tj ET " + b" " * 2_000_000, n=15)
        case "documents":
            lines = (json.dumps({"text": f"{number} {'a' * 2_000_000}"}) for number in range(25))
            kind, content = ".jsonl", "\n".join(lines).encode()
    path = folder / f"{bomb}{kind}"
    path.write_bytes(content)
    return str(path)


def pages_of(content: bytes, n: int) -> bytes:
    """Return a PDF of pages that each have a packed stream of their own."""
    import pypdf
    from pypdf.generic import NameObject, StreamObject

    writer = pypdf.PdfWriter()
    font = pypdf.PdfReader(io.BytesIO(pdf_of("a"))).pages[0]["/Resources"]
    for _ in range(n):
        page = writer.add_blank_page(100, 100)
        page[NameObject("/Resources")] = font.clone(writer)
        stream = StreamObject()
        stream.set_data(content)
        page[NameObject("/Contents")] = writer._add_object(stream.flate_encode())
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells and limits what a process takes")
def test_what_expands_or_repeats_without_end_takes_little_memory(tmp_path: Path) -> None:
    assert in_own_process(explode, str(tmp_path), timeout=300) == {
        "rows": "rows.csv.gz expands to more than 67,108,864 bytes, beyond all measure for its size; unpack it first",
        "line": "line 2 is longer than 8,388,608 bytes",
        "wide": "line 2 is longer than 2,097,152 characters",
        "parquet": "25 documents",
        "pdf": "1 documents",
        "documents": "25 documents",
    }


def test_memory_that_does_not_suffice_is_told(animals: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(FakeEncoder, "encode_documents", exhausted)
    with pytest.raises(ValueError, match="not enough memory to build 'animals'; close other programs and build again"):
        build_corpus(source_of([*ANIMALS, "one more"]), FakeEncoder())


@pytest.mark.slow
def test_the_longest_text_becomes_passages_and_a_longer_one_is_told(tmp_path: Path) -> None:
    longest = ("word" * 25 + " ") * 99_010  # 10,000,010 characters
    lines = [json.dumps({"text": text}) for text in (longest[:10_000_000], longest)]
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    source = read(str(tmp_path / "a.jsonl"))
    corpus = build_corpus(source, FakeEncoder())
    assert (corpus.n_documents, corpus.manifest.problems) == (1, {"longer than 10,000,000 characters": 1})
    assert corpus.manifest.n_passages > 400
    assert corpus.passages[-1, 2] == 10_000_000
