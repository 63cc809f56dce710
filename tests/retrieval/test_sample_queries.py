from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exemplar.data.corpus.corpus import Corpus
from exemplar.data.documents import Document
from exemplar.retrieval.sample_queries import sample_queries
from tests.support.corpora import ANIMALS


@dataclass
class Pile:
    """Stands in for a corpus; it notes which rows are read."""

    documents: Sequence[Document]
    read: list[int] = field(default_factory=list)

    @property
    def n_documents(self) -> int:
        return len(self.documents)

    def documents_at(self, rows: Sequence[int]) -> list[Document]:
        self.read += rows
        return [self.documents[row] for row in rows]


def queries(*documents: tuple[str | None, str], n: int = 3) -> list[str]:
    return sample_queries(
        Pile([Document(str(row), text, (), title=title) for row, (title, text) in enumerate(documents)]), n
    )


def test_a_corpus_gives_the_first_words_of_documents_far_apart(animals: Corpus) -> None:
    found = sample_queries(animals)
    assert found == ["a cat and a kitten play", "the dog and the puppy run", "rain is expected tomorrow"]
    assert found == sample_queries(animals)
    assert all(query in ANIMALS for query in found)
    assert sample_queries(animals, n=1) == ["stocks fell sharply today"]


@pytest.mark.parametrize(
    ("title", "text", "query"),
    [
        ("Deep Residual Learning for Image Recognition", "text", "Deep Residual Learning for Image Recognition"),
        ("Cats and dogs", "Detect missing values", "Cats and dogs"),
        ("isna", "Detect missing values for an array-like object.", "Detect missing values for an array-like"),
        ("pandas.isna", "pandas.isna(obj)\n\nDetect missing values, always", "Detect missing values"),
        (None, "One of the other reviewers has mentioned that", "One of the other reviewers"),
        (None, "<br />Such wonderful weather", "Such wonderful weather"),
        ("Re: printer doesn’t print", "", "printer doesn’t print"),
        ("COVID-19: a review of the literature", "", "a review of the literature"),
        ("readCSV parses tabular data", "", "parses tabular data"),
        ("**Bold** headings (mostly) stand here", "", "stand here"),
        ("L'eau et les rêves", "", "L'eau et les rêves"),
        (
            None,
            "深層学習による認識。これは",
            "深層学習による認識",
        ),
        (None, "深" * 40, "深" * 16),
        (None, "한국어 문서 검색", "한국어 문서 검색"),
        (
            None,
            "मशीन लर्निंग",
            "मशीन लर्निंग",
        ),
        (
            None,
            "البحث الدلالي",
            "البحث الدلالي",
        ),
        (None, "\ud800 lone surrogates stand here", "lone surrogates stand here"),
    ],
)
def test_plain_words_make_a_query(title: str | None, text: str, query: str) -> None:
    assert queries((title, text)) == [query]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "12345 67",
        "def foo(x): return x+1",
        "http://example.com/a b@c.de",
        "read_csv readCSV",
        "a cat",
        "=== ---",
        "word",
        "x" * 99 + " and",
    ],
)
def test_what_is_no_plain_word_makes_no_query(text: str) -> None:
    assert queries((None, text)) == queries((text, "")) == []


def test_queries_differ_in_their_first_words() -> None:
    reviews = [(None, f"This film was {word}") for word in ("great", "boring", "lovely", "rather long")]
    assert queries(*reviews, n=4) == ["This film was great"]
    assert queries(*reviews, (None, "Nothing happens here"), n=5) == ["This film was great", "Nothing happens here"]


def test_a_document_without_words_gives_way_to_one_near_it() -> None:
    assert queries(*[(None, "123")] * 6, (None, "Some plain words"), *[(None, "456")] * 5, n=1) == ["Some plain words"]
    assert queries((None, "Some plain words"), *[(None, "456")] * 7, n=1) == ["Some plain words"]


def test_few_documents_give_few_queries() -> None:
    assert queries() == []
    assert queries((None, "Some plain words"), n=3) == ["Some plain words"]
    assert queries((None, "Some plain words"), n=0) == []


def test_few_rows_of_a_large_corpus_are_read() -> None:
    class Endless(Sequence):
        def __len__(self) -> int:
            return 1_000_000

        def __getitem__(self, row: int) -> Document:
            return Document(str(row), "12345" if row % 2 else f"Plain words {'abcdefgh'[row % 8] * 5} stand here")

    pile = Pile(Endless())
    assert len(sample_queries(pile)) <= 3
    assert len(pile.read) <= 24
    assert {row // 333_334 for row in pile.read} == {0, 1, 2}


@given(st.lists(st.tuples(st.none() | st.text(max_size=40), st.text(max_size=80)), max_size=12), st.integers(0, 5))
def test_queries_are_short_different_and_words_of_the_corpus(documents: list[tuple[str | None, str]], n: int) -> None:
    found = queries(*documents, n=n)
    assert found == queries(*documents, n=n)
    assert len(found) <= n
    assert len({query.casefold() for query in found}) == len(found)
    read = [" ".join(part.split()) for title, text in documents for part in (title or "", text)]
    for query in found:
        assert 1 <= len(query.split()) <= 6
        assert any(query in text for text in read)
