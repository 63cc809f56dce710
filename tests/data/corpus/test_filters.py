import re
import unicodedata
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exemplar.data.arrow import DOCUMENT_SCHEMA, row_of
from exemplar.data.corpus import facets
from exemplar.data.corpus.corpus import Corpus
from exemplar.data.corpus.facets import field_counts, label_counts
from exemplar.data.corpus.filters import Filters, check_known, matching_rows, terms
from exemplar.data.documents import Document
from exemplar.data.errors import ExemplarError

DOCUMENTS = [
    Document("0", "The cat sleeps on the mat", ("animal",), {"year": "1999", "place": "home"}),
    Document("1", "A dog barks at the CAT", ("animal",), {"year": "2001"}),
    Document("2", "concatenate strings, or cat files", ("code",), {"place": "=x"}),
    Document("3", "Stocks fell; bonds rose", (), {"year": "1999", "place": "street"}),
    Document("4", "rain", ()),
]


def corpus_of(corpus: Corpus, documents: list[Document], chunks: int = 1) -> Corpus:
    """Return a corpus that holds these documents, in a few chunks."""
    table = pa.Table.from_pylist(list(map(row_of, documents)), schema=DOCUMENT_SCHEMA)
    size = -(-len(documents) // chunks)
    return replace(corpus, documents=pa.concat_tables(table.slice(n, size) for n in range(0, len(documents), size)))


@pytest.fixture
def corpus(animals: Corpus) -> Corpus:
    return corpus_of(animals, DOCUMENTS, chunks=2)


def rows(corpus: Corpus, filters: Filters) -> list[int]:
    return matching_rows(corpus.documents, filters).tolist()


def words(corpus: Corpus, text: str, typed: str) -> bool:
    """Tell whether a document of this text passes."""
    return rows(corpus_of(corpus, [Document("0", text)]), Filters(words=typed)) == [0]


@pytest.mark.parametrize(
    ("since", "passing"),
    [
        ("1970-01-03", [2, 3, 4]),
        ("1970-01-03T00:00:01", [3, 4]),
        ("1970-01-03T01:00:00+01:00", [2, 3, 4]),
        ("1970-01-05T00:00:00Z", [4]),
        ("2026-11-12", []),
    ],
)
def test_what_came_since_a_time_passes(corpus: Corpus, since: str, passing: list[int]) -> None:
    arrivals = np.arange(5) * 86_400
    assert matching_rows(corpus.documents, Filters(since=since), arrivals).tolist() == passing
    assert replace(corpus, arrivals=arrivals).select(Filters(since=since)).rows.tolist() == passing
    assert len(Filters(since=since)) == 1


def test_a_time_that_is_none_is_refused(corpus: Corpus) -> None:
    with pytest.raises(
        ExemplarError, match="'last week' is no time since which documents are new; give a date such as"
    ):
        corpus.select(Filters(since="last week"))


def test_filters_of_earlier_versions_have_no_time() -> None:
    content = {"labels": [], "fields": {}, "words": "", "without": ""}
    assert Filters().to_json() == content
    assert Filters.from_json(content) == Filters()
    assert Filters(since="2026-11-12").to_json() == {**content, "since": "2026-11-12"}
    assert Filters.from_json(content | {"since": "2026-11-12"}) == Filters(since="2026-11-12")


def test_no_filter_lets_all_pass(corpus: Corpus) -> None:
    assert rows(corpus, Filters()) == [0, 1, 2, 3, 4]
    assert not Filters()


def test_conditions_are_counted() -> None:
    assert len(Filters(("a", "b"), (("year", ("1",)), ("place", ("x", "y"))), 'one "two three"', "four")) == 6


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(labels=("animal",)), [0, 1]),
        (Filters(labels=("animal", "code")), [0, 1, 2]),
        (Filters(labels=("",)), [3, 4]),
        (Filters(labels=("", "code")), [2, 3, 4]),
        (Filters(labels=("never",)), []),
        (Filters(fields=(("year", ("1999",)),)), [0, 3]),
        (Filters(fields=(("year", ("1999", "2001")),)), [0, 1, 3]),
        (Filters(fields=(("year", ("1999",)), ("place", ("home", "=x")))), [0]),
        (Filters(fields=(("year", ("home",)),)), []),
        (Filters(fields=(("never", ("1999",)),)), []),
        (Filters(words="cat"), [0, 1, 2]),
        (Filters(words="CAT the"), [0, 1]),
        (Filters(words='"cat files"'), [2]),
        (Filters(without="cat"), [3, 4]),
        (Filters(words="cat", without="dog files"), [0]),
        (Filters(words="cat", without='"barks at" "or cat"'), [0]),
        (Filters(("animal",), (("year", ("1999",)),), "cat", "dog"), [0]),
    ],
)
def test_what_passes(corpus: Corpus, filters: Filters, expected: list[int]) -> None:
    assert rows(corpus, filters) == expected


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("", []),
        ("  ", []),
        ("one two", ["one", "two"]),
        ('"one  two" three', ["one two", "three"]),
        ('one"two three"four', ["one", "two three", "four"]),
        ('"" one "  "', ["one"]),
        ('"never closed', ["never", "closed"]),
        ('a "b', ["a", "b"]),
    ],
)
def test_what_was_typed_is_words_and_phrases(typed: str, expected: list[str]) -> None:
    assert terms(typed) == expected


