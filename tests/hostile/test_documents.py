"""Workbooks, documents, pages, mails and XML, damaged or made to do harm: documents come of them, or a sentence."""

import itertools
import zipfile
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from io import BytesIO
from pathlib import Path

import docx
import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exemplar.data.sources.preview import look_at
from exemplar.data.sources.spec import SourceSpec
from tests.support.damage import WILD, damaged, told
from tests.support.reading import read


def workbook() -> bytes:
    made = openpyxl.Workbook()
    made.active.append(["text", "n"])
    made.active.append(["a", 1])
    made.active.merge_cells("A2:A3")
    made.create_sheet("other").append(["b"])
    made.save(written := BytesIO())
    return written.getvalue()


def ods() -> bytes:
    pd.DataFrame({"text": ["a"], "n": [1]}).to_excel(written := BytesIO(), index=False, engine="odf")
    return written.getvalue()


def word() -> bytes:
    made = docx.Document()
    made.add_paragraph("a text")
    made.save(written := BytesIO())
    return written.getvalue()


def book() -> bytes:
    members = {
        "META-INF/container.xml": '<container><rootfiles><rootfile full-path="a.opf"/></rootfiles></container>',
        "a.opf": '<p><manifest><item id="a" href="a.html"/></manifest><spine><itemref idref="a"/></spine></p>',
        "a.html": "<p>a text</p>",
    }
    with zipfile.ZipFile(written := BytesIO(), "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return written.getvalue()


def mail() -> bytes:
    made = EmailMessage()
    made["Subject"], made["From"], made["Date"] = "späte Post", "Ä <a@x>", "Mon, 01 Jan 2024 10:00:00 +0100"
    made.set_content("a text\n> old\n-- \nme")
    made.add_alternative("<p>a text</p>", subtype="html")
    made.add_attachment(b"x", maintype="image", subtype="png", filename="ü.png")
    return bytes(made)


HEAD = b'<?xml version="1.0" encoding="utf-8"?>\n'
SEEDS: dict[str, Callable[[], list[bytes]]] = {
    ".xlsx": lambda: [workbook(), *stored(workbook())],
    ".ods": lambda: [ods(), *stored(ods())],
    ".docx": lambda: [word(), *stored(word())],
    ".epub": lambda: [book()],
    ".eml": lambda: [mail(), b"Subject: =?utf-8?q?a?=\nContent-Type: text/html; charset=x\n\n<p>a &amp; b\n"],
    ".mbox": lambda: [b"From a@x Mon Jan  1 00:00:00 2024\n" + mail() + b"\n\nFrom b Tue Jan  2 00:00:00 2024\n\nb\n"],
    ".html": lambda: [b"<!doctype html><title>t</title><p style='display:none'>a<b>b</p><table><td><p>c</table>&lt;"],
    ".xml": lambda: [
        HEAD + b'<posts><row Id="1" Title="t" Body="&lt;p&gt;a" Tags="&lt;x&gt;"/><row Id="2" Body="b"/></posts>',
        HEAD + b"<rss><channel><item><title>a</title><description>&lt;b&gt;</description></item></channel></rss>",
        HEAD + b"<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>1</PMID><Article><ArticleTitle>a"
        b"</ArticleTitle></Article></MedlineCitation></PubmedArticle></PubmedArticleSet>",
    ],
    ".csv": lambda: [b'id,body\n1,"<p>a &amp; b</p>"\n2,"<div>c<br>&lt;<o:p></div>"\n'],
}


def stored(content: bytes) -> Iterator[bytes]:
    """Yield a zip whose members are not packed, so that damage reaches what is in them."""
    with zipfile.ZipFile(BytesIO(content)) as packed, zipfile.ZipFile(written := BytesIO(), "w") as plain:
        for name in packed.namelist():
            plain.writestr(name, packed.read(name))
    yield written.getvalue()


@pytest.fixture(scope="module")
def seeds() -> dict[str, list[bytes]]:
    return {suffix: make() for suffix, make in SEEDS.items()}


@pytest.mark.parametrize(
    "suffix", [each if each != ".docx" else pytest.param(each, marks=pytest.mark.slow) for each in SEEDS]
)
@WILD
@given(st.data())
def test_a_damaged_file_gives_documents_or_a_sentence(
    tmp_path: Path, seeds: dict[str, list[bytes]], suffix: str, data: st.DataObject
) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(data.draw(damaged(seeds[suffix])))
    with told():
        list(itertools.islice(read(str(path)).read(), 1000))
    assert len(look_at(SourceSpec(str(path))).error) < 3000
