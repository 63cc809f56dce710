"""The words of a corpus in Milvus: a sparse field of its passages, and a second collection with one entity a term."""

import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from exemplar.data.corpus.corpus import Corpus
from exemplar.data.errors import IndexUnreachable
from exemplar.data.milvus.server import Server, quoted, translated_errors
from exemplar.data.words.index import WordsIndex
from exemplar.data.words.languages import is_language

if TYPE_CHECKING:
    from pymilvus import MilvusClient

WORDS = "exemplar.words"  # the property of both collections that holds the facts

_MOST_TERM = 2048  # bytes; a term has at most a hundred characters before they are folded
_BATCH = 5000  # terms of one call that writes
_BLOCK = 2**16  # documents whose terms are gathered at once
_CHUNK = 2000  # terms of one query
_CACHED = 200_000  # terms
_SECONDS = 10.0  # timeout of a call
_WRITE_SECONDS = 3600.0
_TERM_FIELDS = ("term", "number", "n_documents", "total")


@dataclass(frozen=True, slots=True)
class WordsFacts:
    """What a client must know of a words index beside its terms.

    Attributes
    ----------
    corpus
        Name of the corpus.
    analysis
        Of ``analysis_version``.
    mean_n_words
        The mean number of terms of a document, repeated ones counted.
    mean_length
        The mean length of the documents' vectors of weights, see ``WordsIndex``.
    longest_vector
        The Euclidean length of the longest vector of a passage.
    """

    corpus: str
    analysis: str
    language: str
    n_documents: int
    n_terms: int
    mean_n_words: float
    mean_length: float
    longest_vector: float

    @classmethod
    def of(cls, corpus: Corpus) -> Self:
        """Return the facts of a corpus on disk."""
        words, vectors = corpus.words, corpus.vectors
        return cls(
            corpus.manifest.name,
            words.header.analysis,
            words.language,
            words.n_documents,
            words.n_terms,
            float(words.n_words.mean(dtype=np.float64)) if words.n_documents else 0.0,
            words.mean_length,
            float(np.sqrt(np.einsum("ij,ij->i", vectors, vectors).max(initial=0.0))),
        )

    def to_json(self) -> str:
        """Return the facts as the text of a property."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self | None:
        """Return the facts in the text of a property; None if it holds none of this version."""
        try:
            content = json.loads(text)
            facts = cls(**content)
            numbers = (facts.n_documents, facts.n_terms, facts.mean_n_words, facts.mean_length, facts.longest_vector)
            is_valid = is_language(facts.language) and all(0 <= number < 1e30 for number in numbers)
        except (ValueError, TypeError, RecursionError):
            return None
        return facts if is_valid else None


class Term(NamedTuple):
    """A term of a corpus.

    Attributes
    ----------
    n_documents
        How many documents have it.
    total
        The sum of its weights over all passages.
    """

    term: str
    number: int
    n_documents: int
    total: float


class MilvusTerms:
    """The terms of a corpus in Milvus, fetched on demand and cached.

    Raises
    ------
    IndexUnreachable
        The server does not answer, or has lost the collection of the terms.
    """

    def __init__(self, server: Server, collection: str) -> None:
        self._client, self._uri, self._name = server.client, server.uri, terms_collection(collection)
        self._by_term: dict[str, Term | None] = {}
        self._by_number: dict[int, Term] = {}
        self._lock = threading.Lock()
        with translated_errors(self._uri):
            self._client.load_collection(self._name, timeout=_SECONDS)

    def of(self, terms: Sequence[str]) -> list[Term | None]:
        """Return what is known of terms, in their order; None for one that no document has."""
        with self._lock:
            self._forget()
            missing = [term for term in terms if term not in self._by_term]
            self._by_term |= dict.fromkeys(missing)
            self._fetch("term", list(map(quoted, missing)))
            return [self._by_term[term] for term in terms]

    def at(self, numbers: Sequence[int]) -> list[Term]:
        """Return the terms with some numbers, in their order."""
        with self._lock:
            self._forget()
            self._fetch("number", [str(number) for number in numbers if number not in self._by_number])
            if missing := [number for number in numbers if number not in self._by_number]:
                raise IndexUnreachable(f"the collection {self._name} at {self._uri} has lost the term {missing[0]}")
            return [self._by_number[number] for number in numbers]

    def _forget(self) -> None:
        if len(self._by_term) > _CACHED:
            self._by_term, self._by_number = {}, {}

    def _fetch(self, field: str, values: list[str]) -> None:
        for start in range(0, len(values), _CHUNK):
            expression = f"{field} in [{', '.join(values[start : start + _CHUNK])}]"
            with translated_errors(self._uri):
                entities = self._client.query(
                    self._name, filter=expression, output_fields=list(_TERM_FIELDS), timeout=_SECONDS
                )
            for entity in entities:
                term = Term(entity["term"], entity["number"], entity["n_documents"], entity["total"])
                self._by_term[entity["term"]] = self._by_number[term.number] = term


def terms_collection(collection: str) -> str:
    """Return the name of the collection with a corpus's terms; no corpus has such a name."""
    return f"_terms_of_{collection}"


