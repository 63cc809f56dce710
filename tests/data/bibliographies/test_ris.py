import contextlib
import re
import tracemalloc
from pathlib import Path

import pytest
import rispy
from hypothesis import given, settings
from hypothesis import strategies as st

from exemplar.data.bibliographies import tagged
from exemplar.data.bibliographies.people import joined_people
from exemplar.data.documents import Document, Problem
from exemplar.data.errors import ExemplarError
from exemplar.data.files.options import ReadOptions
from tests.support.reading import documents, problems, read

TWO = """TY  - JOUR
TI  - Bees in town gardens
AU  - Doe, A.
AU  - Roe, B.
PY  - 2019
JF  - Journal of Bees
AB  - Wild bees nest in parks.
DO  - https://doi.org/10.1000/x1
KW  - bees
KW  - towns
UR  - https://example.org/1
AN  - 77
VL  - 3
ER  -

TY  - BOOK
T1  - Fatigue of steel bridges
N2  - Cracks grow under lorry traffic.
ER  -
""".replace("ER  -", "ER  - ")
TWO_DOCUMENTS = [
    Document(
        "77",
        "Wild bees nest in parks.",
        metadata={
            "authors": "Doe, A.; Roe, B.",
            "year": "2019",
            "journal": "Journal of Bees",
            "doi": "10.1000/x1",
            "keywords": "bees; towns",
            "url": "https://example.org/1",
            "type": "JOUR",
            "VL": "3",
        },
        title="Bees in town gardens",
    ),
    Document("1", "Cracks grow under lorry traffic.", metadata={"type": "BOOK"}, title="Fatigue of steel bridges"),
]


def written(folder: Path, content: str | bytes, name: str = "found.ris") -> str:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


def found(folder: Path, content: str | bytes, name: str = "found.ris") -> list[tuple[str | None, str]]:
    """Return the titles and texts of a file."""
    return [(document.title, document.text) for document in documents(read(written(folder, content, name)))]


@pytest.mark.parametrize("name", ["found.ris", "found.txt", "found", "found.csv", "found.ris.txt"])
def test_records_are_recognised_by_content_and_become_the_usual_columns(tmp_path: Path, name: str) -> None:
    source = read(written(tmp_path, TWO, name))
    assert documents(source) == TWO_DOCUMENTS
    columns = ("id", "title", "abstract", "authors", "year", "journal", "doi", "keywords", "url", "type", "VL")
    assert source.columns() == columns


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\r\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_marks_and_ends_of_lines_lose_no_record(tmp_path: Path, encoding: str, end: str) -> None:
    content = TWO.rstrip().removesuffix("ER  -").replace("\n", end).encode(encoding)
    assert documents(read(written(tmp_path, content, "found.txt"))) == TWO_DOCUMENTS


@pytest.mark.parametrize("tag", ["{} - {}", "{}\t-\t{}", "{}   -   {}", " {}  - {}", "{} -{}"])
def test_odd_blanks_around_hyphens_are_understood(tmp_path: Path, tag: str) -> None:
    lines = re.sub(r"(?m)^([A-Z][A-Z0-9])  - (.*)$", lambda match: tag.format(match[1], match[2]).rstrip(), TWO)
    assert documents(read(written(tmp_path, lines, "found.txt"))) == TWO_DOCUMENTS


def test_missing_blanks_behind_hyphens_are_understood(tmp_path: Path) -> None:
    assert documents(read(written(tmp_path, TWO.replace("  - ", "  -")))) == TWO_DOCUMENTS
    assert documents(read(written(tmp_path, TWO.replace("TY  - ", "TY-").replace("ER  - ", "ER-")))) == TWO_DOCUMENTS


def test_one_blank_counts_for_sure_tags_and_not_in_an_abstract(tmp_path: Path) -> None:
    content = (
        "TY  - JOUR\nTI - one\nAB - scans of\nCT - and MRI\nER - visits\nT1-weighted\nER -\nTY  - JOUR\nTI  - two\n"
    )
    assert found(tmp_path, content) == [("one", "scans of CT - and MRI ER - visits T1-weighted"), ("two", "")]


def test_lines_before_and_between_records_are_no_records(tmp_path: Path) -> None:
    content = f"Provider: X\nDatabase: Y\n\n1.\n{TWO.replace('TY  - BOOK', '2.' + chr(10) + 'TY  - BOOK')}\nDone.\n"
    assert documents(read(written(tmp_path, content))) == TWO_DOCUMENTS


def test_continued_lines_and_blank_lines_stay_in_a_record(tmp_path: Path) -> None:
    content = "TY  - JOUR\nTI  - a\n\n   long title\n\nAB  - one\ntwo\n\n\nthree\nER  - \n"
    assert found(tmp_path, content) == [("a long title", "one two\n\nthree")]


def test_repeated_and_unknown_tags_are_kept(tmp_path: Path) -> None:
    content = (
        "TY  - JOUR\nTI  - one\nTI  - second title\nAB  - a\nAB  - b\nN2  - c\nPY  - 2020/05/12/\nJF  - Full\n"
        "JO  - F.\nID  - 5\nAN  - 6\nZ9  - x\nZ9  - y\nER  - \n"
    )
    assert documents(read(written(tmp_path, content))) == [
        Document(
            "6",
            "a\nb",
            metadata={
                "year": "2020",
                "journal": "Full",
                "type": "JOUR",
                "TI": "second title",
                "N2": "c",
                "PY": "2020/05/12/",
                "JO": "F.",
                "ID": "5",
                "Z9": "x\ny",
            },
            title="one",
        )
    ]


def test_a_record_without_its_first_line_is_one(tmp_path: Path) -> None:
    content = TWO.replace("TY  - BOOK\n", "")
    assert found(tmp_path, content)[1] == ("Fatigue of steel bridges", "Cracks grow under lorry traffic.")


