"""The documents of a corpus in a Milvus collection, fetched on demand and cached."""

import functools
import re
import unicodedata
from collections.abc import Collection as Sized
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from exemplar.data.arrow import DOCUMENT_SCHEMA
from exemplar.data.corpus.arrivals import seconds_of
from exemplar.data.corpus.facets import UNLABELLED, Facets
from exemplar.data.corpus.filters import Filters, folded, terms
from exemplar.data.corpus.store import row_in
from exemplar.data.documents import Document, hash_in_words, signed_hash, signed_number, split_title
from exemplar.data.errors import ExemplarError
from exemplar.data.milvus.server import (
    ARRIVED,
    CHOICES,
    MOST_ROWS,
    PLACE_FIELDS,
    Collection,
    PassagePlace,
    place_of,
    quoted,
)

_CHUNK = 2000  # documents or passages in one query
_MOST_DOCUMENTS = 4096  # in the cache
_MOST_PLACES = 65_536  # documents whose rows and passages are known


class _Place(NamedTuple):
    """Where the passages of a document are, and the signed hash of its full text."""

    doc_id: str
    first: int
    n_passages: int
    text_hash: int

    @property
    def passages(self) -> range:
        return range(self.first, self.first + self.n_passages)


@dataclass(frozen=True, slots=True)
class _Known:
    """The rows of documents by doc_id, None for one that does not exist, and their places by row."""

    rows: dict[str, int | None] = field(default_factory=dict)
    places: dict[int, _Place] = field(default_factory=dict)

    def add(self, passage: int, place: PassagePlace) -> None:
        """Add the document of a passage."""
        self.rows[place.doc_id] = place.document
        self.places[place.document] = _Place(place.doc_id, passage - place.number, place.n_passages, place.text_hash)


