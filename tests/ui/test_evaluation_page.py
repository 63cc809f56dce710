"""The evaluation page as Streamlit runs it, without a browser; the model is a fake one."""

import html
import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from exemplar.data.building.build import build_corpus
from exemplar.data.corpus.catalog import remove_corpus
from exemplar.data.corpus.corpus import Corpus
from exemplar.data.documents import Document
from exemplar.data.errors import ExemplarError
from exemplar.data.sources.spec import Source, SourceSpec
from exemplar.retrieval.evaluation import protocols as measuring
from exemplar.retrieval.evaluation.result import EvaluationResult
from exemplar.retrieval.evaluation.saved import evaluations_folder, read_evaluation, save_evaluation, saved_evaluations
from exemplar.retrieval.rankers import DEFAULT_RANKER
from exemplar.ui import jobs
from exemplar.ui.evaluation import job as evaluate_job
from tests.support.corpora import ANIMALS, LABELS, source_of
from tests.support.fake_encoder import FakeEncoder
from tests.support.pages import EVALUATE_PAGE, captions, labelled, messages, opened_page, press, ran
from tests.support.paths import ROOT
from tests.support.patience import PATIENCE, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fake_model")]


HOSTILE = "<b>bold</b> **md** [a](http://b) :smile: $x^2$"


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Semaphore]:
    """Lets as many queries be measured as it is released for."""
    gate, measure_query = threading.Semaphore(0), measuring._measure_query

    def wait(*arguments: Any) -> Any:
        gate.acquire()
        return measure_query(*arguments)

    monkeypatch.setattr("exemplar.retrieval.evaluation.protocols._measure_query", wait)
    yield gate
    gate.release(1000)


@pytest.fixture
def result() -> EvaluationResult:
    """What the command wrote for the README."""
    return read_evaluation(ROOT / "benchmarks" / "evaluation.json")


def opened() -> AppTest:
    return opened_page(EVALUATE_PAGE)


def ended() -> jobs.Job:
    [job] = jobs.jobs("evaluate")
    job._thread.join(PATIENCE)
    assert not job.running
    return job


def page_text(app: AppTest) -> str:
    return html.unescape("\n".join(re.sub(r"<.*?>", "", part.body) for part in app.get("html")))


def tables(app: AppTest) -> list[list[list[str]]]:
    """Return every table: its header, and its rows."""
    return [[list(each.value.columns), *each.value.to_numpy().tolist()] for each in app.dataframe]


def test_without_a_corpus_the_page_says_how_to_begin() -> None:
    app = opened()
    assert "There is no corpus yet. Build one on the page Corpora, with a column of labels." in captions(app)
    assert "None yet. What is measured is kept, and shown here." in captions(app)
    assert [button.label for button in app.button] == []


def test_corpora_that_can_not_be_judged_say_why(home: Path, encoder: FakeEncoder) -> None:
    documents = [Document(str(row), text) for row, text in enumerate(ANIMALS)]
    upload = home / "uploads" / "0123" / "notes.csv"
    sources = {
        "hostile": SourceSpec(f"/nowhere/{HOSTILE}.csv", text_column="text"),
        "notes": SourceSpec(str(upload), text_column="text"),
        "docs": SourceSpec("docs:numpy"),
    }
    for name, spec in sources.items():
        build_corpus(Source(name, spec, lambda: iter(documents)), encoder)
    app = opened()
    assert "None of the corpora can be evaluated: nothing says what is relevant in them." in captions(app)
    assert not app.multiselect
    text = page_text(app)
    assert f"hostile: nothing says what is relevant in /nowhere/{HOSTILE}.csv, which does not exist any more: " in text
    assert "notes: nothing says what is relevant in notes.csv" in text
    assert "qrels), docs, or labels (build it on the page Corpora with a Label column)." in text
    assert "docs: a corpus of package documentation is judged by its See Also sections, so it must not show" in text
    assert "them (build it without: on the page Corpora, choose Installed packages and Leave out See Also)." in text
    assert "--" not in text
    for part in (*captions(app), *(each.value for each in app.markdown)):
        assert HOSTILE not in part
    assert "<b>bold" not in "".join(part.body for part in app.get("html"))


def test_an_evaluation_runs_to_its_end_and_is_shown(animals: Corpus) -> None:
    app = opened()
    assert labelled(app, "multiselect", "Corpora").value == ["animals"]
    labelled(app, "number_input", "Rounds").set_value(2)
    labelled(app, "multiselect", "Rankers").set_value(["anchored", "knn", "words"])
    press(app, "Run")
    assert ended().error is None
    ran(app.run())
    assert messages(app, "success") == ["Evaluated animals: 10 queries."]
    first, own_loop = tables(app)
    assert first[0] == ["nDCG@10", "animals (10)"]
    assert [row[0] for row in first[1:]] == ["kNN", "BM25", "Anchored SVM (default)"]
    assert own_loop[0] == ["relevant found, 20 read", "animals (10)"]
    text = page_text(app)
    assert "exemplar evaluate animals --rankers knn,words,anchored --rounds 2" in text
    assert re.search(r"Anchored SVM against kNN: [+-]\d+\.\d% .*nDCG@10", text)
    assert "No query counts." in captions(app), "all ten were shown, and nothing is left after the marks"
    [chart] = app.get("vega_lite_chart")
    assert '"field": "found"' in chart.proto.spec
    press(app, "Dismiss")
    assert messages(app, "success") == []
    assert len(tables(app)) == 2