def test_joined_files_with_marks_between_them_are_read(tmp_path: Path) -> None:
    assert found(tmp_path, f"\ufeff{TWO}\ufeff{TWO}") == 2 * [(each.title, each.text) for each in TWO_DOCUMENTS]


def test_repeated_ids_are_reported_and_records_kept(tmp_path: Path) -> None:
    source = read(written(tmp_path, "TY  - JOUR\nTI  - a\nID  - 9\nER  - \n" * 2))
    assert [(document.doc_id, document.numbered) for document in documents(source)] == [("9", False), ("1", True)]
    assert problems(source) == [
        Problem("line 5", "an earlier row has its id; it goes by the number of its row", left_out=False)
    ]


def test_a_doi_may_stand_in_the_address(tmp_path: Path) -> None:
    source = read(written(tmp_path, "TY  - JOUR\nTI  - a\nUR  - https://doi.org/10.1000/(x)1?y=2\nER  - \n"))
    assert documents(source)[0].metadata["doi"] == "10.1000/(x)1"


def test_titles_alone_are_documents(tmp_path: Path) -> None:
    assert found(tmp_path, "TY  - JOUR\nTI  - a\nER  - \nTY  - JOUR\nAU  - nobody\nER  - \n") == [("a", "")]
    assert problems(read(str(tmp_path / "found.ris"))) == [Problem("line 4", "no text")]


def test_an_encoding_can_be_named(tmp_path: Path) -> None:
    content = "TY  - JOUR\nTI  - Žluťoučký kůň\nER  - \n".encode("cp1250")
    source = read(written(tmp_path, content), options=ReadOptions(encoding="cp1250"))
    assert [document.title for document in documents(source)] == ["Žluťoučký kůň"]


def test_a_record_without_end_is_left_out_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tagged, "_MOST_RECORD", 1000)
    source = read(written(tmp_path, TWO + "TY  - JOUR\nTI  - long\nAB  - x\n" + "more\n" * 1000 + "ER  - \n" + TWO))
    assert [document.title for document in documents(source)] == [each.title for each in [*TWO_DOCUMENTS] * 2]
    assert Problem("line 20", "a record of more than 1,000 characters") in problems(source)


def test_a_file_without_records_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ExemplarError, match="it has no record: in RIS each begins with TY"):
        read(written(tmp_path, "nothing\n"))


def test_prose_that_mentions_a_tag_is_no_bibliography(tmp_path: Path) -> None:
    text = "A line such as\nTY  - JOUR\nbegins a record.\n"
    assert documents(read(written(tmp_path, text, "found.txt"))) == [Document("found.txt", text)]


NO_CONTROLS = st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Zl", "Zp"), exclude_characters="\ufeff")
LINE = st.text(NO_CONTROLS, min_size=1).map(lambda text: " ".join(text.split())).filter(bool)
WORDS = st.lists(st.text(st.characters(codec="utf-8", categories=["L", "N"]), min_size=3), min_size=1, max_size=4)
LINES = st.lists(WORDS.map(" ".join), min_size=1, max_size=3)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(LINE, LINES, st.lists(LINE, min_size=1, max_size=3, unique=True)), min_size=1, max_size=3))
def test_what_rispy_writes_is_what_is_read(
    tmp_path_factory: pytest.TempPathFactory, records: list[tuple[str, list[str], list[str]]]
) -> None:
    content = rispy.dumps(
        [
            {"type_of_reference": "JOUR", "title": title, "abstract": "\n".join(lines), "authors": authors}
            for title, lines, authors in records
        ]
    )
    path = tmp_path_factory.mktemp("ris") / "written.ris"
    path.write_text(content, encoding="utf-8", newline="")
    assert documents(read(str(path))) == [
        Document(
            str(number),
            " ".join(lines),
            metadata={"authors": joined_people(authors), "type": "JOUR"},
            title=title,
        )
        for number, (title, lines, authors) in enumerate(records)
    ]


@settings(max_examples=40, deadline=None)
@pytest.mark.slow  # bytes of some formats are read by a process of its own
@given(st.binary(max_size=300), st.integers(0, 300))
def test_damaged_files_give_documents_or_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, garbage: bytes, at: int
) -> None:
    path = tmp_path_factory.mktemp("ris") / "damaged.ris"
    content = TWO.encode()
    path.write_bytes(content[:at] + garbage + content[at:])
    with contextlib.suppress(ExemplarError):
        assert list(read(str(path)).read())


@pytest.mark.parametrize(
    "fields",
    [
        "DO  - " + "10." * 200_000,
        "UR  - doi.org/10." + "1." * 200_000,
        "".join(f"AU  - {number}\n" for number in range(50_000)),
        "N1  - " + "RAYYAN-INCLUSION: {" * 50_000,
        "N1  - RAYYAN-INCLUSION: {" + "a=>" * 200_000,
        "AB  - a\n" + "b\n" * 100_000,
    ],
    ids=["doi", "url", "authors", "notes", "note", "lines"],
)
def test_hostile_records_end(tmp_path: Path, fields: str) -> None:
    assert found(tmp_path, f"TY  - JOUR\nTI  - x\n{fields}\nER  - \n{TWO}")[1:] == [
        (each.title, each.text) for each in TWO_DOCUMENTS
    ]


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    record = "TY  - JOUR\nTI  - x\nAB  - " + "a long abstract " * 100 + "\nER  - \n"
    source = read(written(tmp_path, record * 3000))
    tracemalloc.start()
    try:
        assert sum(1 for _ in source.read()) == 3000
        assert tracemalloc.get_traced_memory()[1] < 1_000_000  # of 4,900,000
    finally:
        tracemalloc.stop()
