"""The text of the open row: whole, with the sentences that carry it, and what it is near to."""

from collections.abc import Sequence
from typing import Any

from exemplar.data.corpus.store import DocumentStore
from exemplar.data.encoders.base import Span
from exemplar.data.error_log import log_traceback
from exemplar.data.errors import ExemplarError
from exemplar.data.text import replace_lone_surrogates
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.highlights import SentenceHighlighter, carrying_words
from exemplar.retrieval.nearest import nearest_marked
from exemplar.retrieval.ranking import Ranking, Result, result_of
from exemplar.retrieval.search import SearchEngine
from exemplar.ui import html

_MOST_WHOLE = 100_000  # characters; millions would overload a browser for minutes
_MOST_FIELDS = 20
_LONGEST_FIELD = 300  # characters
_SENTENCE = 200


def opened_row(
    row: int, ranking: Ranking, engine: SearchEngine, highlighter: SentenceHighlighter, feedback: Feedback
) -> dict[str, Any] | None:
    """Return the whole text of a document with its best passage by a ranking; None if the corpus has no such row."""
    if not 0 <= row < engine.corpus.n_documents:
        return None
    [doc_id] = engine.corpus.doc_ids([row])
    result = engine.result(ranking.scorer, doc_id)
    words = carrying_words(engine, ranking.scorer, result)
    return _shown(row, result, _best(result, ranking, highlighter)) | {
        "because": _because(doc_id, engine, feedback),
        "words": [html.shortened(word, _LONGEST_FIELD) for word in words],
    }


def opened_drawn_row(row: int, corpus: DocumentStore) -> dict[str, Any] | None:
    """Return the whole text of a document of a random check; None if the corpus has no such row.

    Nothing of it comes from marks or a ranking, since these would lead the judgement.
    """
    if not 0 <= row < corpus.n_documents:
        return None
    return _shown(row, result_of(0, corpus.document(row), 0.0, 0, 0, ()), [])


def _shown(row: int, result: Result, spans: Sequence[Span]) -> dict[str, Any]:
    n = len(result.text)
    first = max(0, min(result.start - _MOST_WHOLE // 2, n - _MOST_WHOLE))
    last = min(n, first + _MOST_WHOLE)
    return {
        "row": row,
        "parts": _parts(result, spans, first, last),
        "because": [],
        "words": [],
        "fields": _fields(result),
        "cut": f"Characters {first + 1:,} to {last:,} of {n:,}; an export has them all." if last - first < n else "",
    }


def _parts(result: Result, spans: Sequence[Span], first: int, last: int) -> list[tuple[str, str]]:
    """Return a text in parts, each with its kind: best passage, a sentence that carries it, or the rest.

    Parts and not positions, since a browser counts characters otherwise.
    """
    start, end = result.start, result.start + len(result.passage)
    bounds = [(first, start, "")]
    at = start
    for a, b in spans:
        bounds += [(at, start + a, "passage"), (start + a, start + b, "carried")]
        at = start + b
    bounds += [(at, end, "passage"), (end, last, "")]
    parts = [(kind, result.text[max(a, first) : min(b, last)]) for a, b, kind in bounds]
    return [(kind, html.with_line_breaks(replace_lone_surrogates(text))) for kind, text in parts if text]


def _best(result: Result, ranking: Ranking, highlighter: SentenceHighlighter) -> list[Span]:
    """Return the best sentences of a result's passage; none if they can't be found, or by words alone."""
    if not ranking.scorer.w.any():
        return []
    try:
        highlighter.encode([result.passage])
    except ExemplarError as error:  # the model's, such as too little memory; the text is as good without
        log_traceback(error)
        return []
    return highlighter.best_sentences(result.passage, ranking.scorer.w)


def _because(doc_id: str, engine: SearchEngine, feedback: Feedback) -> list[dict[str, Any]]:
    nearest = nearest_marked(engine, doc_id, feedback)
    rows = engine.corpus.rows_of(each.doc_id for each in nearest)
    documents = {each.doc_id: engine.corpus.document(rows[each.doc_id]) for each in nearest}
    return [
        {
            "row": rows[each.doc_id],
            "title": html.shortened(documents[each.doc_id].title or html.name(each.doc_id), _SENTENCE),
            "mark": each.mark,
            "sentence": html.excerpt(documents[each.doc_id].text, _SENTENCE),
        }
        for each in nearest
    ]


def _fields(result: Result) -> list[list[str]]:
    """Return the id and the source's other columns, each as a name and a value."""
    fields = [["id", html.name(result.doc_id)]] if result.title else []
    fields += [[html.name(name), html.shortened(value, _LONGEST_FIELD)] for name, value in result.metadata.items()]
    return fields[: _MOST_FIELDS + 1]
