"""The connection to Milvus: a server, or a file of Milvus Lite, and the collections in it that hold corpora."""

import functools
import json
import logging
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from exemplar.data.corpus.manifest import Manifest
from exemplar.data.errors import CorpusNotFound, ExemplarError, IndexUnreachable

if TYPE_CHECKING:
    from pymilvus import MilvusClient

MANIFEST, CHOICES, MEAN, COMPLETE = "exemplar.manifest", "exemplar.choices", "exemplar.mean", "exemplar.complete"
ADDRESS = "EXEMPLAR_INDEX"  # in the environment of the app: where its corpora are served from
MOST_ROWS = 16_384  # that a query of Milvus returns
EXACT = ("FLAT", "BRUTE_FORCE")  # types of an index

_SECONDS = 10.0  # until a call is given up
_CHUNK = 4096  # rows of an answer with vectors
_KEPT = 200_000  # places


@dataclass(frozen=True, slots=True)
class Place:
    """Where a passage belongs: its document, which has so many passages, of which it is the one of this number."""

    document: int
    doc_id: str
    number: int
    n_passages: int
    start: int
    end: int


PLACE = tuple(field.name for field in fields(Place))


@functools.lru_cache(maxsize=4)
def _client(uri: str) -> "MilvusClient":
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # it writes to the terminal what is mended by itself
    try:
        from pymilvus import MilvusClient
    except ImportError as error:
        raise ExemplarError("Milvus takes the extra packages of: pip install 'exemplar[milvus]'") from error
    for logger in ("pymilvus", "milvus_lite"):
        logging.getLogger(logger).setLevel(logging.CRITICAL)  # what goes wrong is said in our words
    with answering(uri):
        # More often than a server allows, it would be cut off for asking whether the server is still there.
        asking = {"grpc.keepalive_time_ms": 300_000}
        return MilvusClient(uri, token=os.environ.get("MILVUS_TOKEN", ""), timeout=_SECONDS, grpc_options=asking)


@contextmanager
def answering(uri: str) -> Iterator[None]:
    """Turn what goes wrong between here and Milvus into IndexUnreachable."""
    import grpc
    from pymilvus.exceptions import MilvusException

    try:
        yield
    except (MilvusException, grpc.RpcError) as error:
        if is_file(uri) and "Open local milvus failed" in str(error):
            reason = "can't be opened: another process has it open (Milvus Lite serves one), or it holds something else"
            raise IndexUnreachable(f"the Milvus Lite file {uri} {reason}") from error
        what = " ".join(str(getattr(error, "message", "") or error).split())[:300]
        if "connect" in what.casefold() or "unavailable" in what.casefold() or "Retry" in what:
            raise IndexUnreachable(f"no Milvus server answers at {uri}; start it, or name another ({what})") from error
        raise IndexUnreachable(f"Milvus at {uri} says: {what}") from error


def is_file(uri: str) -> bool:
    """Whether an address is that of a Milvus Lite file."""
    return "://" not in uri


class Server:
    """Milvus at an address: ``http://localhost:19530``, or a file whose name ends in ``.db``.

    What a server asks for by way of a name and password is taken from the environment, ``MILVUS_TOKEN``.

    Raises
    ------
    ExemplarError
        The address is none, there is no such file, or pymilvus is not installed.
    IndexUnreachable
        Nobody answers there.
    """

    def __init__(self, uri: str, *, create: bool = False) -> None:
        self.uri = str(Path(uri).expanduser().absolute()) if is_file(uri) else uri
        if is_file(uri):
            _check_file(self.uri, create)
        elif not re.match(r"(https?|tcp|unix)://.", uri):
            raise ExemplarError(
                f"{uri} is no address of Milvus: use http://HOST:PORT, or a file whose name ends in .db"
            )
        self.client = _client(self.uri)

    def manifests(self) -> dict[str, Manifest]:
        """Return the manifests of all corpora that are wholly there, by name."""
        with answering(self.uri):
            names = self.client.list_collections(timeout=_SECONDS)
            described = [self.client.describe_collection(name, timeout=_SECONDS) for name in sorted(names)]
        found = (properties_of(each) for each in described)
        manifests = (manifest_in(each) for each in found if each.get(COMPLETE) == "yes")
        return {manifest.name: manifest for manifest in manifests if manifest}

    def collection(self, name: str) -> "Collection":
        """Return the collection that holds a corpus.

        Raises
        ------
        CorpusNotFound
            There is none, or it isn't wholly there; the message says which there are.
        """
        where = collection_name(name)
        with answering(self.uri):
            known = self.client.has_collection(where, timeout=_SECONDS)
            properties = properties_of(self.client.describe_collection(where, timeout=_SECONDS)) if known else {}
        manifest = manifest_in(properties)
        if manifest is None or manifest.name != name:
            there = ", ".join(self.manifests()) or "none yet"
            raise CorpusNotFound(
                f"there is no corpus '{name}' in Milvus at {self.uri} (there are: {there}); "
                f"put it there: exemplar push {name} --to {self.uri}"
            )
        if properties.get(COMPLETE) != "yes":
            raise CorpusNotFound(
                f"the corpus '{name}' is not wholly in Milvus at {self.uri} yet; "
                f"go on with: exemplar push {name} --to {self.uri}"
            )
        return Collection(self, where, manifest, properties)


