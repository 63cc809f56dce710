"""A builder that is killed at random moments, or whose disk is full: nothing is lost and nothing is done twice."""

import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from exemplar.data.building.build import LoadQuick, build_corpus
from exemplar.data.corpus.catalog import corpus_status, verify_corpus
from exemplar.data.corpus.corpus import open_corpus
from exemplar.data.corpus.manifest import corpus_folder, read_manifest
from exemplar.data.corpus.shards import JOURNAL
from exemplar.data.documents import Document
from exemplar.data.encoders.base import VECTOR_KINDS, Encoder, VectorKind
from exemplar.data.errors import CorpusBusy
from exemplar.data.sources.spec import Source, SourceSpec
from exemplar.data.words.header import FILES, HEADER
from tests.support.builders import LAST, SHARD, add_with_a_gate, build_by_the_program, build_on_a_slow_disk
from tests.support.corpora import committed
from tests.support.fake_encoder import FakeEncoder, FakeQuickEncoder
from tests.support.forked import forked
from tests.support.paths import ROOT
from tests.support.reading import read
from tests.support.real_builds import real_encoder

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def documents() -> list[dict[str, str]]:
    """3,000 documents of the packages' documentation and a last one: every tenth whole, of the others the beginning."""
    found = [document for document in read("docs").read() if isinstance(document, Document)][:3000]
    rows = [{"id": each.doc_id, "text": each.text[: None if n % 10 == 0 else 150]} for n, each in enumerate(found)]
    return [*rows, {"id": "last", "text": LAST}]


@pytest.fixture(autouse=True)
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SHARD", "GPU_SHARD"):
        monkeypatch.setattr(f"exemplar.data.building.embed.{name}", SHARD)


def test_a_build_killed_twenty_times_in_its_stages_ends_as_one_that_was_not(
    documents: list[dict[str, str]], home: Path
) -> None:
    kill_again_and_again(
        build_on_a_slow_disk,
        FakeEncoder(),
        documents,
        home,
        kills=20,
        kills_of_quick=8,
        seconds_to_start=1,
        quick=FakeQuickEncoder,
    )


@pytest.mark.model
def test_the_program_killed_twice_ends_as_one_that_was_not(documents: list[dict[str, str]], home: Path) -> None:
    encoder = real_encoder()
    some = [*documents[:80], documents[-1]]
    kill_again_and_again(build_by_the_program, encoder, some, home, kills=2, seconds_to_start=5)


def test_an_add_that_is_killed_leaves_the_corpus_and_goes_on(home: Path) -> None:
    october, november, log, gate, output = (
        home.with_name(name) for name in ("october.csv", "november.csv", "embedded", "gate", "output")
    )
    october.write_text("text\nthe first\n")
    november.write_text("text\n" + "".join(f"line {n}\n" for n in range(3 * SHARD)) + f'"{LAST}"\n')
    before = build_corpus(read(str(october)), FakeEncoder(), name="killed").manifest
    builder = forked(home, output, add_with_a_gate, str(november), str(log), str(gate))
    while builder.is_alive() and (not log.exists() or len(log.read_text().splitlines()) < 4):  # shards
        time.sleep(0.01)
    assert builder.is_alive(), output.read_text()
    with pytest.raises(CorpusBusy, match="'killed' is being built by another process"):
        build_corpus(read(str(october)), FakeEncoder(), name="killed")
    builder.kill()
    builder.join()
    assert open_corpus("killed").manifest == before
    gate.touch()
    log.write_text("")
    builder = forked(home, output, add_with_a_gate, str(november), str(log), str(gate))
    builder.join()
    assert builder.exitcode == 0, output.read_text()
    after = open_corpus("killed").manifest
    assert (after.n_documents, after.corpus_id) == (3 * SHARD + 2, before.corpus_id)
    assert [added.n_documents for added in after.added] == [3 * SHARD + 1]
    assert len(log.read_text().splitlines()) == 1, "a committed shard was embedded again"
    assert verify_corpus("killed") == []


