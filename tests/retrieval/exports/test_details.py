"""References that change their format: what a detail is called is translated, and comes back."""

from pathlib import Path

import pytest

from exemplar.retrieval.exports.writing import unwritten_columns, write_export
from tests.support.exports import engine_of, exported, rows_in

RIS = """TY  - JOUR
ID  - cats
TI  - Cats & {dogs}
AU  - Ann, A.
AU  - Bob; Sons
PY  - 2020
T2  - Journal of Cats
J2  - J Cats
VL  - 12
IS  - 3
SP  - S1-9
EP  - S1-20
SN  - 1234-5678
PB  - Cat Press
DA  - 2020/05/12/
DO  - 10.1/a_b
KW  - cat
nap
Y2  - 2024/01/02/
LA  - en
N1  - mine
N1  - and yours
DB  - Scopus
M1  - 7
C7  - e12
AB  - They sleep.

      And play.
ER  -

TY  - CONF
ID  - talk
TI  - A talk
AB  - It is short.
T2  - Proc. of Talks
A2  - Ed, E.
A2  - Cole, C.
SP  - 7
CY  - Rome
T3  - Talks
ER  -

TY  - BOOK
ID  - book
TI  - A book
AB  - It is long.
ED  - Ed, E.
SN  - 978-3-16-148410-0
PB  - House
CY  - Rome
ET  - 2
T3  - Books
ST  - Book
ER  -

TY  - CHAP
ID  - part
TI  - A chapter
AB  - Of a book.
T2  - A book
A2  - Ed, E.
SP  - 1
EP  - 9
PB  - House
SE  - 3
ER  -

TY  - RPRT
ID  - report
TI  - A report
AB  - To all.
IS  - 17
PB  - Institute
DA  - 2020///Spring
PY  - 2020
ER  -

TY  - THES
ID  - thesis
TI  - A thesis
AB  - At last.
PB  - A university
M3  - Doctoral
ER  -

TY  - MGZN
ID  - glossy
TI  - A story
AB  - With pictures.
ER  -
"""
BIB = r"""
@article{cats, title = {Cats}, abstract = {They sleep.}, author = {Ann, A. and {Bob; Sons}}, year = {2020},
  journal = {J. of Cats}, volume = {12}, number = {3}, pages = {1--9}, issn = {1234-5678}, publisher = {Press},
  month = may, note = {mine}, keywords = {cat; nap}}
@mastersthesis{thesis, title = {A thesis}, abstract = {At last.}, school = {A university}, type = {MSc}}
@incollection{part, title = {A chapter}, abstract = {Of a book.}, booktitle = {A book}, editor = {Ed, E. and Cole, C.},
  isbn = {978-3-16-148410-0}, edition = {2}, series = {Books}, address = {Rome}, chapter = {3}}
@techreport{report, title = {A report}, abstract = {To all.}, institution = {Institute}, number = {17},
  keywords = {big cats, bees}}
"""


def _as(format: str, source: Path) -> Path:
    """Write a file of references as another format."""
    export = exported(engine_of(source))
    assert unwritten_columns(export, format) == ()
    path = source.with_name(f"as-{format}.{'bib' if format == 'bibtex' else 'ris'}")
    write_export(export, path, format)
    return path


def _records(path: Path) -> list[dict[str, str]]:
    """Return the rows of a file without blanks, and without the notes that exports write."""
    _, rows = rows_in(path)
    cells = [{name: cell for name, cell in row.items() if cell} for row in rows]
    return [{name: _without_own(cell) for name, cell in row.items() if _without_own(cell)} for row in cells]


def _without_own(text: str) -> str:
    return "\n".join(line for line in text.split("\n") if not line.startswith("Exemplar:"))


