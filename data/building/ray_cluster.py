"""Embedding on a Ray cluster: the same passages and vectors as in this process, made by many.

The driver reads the source, keeps the journal and writes the corpus, as ever; what travels is the texts of a shard to a
worker and its vectors back. Its home folder need not be shared. Every node needs Exemplar, of the same version
(``pip install 'exemplar[ray]'``), and the model: the default one comes with it, any other is fetched from the hub or is
a folder that lies at the same place on every node. The driver runs on a node of the cluster.
"""

import functools
import logging
import os
import socket
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from exemplar.data.arrow import read_documents
from exemplar.data.building.embed import prepare, texts_at
from exemplar.data.building.known_vectors import Prepared
from exemplar.data.encoders.base import Encoder, EncoderInfo
from exemplar.data.encoders.sentence_transformer import load_encoder
from exemplar.data.errors import ExemplarError
from exemplar.data.text import one_line

_MOST_CPUS = 8  # of a worker; a small model's products are too small for more
_MUCH = 0.9  # of a cluster's processors; a small node beside large ones stays out
_RESTARTS = 2  # of a worker by Ray, which then does again what it was at
_LOSSES = 5  # of workers beyond that in a row, without a shard between: then it is not chance
_REACH_SECONDS = 5.0
_SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_BACKEND_LOG_LEVEL": "fatal",  # what is less goes to the terminal too
}
_LOOPBACK = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}  # the only switch, on every system, for listening on 127.0.0.1


class Load(Protocol):
    """Loads an encoder, as ``load_encoder`` does."""

    def __call__(self, model: str, *, precision: str, backend: str, revision: str | None = None) -> Encoder:
        """Return the encoder; ExemplarError if it can't be loaded."""


@contextmanager
def on_ray(
    model: str,
    *,
    precision: str = "auto",
    backend: str = "torch",
    address: str | None = None,
    load: Load = load_encoder,
) -> Iterator["RayEmbedder"]:
    """Join a Ray cluster, or start one on this machine, and give what embeds there; leave or stop it afterwards.

    Parameters
    ----------
    model, precision, backend
        As for ``load_encoder``; ``auto`` is decided by a worker's hardware, and all workers have to follow.
    address
        HOST:PORT of a cluster that this machine belongs to, ``auto`` to look for it, or ``local`` for one of its own;
        without it what ``RAY_ADDRESS`` says, else ``local``.

    Raises
    ------
    ExemplarError
        Ray is not installed, the address can't be one, or a worker can't load the model.
    ConnectionError
        The cluster can't be reached, or has no worker.
    """
    address = address or os.environ.get("RAY_ADDRESS") or "local"
    with _joined(address):
        place = _Place.in_cluster()
        info = _info_of_workers(functools.partial(load, model, precision=precision, backend=backend), place)
        if info.backend == "openvino":  # it takes a node's processors, all of them
            place = _Place.in_cluster(most_cpus=None)
        same = functools.partial(
            load, info.model, precision=info.precision, backend=info.backend, revision=info.revision
        )
        yield RayEmbedder(info, same, place)