class MilvusCorpus:
    """A DocumentStore over a collection; documents keep the rows of the corpus that was pushed."""

    def __init__(self, collection: Collection) -> None:
        self.collection, self.manifest = collection, collection.manifest
        self._known = _Known()
        self._documents: dict[int, Document] = {}
        self._copies: dict[int, list[int]] = {}  # rows by the hash of their text

    @property
    def n_documents(self) -> int:
        """Number of documents."""
        return self.manifest.n_documents

    def rows_of(self, doc_ids: Iterable[str]) -> dict[str, int]:
        """Return the rows of documents by doc_id, leaving out documents that do not exist."""
        names, known = list(doc_ids), self._bounded()
        for chunk in _chunks([doc_id for doc_id in dict.fromkeys(names) if doc_id not in known.rows]):
            self._fetch_places(f"number == 0 and doc_id in [{', '.join(map(quoted, chunk))}]", known)
            for doc_id in chunk:
                known.rows.setdefault(doc_id, None)  # the document does not exist
        rows = ((doc_id, known.rows[doc_id]) for doc_id in names)
        return {doc_id: row for doc_id, row in rows if row is not None}

    def row(self, doc_id: str) -> int:
        """Return the row of a document; ExemplarError if the document does not exist."""
        return row_in(self.rows_of([doc_id]), doc_id, self.manifest.name)

    def doc_ids(self, rows: Sequence[int] | NDArray[np.intp]) -> list[str]:
        """Return the doc_ids of the documents at rows, in the order of the rows."""
        return [place.doc_id for place in self._places_of(rows)]

    def document(self, row: int) -> Document:
        """Return the document at a row."""
        return self.documents_at([row])[0]

    def documents_at(self, rows: Sequence[int]) -> list[Document]:
        """Return the documents at rows, in the order of the rows, joined from their passages."""
        if len(self._documents) > _MOST_DOCUMENTS:
            self._documents = {}
        documents = self._documents  # another thread may replace the attribute meanwhile
        for chunk in _chunks(sorted(set(rows).difference(documents))):
            documents |= self._fetched_documents(chunk)
        return [documents[row] for row in rows]

    def text_hashes(self, rows: Sequence[int]) -> list[str]:
        """Return the hashes of the full texts of documents, each 16 hexadecimal digits, in the order of the rows."""
        return [hash_in_words(number) for number in self.text_numbers(rows).tolist()]

    @property
    def n_texts(self) -> int:
        """Number of documents, since Milvus can't count different texts."""
        return self.n_documents

    def text_numbers(self, rows: Sequence[int] | NDArray[np.intp]) -> NDArray[np.int64]:
        """Return the hash of the full text of every document at rows, signed."""
        return np.array([place.text_hash for place in self._places_of(rows)], np.int64)

    def copies_of(self, rows: Sequence[int]) -> list[list[int]]:
        """Return for every document at rows the rows of the documents with its full text, ascending; with itself.

        Milvus returns 16,384 of them at most.
        """
        numbers = self.text_numbers(rows).tolist()
        if len(self._copies) > _MOST_DOCUMENTS:
            self._copies = {}
        copies = self._copies  # another thread may replace the attribute meanwhile
        for chunk in _chunks(sorted(set(numbers).difference(copies))):
            found: dict[int, list[int]] = {number: [] for number in chunk}
            for entity in self.collection.query(f"number == 0 and text_hash in {chunk}", ["document", "text_hash"]):
                found[entity["text_hash"]].append(entity["document"])
            copies |= {number: sorted(found[number]) for number in chunk}
        return [sorted({row, *copies[number]}) for row, number in zip(rows, numbers, strict=True)]

    def passages_of(self, row: int) -> range:
        """Return the passages of the document at a row."""
        return self._places_of([row])[0].passages

    def passages_of_all(self, rows: NDArray[np.intp]) -> NDArray[np.intp]:
        """Return the passages of the documents at rows, which are ascending and different; ascending."""
        return np.concatenate([np.empty(0, np.intp), *(place.passages for place in self._places_of(rows))])

    def passages_at(self, passages: Sequence[int] | NDArray[np.intp]) -> NDArray[np.int64]:
        """Return the document's row, start and end of passages as ``(n, 3) int64``."""
        numbers = [int(passage) for passage in passages]
        places, known = self.collection.places(numbers), self._bounded()
        for passage, place in zip(numbers, places, strict=True):
            known.add(passage, place)
        bounds = [(place.document, place.start, place.end) for place in places]
        return np.array(bounds, np.int64).reshape(-1, 3)

    def rows_with(self, texts: Sequence[str]) -> NDArray[np.intp]:
        """Return the rows of the documents whose text has the hash of one of the texts, ascending."""
        return self._rows_with_numbers({signed_hash(text) for text in texts})

    def rows_with_hashes(self, text_hashes: Iterable[str]) -> NDArray[np.intp]:
        """Return the rows of the documents whose full text has one of some hashes, ascending."""
        return self._rows_with_numbers({signed_number(text_hash) for text_hash in text_hashes})

    def select(self, filters: Filters) -> "MilvusSelection":
        """Return the documents that pass filters; Milvus matches words against single passages."""
        has_words = bool(filters.words.strip() or filters.without.strip())
        return MilvusSelection(self, expression_of(filters, self.collection.fields), in_passages=has_words)

    @functools.cached_property
    def facets(self) -> Facets:
        """The values that the documents can be filtered by, as they were when the corpus was pushed."""
        return Facets.from_json(self.collection.properties.get(CHOICES, ""))

    def values_in(self, column: str | None) -> Iterator[tuple[int, tuple[str, ...]]]:
        """Yield the rows of documents with values in a column, in order, each with them; None means the labels."""
        output = ["document", self._labels if column is None else "metadata"]
        for entity in self.collection.all_entities(output, "number == 0"):
            value = None if column is None else (entity["metadata"] or {}).get(column)
            values = _labels_in(entity) if column is None else () if value is None else (value,)
            if values:
                yield entity["document"], values

    @functools.cached_property
    def documents(self) -> pa.Table:
        """All documents with the columns doc_id, text and labels; reads the collection in full: no search uses it."""
        ids: list[str] = []
        texts: list[list[str]] = []
        labels: list[tuple[str, ...]] = []
        for entity in self.collection.all_entities(["number", "doc_id", "text", self._labels]):
            if entity["number"] == 0:
                ids.append(entity["doc_id"])
                labels.append(_labels_in(entity))
                texts.append([])
            texts[-1].append(entity["text"])
        columns = {"doc_id": ids, "text": list(map("".join, texts)), "labels": labels}
        return pa.table({name: pa.array(values, DOCUMENT_SCHEMA.field(name).type) for name, values in columns.items()})

    @functools.cached_property
    def rows(self) -> dict[str, int]:
        """Row of every document by its doc_id; reads as much as ``documents``."""
        return {doc_id: row for row, doc_id in enumerate(self.documents["doc_id"].to_pylist())}

    @property
    def _labels(self) -> str:
        """The field of a document's labels; earlier versions had one label a document."""
        return "labels" if "labels" in self.collection.fields else "label"

    def _rows_with_numbers(self, hashes: Iterable[int]) -> NDArray[np.intp]:
        rows: list[int] = []
        for chunk in _chunks(sorted(hashes)):
            entities = self.collection.query(f"number == 0 and text_hash in {chunk}", ["document"])
            rows += (entity["document"] for entity in entities)
        return np.array(sorted(rows), np.intp)

    def _bounded(self) -> _Known:
        """Return what is known of documents; forget all of it first if that is much.

        A caller takes what it needs from this value alone: another thread may forget at any time.
        """
        if len(self._known.rows) > _MOST_PLACES:
            self._known = _Known()
        return self._known

    def _places_of(self, rows: Sequence[int] | NDArray[np.intp]) -> list[_Place]:
        """Return the places of the documents at rows, after fetching those that are not known."""
        numbers, known = [int(row) for row in rows], self._bounded()
        for chunk in _chunks(sorted(set(numbers).difference(known.places))):
            self._fetch_places(f"number == 0 and document in {chunk}", known)
        return [known.places[row] for row in numbers]

    def _fetch_places(self, expression: str, known: _Known) -> None:
        for entity in self.collection.query(expression, PLACE_FIELDS):
            known.add(entity["passage"], place_of(entity))

    def _fetched_documents(self, rows: Sequence[int]) -> dict[int, Document]:
        """Return documents by row, joined from their passages."""
        parts: dict[int, list[tuple[int, str]]] = {row: [] for row in rows}
        entities = {}
        for entity in self._entities(rows):
            parts[entity["document"]].append((entity["passage"], entity["text"]))
            entities[entity["document"]] = entity
        texts = {row: "".join(text for _, text in sorted(parts[row])) for row in entities}
        return {row: _document(entity, texts[row]) for row, entity in entities.items()}

    def _entities(self, rows: Sequence[int]) -> Iterator[dict[str, Any]]:
        """Yield the entities of all passages of the documents at rows."""
        output = ["document", "doc_id", "text", self._labels, "metadata"]
        output += {"title_length"} & self.collection.fields
        for chunk in _chunks([passage for place in self._places_of(rows) for passage in place.passages]):
            yield from self.collection.query(f"passage in {chunk}", output)


