"""A small valid file of every format, as a writer of the format makes it, by a name with its suffix."""

import bz2
import functools
import gzip
import io
import json
import lzma
import sqlite3
import tarfile
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Mapping
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.feather
import pyarrow.orc

from tests.support.damage import as_parquet
from tests.support.pdf import pdf

ROWS = [
    {"id": "p1", "title": "On cats", "text": "Cats sleep all day", "label": "pets", "n": 1},
    {"id": "p2", "title": "On bees", "text": "Bees nest in parks", "label": "wild", "n": None},
]
TABLE = pa.Table.from_pylist(ROWS)
RIS = "".join(f"TY  - JOUR\nID  - {row['id']}\nTI  - {row['title']}\nAB  - {row['text']}\nER  - \n\n" for row in ROWS)


def arrow_file(table: Any, **options: Any) -> bytes:
    return _of_arrow(pa.ipc.new_file, table, **options)


def arrow_stream(table: Any, **options: Any) -> bytes:
    return _of_arrow(pa.ipc.new_stream, table, **options)


def _of_arrow(writer_of: Callable[..., Any], table: Any, max_chunksize: int | None = None, **options: Any) -> bytes:
    file = io.BytesIO()
    with writer_of(file, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table, max_chunksize=max_chunksize)
    return file.getvalue()


def old_feather(table: Any) -> bytes:
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        pa.feather.write_feather(table, file, version=1)
    return file.getvalue()


