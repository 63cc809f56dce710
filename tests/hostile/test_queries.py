"""What may be typed or sent as a query, as filters, as a mark, as a name: an answer comes of it, or a sentence."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from exemplar import cli
from exemplar.data.building.build import build_corpus
from exemplar.data.corpus.corpus import Corpus
from exemplar.data.corpus.facets import MOST_COLUMNS
from exemplar.data.corpus.filters import Filters
from exemplar.data.documents import Document
from exemplar.data.milvus.corpus import expression_of
from exemplar.data.sources.spec import Source, SourceSpec
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.importing.marks_file import read_marks
from exemplar.retrieval.ranking import DocumentQuery
from exemplar.retrieval.search import SearchEngine
from tests.support.damage import WILD, told
from tests.support.fake_encoder import FakeEncoder

ODD = '\0\ud800\udcff\x1b\u202e\u2066\ufeff\u0300"\\(*\n'
STRINGS = st.text(st.characters() | st.sampled_from(ODD), max_size=40) | st.sampled_from(ODD)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | STRINGS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(STRINGS, inner, max_size=3),
    max_leaves=8,
)
CONDITIONS = ("labels", "fields", "words", "without")


@pytest.fixture
def engine(animals: Corpus) -> SearchEngine:
    return SearchEngine(animals, lambda *_: FakeEncoder())


@WILD
@given(query=STRINGS, marked=STRINGS)
@example(query="cat " * 2_500_000, marked="0")
@example(query="\0", marked="0")
@example(query="\u202ecat", marked="0")
def test_any_query_and_mark_is_answered_or_told(engine: SearchEngine, query: str, marked: str) -> None:
    with told():
        assert len(engine.search(query, k=3).results) == 3
    for feedback in (Feedback((marked,)), Feedback((), (marked,))):
        with told():
            engine.search("cat", feedback, ranker="svm")
    with told():
        engine.search(DocumentQuery(marked))


@WILD
@given(words=STRINGS, without=STRINGS, label=STRINGS, name=STRINGS)
@example(words="a" + "\u0301\u0323" * 100_000, without="", label="", name="")
@example(words="a " * 100_000, without="", label="", name="")
@example(words="", without="a" * 10_000_000, label="", name="")
@example(words="", without="", label="\ud800", name="")
@example(words="", without="", label="", name="\ud800")
def test_any_filters_are_applied_or_told(engine: SearchEngine, words: str, without: str, label: str, name: str) -> None:
    filters = Filters((label,) if label else (), ((name, (label,)),) if name else (), words, without)
    assert Filters.from_json(filters.to_json()) == filters
    for apply in (lambda: engine.search("cat", filters=filters), lambda: engine.sample(3, 1, filters)):
        with told():
            apply()
    with told():
        expression_of(filters, ("words", "labels"))


@WILD
@given(st.dictionaries(st.sampled_from(CONDITIONS), VALUES) | VALUES)
@example({"labels": 1, "fields": {}, "words": "", "without": ""})
@example({"labels": [], "fields": {"a": 1}, "words": "", "without": ""})
def test_any_json_is_filters_or_none(content: Any) -> None:
    with told():
        len(Filters.from_json(content))


def test_json_that_is_nested_without_end_is_no_filters() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    for content in (deep, {"labels": [deep], "fields": {}, "words": "", "without": ""}):
        with pytest.raises(ValueError, match="these are not filters") as caught:
            Filters.from_json(content)
        assert len(str(caught.value)) < 300


def test_of_endless_columns_some_can_be_filtered_by() -> None:
    documents = [Document(str(n), f"t {n}", (), {f"k{n % 1500}": "v", "all": str(n % 2)}) for n in range(3000)]
    corpus = build_corpus(Source("wide", SourceSpec("wide"), lambda: iter(documents)), FakeEncoder())
    fields = corpus.facets.fields
    assert len(fields) == MOST_COLUMNS
    assert fields["all"] == {"0": 1500, "1": 1500}


@pytest.mark.parametrize("query", ["\udcff", "", " \n"])
def test_the_command_line_says_what_is_wrong_with_a_query(
    animals: Corpus, capsys: pytest.CaptureFixture[str], query: str
) -> None:
    with pytest.raises(SystemExit):
        cli.main(["search", "animals", query])
    said = capsys.readouterr().err
    assert said.startswith("exemplar: the query ")
    assert said.count("\n") == 1


@WILD
@given(st.lists(st.tuples(VALUES, VALUES), max_size=3), st.sampled_from(["m.jsonl", "m.json"]))
def test_any_json_is_marks_or_told(rows: list[tuple[Any, Any]], name: str) -> None:
    lines = [f'{{"doc_id": {json.dumps(doc_id)}, "mark": {json.dumps(mark)}}}' for doc_id, mark in rows]
    with told():
        read_marks(("\n".join(lines) if name == "m.jsonl" else f"[{','.join(lines)}]").encode(), name)
