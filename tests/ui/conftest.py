from collections.abc import Iterator

import pytest
import streamlit as st

from exemplar.ui import jobs
from tests.support.fake_encoder import FakeEncoder
from tests.support.patience import PATIENCE


@pytest.fixture
def fake_model(monkeypatch: pytest.MonkeyPatch, encoder: FakeEncoder) -> Iterator[None]:
    """Pages that load the fake model; what they have begun is stopped in the end."""
    st.cache_resource.clear()
    monkeypatch.setattr("exemplar.ui.resources.load_encoder", lambda model, **_: encoder)
    monkeypatch.setattr("exemplar.data.building.run.model_name", lambda model: encoder.model)
    yield
    for job in (*jobs.jobs("build"), *jobs.jobs("evaluate")):
        job.stop()
        job._thread.join(PATIENCE)
        assert not job.running
    st.cache_resource.clear()