def kill_again_and_again(
    build: Callable[[str, str, str], None],
    encoder: Encoder,
    documents: list[dict[str, str]],
    home: Path,
    *,
    kills: int,
    seconds_to_start: float,
    kills_of_quick: int = 0,
    quick: LoadQuick | None = None,
) -> None:
    """Build a corpus straight, and another by builders that are killed at random moments; both must be the same.

    The first kills are before the quick vectors are complete, the others before the full ones are; every fourth comes
    sooner, while the builder loads, reads or indexes words.
    """
    path, log, gate, output = (home.with_name(name) for name in ("docs.jsonl", "embedded", "gate", "output"))
    path.write_text("".join(json.dumps(row) + "\n" for row in documents))
    source = read(str(path))
    straight = build_corpus(source, encoder, name="straight", quick=quick)
    texts = straight.documents["text"].to_pylist()
    assert straight.manifest.n_documents == len(documents) < straight.manifest.n_passages
    moments = random.Random(1)

    for run in range(kills):
        kind: VectorKind = "quick" if run < kills_of_quick else "full"
        before = {each: committed("killed", each) for each in VECTOR_KINDS}
        log.write_text("")
        builder = forked(home, output, build, str(path), str(log), str(gate))
        if run % 4:
            wanted = min(before[kind][0] + SHARD * moments.randrange(1, 4), (len(texts) - 1) // SHARD * SHARD)
            while builder.is_alive() and (not log.read_text() or committed("killed", kind)[0] < wanted):
                time.sleep(0.01)
            if run == 1:  # a second builder is sent away, and a reader reads
                assert corpus_status("killed").state == "building"
                with pytest.raises(CorpusBusy, match="'killed' is being built by another process"):
                    build_corpus(source, encoder, name="killed")
            time.sleep(moments.uniform(0, 0.3))
        else:
            time.sleep(moments.uniform(0, seconds_to_start))
        assert builder.is_alive(), output.read_text()
        builder.kill()
        builder.join()
        first_embedded: dict[str, str] = {}
        for line in log.read_text().splitlines():
            made, _, text = line.partition(" ")
            first_embedded.setdefault(made, eval(text))  # noqa: S307 - our own repr
        for made, text in first_embedded.items():
            assert texts[before[made][0]].startswith(text), "a committed shard was embedded again"
        for each, (_, journal) in before.items():
            assert committed("killed", each)[1].startswith(journal[: journal.rfind(b"\n") + 1])
        if run:  # what is complete can be searched, whatever the moment
            is_quick = committed("killed", "quick")[0] == len(texts)
            assert open_corpus("killed").manifest.vectors == ("quick" if is_quick else "none")

    assert 0 < committed("killed")[0] < len(texts)
    gate.touch()
    builder = forked(home, output, build, str(path), str(log), str(gate))
    builder.join()
    assert builder.exitcode == 0, output.read_text()
    assert verify_corpus("killed") == []
    for kind in ("quick", "full") if quick else ("full",):
        folders = [corpus_folder(name) / read_manifest(name, kind).build for name in ("killed", "straight")]
        words = [f"words/{file}" for file in (HEADER, *FILES)]
        for file in ("documents.arrow", "passages.npy", "vectors.npy", *words):
            assert (folders[0] / file).read_bytes() == (folders[1] / file).read_bytes()
        lines = [(folder / JOURNAL).read_text().splitlines()[1:] for folder in folders]
        assert lines[0] == lines[1]
        assert len(lines[0]) == -(-len(documents) // SHARD)  # each shard committed once


FULL_DISK = """
import sys
from exemplar.data.documents import Document
from exemplar.data.sources.spec import Source, SourceSpec
from exemplar.data.building.build import LoadQuick, build_corpus
from tests.support.fake_encoder import FakeEncoder, FakeQuickEncoder
documents = [Document(str(n), f"word{n} " * 9) for n in range(2000)]
try:
    build_corpus(Source("full", SourceSpec("full", language="none"), lambda: iter(documents)), FakeEncoder())
except OSError as error:
    print(error)
"""


def assert_it_goes_on(message: str) -> None:
    assert "is full; make room and build again: what was embedded is kept" in message
    done = committed("full")[0]
    assert 0 < done < 2000
    encoder = FakeEncoder()
    documents = [Document(str(n), f"word{n} " * 9) for n in range(2000)]
    build_corpus(_source(documents), encoder)
    assert len(encoder.encoded) == 2000 - done
    assert verify_corpus("full") == []
    straight = build_corpus(_source(documents), FakeEncoder(), name="straight")
    assert (open_corpus("full").vectors == straight.vectors).all()


def _source(documents: list[Document]) -> Source:
    return Source("full", SourceSpec("full", language="none"), lambda: iter(documents))


@pytest.mark.skipif(sys.platform == "win32", reason="has no such limit")
def test_a_quota_that_is_used_up_is_told_and_then_the_build_goes_on() -> None:
    limit = (
        f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (380_000, resource.RLIM_INFINITY))\n{FULL_DISK}"
    )
    result = subprocess.run([sys.executable, "-c", limit], cwd=ROOT, capture_output=True, text=True, check=True)
    assert_it_goes_on(result.stdout)


@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs Linux namespaces")
def test_a_full_disk_is_told_and_then_the_build_goes_on(home: Path) -> None:
    script = 'mount -t tmpfs -o size=700k none "$1" && shift && "$@" && cp -r "$EXEMPLAR_HOME"/. "$KEPT"'
    kept = home.with_name("kept")
    for folder in (home, kept):
        folder.mkdir()
    command = ["unshare", "-rm", "sh", "-c", script, "sh", str(home), sys.executable, "-c", FULL_DISK]
    result = subprocess.run(command, cwd=ROOT, env={**os.environ, "KEPT": str(kept)}, capture_output=True, text=True)
    if "mount" in result.stderr or "unshare" in result.stderr:
        pytest.skip(f"a small disk can't be mounted here: {result.stderr.strip()}")
    shutil.copytree(kept, home, dirs_exist_ok=True)  # more room
    assert_it_goes_on(result.stdout)