def test_collections_are_read_to_the_end_on_request(animals: Corpus) -> None:
    app = opened()
    assert not [box for box in app.selectbox if box.label == "Documents of a page"]
    labelled(app, "number_input", "Queries").set_value(2)
    labelled(app, "multiselect", "Rankers").set_value(["knn", "elas"])
    labelled(app, "checkbox", "Read to the end").set_value(True)
    ran(app.run())
    labelled(app, "selectbox", "Documents of a page").set_value(1)
    labelled(app, "selectbox", "Start").set_value("two")
    press(app, "Run")
    job = ended()
    assert job.error is None
    assert re.fullmatch(r"120 of 120 documents to read at most · 0 s left", job.progress.line)
    ran(app.run())
    assert messages(app, "success") == ["Evaluated animals: 2 queries."]
    header, *rows = tables(app)[-1]
    assert header == ["", "loss", "WSS@95", "WSS@100", "recall after 10% read", "read to the last"]
    assert [row[0] for row in rows] == ["kNN", "ELAS-like SVM"]
    command = "exemplar evaluate animals --rankers knn,elas --queries 2 --to-the-end --page 1 --start two"
    assert command in page_text(app)
    charts = app.get("vega_lite_chart")
    assert len(charts) == 2
    assert '"field": "recall"' in charts[1].proto.spec


def test_what_was_measured_is_there_after_a_restart(animals: Corpus) -> None:
    press(opened(), "Run")
    ended()
    before = tables(opened())
    st.cache_resource.clear()
    app = opened()
    assert messages(app, "success") == []
    assert tables(app) == before != []


def test_an_evaluation_is_seen_by_all_and_can_be_stopped(animals: Corpus, gate: threading.Semaphore) -> None:
    app = opened()
    press(app, "Run")
    gate.release(4)
    [job] = jobs.jobs("evaluate")
    wait_for(lambda: job.progress.latest.done == 4)
    other = opened()
    assert labelled(other, "button", "Run").disabled
    assert "Measuring animals" in page_text(other)
    assert job.progress.share == 0.4
    assert re.fullmatch(r"4 of 10 queries · \d+ s left", job.progress.line)
    press(other, "Stop")
    assert job.stopping
    assert labelled(other, "button", "Stop").disabled
    gate.release(1)
    assert ended().stopped
    ran(other.run())
    assert messages(other, "warning") == ["Stopped evaluating animals. Nothing of it is kept."]
    assert not labelled(other, "button", "Run").disabled
    assert saved_evaluations() == []


def test_a_second_evaluation_waits_for_the_first(animals: Corpus, gate: threading.Semaphore) -> None:
    app, other = opened(), opened()
    press(app, "Run")
    press(other, "Run")
    assert labelled(other, "button", "Run").disabled
    [job] = jobs.jobs("evaluate")
    with pytest.raises(ExemplarError, match="^work on 'the evaluation' is running already; "):
        evaluate_job.begin(job.progress)


def test_what_is_missing_is_asked_for(animals: Corpus) -> None:
    app = opened()
    labelled(app, "multiselect", "Rankers").set_value([])
    press(app, "Run")
    assert messages(app, "error") == ["Choose a ranker first"]
    labelled(app, "multiselect", "Corpora").set_value([])
    press(app, "Run")
    assert messages(app, "error") == ["Choose a corpus first"]
    assert jobs.jobs("evaluate") == []


def test_a_chosen_corpus_that_was_removed_is_chosen_no_more(animals: Corpus, encoder: FakeEncoder) -> None:
    app = opened()
    for name in ("more", "others"):
        build_corpus(source_of(ANIMALS, LABELS, name=name), encoder)
    labelled(app, "multiselect", "Corpora").set_value(["animals", "more"])
    ran(app.run())
    remove_corpus("animals")
    press(app, "Run")
    assert ended().error is None
    ran(app.run())
    assert messages(app, "success") == ["Evaluated more: 10 queries."]


def test_why_an_evaluation_failed_is_told(encoder: FakeEncoder) -> None:
    build_corpus(source_of(ANIMALS, [HOSTILE] * 10, name="alike"), encoder)
    app = opened()
    press(app, "Run")
    ended()
    ran(app.run())
    assert messages(app, "error") == [
        "Alike could not be evaluated: the documents of 'alike' need at least two labels to tell them apart"
    ]
    assert not labelled(app, "button", "Run").disabled


