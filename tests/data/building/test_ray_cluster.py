"""Corpora built on a real Ray cluster of three nodes: the same as here, whatever dies on the way."""

import functools
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from exemplar import cli
from exemplar.data.building.build import build_corpus
from exemplar.data.building.progress import Progress
from exemplar.data.building.ray_cluster import SETTINGS, _unpacked, _Worker, _WorkerSize, on_ray, without_dashboard
from exemplar.data.corpus.corpus import Corpus, open_corpus
from exemplar.data.corpus.manifest import corpus_folder
from exemplar.data.corpus.shards import JOURNAL
from tests.support import ray_workers
from tests.support.corpora import ANIMALS, committed, files_of, many, source_of
from tests.support.fake_encoder import FakeEncoder
from tests.support.paths import ROOT
from tests.support.patience import PATIENCE, wait_for
from tests.support.ray_workers import embedded, gate_of, processes
from tests.support.reading import read

pytestmark = pytest.mark.fresh

SHARD = 8  # smaller than usual, so that there are some
FREE = 4 * SHARD  # documents that held workers embed before they stop in the middle of the next shards
SOME = 2 * SHARD  # of them; the driver, which looks a shard ahead, commits so many for certain

BUILDER = f"""
import functools, sys
from exemplar import cli
from exemplar.data.building import embed, ray_cluster, run
from tests.support.fake_encoder import not_distilled
from tests.support.ray_workers import held
run.quick_encoder = not_distilled
embed.SHARD = {SHARD}
held = functools.partial(held, log=sys.argv[3], free={FREE})
ray_cluster.on_ray = functools.partial(ray_cluster.on_ray, load=held)
cli.main(["build", sys.argv[1], "--name", "killed", "--on", "ray", "--address", sys.argv[2]])
"""


def assert_same(found: Corpus, expected: Corpus) -> None:
    """Whatever is in the two corpora's files is the same, byte for byte, but for the times of the builds."""
    assert vars_of(found) == vars_of(expected)
    a, b = files_of(found), files_of(expected)
    assert {**a, JOURNAL: a[JOURNAL].splitlines()[1:]} == {**b, JOURNAL: b[JOURNAL].splitlines()[1:]}


def vars_of(corpus: Corpus) -> dict[str, Any]:
    """Return what a manifest says of a corpus beside its name and the times of its build."""
    manifest = corpus.manifest
    names = set(manifest.__slots__) - {"name", "created", "corpus_id", "arrivals_sha256"}
    return {name: getattr(manifest, name) for name in names}


@pytest.fixture(autouse=True)
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exemplar.data.building.embed.SHARD", SHARD)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Three nodes: the driver's without a processor, and two with one each."""
    os.environ.update(SETTINGS)  # before Ray is imported
    pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    nodes = {"object_store_memory": 100 * 2**20, "include_dashboard": False}
    missed = {"health_check_period_ms": 500, "health_check_timeout_ms": 1000, "health_check_failure_threshold": 3}
    with without_dashboard():
        cluster = Cluster(initialize_head=True, head_node_args={**nodes, "num_cpus": 0, "_system_config": missed})
    try:
        for _ in range(2):
            cluster.add_node(num_cpus=1, **nodes)
        yield cluster
    finally:
        cluster.shutdown()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "embedded"


@pytest.mark.cluster
def test_a_corpus_is_the_same_as_one_that_is_built_here(cluster: Any, log: Path) -> None:
    long = "one two three four. " * 10
    source = source_of([*(f"word{row} word{row % 7}" for row in range(99)), long, "word1 word1", "last"], name="x")
    seen = []
    with on_ray("fake", address=cluster.address, load=functools.partial(ray_workers.together, log=str(log))) as workers:
        there = build_corpus(source, workers, on_event=seen.append)
    assert_same(there, build_corpus(source, FakeEncoder(max_tokens=16), name="here"))
    assert sorted(embedded(log)) == sorted(passage_texts(there))
    assert len(processes(log)) == 2
    ends = [0, *range(SHARD, 102, SHARD), 102]
    assert [
        (event.done, event.total, event.embedded)
        for event in seen
        if isinstance(event, Progress) and event.stage == "embedding"
    ] == [(done, 102, done) for done in ends]


