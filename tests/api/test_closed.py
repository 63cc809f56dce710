"""Whom the interface answers, and what it takes."""

import stat
import threading
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from exemplar import cli
from exemplar.api.access import new_token, token_path
from exemplar.api.app import api_app
from exemplar.api.operations import OPERATIONS
from exemplar.api.serve import exposure_of
from exemplar.ui.server.listening import ListenAddress
from tests.api.conftest import HERE, TOKEN
from tests.support.loops import run

PATHS = [(operation.method, operation.path.replace("{session_id}", "x")) for operation in OPERATIONS]


def test_nothing_is_answered_without_the_token(stranger: TestClient) -> None:
    wrong = ("", TOKEN, "Bearer", "Bearer ", f"Bearer {TOKEN}x", f"Basic {TOKEN}", "Bearer \xe9", f"Bearer x {TOKEN}")
    for method, path in [*PATHS, ("GET", "/nothing"), ("DELETE", "/corpora"), ("OPTIONS", "/search")]:
        for given in (None, *wrong):
            headers = {} if given is None else {"Authorization": given.encode("latin-1")}
            answer = stranger.request(method, path, headers=headers)
            assert answer.status_code == 401, (method, path, given)
            assert answer.json()["error"].startswith("this needs the token: send the header 'Authorization: Bearer")
            assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert stranger.get(f"/corpora?token={TOKEN}").status_code == 401
    assert stranger.get("/corpora", headers={"Authorization": f"bearer {TOKEN}"}).status_code == 200


def test_only_what_the_interface_is_is_open(stranger: TestClient) -> None:
    page = stranger.get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'; style-src 'unsafe-inline'" in page.headers["Content-Security-Policy"]
    assert "<script" not in page.text
    assert "animals" not in page.text
    described = stranger.get("/openapi.json").json()
    assert {(method.upper(), path) for path, methods in described["paths"].items() for method in methods} == {
        (operation.method, operation.path) for operation in OPERATIONS
    }
    assert stranger.get("/openapi.json", headers={"Origin": "http://elsewhere.example"}).status_code == 403


def test_pages_of_other_sites_and_other_names_are_refused(client: TestClient) -> None:
    for origin in ("http://elsewhere.example", "null", "http://localhost:3000", "http://localhost"):
        answer = client.get("/corpora", headers={"Origin": origin})
        assert answer.status_code == 403, origin
        assert answer.json()["error"].startswith("this was sent by a page of another site")
    for host in ("elsewhere.example", "localhost.elsewhere.example", "192.0.2.1", "[", ""):
        assert client.get("/corpora", headers={"Host": host}).status_code == 403, host
    assert client.get("/corpora", headers={"Origin": HERE}).status_code == 200


def test_a_preflight_gets_no_leave(client: TestClient) -> None:
    wanted = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    for origin, status in (("http://elsewhere.example", 403), (HERE, 405)):
        answer = client.options("/search", headers={"Origin": origin, **wanted})
        assert answer.status_code == status
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]
    answer = client.get("/corpora", headers={"Origin": HERE})
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]
    assert (answer.headers["Cache-Control"], answer.headers["X-Content-Type-Options"]) == ("no-store", "nosniff")


def test_names_that_are_allowed_and_addresses_are_answered() -> None:
    app = api_app(TOKEN, names=("search.example",), by_address=True)
    client = TestClient(app, "http://search.example", headers={"Authorization": f"Bearer {TOKEN}"})
    assert client.get("/corpora").json() == {"corpora": []}
    assert client.get("/corpora", headers={"Host": "192.0.2.1:8600"}).status_code == 200
    assert client.get("/corpora", headers={"Host": "elsewhere.example"}).status_code == 403


def test_only_json_is_taken(client: TestClient) -> None:
    body = '{"corpus": "animals", "query": "cat"}'
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", None):
        headers = {} if content_type is None else {"Content-Type": content_type}
        answer = client.post("/search", content=body, headers=headers)
        sentence = f"the body must be JSON, sent as application/json; got '{(content_type or '').partition(';')[0]}'"
        assert (answer.status_code, answer.json()) == (415, {"error": sentence})
    answer = client.post("/search", content=body, headers={"Content-Type": "Application/JSON; charset=utf-8"})
    assert answer.status_code == 200
    assert client.post("/sessions/x/undo").status_code == 415


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "the body is not JSON: Expecting value"),
        (b"{", "the body is not JSON: "),
        (b"[]", "the body must be a JSON object, such as {}"),
        (b'{"query": "\xff"}', "the body is not UTF-8, from byte 11 on"),
        (b'{"C": NaN}', "the body holds NaN, which is not JSON; leave it out, or give null"),
        (b'{"C": 1e999, "corpus": "animals", "query": "a"}', "'C' must be at most 1,000,000.0, got Infinity"),
        (b'{"k": ' + b"1" * 5000 + b"}", "the body holds a number that can't be read: "),
        (b'{"query": "\\ud800"}', "the body holds half of a surrogate pair, which is not Unicode text"),
        (b'{"query": "a", "query": "b"}', "the body has the key 'query' twice in one object; give it once"),
        (b'{"marks": ' + b"[" * 5000 + b"]" * 5000 + b"}", "the body is nested too deeply"),
    ],
)
def test_a_body_that_is_no_json_is_refused(client: TestClient, body: bytes, sentence: str) -> None:
    answer = client.post("/search", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["error"][: len(sentence)]) == (400, sentence)


