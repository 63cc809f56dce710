"""The export of a ranking by a saved search: the rows of a corpus as they came, with mark, rank and score."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exemplar.data.errors import ExemplarError
from exemplar.data.tabular.own_columns import own_name
from exemplar.retrieval.exports.about import exemplar_version
from exemplar.retrieval.exports.export import Export, Kind, Row
from exemplar.retrieval.exports.ranks import limit_of_lists
from exemplar.retrieval.exports.source_table import column_roles, source_table
from exemplar.retrieval.feedback import MARK_NAMES
from exemplar.retrieval.saved_search.applying import Applied, why_vectors_are_unused
from exemplar.retrieval.saved_search.saved import SavedMark, SavedSearch, check_threshold

_TOGETHER = 1024  # rows whose own cells are made together
_OWN: dict[str, Kind] = {
    "doc_id": "text",
    "text_hash": "text",
    "mark": "text",
    "note": "text",
    "reason": "text",
    "reader": "text",
    "rank": "int",
    "score": "float",
}


def ranked_export(
    applied: Applied, saved: SavedSearch, *, n: int | None = None, threshold: float | None = None
) -> Export:
    """Return all rows of a corpus, best first, or the n best.

    Copies of a text share a rank. A row that is not ranked, as it has no word of the search, stands at the end and has
    no rank. What the saved search marked has its mark, note, reason and reader. With a threshold the column ``passes``
    says which rows have at least this score.

    Raises
    ------
    ExemplarError
        There are fewer than n rows, or the threshold is no number.
    """
    check_threshold(threshold)
    corpus = applied.engine.corpus
    table = source_table(corpus)
    unranked = np.setdiff1d(np.arange(corpus.n_documents), applied.rows)
    documents = np.concatenate([applied.rows, unranked])
    if n is not None and not 1 <= n <= len(documents):
        raise ExemplarError(f"there are {len(documents):,} rows; ask for 1 to {len(documents):,}, not {n:,}")
    documents = documents[:n]
    places = np.full(corpus.n_documents, -1)
    places[table.documents[table.documents >= 0]] = np.flatnonzero(table.documents >= 0)
    rows = places[documents]
    kinds = table.columns(np.sort(rows))
    own = _OWN | ({} if threshold is None else {"passes": "bool"})
    names = {name: own_name(name, kinds) for name in own}
    cells = _Cells(applied, threshold)

    def made() -> Iterator[Row]:
        read = table.read(rows)
        while together := list(islice(read, _TOGETHER)):
            own = cells.of([row.document for row in together])
            for row, of_row in zip(together, own, strict=True):
                yield {**row.cells, **{names[name]: cell for name, cell in of_row.items()}}

    return Export(
        (*kinds, *names.values()),
        tuple(names.values()),
        made,
        len(rows),
        about_ranking(applied, saved, threshold),
        {**kinds, **{names[name]: kind for name, kind in own.items()}},
        column_roles(corpus, list(kinds)),
    )


def about_ranking(applied: Applied, saved: SavedSearch, threshold: float | None) -> dict[str, Any]:
    """Return what a ranking by a saved search is, as JSON values."""
    manifest, encoder = applied.engine.corpus.manifest, applied.engine.corpus.manifest.encoder
    limit, otherwise = limit_of_lists(applied.engine.corpus), applied.computed_otherwise(saved)
    unused = why_vectors_are_unused(saved, applied.engine.corpus)
    return {
        "saved_search": {
            "title": saved.title,
            "created": saved.created,
            "corpus": saved.corpus,
            "query": saved.query_in_words,
            "ranker": saved.ranker,
            "n_relevant": saved.n_marked("positive"),
            "n_not_relevant": saved.n_marked("negative"),
        },
        **({"computed_otherwise": otherwise} if otherwise else {}),
        **({"saved_vectors": unused or "used"} if saved.vectors and not applied.comparable else {}),
        "weights": "saved" if applied.comparable else "trained anew: scores do not compare with those elsewhere",
        "threshold": threshold,
        "corpus": {"name": manifest.name, "documents": manifest.n_documents, "built": manifest.created},
        "model": {
            "name": encoder.model,
            "revision": encoder.revision,
            "vectors": manifest.vectors,
            "precision": encoder.precision,
            "backend": encoder.backend,
        },
        **({"limit_of_lists": limit} if limit else {}),
        "exemplar": exemplar_version(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }


class _Cells:
    """The own cells of documents."""

    def __init__(self, applied: Applied, threshold: float | None) -> None:
        corpus = applied.engine.corpus
        self._corpus, self._marks, self._threshold = corpus, applied.marks, threshold
        self._rank = np.zeros(corpus.n_documents, np.int64)
        self._rank[applied.rows] = _ranks(corpus.text_numbers(applied.rows))
        self._score = np.full(corpus.n_documents, np.nan)
        self._score[applied.rows] = applied.scores

    def of(self, documents: Sequence[int]) -> Iterator[dict[str, Any]]:
        """Yield the cells of the documents at rows of the corpus."""
        ids, hashes = self._corpus.doc_ids(documents), self._corpus.text_hashes(documents)
        ranks, scores = self._rank[documents].tolist(), self._score[documents].tolist()
        for document, doc_id, text_hash, rank, score in zip(documents, ids, hashes, ranks, scores, strict=True):
            is_ranked = score == score
            cells = {"doc_id": doc_id, "text_hash": text_hash, "rank": rank or None}
            cells["score"] = score if is_ranked else None
            if self._threshold is not None:
                cells["passes"] = is_ranked and score >= self._threshold
            yield cells | _cells_of(self._marks.get(document))


def _cells_of(mark: SavedMark | None) -> dict[str, Any]:
    if mark is None:
        return {}
    about = {"note": mark.note, "reason": mark.reason, "reader": mark.reader}
    return {"mark": MARK_NAMES[mark.mark]} | {name: text for name, text in about.items() if text}


def _ranks(texts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the ranks of rows by the numbers of their texts: from 1, the same for equal texts."""
    _, first, number = np.unique(texts, return_index=True, return_inverse=True)
    rank_of = np.empty(len(first), np.int64)
    rank_of[np.argsort(first)] = np.arange(1, len(first) + 1)
    return rank_of[number]
