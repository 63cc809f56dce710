import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exemplar.data.bibliographies import readable_xml
from exemplar.data.bibliographies.people import joined_people
from exemplar.data.documents import Document, Problem
from exemplar.data.errors import ExemplarError
from tests.support.reading import documents, problems, read

TAGGED = """%0 Journal Article
%T Bees in town gardens
%A Doe, Jane
%A Roe, Bob
%D 2019
%J Journal of Bees
%X Wild bees nest in parks.

More flowers mean more bees.
%R 10.1000/x1
%K bees
towns
%V 3
%M 77

%0 Book
%T Fatigue of steel: 5
% of bridges
"""


@pytest.mark.parametrize("name", ["library.enw", "library.txt", "library"])
def test_tagged_records_are_recognised_by_content(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(TAGGED, encoding="utf-8-sig")
    assert documents(read(str(path))) == [
        Document(
            "77",
            "Wild bees nest in parks.\n\nMore flowers mean more bees.",
            metadata={
                "authors": "Doe, Jane; Roe, Bob",
                "year": "2019",
                "journal": "Journal of Bees",
                "doi": "10.1000/x1",
                "keywords": "bees towns",
                "type": "Journal Article",
                "%V": "3",
            },
            title="Bees in town gardens",
        ),
        Document("1", "", metadata={"type": "Book"}, title="Fatigue of steel: 5 % of bridges"),
    ]


def styled(parent: ET.Element, name: str, *pieces: str) -> ET.Element:
    """Add an element whose text has a style for each piece, as EndNote writes it."""
    element = ET.SubElement(parent, name)
    for number, piece in enumerate(pieces):
        ET.SubElement(element, "style", face="italic" if number % 2 else "normal").text = piece
    return element


def library(*records: tuple[str, str, list[str]]) -> bytes:
    """Return a library as EndNote exports it: of each record the title, abstract and authors."""
    root = ET.Element("xml")
    found = ET.SubElement(root, "records")
    for number, (title, abstract, authors) in enumerate(records, start=1):
        record = ET.SubElement(found, "record")
        ET.SubElement(record, "database", name="mine.enl").text = "mine.enl"
        ET.SubElement(record, "rec-number").text = str(number)
        ET.SubElement(ET.SubElement(record, "foreign-keys"), "key", app="EN").text = str(number)
        ET.SubElement(record, "ref-type", name="Journal Article").text = "17"
        people = ET.SubElement(ET.SubElement(record, "contributors"), "authors")
        for author in authors:
            styled(people, "author", author)
        styled(ET.SubElement(record, "titles"), "title", title[:3], title[3:])
        styled(record, "abstract", abstract)
    return ET.tostring(root, encoding="utf-8", xml_declaration=True)


def test_fields_of_a_library_become_columns_and_attachments_do_not(tmp_path: Path) -> None:
    root = ET.fromstring(library(("The E. coli of bees", "Wild bees.", ["Doe, Jane", "Roe, Bob"])))  # noqa: S314
    record = root.find("records/record")
    assert record is not None
    styled(record.find("titles"), "secondary-title", "Journal of Bees")
    styled(ET.SubElement(record.find("contributors"), "secondary-authors"), "author", "Poe, C.")
    dates = ET.SubElement(record, "dates")
    styled(dates, "year", "2019")
    styled(ET.SubElement(dates, "pub-dates"), "date", "May 12")
    for name, text in [("volume", "3"), ("electronic-resource-num", "10.1000/x1"), ("accession-num", "55")]:
        styled(record, name, text)
    keywords = ET.SubElement(record, "keywords")
    styled(keywords, "keyword", "bees")
    styled(keywords, "keyword", "towns")
    urls = ET.SubElement(record, "urls")
    styled(ET.SubElement(urls, "related-urls"), "url", "https://example.org/1")
    styled(ET.SubElement(urls, "pdf-urls"), "url", "internal-pdf://bees.pdf")
    path = tmp_path / "library.xml"
    path.write_bytes(ET.tostring(root))
    source = read(str(path))
    assert documents(source) == [
        Document(
            "1",
            "Wild bees.",
            metadata={
                "authors": "Doe, Jane; Roe, Bob",
                "year": "2019",
                "journal": "Journal of Bees",
                "doi": "10.1000/x1",
                "keywords": "bees; towns",
                "url": "https://example.org/1",
                "type": "Journal Article",
                "editor": "Poe, C.",
                "date": "May 12",
                "volume": "3",
                "accession-num": "55",
            },
            title="The E. coli of bees",
        )
    ]
    assert problems(source) == []


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Cn", "Zl", "Zp")), min_size=1, max_size=50)
SHOWN = TEXT.map(str.strip).filter(bool)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(SHOWN, SHOWN, st.lists(SHOWN, min_size=1, max_size=3, unique=True)), min_size=1, max_size=4))
def test_what_is_written_is_what_is_read(
    tmp_path_factory: pytest.TempPathFactory, records: list[tuple[str, str, list[str]]]
) -> None:
    path = tmp_path_factory.mktemp("endnote") / "library.xml"
    path.write_bytes(library(*records))
    assert documents(read(str(path))) == [
        Document(
            str(number),
            abstract,
            metadata={"authors": joined_people(authors), "type": "Journal Article"},
            title=title,
        )
        for number, (title, abstract, authors) in enumerate(records, start=1)
    ]


def test_control_characters_are_left_out_and_reported(tmp_path: Path) -> None:
    path = tmp_path / "library.xml"
    content = library(*[("a title", "an abstract", ["Doe"])] * 500)
    path.write_bytes(content.replace(b"an abstract", b"an\x0b abs&#x1F;tr&#11;act &amp; more"))
    source = read(str(path))
    assert {document.text for document in documents(source)} == {"an abstract & more"}
    assert len(documents(source)) == 500
    reason = "control characters, which XML does not allow, are left out"
    assert problems(source) == [Problem("library.xml", reason, left_out=False)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<xml><records><record></record></records></xml>", "no element <record> with content"),
        (b"<xml><records><record><titles><title>a</ti", "broken XML after 0 records"),
    ],
)
def test_bad_libraries_are_errors(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "library.xml"
    path.write_bytes(content)
    with pytest.raises(ExemplarError, match=message):
        read(str(path))


def test_a_record_has_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readable_xml, "_MOST_RECORD", 200_000)
    path = tmp_path / "library.xml"
    path.write_bytes(library(*[("a title", "an abstract " * 100, ["Doe"])] * 1000))
    assert len(documents(read(str(path)))) == 1000
    path.write_bytes(library(("a title", "an abstract " * 100_000, ["Doe"])))
    with pytest.raises(ExemplarError, match="a record of more than 200,000 bytes; export RIS instead"):
        read(str(path))


def test_groups_within_each_other_have_a_bound(tmp_path: Path) -> None:
    deep = b"<titles>" * 20_000 + b"<title>deep</title>" + b"</titles>" * 20_000
    path = tmp_path / "library.xml"
    path.write_bytes(library(("a title", "an abstract", ["Doe"])).replace(b"</record>", deep + b"</record>"))
    with pytest.raises(ExemplarError, match="XML of more than 1,000 levels"):
        read(str(path))