@pytest.mark.parametrize(
    ("text", "typed", "found"),
    [
        ("a cat", "cat", True),
        ("cats", "cat", False),
        ("a cat's tail, (cat)!", "cat", True),
        ("the_cat", "cat", False),
        ("cat2", "cat", False),
        ("snake_case", "snake_case", True),
        ("use C++ or C#", "C++", True),
        ("use C++ or C#", "c#", True),
        ("a.b", "a.b", True),
        ("axb", "a.b", False),
        ("costs $5 (or [6])", "$5 (or", True),
        ("a\\d", "a\\d", True),
        ("a5", "a\\d", False),
        ("x", ".*", False),
        ("^start", "^start", True),
        ("two\n  lines", '"two lines"', True),
        ("two\N{NO-BREAK SPACE}words\N{IDEOGRAPHIC SPACE}wide", '"two words wide"', True),
        ("ÜBER den Fluß", "über fluß", True),
        ("naïve", "na", False),
        ("СТОЛ и стул", "стол", True),
        ("हिन्दी में", "हिन्दी", True),
        ("हिन्दी में", "हिन्द", False),
        (unicodedata.normalize("NFD", "café"), "cafe", False),
        (unicodedata.normalize("NFD", "café noir"), "café", True),
        ("café noir", unicodedata.normalize("NFD", "café"), True),
        ("我喜欢猫和狗", "猫", True),
        ("猫が好きです", "好き", True),
        ("แมวนอน", "แมว", True),
        ("고양이", "고양이", True),
        ("👍 fine", "👍", True),
    ],
)
def test_words_are_whole_and_in_any_script(corpus: Corpus, text: str, typed: str, found: bool) -> None:
    assert words(corpus, text, typed) == found


def test_labels_are_counted_the_most_common_first(corpus: Corpus) -> None:
    assert list(label_counts(corpus.documents).items()) == [("", 2), ("animal", 2), ("code", 1)]


def test_other_columns_are_counted_unless_every_value_is_another(corpus: Corpus) -> None:
    assert field_counts(corpus.documents) == {"year": {"1999": 2, "2001": 1}}
    alike = [Document(str(n), "x", (), {"same": "y", "id": str(n)}) for n in range(3)]
    assert field_counts(corpus_of(corpus, alike).documents) == {"same": {"y": 3}}


def test_a_column_of_too_many_values_is_not_to_be_picked_from(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facets, "MOST_VALUES", 1)
    assert field_counts(corpus.documents) == {}


def test_part_of_a_corpus_is_filtered_by_itself(corpus: Corpus) -> None:
    for first in range(5):
        for last in range(first + 1, 6):
            part = replace(corpus, documents=corpus.documents.slice(first, last - first))
            alone = corpus_of(corpus, DOCUMENTS[first:last])
            for filters in (Filters(fields=(("year", ("1999",)),)), Filters(("",)), Filters(words="cat")):
                assert rows(part, filters) == rows(alone, filters)
            assert field_counts(part.documents) == field_counts(alone.documents)
            assert label_counts(part.documents) == label_counts(alone.documents)


def test_a_corpus_without_labels_or_other_columns_can_be_filtered(animals: Corpus) -> None:
    bare = corpus_of(animals, [Document("0", "x"), Document("1", "y")])
    assert rows(bare, Filters(labels=("",))) == [0, 1]
    assert rows(bare, Filters(fields=(("year", ("1",)),))) == []
    assert field_counts(bare.documents) == {}
    assert label_counts(bare.documents) == {"": 2}


