"""What was done in a session, in words."""

from collections.abc import Mapping

from exemplar.retrieval.sessions.session import Event

_LONGEST = 200  # characters of a query or an id


def in_words(event: Event) -> str:
    """Return what an event of a session did; it may hold what was typed, and what comes from documents."""
    match event:
        case {"query": str(text)}:
            return f"searched “{_shortened(text)}”"
        case {"query_document": str(doc_id)}:
            return f"searched for more like {_shortened(doc_id)}"
        case {"mark": ("positive" | "negative" | None) as mark, "doc_id": str(doc_id)}:
            return _marked(mark, _shortened(doc_id))
        case {"marks": {"positive": list(positives), "negative": list(negatives)}}:
            return f"took in marks: {len(positives):,} as relevant, {len(negatives):,} as not relevant"
        case {"clear_marks": True}:
            return "cleared all marks"
        case {"undo": True}:
            return "took the last change of marks back"
        case {"redo": True}:
            return "made the change of marks again"
        case {"filters": Mapping() as filters}:
            return "set filters" if any(filters.values()) else "cleared the filters"
        case {"settings": Mapping()}:
            return "changed the settings"
        case {"name": str(name)}:
            return f"named it “{_shortened(name)}”" if name else "took its name away"
        case {"open": True}:
            return "went to this corpus"
    return "did what this version does not know"


def _marked(mark: str | None, doc_id: str) -> str:
    if mark is None:
        return f"took the mark on {doc_id} back"
    return f"marked {doc_id} as {'relevant' if mark == 'positive' else 'not relevant'}"


def _shortened(text: str) -> str:
    line = " ".join(text[: 4 * _LONGEST].split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]} …"
