"""What an export is, as JSON values that stand in it or beside it."""

import importlib.metadata
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any

from exemplar.data.corpus.manifest import Manifest
from exemplar.retrieval.exports.choice import Choice
from exemplar.retrieval.exports.ranks import Ranks
from exemplar.retrieval.ranking import DocumentQuery, Query
from exemplar.retrieval.sessions.session import Session

_LONGEST_NAME = 90  # bytes of each part of a file's name, of which most systems take 255 with all that is added


def about_session(
    session: Session, title: str, manifest: Manifest, choice: Choice, lists: Sequence[Ranks]
) -> dict[str, Any]:
    """Return what an export of a session is: query, session, corpus, model, settings, versions, date, chosen rows."""
    encoder = manifest.encoder
    return {
        "query": _query(session.query),
        "earlier_queries": [_query(query) for query in session.earlier],
        "session": {"id": session.session_id, "title": title},
        "corpus": {
            "name": manifest.name,
            "id": manifest.corpus_id,
            "source": _shown(manifest.source.source),
            "documents": manifest.n_documents,
            "documents_sha256": manifest.documents_sha256,
            "built": manifest.created,
        },
        "model": {"name": encoder.model, "revision": encoder.revision, "vectors": manifest.vectors},
        "lists": [{"ranker": each.ranker, "length": each.n} for each in lists],
        "settings": session.settings.to_json(),
        "filters": session.filters.to_json(),
        "rows": choice.to_json(),
        "exemplar": exemplar_version(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def exemplar_version() -> str:
    """Return the version of Exemplar; empty for a clone that is not installed."""
    try:
        return importlib.metadata.version("exemplar")
    except importlib.metadata.PackageNotFoundError:
        return ""


def file_name(corpus: str, title: str, suffix: str) -> str:
    """Return a name for the file of an export: corpus, session and date."""
    words = "".join(letter if letter.isalnum() else " " for letter in title[:500].lower()).split()
    date = datetime.now().astimezone().date().isoformat()
    parts = [_cut(corpus), _cut("-".join(words)), date]
    return "-".join(filter(None, parts)) + suffix


def _cut(name: str) -> str:
    return name.encode(errors="ignore")[:_LONGEST_NAME].decode(errors="ignore").strip("-")


def _shown(source: str) -> str:
    """Return a source without the folders of this machine: an export is passed on."""
    return PurePath(source).name if PurePath(source).is_absolute() else source


def _query(query: Query | None) -> Any:
    return {"document": query.doc_id, "text_hash": query.text_hash} if isinstance(query, DocumentQuery) else query
