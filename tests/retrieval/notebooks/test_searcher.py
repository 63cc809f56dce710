"""Searcher: a table of Python's own, its marks and its rankings."""

from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pandas as pd
import polars as pl
import pytest

from exemplar import Searcher
from exemplar.data.building.build import build_corpus
from exemplar.data.building.progress import Progress
from exemplar.data.corpus.filters import Filters
from exemplar.data.errors import ExemplarError, TextColumnUnknown
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.search import SearchEngine
from tests.support.corpora import ANIMALS, LABELS
from tests.support.fake_encoder import FakeEncoder
from tests.support.reading import read

N = len(ANIMALS)


@pytest.fixture
def frame() -> pd.DataFrame:
    """The animals, a copy of the first, and two rows without text, which go by letters."""
    texts = [*ANIMALS, ANIMALS[0], None, "  "]
    labels = [*LABELS, "copy", "none", "none"]
    columns = {"key": range(100, 113), "review": texts, "kind": labels, "stars": [n % 3 for n in range(13)]}
    return pd.DataFrame(columns, index=list("abcdefghijklm"))


@pytest.fixture
def searcher(frame: pd.DataFrame) -> Searcher:
    with pytest.warns(UserWarning, match=r"^Left out: row 11 and 1 more: no text\.$"):
        return Searcher(FakeEncoder()).fit(frame, text="review", label="kind", id="key")


def marked(searcher: Searcher) -> dict[Any, str]:
    return dict(searcher.marks)


def test_rankings_are_those_of_the_app_on_the_same_file(tmp_path: Path, frame: pd.DataFrame) -> None:
    path = tmp_path / "animals.csv"
    frame.to_csv(path, index=False)
    choices = {"text_column": "review", "label_column": "kind", "id_column": "key"}
    encoder = FakeEncoder()
    engine = SearchEngine(build_corpus(read(str(path), **choices), encoder), lambda info: encoder)
    with pytest.warns(UserWarning, match="no text"):
        searcher = Searcher(FakeEncoder()).fit(frame, text="review", label="kind", id="key")
    searcher.mark(relevant="a", not_relevant=["f", "g"], unsure="i")
    marks = Feedback(("100",), ("105", "106"), ("108",))
    for ranker in engine.rankers:
        expected = engine.search("a kitten", marks, ranker=ranker, k=13)
        found = searcher.rank("a kitten", ranker=ranker, k=None)
        assert found.ranking.doc_ids == expected.doc_ids
        assert found.to_frame()["score"].tolist() == list(expected.scores)
    only = searcher.rank("a kitten", filters=Filters(labels=("market",)))
    assert only.ranking.doc_ids == engine.search("a kitten", marks, filters=Filters(labels=("market",))).doc_ids


def test_a_ranking_gives_the_frame_back(searcher: Searcher, frame: pd.DataFrame) -> None:
    ranking = searcher.mark(relevant="d").rank("the cat sleeps", k=3, ranker="knn")
    found = ranking.to_frame()
    assert list(found.columns) == ["key", "review", "kind", "stars", "rank", "score", "mark"]
    assert found.index.tolist() == ranking.index.tolist() == ["a", "d", "e"]
    pd.testing.assert_frame_equal(found[list(frame)], frame.loc[["a", "d", "e"]])
    assert found["rank"].tolist() == [1, 2, 3]
    assert found["mark"].fillna("").tolist() == ["", "relevant", ""]


def test_all_rows_come_in_their_order_and_copies_share_rank_and_mark(searcher: Searcher, frame: pd.DataFrame) -> None:
    found = searcher.mark(relevant="k").rank("the cat sleeps", k=2, ranker="knn").to_frame(all=True)
    pd.testing.assert_frame_equal(found[list(frame)], frame)
    assert found["rank"].dropna().to_dict() == {"a": 1, "d": 2, "k": 1}
    assert found["score"].dropna().index.tolist() == ["a", "d", "k"]
    assert found["mark"].dropna().to_dict() == {"a": "relevant", "k": "relevant"}