def test_a_home_that_can_not_be_written_is_told(animals: Corpus, home: Path) -> None:
    evaluations_folder().write_text("a file in the way")
    app = opened()
    press(app, "Run")
    ended()
    ran(app.run())
    [message] = messages(app, "error")
    assert message.startswith("Animals could not be evaluated: ")
    assert "evaluations" in message


def test_hostile_labels_and_texts_do_not_reach_the_page(encoder: FakeEncoder) -> None:
    texts = [f"{HOSTILE} {text}" for text in ANIMALS]
    build_corpus(source_of(texts, [f"{HOSTILE} {label}" for label in LABELS], name="hostile"), encoder)
    app = opened()
    press(app, "Run")
    assert ended().error is None
    ran(app.run())
    assert messages(app, "success") == ["Evaluated hostile: 10 queries."]
    shown = [*captions(app), *(each.value for each in app.markdown), page_text(app), repr(tables(app))]
    assert not [part for part in shown if "bold" in part]


def test_several_are_listed_the_newest_first_and_one_is_chosen(result: EvaluationResult) -> None:
    save_evaluation(result)
    save_evaluation(replace(result, sets=result.sets[:2]))
    queries = {measured_set.name: measured_set.results[0].n_queries for measured_set in result.sets}
    first, second, third, *_ = queries
    app = opened()
    listed, *shown = tables(app)
    assert [row[1:] for row in listed[1:]] == [
        [f"{first}, {second}", queries[first] + queries[second]],
        [", ".join(queries), sum(queries.values())],
    ]
    judged = {
        measured_set.name: measured_set.last_round("shared marks")[0].n_queries for measured_set in result.sets[:2]
    }
    per_set = [f"{first} ({queries[first]})", f"{second} ({queries[second]})"]
    assert shown[0][0][1:] == [*per_set, "mean"]
    assert shown[1][0][1:] == [*(f"{name} ({n})" for name, n in judged.items()), "mean"]
    assert shown[2][0][1:] == per_set
    choice = labelled(app, "selectbox", "Evaluation")
    ran(choice.set_value(saved_evaluations()[1].name).run())
    assert len(tables(app)[1][0]) == 2 + len(queries)
    assert tables(app)[1][-1][0] == "Anchored SVM (default)"
    text = page_text(app)
    [gain] = [
        each
        for each in result.gains
        if (each.protocol, each.ranker, each.against) == ("first query", DEFAULT_RANKER, "knn")
    ]
    interval = f"[{100 * gain.low:+.1f}, {100 * gain.high:+.1f}]"
    assert f"Anchored SVM against kNN: {gain.gain:+.1%} {interval} nDCG@10, mean of {gain.n_sets} sets" in text
    missing = {measured_set.name: measured_set.n_missing for measured_set in result.sets if measured_set.n_missing}
    assert missing
    for name, n in missing.items():
        assert f"{name}: judgements of documents that are not in the corpus: {n:,}" in text
    ran(labelled(app, "selectbox", "Chart of").set_value(2).run())
    [chart] = app.get("vega_lite_chart")
    assert chart.proto.alt.startswith(
        f"Relevant documents found against documents read, a line a ranker: {third}, {queries[third]} queries"
    )


def test_one_is_removed_only_after_the_question(result: EvaluationResult) -> None:
    save_evaluation(result)
    app = opened()
    press(app, "Remove")
    assert "Remove what was measured on cranfield, cisi, med" in page_text(app)
    press(app, "Keep it")
    assert len(saved_evaluations()) == 1
    press(app, "Remove")
    press(app, "Remove it")
    assert saved_evaluations() == []
    assert "None yet. What is measured is kept, and shown here." in captions(ran(app.run()))


def test_a_damaged_file_is_told_and_left_and_the_others_are_shown(result: EvaluationResult) -> None:
    save_evaluation(result)
    path = evaluations_folder() / "broken.json"
    path.write_text('{"command": "half')
    app = opened()
    [message] = messages(app, "warning")
    assert message.startswith(f"{path} does not hold an evaluation: Unterminated string")
    assert message.endswith("It was left where it is.")
    assert path.read_text() == '{"command": "half'
    assert len(tables(app)) == 3


def test_a_file_that_was_tampered_with_is_shown_as_text(result: EvaluationResult) -> None:
    changed = replace(result.sets[0], name=HOSTILE, model=HOSTILE, n_missing=3)
    save_evaluation(replace(result, command=HOSTILE, sets=(changed,)))
    app = opened()
    assert tables(app)[0][0][1] == f"{HOSTILE} ({changed.results[0].n_queries})"
    assert page_text(app).count(HOSTILE) == 3, "the model, the command and the set of missing judgements"
    assert "<b>bold" not in "".join(part.body for part in app.get("html"))
    for part in (*captions(app), *(each.value for each in app.markdown)):
        assert HOSTILE not in part
