"""A search is saved and used on another corpus, as Streamlit runs the page, without a browser."""

import json
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from streamlit.testing.v1 import AppTest

from exemplar.data.building.build import build_corpus
from exemplar.data.corpus.corpus import Corpus
from exemplar.data.corpus.manifest import corpus_folder, read_manifest
from exemplar.data.corpus.shards import DOCUMENTS
from exemplar.retrieval.exports.waiting import Download
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.saved_search.file import bytes_of, saved_search_of
from exemplar.retrieval.sessions.events import Named
from exemplar.retrieval.sessions.store import SessionStore, home_store
from exemplar.ui import jobs
from exemplar.ui.search.elsewhere import dialog
from tests.retrieval.saved_search.test_applying import marks_on, saved_on
from tests.support.corpora import ANIMALS, source_of
from tests.support.fake_encoder import FakeEncoder
from tests.support.pages import bodies, captions, labelled, messages, press, ran
from tests.support.patience import PATIENCE
from tests.support.search_page import opened, opened_popover, search, session_of

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fake_model")]

NOVEMBER = [ANIMALS[1], "a new cat", "other stocks"]


@pytest.fixture
def store(animals: Corpus, encoder: FakeEncoder) -> SessionStore:
    build_corpus(source_of(NOVEMBER, name="november"), encoder)
    return home_store()


def prepared(app: AppTest, session_id: str) -> list[list[Any]]:
    """Return the rows of the sheet that the page prepares, the head first."""
    press(app, "Prepare the ranking")
    job = jobs.job("export", f"elsewhere {session_id}")
    assert job is not None
    job.wait(PATIENCE)
    ran(app.run())
    download: Download = job.result.files[0]
    sheet = openpyxl.load_workbook(download.path).worksheets[0]
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


def test_a_session_goes_on_with_the_search_on_another_corpus(
    store: SessionStore, animals: Corpus, encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[Callable[[], bytes]] = []
    button = dialog.st.download_button
    monkeypatch.setattr(
        dialog.st, "download_button", lambda label, write, **rest: written.append(write) or button(label, write, **rest)
    )
    app = opened()
    search(app, "cats")
    session_id = session_of(app)
    session = store.load(session_id)
    assert session is not None
    for event in (Named("cats"), marks_on(animals, ("0", "1"), ("5",))):
        store.record(session, event, corpus_id=animals.manifest.corpus_id)

    opened_popover(app, "session_menu")
    press(app, "Save this search, or use it elsewhere")
    assert labelled(app, "download_button", "Save this search").proto.deferred_file_id
    ran(labelled(app, "checkbox", "With vectors").check().run())
    without, with_vectors = (saved_search_of(write()) for write in (written[0], written[-1]))
    assert (without.vectors, len(with_vectors.vectors.passages)) == (None, 3)
    labelled(app, "selectbox", "Use this search on another corpus").select("november").run()
    head, *rows = prepared(app, session_id)
    marks = {row[head.index("text")]: row[head.index("mark")] for row in rows}
    assert marks == {ANIMALS[1]: "relevant", "a new cat": None, "other stocks": None}

    outdated = "This file was made before the choice, the marks or the corpus changed:"
    assert outdated not in bodies(app)
    labelled(app, "number_input", "Threshold").set_value(0.5).run()
    assert outdated in bodies(app), "the file is without the threshold"
    labelled(app, "number_input", "Threshold").set_value(None).run()
    assert outdated not in bodies(app)

    press(app, "Begin a session there")
    begun = store.load(session_of(app))
    assert begun is not None
    assert (begun.session_id == session_id, begun.corpus, begun.query) == (False, "november", "cats")
    assert begun.feedback == Feedback((f"0 ({animals.text_hashes([0])[0][:8]})", "0"), ("5",))


@pytest.mark.usefixtures("store")
def test_a_corpus_that_cannot_be_read_is_told_in_the_dialog() -> None:
    (corpus_folder("november") / read_manifest("november").build / DOCUMENTS).write_bytes(b"")
    app = opened()
    search(app, "cats")
    opened_popover(app, "session_menu")
    press(app, "Save this search, or use it elsewhere")
    ran(labelled(app, "selectbox", "Use this search on another corpus").select("november").run())
    [told] = messages(app, "error")
    assert told.startswith("The files of the corpus 'november' can't be read")


def test_a_saved_search_is_opened_and_a_hostile_one_refused(
    store: SessionStore, animals: Corpus, encoder: FakeEncoder
) -> None:
    saved = bytes_of(saved_on(animals, encoder))
    app = opened()
    opened_popover(app, "session_menu")
    press(app, "Save this search, or use it elsewhere")
    assert "This session has no query yet. Open a saved search, or close this and search for something." in captions(
        app
    )

    content = json.loads(saved)
    content |= {"title": "<script>alert(1)</script>", "threshold": 0.25}
    ran(
        app.file_uploader(key="open_search")
        .set_value(("s.json", json.dumps(content).encode(), "application/json"))
        .run()
    )
    assert "“&lt;script&gt;alert(1)&lt;/script&gt;” on animals" in bodies(app)
    assert labelled(app, "selectbox", "Use this search on another corpus").options == ["november", "animals"]
    labelled(app, "selectbox", "Use this search on another corpus").select("november").run()
    assert labelled(app, "number_input", "Threshold").placeholder == "0.25, as saved"
    ranked = prepared(app, session_of(app))
    assert [row[-1] for row in ranked] == ["passes", *(row[-2] >= 0.25 for row in ranked[1:])]

    ran(app.file_uploader(key="open_search").set_value(("s.json", b'{"a": NaN}', "application/json")).run())
    assert messages(app, "error") == ["S.json does not hold a saved search: NaN is no number"]
