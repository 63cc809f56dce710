import json
from pathlib import Path

import pytest

from exemplar.cli import terminal
from exemplar.data.corpus.corpus import Corpus
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.sessions.events import Named, Queried, SettingsSet
from exemplar.retrieval.sessions.session import Session
from exemplar.retrieval.sessions.settings import Settings
from exemplar.retrieval.sessions.store import SessionStore
from tests.support.command_line import run
from tests.support.corpora import ANIMALS
from tests.support.readers import marked, saved_sessions


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal.output, "width", 160)


@pytest.fixture
def store(animals: Corpus) -> SessionStore:
    return saved_sessions(
        animals,
        s1=[
            Queried("a cat"),
            Named("cats"),
            SettingsSet(Settings(reader="ann")),
            marked(animals, "0", "positive", "ann"),
            marked(animals, "1", "positive", "ann"),
        ],
    )


def marks_of(store: SessionStore) -> Session:
    session = store.load("s1")
    assert session is not None
    return session


def failure(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    code, out, err = run(capsys, "sessions", "import", *arguments)
    assert (code, out) == (1, "")
    return " ".join(err.split())


def test_sessions_are_listed(capsys: pytest.CaptureFixture[str], store: SessionStore) -> None:
    [saved] = store.saved()
    _, out, _ = run(capsys, "sessions")
    header, line = out.splitlines()
    assert header.split() == ["Session", "Name", "or", "first", "query", "Corpus", "Changed"]
    assert line.split() == ["s1", "cats", "animals", saved.changed[:10], saved.changed[11:16]]
    [listed] = json.loads(run(capsys, "sessions", "--json")[1])
    assert (listed["session_id"], listed["name"], listed["corpus"], listed["n_events"]) == ("s1", "cats", "animals", 5)


def test_without_a_session_the_list_says_how_to_begin_one(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    assert run(capsys, "sessions")[1] == "No session yet. Begin one: exemplar app\n"
    assert run(capsys, "sessions", "--json")[1] == "[]\n"


def test_a_file_is_taken_in_after_a_preview(
    capsys: pytest.CaptureFixture[str], store: SessionStore, tmp_path: Path
) -> None:
    file = tmp_path / "m.csv"
    file.write_text("doc_id;mark;note;reader\n0;relevant;n;bob\n1,0;excluded;;bob\n2;maybe;;\nx;yes;;\n", "cp1252")
    lines = [
        "Rows with a mark: 4.",
        "Found in this corpus: 3 by the id.",
        "New here: 1; marked here in the same way: 1; marked here in another way: 1.",
        "New or other than here: 1 note.",
        "Left out: 1 row.",
        f"  1: relevant here, not relevant in the file: {ANIMALS[1]}",
        "  x (line 5): this corpus does not have it",
    ]
    dry = run(capsys, "sessions", "import", "cats", str(file), "--dry-run")
    assert dry == (0, "\n".join([*lines, "Nothing was changed.", ""]), "")
    assert marks_of(store).feedback == Feedback(("0", "1"))
    code, out, _ = run(capsys, "sessions", "import", "cats", str(file))
    assert (code, out.splitlines()[-1]) == (
        0,
        "Taken in: took in marks: 0 as relevant, 0 as not relevant, 1 as unsure, by ann; took in 1 notes.",
    )
    kept = marks_of(store)
    assert (kept.feedback, kept.notes, kept.marks.reader_of("2")) == (
        Feedback(("0", "1"), (), ("2",)),
        {"0": "n"},
        "ann",
    )
    assert kept.marks.found["2"] == {"import": "m.csv"}
    again = run(capsys, "sessions", "import", "s1", str(file))[1]
    assert again.splitlines()[-1] == "Nothing to take in; nothing was changed."
    n_events = store.count("s1")
    run(capsys, "sessions", "import", "s1", str(file), "--contradictions", "take")
    took = marks_of(store)
    assert (took.feedback, took.marks.reader_of("1")) == (Feedback(("0",), ("1",), ("2",)), "bob")
    assert store.count("s1") == n_events + 1, "one event, which one undo takes back"


def test_labels_become_marks_as_a_person_says(
    capsys: pytest.CaptureFixture[str], store: SessionStore, tmp_path: Path
) -> None:
    file = tmp_path / "doccano.jsonl"
    rows = [(ANIMALS[4], ["big"]), (ANIMALS[5], ["small"]), (ANIMALS[6], ["odd"])]
    file.write_text("".join(json.dumps({"id": 1, "text": text, "label": label}) + "\n" for text, label in rows))
    labels = "its column 'label' has labels, not marks: 'big' (1), 'small' (1), 'odd' (1)"
    remedy = "(--relevant VALUE, --not-relevant VALUE)"
    assert failure(capsys, "s1", str(file)) == f"exemplar: {labels} {remedy}"
    assert failure(capsys, "s1", str(file), "--relevant", "huge") == (
        f"exemplar: no row has the label 'huge'; {labels} {remedy}"
    )
    run(capsys, "sessions", "import", "s1", str(file), "--relevant", "big", "--unsure", "odd", "--others-not-relevant")
    assert marks_of(store).feedback == Feedback(("0", "1", "4"), ("5",), ("6",))
    table = tmp_path / "m.csv"
    table.write_text("doc_id,mark,topic\n7,yes,a\n8,no,b\n")
    assert "the file has marks, not labels" in failure(capsys, "s1", str(table), "--relevant", "a")
    run(capsys, "sessions", "import", "s1", str(table), "--column", "topic", "--not-relevant", "a")
    assert marks_of(store).feedback.negatives == ("5", "7")


def test_what_cannot_be_taken_in_says_why(
    capsys: pytest.CaptureFixture[str], store: SessionStore, tmp_path: Path
) -> None:
    file = tmp_path / "m.csv"
    file.write_text("a,b\n1,2\n")
    assert failure(capsys, "s1", str(file)) == (
        "exemplar: cannot read m.csv: it has no column 'mark'; its columns are: a, b"
    )
    assert "cannot read gone.csv: " in failure(capsys, "s1", str(tmp_path / "gone.csv"))
    assert "there is no session 'dogs'; the last ones are 'cats'" in failure(capsys, "dogs", str(file))
