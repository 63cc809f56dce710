"""Sessions on small corpora that are exported, and exports that are read again."""

from pathlib import Path
from typing import Any

from exemplar.data.building.build import build_corpus
from exemplar.data.documents import Problem
from exemplar.data.files.file import File, reading
from exemplar.data.readers.tables import open_table
from exemplar.retrieval.exports.choice import Choice
from exemplar.retrieval.exports.export import Export
from exemplar.retrieval.exports.from_session import session_export
from exemplar.retrieval.search import SearchEngine
from exemplar.retrieval.sessions.events import Event
from exemplar.retrieval.sessions.identity import present_marks
from exemplar.retrieval.sessions.session import Session
from tests.support.fake_encoder import FakeEncoder
from tests.support.reading import read


def engine_of(path: Path, encoder: FakeEncoder | None = None) -> SearchEngine:
    """Return the engine of a corpus that is built from a file."""
    encoder = encoder or FakeEncoder()
    return SearchEngine(build_corpus(read(str(path)), encoder), lambda *_: encoder)


def exported(engine: SearchEngine, *events: Event, choice: Choice | None = None, title: str = "cats") -> Export:
    """Return the export of a session after events."""
    session = Session("s1", engine.corpus.manifest.name).after(*events, corpus_id=engine.corpus.manifest.corpus_id)
    present = present_marks(session.marks, engine.corpus, dict)
    return session_export(session, present, engine.corpus, choice or Choice(), title, engine)


def rows_in(path: Path) -> tuple[tuple[str, ...], list[dict[str, Any]]]:
    """Return the columns and the rows of a file, as a build reads them; a blank cell is None."""
    with reading(path.name):
        table = open_table(File(path.name, lambda: path.open("rb"), seekable=True))
        rows = [row for row in table.rows(table.columns) if not isinstance(row, Problem) or row.left_out]
    return table.columns, [{name: None if cell == "" else cell for name, cell in dict(row).items()} for row in rows]
