"""What is said of a saved search, on the terminal and on the page."""

from exemplar.retrieval.rankers import LEARNING, TITLES
from exemplar.retrieval.saved_search.among_marks import LEAST, AmongMarks, Cut
from exemplar.retrieval.saved_search.saved import SavedSearch

AMONG_MARKS = "Among your marked rows"
NOT_COMPARABLE = (
    "Trained anew on this corpus: scores do not compare with those of another corpus, nor does a threshold."
)
IN_MILVUS = (
    "This corpus is in Milvus, which ranks by weights of vectors: by a search of "
    f"{TITLES['knn']}, {TITLES['svm']} or {TITLES['anchored-vectors']}. Begin a session there for the others."
)
RANDOM_CHECK = (
    "This holds for the marked rows alone: most of them were read because a ranking had them on top. What share of a "
    "corpus a threshold finds, only a random check says: on the page, under Screen."
)
_COLUMNS = ("Score at least", "Precision", "Recall", "F1")


def search_in_words(saved: SavedSearch) -> str:
    """Return what a saved search is, in one line."""
    marks = f"{saved.n_marked('positive'):,} relevant, {saved.n_marked('negative'):,} not relevant"
    title = f"“{saved.title}”" if saved.title else "A search"
    query = saved.query_in_words
    query = query if len(query) <= 100 else f"{query[:100]} …"
    return f"{title} on {saved.corpus}, saved {saved.created[:10]}: “{query}”, {marks}."


def figures_title(figures: AmongMarks) -> str:
    """Return the heading of a table of figures."""
    marks = f"{figures.n_relevant:,} relevant, {figures.n_not_relevant:,} not relevant"
    return f"{AMONG_MARKS} ({marks}; cross-validated, {figures.n_folds} parts)"


def figures_table(figures: AmongMarks) -> list[dict[str, str]]:
    """Return the rows of a table of figures."""
    return [dict(zip(_COLUMNS, _cells(cut), strict=True)) for cut in figures.cuts]


def why_no_figures(saved: SavedSearch) -> str:
    """Return why a saved search has no figures."""
    if saved.ranker not in LEARNING:
        return f"{AMONG_MARKS}: nothing can be said, since its ranking learns nothing from marks."
    return (
        f"{AMONG_MARKS}: nothing can be said, since fewer than {LEAST} rows of its corpus are relevant, or fewer than "
        f"{LEAST} not relevant."
    )


def suggestion(figures: AmongMarks) -> str:
    """Return a sentence with the suggested threshold."""
    cut = figures.suggested
    return f"Suggested threshold: {in_figures(cut.threshold)}, of the highest F1 ({cut.f1:.2f}) among the marked rows."


def in_figures(threshold: float) -> str:
    """Return a threshold as a person types it again."""
    return f"{threshold:.6g}"


def _cells(cut: Cut) -> tuple[str, ...]:
    return in_figures(cut.threshold), f"{cut.precision:.0%}", f"{cut.recall:.0%}", f"{cut.f1:.2f}"
