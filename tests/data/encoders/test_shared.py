import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import streamlit as st

from exemplar.data.encoders.shared import SharedEncoder
from exemplar.ui import resources
from tests.support.fake_encoder import FakeEncoder
from tests.support.patience import PATIENCE

N = 8


def at_once(calls: list[Callable[[], object]]) -> list[object]:
    """Call all, each in a thread of its own, from the same moment on; return what they returned."""
    start = threading.Barrier(len(calls))

    def call(each: Callable[[], object]) -> object:
        start.wait(timeout=PATIENCE)
        return each()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(call, calls))


class Watched(FakeEncoder):
    """Knows which threads have run it, and whether two ever did at once."""

    def __init__(self) -> None:
        super().__init__()
        self.alone, self.met, self.threads = threading.Lock(), 0, set()

    def _vector(self, text: str) -> np.ndarray:
        if not self.alone.acquire(blocking=False):
            self.met += 1
            return super()._vector(text)
        self.threads.add(threading.get_ident())
        try:
            return super()._vector(text)
        finally:
            self.alone.release()


def test_those_who_ask_at_once_get_what_they_would_get_alone() -> None:
    watched, alone = Watched(), FakeEncoder()
    shared = SharedEncoder(watched)
    texts = [f"text {n} " * 200 for n in range(N)]
    queries = at_once([lambda text=text: shared.encode_query(text) for text in texts])
    rows = at_once([lambda text=text: shared.encode_documents([text, text]) for text in texts])
    assert (np.array(queries) == [alone.encode_query(text) for text in texts]).all()
    assert (np.array(rows) == [alone.encode_documents([text, text]) for text in texts]).all()
    assert watched.met == 0
    assert len(watched.threads) == 2  # one for queries, one for documents
    assert threading.get_ident() not in watched.threads


def test_it_is_what_it_shares() -> None:
    encoder, progress = FakeEncoder(dim=3, max_tokens=5), []
    shared = SharedEncoder(encoder)
    assert shared.info == encoder.info
    assert shared.token_spans(["a bee"]) == [[(0, 1), (2, 5)]]
    shared.encode_documents(["a", "b"], progress.append)
    assert progress == [2]


def test_what_goes_wrong_is_told_to_who_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = FakeEncoder()
    shared = SharedEncoder(encoder)
    monkeypatch.setattr(encoder, "_vector", lambda text: np.zeros(64) if text == "nothing" else np.ones(64))
    with pytest.raises(ValueError, match="row 0 is a zero or non-finite vector"):
        shared.encode_query("nothing")
    assert shared.encode_query("something").shape == (64,)


def test_pages_that_need_a_model_at_once_load_it_once(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded, another = [], threading.Barrier(2)

    def load(model: str, **_: str) -> FakeEncoder:
        loaded.append(model)
        try:
            another.wait(timeout=0.3)  # for a second one, which must not come
        except threading.BrokenBarrierError:
            return FakeEncoder()
        raise AssertionError("it is being loaded twice")

    st.cache_resource.clear()
    monkeypatch.setattr(resources, "load_encoder", load)
    found = at_once([lambda: resources.encoder(FakeEncoder().info)] * N)
    assert loaded == ["fake"]
    assert len({id(encoder) for encoder in found}) == 1
    assert isinstance(found[0], SharedEncoder)
