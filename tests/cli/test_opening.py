from pathlib import Path

import pytest

from exemplar.cli.opening import session_named
from exemplar.data.errors import ExemplarError
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.sessions.events import Marked, Named, Queried
from exemplar.retrieval.sessions.session import Session
from exemplar.retrieval.sessions.store import SessionStore


@pytest.fixture
def store(home: Path) -> SessionStore:
    return SessionStore(home / "sessions.sqlite")


def test_a_session_goes_by_its_id_its_name_and_its_first_query(store: SessionStore) -> None:
    store.record(Session("s1", "animals"), Queried("a cat"))
    store.record(Session("s1", "animals"), Marked("3", "positive"))
    store.record(Session("s2", "animals"), Queried("a dog"))
    store.record(Session("s2", "animals"), Named("my dogs"))
    assert [session_named(name).session_id for name in ("s1", "a cat", "s2", "my dogs")] == ["s1", "s1", "s2", "s2"]
    assert session_named("a cat").feedback == Feedback(("3",))


def test_an_id_counts_before_a_name(store: SessionStore) -> None:
    store.record(Session("s1", "animals"), Named("s2"))
    store.record(Session("s2", "animals"), Queried("a dog"))
    assert session_named("s2").query == "a dog"


def test_a_name_of_none_and_of_several_sessions_is_an_error(store: SessionStore) -> None:
    with pytest.raises(
        ExemplarError, match="there is no session 'x'; there is none yet; mark something in: exemplar app"
    ):
        session_named("x")
    store.record(Session("s1", "animals"), Queried("a cat"))
    store.record(Session("s2", "animals"), Queried("a cat"))
    with pytest.raises(ExemplarError, match="there is no session 'x'; the last ones are 'a cat', 'a cat'"):
        session_named("x")
    with pytest.raises(ExemplarError, match="2 sessions are named 'a cat'; name one by its id: s2, s1"):
        session_named("a cat")