def test_ris_comes_back_from_bibtex(tmp_path: Path) -> None:
    source = tmp_path / "refs.ris"
    source.write_text(RIS.replace("ER  -", "ER  - "))
    bibtex = _as("bibtex", source)
    first = _records(bibtex)[0]
    assert first == {
        "id": "cats", "type": "article", "title": "Cats & {dogs}", "abstract": "They sleep.\n\nAnd play.",
        "authors": 'Ann, A.; "Bob; Sons"', "year": "2020", "journal": "Journal of Cats", "shortjournal": "J Cats",
        "volume": "12", "number": "3", "pages": "S1-9–S1-20", "issn": "1234-5678", "publisher": "Cat Press",
        "date": "2020-05-12", "doi": "10.1/a_b", "keywords": "cat; nap", "language": "en",
        "urldate": "2024-01-02",
        "note": "mine\n\nand yours", "db": "Scopus", "m1": "7", "eid": "e12",
    }  # fmt: skip
    text = bibtex.read_text()
    for line in ("pages = {1--9}", "school = {A university}", "institution = {Institute}", "month = {Spring}"):
        assert f"  {line},\n" in text
    assert "@inproceedings{talk,\n  title = {A talk},\n  abstract = {It is short.},\n  booktitle = {Proc." in text
    assert _records(_as("ris", bibtex)) == _records(source)


def test_bibtex_comes_back_from_ris(tmp_path: Path) -> None:
    source = tmp_path / "refs.bib"
    source.write_text(BIB)
    ris = _as("ris", source)
    lines = ris.read_text().splitlines()
    for line in ("VL  - 12", "IS  - 3", "SP  - 1", "EP  - 9", "SN  - 1234-5678", "DA  - 2020/05//", "N1  - mine"):
        assert line in lines
    assert [line for line in lines if line[:2] == "KW"] == ["KW  - cat", "KW  - nap", "KW  - big cats", "KW  - bees"]
    again = _as("bibtex", source)
    assert "  editor = {Ed, E. and Cole, C.},\n" in again.read_text()
    expected = _records(source)
    assert _records(again) == expected
    del expected[0]["month"]
    expected[-1]["keywords"] = "big cats; bees"
    expected[0]["date"] = "2020-05"
    assert _records(_as("bibtex", ris)) == expected


MEDLINE = """
PMID- 1000001
OWN - NLM
IS  - 1234-5678 (Print)
VI  - 12
IP  - 3
DP  - 2020 May 12
TI  - Bees in town gardens
PG  - 123-9
AB  - Wild bees nest in parks. More flowers
      mean more bees.
FAU - Doe, Jane
AU  - Doe J
CN  - Bee Group
JT  - Journal of bees
TA  - J Bees
DA  - 20200601
PT  - Journal Article
"""
WOS = """FN Clarivate Analytics Web of Science
VR 1.0
PT J
AU Doe, J
AF Doe, Jane
TI Bees in town gardens
SO JOURNAL OF BEES
AB Wild bees nest in parks.
SN 1234-5678
PD MAY 12
PY 2020
VL 12
IS 3
BP 123
EP 129
DI 10.1/a
PG 7
DA 2024-01-01
UT WOS:0001
ER

PT J
TI Without much
AB Text.
SO J
AR e77
UT WOS:0002
ER

EF
"""


@pytest.mark.parametrize(("name", "content"), [("pubmed.nbib", MEDLINE), ("savedrecs.ciw", WOS)])
def test_tags_of_other_formats_are_not_taken_for_those_of_ris(tmp_path: Path, name: str, content: str) -> None:
    source = tmp_path / name
    source.write_text(content)
    export = exported(engine_of(source))
    for format, suffix in (("ris", "ris"), ("bibtex", "bib")):
        write_export(export, tmp_path / f"out.{suffix}", format)
    lines = (tmp_path / "out.ris").read_text().splitlines()
    serial = "1234-5678 (Print)" if name == "pubmed.nbib" else "1234-5678"
    for line in (f"SN  - {serial}", "VL  - 12", "IS  - 3", "SP  - 123", "EP  - 129", "DA  - 2020/05/12/"):
        assert line in lines
    once = [line[:2] for line in lines if line[:2] in ("AU", "CN", "DA", "IS")]  # CN is a call number in RIS
    assert sorted(once) == ["AU", "DA", "IS"]
    text = (tmp_path / "out.bib").read_text()
    if name == "savedrecs.ciw":
        assert "C7  - e77" in lines
        assert "@article{WOS:0002,\n" in text
        assert "  eid = {e77},\n" in text
    for field in ("volume = {12}", "number = {3}", "pages = {123--129}", "date = {2020-05-12}", f"issn = {{{serial}}}"):
        assert f"  {field},\n" in text
