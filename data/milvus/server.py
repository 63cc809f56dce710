"""The connection to a Milvus server or a Milvus Lite file, and its collections, which hold corpora."""

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
from exemplar.data.extras import install_command

if TYPE_CHECKING:
    from pymilvus import MilvusClient

MANIFEST, CHOICES, MEAN, COMPLETE = "exemplar.manifest", "exemplar.choices", "exemplar.mean", "exemplar.complete"
ARRIVED = "arrived"  # the field of the time at which a document came; earlier versions did not push it
ADDRESS = "EXEMPLAR_INDEX"  # environment variable: the address that the app reads corpora from
MOST_ROWS = 16_384  # of a result of Milvus
EXACT = ("FLAT", "BRUTE_FORCE")  # types of exact indexes

_NOT_AN_ADDRESS = "is not an address of Milvus: use http://HOST:PORT, or a file whose name ends in .db"
_SECONDS = 10.0  # timeout of a call
_SECONDS_OF_TERMS = 120.0  # of a search by terms: Milvus Lite makes its index when the first one comes
_CHUNK = 4096  # rows of a result with vectors
_MOST_PLACES = 200_000  # in the cache

Query = NDArray[np.float32] | dict[int, float]


@dataclass(frozen=True, slots=True)
class PassagePlace:
    """The place of a passage in its document.

    Attributes
    ----------
    document
        The document's row.
    number
        The passage's position among those of the document, from 0.
    n_passages
        Number of passages of the document.
    start, end
        Bounds in the document's text, in characters.
    text_hash
        The hash of the document's full text, signed.
    """

    document: int
    doc_id: str
    number: int
    n_passages: int
    start: int
    end: int
    text_hash: int


PLACE_FIELDS = tuple(field.name for field in fields(PassagePlace))


@functools.lru_cache(maxsize=4)
def _client(uri: str) -> "MilvusClient":
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # it prints errors that it recovers from
    try:
        from pymilvus import MilvusClient
    except ImportError as error:
        raise ExemplarError(f"Milvus takes the extra packages of: {install_command('milvus')}") from error
    for logger in ("pymilvus", "milvus_lite"):
        logging.getLogger(logger).setLevel(logging.CRITICAL)  # IndexUnreachable reports them
    with translated_errors(uri):
        options = {"grpc.keepalive_time_ms": 300_000}  # a server closes connections that ping it more often
        return MilvusClient(uri, token=os.environ.get("MILVUS_TOKEN", ""), timeout=_SECONDS, grpc_options=options)


@contextmanager
def translated_errors(uri: str) -> Iterator[None]:
    """Raise IndexUnreachable in place of the errors of Milvus and of the connection."""
    import grpc
    from pymilvus.exceptions import MilvusException

    try:
        yield
    except (MilvusException, grpc.RpcError) as error:
        if is_file(uri) and "Open local milvus failed" in str(error):
            reason = "can't be opened: another process has it open (Milvus Lite serves one), or it holds something else"
            raise IndexUnreachable(f"the Milvus Lite file {uri} {reason}") from error
        message = " ".join(str(getattr(error, "message", "") or error).split())[:300]
        if "connect" in message.casefold() or "unavailable" in message.casefold() or "Retry" in message:
            remedy = "start it, or name another"
            raise IndexUnreachable(f"no Milvus server answers at {uri}; {remedy} ({message})") from error
        raise IndexUnreachable(f"Milvus at {uri} says: {message}") from error


def is_file(uri: str) -> bool:
    """Return whether an address is a Milvus Lite file."""
    return "://" not in uri