def term_weights(words: WordsIndex, first: int) -> Iterator[dict[int, float]]:
    """Yield the sparse field of every document from ``first`` on: its weights by the numbers of its terms.

    Milvus Lite takes no empty rows; a document without terms has a term that no query asks for.
    """
    for start in range(first, words.n_documents, _BLOCK):
        for terms, weights in words.rows(start, start + _BLOCK):
            pairs = zip(terms.tolist(), weights.tolist(), strict=True)
            yield {term: weight for term, weight in pairs if weight} or {words.n_terms: 1.0}


def push_terms(client: "MilvusClient", collection: str, corpus: Corpus, facts: WordsFacts) -> None:
    """Write the collection of a corpus's terms, unless it holds all of them already."""
    name, n_terms = terms_collection(collection), corpus.words.n_terms
    if client.has_collection(name, timeout=_WRITE_SECONDS):
        [row] = client.query(
            name, filter="", output_fields=["count(*)"], consistency_level="Strong", timeout=_WRITE_SECONDS
        )
        if int(row["count(*)"]) == n_terms:
            return
        client.drop_collection(name, timeout=_WRITE_SECONDS)
    _create(client, name, facts)
    for batch in _batches(corpus.words, np.bincount(corpus.document_rows, minlength=corpus.n_documents)):
        client.insert(name, batch, timeout=_WRITE_SECONDS)
    client.flush(name, timeout=_WRITE_SECONDS)


def _create(client: "MilvusClient", name: str, facts: WordsFacts) -> None:
    from pymilvus import DataType, MilvusClient

    schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("term", DataType.VARCHAR, is_primary=True, max_length=_MOST_TERM)
    schema.add_field("number", DataType.INT64)
    schema.add_field("n_documents", DataType.INT64)
    schema.add_field("total", DataType.DOUBLE)
    schema.add_field("nothing", DataType.FLOAT_VECTOR, dim=2)  # a collection must have a vector
    indexes = client.prepare_index_params()
    indexes.add_index("nothing", index_type="FLAT", metric_type="IP")
    client.create_collection(
        name, schema=schema, index_params=indexes, properties={WORDS: facts.to_json()}, timeout=_WRITE_SECONDS
    )
    client.load_collection(name, timeout=_WRITE_SECONDS)


def _batches(words: WordsIndex, n_passages: NDArray[np.int64]) -> Iterator[list[dict[str, Any]]]:
    """Yield the entities of all terms; ``n_passages`` is that of every document."""
    for start in range(0, words.n_terms, _BATCH):
        batch = []
        for number, term in enumerate(words.terms(range(start, min(start + _BATCH, words.n_terms))), start):
            documents, weights = words.weights(number)
            total = float(weights.astype(np.float64) @ n_passages[documents])
            values = (term, number, len(documents), total)
            batch.append(dict(zip(_TERM_FIELDS, values, strict=True)) | {"nothing": [0.0, 0.0]})
        yield batch
