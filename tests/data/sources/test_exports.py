from pathlib import Path

import pytest

from exemplar.data.documents import Document, Problem
from exemplar.data.errors import TextColumnUnknown
from exemplar.data.sources.columns import Columns
from tests.support.reading import documents, problems, read

WOS = "PT\tAU\tBA\tBE\tGP\tAF\tTI\tSO\tID\tAB\tUT\tPM\n"
WOS_ROW = 'J\tDoe\t\t\t\tDoe, J.\tBees\tJ. Bees\tPARKS\tWild "bees" nest\tWOS:1\t\n'


@pytest.mark.parametrize(
    ("header", "roles"),
    [
        (
            "Authors,Author full names,Author(s) ID,Title,Year,Source title,DOI,Abstract,Author Keywords,EID",
            Columns("Abstract", "Title", None, "EID"),
        ),
        (
            "Key,Item Type,Publication Year,Author,Title,Abstract Note,Manual Tags",
            Columns("Abstract Note", "Title", None, "Key"),
        ),
        (
            "Title,Authors,Abstract,Published Year,Accession Number,DOI,Ref,Covidence #,Study,Notes,Tags",
            Columns("Abstract", "Title", None, "Covidence #"),
        ),
        ("key,title,year,authors,abstract,notes,doi", Columns("abstract", "title", None, "key")),
        (
            "Publication Type,Authors,Article Title,Source Title,Abstract,DOI,UT (Unique WOS ID),Pubmed Id",
            Columns("Abstract", "Article Title", None, "UT (Unique WOS ID)"),
        ),
        (
            "PMID,Title,Authors,Citation,First Author,Journal/Book,Publication Year,DOI",
            Columns(None, "Title", None, "PMID"),
        ),
        ("Cochrane Review ID,Author(s),Title,Abstract", Columns("Abstract", "Title", None, "Cochrane Review ID")),
        (
            "Article Title,Author,Journal Title,Accession Number,Abstract,PLink",
            Columns("Abstract", "Article Title", None, "Accession Number"),
        ),
        ("Document Title,Authors,Publication Title,Abstract,IEEE Terms", Columns("Abstract", "Document Title")),
        ("id,doi,title,display_name,abstract,publication_year", Columns("abstract", "title", None, "id")),
        ("id,doi,display_name,abstract", Columns("abstract", "display_name", None, "id")),
        ("corpusid,title,abstract", Columns("abstract", "title", None, "corpusid")),
        ("paperId,title,abstract", Columns("abstract", "title", None, "paperId")),
        ("Title,Abstract,Accession Number", Columns("Abstract", "Title", None, "Accession Number")),
    ],
)
def test_headers_of_known_exports_give_the_roles(tmp_path: Path, header: str, roles: Columns) -> None:
    path = tmp_path / "export.csv"
    path.write_text(f"{header}\n{','.join('x' for _ in header.split(','))}\n", encoding="utf-8-sig")
    source = read(str(path))
    assert source.spec.columns == roles
    assert len(documents(source)) == 1


@pytest.mark.parametrize("name", ["savedrecs.txt", "savedrecs.tsv", "savedrecs"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_web_of_science_with_tabs_has_its_roles_by_tags(tmp_path: Path, name: str, encoding: str) -> None:
    path = tmp_path / name
    path.write_bytes(f"{WOS}{WOS_ROW}".replace("\n", "\r\n").encode(encoding))
    source = read(str(path))
    assert source.spec.columns == Columns("AB", "TI", None, "UT")
    assert documents(source) == [
        Document(
            "WOS:1",
            'Wild "bees" nest',
            metadata={"PT": "J", "AU": "Doe", "AF": "Doe, J.", "SO": "J. Bees", "ID": "PARKS"},
            title="Bees",
        )
    ]


def test_tags_in_another_header_have_no_roles(tmp_path: Path) -> None:
    path = tmp_path / "other.tsv"
    path.write_text("TI\tAB\tUT\na\tb\tc\n")
    with pytest.raises(TextColumnUnknown, match="say which column of .* holds the text"):
        read(str(path))


def test_requested_columns_come_before_those_of_an_export(tmp_path: Path) -> None:
    path = tmp_path / "scopus.csv"
    path.write_text("Title,Source title,Abstract,EID,DOI\na,b,c,d,e\n")
    chosen = {"text_column": "Title", "title_column": "Source title", "label_column": "Abstract", "id_column": "DOI"}
    assert read(str(path), **chosen).spec.columns == Columns(*chosen.values())


def test_an_abstract_that_says_there_is_none_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "scopus.csv"
    path.write_text("Title,Source title,Abstract,EID\nBees,J,[No abstract available],2-s2.0-1\nTwo,J,x,2-s2.0-2\n")
    source = read(str(path))
    assert documents(source) == [
        Document("2-s2.0-1", "", metadata={"Source title": "J"}, title="Bees"),
        Document("2-s2.0-2", "x", metadata={"Source title": "J"}, title="Two"),
    ]
    assert problems(source) == [
        Problem("line 2", "the text is only '[No abstract available]'; the title stands alone", left_out=False)
    ]


def test_inverted_abstracts_in_csv_become_text(tmp_path: Path) -> None:
    path = tmp_path / "openalex.csv"
    path.write_text(
        "id,display_name,abstract_inverted_index\n"
        'W1,Bees,"{""Wild"": [0], ""bees"": [1, 3], ""and"": [2]}"\n'
        'W2,Two,"{\'It\': [0], ""isn\'t"": [1]}"\n'
        "W3,Three,\n"
        'W4,Four,"{""broken"": [0]"\n'
    )
    assert [(each.title, each.text) for each in documents(read(str(path)))] == [
        ("Bees", "Wild bees and bees"),
        ("Two", "It isn't"),
        ("Three", ""),
        ("Four", '{"broken": [0]'),
    ]


def test_inverted_abstracts_in_json_lines_become_text(tmp_path: Path) -> None:
    path = tmp_path / "openalex.jsonl"
    path.write_text(
        '{"id": "W1", "display_name": "Bees", "abstract_inverted_index": {"Wild": [0], "bees": [1]}}\n'
        '{"id": "W2", "display_name": "Two", "abstract_inverted_index": null}\n'
    )
    assert documents(read(str(path))) == [
        Document("W1", "Wild bees", title="Bees"),
        Document("W2", "", title="Two"),
    ]
