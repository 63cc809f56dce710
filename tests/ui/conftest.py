from collections.abc import Iterator

import pytest
import streamlit as st

from exemplar.ui import jobs
from exemplar.ui.search.lists import component
from tests.support.fake_encoder import FakeEncoder
from tests.support.lists import fake_feed, no_frame
from tests.support.patience import PATIENCE


@pytest.fixture(autouse=True)
def fake_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages whose lists keep what they would draw; Streamlit mounts no component in a page without a browser."""
    monkeypatch.setattr(component, "feed", fake_feed)
    monkeypatch.setattr(component, "show_frame", no_frame)


@pytest.fixture
def fake_model(monkeypatch: pytest.MonkeyPatch, encoder: FakeEncoder) -> Iterator[None]:
    """Pages that load the fake model; what they have begun is stopped in the end."""
    st.cache_resource.clear()
    monkeypatch.setattr("exemplar.ui.resources.load_encoder", lambda model, **_: encoder)
    monkeypatch.setattr("exemplar.data.building.run.model_name", lambda model: encoder.model)
    yield
    for job in (*jobs.jobs("build"), *jobs.jobs("evaluate"), *jobs.jobs("export")):
        job.stop()
        job._thread.join(PATIENCE)
        assert not job.running
    st.cache_resource.clear()
