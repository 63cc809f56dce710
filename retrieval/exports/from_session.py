"""The export of a session: the rows of its corpus as they came, with marks, ranks and scores."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exemplar.data.corpus.store import DocumentStore
from exemplar.data.errors import ExemplarError
from exemplar.data.tabular.own_columns import own_name
from exemplar.retrieval.exports.about import about_session
from exemplar.retrieval.exports.choice import OF_MARKS, Choice
from exemplar.retrieval.exports.export import Export, Kind, Row
from exemplar.retrieval.exports.marked_rows import MARK_COLUMNS, LostRow, MarkedRows, marked_rows
from exemplar.retrieval.exports.ranks import Ranks, as_ranked, limit_of_lists, ranks_of
from exemplar.retrieval.exports.source_table import SourceTable, TableRow, column_roles, source_table
from exemplar.retrieval.search import SearchEngine
from exemplar.retrieval.sessions.identity import PresentMarks
from exemplar.retrieval.sessions.session import Session

_TOGETHER = 1024  # rows whose own cells are made together


def session_export(
    session: Session,
    present: PresentMarks,
    corpus: DocumentStore,
    choice: Choice,
    title: str = "",
    engine: SearchEngine | None = None,
) -> Export:
    """Return the export of a session.

    Its columns are those of the source, then ``doc_id``, ``text_hash``, ``MARK_COLUMNS``, and the rank and score in
    every list. A mark that has lost its document is a row of its own at the end.

    Parameters
    ----------
    session
        With the events of ``present``.
    present
        What its marks mean for the corpus now.
    engine
        Ranks the corpus; None leaves the lists away.

    Raises
    ------
    ExemplarError
        There is no list, or it is shorter than what is asked for; the corpus was removed, and more than its marks are
        asked for; or the rows can't be read.
    """
    if not corpus.n_documents and (choice.by_list or choice.which not in OF_MARKS):
        raise ExemplarError(
            f"the corpus '{corpus.manifest.name}' is not here any more, and this export needs its rows; the session "
            "has kept what was marked: export the marked rows, in the order of the file"
        )
    lists = _lists(session, present, engine, choice)
    said, table = marked_rows(session, present, corpus), source_table(corpus)
    rows = _chosen(choice, table.documents, said, lists, session, corpus)
    lost = [each for each in said.lost if _has_verdict(each.cells, choice)]
    kinds = table.columns(np.sort(rows))
    made = _Maker(corpus, table, said, lists, kinds, lost, left_out=bool((table.documents[rows] < 0).any()))
    about = about_session(session, title, corpus.manifest, choice, lists)
    if lists and (limit := limit_of_lists(corpus)):
        about["limit_of_lists"] = limit
    return Export(
        made.columns,
        made.own,
        lambda: made.rows(rows),
        len(rows) + len(lost),
        about,
        {**kinds, **made.own_kinds},
        made.roles,
    )


def _lists(session: Session, present: PresentMarks, engine: SearchEngine | None, choice: Choice) -> list[Ranks]:
    """Return the lists of a session, and that of the choice; the last one decides about rows and order."""
    ranked = None if engine is None or not engine.corpus.n_documents else as_ranked(session, engine)
    if engine is None or ranked is None or ranked.query is None:
        if choice.by_list:
            raise ExemplarError("the session has no query now, so that nothing is ranked; export as in the file")
        return []
    rankers = dict.fromkeys(ranked.settings.rankers)
    if choice.ranker is not None:
        rankers.pop(choice.ranker, None)
        rankers[choice.ranker] = None
    return [ranks_of(ranked, engine, present.feedback, ranker) for ranker in rankers]


def _chosen(
    choice: Choice,
    documents: NDArray[np.int64],
    said: MarkedRows,
    lists: Sequence[Ranks],
    session: Session,
    corpus: DocumentStore,
) -> NDArray[np.intp]:
    """Return the rows of an export in their order."""
    is_document = documents >= 0
    if choice.which == "all":
        chosen = np.ones(len(documents), bool)
    elif choice.n is not None:
        chosen = is_document & _first(choice.n, lists[-1])[documents]
    else:
        chosen = is_document & _of_documents(choice, said, session, corpus)[documents]
    rows = np.flatnonzero(chosen)
    if choice.order == "file":
        return rows
    ranks = np.where(is_document[rows], lists[-1].rank[documents[rows]], 0)
    return rows[np.argsort(np.where(ranks > 0, ranks, np.iinfo(np.int64).max), kind="stable")]


def _first(n: int, ranks: Ranks) -> NDArray[np.bool_]:
    if not ranks.n:
        raise ExemplarError("the list has no results: the filters keep all of them out")
    if n > ranks.n:
        raise ExemplarError(f"the list has {ranks.n:,} results, and {n:,} were asked for; ask for {ranks.n:,} at most")
    return (ranks.rank > 0) & (ranks.rank <= n)


def _of_documents(choice: Choice, said: MarkedRows, session: Session, corpus: DocumentStore) -> NDArray[np.bool_]:
    """Return which documents have a verdict, or pass the filters of the session."""
    chosen = np.zeros(corpus.n_documents, bool)
    if choice.which == "passing":
        if not session.filters:
            return ~chosen
        chosen[corpus.select(session.filters).rows] = True
    elif choice.which == "unmarked":
        chosen[[row for row, cells in said.by_row.items() if cells["mark"]]] = True
        return ~chosen
    else:
        chosen[[row for row, cells in said.by_row.items() if _has_verdict(cells, choice)]] = True
    return chosen


def _has_verdict(cells: Mapping[str, Any], choice: Choice) -> bool:
    """Return whether a document, or what lost it, is in an export of a verdict or of everything."""
    return choice.which in ("all", "marked") or cells["mark"] == choice.which


class _Maker:
    """Makes the rows of an export.

    Attributes
    ----------
    columns
        All names in order.
    own, own_kinds
        Those that the source has not, and what their cells are.
    roles
        Which columns are the text, the title, the label and the id; those of a lost mark may be own ones.
    """

    def __init__(
        self,
        corpus: DocumentStore,
        table: SourceTable,
        said: MarkedRows,
        lists: Sequence[Ranks],
        kinds: Mapping[str, Kind],
        lost: Sequence[LostRow],
        *,
        left_out: bool,
    ) -> None:
        self._corpus, self._table, self._lists, self._lost = corpus, table, lists, lost
        has_files = corpus.n_documents > 0 and corpus.document(0).file != corpus.document(corpus.n_documents - 1).file
        own: dict[str, Kind] = {"file": "text"} if has_files else {}
        own |= {"doc_id": "text", "text_hash": "text", **dict.fromkeys(MARK_COLUMNS, "text")}
        own |= {"left_out": "text"} if left_out else {}
        own |= {"vectors": "text"} if lists else {}
        for each in lists:
            own |= {f"{each.ranker}_rank": "int", f"{each.ranker}_score": "float"}
        self.roles = column_roles(corpus, list(kinds))
        title, text = self.roles.title or "title", self.roles.text or "text"
        has_texts = any(each.text for each in lost)
        own |= {name: "text" for name in (title, text) if has_texts and name not in kinds}
        self._names = {name: own_name(name, kinds) for name in own}
        if has_texts:
            self.roles = replace(self.roles, title=self._names.get(title, title), text=self._names.get(text, text))
        self._said = {
            row: {self._names[name]: cell for name, cell in cells.items()} for row, cells in said.by_row.items()
        }
        self.own = tuple(self._names.values())
        self.own_kinds = {self._names[name]: kind for name, kind in own.items()}
        self.columns = (*kinds, *self.own)

    def rows(self, rows: NDArray[np.intp]) -> Iterator[Row]:
        """Yield the rows of an export."""
        table = self._table.read(rows)
        while together := list(islice(table, _TOGETHER)):
            yield from self._with_own(together)
        for lost in self._lost:
            yield self._of_lost(lost)

    def _with_own(self, rows: Sequence[TableRow]) -> Iterator[Row]:
        """Yield rows with their own cells."""
        known = [row.document for row in rows if row.document >= 0]
        own = dict(zip(known, self._own(known), strict=True))
        file, left_out = self._names.get("file"), self._names.get("left_out")
        for row in rows:
            made = {**row.cells, **own.get(row.document, {})}
            if file:
                made[file] = row.file
            if left_out:
                made[left_out] = row.left_out
            said = self._said.get(row.document)
            yield made if said is None else made | said

    def _own(self, documents: Sequence[int]) -> Iterator[Row]:
        """Yield the own cells of documents: ids, hashes, ranks and scores."""
        names, places = self._names, np.asarray(documents, np.intp)
        cells: list[Sequence[Any]] = [self._corpus.doc_ids(places), self._corpus.text_hashes(documents)]
        columns = [names["doc_id"], names["text_hash"]]
        for each in self._lists:
            columns += [names[f"{each.ranker}_rank"], names[f"{each.ranker}_score"]]
            cells.append([rank or None for rank in each.rank[places].tolist()])
            cells.append([None if score != score else score for score in each.score[places].tolist()])
        if self._lists:
            columns.append(names["vectors"])
            cells.append([self._lists[0].vectors] * len(documents))
        for values in zip(*cells, strict=True):
            yield dict(zip(columns, values, strict=True))

    def _of_lost(self, lost: LostRow) -> Row:
        text = lost.text
        cells = {} if text is None else {self.roles.title: text.title, self.roles.text: text.text}
        own = {"doc_id": lost.doc_id, "text_hash": text and text.text_hash, **lost.cells}
        named = {name: cell for name, cell in cells.items() if name}
        return named | {self._names[name]: cell for name, cell in own.items()}