def test_columns_with_the_names_of_a_ranking_keep_them() -> None:
    searcher = Searcher(FakeEncoder()).fit([{"text": text, "rank": "mine", "mark": 0} for text in ANIMALS])
    found = searcher.rank("cat", k=1).to_frame()
    assert list(found.columns) == ["text", "rank", "mark", "exemplar rank", "score", "exemplar mark"]
    assert found["rank"].tolist() == ["mine"]


def test_a_new_mark_takes_the_place_of_the_old_one_also_of_a_copy(searcher: Searcher) -> None:
    searcher.mark(relevant=["a", "b"], not_relevant="f", unsure="i")
    assert marked(searcher) == {"a": "relevant", "b": "relevant", "f": "not relevant", "i": "unsure"}
    searcher.mark(not_relevant="k", clear=["i", "j"])
    assert marked(searcher) == {"b": "relevant", "f": "not relevant", "k": "not relevant"}
    with pytest.raises(ExemplarError, match="a row, or a copy of it, is named for two marks"):
        searcher.mark(relevant="a", not_relevant="k")
    assert len(searcher.marks) == 3


def test_rows_go_by_label_then_id_then_position_and_by_masks(searcher: Searcher, frame: pd.DataFrame) -> None:
    searcher.mark(relevant=102, not_relevant=3, unsure=(frame["kind"] == "weather") & (frame["stars"] == 2))
    assert marked(searcher) == {"c": "relevant", "d": "not relevant", "i": "unsure"}
    with pytest.raises(ExemplarError, match=r"no row is called 'z'"):
        searcher.mark(relevant="z")
    with pytest.raises(ExemplarError, match=r"the row 'l' has no text, so that it can't be an example"):
        searcher.mark(relevant="l")
    with pytest.raises(ExemplarError, match="the mask has 2 values, and the data 13 rows"):
        searcher.mark(relevant=[True, False])
    with pytest.raises(ExemplarError, match=r"another index than the data; give mask\.to_numpy\(\)"):
        searcher.mark(relevant=(frame["stars"] == 2).sort_index(ascending=False))
    assert marked(searcher.mark(clear=list("cdi"), relevant=(each for each in "ab"))) == dict.fromkeys("ab", "relevant")


def test_rows_of_an_index_with_several_levels_go_by_all_of_their_labels() -> None:
    index = pd.MultiIndex.from_product([["a", "b"], range(5)])
    searcher = Searcher(FakeEncoder()).fit(pd.DataFrame({"text": ANIMALS}, index=index))
    searcher.mark(relevant=("b", 2), not_relevant=[("a", 0), ("a", 1)], unsure=9)
    assert marked(searcher) == {
        ("b", 2): "relevant",
        ("a", 0): "not relevant",
        ("a", 1): "not relevant",
        ("b", 4): "unsure",
    }
    with pytest.raises(ExemplarError, match="no row is called 'a'"):
        searcher.mark(relevant=("a",))
    with pytest.raises(ExemplarError, match=r"no row is called \[0, 1\]"):
        searcher.rank(like=[0, 1])


def test_an_index_of_numbers_is_never_taken_for_positions() -> None:
    searcher = Searcher(FakeEncoder()).fit(pd.DataFrame({"text": ANIMALS}, index=range(5, 15)))
    assert marked(searcher.mark(relevant=np.int64(5))) == {5: "relevant"}
    with pytest.raises(ExemplarError, match="no row is called 2"):
        searcher.mark(relevant=2)
    twice = Searcher(FakeEncoder()).fit(pd.DataFrame({"text": ANIMALS}, index=[0] * N))
    with pytest.raises(ExemplarError, match="10 rows have the label 0; name the row by its id, or reset the index"):
        twice.mark(relevant=0)


