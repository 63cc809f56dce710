"""``exemplar search`` ranks the documents of a corpus."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.table import Table

from exemplar.cli.opening import INDEX_HELP, open_engine
from exemplar.cli.terminal import errors, output, plain, print_json
from exemplar.data.errors import ExemplarError

if TYPE_CHECKING:
    from exemplar.retrieval.ranking import Ranking
    from exemplar.retrieval.search import SearchEngine


def search(
    name: Annotated[str, typer.Argument(help="Name of the corpus.")],
    query: Annotated[str, typer.Argument(help="What you are looking for.")],
    like: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="A document that is relevant; repeatable.")
    ] = None,
    unlike: Annotated[list[str] | None, typer.Option(metavar="ID", help="A document that is not; repeatable.")] = None,
    ranker: Annotated[
        Literal["knn", "words", "hybrid", "svm", "anchored-vectors", "anchored"],
        typer.Option(
            help="knn takes the query's meaning, words its words (BM25), hybrid both, and all three leave marks aside; "
            "svm is the notebook's; anchored learns from the marks by meaning and words and stays close to the query, "
            "anchored-vectors by meaning alone."
        ),
    ] = "anchored",
    C: Annotated[
        float | None,
        typer.Option(
            "--C",
            help="Weight of the data in the SVM, on a corpus of 1,000 documents: 0.003 to 10 (default: what suits the "
            "ranker and the number of marks).",
        ),
    ] = None,
    exact: Annotated[
        bool, typer.Option("--exact", help="Train to the optimum, not only until the first results have settled.")
    ] = False,
    k: Annotated[int, typer.Option("-k", help="Number of results.")] = 10,
    index: Annotated[str | None, typer.Option(metavar="URI", help=INDEX_HELP)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Search a corpus."""
    from exemplar.api.searching import ranking_json
    from exemplar.retrieval.feedback import Feedback

    if k < 1:
        raise ExemplarError(f"the number of results must be at least 1, got {k}")
    engine = open_engine(name, index)
    ranking = engine.search(
        query,
        Feedback(tuple(like or ()), tuple(unlike or ())),
        ranker=ranker,
        k=k,
        C=C,
        until="exact" if exact else "settled",
    )
    if as_json:
        print_json({"corpus": name, "query": query, **ranking_json(ranking, engine)})
    else:
        _print_ranking(ranking, engine)


def _print_ranking(ranking: "Ranking", engine: "SearchEngine") -> None:
    from exemplar.retrieval.copies.near import near_copies_together
    from exemplar.retrieval.highlights import carrying_words

    table = Table("Rank", "Score", box=None, pad_edge=False)
    table.add_column("Document", overflow="fold")  # never cut: --like and --unlike take it
    table.add_column("Labels", overflow="fold")
    table.add_column("Text")
    for result, original in near_copies_together(ranking.results):
        shown = [" ".join((result.title or "")[:1000].split())[:200], " ".join(result.passage[:1000].split())[:200]]
        shown.append(f"({len(result.copies) + 1:,} copies)" if result.copies else "")
        shown.append("(nearly the same as the row above)" if original else "")
        words = carrying_words(engine, ranking.scorer, result)
        shown.append(f"words: {', '.join(words)}" if words else "")
        text = "\n".join(filter(None, shown))
        cells = (result.rank, f"{result.score:.4f}", result.doc_id, ", ".join(result.labels), text)
        table.add_row(*(plain(str(cell)) for cell in cells))
    if ranking.results:
        output.print(table)
    elif ranking.scorer.above is not None:
        errors.print("No document has a word of the query.")
    used = {"none": "words alone", "quick": "quick vectors", "full": ""}[ranking.vectors]
    errors.print(plain(" · ".join(filter(None, [used, ranking.cost_in_words]))), style="dim")
