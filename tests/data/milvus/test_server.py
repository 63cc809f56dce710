"""Milvus as a file and as a server: its addresses, its absence, and the program that uses it."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from exemplar.data.building.build import build_corpus
from exemplar.data.corpus.corpus import Corpus
from exemplar.data.errors import IndexUnreachable
from exemplar.data.milvus.push import push_corpus
from exemplar.data.milvus.server import Server, collection_name
from exemplar.retrieval.index.served import open_served
from exemplar.retrieval.rankers import RANKERS
from exemplar.retrieval.search import SearchEngine
from tests.support.command_line import run
from tests.support.fake_encoder import FakeEncoder
from tests.support.milvus import MARKS, WORDS
from tests.support.patience import PATIENCE, wait_for
from tests.support.reading import read
from tests.support.real_builds import real_encoder

pytestmark = pytest.mark.cluster
pytest.importorskip("pymilvus", reason="pip install 'exemplar[milvus]'")
pytest.importorskip("milvus_lite", reason="pip install 'exemplar[milvus]'")


def test_a_server_that_is_not_there_is_told() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(IndexUnreachable, match=f"no Milvus server answers at {address}; start it, or name another"):
        open_served(address, "docs")


def test_an_address_that_is_none_is_told(tmp_path: Path) -> None:
    for address in ("localhost", "ftp://host", "/nowhere/at/all"):
        with pytest.raises(
            ValueError, match="is not an address of Milvus: use http://HOST:PORT, or a file .* ends in .db"
        ):
            Server(address)
    with pytest.raises(ValueError, match="there is no Milvus Lite file .*none.db; make it: exemplar push NAME --to"):
        Server(str(tmp_path / "none.db"))
    with pytest.raises(ValueError, match="there is no folder .*nowhere to keep a Milvus Lite file in"):
        Server(str(tmp_path / "nowhere" / "x.db"), create=True)
    (tmp_path / "text.db").write_text("no database")
    with pytest.raises(
        IndexUnreachable, match="Lite file .*text.db can't be opened: another process has it open .* or"
    ):
        Server(str(tmp_path / "text.db"))
    assert (tmp_path / "text.db").read_text() == "no database"


def test_a_document_that_an_outage_hid_is_found_afterwards(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found, _, _ = open_served(uri, "many.words-1")
    with monkeypatch.context() as outage:
        outage.setattr(found.collection, "query", raise_unreachable)
        with pytest.raises(IndexUnreachable, match="gone"):
            found.rows_of(["doc 3"])
    assert found.rows_of(["doc 3", "nobody"]) == {"doc 3": 3}


def raise_unreachable(*_: object, **__: object) -> None:
    raise IndexUnreachable("gone")


def test_a_file_that_another_process_has_open_is_told(uri: str, served: SearchEngine) -> None:
    command = [sys.executable, "-m", "exemplar.cli", "search", "many.words-1", "cat", "--index", uri]
    found = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    assert (found.returncode, found.stdout) == (1, "")
    assert "can't be opened: another process has it open (Milvus Lite serves one)" in found.stderr
    assert "Traceback" not in found.stderr


def test_missing_packages_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "pymilvus", None)
    with pytest.raises(ValueError, match=r".*pip install 'exemplar\[milvus\]'"):
        Server(str(tmp_path / "new.db"), create=True)


def test_names_that_milvus_does_not_take_are_written_otherwise() -> None:
    assert [collection_name(name) for name in ("docs", "20news", "a.b-c")] == ["docs", "_20news", "a_b_c"]


@pytest.mark.model
def test_the_command_line_puts_searches_and_measures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "reviews.csv").write_text(
        "text,label\n"
        + "".join(f"the {word} runs number {n},{'pet' if n % 2 else 'wild'}\n" for n, word in enumerate(WORDS))
    )
    build_corpus(read(str(tmp_path / "reviews.csv")), real_encoder(), name="reviews")
    address = ("--index", str(tmp_path / "r.db"))

    assert "reviews: 12 passages in Milvus at" in run(capsys, "push", "reviews", "--to", address[1])[1]
    found, expected = (
        json.loads(run(capsys, "search", "reviews", "a small cat", "--like", "3", "--json", *where)[1])
        for where in (address, ())
    )
    assert [each["doc_id"] for each in found["results"]] == [each["doc_id"] for each in expected["results"]]
    assert found["results"][0]["text"] == "the bird runs number 3"
    measured = run(
        capsys, "evaluate", "reviews", "--rankers", "knn,svm", "--rounds", "1", "--json", str(tmp_path / "e"), *address
    )
    assert measured[0] == 0, measured
    assert json.loads((tmp_path / "e").read_text())["command"].endswith(f"--index {address[1]}")

    for arguments in (("search", "nothing", "cat"), ("evaluate", "nothing")):
        code, out, err = run(capsys, *arguments, *address)
        assert (code, out) == (1, "")
        assert "there is no corpus 'nothing' in Milvus at" in err
        assert "(there are: reviews)" in " ".join(err.split())
    code, _, err = run(capsys, "app", "--index", "http://127.0.0.1:1")
    assert (code, "no Milvus server answers at http://127.0.0.1:1" in err) == (1, True)


@contextmanager
def milvus_server(folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Run Milvus Lite as a server of its own, as one does for several processes; give its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = str(Path(sys.executable).with_name("milvus-lite"))
    command = [program, "server", "--data-dir", str(folder), "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            wait_for(lambda: server.poll() is not None or _listens(port))
            assert server.poll() is None
            yield f"http://127.0.0.1:{port}", server
        finally:
            server.kill()


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def test_a_server_is_pushed_to_and_searched_and_its_end_is_told(
    tmp_path: Path, corpus: Corpus, local: SearchEngine
) -> None:
    with milvus_server(tmp_path / "data") as (address, server):
        assert push_corpus(corpus, address).n_passages == corpus.manifest.n_passages
        assert list(Server(address).manifests()) == ["many.words-1"]
        found, index, words = open_served(address, "many.words-1")
        engine = SearchEngine(found, lambda *_: FakeEncoder(max_tokens=8), index, words)
        for ranker in RANKERS:
            expected = local.search("cat and dog", MARKS[1], ranker=ranker, k=30)
            assert engine.search("cat and dog", MARKS[1], ranker=ranker, k=30).doc_ids == expected.doc_ids
        server.kill()
        server.wait()
        with pytest.raises(IndexUnreachable, match=f"no Milvus server answers at {address}; start it, or name another"):
            engine.search("a hen and a duck")
        with pytest.raises(IndexUnreachable, match="no Milvus server answers"):
            push_corpus(corpus, address)