def passage_texts(corpus: Corpus) -> list[str]:
    return [corpus.document(row).text[start:end] for row, start, end in corpus.passages.tolist()]


@pytest.mark.cluster
def test_only_new_texts_travel_and_damaged_shards_are_written_anew(cluster: Any, log: Path) -> None:
    first = build_corpus(many(3 * SHARD), FakeEncoder(max_tokens=16))
    texts = ["in front", *(document.text for document in many(3 * SHARD).read()), "behind"]
    with on_ray("fake", address=cluster.address, load=functools.partial(ray_workers.logging, log=str(log))) as workers:
        build_corpus(source_of(texts, name="many"), workers)
        assert sorted(embedded(log)) == ["behind", "in front"]
        log.unlink()
        whole = files_of(open_corpus("many"))
        path = corpus_folder("many") / open_corpus("many").manifest.build / "vectors.npy"
        content = bytearray(path.read_bytes())
        content[128 + 4 * first.manifest.encoder.dim * (SHARD + 1)] ^= 64
        path.write_bytes(content)
        assert files_of(build_corpus(source_of(texts, name="many"), workers)) == whole
    assert embedded(log) == texts[SHARD : 2 * SHARD]


@pytest.mark.cluster
def test_nothing_joins_the_cluster_again_after_the_end(cluster: Any) -> None:
    import ray

    with on_ray("fake", address=cluster.address, load=ray_workers.other):
        pass
    for late in (lambda: ray.put(1), ray.cluster_resources):  # as threads of a pipeline that was broken off may do
        with pytest.raises(Exception, match=r"ray\.init"):
            late()
        assert not ray.is_initialized()


@pytest.mark.cluster
def test_an_error_of_the_encoder_is_that_of_a_build_here(cluster: Any, log: Path) -> None:
    texts = [*(f"word{row}" for row in range(SHARD + 3)), "poison", *(f"more{row}" for row in range(SHARD))]
    load = functools.partial(ray_workers.logging, log=str(log))
    with (
        on_ray("fake", address=cluster.address, load=load) as workers,
        pytest.raises(ValueError, match=f"^among the {SHARD} documents from '{SHARD}' on: row 1 is a zero vector$"),
    ):
        build_corpus(source_of(texts, name="poisoned"), workers)
    assert committed("poisoned")[0] == SHARD


@pytest.mark.cluster
def test_a_worker_that_finds_another_model_is_refused(cluster: Any) -> None:
    with (
        on_ray("fake", address=cluster.address, load=ray_workers.other) as workers,
        pytest.raises(
            OSError, match="the worker on .* can't take part: it loads fake with the revision .*, others with"
        ),
    ):
        build_corpus(many(1), workers)


@pytest.mark.cluster
def test_a_model_that_is_not_on_the_workers_is_told_with_the_node(cluster: Any) -> None:
    with (
        pytest.raises(ValueError, match="the worker on .* can't load the model: there is no folder '/gone'"),
        on_ray("/gone", address=cluster.address, load=ray_workers.nowhere),
    ):
        pass


@pytest.mark.cluster
def test_a_worker_and_a_node_that_die_in_the_middle_cost_nothing_but_time(cluster: Any, log: Path) -> None:
    n, killed = 20 * SHARD, []
    node = cluster.add_node(num_cpus=1, object_store_memory=100 * 2**20, include_dashboard=False)

    def kill(event: object) -> None:
        done = event.done if isinstance(event, Progress) and event.total else 0
        if done == SOME:
            wait_for(lambda: len({*embedded(log)}) == FREE + 3 * SHARD)  # each of the three is in the middle of a shard
            os.kill(max(processes(log)), signal.SIGKILL)
            gate_of(log).touch()
        if done == 12 * SHARD:
            cluster.remove_node(node, allow_graceful=False)
            killed.append(committed("many")[0])

    with on_ray("fake", address=cluster.address, load=held(log)) as workers:
        assert workers.size.count() == 3
        there = build_corpus(many(n), workers, on_event=kill)
    assert_same(there, build_corpus(many(n), FakeEncoder(max_tokens=16), name="here"))
    assert killed == [12 * SHARD]
    again = {text for text, times in Counter(embedded(log)).items() if times > 1}
    assert again
    assert not again & {document.text for document in list(many(n).read())[:FREE]}


