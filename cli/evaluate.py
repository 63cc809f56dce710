"""``exemplar evaluate``: measure the rankers where it is known what is relevant."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from exemplar.cli.opening import open_engine
from exemplar.cli.progress import build_with_progress, evaluation_progress
from exemplar.cli.terminal import errors, plain, print_evaluation
from exemplar.data.errors import ExemplarError

if TYPE_CHECKING:
    from exemplar.data.corpus.corpus import Corpus


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
    index: Annotated[
        str | None, typer.Option(metavar="URI", help="Measure corpora that were pushed to Milvus, by their names.")
    ] = None,
    json_file: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write all figures as JSON.")] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Write evaluation.md and its chart, evaluation.svg.")
    ] = None,
) -> None:
    """Measure the rankers where it is known what is relevant."""
    from exemplar.data.home import write_atomically
    from exemplar.retrieval.evaluation.protocols import COMPARED, check_rankers
    from exemplar.retrieval.evaluation.report import check_chart, write_report
    from exemplar.retrieval.evaluation.run import EvaluationPlan, run_evaluation
    from exemplar.retrieval.search import SearchEngine

    compared = tuple(name.strip() for name in rankers.split(",") if name.strip()) if rankers else COMPARED
    check_rankers(compared)
    if report:
        check_chart()
        if report.exists() and not report.is_dir():
            raise ExemplarError(f"{report} is a file; name a folder for the report")
        report.mkdir(parents=True, exist_ok=True)
    if json_file and json_file.is_dir():
        raise ExemplarError(f"{json_file} is a folder; name a file in it")
    if json_file and not json_file.parent.is_dir():
        raise ExemplarError(f"there is no folder {json_file.parent} to write into")
    opened = [open_engine(target, index) if index else SearchEngine(_corpus_of(target)) for target in targets]
    engines = {engine.corpus.manifest.name: engine for engine in opened}
    plan = EvaluationPlan(tuple(engines), compared, rounds, queries, seed, index)
    with evaluation_progress() as on_progress:
        result = run_evaluation(plan, engines, on_progress)
    print_evaluation(result)
    if json_file:
        write_atomically(json_file, result.to_bytes())
    if report:
        for path in write_report(result, report):
            errors.print(plain(f"Wrote {path}"), style="dim")


def _corpus_of(target: str) -> "Corpus":
    """Open the corpus that is named, or that was built from the source that is named; embed it if there is none."""
    from exemplar.data.building.plan import BuildPlan
    from exemplar.data.corpus.corpus import open_corpus
    from exemplar.data.corpus.manifest import corpus_names, read_manifest
    from exemplar.data.sources.read import read_source
    from exemplar.data.sources.spec import SourceSpec
    from exemplar.retrieval.evaluation.judgements import check_judged

    is_docs = target == "docs" or target.startswith("docs:")
    if target in corpus_names() and not is_docs:
        corpus = open_corpus(target)
        if not corpus.manifest.created:
            raise ExemplarError(f"the corpus '{target}' is unfinished; build it on first")
        return corpus
    with errors.status("Looking at the source"):
        documents = read_source(SourceSpec(target, without_see_also=is_docs))
    check_judged(documents.spec)
    name = "docs-without-see-also" if is_docs else documents.name
    if name in corpus_names() and (manifest := read_manifest(name)).created:
        if manifest.source == documents.spec:
            return open_corpus(name)
        option = " --without-see-also" if is_docs else ""
        raise ExemplarError(
            f"there is a corpus '{name}' already, of other documents or columns: measure that by its name, or build "
            f"this one under another (exemplar build {target}{option} --name NAME) and measure it by that"
        )
    corpus, problems = build_with_progress(BuildPlan(documents.spec, name), documents)
    for line in problems.lines():
        errors.print(plain(line), style="dim")
    errors.print(plain(f"Embedded {target} as the corpus {name}."), style="dim")
    return corpus
