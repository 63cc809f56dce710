"""The documents of a corpus in a Milvus collection: what is asked for is fetched, and kept for the next time."""

import functools
import unicodedata
from collections.abc import Collection as Some
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from exemplar.data.corpus.facets import UNLABELLED, Facets
from exemplar.data.corpus.filters import Filters, terms
from exemplar.data.corpus.store import row_in
from exemplar.data.documents import Document, signed_hash
from exemplar.data.errors import ExemplarError
from exemplar.data.milvus.server import CHOICES, PLACE, Collection, Place, place_of, quoted

_CHUNK = 2000  # documents of one question
_KEPT = 4096  # documents


class MilvusCorpus:
    """Stands where a Corpus does; its rows are those that the documents had when they were put there.

    Attributes
    ----------
    collection
        Where everything comes from.
    """

    def __init__(self, collection: Collection) -> None:
        self.collection, self.manifest = collection, collection.manifest
        self._rows: dict[str, int | None] = {}
        self._places: dict[int, Place] = {}  # of each document one
        self._firsts: dict[int, int] = {}  # the first passage of each document
        self._documents: dict[int, Document] = {}

    @property
    def n_documents(self) -> int:
        """Number of documents."""
        return self.manifest.n_documents

    def rows_of(self, doc_ids: Iterable[str]) -> dict[str, int]:
        """Return the rows of those of some documents that are there."""
        wanted = list(doc_ids)
        unknown = [doc_id for doc_id in dict.fromkeys(wanted) if doc_id not in self._rows]
        for start in range(0, len(unknown), _CHUNK):
            chunk = unknown[start : start + _CHUNK]
            listed = ", ".join(map(quoted, chunk))
            self._learn(f"number == 0 and doc_id in [{listed}]")
            for doc_id in chunk:
                self._rows.setdefault(doc_id, None)  # once it is known that it is not there
        found = ((doc_id, self._rows[doc_id]) for doc_id in wanted)
        return {doc_id: row for doc_id, row in found if row is not None}

    def row(self, doc_id: str) -> int:
        """Return the row of a document; ExemplarError if it does not exist."""
        return row_in(self.rows_of([doc_id]), doc_id, self.manifest.name)

    def doc_ids(self, rows: Sequence[int] | NDArray[np.intp]) -> list[str]:
        """Return the doc_ids of some rows, in their order."""
        return [self._places[row].doc_id for row in self._known(rows)]

    def document(self, row: int) -> Document:
        """Return the document at a row."""
        return self.documents_at([row])[0]

    def documents_at(self, rows: Sequence[int]) -> list[Document]:
        """Return the documents at some rows, in their order, each put together from its passages."""
        if len(self._documents) > _KEPT:
            self._documents = {}
        documents = self._documents  # pages of several visitors ask at once, and one of them may begin anew
        unknown = sorted(set(rows).difference(documents))
        for start in range(0, len(unknown), _CHUNK):
            documents |= self._fetched(unknown[start : start + _CHUNK])
        return [documents[row] for row in rows]

    def passages_of(self, row: int) -> range:
        """Return the rows of the passages of the document at a row."""
        self._known([row])
        first = self._firsts[row]
        return range(first, first + self._places[row].n_passages)

    def passages_at(self, passages: Sequence[int] | NDArray[np.intp]) -> NDArray[np.int64]:
        """Return of some passages ``(n, 3)`` the row of the document, start and end in its text."""
        numbers = [int(passage) for passage in passages]
        places = self.collection.places(numbers)
        for passage, place in zip(numbers, places, strict=True):
            self._note(passage, place)
        found = [(place.document, place.start, place.end) for place in places]
        return np.array(found, np.int64).reshape(-1, 3)

    def rows_with(self, texts: Sequence[str]) -> NDArray[np.intp]:
        """Return the rows of documents whose text is one of these, by its hash."""
        hashes = sorted({signed_hash(text) for text in texts})
        found = self.collection.query(f"number == 0 and text_hash in {hashes}", ["document"]) if hashes else []
        return np.array(sorted(row["document"] for row in found), np.intp)

    def select(self, filters: Filters) -> "Matched":
        """Return the documents that pass; words are looked for in each passage by itself."""
        return Matched(self, expression_of(filters), in_passages=bool(filters.words.strip() or filters.without.strip()))

    @functools.cached_property
    def facets(self) -> Facets:
        """What the documents can be filtered by, as it was when they were put there."""
        return Facets.from_json(self.collection.properties.get(CHOICES, ""))

    @functools.cached_property
    def documents(self) -> pa.Table:
        """All documents: doc_id, text and label. They are read from the collection, whole; no search does."""
        ids: list[str] = []
        texts: list[list[str]] = []
        labels: list[str | None] = []
        for found in self.collection.every("", ["number", "doc_id", "text", "label"]):
            if found["number"] == 0:
                ids.append(found["doc_id"])
                labels.append(found["label"])
                texts.append([])
            texts[-1].append(found["text"])
        columns = {"doc_id": ids, "text": ["".join(of_it) for of_it in texts], "label": labels}
        return pa.table({name: pa.array(values, pa.large_string()) for name, values in columns.items()})

    @functools.cached_property
    def rows(self) -> dict[str, int]:
        """Row of each doc_id; see documents."""
        return {doc_id: row for row, doc_id in enumerate(self.documents["doc_id"].to_pylist())}

    def _known(self, rows: Sequence[int] | NDArray[np.intp]) -> list[int]:
        """Learn where some documents are, and return them."""
        numbers = [int(row) for row in rows]
        unknown = sorted({row for row in numbers if row not in self._places})
        for start in range(0, len(unknown), _CHUNK):
            self._learn(f"number == 0 and document in {unknown[start : start + _CHUNK]}")
        return numbers

    def _learn(self, expression: str) -> None:
        for found in self.collection.query(expression, PLACE):
            self._note(found["passage"], place_of(found))

    def _note(self, passage: int, place: Place) -> None:
        self._rows[place.doc_id] = place.document
        self._places[place.document] = place
        self._firsts[place.document] = passage - place.number

    def _fetched(self, rows: Sequence[int]) -> dict[int, Document]:
        parts: dict[int, list[tuple[int, str]]] = {row: [] for row in rows}
        heads = {}
        for found in self._entities(rows):
            parts[found["document"]].append((found["passage"], found["text"]))
            heads[found["document"]] = found
        texts = {row: "".join(stretch for _, stretch in sorted(parts[row])) for row in heads}
        return {
            row: Document(head["doc_id"], texts[row], head["label"], dict(head["metadata"] or {}))
            for row, head in heads.items()
        }

    def _entities(self, rows: Sequence[int]) -> Iterable[dict[str, Any]]:
        """Yield all passages of some documents, a few thousand at a time."""
        output = ["document", "doc_id", "text", "label", "metadata"]
        passages = [passage for row in self._known(rows) for passage in self.passages_of(row)]
        for start in range(0, len(passages), _CHUNK):
            yield from self.collection.query(f"passage in {passages[start : start + _CHUNK]}", output)


