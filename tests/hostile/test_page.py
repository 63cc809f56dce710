"""Hostile texts, names and addresses on the pages as Streamlit runs them, in the terminal, and in files."""

import csv
import io
import json
import os
import re
from html import escape, unescape
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as some
from markdown_it import MarkdownIt
from streamlit.testing.v1 import AppTest

from exemplar import cli
from exemplar.data.building.build import build_corpus
from exemplar.data.corpus.corpus import open_corpus
from exemplar.data.documents import Document
from exemplar.retrieval.evaluation.report import markdown
from exemplar.retrieval.evaluation.result import EvaluationResult
from exemplar.retrieval.evaluation.saved import save_evaluation
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.sessions.events import Named, Queried
from exemplar.retrieval.sessions.session import Session
from exemplar.retrieval.sessions.store import SessionStore
from exemplar.ui import html, jobs
from exemplar.ui.search.lists import component
from tests.support import hostile
from tests.support.earlier_exports import as_csv, as_json_lines, export_table
from tests.support.fake_encoder import FakeEncoder
from tests.support.hostile import ENDLESS, TEXTS
from tests.support.lists import Lists, fake_feed, no_frame
from tests.support.pages import (
    CORPORA_PAGE,
    EVALUATE_PAGE,
    SESSIONS_PAGE,
    bodies,
    messages,
    opened_app,
    opened_page,
    press_key,
    ran,
)
from tests.support.paths import ROOT
from tests.support.patience import PATIENCE
from tests.support.reading import read

pytestmark = pytest.mark.slow


TURNS = "\u202a-\u202e\u2066-\u2069"


OBEYED_BY_NEIGHBOURS = re.compile(f"[{TURNS}\ud800-\udfff]")


OBEYED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@pytest.fixture(autouse=True)
def fake_model(monkeypatch: pytest.MonkeyPatch, encoder: FakeEncoder) -> None:
    st.cache_resource.clear()
    for module in ("exemplar.ui.resources", "exemplar.retrieval.query_encoder"):
        monkeypatch.setattr(f"{module}.load_encoder", lambda *_, **__: encoder)
    monkeypatch.setattr(component, "feed", fake_feed)
    monkeypatch.setattr(component, "show_frame", no_frame)


@pytest.fixture
def corpus(encoder: FakeEncoder) -> None:
    build_corpus(hostile.source("hostile", hostile.documents()), encoder)


@pytest.fixture
def endless(encoder: FakeEncoder) -> None:
    build_corpus(hostile.source("endless", hostile.endless_documents()), encoder, whole=True)


def shown(app: AppTest, kind: str) -> list[str]:
    """Return the contents of all elements of a class, in order."""
    return [unescape(text) for text in re.findall(f'class="ex-{kind}" dir="auto">(.*?)</span>', bodies(app), re.S)]


WILD = some.text(max_size=40) | some.sampled_from(TEXTS) | some.sampled_from(["\0", "x" * 2_000, "hostile", "../.."])


