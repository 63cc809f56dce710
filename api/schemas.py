"""JSON schemas of what requests hold and of what is answered; they check requests and describe the interface."""

from typing import Any

from exemplar.data.encoders.base import VECTOR_KINDS
from exemplar.retrieval.feedback import MARK_NAMES, Mark
from exemplar.retrieval.rankers import DEFAULT_RANKER, RANKERS

Schema = dict[str, Any]

MARK_KEYS: dict[Mark, str] = {mark: name.replace(" ", "_") for mark, name in MARK_NAMES.items()}
MARKS = tuple(MARK_KEYS.values())
_LONGEST_ID, _LONGEST_TEXT = 10_000, 1_000_000  # characters
_MOST_MARKS, _MOST_ROWS, _MOST_RESULTS, _DEEPEST = 100_000, 100_000, 1_000, 10_000_000
_STATES = ("present", "changed", "gone", "unknown")


def record(properties: Schema, required: tuple[str, ...] | None = None, description: str = "") -> Schema:
    """Return the schema of an object with these keys and no others; None requires all."""
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    needed = list(properties) if required is None else list(required)
    return _described(schema | ({"required": needed} if needed else {}), description)


def text(description: str = "", *, most: int = _LONGEST_TEXT, least: int = 0) -> Schema:
    """Return the schema of a text of some characters."""
    return _described({"type": "string", "maxLength": most} | ({"minLength": least} if least else {}), description)


def listed(items: Schema, description: str = "", *, most: int | None = None) -> Schema:
    """Return the schema of a list."""
    return _described({"type": "array", "items": items} | ({} if most is None else {"maxItems": most}), description)


def by_name(values: Schema, description: str = "") -> Schema:
    """Return the schema of an object with any keys."""
    return _described({"type": "object", "additionalProperties": values}, description)


def or_null(schema: Schema) -> Schema:
    """Return the schema of a value that may be null."""
    if "enum" in schema:
        return schema | {"enum": [*schema["enum"], None]}
    return schema | {"type": [schema["type"], "null"]}


def _described(schema: Schema, description: str) -> Schema:
    return schema | ({"description": description} if description else {})


def _chosen(values: tuple[str, ...], description: str = "") -> Schema:
    return _described({"enum": list(values)}, description)