class Matched:
    """A Selection of a corpus that is served; ``within`` is an expression, which Milvus itself applies.

    Where words are looked for, it counts passages that have them.
    """

    def __init__(self, corpus: MilvusCorpus, expression: str, *, in_passages: bool) -> None:
        self._corpus, self.within = corpus, expression
        self._counted = _and(expression, "" if in_passages else "number == 0")

    @functools.cached_property
    def n_documents(self) -> int:
        """How many there are."""
        return min(self._corpus.n_documents, self._corpus.collection.count(self._counted))

    def count(self, rows: Some[int]) -> int:
        """Return how many of some documents are among them, by row."""
        return self._corpus.collection.count(_and(self._counted, f"document in {list(rows)}")) if rows else 0

    def draw(self, n: int, seed: int) -> NDArray[np.intp]:
        """Return the rows of about n random ones, ascending; where few pass, of the first."""
        total = self._corpus.n_documents
        rows = np.random.default_rng(seed).choice(total, min(10 * n, total), replace=False, shuffle=False)
        found = self._corpus.collection.query(_and(self._counted, f"document in {sorted(rows.tolist())}"), ["document"])
        if len(found) < n and total > rows.size:
            found += self._corpus.collection.query(_and(self._counted), ["document"], limit=n)
        drawn = dict.fromkeys(row["document"] for row in found)
        return np.sort(np.random.default_rng(seed).permutation(list(drawn))[:n].astype(np.intp))


def expression_of(filters: Filters) -> str:
    """Return filters as an expression of Milvus.

    Raises
    ------
    ExemplarError
        Words are held together by quotes, which Milvus does not look for; or the filters can't be looked for at all.
    """
    filters.check()
    parts = []
    if filters.labels:
        labels = ", ".join(quoted(label) for label in filters.labels if label != UNLABELLED)
        kinds = [f"label in [{labels}]"] if labels else []
        kinds += ["label is null"] if UNLABELLED in filters.labels else []
        parts.append(" or ".join(kinds))
    for name, values in filters.fields:
        parts.append(" or ".join(f"metadata[{quoted(name)}] == {quoted(value)}" for value in values))
    parts += [_with(term) for term in terms(filters.words)]
    parts += [f"not ({_with(term)})" for term in terms(filters.without)]
    return _and(*parts)


def _with(term: str) -> str:
    if " " in term:
        raise ExemplarError(f'Milvus looks for single words, not for phrases: type "{term}" without the quotes')
    return f"text_match(text, {quoted(unicodedata.normalize('NFC', term))})"


def _and(*parts: str) -> str:
    return " and ".join(f"({part})" for part in parts if part)
