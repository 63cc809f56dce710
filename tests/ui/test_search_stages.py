"""A corpus on the search page while it is embedded, without a browser; the models are fake ones."""

import contextlib
import shutil

import pytest
from streamlit.testing.v1 import AppTest

from exemplar.data.building.build import build_corpus, finish_corpus
from exemplar.data.building.progress import BuildEvent, Progress
from exemplar.data.corpus.corpus import open_corpus
from exemplar.data.corpus.lock import lock_corpus, write_progress
from exemplar.data.corpus.manifest import corpus_folder, read_manifest
from tests.support.corpora import ANIMALS, LABELS, source_of
from tests.support.fake_encoder import FakeEncoder, FakeQuickEncoder
from tests.support.lists import Lists
from tests.support.pages import captions, messages, press
from tests.support.search_page import column, listed_marks, opened, search, searched, session_of, status

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fake_model")]

GO_ON = " The full vectors are made by Build on, on the page Corpora."


class Stopped(Exception):
    """Ends a build."""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> FakeQuickEncoder:
    encoder = FakeQuickEncoder()
    monkeypatch.setattr("exemplar.data.encoders.quick.kept_quick_encoder", lambda info: encoder)
    return encoder


def build_to(vectors: str) -> None:
    """Build the animals, or build them on, to vectors of a kind."""
    next_stage = {"none": "quick vectors", "quick": "embedding"}.get(vectors)

    def stop(event: BuildEvent) -> None:
        if isinstance(event, Progress) and event.stage == next_stage:
            raise Stopped

    with contextlib.suppress(Stopped):
        build_corpus(source_of(ANIMALS, LABELS), FakeEncoder(), quick=FakeQuickEncoder, on_event=stop)
    assert open_corpus("animals").manifest.vectors == vectors


def orders(app: AppTest) -> dict[str, list[str]]:
    return {ranker: found for ranker in ("words", "knn", "anchored") if (found := column(app, ranker))}


def test_words_alone_rank_while_there_are_no_vectors() -> None:
    build_to("none")
    app = searched("the dog and the puppy")
    assert orders(app).keys() == {"words", "anchored"}
    assert column(app, "words")[0] == column(app, "anchored")[0] == "4"
    lists = Lists(app)
    assert status(app) == "10 documents · words alone"
    assert f"Searched by words.{GO_ON}" in captions(app)
    assert lists.data["lists"][0]["choices"] == [["words", "BM25"], ["anchored", "Anchored SVM"]]
    before = column(app, "anchored")
    lists.mark("6")
    assert listed_marks(app) == ["remove 6"]
    assert column(app, "anchored").index("7") < before.index("7")  # of stocks, too
    for view in ("Why", "Mark next"):
        app.segmented_control(key="view").set_value(view).run()
        assert not app.exception


def test_a_ranking_keeps_its_vectors_until_the_next_query() -> None:
    build_to("none")
    app = searched("the cat and the dog")
    Lists(app).mark("3")
    by_words = orders(app)
    build_to("quick")
    app.run()
    assert orders(app) == by_words
    assert messages(app, "success") == [
        "Quick vectors are ready: they find by meaning, too. The next query takes them by itself."
    ]
    Lists(app).mark("7", "negative")  # to mark on is no new query
    assert status(app) == "10 documents · words alone"
    assert listed_marks(app) == ["remove 7", "remove 3"]

    search(app, "the cat and a dog")
    press(app, "The same search")
    assert status(app) == "10 documents · quick vectors"
    assert messages(app) == []
    assert listed_marks(app) == ["remove 7", "remove 3"]
    by_quick = orders(app)
    assert by_quick.keys() == {"knn", "anchored"}

    build_to("full")
    app.run()
    assert orders(app) == by_quick
    assert messages(app, "success") == ["Better vectors are ready: the full ones. The next query takes them by itself."]
    press(app, "Rank by them now")
    assert status(app) == "10 documents"
    assert messages(app) == []
    assert listed_marks(app) == ["remove 7", "remove 3"]
    assert not any("Searched by" in caption for caption in captions(app))


def test_marks_train_the_same_ranking_as_if_the_full_vectors_had_always_been_there() -> None:
    build_to("none")
    app = searched("the cat and the dog")
    Lists(app).mark("3").mark("7", "negative")
    session = session_of(app)
    build_to("full")
    app.run()
    press(app, "Rank by them now")
    taken = orders(app)
    again = opened(session)
    assert orders(again) == taken
    assert listed_marks(again) == ["remove 7", "remove 3"]


def test_a_stage_that_is_shown_says_how_far_the_next_one_is() -> None:
    build_to("quick")
    app = searched("rain")
    assert f"Searched by words and quick vectors.{GO_ON}" in captions(app)  # nobody builds it now
    with lock_corpus("animals") as folder:  # as another process does
        write_progress(folder, "3 documents/s, 2 min left")
        app.run()
        line = "Searched by words and quick vectors; full vectors 0%, 3 documents/s, 2 min left."
        assert line in captions(app)


def test_another_corpus_in_between_changes_no_ranking() -> None:
    build_corpus(source_of(ANIMALS, name="others"), FakeEncoder(), quick=FakeQuickEncoder)
    build_to("none")
    app = searched("the cat and the dog")
    by_words, session = orders(app), session_of(app)
    build_to("quick")
    app.selectbox(key="corpus").select("others").run()
    app.query_params.update(session=session, corpus="animals")
    app.run()
    assert app.selectbox(key="corpus").value == "animals"
    assert status(app) == "10 documents · words alone"
    assert orders(app) == by_words


def test_vectors_that_are_gone_give_way_to_the_best() -> None:
    build_to("quick")
    app = searched("rain")
    assert status(app) == "10 documents · quick vectors"
    build_to("full")
    shutil.rmtree(corpus_folder("animals") / read_manifest("animals", "quick").build)
    app.run()
    assert not app.exception
    assert status(app) == "10 documents"


def test_a_complete_corpus_with_quick_vectors_shows_that() -> None:
    build_corpus(source_of(ANIMALS), FakeEncoder(), quick=FakeQuickEncoder, until="quick")
    app = searched("rain")
    assert f"Searched by words and quick vectors.{GO_ON}" in captions(app)
    assert messages(app, "success") == []
    finish_corpus("animals", FakeEncoder())
    app.run()
    assert messages(app, "success") != []
    assert status(app) == "10 documents · quick vectors"