class MilvusSelection:
    """The Selection of a corpus in Milvus; ``within`` is an expression, which Milvus applies.

    Parameters
    ----------
    in_passages
        Count the passages that match, because the expression contains words; else count documents.
    """

    def __init__(self, corpus: MilvusCorpus, expression: str, *, in_passages: bool) -> None:
        self._corpus, self.within = corpus, expression
        self._counted = _and(expression, "" if in_passages else "number == 0")

    @functools.cached_property
    def n_documents(self) -> int:
        """Number of selected documents."""
        return min(self._corpus.n_documents, self._corpus.collection.count(self._counted))

    @property
    def n_texts(self) -> int:
        """Number of selected documents, since Milvus can't count different texts."""
        return self.n_documents

    @property
    def rows(self) -> NDArray[np.intp]:
        """The rows of the selected documents, ascending; Milvus transfers all of them."""
        query, n_passages = self._corpus.collection.query, self._corpus.manifest.n_passages
        rows: set[int] = set()
        for first in range(0, n_passages, MOST_ROWS):
            part = f"passage >= {first} and passage < {first + MOST_ROWS}"
            rows.update(entity["document"] for entity in query(_and(self._counted, part), ["document"]))
        return np.array(sorted(rows), np.intp)

    def count(self, rows: Sized[int]) -> int:
        """Return how many of the documents at rows are selected."""
        return self._corpus.collection.count(_and(self._counted, f"document in {list(rows)}")) if rows else 0

    def count_texts(self, rows: Sized[int]) -> int:
        """Return how many of the documents at rows are selected, as for ``n_texts``."""
        return self.count(rows)

    def draw(self, n: int, seed: int) -> NDArray[np.intp]:
        """Return the rows of about n random selected documents, ascending; of the first ones if few are selected."""
        total, query = self._corpus.n_documents, self._corpus.collection.query
        candidates = np.random.default_rng(seed).choice(total, min(10 * n, total), replace=False, shuffle=False)
        entities = query(_and(self._counted, f"document in {sorted(candidates.tolist())}"), ["document"])
        if len(entities) < n and total > candidates.size:
            entities += query(_and(self._counted), ["document"], limit=n)
        rows = dict.fromkeys(entity["document"] for entity in entities)
        return np.sort(np.random.default_rng(seed).permutation(list(rows))[:n].astype(np.intp))


