import csv
import json
from pathlib import Path

import pytest

from exemplar.data.corpus.catalog import remove_corpus
from exemplar.data.corpus.corpus import Corpus
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.sessions.events import Named, Noted, Queried
from exemplar.retrieval.sessions.store import SessionStore
from tests.support.command_line import run
from tests.support.corpora import ANIMALS
from tests.support.readers import marked, saved_sessions


@pytest.fixture
def store(animals: Corpus) -> SessionStore:
    """The sessions of ann and bob, who differ on document 1."""
    return saved_sessions(
        animals,
        s1=[
            Queried("a cat"),
            marked(animals, "0", "positive", "ann"),
            marked(animals, "1", "positive", "ann"),
            marked(animals, "5", "negative", "ann"),
            Noted("5", "", reason="wrong outcome"),
        ],
        s2=[
            Queried("a cat"),
            marked(animals, "0", "positive", "bob"),
            marked(animals, "1", "negative", "bob"),
            marked(animals, "5", "negative", "bob"),
            marked(animals, "7", "unsure", "bob"),
            Noted("1", "=kitten"),
            Named("bob's"),
        ],
    )


def failure(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (1, "")
    return " ".join(err.split())


def test_two_sessions_are_compared(capsys: pytest.CaptureFixture[str], store: SessionStore, tmp_path: Path) -> None:
    written, conflicts = tmp_path / "c.json", tmp_path / "c.csv"
    code, out, err = run(capsys, "compare", "a cat", "bob's", "--json", str(written), "--conflicts", str(conflicts))
    assert (code, err) == (0, "")
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert lines == [
        "Marked by both: 3; by ann alone: 0; by bob alone: 1.",
        "Agreement: 66.7%, 1 conflict.",
        "Cohen's kappa over three classes (relevant, not relevant, unsure): 0.400.",
        "Cohen's kappa over two, of the records that neither is unsure about: 0.400.",
        "ann \\ bob relevant not relevant unsure",
        "relevant 1 1 0",
        "not relevant 0 1 0",
        "unsure 0 0 0",
        "Document Title ann bob",
        f"1 {ANIMALS[1]} relevant not relevant",
        "=kitten",
    ]
    assert json.loads(written.read_text())["kappa_of_three_classes"] == pytest.approx(0.4)
    [row] = csv.DictReader(conflicts.read_text(encoding="utf-8-sig").splitlines())
    assert (row["doc_id"], row["first_mark"], row["second_note"]) == ("1", "relevant", "'=kitten")
    assert len(store.saved()) == 2, "a comparison changes nothing"


def test_two_sessions_are_joined_into_a_third(capsys: pytest.CaptureFixture[str], store: SessionStore) -> None:
    before = [store.history(session_id) for session_id in ("s1", "s2")]
    code, out, err = run(capsys, "join", "s1", "s2", "--name", "both", "--reader", "cleo")
    assert (code, err) == (0, "")
    [joined] = [each for each in store.saved() if each.title == "both"]
    assert out == f"Joined as {joined.session_id}: both. 1 conflict to settle, under Marks on the page.\n"
    session = store.load(joined.session_id)
    assert session is not None
    assert (session.feedback, session.conflicts) == (Feedback(("0",), ("5",), ("1", "7")), ("1",))
    assert session.notes == {"1": "Conflict: ann: relevant; bob: not relevant\nbob: =kitten"}
    assert session.settings.reader == "cleo"
    assert session.marks.readers == {"0": "ann, bob", "1": "ann, bob", "5": "ann, bob", "7": "bob"}
    assert [store.history(session_id) for session_id in ("s1", "s2")] == before
    assert run(capsys, "compare", "both", "s1")[0] == 0


def test_a_review_is_counted_and_drawn(capsys: pytest.CaptureFixture[str], store: SessionStore, tmp_path: Path) -> None:
    code, out, err = run(capsys, "flow", "s1", "--json", str(tmp_path / "f.json"), "--svg", str(tmp_path / "f.svg"))
    assert (code, err) == (0, "")
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert lines == [
        "Records identified 10",
        "Removed before screening 0",
        "duplicates 0",
        "left out of the corpus 0",
        "Records to screen 10",
        "Not screened 7",
        "Screened 3",
        "ann 3",
        "Excluded 1",
        "wrong outcome 1",
        "Unsure 0",
        "Included 2",
    ]
    assert json.loads((tmp_path / "f.json").read_text())["excluded_reasons"] == {"wrong outcome": 1}
    assert (tmp_path / "f.svg").read_bytes().startswith(b"<svg")


def test_sessions_whose_corpus_was_removed_are_compared_by_their_texts(
    capsys: pytest.CaptureFixture[str], store: SessionStore
) -> None:
    remove_corpus("animals")
    assert "Agreement: 66.7%, 1 conflict." in run(capsys, "compare", "s1", "s2")[1]
    code, _, err = run(capsys, "flow", "s1")
    assert (code, " ".join(err.split())) == (0, "Not counted: 3 marks on texts that the corpus does not have.")


def test_a_session_is_not_compared_with_itself_and_a_file_needs_a_folder(
    capsys: pytest.CaptureFixture[str], store: SessionStore, tmp_path: Path
) -> None:
    assert failure(capsys, "compare", "s2", "bob's") == "exemplar: 's2' and 'bob's' are the same session; name two"
    assert "there is no session 'x'" in failure(capsys, "join", "s1", "x")
    assert "is a folder; name a file in it" in failure(capsys, "flow", "s1", "--svg", str(tmp_path))
    assert "does not exist; make it first" in failure(
        capsys, "compare", "s1", "s2", "--json", str(tmp_path / "x" / "y")
    )


def test_a_name_that_is_not_utf8_leaves_the_sessions_readable(
    capsys: pytest.CaptureFixture[str], store: SessionStore
) -> None:
    code, out, _ = run(capsys, "join", "s1", "s2", "--name", "n\udcffx", "--reader", "\udc80")
    assert (code, "n\ufffdx. 1 conflict to settle" in out) == (0, True)
    assert [each.title for each in store.saved()] == ["n\ufffdx", "bob's", "a cat"]
    assert store.last_reader() == "\ufffd"


def test_no_name_is_no_session(capsys: pytest.CaptureFixture[str], store: SessionStore) -> None:
    assert "there is no session ''" in failure(capsys, "left", "")
