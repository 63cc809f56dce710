"""The interface over the corpus ``animals``, and clients with and without its token."""

from collections.abc import Callable, Iterator

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from exemplar.api.app import api_app
from exemplar.api.engines import Engines
from exemplar.data.corpus.corpus import Corpus
from tests.support.fake_encoder import FakeEncoder

TOKEN = "the-token"  # noqa: S105 - of a test
HERE = "http://localhost:8600"

Ask = Callable[..., dict]


@pytest.fixture
def app(animals: Corpus, encoder: FakeEncoder) -> Starlette:
    return api_app(TOKEN, engines=Engines(lambda built: encoder), most_bytes=20_000)


@pytest.fixture
def stranger(app: Starlette) -> Iterator[TestClient]:
    """A client without the token."""
    with TestClient(app, HERE, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def client(stranger: TestClient) -> TestClient:
    stranger.headers["Authorization"] = f"Bearer {TOKEN}"
    return stranger


@pytest.fixture
def post(client: TestClient) -> Ask:
    """Post a body to a path, and return the answer."""

    def ask(path: str, **body: object) -> dict:
        answer = client.post(path, json=body)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    return ask


@pytest.fixture
def refused(client: TestClient) -> Callable[..., tuple[int, str]]:
    """Post a body to a path, and return status and sentence."""

    def ask(path: str, **body: object) -> tuple[int, str]:
        answer = client.post(path, json=body)
        assert answer.json().keys() == {"error"}
        return answer.status_code, answer.json()["error"]

    return ask
