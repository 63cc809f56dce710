from pathlib import Path

import bibtexparser
import pytest
from bibtexparser.model import Entry, Field
from hypothesis import given, settings
from hypothesis import strategies as st

from exemplar.data.bibliographies import bibtex
from exemplar.data.documents import Document, Problem
from exemplar.data.errors import ExemplarError
from exemplar.data.files.options import ReadOptions
from tests.support.reading import documents, problems, read

BEES = r"""@article{doe2019,
  title = {{Bees in town g{\"a}rdens}},
  author = {Doe, Jane and {Barnes and Noble} and
            R{\o}e, Bob},
  journal = {Bees \& Towns},
  abstract = {Wild bees nest
    in parks: 50% more, at $5.

    More flowers, $\alpha$.},
  year = 2019,
  month = jan,
  doi = {https://doi.org/10.1000/x\_1},
  url = {https://example.org/~a?b=%20},
  keywords = {bees, towns},
}
"""
BEES_DOCUMENT = Document(
    "doe2019",
    "Wild bees nest in parks: 50% more, at $5.\n\nMore flowers, α.",
    metadata={
        "authors": "Doe, Jane; Barnes and Noble; Røe, Bob",
        "year": "2019",
        "journal": "Bees & Towns",
        "doi": "10.1000/x_1",
        "keywords": "bees, towns",
        "url": "https://example.org/~a?b=%20",
        "type": "article",
        "month": "jan",
    },
    title="Bees in town gärdens",
)


def written(folder: Path, content: str | bytes, name: str = "found.bib") -> str:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


@pytest.mark.parametrize("name", ["found.bib", "found.txt", "found"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_entries_are_recognised_by_content_and_become_the_usual_columns(
    tmp_path: Path, name: str, encoding: str, end: str
) -> None:
    content = f"Scopus\nEXPORT DATE: 1 May 2020\n\n{BEES}"
    assert documents(read(written(tmp_path, content.replace("\n", end).encode(encoding), name))) == [BEES_DOCUMENT]


def test_strings_comments_and_preambles_are_understood(tmp_path: Path) -> None:
    content = (
        '@string{acm = "ACM"}\n@STRING(press = acm # " Press")\n@comment{jabref-meta: x}\n@preamble{"\\newcommand{}"}\n'
        '% a remark\n@book{a, title = "One " # {{T}wo} # " # three", publisher = PRESS # " NY"}\n'
        "@Misc(b, title = {in (round) brackets})\n@misc{c}\n"
    )
    source = read(written(tmp_path, content))
    assert documents(source) == [
        Document("a", "", metadata={"type": "book", "publisher": "ACM Press NY"}, title="One Two # three"),
        Document("b", "", metadata={"type": "misc"}, title="in (round) brackets"),
    ]
    assert problems(source) == [Problem("line 8", "no text")]


def test_repeated_keys_and_fields_are_kept_and_reported(tmp_path: Path) -> None:
    content = "@misc{a, title={one}, title={two}, note={x}}\n@misc{a, title={three}, title={three}}\n"
    source = read(written(tmp_path, content))
    assert documents(source) == [
        Document("a", "", metadata={"type": "misc", "other title": "two", "note": "x"}, title="one"),
        Document("1", "", metadata={"type": "misc"}, title="three"),
    ]
    again = "a field occurs twice; its other values are kept as another column"
    assert problems(source) == [
        Problem("line 1", again, left_out=False),
        Problem("line 2", again, left_out=False),
        Problem("line 2", "an earlier row has its id; it goes by the number of its row", left_out=False),
    ]


def test_broken_entries_are_left_out_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    broken = "an entry whose braces or quotes do not match, or that lacks a comma or an equals sign"
    content = (
        "@article{a, title={one}}\n@article{b, title={never,\n year=2000\n}\n@article{c, title={three}}, year=2000}\n"
        '@article{d, title="four\n@article{e title={five}}\n@article{f, title={six}}\n@article{g, title={7}, year=20'
    )
    source = read(written(tmp_path, content))
    assert [document.title for document in documents(source)] == ["one", "three", "six"]
    outside = "fields behind the closing brace of an entry are left out; a brace too many stands before them"
    assert problems(source) == [
        Problem("line 2", broken),
        Problem("line 5", outside, left_out=False),
        Problem("line 6", broken),
        Problem("line 7", broken),
        Problem("line 9", broken),
    ]
    assert problems(source)[0].cells == {"entry": "@article{b, title={never,\n year=2000\n}"}
    assert caplog.records == []


def test_a_chapter_inherits_from_the_book_it_refers_to(tmp_path: Path) -> None:
    content = (
        "@incollection{a, title={A chapter}, crossref={B}}\n@incollection{c, title={C}, crossref={gone}}\n"
        "@book{b, title={The book}, editor={Doe, J. and Roe, B.}, year={2001}, abstract={Of the book.}}\n"
    )
    people = {"year": "2001", "editor": "Doe, J.; Roe, B."}
    assert documents(read(written(tmp_path, content))) == [
        Document(
            "a",
            "",
            metadata={**people, "journal": "The book", "type": "incollection", "crossref": "B"},
            title="A chapter",
        ),
        Document("c", "", metadata={"type": "incollection", "crossref": "gone"}, title="C"),
        Document("b", "Of the book.", metadata={**people, "type": "book"}, title="The book"),
    ]


def test_dates_and_reviews_of_programs_are_no_text(tmp_path: Path) -> None:
    content = "@online{a, title={one}, date={2019-05-12}, review={good}, abstract={x}, type={thesis}}\n"
    assert documents(read(written(tmp_path, content))) == [
        Document(
            "a",
            "x",
            metadata={
                "year": "2019",
                "type": "online",
                "date": "2019-05-12",
                "other review": "good",
                "other type": "thesis",
            },
            title="one",
        )
    ]


def test_an_encoding_can_be_named(tmp_path: Path) -> None:
    content = "@misc{a, title={Žluťoučký kůň}}".encode("cp1250")
    source = read(written(tmp_path, content), options=ReadOptions(encoding="cp1250"))
    assert [document.title for document in documents(source)] == ["Žluťoučký kůň"]


def test_files_without_entries_or_too_large_are_errors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ExemplarError, match="it has no entry, such as @article"):
        read(written(tmp_path, "@comment{nothing}\n"))
    monkeypatch.setattr(bibtex, "_MOST_BYTES", 100)
    with pytest.raises(ExemplarError, match="larger than 100 bytes; export RIS, which is read entry by entry"):
        read(written(tmp_path, BEES))


@pytest.mark.parametrize(
    "content",
    [
        "@misc{b, author={" + " " * 300_000 + "x}, title={t}}",
        "@misc{b, title={t}}\n" + "a" * 300_000 + "\n" * 300_000 + "a-" * 100_000,
        "@misc{b, title={t}, abstract={" + "$ " * 20_000 + "}}",
        "@misc{b, title={t}, abstract={" + r"\'{ " * 10_000,
        "@string{s0={xxxxxxxxxx}}\n"
        + "".join(f"@string{{s{number + 1}=s{number} # s{number}}}\n" for number in range(60))
        + "@misc{b, title={t}, note=s60}",
    ],
    ids=["blanks", "outside", "dollars", "unclosed", "strings"],
)
def test_hostile_entries_end(tmp_path: Path, content: str) -> None:
    titles = [document.title for document in documents(read(written(tmp_path, f"@misc{{a, title={{x}}}}\n{content}")))]
    assert titles in (["x", "t"], ["x"])


def test_too_many_entries_are_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bibtex, "_MOST_ENTRIES", 3)
    assert len(documents(read(written(tmp_path, "@misc{a, title={x}}\n" * 3)))) == 3
    with pytest.raises(ExemplarError, match="more than 3 entries; export RIS, which is read entry by entry"):
        read(written(tmp_path, "@misc{a, title={x}}\n" * 4))