@pytest.mark.parametrize("filters", [Filters(), Filters(("a", ""), (("f", ("1", "2")), ("g", ("x",))), 'a "b c"', "d")])
def test_filters_are_restored_from_json(filters: Filters) -> None:
    assert Filters.from_json(filters.to_json()) == filters


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"labels": [], "fields": [], "words": "", "without": ""},
        {"labels": 3, "fields": {}, "words": "", "without": ""},
        {"labels": [], "fields": {"x": None}, "words": "", "without": ""},
    ],
)
def test_json_that_is_no_filter_is_refused(content: dict) -> None:
    with pytest.raises(ValueError, match="these are not filters"):
        Filters.from_json(content)


ALPHABET = st.sampled_from("aAbB1_-.+* \nüÜéß中ひ'")
SOME = st.text(ALPHABET, min_size=1, max_size=8)


def naive(document: Document, filters: Filters) -> bool:
    has_label = not filters.labels or any(label in filters.labels for label in document.labels or ("",))
    has_fields = all(document.metadata.get(name) in values for name, values in filters.fields)
    with_all = all(occurs(document.text, term) for term in terms(filters.words))
    return has_label and has_fields and with_all and not any(occurs(document.text, t) for t in terms(filters.without))


def occurs(text: str, term: str) -> bool:
    """Look for a term at every place of a text whose blanks are all alike."""
    text, term = " ".join(text.lower().split()), term.lower()
    unspaced = any(letter in "中ひ" for letter in term)
    found = [match.start() for match in re.finditer(f"(?={re.escape(term)})", text)]
    return any(unspaced or not (inside(text, start - 1) or inside(text, start + len(term))) for start in found)


def inside(text: str, place: int) -> bool:
    return 0 <= place < len(text) and (text[place].isalnum() or text[place] == "_")


@pytest.mark.slow
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=200)
@given(
    texts=st.lists(SOME.filter(lambda text: not text.isspace()), min_size=1, max_size=6),
    labels=st.lists(st.lists(st.sampled_from("abc"), max_size=3, unique=True).map(tuple), min_size=6, max_size=6),
    fields=st.lists(st.dictionaries(st.sampled_from("fg"), st.sampled_from("xy")), min_size=6, max_size=6),
    filters=st.builds(
        Filters,
        labels=st.lists(st.sampled_from(["", "a", "b"]), max_size=2, unique=True).map(tuple),
        fields=st.dictionaries(
            st.sampled_from("fg"), st.lists(st.sampled_from("xy"), min_size=1, unique=True).map(tuple)
        ).map(lambda chosen: tuple(chosen.items())),
        words=SOME | st.just(""),
        without=SOME | st.just(""),
    ),
    chunks=st.integers(1, 3),
)
def test_filters_agree_with_reading_document_by_document(
    animals: Corpus, texts: list[str], labels: list, fields: list, filters: Filters, chunks: int
) -> None:
    documents = [Document(str(n), *rest) for n, rest in enumerate(zip(texts, labels, fields, strict=False))]
    expected = [n for n, document in enumerate(documents) if naive(document, filters)]
    found = matching_rows(corpus_of(animals, documents, chunks).documents, filters)
    assert found.tolist() == expected
    assert found.dtype == np.intp


def test_columns_and_labels_that_no_document_has_are_refused(corpus: Corpus) -> None:
    for filters in (Filters(("code", ""), (("year", ("1800",)),), words="unheard"), Filters()):
        check_known(filters, corpus.documents, "notes")
    with pytest.raises(ExemplarError, match="^the corpus 'notes' has no column 'Year'; its columns are: place, year$"):
        check_known(Filters(fields=(("Year", ("1999",)),)), corpus.documents, "notes")
    with pytest.raises(ExemplarError, match="^the corpus 'notes' has no label 'x'; its labels are: animal, code$"):
        check_known(Filters(("code", "x")), corpus.documents, "notes")
    plain = corpus_of(corpus, DOCUMENTS[4:]).documents
    with pytest.raises(ExemplarError, match="^the corpus 'notes' has no label 'x'; its documents have no labels$"):
        check_known(Filters(("x",)), plain, "notes")
    with pytest.raises(ExemplarError, match="^the corpus 'notes' has no column 'x'; it has no columns to filter by$"):
        check_known(Filters(fields=(("x", ()),)), plain, "notes")
