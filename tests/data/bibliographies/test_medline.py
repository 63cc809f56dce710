import textwrap
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exemplar.data.documents import Document, Problem
from tests.support.reading import documents, problems, read

TWO = """
PMID- 1000001
OWN - NLM
DP  - 2020 Jan 15
TI  - Bees in town
      gardens
LID - 10.1000/x1 [doi]
AB  - Wild bees nest in parks. More flowers
      mean more bees.
FAU - Doe, Jane
AU  - Doe J
FAU - Roe, Bob
AU  - Roe B
PT  - Journal Article
PT  - Review
JT  - Journal of bees
TA  - J Bees
MH  - *Bees
OT  - towns
AID - S0140-1 [pii]
AID - 10.1000/x1 [doi]
PMC - PMC77

PMID- 1000002
TI  - Fatigue of steel bridges
"""
TWO_DOCUMENTS = [
    Document(
        "1000001",
        "Wild bees nest in parks. More flowers mean more bees.",
        metadata={
            "authors": "Doe, Jane; Roe, Bob",
            "year": "2020",
            "journal": "Journal of bees",
            "doi": "10.1000/x1",
            "keywords": "towns; *Bees",
            "type": "Journal Article; Review",
            "OWN": "NLM",
            "DP": "2020 Jan 15",
            "AU": "Doe J\nRoe B",
            "TA": "J Bees",
            "AID": "S0140-1 [pii]",
            "PMC": "PMC77",
        },
        title="Bees in town gardens",
    ),
    Document("1000002", "", title="Fatigue of steel bridges"),
]


def written(folder: Path, content: str, name: str = "found.txt", encoding: str = "utf-8") -> str:
    path = folder / name
    path.write_bytes(content.encode(encoding))
    return str(path)


@pytest.mark.parametrize("name", ["pubmed.nbib", "pubmed-bees-set.txt", "pubmed"])
def test_pubmed_records_are_recognised_by_content(tmp_path: Path, name: str) -> None:
    assert documents(read(written(tmp_path, TWO, name))) == TWO_DOCUMENTS


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_marks_and_ends_of_lines_lose_nothing(tmp_path: Path, encoding: str) -> None:
    content = TWO.strip().replace("\n", "\r\n")
    assert documents(read(written(tmp_path, content, encoding=encoding))) == TWO_DOCUMENTS


def test_a_second_abstract_is_a_column_and_reported(tmp_path: Path) -> None:
    content = "PMID- 1\nTI  - a\nAB  - English\nOAB - Deutsch\n\nPMID- 2\nTI  - b\nOAB - Nur Deutsch\n"
    source = read(written(tmp_path, content))
    assert documents(source) == [
        Document("1", "English", metadata={"OAB": "Deutsch"}, title="a"),
        Document("2", "Nur Deutsch", title="b"),
    ]
    assert problems(source) == [
        Problem("line 1", "a second abstract, in another language, is the column OAB", left_out=False)
    ]


def test_records_of_pubmed_central_begin_with_its_id(tmp_path: Path) -> None:
    content = "PMC - PMC1\nPMID- 10\nTI  - a\n\nPMC - PMC2\nTI  - b\n"
    assert documents(read(written(tmp_path, content))) == [
        Document("10", "", metadata={"PMC": "PMC1"}, title="a"),
        Document("PMC2", "", title="b"),
    ]


def test_records_of_ovid_begin_with_their_vendor(tmp_path: Path) -> None:
    content = (
        "<1>\nVN  - Ovid Technologies\nDB  - Ovid MEDLINE(R)\nUI  - 11\nTI  - a\nAB  - x\n\n<2>\n"
        "VN  - Ovid Technologies\nUI  - 12\nTI  - b\n"
    )
    assert documents(read(written(tmp_path, content))) == [
        Document("11", "x", metadata={"VN": "Ovid Technologies", "DB": "Ovid MEDLINE(R)"}, title="a"),
        Document("12", "", metadata={"VN": "Ovid Technologies"}, title="b"),
    ]


def test_short_words_with_a_hyphen_are_no_tags(tmp_path: Path) -> None:
    content = "PMID- 1\nTI  - a\nAB  - Tests of\n      HIV - and\n      US- based ones.\n"
    assert documents(read(written(tmp_path, content))) == [
        Document("1", "Tests of HIV - and US- based ones.", title="a")
    ]


TEXT = st.lists(
    st.text(st.characters(codec="utf-8", categories=["L", "N"]), min_size=1, max_size=12), min_size=1, max_size=12
)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=3))
def test_what_is_written_is_what_is_read(
    tmp_path_factory: pytest.TempPathFactory, records: list[tuple[list[str], list[str]]]
) -> None:
    def lines(tag: str, words: list[str]) -> str:
        return textwrap.fill(
            " ".join(words), 80, initial_indent=f"{tag:<4}- ", subsequent_indent=6 * " ", break_on_hyphens=False
        )

    content = "\n".join(
        f"\nPMID- {number}\n{lines('TI', title)}\n{lines('AB', abstract)}"
        for number, (title, abstract) in enumerate(records)
    )
    path = written(tmp_path_factory.mktemp("medline"), content)
    assert documents(read(path)) == [
        Document(str(number), " ".join(abstract), title=" ".join(title))
        for number, (title, abstract) in enumerate(records)
    ]
