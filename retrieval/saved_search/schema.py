"""The JSON schema of the file of a saved search."""

from typing import Any

from exemplar.retrieval.feedback import MARK_NAMES
from exemplar.retrieval.rankers import RANKERS

MOST_MARKS = 100_000
MOST_TERMS = 10_000

_LONGEST_NAME = 4096  # characters
_LONGEST_TEXT = 2**24
_MOST_DIM = 10**5
_LARGEST_IDF = 1000  # half precision must be able to hold a term's weight; of 2**53 documents, an idf is 37
_LARGEST = 1e12  # of a weight: float32 must be able to add many of them up


def schema() -> dict[str, Any]:
    """Return the schema; a file holds these keys and no others."""
    name = {"type": "string", "maxLength": _LONGEST_NAME}
    count = {"type": "integer", "minimum": 0, "maximum": 2**53}
    number = {"type": "number", "minimum": -_LARGEST, "maximum": _LARGEST}
    document = {
        "doc_id": name,
        "title": {"type": ["string", "null"], "maxLength": _LONGEST_TEXT},
        "text": {"type": "string", "maxLength": _LONGEST_TEXT},
        "text_hash": {"type": "string", "pattern": "^[0-9a-f]{16}$"},
    }
    about = {"note": {"type": "string", "maxLength": _LONGEST_TEXT}, "reason": name, "reader": name, "made": name}
    query = {"anyOf": [{"type": "string", "minLength": 1, "maxLength": 10**6}, _object(document)]}
    mark = _object({"mark": {"enum": list(MARK_NAMES.values())}, **document}, about)
    share = {"type": "number", "minimum": 0, "maximum": 1}
    cut = _object({"threshold": number, "precision": share, "recall": share, "f1": share})
    idf = {"type": "number", "minimum": 0, "maximum": _LARGEST_IDF}
    term = {"type": "array", "minItems": 2, "maxItems": 2, "prefixItems": [idf, number]}
    words = {
        "analysis": name,
        "language": {"type": "string", "maxLength": 2},
        "n_documents": count,
        "mean_n_words": {"type": "number", "exclusiveMinimum": 0, "maximum": _LARGEST},
        "terms": {"type": "object", "maxProperties": MOST_TERMS, "additionalProperties": term},
    }
    vectors = _object(
        {"of": {"enum": ["query", "text"]}, "text_hash": document["text_hash"], "float32": {"type": "string"}}
    )
    return _object(
        {
            "exemplar_saved_search": {"const": 1},
            "title": name,
            "created": name,
            "exemplar": name,
            "corpus": _object({"name": name, "id": name, "n_documents": count}),
            "query": query,
            "earlier": {"type": "array", "maxItems": 1000, "items": query},
            "ranker": {"enum": list(RANKERS)},
            "settings": {"type": "object"},
            "filters": {"type": "object"},
            "threshold": {**number, "type": ["number", "null"]},
            "among_marks": _or_null(
                {
                    "n_folds": count,
                    "n_relevant": count,
                    "n_not_relevant": count,
                    "suggested": cut,
                    "cuts": {"type": "array", "maxItems": 100, "items": cut},
                }
            ),
            "encoder": {"type": "object", "required": ["whole"], "properties": {"whole": {"type": "boolean"}}},
            "marks": {"type": "array", "maxItems": MOST_MARKS, "items": mark},
            "weights": _object(
                {
                    "b": number,
                    "above": {**number, "type": ["number", "null"]},
                    "w": {"type": "array", "maxItems": _MOST_DIM, "items": number},
                }
            ),
            "words": _or_null(words),
        },
        {"vectors": {"type": "array", "maxItems": 2 * MOST_MARKS, "items": vectors}},
    )


def _object(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": required | (optional or {}),
        "required": list(required),
        "additionalProperties": False,
    }


def _or_null(required: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [{"type": "null"}, _object(required)]}