class Server:
    """A Milvus server or a Milvus Lite file.

    The environment variable ``MILVUS_TOKEN`` holds the credentials for a server.

    Parameters
    ----------
    uri
        An address such as ``http://localhost:19530``, or the path of a file that ends in ``.db``.
    create
        Create the file if it does not exist.

    Raises
    ------
    ExemplarError
        The address is not valid, the file does not exist, or pymilvus is not installed.
    IndexUnreachable
        The server does not answer.
    """

    def __init__(self, uri: str, *, create: bool = False) -> None:
        self.uri = str(Path(uri).expanduser().absolute()) if is_file(uri) else uri
        if is_file(uri):
            _check_file(self.uri, create)
        elif not re.match(r"(https?|tcp|unix)://.", uri):
            raise ExemplarError(f"{uri} {_NOT_AN_ADDRESS}")
        self.client = _client(self.uri)

    def manifests(self) -> dict[str, Manifest]:
        """Return the manifests of all completely pushed corpora by name."""
        with translated_errors(self.uri):
            names = self.client.list_collections(timeout=_SECONDS)
            described = [self.client.describe_collection(name, timeout=_SECONDS) for name in sorted(names)]
        collections = map(properties_of, described)
        manifests = (manifest_in(properties) for properties in collections if properties.get(COMPLETE) == "yes")
        return {manifest.name: manifest for manifest in manifests if manifest}

    def collection(self, name: str) -> "Collection":
        """Return the collection that holds a corpus.

        Raises
        ------
        CorpusNotFound
            The corpus is not in Milvus, or not completely; the message lists the corpora.
        """
        collection = collection_name(name)
        with translated_errors(self.uri):
            exists = self.client.has_collection(collection, timeout=_SECONDS)
            description = self.client.describe_collection(collection, timeout=_SECONDS) if exists else {}
        properties = properties_of(description)
        manifest = manifest_in(properties)
        if manifest is None or manifest.name != name:
            names = ", ".join(self.manifests()) or "none yet"
            raise CorpusNotFound(
                f"there is no corpus '{name}' in Milvus at {self.uri} (there are: {names}); "
                f"put it there: exemplar push {name} --to {self.uri}"
            )
        if properties.get(COMPLETE) != "yes":
            raise CorpusNotFound(
                f"the corpus '{name}' is not wholly in Milvus at {self.uri} yet; "
                f"go on with: exemplar push {name} --to {self.uri}"
            )
        fields = frozenset(field["name"] for field in description["fields"])
        return Collection(self, collection, manifest, properties, fields)