def _chunks(items: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(items), _CHUNK):
        yield items[start : start + _CHUNK]


def _document(entity: dict[str, Any], full_text: str) -> Document:
    title, text = split_title(full_text, entity.get("title_length"))
    return Document(entity["doc_id"], text, _labels_in(entity), dict(entity["metadata"] or {}), title)


def _labels_in(entity: dict[str, Any]) -> tuple[str, ...]:
    if "labels" in entity:
        return tuple(entity["labels"])
    return () if entity["label"] is None else (entity["label"],)


def expression_of(filters: Filters, fields: Sized[str]) -> str:
    """Return filters as an expression of Milvus.

    Parameters
    ----------
    fields
        The fields of the collection. Without the field ``words``, which earlier versions did not push, a term's words
        need not stand one after another.

    Raises
    ------
    ExemplarError
        ``Filters.check`` raises it, or new documents are asked for, and an earlier version pushed the collection.
    """
    filters.check()
    parts = []
    if filters.since:
        if ARRIVED not in fields:
            raise ExemplarError(
                "the collection does not say which documents are new; push the corpus again", hint="replace"
            )
        parts.append(f"{ARRIVED} >= {seconds_of(filters.since)}")
    if filters.labels:
        labels = ", ".join(quoted(label) for label in filters.labels if label != UNLABELLED)
        several = "labels" in fields
        kinds = [f"array_contains_any(labels, [{labels}])" if several else f"label in [{labels}]"] if labels else []
        if UNLABELLED in filters.labels:
            kinds.append("array_length(labels) == 0" if several else "label is null")
        parts.append(" or ".join(kinds))
    for name, values in filters.fields:
        parts.append(" or ".join(f"metadata[{quoted(name)}] == {quoted(value)}" for value in values))
    contains = _contains if "words" in fields else _contains_all_words
    parts += [contains(term) for term in terms(filters.words)]
    parts += [f"not ({contains(term)})" for term in terms(filters.without)]
    return _and(*parts)


def _contains(term: str) -> str:
    pattern = re.sub("[%_]", r"\\\g<0>", folded(term))
    return f"words like {quoted(f'%{pattern}%')}"


def _contains_all_words(term: str) -> str:
    words = re.findall(r"\w+", unicodedata.normalize("NFC", term)) or [term]
    return _and(*(f"text_match(text, {quoted(word)})" for word in words))


def _and(*parts: str) -> str:
    return " and ".join(f"({part})" for part in parts if part)
