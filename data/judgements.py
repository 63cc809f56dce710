"""Relevance judgements that come with a corpus: a BEIR folder's, its labels, or the "See Also" of documentation."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data.cells import plain_text
from data.columns import Row
from data.corpus import Corpus
from data.documents import Problem
from data.files import file_on_disk, reading
from data.see_also import named_documents, without_see_also
from data.tables import open_table

_SPLITS = ("test", "dev", "train")  # of a BEIR folder, the first that it has


@dataclass(frozen=True, slots=True)
class JudgedQuery:
    """A query, and the documents that a person found relevant to it.

    Attributes
    ----------
    text
        What is typed; None where the document itself is the query.
    relevant
        Grade of each relevant document, at least 1, by ``doc_id``.
    document
        The document that the query is made of; None for a query that somebody wrote. It is no answer to itself, even
        where ``relevant`` holds it.
    """

    query_id: str
    text: str | None
    relevant: Mapping[str, int]
    document: str | None = None


@dataclass(frozen=True, slots=True)
class Judgements:
    """The judged queries of a corpus, those with at least one relevant document in it.

    Attributes
    ----------
    kind
        What they are, in words: ``qrels of the split test``, ``labels``, ``See Also``.
    n_missing
        Judgements of documents that the corpus does not hold.
    """

    kind: str
    queries: Sequence[JudgedQuery]
    n_missing: int = 0


def judgements_of(corpus: Corpus) -> Judgements:
    """Return the judgements that come with a corpus.

    Raises
    ------
    ValueError
        It has none, or they can't be read.
    """
    name, source = corpus.manifest.name, str(corpus.manifest.source.get("source"))
    if source.startswith("docs:"):
        found = see_also_judgements(corpus)
    elif is_judged_folder(Path(source)):
        found = beir_judgements(corpus, Path(source))
    elif corpus.documents["label"].null_count < corpus.documents.num_rows:
        found = label_judgements(corpus)
    else:
        raise ValueError(
            f"nothing says what is relevant in the corpus '{name}': it takes labels (build it with --label-column), a "
            "BEIR folder (corpus.jsonl, queries.jsonl and qrels), or the corpus docs"
        )
    if not found.queries:
        raise ValueError(f"no query of '{name}' has a relevant document in it, judging by {found.kind}")
    return found


def is_judged_folder(folder: Path) -> bool:
    """Whether a folder holds queries and judgements as BEIR lays them out."""
    return _queries_file(folder).is_file() and (folder / "qrels").is_dir()


def beir_judgements(corpus: Corpus, folder: Path) -> Judgements:
    """Read ``queries.jsonl`` and ``qrels`` of a BEIR folder: the split test, or the first that there is."""
    qrels = next((path for split in _SPLITS if (path := folder / "qrels" / f"{split}.tsv").is_file()), None)
    if qrels is None:
        raise ValueError(f"{folder / 'qrels'} holds no judgements: it takes one of test.tsv, dev.tsv and train.tsv")
    relevant: defaultdict[str, dict[str, int]] = defaultdict(dict)
    n_missing = 0
    for number, row in _rows(qrels, ("query-id", "corpus-id", "score")):
        query_id, doc_id = str(row["query-id"]).strip(), str(row["corpus-id"]).strip()
        grade = _grade(row["score"], f"{qrels}, row {number}")
        if grade <= 0:
            continue
        if doc_id in corpus.rows:
            relevant[query_id][doc_id] = grade
        else:
            n_missing += 1
    queries = []
    for _, row in _rows(_queries_file(folder), ("_id", "text")):
        query_id, text = str(row["_id"]).strip(), plain_text(row["text"], "the text")
        if text and query_id in relevant:
            queries.append(JudgedQuery(query_id, text, relevant[query_id]))
    return Judgements(f"qrels of the split {qrels.stem}", queries, n_missing)


def label_judgements(corpus: Corpus) -> Judgements:
    """Take every labelled document as a query to which those of the same label are relevant."""
    labels, doc_ids = corpus.documents["label"].to_pylist(), corpus.documents["doc_id"].to_pylist()
    members: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for doc_id, label in zip(doc_ids, labels, strict=True):
        if label is not None:
            members[label][doc_id] = 1
    queries = [
        JudgedQuery(doc_id, None, members[label], doc_id)
        for doc_id, label in zip(doc_ids, labels, strict=True)
        if label is not None and len(members[label]) > 1
    ]
    return Judgements("labels", queries)


def see_also_judgements(corpus: Corpus) -> Judgements:
    """Take every documented object as a query, without its "See Also", to which the objects named there are relevant.

    The people who wrote the documentation chose them.
    """
    queries, n_missing = [], 0
    for doc_id, text in zip(*(corpus.documents[name].to_pylist() for name in ("doc_id", "text")), strict=True):
        found = named_documents(doc_id, text, corpus.rows)
        relevant = {name: 1 for name in found if name is not None and name != doc_id}
        n_missing += found.count(None)
        if relevant:
            queries.append(JudgedQuery(doc_id, without_see_also(text), relevant, doc_id))
    return Judgements("See Also", queries, n_missing)


def _queries_file(folder: Path) -> Path:
    packed = folder / "queries.jsonl.gz"
    return packed if packed.is_file() else folder / "queries.jsonl"


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, Row]]:
    """Yield a table's rows with their numbers; ValueError if a column is missing or a row is broken."""
    with reading(str(path)):
        table = open_table(file_on_disk(path))
        if missing := set(columns).difference(table.columns):
            raise ValueError(f"it has no column '{min(missing)}'; its columns are: {', '.join(table.columns)}")
        for number, row in enumerate(table.rows(columns)):
            if not isinstance(row, Problem):
                yield number, row
            elif row.left_out:
                raise ValueError(f"{row.where}: {row.reason}")


def _grade(cell: Any, where: str) -> int:
    try:
        return int(float(cell))
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{where}: the score is a whole number, got '{cell}'") from None