KEY = st.from_regex(r"[a-z][a-z0-9:_-]{0,10}", fullmatch=True)
LETTERS = st.characters(codec="utf-8", categories=["L", "N", "Po"], exclude_characters='\\{}%"#&,@')
WORDS = st.lists(st.text(LETTERS, min_size=1), min_size=1, max_size=6)
VALUE = WORDS.map(" ".join).filter(lambda text: "''" not in text)


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(KEY, st.tuples(VALUE, VALUE), min_size=1, max_size=3))
def test_what_bibtexparser_writes_is_what_is_read(
    tmp_path_factory: pytest.TempPathFactory, entries: dict[str, tuple[str, str]]
) -> None:
    library = bibtexparser.Library(
        [
            Entry("article", key, [Field("title", title), Field("abstract", abstract)])
            for key, (title, abstract) in entries.items()
        ]
    )
    path = written(tmp_path_factory.mktemp("bibtex"), bibtexparser.write_string(library))
    assert documents(read(path)) == [
        Document(key, abstract, metadata={"type": "article"}, title=title) for key, (title, abstract) in entries.items()
    ]


def test_an_entry_without_a_key_gives_no_other_its_fields(tmp_path: Path) -> None:
    entries = (
        "@article{,title={No key},journal={J},abstract={x}}\n@book{b,title={B},abstract={c},url={\\url{http://x}}}\n"
    )
    (tmp_path / "a.bib").write_text(entries)
    found = documents(read(str(tmp_path / "a.bib")))
    assert [document.metadata for document in found] == [
        {"journal": "J", "type": "article"},
        {"type": "book", "url": "http://x"},
    ]