@pytest.mark.parametrize(
    "data",
    [
        ANIMALS,
        tuple(ANIMALS),
        np.array(ANIMALS),
        [{"text": text} for text in ANIMALS],
        pd.Series(ANIMALS, name="review"),
        pd.DataFrame({0: ANIMALS}),
        pl.DataFrame({"text": ANIMALS}),
        pl.Series(ANIMALS),
        datasets.Dataset.from_dict({"text": ANIMALS}),
    ],
    ids=lambda data: f"{type(data).__module__}.{type(data).__name__}",
)
def test_many_kinds_of_tables_are_taken(data: Any) -> None:
    ranking = Searcher(FakeEncoder()).fit(data).mark(relevant=0).rank("a cat", k=3)
    assert ranking.index.tolist() == [0, 3, 4]


def test_a_data_set_keeps_the_names_of_its_classes() -> None:
    features = datasets.Features({"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["no", "yes"])})
    data = datasets.Dataset.from_dict({"text": ANIMALS, "label": [n % 2 for n in range(N)]}, features=features)
    searcher = Searcher(FakeEncoder()).fit(data)
    assert searcher.engine.corpus.facets.labels == {"no": 5, "yes": 5}


@pytest.mark.parametrize(
    ("data", "choices", "message"),
    [
        ("a text", {}, "fit takes a DataFrame, .*; got a str"),
        ([1, 2], {}, "the list holds a int"),
        ([], {}, "no row of the data has text"),
        (pd.DataFrame({"text": [None, " "]}), {}, "no row of the data has text; columns: text text"),
        (pd.DataFrame({"text": ["a"]}), {"text": "body"}, "the data has no column 'body'; its columns are: text"),
        (pd.DataFrame([["a", "b"]], columns=["text", "text"]), {}, "the data has two columns named 'text'"),
    ],
)
def test_what_is_no_table_of_texts_is_refused(data: Any, choices: dict[str, str], message: str) -> None:
    with pytest.raises(ExemplarError, match=message):
        Searcher(FakeEncoder()).fit(data, **choices)


def test_a_table_without_a_usual_name_asks_for_the_column_of_texts() -> None:
    with pytest.raises(TextColumnUnknown, match=r"its columns are: a, b; name it, as in fit\(data, text='review'\)"):
        Searcher(FakeEncoder()).fit(pd.DataFrame({"a": ANIMALS, "b": ANIMALS}))


def test_without_a_query_the_marks_rank(searcher: Searcher) -> None:
    with pytest.raises(ExemplarError, match="type a query, or mark a row as relevant first"):
        searcher.rank()
    searcher.mark(relevant=["f", "h"])
    assert searcher.rank(k=2).index.tolist() == searcher.rank(like="f", k=2).index.tolist() == ["h", "g"]
    with pytest.raises(ExemplarError, match="by a typed query or like a row, not by both"):
        searcher.rank("stocks", like="f")


def test_filters_go_by_the_values_of_columns(searcher: Searcher) -> None:
    assert set(searcher.rank("a cat", filters={"kind": "market"}).index) == {"f", "g", "h"}
    assert set(searcher.rank("a cat", filters={"kind": ["animal"], "stars": np.int64(0)}).index) == {"a", "d"}
    gaps = pd.DataFrame({"text": ANIMALS, "year": [None, 1, 2, 3, 4, 5, 6, 7, 8, 9]})  # which makes 1 to 1.0
    assert Searcher(FakeEncoder()).fit(gaps).rank("a cat", filters={"year": [1, np.float64(2)]}).index.tolist() == [
        1,
        2,
    ]
    assert set(searcher.rank("a cat", filters={"kind": "animal", "stars": 0.0}).index) == {"a", "d"}
    with pytest.raises(ExemplarError, match="no filter goes by the column 'year'; there are kind, stars"):
        searcher.rank("a cat", filters={"year": 2020})


def test_given_vectors_need_a_model_for_typed_queries_alone() -> None:
    encoder = FakeEncoder()
    vectors = encoder.encode_documents(ANIMALS).astype(np.float64) * 3
    alone = Searcher().fit(ANIMALS, vectors=vectors)
    assert alone.mark(relevant=[5]).rank(k=2, ranker="svm").index.tolist() == [7, 6]
    assert alone.rank("stocks", ranker="words", k=9).index.tolist() == [6, 7, 5]
    with pytest.raises(ExemplarError, match=r"the vectors came without their model.*Searcher\(model=\.\.\.\)"):
        alone.rank("stocks")
    encoder.encoded.clear()
    with_model = Searcher(encoder).fit(ANIMALS, vectors=vectors)
    embedded = Searcher(FakeEncoder()).fit(ANIMALS)
    assert with_model.rank("stocks", k=9).ranking.doc_ids == embedded.rank("stocks", k=9).ranking.doc_ids
    assert encoder.encoded == []


@pytest.mark.parametrize("vectors", [np.ones((9, 4)), np.ones(10), [["a"]] * 10])
def test_vectors_that_do_not_fit_are_refused(vectors: Any) -> None:
    with pytest.raises(ExemplarError, match="vectors needs a row of numbers for each of the 10 rows of the data"):
        Searcher().fit(ANIMALS, vectors=vectors)
    with pytest.raises(ExemplarError, match="row 0 is a zero or non-finite vector"):
        Searcher().fit(ANIMALS, vectors=np.zeros((10, 4)))
    with pytest.raises(ExemplarError, match="the vectors have 4 dimensions, and those of fake have 64"):
        Searcher(FakeEncoder()).fit(ANIMALS, vectors=np.ones((10, 4))).rank("a cat")


def test_a_frame_that_changes_later_changes_no_ranking(frame: pd.DataFrame) -> None:
    changing = frame.iloc[:10].copy()
    searcher = Searcher(FakeEncoder()).fit(changing, text="review")
    changing.loc["a", "review"] = "something else"
    assert searcher.rank("the cat sleeps", k=1).to_frame()["review"].tolist() == [ANIMALS[0]]


def test_steps_out_of_order_and_bad_numbers_are_refused(searcher: Searcher) -> None:
    with pytest.raises(ExemplarError, match="the Searcher has no table yet: call fit first"):
        Searcher().rank("a cat")
    with pytest.raises(ExemplarError, match="k must be a whole number of at least 1, or None for all rows; got 0"):
        searcher.rank("a cat", k=0)
    with pytest.raises(ExemplarError, match=r"or None for all rows; got 2\.5"):
        searcher.rank("a cat", k=2.5)  # type: ignore[arg-type]
    with pytest.raises(ExemplarError, match=r"the query is a text, got a int; to rank like a row, say rank\(like="):
        searcher.rank(5)  # type: ignore[arg-type]
    with pytest.raises(ExemplarError, match="'xx' is no language by its code or English name"):
        Searcher(FakeEncoder(), language="xx").fit(ANIMALS)
    with pytest.raises(ExemplarError, match="the model is a name, a folder"):
        Searcher(3).fit(ANIMALS)


def test_a_new_table_forgets_the_marks_and_reports_progress(searcher: Searcher) -> None:
    seen: list[Progress] = []
    searcher.mark(relevant="a").fit(["a cat", "a \ud800 dog"], on_progress=seen.append)
    assert len(searcher.marks) == 0
    assert {each.stage for each in seen} == {"indexing words", "embedding"}
    assert searcher.engine.corpus.document(1).text == "a \N{REPLACEMENT CHARACTER} dog"


def test_the_package_imports_nothing_of_it_before_it_is_used() -> None:
    import exemplar

    with pytest.raises(AttributeError, match="module 'exemplar' has no attribute 'Seeker'"):
        _ = exemplar.Seeker
    assert exemplar.__all__ == ["ExemplarClassifier", "Searcher"]