@dataclass(frozen=True, slots=True)
class _Place:
    """What a worker takes of a node."""

    num_cpus: float
    num_gpus: float

    @classmethod
    def in_cluster(cls, most_cpus: float | None = _MOST_CPUS) -> "_Place":
        """Return a GPU where the cluster has some; else as many processors as are of use, hardly any left over."""
        nodes = _resources()
        if any(node.get("GPU", 0) >= 1 for node in nodes):
            return cls(0, 1)
        cpus = [node["CPU"] for node in nodes if node.get("CPU", 0) >= 1]
        if not cpus:
            raise ConnectionError("the Ray cluster has no node with a processor for workers; add one and build again")
        sizes = sorted({min(cpu, most_cpus or cpu) for cpu in cpus}, reverse=True)
        enough = (size for size in sizes if sum(cpu // size * size for cpu in cpus) >= _MUCH * sum(cpus))
        return cls(next(enough, sizes[-1]), 0)

    def count(self) -> int:
        """Return how many workers the cluster has room for now, were they alone there."""
        kind, size = ("GPU", self.num_gpus) if self.num_gpus else ("CPU", self.num_cpus)
        return sum(int(node.get(kind, 0) // size) for node in _resources())

    def options(self) -> dict[str, float]:
        """Return what Ray is asked for."""
        return {"num_cpus": self.num_cpus, "num_gpus": self.num_gpus}


@dataclass(frozen=True, slots=True)
class RayEmbedder:
    """Embeds by the workers of a Ray cluster, shards at the same time, and gives the results in order.

    Ray Data holds back who is ahead: some shards wait in its object store, none in this process.
    """

    info: EncoderInfo
    load: Callable[[], Encoder]
    place: _Place

    def embed(
        self, documents: Path, shards: Iterable[Sequence[int]], *, whole: bool, tell: Callable[[int], None]
    ) -> Iterator[list[Prepared]]:
        """Yield, for each shard in order, what its documents became; those without a row don't travel."""
        in_order = list(shards)
        embedded = self._embedded(documents, [rows for rows in in_order if rows], whole)
        for rows in in_order:
            yield next(embedded) if rows else []

    def _embedded(self, documents: Path, shards: list[Sequence[int]], whole: bool) -> Iterator[list[Prepared]]:
        """Yield what shards became; where Ray can't make up for lost workers, begin again behind the last shard."""
        import ray

        done, losses = 0, 0
        while done < len(shards):
            try:
                for prepared in self._run(documents, shards[done:], whole):
                    yield prepared
                    done, losses = done + 1, 0
            except (ray.exceptions.RayError, _Shrunk) as error:
                losses += 1
                self._check_can_go_on(error, losses)

    def _check_can_go_on(self, error: Exception, losses: int) -> None:
        """Return if an error is the loss of workers, and others are left."""
        import ray

        cause = getattr(error, "cause", None)
        lost = (ray.exceptions.ObjectLostError, ray.exceptions.RayActorError)
        if isinstance(error, ray.exceptions.RayTaskError) and not isinstance(cause, lost):
            raise RuntimeError(f"a worker of the Ray cluster failed: {one_line(cause or error)}") from error
        if not self.place.count():
            raise _lost("are all lost") from error
        if losses == _LOSSES:
            raise _lost(f"were lost {losses} times in a row ({one_line(error)})") from error

    def _run(self, documents: Path, shards: list[Sequence[int]], whole: bool) -> Iterator[list[Prepared]]:
        """Yield what shards became, from one run of a pipeline."""
        import ray.data

        n_workers = max(1, min(self.place.count(), len(shards)))
        _set(ray.data.DataContext.get_current(), functools.partial(_Watch, self.place, n_workers))
        texts = ray.data.read_datasource(_shards_of(documents, shards), num_cpus=0, override_num_blocks=1)
        with warnings.catch_warnings(action="ignore"):  # of the last two, which will have names of their own
            rows = texts.map_batches(
                _Worker,
                fn_constructor_args=(self.load, self.info, whole),
                batch_size=1,  # a row is a shard
                batch_format="pyarrow",
                compute=ray.data.ActorPoolStrategy(size=n_workers),
                **self.place.options(),
                max_restarts=_RESTARTS,
                max_task_retries=-1,  # as often as it is restarted
            )
        for block in rows.iter_batches(batch_size=None, batch_format="pyarrow"):
            for row in block.to_pylist():
                yield _unpacked(row, self.info.dim)


class _Shrunk(Exception):
    """The cluster has fewer places than a pipeline has workers."""


class _Watch:
    """Ends a pipeline that has more workers than the cluster has places left for.

    Ray restarts a worker that was lost, on another node if need be; where there is no room it waits, and all others
    with it in the end.
    """

    def __init__(self, place: _Place, n_workers: int) -> None:
        self._place, self._n_workers, self._looked = place, n_workers, time.monotonic()

    def before_execution_starts(self, executor: object) -> None:
        """Do nothing yet."""

    def on_execution_step(self, executor: object) -> None:
        """Look every second."""
        if time.monotonic() - self._looked > 1:
            self._looked = time.monotonic()
            if (left := self._place.count()) < self._n_workers:
                raise _Shrunk(f"{left} of {self._n_workers} places are left")

    def after_execution_succeeds(self, executor: object) -> None:
        """Leave it at that."""

    def after_execution_fails(self, executor: object, error: Exception) -> None:
        """Leave it at that."""


class _Worker:
    """One encoder in a process of its own; what it can't do it says in its answer, as errors are no answer to Ray."""

    def __init__(self, load: Callable[[], Encoder], info: EncoderInfo, whole: bool) -> None:
        self._whole, self._refusal = whole, ""
        try:
            self._encoder = load()
            self._refusal = _difference(info, self._encoder.info)
        except Exception as error:
            self._refusal = one_line(error)

    def __call__(self, shard: pa.Table) -> pa.Table:
        if self._refusal:
            return _packed([], refusal=f"the worker on {_node_name()} can't take part: {self._refusal}")
        [texts] = shard["texts"].to_pylist()
        try:
            return _packed(prepare(texts, self._encoder, whole=self._whole, tell=lambda n: None))
        except (ExemplarError, RuntimeError) as error:
            return _packed([], error=one_line(error))


def _packed(prepared: list[Prepared], *, error: str = "", refusal: str = "") -> pa.Table:
    """Return what a shard's documents became as one row: how many passages each, their spans, their vectors."""
    counts = [len(spans) for spans, _ in prepared]
    spans = [bound for of_it, _ in prepared for span in of_it for bound in span]
    vectors = b"".join(vectors.astype("<f4").tobytes() for _, vectors in prepared)
    return pa.table(
        {
            "counts": pa.array([counts], pa.large_list(pa.int64())),
            "spans": pa.array([spans], pa.large_list(pa.int64())),
            "vectors": pa.array([vectors], pa.large_binary()),
            "error": [error],
            "refusal": [refusal],
        }
    )


def _unpacked(row: dict[str, Any], dim: int) -> list[Prepared]:
    if row["refusal"]:
        raise ConnectionError(row["refusal"])
    if row["error"]:
        raise ExemplarError(row["error"])
    ends = np.cumsum(row["counts"])[:-1]
    spans = np.array(row["spans"], dtype=np.int64).reshape(-1, 2)
    vectors = np.frombuffer(row["vectors"], dtype="<f4").reshape(-1, dim)
    of_spans = [[(int(start), int(end)) for start, end in of_it] for of_it in np.split(spans, ends)]
    return list(zip(of_spans, np.split(vectors, ends), strict=True))


def _shards_of(documents: Path, shards: list[Sequence[int]]) -> Any:
    """Return the texts of shards as a source for Ray Data: read one after the other, here, as they are asked for."""
    from ray.data.block import BlockMetadata
    from ray.data.datasource import Datasource, ReadTask

    class Shards(Datasource):  # type: ignore[misc]
        supports_distributed_reads = False  # the documents lie on this node

        def estimate_inmemory_data_size(self) -> int:
            return documents.stat().st_size

        def get_read_tasks(self, *_: Any, **__: Any) -> list[Any]:
            metadata = BlockMetadata(len(shards), self.estimate_inmemory_data_size(), None, None)
            return [ReadTask(functools.partial(_read, documents, shards), metadata)]

    return Shards()


def _read(documents: Path, shards: list[Sequence[int]]) -> Iterator[pa.Table]:
    texts = read_documents(documents)["text"]
    for rows in shards:
        yield pa.table({"texts": pa.array([texts_at(texts, rows)], pa.large_list(pa.large_string()))})


def _info_of_workers(load: Callable[[], Encoder], place: _Place) -> EncoderInfo:
    """Return what an encoder is that a worker loads."""
    import ray

    task = ray.remote(max_calls=1, **place.options())(_load_info)  # then its process ends, and gives the memory back
    try:
        found: EncoderInfo | str = ray.get(task.remote(load))
    except ray.exceptions.RayError as error:
        cause = one_line(getattr(error, "cause", None) or error)
        same = "every node needs the same version of Exemplar (pip install 'exemplar[ray]')"
        raise ConnectionError(f"a worker of the Ray cluster failed: {cause}; {same}") from error
    if isinstance(found, str):
        raise ExemplarError(found)
    return found


def _load_info(load: Callable[[], Encoder]) -> EncoderInfo | str:
    try:
        return load().info
    except ExemplarError as error:
        return f"the worker on {_node_name()} can't load the model: {error}"


def _difference(wanted: EncoderInfo, found: EncoderInfo) -> str:
    """Say in what an encoder is another than it has to be; nothing if it is not."""
    for field in fields(EncoderInfo):
        a, b = getattr(wanted, field.name), getattr(found, field.name)
        if a != b:
            name = field.name.replace("_", " ")
            return f"it loads {found.model} with the {name} {b}, others with {a}; all nodes need the same model"
    return ""


def _node_name() -> str:
    import ray

    return f"{socket.gethostname()} ({ray.util.get_node_ip_address()})"


def _lost(what: str) -> ConnectionError:
    return ConnectionError(
        f"the workers of the Ray cluster {what}; what is embedded is kept: the same command goes on from there"
    )


def _resources() -> list[dict[str, float]]:
    """Return what each living node of the cluster has."""
    import ray

    return [node["Resources"] for node in ray.nodes() if node["Alive"]]


def _set(context: Any, watch: Callable[[], "_Watch"]) -> None:
    """Have Ray Data give results in order, a shard a block, watched, and tell nothing on the terminal."""
    context.execution_options.preserve_order = True
    context.target_max_block_size = 1  # bytes: every row is a block of its own
    context.custom_execution_callback_classes = [watch]
    context.enable_progress_bars = False
    context.print_on_execution_start = False


@contextmanager
def _joined(address: str) -> Iterator[None]:
    """Be part of a cluster for a while; ``local``: one that lives as long, and that nobody else can reach."""
    for name, value in (_SETTINGS | _LOOPBACK if address == "local" else _SETTINGS).items():
        os.environ.setdefault(name, value)  # read when Ray is imported
    try:
        import ray
        import ray.data
    except ImportError:
        raise ExemplarError("building on a cluster needs Ray: pip install 'exemplar[ray]'") from None
    _check_reachable(address)
    own = {"include_dashboard": False} if address == "local" else {}
    try:
        with _muted(), without_dashboard():
            ray.init(address=address, log_to_driver=False, logging_level="error", **own)
    except Exception as error:  # RuntimeError, ValueError, ConnectionError and kinds of its own
        where = "start Ray on this machine" if address == "local" else f"join the Ray cluster at {address}"
        raise ConnectionError(f"cannot {where}: {one_line(error)}") from error
    try:
        yield
    finally:
        ray.shutdown()


@contextmanager
def without_dashboard() -> Iterator[None]:
    """Start a cluster without its dashboard: even one that is left out has a process that looks for a cloud it runs in.

    It asks the addresses at which clouds tell that, also where usage statistics are switched off.
    """
    from ray._private.node import Node

    start = Node.start_api_server
    Node.start_api_server = lambda *_, **__: None
    try:
        yield
    finally:
        Node.start_api_server = start


@contextmanager
def _muted() -> Iterator[None]:
    """Keep off the terminal what Ray says for good or on starting; what stops a build is raised."""
    import ray._private.worker

    logging.getLogger("ray.data").setLevel(logging.CRITICAL)
    ray._private.worker._worker_logs_enabled = False  # what nodes and workers say
    sys.stderr.flush()
    terminal, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)  # the part of Ray that is no Python tells its log level
    try:
        yield
    finally:
        os.dup2(terminal, 2)
        os.close(terminal)
        os.close(nowhere)


def _check_reachable(address: str) -> None:
    """Raise at once what Ray would find out in minutes."""
    if address in ("local", "auto"):
        return
    host, _, port = address.rpartition(":")
    if not port.isdigit() or not host or "/" in host:
        raise ExemplarError(
            f"'{address}' is no address of a Ray cluster: give HOST:PORT, auto or local, on a machine of the cluster "
            "(there is no building through a Ray client, ray://)"
        )
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_REACH_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise ConnectionError(
            f"no Ray cluster answers at {address} ({one_line(error)}); start one there (ray start --head), or leave "
            "the address out to embed on this machine"
        ) from error
