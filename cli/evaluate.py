"""``exemplar evaluate`` measures the rankers on documents with known relevance."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from exemplar.cli.opening import check_file, open_engine
from exemplar.cli.progress import build_with_progress, evaluation_progress
from exemplar.cli.terminal import errors, plain, print_evaluation
from exemplar.data.errors import ExemplarError

if TYPE_CHECKING:
    from exemplar.data.corpus.corpus import Corpus
    from exemplar.data.sources.spec import Source
    from exemplar.retrieval.evaluation.result import EvaluationResult
    from exemplar.retrieval.evaluation.to_the_end import EndPlan
    from exemplar.retrieval.search import SearchEngine


def evaluate(
    targets: Annotated[
        list[str],
        typer.Argument(
            metavar="TARGET",
            help="A BEIR folder (corpus, queries, qrels), a corpus with labels, docs (judged by its See Also), or any "
            "other source with labels. Embedded first, if it has not been.",
        ),
    ],
    rankers: Annotated[
        str | None, typer.Option(help="Rankers to compare, with commas between (default: all).", show_default=False)
    ] = None,
    rounds: Annotated[int, typer.Option(help="Rounds of the own loop, ten documents each.", min=1)] = 5,
    queries: Annotated[int, typer.Option(help="At most so many queries a target, drawn at random.", min=1)] = 300,
    seed: Annotated[int, typer.Option(help="Of the draw.", min=0)] = 7,
    vectors: Annotated[
        Literal["quick", "full"] | None, typer.Option(help="Measure with these vectors (default: the best there are).")
    ] = None,
    to_the_end: Annotated[
        bool, typer.Option("--to-the-end", help="Also read every collection until its last relevant document; long.")
    ] = False,
    page: Annotated[
        int, typer.Option(help="To the end: documents that are judged before it is ranked anew.", min=1)
    ] = 10,
    start: Annotated[
        Literal["query", "two", "both"],
        typer.Option(help="To the end: from the query alone, or from one relevant and one other document known."),
    ] = "both",
    seeds: Annotated[int, typer.Option(help="To the end: draws of the two known documents.", min=1)] = 3,
    index: Annotated[
        str | None, typer.Option(metavar="URI", help="Measure corpora that were pushed to Milvus, by their names.")
    ] = None,
    json_file: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write all figures as JSON.")] = None,
    report: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Write evaluation.md and its charts.")] = None,
) -> None:
    """Measure the rankers where it is known what is relevant."""
    from exemplar.retrieval.evaluation.run import EvaluationPlan, run_evaluation

    compared, end = _compared_rankers(rankers), _end_plan(to_the_end, page, start, seeds)
    if report:
        _prepare_report_folder(report)
    check_file(json_file)
    engines = _open_engines(targets, index, vectors)
    plan = EvaluationPlan(tuple(engines), compared, rounds, queries, seed, index, vectors, end)
    with evaluation_progress() as on_progress:
        result = run_evaluation(plan, engines, on_progress)
    print_evaluation(result)
    _write(result, json_file, report)


def _compared_rankers(names: str | None) -> tuple[str, ...]:
    """Return the rankers named in a list with commas, all of them without a list."""
    from exemplar.retrieval.evaluation.protocols import COMPARED, check_rankers

    rankers = tuple(name.strip() for name in names.split(",") if name.strip()) if names else COMPARED
    check_rankers(rankers)
    return rankers


def _end_plan(to_the_end: bool, page: int, start: Literal["query", "two", "both"], seeds: int) -> "EndPlan | None":
    """Return how collections are read to the end; None if they are not."""
    from exemplar.retrieval.evaluation.to_the_end import STARTS, EndPlan

    plan = EndPlan(page, tuple(STARTS) if start == "both" else (start,), seeds)
    if plan != EndPlan() and not to_the_end:
        raise ExemplarError("--page, --start and --seeds say how collections are read to the end; add --to-the-end")
    return plan if to_the_end else None


def _prepare_report_folder(folder: Path) -> None:
    from exemplar.retrieval.evaluation.report import check_chart

    check_chart()
    if folder.exists() and not folder.is_dir():
        raise ExemplarError(f"{folder} is a file; name a folder for the report")
    folder.mkdir(parents=True, exist_ok=True)


def _write(result: "EvaluationResult", json_file: Path | None, report: Path | None) -> None:
    from exemplar.data.home import write_atomically
    from exemplar.retrieval.evaluation.report import write_report

    if json_file:
        write_atomically(json_file, result.to_bytes())
    if report:
        for path in write_report(result, report):
            errors.print(plain(f"Wrote {path}"), style="dim")


def _open_engines(
    targets: Sequence[str], index: str | None, vectors: Literal["quick", "full"] | None
) -> dict[str, "SearchEngine"]:
    """Return the search engines of the targets by the names of their corpora."""
    from exemplar.data.corpus.corpus import open_corpus
    from exemplar.retrieval.search import SearchEngine

    if index and vectors:
        raise ExemplarError("a corpus in Milvus has the vectors that were pushed; leave --vectors out")
    if index:
        engines = [open_engine(target, index) for target in targets]
    else:
        corpora = map(_corpus_of, targets)
        engines = [
            SearchEngine(open_corpus(corpus.manifest.name, vectors) if vectors else corpus) for corpus in corpora
        ]
    return {engine.corpus.manifest.name: engine for engine in engines}


def _corpus_of(target: str) -> "Corpus":
    """Return the corpus that a target names, or the corpus of the source that it names; build that if necessary."""
    from exemplar.data.corpus.manifest import corpus_names
    from exemplar.data.sources.read import read_source
    from exemplar.data.sources.spec import SourceSpec
    from exemplar.retrieval.evaluation.judgements import check_judged

    spec = SourceSpec(target)
    if target in corpus_names() and not spec.is_docs:
        return _open_finished(target)
    with errors.status("Looking at the source"):
        source = read_source(replace(spec, without_see_also=spec.is_docs))
    check_judged(source.spec)
    return _open_built(source, target) or _build(source, target)


def _open_finished(name: str) -> "Corpus":
    from exemplar.data.corpus.corpus import open_corpus

    corpus = open_corpus(name)
    if not corpus.manifest.created:
        raise ExemplarError(f"the corpus '{name}' is unfinished; finish its build first")
    return corpus


def _open_built(source: "Source", target: str) -> "Corpus | None":
    """Return the corpus that was built from this source; None if no finished corpus has its name.

    Raises
    ------
    ExemplarError
        The corpus of this name was built from other documents or columns.
    """
    from exemplar.data.corpus.corpus import open_corpus
    from exemplar.data.corpus.manifest import corpus_names, read_manifest

    name = _name_of(source)
    if name not in corpus_names() or not (manifest := read_manifest(name)).created:
        return None
    if manifest.source == source.spec and not manifest.added:
        return open_corpus(name)
    option = " --without-see-also" if source.spec.is_docs else ""
    raise ExemplarError(
        f"the corpus '{name}' exists already, with other documents or columns; measure it by its name, or build this "
        f"source under another name (exemplar build {target}{option} --name NAME) and measure that"
    )


def _build(source: "Source", target: str) -> "Corpus":
    from exemplar.data.building.plan import BuildPlan

    name = _name_of(source)
    corpus, problems = build_with_progress(BuildPlan(source.spec, name), source)
    for line in problems.lines():
        errors.print(plain(line), style="dim")
    errors.print(plain(f"Embedded {target} as the corpus {name}: {corpus.n_documents:,} documents."), style="dim")
    return corpus


def _name_of(source: "Source") -> str:
    return "docs-without-see-also" if source.spec.is_docs else source.name