def held(log: Path) -> functools.partial[Any]:
    return functools.partial(ray_workers.held, log=str(log), free=FREE)


@pytest.mark.cluster
def test_a_builder_that_is_killed_goes_on_behind_its_last_shard(cluster: Any, tmp_path: Path, log: Path) -> None:
    n = 10 * SHARD
    path = tmp_path / "many.jsonl"
    path.write_text("".join(json.dumps({"text": document.text}) + "\n" for document in many(n).read()))
    builder = subprocess.Popen([sys.executable, "-c", BUILDER, str(path), cluster.address, str(log)], cwd=ROOT)
    wait_for(committed_or_ended(builder))
    builder.kill()
    builder.wait()
    done, journal = committed("killed")
    assert SOME <= done <= FREE
    log = tmp_path / "later"  # a worker that is still there may write into the first
    load = functools.partial(ray_workers.logging, log=str(log))
    with on_ray("fake", address=cluster.address, load=load) as workers:
        resumed = build_corpus(read(str(path)), workers, name="killed")
    assert committed("killed")[1].startswith(journal)
    assert sorted(embedded(log)) == sorted(document.text for document in list(many(n).read())[done:])
    assert_same(resumed, build_corpus(read(str(path)), FakeEncoder(max_tokens=16), name="here"))