ADDRESS = some.dictionaries(
    some.sampled_from(["session", "corpus", "q", "like"]) | some.text(min_size=1, max_size=5),
    WILD | some.lists(WILD, min_size=1, max_size=3),
    max_size=5,
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(ADDRESS)
@example({"session": "../../etc/passwd", "corpus": ["hostile", TEXTS[0]], "q": "w" * 100_000, TEXTS[1]: "1"})
@example({"corpus": "hostile", "q": " \0\x1b[31m ", "like": ""})
@example({"corpus": "hostile", "like": TEXTS[0]})
def test_an_address_of_any_kind_leads_to_a_page(corpus: None, address: dict[str, Any]) -> None:
    app = opened_app(**address)
    last = {key: value[-1] if isinstance(value, list) else value for key, value in address.items()}
    wanted = last.get("corpus", "")
    assert messages(app)[: wanted not in ("", "hostile")] == (
        [html.shortened(f"There is no corpus '{wanted}' here.")] if wanted not in ("", "hostile") else []
    )
    typed = last.get("q", "").strip()
    assert app.text_input(key="query_text").value == typed
    if typed:
        assert [len(each["rows"]) for each in Lists(app).data["lists"]] == [25, 25]
    elif last.get("like") in TEXTS:
        assert [len(each["rows"]) for each in Lists(app).data["lists"]] == [25, 25]
        assert shown(app, "id") == [last["like"]]
    others = {key: value for key, value in last.items() if key not in ("session", "corpus", "q", "like")}
    kept = {key: app.query_params[key] for key in others}
    assert kept.keys() == others.keys()


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(WILD)
@example("word " * 40_000)
def test_a_query_of_any_kind_is_searched_for(corpus: None, typed: str) -> None:
    app = opened_app()
    app.text_input(key="query_text").input(typed)
    [button] = [each for each in app.button if each.label == "Search"]
    button.click()
    ran(app.run())
    query = typed[:100_000].strip()
    listed = [len(each["rows"]) for each in Lists(app).data.get("lists", [])]
    assert listed == ([25, 25] if query else [])
    told = ["Type what you are looking for, then press Enter."] if not query else []
    cut = "The first 100,000 characters are the query; what comes behind them was left out."
    assert messages(app) == (told or [cut] if not query or len(typed) > 100_000 else [])


def test_ids_labels_and_columns_without_end_are_cut_and_told_apart(endless: None) -> None:
    app = opened_app(q="a label id name")
    first, second = "i" * (ENDLESS - 1) + "j", "i" * ENDLESS
    lists = Lists(app)
    assert len(json.dumps(lists.data).replace("i" * (ENDLESS - 1), "")) < 20_000, "an act has to name the whole id"
    assert {label for row in lists.rows.values() for label in row["labels"]} == {"a", html.shortened("l" * ENDLESS, 80)}
    names = [row["name"] for row in lists.rows.values() if row["id"] in (first, second)]
    assert sorted(names) == sorted([html.name(first), html.name(second)])
    assert names[0] != names[1]
    assert max(map(len, names)) < 300
    lists.say(open=lists.row(second), lacks=True)
    fields = dict(lists.data["opened"]["fields"])
    assert fields == {html.name("f" * ENDLESS): "1", "v": html.shortened("v" * ENDLESS, 300)}

    lists.mark(first).mark(second, "negative")
    app.session_state["marks"] = True
    ran(app.run())
    assert len(bodies(app)) < 100_000
    assert max(len(button.key or "") for button in app.button) < 400
    assert [button.key for button in app.button if button.label == "Remove"] == [
        f"remove {html.widget_key(doc_id)}" for doc_id in (second, first)
    ]
    app.session_state["view"] = "Why"
    ran(app.run())
    [chart] = app.get("vega_lite_chart")
    points = [point for layer in json.loads(chart.proto.spec)["layer"] for point in layer["data"]["values"]]
    assert {html.name(first), html.name(second)} <= {point.get("doc_id") for point in points}
    assert len(chart.proto.spec) + sum(len(each.data.data) for each in chart.proto.datasets) < 20_000


def test_an_id_without_end_is_the_query_but_no_part_of_the_address(endless: None) -> None:
    app = opened_app(q="a label id name")
    doc_id = "i" * ENDLESS
    Lists(app).like(doc_id)
    assert app.query_params.keys() == {"session", "corpus"}
    again = opened_app(session=app.query_params["session"], corpus="endless")
    assert shown(again, "id")[0] == html.name(doc_id)


def test_names_of_sessions_without_end_are_cut(endless: None, home: Path) -> None:
    store = SessionStore(home / "sessions.sqlite")
    for event in (Queried("q" * ENDLESS), Named("n" * ENDLESS)):
        store.record(Session("long", "c" * ENDLESS), event)
    app = opened_page(SESSIONS_PAGE)
    assert app.dataframe[0].value[["Name", "Corpus"]].to_numpy().tolist() == [
        [html.name("n" * ENDLESS), html.name("c" * ENDLESS)]
    ]
    [label] = [option for box in app.selectbox if box.label == "Session" for option in box.options]
    assert len(label) < 600
    assert len(bodies(app)) < 5_000


def test_labels_and_values_without_end_can_be_filtered_by(endless: None) -> None:
    app = opened_app(q="a label id name")
    app.session_state["filters"] = True
    ran(app.run())
    picker = app.multiselect(key="filter_labels")
    assert picker.options == ["a", html.name("l" * ENDLESS)]
    picker.select("l" * ENDLESS)
    ran(app.run())
    lists = Lists(app)
    assert set(lists.listed()) == {"label", "label too"}
    assert lists.data["status"].startswith("2 of 6 documents · filters: label lll")
    assert len(lists.data["status"]) <= 303


@given(some.text(some.characters(exclude_categories=()), max_size=300))
def test_a_name_is_whole_or_its_length_is_told(raw: str) -> None:
    seen = html.name(raw)
    whole = re.sub("[\ud800-\udfff]", "\N{REPLACEMENT CHARACTER}", raw)
    assert seen == whole if len(raw) <= 200 else seen.startswith(f"{whole[:200]} … ({len(raw)} characters, ")
    assert unescape(html.text(raw)) == unescape(escape(whole))
    assert not re.search(f"[{TURNS}\ud800-\udfff]", html.shortened(raw))


def test_keys_are_short_and_differ() -> None:
    long, other = "i" * 201, "i" * 202
    keys = [html.widget_key(raw) for raw in ("i", "i" * 200, long, other, html.widget_key(long))]
    assert len(set(keys)) == 5
    assert max(map(len, keys)) == 265


def test_no_more_columns_are_offered_than_a_page_bears(encoder: FakeEncoder) -> None:
    found = [Document(str(n), f"text {n}", metadata={f"c{i:03}": str(n // 2) for i in range(120)}) for n in range(4)]
    build_corpus(hostile.source("wide", found), encoder)
    app = opened_app(q="text")
    app.session_state["filters"] = True
    ran(app.run())
    assert len(app.multiselect) == 100
    assert "These are the 100 columns that most documents have. Words find what is in the text." in [
        caption.value for caption in app.caption
    ]


def test_of_a_text_without_end_what_is_around_the_passage_is_shown(encoder: FakeEncoder) -> None:
    text = "before " * 30_000 + "the needle is here " + "after " * 30_000
    build_corpus(hostile.source("hay", [Document("hay", text), Document("other", "x")]), encoder)
    opened = opened_text("needle here", "hay")
    visible = "".join(part for _, part in opened["parts"])
    start = text.index(visible)
    assert len(visible) == 100_000
    assert "the needle is here" in visible
    assert opened["cut"] == (
        f"Characters {start + 1:,} to {start + 100_000:,} of {len(text):,}; an export has them all."
    )


def test_a_word_without_end_is_cut_too(encoder: FakeEncoder) -> None:
    build_corpus(hostile.source("word", [Document("word", "w" * ENDLESS)]), encoder, whole=True)
    opened = opened_text("word", "word")
    assert "".join(part for _, part in opened["parts"]) == "w" * 100_000
    assert opened["cut"] == "Characters 1 to 100,000 of 10,000,000; an export has them all."


def opened_text(query: str, doc_id: str) -> dict[str, Any]:
    """Search, and open the row of a document."""
    lists = Lists(opened_app(q=query))
    lists.say(open=lists.row(doc_id), lacks=True)
    opened: dict[str, Any] = lists.data["opened"]
    return opened


def test_texts_titles_and_labels_reach_the_lists_as_they_are(corpus: None) -> None:
    lists = Lists(opened_app(q="and plain words"))
    lists.say(shown=[100])
    documents = {document.doc_id: document for document in hostile.documents()}
    assert {row["id"] for row in lists.rows.values()} == documents.keys()
    for row in lists.rows.values():
        document = documents[row["id"]]
        assert row["text"] == html.excerpt(document.text, 270)
        assert row["labels"] == [html.shortened(label, 80) for label in document.labels]
        lists.say(open=lists.row(row["id"]), lacks=True)
        opened = lists.data["opened"]
        assert "".join(part for _, part in opened["parts"]) == html.with_line_breaks(document.text)


def evaluated(app: AppTest) -> None:
    """Wait for the evaluation that goes on."""
    [job] = jobs.jobs("evaluate")
    job._thread.join(PATIENCE)
    ran(app.run())
    jobs.dismiss("evaluate", job.name)


@pytest.mark.parametrize(
    "path", ["x" * 5_000, "/" + "y" * 300, "x" * ENDLESS, "a\0b", "~\0", "s3://" + "x" * 5_000, *TEXTS]
)
def test_a_path_of_any_kind_is_answered_by_a_sentence(path: str) -> None:
    app = opened_page(CORPORA_PAGE)
    app.get_by_key("build_kind").set_value("path")
    ran(app.run())
    app.text_input(key="build_path").input(path)
    press_key(app, "build_look")
    [told] = messages(app)
    assert 10 < len(told) <= 2_100
    assert not OBEYED_BY_NEIGHBOURS.search(told)
    press_key(app, "build")
    assert messages(app) == [told]


def test_a_file_whose_name_is_no_unicode_is_a_source_as_any_other(tmp_path: Path, encoder: FakeEncoder) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.csv")
    path.write_text("text\na text\n")
    build_corpus(read(str(path)), encoder, name="cafe")
    app = opened_page(CORPORA_PAGE)
    seen = f"{tmp_path}/caf\N{REPLACEMENT CHARACTER}.csv"
    assert app.dataframe[0].value["Source"].tolist() == [seen]
    assert html.field("Source", seen) in bodies(app)
    press_key(app, "corpus-verify cafe")
    assert messages(app) == ["Every file of 'cafe' is as it was written."]
    assert seen in bodies(opened_page(EVALUATE_PAGE))


@pytest.fixture
def evaluation() -> dict[str, Any]:
    """An evaluation whose file somebody has written by hand."""
    result: dict[str, Any] = json.loads((ROOT / "benchmarks" / "evaluation.json").read_text())
    for number, each in enumerate(result["sets"]):
        each |= {"name": TEXTS[number], "model": TEXTS[-number - 1], "judgements_of_missing_documents": 3}
    result["sets"][0]["name"] = "n" * ENDLESS
    result["command"] = f"exemplar {TEXTS[9]} ``` \ud800"
    return result


def test_an_evaluation_of_hostile_names_is_shown(evaluation: dict[str, Any]) -> None:
    save_evaluation(EvaluationResult.from_json(evaluation))
    app = opened_page(EVALUATE_PAGE)
    table = app.dataframe[0].value
    names = [html.name(each["name"]) for each in evaluation["sets"]]
    assert [name.rpartition(" (")[0] for name in table.columns[1 : 1 + len(names)]] == names
    assert shown(app, "id") == [f"exemplar {TEXTS[9]} ``` \N{REPLACEMENT CHARACTER}"]
    assert len(bodies(app)) < 20_000


def test_a_report_of_hostile_names_is_text_in_any_reader_of_markdown(evaluation: dict[str, Any]) -> None:
    evaluation["sets"][0]["name"] = TEXTS[0]
    report = MarkdownIt("commonmark").enable("table").render(markdown(EvaluationResult.from_json(evaluation)))
    tags = set(re.findall(r"<\s*/?\s*([a-z0-9!?]+)", report))
    assert tags == {"h1", "h2", "h3", "p", "table", "thead", "tbody", "tr", "th", "td", "ul", "li", "strong", "code"}
    words = unescape(re.sub("<.*?>", "", report))
    for text in (*(each[key] for each in evaluation["sets"] for key in ("name", "model")), TEXTS[9]):
        assert " ".join(text.split()).replace("\0", "\N{REPLACEMENT CHARACTER}") in words


def test_a_hostile_corpus_can_be_evaluated(corpus: None) -> None:
    app = opened_page(EVALUATE_PAGE)
    app.number_input(key="evaluate_queries").set_value(2)
    app.number_input(key="evaluate_rounds").set_value(1)
    press_key(app, "evaluate_run")
    evaluated(app)
    assert messages(app) == ["Evaluated hostile: 2 queries."]


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit):
        cli.main(list(arguments))
    return "".join(capsys.readouterr())


def test_nothing_that_a_terminal_obeys_is_printed(corpus: None, capsys: pytest.CaptureFixture[str]) -> None:
    control, direction = hostile.HOSTILE["control"], hostile.HOSTILE["direction"]
    marks = ["--like", control, "--unlike", direction]
    for arguments in (
        ["search", "hostile", "nul escape", "-k", "40", *marks],
        ["search", "hostile", "nul escape", "-k", "40", "--json"],
        ["search", "hostile", "nul escape", "--like", f"{control} nowhere"],
        ["search", f"hostile {control}", "x"],
        ["corpora"],
        ["corpora", "show", "hostile"],
        ["corpora", "show", "hostile", "--json"],
        ["build", f"./{control}.csv"],
        ["build", "x" * 300],
        ["build", "x" * 5_000],
    ):
        printed = run(capsys, *arguments)
        assert not OBEYED.search(printed), arguments
        assert printed.strip()


def test_json_in_the_terminal_is_exact(corpus: None, capsys: pytest.CaptureFixture[str]) -> None:
    answer = json.loads(run(capsys, "search", "hostile", "nul escape", "-k", "40", "--json"))
    found = {each["doc_id"]: (each["text"], each["labels"], each["metadata"]) for each in answer["results"]}
    assert found == {each.doc_id: (each.text, list(each.labels), dict(each.metadata)) for each in hostile.documents()}


def test_a_cell_without_end_has_one_in_the_terminal(endless: None, capsys: pytest.CaptureFixture[str]) -> None:
    printed = run(capsys, "search", "endless", "a label id name")
    assert len(printed) < 100_000
    assert "(10,000,000 characters)" in " ".join(printed.split())


def test_exports_are_exact_but_for_formulas(corpus: None) -> None:
    found = open_corpus("hostile")
    table = export_table(found, Feedback(TEXTS))
    assert [json.loads(line)["doc_id"] for line in as_json_lines(table).decode().split("\n")[:-1]] == list(TEXTS)
    rows = list(csv.DictReader(io.StringIO(as_csv(table).decode("utf-8-sig"), newline="")))
    harmless = [text for text in TEXTS if text not in (hostile.HOSTILE["template"],)]
    assert [row["text"] for row in rows if row["doc_id"] in harmless] == harmless
    assert f"'{hostile.HOSTILE['template']}" in [row["text"] for row in rows]