class Collection:
    """A collection that holds a corpus, one entity a passage; its primary key is the passage's row.

    Attributes
    ----------
    properties
        What was kept with it, as text.
    """

    def __init__(self, server: Server, name: str, manifest: Manifest, properties: Mapping[str, str]) -> None:
        self.uri, self.name, self.manifest, self.properties = server.uri, name, manifest, properties
        self._client = server.client
        with answering(self.uri):
            description = self._client.describe_index(name, "vector", timeout=_SECONDS)
            self._client.load_collection(name, timeout=_SECONDS)
        self.index_type = str((description or {}).get("index_type", ""))
        self._places: dict[int, Place] = {}

    def best(self, w: NDArray[np.float32], k: int, expression: str, *, places: bool) -> NDArray[np.intp]:
        """Return the passages of highest inner product with w; ``places`` are remembered where they will be asked for.

        Milvus gives them in the order of float32 scores.
        """
        with answering(self.uri):
            [hits] = self._client.search(
                self.name,
                [w.tolist()],
                anns_field="vector",
                filter=expression,
                limit=k,
                output_fields=list(PLACE) if places else ["passage"],
                search_params={"metric_type": "IP", "params": _effort(self.index_type, k)},
                timeout=_SECONDS,
            )
        if places:
            for hit in hits:
                self._places[hit["passage"]] = place_of(hit["entity"])
        return np.array([hit["passage"] for hit in hits], np.intp)

    def vectors(self, passages: Sequence[int]) -> NDArray[np.float32]:
        """Return the vectors of passages, ``(len(passages), dim)``, in their order; none is asked for twice."""
        found = {row["passage"]: row["vector"] for row in self._by_key(passages, ["vector"])}
        return np.array([found[passage] for passage in passages], np.float32).reshape(-1, self.manifest.encoder.dim)

    def places(self, passages: Sequence[int]) -> list[Place]:
        """Return where passages belong, in their order."""
        if len(self._places) > _KEPT:
            self._places = {}
        places = self._places  # pages of several visitors ask at once, and one of them may begin anew
        for row in self._by_key(sorted(set(passages).difference(places)), PLACE):
            places[row["passage"]] = place_of(row)
        return [places[passage] for passage in passages]

    def query(self, expression: str, output: Sequence[str], limit: int = MOST_ROWS) -> list[dict[str, Any]]:
        """Return the entities that meet an expression, at most so many."""
        with answering(self.uri):
            found: list[dict[str, Any]] = self._client.query(
                self.name, filter=expression, output_fields=["passage", *output], limit=limit, timeout=_SECONDS
            )
        return found

    def count(self, expression: str = "") -> int:
        """Return how many entities meet an expression."""
        with answering(self.uri):
            [row] = self._client.query(self.name, filter=expression, output_fields=["count(*)"], timeout=_SECONDS)
        return int(row["count(*)"])

    def every(self, expression: str, output: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Yield all entities that meet an expression, by passage."""
        for first in range(0, self.manifest.n_passages, _CHUNK):
            within = f"passage >= {first} and passage < {first + _CHUNK}"
            found = self.query(f"{within} and ({expression})" if expression else within, output)
            yield from sorted(found, key=lambda row: row["passage"])

    def _by_key(self, passages: Sequence[int], output: Sequence[str]) -> Iterator[dict[str, Any]]:
        for start in range(0, len(passages), _CHUNK):
            chunk = [int(passage) for passage in passages[start : start + _CHUNK]]
            found = self.query(f"passage in {chunk}", output)
            if len(found) != len(chunk):
                raise IndexUnreachable(f"the collection {self.name} at {self.uri} has lost passages; push it again")
            yield from found


def collection_name(corpus: str) -> str:
    """Return the name of a corpus's collection: Milvus takes letters, digits and underscores alone."""
    name = re.sub(r"[^A-Za-z0-9_]", "_", corpus)
    return name if re.match(r"[A-Za-z_]", name) else f"_{name}"


def properties_of(description: Mapping[str, Any]) -> dict[str, str]:
    """Return the properties of a collection as it was described."""
    return {str(key): str(value) for key, value in (description.get("properties") or {}).items()}


def manifest_in(properties: Mapping[str, str]) -> Manifest | None:
    """Return the manifest among a collection's properties, None if there is none that can be read."""
    try:
        return Manifest.from_json(json.loads(properties[MANIFEST]))
    except (KeyError, ValueError, RecursionError):
        return None


def quoted(text: str) -> str:
    """Return a text as it stands in an expression."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return '"' + escaped.replace("\t", "\\t") + '"'


def place_of(entity: Mapping[str, Any]) -> Place:
    """Return where the passage of an entity belongs."""
    return Place(*(entity[name] for name in PLACE))


def _effort(index_type: str, k: int) -> dict[str, int]:
    """Return how far an approximate index looks: enough that nine in ten of the best are found."""
    if index_type.startswith("HNSW"):
        return {"ef": max(256, k)}
    return {"nprobe": 64} if index_type.startswith("IVF") else {}


def _check_file(path: str, create: bool) -> None:
    if not path.endswith(".db"):
        raise ExemplarError(f"{path} is no address of Milvus: use http://HOST:PORT, or a file whose name ends in .db")
    if create and not Path(path).parent.is_dir():
        raise ExemplarError(f"there is no folder {Path(path).parent} to keep a Milvus Lite file in")
    if not create and not Path(path).exists():
        raise ExemplarError(f"there is no Milvus Lite file {path}; make it: exemplar push NAME --to {path}")
