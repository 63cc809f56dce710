"""Rank a corpus, or rows that the request holds, by a saved search; and the saved search of a session."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

from exemplar.api.engines import Engines
from exemplar.api.schemas import MARK_KEYS
from exemplar.api.sessions import loaded
from exemplar.data.corpus.catalog import searchable_corpora
from exemplar.data.documents import Document, Problem
from exemplar.data.encoders.model_files import DEFAULT_MODEL
from exemplar.data.errors import ExemplarError
from exemplar.data.files.table import Table, check_names, placed_row
from exemplar.data.sources.columns import Columns, pick_columns_of
from exemplar.data.sources.rows import read_rows
from exemplar.retrieval.saved_search import applying, making
from exemplar.retrieval.saved_search.applying import Applied
from exemplar.retrieval.saved_search.file import search_in_json
from exemplar.retrieval.saved_search.new_documents import encoder_of_search, engine_of_new
from exemplar.retrieval.saved_search.saved import SavedSearch
from exemplar.retrieval.search import SearchEngine
from exemplar.retrieval.sessions.store import home_store

_ROWS = "the request"  # what messages call them


def save(engines: Engines, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the saved search of a session."""
    session = loaded(given["session_id"])
    store = home_store()
    saved = making.saved_search(
        session,
        engines.engine(session.corpus),
        lambda: store.texts(session.session_id),
        store.title(session.session_id),
    )
    return saved.to_json()


def apply(engines: Engines, given: Mapping[str, Any]) -> dict[str, Any]:
    """Rank a corpus, or rows, by a saved search."""
    saved = _saved_search(given["search"])
    documents: Sequence[Document] = ()
    problems: Sequence[Problem] = ()
    if "corpus" in given:
        engine = engines.engine(given["corpus"])
    else:
        documents, problems = _documents_in(given["rows"], given.get("columns", {}))
        engine = _engine_of(saved, documents, engines)
    retrain = given.get("retrain", False)
    applied = applying.apply(saved, engine, retrain=retrain)
    threshold = given.get("threshold", None if retrain else saved.threshold)
    skip = int(given.get("skip", 0))
    last = skip + int(given["k"]) if "k" in given else None
    return {
        "corpus": given.get("corpus"),
        "comparable": applied.comparable,
        "note": applied.note(saved),
        "threshold": threshold,
        "n_ranked": len(applied.rows),
        "n_passing": None if threshold is None else applied.n_passing(threshold),
        "results": _results(applied, slice(skip, last), threshold, documents),
        "problems": [
            {"row": (problem.line or 1) - 1, "reason": problem.reason, "left_out": problem.left_out}
            for problem in problems
        ],
    }


def _saved_search(content: Any) -> SavedSearch:
    try:
        return search_in_json(content)
    except ExemplarError as error:
        raise ExemplarError(f"'search' does not hold a saved search: {error}") from error


def _documents_in(
    rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str]
) -> tuple[list[Document], list[Problem]]:
    """Return the documents of rows, and what is wrong with rows; both know their rows by ``line``."""
    names = tuple(dict.fromkeys(chain.from_iterable(rows)))
    check_names(len(names), sum(map(len, names)))
    placed = [placed_row(row, place) for place, row in enumerate(rows, 1)]
    table = Table(names, lambda wanted: iter(placed))
    requested = Columns(*(columns.get(role) for role in ("text", "title", "label", "id")))
    chosen = pick_columns_of(table, requested, _ROWS).chosen()
    documents: list[Document] = []
    problems: list[Problem] = []
    for item in read_rows(table, chosen, set()):
        if isinstance(item, Problem):
            problems.append(item)
        else:
            documents.append(item)
    if not documents:
        first = next((problem.reason for problem in problems if problem.left_out), "no text")
        raise ExemplarError(f"none of the {len(rows):,} rows has a text that can be read; the first: {first}")
    return documents, problems


def _engine_of(saved: SavedSearch, documents: Sequence[Document], engines: Engines) -> SearchEngine:
    """Return an engine over documents, embedded by the model of a saved search.

    A request may name any model, so only the built-in one is loaded, and those of this machine's corpora.
    """
    own = (manifest.encoder for manifest in searchable_corpora().values())
    same = next((info for info in own if applying.has_same_vectors(info, saved.encoder)), None)
    built = saved.encoder if same is None else replace(same, precision=saved.encoder.precision)
    encoder = encoder_of_search(
        saved,
        known=lambda: {DEFAULT_MODEL, *([same.model] if same else [])},
        load=lambda model, **options: engines.encoder(built),
    )
    return engine_of_new(saved, documents, encoder, name=_ROWS)


def _results(
    applied: Applied, page: slice, threshold: float | None, documents: Sequence[Document]
) -> list[dict[str, Any]]:
    """Return the documents of a page of the ranking, without their texts."""
    rows, scores = applied.rows[page].tolist(), applied.scores[page].tolist()
    doc_ids = applied.engine.corpus.doc_ids(rows)
    return [
        {
            "rank": rank,
            "doc_id": doc_id,
            "row": (documents[row].line or 1) - 1 if documents else None,
            "score": score,
            "passes": None if threshold is None else score >= threshold,
            "mark": MARK_KEYS[applied.marks[row].mark] if row in applied.marks else None,
        }
        for rank, (row, doc_id, score) in enumerate(zip(rows, doc_ids, scores, strict=True), (page.start or 0) + 1)
    ]