def orc(table: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    pa.orc.write_table(table, file, **options)
    return file.getvalue()


def sqlite(rows: list[dict[str, Any]]) -> bytes:
    """Return a database with a table of rows, all of which have the same keys."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "rows.sqlite")
        connection = sqlite3.connect(path)
        connection.execute(f"CREATE TABLE rows ({', '.join(rows[0])})")
        marks = ", ".join("?" * len(rows[0]))
        connection.executemany(f"INSERT INTO rows VALUES ({marks})", [list(row.values()) for row in rows])  # noqa: S608
        connection.commit()
        connection.close()
        return path.read_bytes()


def zstd(content: bytes, window: int | None = None, level: int = 3) -> bytes:
    """Return a frame without the size of its content; its window is two to the power of ``window`` bytes."""
    library: Any
    try:
        from compression import zstd as library
    except ImportError:
        from backports import zstd as library
    parameters = library.CompressionParameter
    options = {parameters.compression_level: level, parameters.content_size_flag: 0}
    if window is not None:
        options |= {parameters.window_log: window, parameters.enable_long_distance_matching: 1}
    compressor = library.ZstdCompressor(options=options)
    return compressor.compress(content, compressor.CONTINUE) + compressor.flush(compressor.FLUSH_FRAME)


def zipped(files: Mapping[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file.getvalue()


def tarred(files: Mapping[str, bytes], **options: Any) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", **options) as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return file.getvalue()


def mail() -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Zoë <a@b.org>", "c@d.org", "On cats"
    message["Message-ID"] = "<1@b.org>"
    message.set_content("Cats sleep all day.\n\n> Do they?\n")
    message.add_attachment(b"\xff\x00", maintype="image", subtype="png", filename="cat.png")
    return message.as_bytes()


def _xlsx() -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    for row in [list(ROWS[0]), *(list(row.values()) for row in ROWS)]:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _ods() -> bytes:
    import pandas as pd

    file = io.BytesIO()
    pd.DataFrame(ROWS).to_excel(file, index=False, engine="odf")
    return file.getvalue()


def _duckdb() -> bytes:
    import duckdb

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "rows.duckdb")
        with duckdb.connect(path) as connection:
            connection.execute("CREATE TABLE rows (id VARCHAR, title VARCHAR, text VARCHAR, label VARCHAR, n INTEGER)")
            connection.executemany("INSERT INTO rows VALUES (?, ?, ?, ?, ?)", [list(row.values()) for row in ROWS])
        return path.read_bytes()


def _docx() -> bytes:
    import docx

    document = docx.Document()
    document.add_heading("On cats")
    document.add_paragraph("Cats sleep all day")
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


_CSV = "id,title,text,label\n" + "".join(",".join(map(str, list(row.values())[:4])) + "\n" for row in ROWS)
_LINES = "".join(json.dumps(row) + "\n" for row in ROWS)
SAMPLES: Mapping[str, Callable[[], bytes]] = {
    "rows.csv": lambda: _CSV.encode(),
    "rows.tsv": lambda: _CSV.replace(",", "\t").encode(),
    "rows.txt": lambda: _CSV.replace(",", "\t").encode(),
    "rows.jsonl": lambda: _LINES.encode(),
    "rows.json": lambda: json.dumps({"rows": ROWS}).encode(),
    "rows.parquet": lambda: as_parquet(TABLE),
    "rows.arrow": lambda: arrow_file(TABLE, compression="zstd"),
    "plain.arrow": lambda: arrow_file(TABLE),
    "stream.arrow": lambda: arrow_stream(TABLE, compression="lz4"),
    "rows.orc": lambda: orc(TABLE),
    "rows.xlsx": lambda: _xlsx(),
    "rows.ods": lambda: _ods(),
    "rows.ris": lambda: RIS.encode(),
    "rows.nbib": lambda: b"".join(b"PMID- %d\nTI  - A title\nAB  - The text\n      goes on\n\n" % n for n in (1, 2)),
    "rows.ciw": lambda: b"FN Clarivate\nVR 1.0\nPT J\nTI A title\nAB The text\nUT WOS:1\nER\n\nEF\n",
    "rows.enw": lambda: b"%0 Journal Article\n%T A title\n%X The text\n%A Doe, A.\n\n",
    "endnote.xml": lambda: (
        b"<xml><records><record><titles><title>A title</title></titles><abstract>The text</abstract>"
        b"</record></records></xml>"
    ),
    "rows.bib": lambda: b"@article{doe, title = {A title}, abstract = {The {T}ext}, year = 2019}\n@string{x = {y}}\n",
    "Posts.xml": lambda: (
        b'<?xml version="1.0" encoding="utf-8"?>\n<posts>\n'
        b'<row Id="1" Title="A title" Body="&lt;p&gt;The text&lt;/p&gt;" Tags="&lt;a&gt;&lt;b&gt;" />\n</posts>\n'
    ),
    "rows.mbox": lambda: (
        b"From a@b.org Mon Jan  1 00:00:00 2024\n" + mail() + b"\n\nFrom a@b.org Tue Jan  2 00:00:00 2024\n"
        b"Subject: b\n\nText\n"
    ),
    "mail.eml": lambda: mail(),
    "rows.sqlite": lambda: sqlite(ROWS),
    "note.md": lambda: b"# On cats\n\nCats sleep *all* day.\n",
    "page.html": lambda: b"<!doctype html><html><title>On cats</title><body><p>Cats <b>sleep</b></p></body></html>",
    "letter.docx": lambda: _docx(),
    "paper.pdf": lambda: pdf("Cats sleep"),
    "rows.csv.gz": lambda: gzip.compress(_CSV.encode()),
    "rows.csv.bz2": lambda: bz2.compress(_CSV.encode()),
    "rows.csv.xz": lambda: lzma.compress(_CSV.encode()),
    "rows.jsonl.zst": lambda: zstd(_LINES.encode()),
    "all.zip": lambda: zipped({"a.csv": _CSV.encode(), "b.txt": b"a text", "c/d.ris": RIS.encode()}),
    "all.tar": lambda: tarred({"a.csv": _CSV.encode(), "b.txt": b"a text", "c/d.ris": RIS.encode()}),
    "all.tar.gz": lambda: gzip.compress(tarred({"a.csv": _CSV.encode(), "b.txt": b"a text"})),
    "all.tzst": lambda: zstd(tarred({"a.csv": _CSV.encode(), "b.txt": b"a text"})),
    "rows.duckdb": _duckdb,
    "book.epub": lambda: zipped(
        {
            "META-INF/container.xml": b'<container><rootfiles><rootfile full-path="a.opf"/></rootfiles></container>',
            "a.opf": b"<package><metadata><title>On cats</title></metadata><manifest><item id='a' href='a.xhtml'/>"
            b"</manifest><spine><itemref idref='a'/></spine></package>",
            "a.xhtml": b"<html><body><p>Cats sleep</p></body></html>",
        }
    ),
    "feed.xml": lambda: (
        b"<rss><channel><item><title>On cats</title><description>Cats sleep</description></item></channel></rss>"
    ),
    "pubmed.xml": lambda: (
        b"<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>1</PMID><Article><ArticleTitle>A title</ArticleTitle>"
        b"<Abstract><AbstractText>The text</AbstractText></Abstract></Article></MedlineCitation></PubmedArticle>"
        b"</PubmedArticleSet>"
    ),
}


@functools.cache
def sample(name: str) -> bytes:
    """Return the content of the file of this name."""
    return SAMPLES[name]()