_ANY_TEXT: Schema = {"type": "string"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_NUMBER: Schema = {"type": "number"}
_YES_OR_NO: Schema = {"type": "boolean"}
_TEXTS = listed(_ANY_TEXT)

CORPUS_NAME = text("The name of a corpus on this machine; never a path or a URL.", most=100, least=1)
_ID = text("The id of a document.", most=_LONGEST_ID, least=1)
QUERY = text("What you are looking for.", least=1) | {"pattern": r"\S"}
DOCUMENT = _ID | {"description": "The id of a document to use as the query: more like this."}
READER = text("Who marks.", most=200)
_RANKER = _chosen(RANKERS, f"By default {DEFAULT_RANKER}, which learns from the marks.")
_K: Schema = {"type": "integer", "minimum": 0, "maximum": _MOST_RESULTS, "description": "Number of results: 10."}
_SKIP: Schema = {"type": "integer", "minimum": 0, "maximum": _DEEPEST, "description": "Results to leave out before."}
_FILTER_WORDS = text(most=5_000)

FILTERS = record(
    {
        "labels": listed(text(most=_LONGEST_ID), "One of these; an empty text means no label.", most=5_000),
        "fields": by_name(listed(text(most=_LONGEST_ID), most=5_000), "By column: one of these values."),
        "words": _FILTER_WORDS | {"description": 'All of these words and "phrases" are in the text.'},
        "without": _FILTER_WORDS | {"description": "None of these is."},
    },
    required=(),
    description="Only documents that meet all of these are ranked.",
)
RANKING_OPTIONS: dict[str, Schema] = {"ranker": _RANKER, "k": _K, "skip": _SKIP}
SEARCH = record(
    {
        "corpus": CORPUS_NAME,
        "query": QUERY,
        "document": DOCUMENT,
        "marks": record({mark: listed(_ID, most=_MOST_MARKS) for mark in MARKS}, (), "Documents by what they are."),
        **RANKING_OPTIONS,
        "C": {
            "type": "number",
            "exclusiveMinimum": 0,
            "maximum": 1e6,
            "description": "The weight of the data in training; by default what suits ranker and marks.",
        },
        "exact": _YES_OR_NO | {"description": "Train to the optimum, not only until the first results have settled."},
        "filters": FILTERS,
    },
    required=("corpus",),
) | {"oneOf": [{"required": ["query"]}, {"required": ["document"]}]}

NEW_SESSION = record(
    {"corpus": CORPUS_NAME, "query": QUERY, "document": DOCUMENT, "reader": READER}, required=("corpus",)
) | {"not": {"required": ["query", "document"]}}
NEW_QUERY = record(
    {
        "query": QUERY,
        "document": DOCUMENT,
        "added": _YES_OR_NO | {"description": "Keep the queries before as queries of the same search."},
    },
    required=(),
) | {"oneOf": [{"required": ["query"]}, {"required": ["document"]}]}
NEW_MARK = record(
    {
        "doc_id": _ID,
        "mark": _chosen(MARKS, "Null takes the mark back; without this key it stays.") | {"enum": [*MARKS, None]},
        "note": text("Empty removes the note.", most=100_000),
        "reason": text("Why it is not relevant; empty removes the reason.", most=1_000),
        "list": _chosen(RANKERS, "The ranker in whose list you met it, which says how far the list was read."),
        "rank": {"type": "integer", "minimum": 1, "maximum": 10**9, "description": "Its rank there."},
    },
    required=("doc_id",),
)
NEW_MARKS = record({"marks": listed(NEW_MARK, most=_MOST_MARKS), "reader": READER}, required=("marks",))
NOTHING = record({}, (), "An empty object.")

_COLUMN = text(most=_LONGEST_ID, least=1)
APPLICATION = record(
    {
        "search": by_name({}, "A saved search, as exemplar sessions save writes it, or a session's saved_search."),
        "corpus": CORPUS_NAME,
        "rows": listed(
            {"type": "object"}, "Rows to rank in place of a corpus, each an object of its cells.", most=_MOST_ROWS
        )
        | {"minItems": 1},
        "columns": record(
            dict.fromkeys(("text", "title", "label", "id"), _COLUMN),
            (),
            'The cells of rows that have these roles; by default those with a usual name. "none" switches one off.',
        ),
        "retrain": _YES_OR_NO | {"description": "Train on these documents anew; scores then compare with no others."},
        "threshold": _NUMBER | {"description": "The least score that passes; by default that of the saved search."},
        "k": _K | {"maximum": _DEEPEST, "description": "Number of results: all."},
        "skip": _SKIP,
    },
    required=("search",),
) | {"oneOf": [{"required": ["corpus"]}, {"required": ["rows"]}]}
SAVED_SEARCH = by_name({}, "A saved search, as exemplar sessions save writes it.") | {
    "required": ["exemplar_saved_search"]
}

_STORED_QUERY = record({"text": or_null(_ANY_TEXT), "document": or_null(_ANY_TEXT)})
SESSION = record(
    {
        "session_id": _ANY_TEXT,
        "corpus": _ANY_TEXT,
        "title": _ANY_TEXT,
        "query": or_null(_STORED_QUERY),
        "earlier": listed(_STORED_QUERY, "The queries to which the present one was added."),
        "marks": listed(
            record(
                {
                    "doc_id": _ANY_TEXT,
                    "mark": _chosen(MARKS),
                    "made": _ANY_TEXT,
                    "reader": _ANY_TEXT,
                    "state": _chosen(_STATES, "Whether the corpus still has the text that was marked."),
                }
            )
        ),
        "notes": by_name(_ANY_TEXT),
        "reasons": by_name(_ANY_TEXT),
        "filters": by_name({}),
        "settings": by_name({}),
    }
)
SESSIONS = record(
    {
        "sessions": listed(
            record(
                {
                    **dict.fromkeys(("session_id", "title", "name", "corpus", "began", "changed"), _ANY_TEXT),
                    "n_events": _COUNT,
                }
            )
        )
    }
)
CORPORA = record(
    {
        "corpora": listed(
            record(
                {
                    "name": _ANY_TEXT,
                    "n_documents": _COUNT,
                    "n_passages": _COUNT,
                    "vectors": _chosen(VECTOR_KINDS),
                    **dict.fromkeys(("model", "model_revision", "created", "corpus_id"), _ANY_TEXT),
                }
            )
        )
    }
)
RESULT = record(
    {
        "rank": _COUNT,
        "doc_id": _ANY_TEXT,
        "score": _NUMBER,
        "labels": _TEXTS,
        "title": or_null(_ANY_TEXT),
        "text": _ANY_TEXT,
        "passage": _ANY_TEXT | {"description": "The best passage."},
        "metadata": by_name(_ANY_TEXT),
        "copies": listed(_ANY_TEXT, "Other documents with the same text; they share its marks."),
        "near_copy_of": or_null(_ANY_TEXT),
        "words": listed(_ANY_TEXT, "The words that add most to the score."),
    }
)
RANKING = record(
    {
        "corpus": _ANY_TEXT,
        "query": _STORED_QUERY,
        "ranker": _chosen(RANKERS),
        "vectors": _chosen(VECTOR_KINDS),
        "seconds": _NUMBER,
        "training": or_null(
            record({"stopped": _ANY_TEXT, "scans": _COUNT, "support": _COUNT, "objective": _NUMBER, "seconds": _NUMBER})
        ),
        "n_ranked": _COUNT | {"description": "How many documents pass the filters and are ranked."},
        "results": listed(RESULT),
    }
)
APPLIED = record(
    {
        "corpus": or_null(_ANY_TEXT),
        "comparable": _YES_OR_NO | {"description": "Whether a text has this score on every corpus."},
        "note": _ANY_TEXT | {"description": "A sentence on the vectors, such as on another precision; mostly empty."},
        "threshold": or_null(_NUMBER),
        "n_ranked": _COUNT,
        "n_passing": or_null(_COUNT),
        "results": listed(
            record(
                {
                    "rank": _COUNT,
                    "doc_id": _ANY_TEXT,
                    "row": or_null(_COUNT) | {"description": "Which of the rows in the request, from 0."},
                    "score": _NUMBER,
                    "passes": or_null(_YES_OR_NO),
                    "mark": or_null(_chosen(MARKS)) | {"description": "That of the saved search on the same text."},
                }
            )
        ),
        "problems": listed(
            record({"row": _COUNT, "reason": _ANY_TEXT, "left_out": _YES_OR_NO}), "What is wrong with rows."
        ),
    }
)
ERROR = record({"error": _ANY_TEXT | {"description": "What is wrong, and what to do."}})
