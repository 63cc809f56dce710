import json
from pathlib import Path

import pytest

from exemplar.cli import terminal
from exemplar.data.corpus.corpus import Corpus
from exemplar.retrieval.sessions.events import CheckDrawn, Event, Marked, Named, Queried, SettingsSet
from exemplar.retrieval.sessions.session import Session
from exemplar.retrieval.sessions.settings import Settings
from exemplar.retrieval.sessions.store import home_store
from tests.support.command_line import run


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal.output, "width", 160)


def keep(animals: Corpus, session_id: str, *more: Event) -> None:
    """Keep a session with nine of ten documents read, two of them relevant."""
    hashes = dict(zip(animals.rows, animals.text_hashes(list(animals.rows.values())), strict=True))
    session, store = Session(session_id, "animals"), home_store()
    for place, doc_id in enumerate(list(hashes)[:9]):
        found = {"list": "anchored", "rank": place + 1}
        mark = Marked(doc_id, "positive" if place < 2 else "negative", hashes[doc_id], found=found)
        store.record(session, mark, corpus_id=animals.manifest.corpus_id)
    for event in more:
        store.record(session, event)


def failure(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    code, out, err = run(capsys, "left", *arguments)
    assert (code, out) == (1, "")
    return err


@pytest.mark.parametrize("name", ["s1", "my review", "cats"])
def test_left_says_what_may_be_claimed(capsys: pytest.CaptureFixture[str], animals: Corpus, name: str) -> None:
    keep(animals, "s1", Queried("cats"), *([Named("my review")] if name == "my review" else []))
    code, out, err = run(capsys, "left", name)
    assert (code, err) == (0, "")
    assert [" ".join(line.split()) for line in out.splitlines()] == [
        "Read 9 1 unread",
        "Relevant 2 7 read in ranked order since the last relevant or unsure one",
        "Unsure 0",
        "Relevant left, estimated 0 0 to 1",
        "Left at most, by the rule 1 not enough to stop",
        "It can't be claimed yet that with 95% confidence at least 95% of the relevant records are found.",
        "Read 1 more without a relevant one, or draw 1 at random: if none of them is relevant, the target may be "
        "claimed.",
    ]


def test_an_estimate_that_nothing_bounds_is_told_as_such(capsys: pytest.CaptureFixture[str], animals: Corpus) -> None:
    [(doc_id, row), *_] = animals.rows.items()
    [text_hash] = animals.text_hashes([row])
    mark = Marked(doc_id, "positive", text_hash, found={"list": "anchored", "rank": 1})
    home_store().record(Session("s2", "animals"), mark, corpus_id=animals.manifest.corpus_id)
    _, out, _ = run(capsys, "left", "s2")
    assert "Relevant left, estimated 9 0 to 9: nothing bounds it yet" in " ".join(out.split())


def test_the_target_can_be_chosen(capsys: pytest.CaptureFixture[str], animals: Corpus) -> None:
    keep(animals, "s1")
    _, out, _ = run(capsys, "left", "s1", "--recall", "0.6", "--confidence", "0.9")
    assert "By the hypergeometric rule, with 90% confidence at least 60% of the relevant records are found" in out
    home_store().record(Session("s1", "animals"), SettingsSet(Settings(recall=0.6, confidence=0.9)))
    assert run(capsys, "left", "s1")[1] == out, "the target of the session, as the page has it"
    assert "with 95% confidence at least 60%" in run(capsys, "left", "s1", "--confidence", "0.95")[1]
    assert "must be between 0.5 and 0.999, got 95.0" in failure(capsys, "s1", "--recall", "95")


def test_the_figures_and_the_plot_go_to_files(
    capsys: pytest.CaptureFixture[str], animals: Corpus, tmp_path: Path
) -> None:
    keep(animals, "s1", CheckDrawn(("9",), 1, {"9": animals.text_hashes([9])[0]}))
    figures, plot = tmp_path / "left.json", tmp_path / "left.svg"
    code, out, err = run(capsys, "left", "s1", "--json", str(figures), "--plot", str(plot))
    assert (code, " ".join(err.split())) == (0, f"Wrote {plot}")
    assert "Left at most, by random checks" in out
    assert "1 drawn are not judged" in out
    left = json.loads(figures.read_text())
    assert (left["session"], left["corpus"], left["target"]) == ("s1", "animals", {"recall": 0.95, "confidence": 0.95})
    assert (left["n_read"], left["n_relevant"], left["since_last"], left["high"]) == (9, 2, 7, 1)
    assert left["rule"] == {"holds": False, "high": 1, "recall": 2 / 3}
    assert (left["open_draw"], left["drawn_left"], left["check"]["holds"]) == (1, ["9"], False)
    assert plot.read_text().startswith("<svg")


def test_sessions_that_cannot_be_told_apart_are_named_by_id(
    capsys: pytest.CaptureFixture[str], animals: Corpus
) -> None:
    assert failure(capsys, "cats") == (
        "exemplar: there is no session 'cats'; there is none yet; mark something in: exemplar app\n"
    )
    for session_id in ("s1", "s2"):
        keep(animals, session_id, Named("cats"))
    assert failure(capsys, "cats") == "exemplar: 2 sessions are named 'cats'; name one by its id: s2, s1\n"
    assert failure(capsys, "dogs") == "exemplar: there is no session 'dogs'; the last ones are 'cats', 'cats'\n"


def test_a_file_that_cannot_be_written_is_refused_first(
    capsys: pytest.CaptureFixture[str], animals: Corpus, tmp_path: Path
) -> None:
    keep(animals, "s1")
    assert "is a folder; name a file in it" in failure(capsys, "s1", "--plot", str(tmp_path))
    assert "does not exist; make it first" in failure(capsys, "s1", "--json", str(tmp_path / "no" / "left.json"))
