from pathlib import Path

import pytest

from exemplar.data.documents import Document
from tests.support.reading import documents, read

HEAD = "FN Clarivate Analytics Web of Science\nVR 1.0\n"
TWO = """PT J
AU Doe, J
   Roe, B
AF Doe, Jane
   Roe, Bob
TI Bees in
   town gardens
SO JOURNAL OF BEES
DT Article
DE bees; towns
ID PARKS
AB Wild bees
   nest in parks.
C1 [Doe, Jane] Univ A.
   [Roe, Bob] Univ B.
PY 2019
DI 10.1000/x1
UT WOS:000000000000001
ER

PT J
TI Fatigue of steel bridges
UT WOS:000000000000002
ER

"""
TWO_DOCUMENTS = [
    Document(
        "WOS:000000000000001",
        "Wild bees nest in parks.",
        metadata={
            "authors": "Doe, Jane; Roe, Bob",
            "year": "2019",
            "journal": "JOURNAL OF BEES",
            "doi": "10.1000/x1",
            "keywords": "bees; towns; PARKS",
            "type": "Article",
            "PT": "J",
            "AU": "Doe, J\nRoe, B",
            "C1": "[Doe, Jane] Univ A.\n[Roe, Bob] Univ B.",
        },
        title="Bees in town gardens",
    ),
    Document("WOS:000000000000002", "", metadata={"type": "J"}, title="Fatigue of steel bridges"),
]


@pytest.mark.parametrize("name", ["savedrecs.ciw", "savedrecs.txt", "savedrecs"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_tagged_records_are_recognised_by_content(tmp_path: Path, name: str, encoding: str) -> None:
    path = tmp_path / name
    path.write_bytes(f"{HEAD}{TWO}EF".replace("\n", "\r\n").encode(encoding))
    assert documents(read(str(path))) == TWO_DOCUMENTS


def test_a_head_or_an_end_may_be_missing(tmp_path: Path) -> None:
    path = tmp_path / "savedrecs.txt"
    path.write_text(TWO.rstrip().removesuffix("ER"))
    assert documents(read(str(path))) == TWO_DOCUMENTS
    path.write_text(f"{HEAD}{TWO}EF\n{HEAD}{TWO}EF\n")
    assert [each.title for each in documents(read(str(path)))] == 2 * [each.title for each in TWO_DOCUMENTS]