@pytest.mark.cluster
def test_a_build_that_is_interrupted_says_how_to_go_on(cluster: Any, tmp_path: Path, log: Path) -> None:
    path = tmp_path / "many.txt.csv"
    path.write_text("text\n" + "".join(f"{document.text}\n" for document in many(10 * SHARD).read()))
    build = [sys.executable, "-c", BUILDER, str(path), cluster.address, str(log)]
    builder = subprocess.Popen(build, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    wait_for(committed_or_ended(builder))
    builder.send_signal(signal.SIGINT)
    said, _ = builder.communicate(timeout=PATIENCE)
    assert (builder.returncode, " ".join(said.split())) == (  # Rich ends the bar with a line break
        130,
        "Until it is embedded, search it by words: all-MiniLM-L6-v2 can't be distilled:"
        " it is a bag of words. Stopped. What is embedded is kept; the same command goes on from there.",
    )
    assert SOME <= committed("killed")[0] <= FREE


def committed_or_ended(builder: "subprocess.Popen[Any]") -> Callable[[], bool]:
    """Return what tells whether a builder has committed something; it may not end before."""

    def condition() -> bool:
        assert builder.poll() is None, f"the builder has ended: {builder.stdout and builder.stdout.read()}"
        return committed("killed")[0] >= SOME

    return condition


@pytest.mark.cluster
@pytest.mark.model
def test_the_command_line_builds_by_the_real_model_what_it_builds_here(
    cluster: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exemplar.data.building.embed.SHARD", len(ANIMALS))  # for one worker, which loads the model
    path = tmp_path / "animals.csv"
    path.write_text("text\n" + "".join(f"{text}\n" for text in ANIMALS))
    build = ["build", str(path), "--precision", "float32", "--backend", "torch"]
    with pytest.raises(SystemExit, match="^0$"):
        cli.main([*build, "--name", "there", "--on", "ray", "--address", cluster.address])
    assert "there: 10 documents, 10 passages, all-MiniLM-L6-v2, float32." in capsys.readouterr().out
    with pytest.raises(SystemExit, match="^0$"):
        cli.main([*build, "--name", "here"])
    there, here = open_corpus("there"), open_corpus("here")
    assert vars_of(there) == vars_of(here)
    np.testing.assert_array_equal(there.passages, here.passages)
    np.testing.assert_allclose(there.vectors, here.vectors, atol=1e-6)
    assert files_of(there)["documents.arrow"] == files_of(here)["documents.arrow"]


@pytest.mark.cluster
def test_when_all_workers_are_lost_what_is_embedded_is_kept(cluster: Any, log: Path) -> None:  # the cluster's last

    def kill(event: object) -> None:
        if isinstance(event, Progress) and event.total and event.done == SOME:
            for node in list(cluster.worker_nodes):
                cluster.remove_node(node, allow_graceful=False)

    with (
        on_ray("fake", address=cluster.address, load=held(log)) as workers,
        pytest.raises(ConnectionError, match=r"^the workers of the Ray cluster are all lost; what is embedded is kept"),
    ):
        build_corpus(many(10 * SHARD), workers, on_event=kill)
    assert SOME <= committed("many")[0] <= FREE


GPU_NODE, BIG, SMALL = {"CPU": 16.0, "GPU": 4.0}, {"CPU": 64.0}, {"CPU": 4.0}


@pytest.mark.parametrize(
    ("nodes", "size", "n_workers"),
    [
        ([{}, SMALL, SMALL], _WorkerSize(4, 0), 2),
        ([BIG, {"CPU": 20.0}], _WorkerSize(8, 0), 10),
        ([SMALL, BIG], _WorkerSize(8, 0), 8),
        ([{"CPU": 8.0}, SMALL, SMALL], _WorkerSize(4, 0), 4),
        ([BIG, GPU_NODE, GPU_NODE], _WorkerSize(0, 1), 8),
    ],
)
def test_workers_take_gpus_or_as_many_processors_as_are_of_use(
    monkeypatch: pytest.MonkeyPatch, nodes: list[dict[str, float]], size: _WorkerSize, n_workers: int
) -> None:
    monkeypatch.setattr("exemplar.data.building.ray_cluster._resources", lambda: nodes)
    assert (_WorkerSize.in_cluster(), _WorkerSize.in_cluster().count()) == (size, n_workers)


def test_a_cluster_without_a_processor_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exemplar.data.building.ray_cluster._resources", lambda: [{}, {"GPU": 0.0}])
    with pytest.raises(ConnectionError, match="the Ray cluster has no node with a processor for workers"):
        _WorkerSize.in_cluster()


@pytest.mark.slow
def test_what_is_no_cluster_is_told_before_ray_looks_for_it(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ray")
    monkeypatch.setattr("ray.init", None)  # it takes minutes
    (tmp_path / "rows.csv").write_text("text\none\n")

    def said(address: str) -> str:
        with pytest.raises(SystemExit, match="^1$"):
            cli.main(["build", str(tmp_path / "rows.csv"), "--on", "ray", "--address", address])
        return capsys.readouterr().err

    assert "exemplar: no Ray cluster answers at 127.0.0.1:1 (" in said("127.0.0.1:1")
    assert "'ray://head:10001' is not the address of a Ray cluster: give HOST:PORT, auto or local" in said(
        "ray://head:10001"
    )
    assert "'head' is not the address of a Ray cluster" in said("head")


def test_without_ray_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with (
        pytest.raises(ValueError, match=r"^building on a cluster needs Ray: .*pip install 'exemplar\[ray\]'$"),
        on_ray("x"),
    ):
        pass


def test_an_address_goes_with_ray(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="^1$"):
        cli.main(["build", "docs", "--address", "auto"])
    assert (
        capsys.readouterr().err
        == "exemplar: --address is the address of a Ray cluster; add --on ray, or leave --address out\n"
    )


def test_a_fault_in_a_worker_is_a_fault_with_its_traceback() -> None:
    class Faulty(FakeEncoder):
        def encode_documents(self, texts: Sequence[str], on_progress: object = None) -> np.ndarray:
            raise KeyError("a fault")

    def load_faulty() -> FakeEncoder:
        raise KeyError("a fault")

    for load in (Faulty, load_faulty):
        worker = _Worker(load, FakeEncoder().info, whole=False)
        [row] = worker(pa.table({"texts": [["a text"]]})).to_pylist()
        with pytest.raises(
            RuntimeError, match=r"(?s)a worker of the Ray cluster failed:\nTraceback .*KeyError: 'a fault'"
        ):
            _unpacked(row, 64)
