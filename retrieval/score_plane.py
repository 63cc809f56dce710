"""The score plane: documents as points, with their scores in two rankings as coordinates."""

from collections.abc import Sequence
from dataclasses import dataclass

from exemplar.retrieval.rankers import Scorer
from exemplar.retrieval.search import SearchEngine


@dataclass(frozen=True, slots=True)
class Point:
    """A document: ``x`` is its score by the first ranking, ``y`` by the second."""

    doc_id: str
    x: float
    y: float
    kind: str


def score_plane(
    engine: SearchEngine, first: Scorer, second: Scorer, groups: Sequence[tuple[str, Sequence[str]]]
) -> list[Point]:
    """Return the documents of groups as points, in the order of the groups.

    Parameters
    ----------
    groups
        Kinds, and their documents by ``doc_id``. A document of several groups has the kind of the last one. Documents
        that the corpus does not have are ignored.
    """
    rows = engine.corpus.rows_of([doc_id for _, group in groups for doc_id in group])
    kinds = {doc_id: kind for kind, group in groups for doc_id in group if doc_id in rows}
    order = [kind for kind, _ in groups]
    doc_ids = sorted(kinds, key=lambda doc_id: order.index(kinds[doc_id]))
    xs, ys = (engine.scores(scorer, doc_ids) for scorer in (first, second))
    return [Point(doc_id, x, y, kinds[doc_id]) for doc_id, x, y in zip(doc_ids, xs, ys, strict=True)]
