"""Relevance judgements of a corpus: those of a BEIR folder, its labels, or the "See Also" of documentation."""

import math
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from exemplar.data.corpus.store import DocumentStore
from exemplar.data.documents import Problem
from exemplar.data.errors import ExemplarError
from exemplar.data.files.file import reading
from exemplar.data.files.table import Row, position_of
from exemplar.data.files.values import id_text, plain_text
from exemplar.data.readers.tables import open_table
from exemplar.data.sources.columns import OFF, listed
from exemplar.data.sources.files import file_on_disk
from exemplar.data.sources.package_docs import named_documents, package_documents
from exemplar.data.sources.read import documented_packages
from exemplar.data.sources.spec import SourceSpec

_HIGHEST_GRADE = 1_000_000
_SPLITS = ("test", "dev", "train")  # of a BEIR folder; the first that exists is read


@dataclass(frozen=True, slots=True)
class JudgedQuery:
    """A query, and the documents that are relevant to it.

    Attributes
    ----------
    text
        The typed query; None if the query is the document itself.
    relevant
        Grades of the relevant documents, at least 1, by ``doc_id``.
    document
        The document that the query was made from; None for a query that a person wrote. It never counts as relevant,
        even if ``relevant`` holds it.
    """

    query_id: str
    text: str | None
    relevant: Mapping[str, int]
    document: str | None = None


@dataclass(frozen=True, slots=True)
class Judgements:
    """The judged queries of a corpus that have at least one relevant document in it.

    Attributes
    ----------
    kind
        The kind of judgements in words: ``qrels of the split test``, ``labels`` or ``See Also``, and what was left out.
    n_missing
        The number of judgements of documents that the corpus does not have.
    unjudged
        The ``doc_id`` of documents that were judged neither as relevant nor as not relevant.
    """

    kind: str
    queries: Sequence[JudgedQuery]
    n_missing: int = 0
    unjudged: frozenset[str] = frozenset()


def judgements_of(corpus: DocumentStore) -> Judgements:
    """Return the judgements of a corpus.

    Raises
    ------
    ExemplarError
        The corpus has no judgements, or they cannot be read.
    """
    name, source = corpus.manifest.name, corpus.manifest.source
    check_judged(source)
    if source.source.startswith("docs:"):
        judgements = see_also_judgements(corpus)
    elif is_judged_folder(source.source):
        judgements = beir_judgements(corpus, Path(source.source))
    else:
        judgements = label_judgements(corpus)
    if not judgements.queries:
        raise ExemplarError(f"no query of '{name}' has a relevant document in it, judging by {judgements.kind}")
    return judgements


def check_judged(source: SourceSpec, *, shown_as: str | None = None) -> None:
    """Check that a source has judgements, before any of it is embedded.

    Only reading a folder of files shows whether they have labels, so any folder of files passes.

    Parameters
    ----------
    shown_as
        The name of the source in messages; its path or address by default.

    Raises
    ------
    ExemplarError
        The source has none. The hint is ``without_see_also`` for documentation, else ``label_column``.
    """
    where = source.source
    if where.startswith("docs:"):
        if not source.without_see_also:
            raise ExemplarError(
                "a corpus of package documentation is judged by its See Also sections, so it must not show them",
                hint="without_see_also",
            )
    elif source.text_column and source.label_column in (None, OFF) and not is_judged_folder(where):
        missing = "" if os.path.exists(where) or "/" not in where else ", which does not exist any more"
        raise ExemplarError(
            f"nothing says what is relevant in {shown_as or where}{missing}: it takes a BEIR folder (corpus.jsonl, "
            "queries.jsonl and qrels), docs, or labels",
            hint="label_column",
        )


def is_judged_folder(folder: str | Path) -> bool:
    """Return whether a folder has queries and judgements in the layout of BEIR."""
    return os.path.isfile(_queries_file(Path(folder))) and os.path.isdir(Path(folder) / "qrels")


def beir_judgements(corpus: DocumentStore, folder: Path) -> Judgements:
    """Read ``queries.jsonl`` and ``qrels`` of a BEIR folder, for the first split of test, dev and train.

    A query that is a document of the corpus, by its id and its text, does not count as relevant to itself.
    """
    qrels = next((path for split in _SPLITS if (path := folder / "qrels" / f"{split}.tsv").is_file()), None)
    if qrels is None:
        raise ExemplarError(f"{folder / 'qrels'} holds no judgements: it takes one of test.tsv, dev.tsv and train.tsv")
    relevant: defaultdict[str, dict[str, int]] = defaultdict(dict)
    n_missing = 0
    for where, row in _rows(qrels, ("query-id", "corpus-id", "score")):
        query_id, doc_id = (_required(row, column, where) for column in ("query-id", "corpus-id"))
        grade = _grade(_required(row, "score", where), where)
        n_missing += grade > 0 and doc_id not in corpus.rows
        if doc_id in corpus.rows:
            relevant[query_id][doc_id] = grade
    queries: dict[str, JudgedQuery] = {}
    for where, row in _rows(_queries_file(folder), ("_id", "text")):
        query_id, text = _required(row, "_id", where), plain_text(row.get("text"), f"{where}: the text")
        grades = {doc_id: grade for doc_id, grade in relevant.get(query_id, {}).items() if grade > 0}
        if query_id in queries:
            raise ExemplarError(f"{where}: an earlier row has the query '{query_id}' too")
        if text and grades:
            queries[query_id] = JudgedQuery(query_id, text, grades, _same_document(corpus, query_id, text))
    return Judgements(f"qrels of the split {qrels.stem}", list(queries.values()), n_missing)


