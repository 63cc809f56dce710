"""``exemplar serve --api`` as a process, and the examples of docs/api.md against it."""

import json
import os
import re
import stat
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from exemplar.data.building.build import build_corpus
from exemplar.data.corpus.corpus import Corpus
from tests.support.api_server import api_serving
from tests.support.corpora import ANIMALS, source_of
from tests.support.fake_encoder import FakeEncoder
from tests.support.paths import ROOT
from tests.support.patience import PATIENCE

pytestmark = pytest.mark.slow

DOCUMENT = (ROOT / "docs" / "api.md").read_text()


def ask(url: str, token: str, **body: object) -> tuple[int, dict]:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)  # noqa: S310 - our own loopback address
    try:
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused)


def test_it_answers_until_sigterm_and_each_start_has_its_token(animals: Corpus, home: Path, tmp_path: Path) -> None:
    log, path = tmp_path / "log", home / "api-token"
    with api_serving(home, log) as (url, process):
        first = path.read_text().strip()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        status, found = ask(f"{url}/search", first, corpus="animals", query="cat", k=1)
        assert (status, found["results"][0]["labels"]) == (200, ["animal"])
        port = url.rpartition(":")[2]
        command = [sys.executable, "-m", "exemplar.cli", "serve", "--api", "--port", port]
        second = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
        assert (second.returncode, second.stdout) == (1, "")
        assert second.stderr.startswith(f"exemplar: port {port} is in use, perhaps by Exemplar in another terminal;")
        assert path.read_text().strip() == first  # which the running one still takes
        process.terminate()
        process.join(PATIENCE)
        assert process.exitcode == 0
    said = log.read_text().splitlines()
    assert said == [
        f"Exemplar answers programs at {url}, which says how (Ctrl+C ends it)",
        f"The token is in {path}",
    ]
    with api_serving(home, log) as (url, _):
        assert ask(f"{url}/search", first, corpus="animals", query="cat")[0] == 401


def test_the_examples_of_the_document_run(home: Path, tmp_path: Path) -> None:
    build_corpus(source_of(ANIMALS, name="papers"), FakeEncoder())
    with api_serving(home, tmp_path / "log") as (url, _):

        def here(example: str) -> str:
            found = example.replace("http://localhost:8600", url).replace("~/.local/share/exemplar", str(home))
            assert found != example
            return found

        [start, search] = re.findall(r"```sh\n(.*?)```", DOCUMENT, re.DOTALL)
        sessions = "".join(re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL))
        assert start == "exemplar serve --api\n"
        command = ["bash", "-euc", here(search)]
        printed = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
        assert printed.returncode == 0, printed.stderr + printed.stdout
        results = json.loads(printed.stdout)["results"]
        assert len(results) == 3
        assert {"doc_id", "score", "title", "text", "labels", "metadata", "passage", "words"} <= results[0].keys()
        printed = subprocess.run(
            [sys.executable, "-c", here(sessions)], capture_output=True, text=True, timeout=PATIENCE, env=os.environ
        )
        assert printed.returncode == 0, printed.stderr
        lines = [line.split() for line in printed.stdout.splitlines()]
        assert [rank for rank, *_ in lines] == ["1", "2", "3", "1", "2"]
        assert [doc_id for _, doc_id, *_ in lines[3:]] == ["a", "b"]


def test_the_document_names_every_request() -> None:
    from exemplar.api.operations import OPERATIONS

    rows = re.findall(r"^\| `(GET|POST) (/[^`?]*)[^`]*`(?:, `(/\w+)`)? \|", DOCUMENT, re.MULTILINE)
    named = {(method, path) for method, path, _ in rows}
    named |= {(method, f"{path.rpartition('/')[0]}{other}") for method, path, other in rows if other}
    assert named == {(each.method, each.path.replace("{session_id}", "ID")) for each in OPERATIONS}