class Collection:
    """A collection that holds a corpus: one entity a passage, with the passage's row as primary key.

    Attributes
    ----------
    properties
        Texts that are stored with the collection: manifest, facets, and mean of the vectors.
    index_type
        The name of the vector index in Milvus.
    fields
        The names of the entities' fields; a collection that an earlier version pushed lacks some.
    """

    def __init__(
        self, server: Server, name: str, manifest: Manifest, properties: Mapping[str, str], fields: frozenset[str]
    ) -> None:
        self.uri, self.name, self.manifest, self.properties = server.uri, name, manifest, properties
        self.fields = fields
        self._client = server.client
        with translated_errors(self.uri):
            description = self._client.describe_index(name, "vector", timeout=_SECONDS)
            self._client.load_collection(name, timeout=_SECONDS)
        self.index_type = str((description or {}).get("index_type", ""))
        self._places: dict[int, PassagePlace] = {}

    def best(
        self, field: str, query: Query, k: int, expression: str, *, places: bool
    ) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Return the k passages with the highest inner product with a query, and Milvus's float32 scores, best first.

        Parameters
        ----------
        field
            ``vector``, or ``terms``: then only passages that have a term of the query come back.
        query
            Weights ``(dim,)`` of a vector; or positive ones by the numbers of terms: Milvus takes no others.
        expression
            Passages must meet it; empty for all passages.
        places
            Fetch the places of the passages as well, for later calls of ``places``.
        """
        params = _effort(self.index_type, k) if field == "vector" else {}
        with translated_errors(self.uri):
            [hits] = self._client.search(
                self.name,
                [query if isinstance(query, dict) else query.tolist()],
                anns_field=field,
                filter=expression,
                limit=k,
                output_fields=list(PLACE_FIELDS) if places else ["passage"],
                search_params={"metric_type": "IP", "params": params},
                timeout=_SECONDS if field == "vector" else _SECONDS_OF_TERMS,
            )
        if places:
            self._bounded_places().update((hit["passage"], place_of(hit["entity"])) for hit in hits)
        passages = np.array([hit["passage"] for hit in hits], np.intp)
        return passages, np.array([hit["distance"] for hit in hits], np.float64)

    def vectors(self, passages: Sequence[int]) -> NDArray[np.float32]:
        """Return the vectors of distinct passages, ``(n, dim) float32``, in their order."""
        vectors = {entity["passage"]: entity["vector"] for entity in self._by_key(passages, ["vector"])}
        return np.array([vectors[passage] for passage in passages], np.float32).reshape(-1, self.manifest.encoder.dim)

    def terms(self, passages: Sequence[int]) -> dict[int, dict[int, float]]:
        """Return the BM25 weights of passages' documents by the numbers of their terms, by passage."""
        return {entity["passage"]: entity["terms"] for entity in self._by_key(passages, ["terms"])}

    def places(self, passages: Sequence[int]) -> list[PassagePlace]:
        """Return the places of passages, in the order of the passages."""
        places = self._bounded_places()
        for entity in self._by_key(sorted(set(passages).difference(places)), PLACE_FIELDS):
            places[entity["passage"]] = place_of(entity)
        return [places[passage] for passage in passages]

    def _bounded_places(self) -> dict[int, PassagePlace]:
        """Return the known places by passage, forgotten first if they are many; another thread may forget later."""
        if len(self._places) > _MOST_PLACES:
            self._places = {}
        return self._places

    def query(self, expression: str, output: Sequence[str], limit: int = MOST_ROWS) -> list[dict[str, Any]]:
        """Return at most ``limit`` entities that meet an expression, with the fields of ``output`` and ``passage``."""
        with translated_errors(self.uri):
            entities: list[dict[str, Any]] = self._client.query(
                self.name, filter=expression, output_fields=["passage", *output], limit=limit, timeout=_SECONDS
            )
        return entities

    def count(self, expression: str = "") -> int:
        """Return the number of entities that meet an expression."""
        with translated_errors(self.uri):
            [row] = self._client.query(self.name, filter=expression, output_fields=["count(*)"], timeout=_SECONDS)
        return int(row["count(*)"])

    def all_entities(self, output: Sequence[str], expression: str = "") -> Iterator[dict[str, Any]]:
        """Yield all entities that meet an expression, with the fields of ``output``, ordered by passage."""
        condition = f" and ({expression})" if expression else ""
        for first in range(0, self.manifest.n_passages, _CHUNK):
            entities = self.query(f"passage >= {first} and passage < {first + _CHUNK}{condition}", output)
            yield from sorted(entities, key=lambda entity: entity["passage"])

    def _by_key(self, passages: Sequence[int], output: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Yield the entities of passages in any order; IndexUnreachable if one is missing."""
        for start in range(0, len(passages), _CHUNK):
            chunk = [int(passage) for passage in passages[start : start + _CHUNK]]
            entities = self.query(f"passage in {chunk}", output)
            if len(entities) != len(chunk):
                raise IndexUnreachable(f"the collection {self.name} at {self.uri} has lost passages; push it again")
            yield from entities


def collection_name(corpus: str) -> str:
    """Return the name of a corpus's collection; Milvus allows only letters, digits and underscores."""
    name = re.sub(r"[^A-Za-z0-9_]", "_", corpus)
    return name if re.match(r"[A-Za-z_]", name) else f"_{name}"


def properties_of(description: Mapping[str, Any]) -> dict[str, str]:
    """Return the properties in the description of a collection."""
    return {str(key): str(value) for key, value in (description.get("properties") or {}).items()}


def manifest_in(properties: Mapping[str, str]) -> Manifest | None:
    """Return the manifest among a collection's properties; None if it is missing or can't be read."""
    try:
        return Manifest.from_json(json.loads(properties[MANIFEST]))
    except (KeyError, ValueError, RecursionError):
        return None


def quoted(text: str) -> str:
    """Return a text as a string literal of an expression."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return '"' + escaped.replace("\t", "\\t") + '"'


def place_of(entity: Mapping[str, Any]) -> PassagePlace:
    """Return the place of the passage that an entity holds."""
    return PassagePlace(*(entity[name] for name in PLACE_FIELDS))


def _effort(index_type: str, k: int) -> dict[str, int]:
    """Return search parameters by which an approximate index returns nine of ten of the best passages."""
    if index_type.startswith("HNSW"):
        return {"ef": max(256, k)}
    return {"nprobe": 64} if index_type.startswith("IVF") else {}


def _check_file(path: str, create: bool) -> None:
    if not path.endswith(".db"):
        raise ExemplarError(f"{path} {_NOT_AN_ADDRESS}")
    if create and not Path(path).parent.is_dir():
        raise ExemplarError(f"there is no folder {Path(path).parent} to keep a Milvus Lite file in")
    if not create and not Path(path).exists():
        raise ExemplarError(f"there is no Milvus Lite file {path}; make it: exemplar push NAME --to {path}")