def test_a_large_body_is_refused_however_it_comes(client: TestClient) -> None:
    headers = {"Content-Type": "application/json"}
    sentence = {"error": "the body is larger than 20 kB; send less at once"}
    whole = client.post("/search", content=b" " * 20_001, headers=headers)
    assert (whole.status_code, whole.json()) == (413, sentence)
    in_parts = client.post("/search", content=(b" " * 10_000 for _ in range(3)), headers=headers)
    assert (in_parts.status_code, in_parts.json()) == (413, sentence)
    assert client.post("/search", content=b" " * 20_000, headers=headers).status_code == 400


def test_a_body_parameters_and_methods_that_nothing_takes_are_refused(client: TestClient) -> None:
    answer = client.request("GET", "/corpora", json={})
    assert (answer.status_code, answer.json()["error"]) == (400, "this request takes no body; send it without one")
    for path, sentence in (
        ("/corpora?k=1", "the address has an unknown key 'k'; it has no keys"),
        ("/sessions/x/ranking?q=1", "the address has an unknown key 'q'; it may have ranker, k, skip"),
        ("/sessions/x/ranking?k=1&k=2", "the parameter 'k' stands twice in the address; give it once"),
        ("/sessions/x/ranking?k=1.5", "'k' must be a whole number, got \"1.5\""),
        ("/sessions/x/ranking?skip=-1", "'skip' must be at least 0, got -1"),
    ):
        answer = client.get(path)
        assert (answer.status_code, answer.json()) == (400, {"error": sentence})
    answer = client.get("/nothing")
    assert (answer.status_code, answer.json()) == (
        404,
        {"error": "there is nothing at this address; / says what there is"},
    )
    for method, path in (("GET", "/search"), ("PUT", "/corpora"), ("TRACE", "/corpora"), ("POST", "/")):
        answer = client.request(method, path)
        assert (answer.status_code, answer.json()) == (405, {"error": f"{method} is not answered here; / says what is"})
        assert answer.headers["Allow"]


def test_a_request_that_breaks_off_is_no_fault(app: Starlette, home: Path) -> None:
    headers = {"host": "localhost", "authorization": f"Bearer {TOKEN}", "content-type": "application/json"}
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "POST", "path": "/search", "headers": raw, "query_string": b""}
    sent: list[dict] = []

    async def receive() -> dict:
        return {"type": "http.disconnect"}

    async def send(message: dict) -> None:
        sent.append(message)

    run(app(scope, receive, send))
    assert sent[0]["status"] == 400
    assert not (home / "errors.log").exists()


def test_each_start_makes_a_token_that_nobody_else_may_read(home: Path) -> None:
    home.mkdir()
    token_path().write_text("old")
    token_path().chmod(0o644)
    token = new_token()
    assert (token_path(), token_path().read_text()) == (home / "api-token", f"{token}\n")
    assert stat.S_IMODE(token_path().stat().st_mode) == 0o600
    assert len(token) >= 43
    tokens: list[str] = []
    threads = [threading.Thread(target=lambda: tokens.append(new_token())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({token, *tokens}) == 5
    assert token_path().read_text().strip() in tokens
    assert [path.name for path in home.iterdir()] == ["api-token"]


def test_serving_others_is_said_first(capsys: pytest.CaptureFixture[str]) -> None:
    assert exposure_of(ListenAddress("localhost", 8600, ("search.example",))) == ""
    said = exposure_of(ListenAddress("0.0.0.0", 8600))  # noqa: S104
    assert said.startswith("Everyone who can reach port 8600 of this machine and has the token can, unencrypted,")
    for arguments, sentence in (
        ([], "exemplar serve answers programs: exemplar serve --api; the page opens by: exemplar app"),
        (["--api", "--address", "my-machine"], "exemplar serve --api can't listen on 'my-machine': use localhost, or"),
    ):
        with pytest.raises(SystemExit):
            cli.main(["serve", *arguments])
        assert capsys.readouterr().err.startswith(f"exemplar: {sentence}")
    assert not token_path().exists()


def test_the_description_is_valid_and_says_each_status(app: Starlette) -> None:
    from jsonschema import Draft202012Validator

    described = TestClient(app, HERE).get("/openapi.json").json()
    for methods in described["paths"].values():
        for operation in methods.values():
            answers = operation["responses"]
            assert {"400", "401", "403", "404", "409", "413", "415", "500"} < set(answers)
            for content in (operation.get("requestBody", {}), *answers.values()):
                Draft202012Validator.check_schema(
                    content.get("content", {}).get("application/json", {}).get("schema", {})
                )
    assert described["openapi"] == "3.1.0"
