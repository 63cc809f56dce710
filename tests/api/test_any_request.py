"""Requests that a generator makes from the description: none fails, and each answer is as it is described."""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.generation import GenerationMode

from exemplar.api import applying
from exemplar.api.app import api_app
from exemplar.api.engines import Engines
from exemplar.api.operations import OPERATIONS
from exemplar.data.corpus.corpus import Corpus
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.sessions.events import MarksAdded, Queried, Undone
from exemplar.retrieval.sessions.store import home_store
from tests.api.conftest import TOKEN
from tests.support.fake_encoder import FakeEncoder

pytestmark = pytest.mark.slow

N_REQUESTS = 40
load_all_checks()
AS_DESCRIBED = CHECKS.get_by_names(
    ["not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance"]
)
REFUSED = CHECKS.get_by_names(["negative_data_rejection", "missing_required_header", "unsupported_method"])


@pytest.fixture
def session_id(animals: Corpus) -> str:
    """A session with a change of marks to undo, and one to make again."""
    marks = [MarksAdded(Feedback((doc_id,), ())) for doc_id in ("0", "5")]
    return home_store().begin("animals", [Queried("cat"), *marks, Undone()], animals.manifest.corpus_id)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.value)
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_any_request_is_answered_as_described(
    operation: object, mode: GenerationMode, session_id: str, encoder: FakeEncoder
) -> None:
    engines = Engines(lambda built: encoder)
    app = api_app(TOKEN, engines=engines, names=["testserver"])
    described = schemathesis.openapi.from_asgi("/openapi.json", app)[operation.path][operation.method]
    statuses: set[int] = set()
    saved = applying.save(engines, {"session_id": session_id})

    @settings(
        max_examples=N_REQUESTS,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(described.as_strategy(generation_mode=mode))
    def ask(case: Case) -> None:
        if mode is GenerationMode.POSITIVE:
            _aim(case, session_id, saved)
        response = case.call(headers={"Authorization": f"Bearer {TOKEN}"})
        statuses.add(response.status_code)
        case.validate_response(response, checks=AS_DESCRIBED + (REFUSED if mode is GenerationMode.NEGATIVE else []))

    ask()
    assert mode is GenerationMode.NEGATIVE or operation.status in statuses


def _aim(case: Case, session_id: str, saved: dict) -> None:
    """Name a corpus, a session, a saved search and documents that exist, so that requests get beyond the first look."""
    if case.path_parameters:
        case.path_parameters["session_id"] = session_id
    if not isinstance(case.body, dict):
        return
    if "corpus" in case.body:
        case.body["corpus"] = "animals"
    if "search" in case.body:
        case.body["search"] = saved
    if "document" in case.body:
        case.body["document"] = "3"
    if isinstance(marks := case.body.get("marks"), dict):
        marks.update({mark: [str(place)] for place, mark in enumerate(marks)})
    elif marks:
        for place, item in enumerate(marks):
            item["doc_id"] = str(place)