def label_judgements(corpus: DocumentStore) -> Judgements:
    """Take every document as a query once for each of its labels; the documents with that label are relevant."""
    labels, doc_ids = corpus.documents["labels"].to_pylist(), corpus.documents["doc_id"].to_pylist()
    members: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for doc_id, of_document in zip(doc_ids, labels, strict=True):
        for label in of_document:
            members[label][doc_id] = 1
    if len(members) < 2:
        raise ExemplarError(f"the documents of '{corpus.manifest.name}' need at least two labels to tell them apart")
    queries = [
        JudgedQuery(doc_id if len(of_document) == 1 else f"{doc_id}, {label}", None, members[label], doc_id)
        for doc_id, of_document in zip(doc_ids, labels, strict=True)
        for label in of_document
        if len(members[label]) > 1
    ]
    unlabelled = frozenset(doc_id for doc_id, of_document in zip(doc_ids, labels, strict=True) if not of_document)
    n_alone = corpus.n_documents - len(unlabelled) - len({query.document for query in queries})
    counts = [(len(unlabelled), "without a label"), (n_alone, "whose labels no other document has")]
    left_out = [f"{n:,} {'document' if n == 1 else 'documents'} {why}" for n, why in counts if n]
    kind = f"labels (left out: {', '.join(left_out)})" if left_out else "labels"
    return Judgements(kind, queries, unjudged=unlabelled)


def see_also_judgements(corpus: DocumentStore) -> Judgements:
    """Take every documented object as a query; the objects that its "See Also" names are relevant.

    The authors of the documentation chose these. The sections are read from the installed packages, because the corpus
    must not hold them: otherwise its documents would match by the names of one another.
    """
    queries, n_missing = [], 0
    for doc_id, docstring in package_documents(documented_packages(corpus.manifest.source.source)):
        if doc_id not in corpus.rows:
            continue
        named = named_documents(doc_id, docstring, corpus.rows)
        relevant = {name: 1 for name in named if name is not None and name != doc_id}
        n_missing += named.count(None)
        if relevant:
            queries.append(JudgedQuery(doc_id, None, relevant, doc_id))
    return Judgements("See Also", queries, n_missing)


def _same_document(corpus: DocumentStore, query_id: str, text: str) -> str | None:
    """Return the id of the document that a query equals, if any; the document may begin with a title."""
    if query_id not in corpus.rows:
        return None
    document = corpus.document(corpus.rows[query_id]).full_text
    return query_id if document.strip().endswith(text.strip()) else None


def _queries_file(folder: Path) -> Path:
    compressed = folder / "queries.jsonl.gz"
    return compressed if os.path.isfile(compressed) else folder / "queries.jsonl"


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[str, Row]]:
    """Yield a table's rows with their positions; raises ExemplarError if a column is missing or a row is broken."""
    with reading(str(path)):
        table = open_table(file_on_disk(path))
        if missing := set(columns).difference(table.columns):
            raise ExemplarError(f"it has no column '{min(missing)}'; its columns are: {listed(table.columns)}")
        for number, row in enumerate(table.rows(columns)):
            if not isinstance(row, Problem):
                yield f"{path}, {position_of(row, number)}", row
            elif row.left_out:
                raise ExemplarError(f"{row.where}: {row.reason}")


def _required(row: Row, column: str, where: str) -> str:
    text = id_text(row.get(column), f"{where}: the {column}")
    if text is None:
        raise ExemplarError(f"{where}: the {column} is missing")
    return text


def _grade(cell: str, where: str) -> int:
    try:
        grade = float(cell)
    except ValueError:
        grade = math.nan
    if not grade.is_integer():
        raise ExemplarError(f"{where}: the score must be an integer, got '{cell[:50]}'")
    if abs(grade) > _HIGHEST_GRADE:
        raise ExemplarError(f"{where}: the score must be at most {_HIGHEST_GRADE:,}, got '{cell[:50]}'")
    return int(grade)
