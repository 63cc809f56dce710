"""Corpora, and rankings of them."""

from collections.abc import Mapping
from typing import Any

from exemplar.api.engines import Engines
from exemplar.api.schemas import MARKS
from exemplar.data.corpus.catalog import searchable_corpora
from exemplar.data.corpus.filters import Filters, check_known
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.rankers import DEFAULT_RANKER
from exemplar.retrieval.ranking import DocumentQuery, Query, Ranking
from exemplar.retrieval.search import SearchEngine

K = 10  # results by default

_RESULT = ("rank", "doc_id", "score", "labels", "title", "text", "passage", "metadata", "copies")
_TRAINING = ("stopped", "scans", "support", "objective", "seconds")


def corpora(engines: Engines, given: Mapping[str, Any]) -> dict[str, Any]:
    """List the corpora that can be searched."""
    return {
        "corpora": [
            {
                "name": name,
                "n_documents": manifest.n_documents,
                "n_passages": manifest.n_passages,
                "vectors": manifest.vectors,
                "model": manifest.encoder.model,
                "model_revision": manifest.encoder.revision,
                "created": manifest.created,
                "corpus_id": manifest.corpus_id,
            }
            for name, manifest in searchable_corpora().items()
        ]
    }


def search(engines: Engines, given: Mapping[str, Any]) -> dict[str, Any]:
    """Rank the documents of a corpus for a query and marks."""
    engine = engines.engine(given["corpus"])
    filters = filters_in(given, engine)
    marks = given.get("marks", {})
    ranking = engine.search(
        query_in(given),
        Feedback(*(tuple(marks.get(mark, ())) for mark in MARKS)),
        ranker=given.get("ranker", DEFAULT_RANKER),
        k=whole(given, "k", K),
        skip=whole(given, "skip", 0),
        C=given.get("C"),
        until="exact" if given.get("exact") else "settled",
        filters=filters,
    )
    return ranking_answer(ranking, engine)


def query_in(given: Mapping[str, Any]) -> Query:
    """Return the query of a request: a text, or a document."""
    return given["query"] if "query" in given else DocumentQuery(given["document"])


def whole(given: Mapping[str, Any], name: str, default: int) -> int:
    """Return a whole number of a request; in JSON 5.0 is one, too."""
    return int(given.get(name, default))


def filters_in(given: Mapping[str, Any], engine: SearchEngine) -> Filters:
    """Return the filters of a request; raises ExemplarError if the corpus has none of their columns or labels."""
    empty = {"labels": [], "fields": {}, "words": "", "without": ""}
    filters = Filters.from_json(empty | given.get("filters", {}))
    filters.check()
    check_known(filters, engine.corpus.documents, engine.corpus.manifest.name)
    return filters


def query_json(query: Query) -> dict[str, str | None]:
    """Return a query as JSON."""
    if isinstance(query, DocumentQuery):
        return {"text": None, "document": query.doc_id}
    return {"text": query, "document": None}


def ranking_answer(ranking: Ranking, engine: SearchEngine) -> dict[str, Any]:
    """Return a ranking as it is answered."""
    about = {"corpus": engine.corpus.manifest.name, "query": query_json(ranking.query)}
    return about | {"n_ranked": ranking.n_candidates} | ranking_json(ranking, engine)


def ranking_json(ranking: Ranking, engine: SearchEngine) -> dict[str, Any]:
    """Return a ranking as JSON, with the words that carry each result."""
    from exemplar.retrieval.copies.near import near_copies_together
    from exemplar.retrieval.highlights import carrying_words

    svm = ranking.scorer.svm
    originals = {
        result.doc_id: original and original.doc_id for result, original in near_copies_together(ranking.results)
    }
    return {
        "ranker": ranking.ranker,
        "vectors": ranking.vectors,
        "seconds": ranking.seconds,
        "training": svm and {key: getattr(svm, key) for key in _TRAINING},
        "results": [
            {key: getattr(result, key) for key in _RESULT}
            | {"near_copy_of": originals[result.doc_id], "words": carrying_words(engine, ranking.scorer, result)}
            for result in ranking.results
        ],
    }
