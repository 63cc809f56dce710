"""Show the progress of long commands on the terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from exemplar.cli.interrupts import stoppable
from exemplar.cli.terminal import errors, plain, say
from exemplar.data.documents import Problem, Problems

if TYPE_CHECKING:
    from exemplar.data.building.plan import BuildPlan
    from exemplar.data.building.progress import BuildEvent
    from exemplar.data.corpus.corpus import Corpus
    from exemplar.data.sources.spec import Source
    from exemplar.retrieval.evaluation.run import EvaluationProgress


def build_with_progress(
    plan: "BuildPlan", source: "Source | None" = None, *, finish: bool = False
) -> tuple["Corpus", Problems]:
    """Build a corpus, show the progress, and return the corpus and the problems with its documents.

    Parameters
    ----------
    finish
        Embed the documents that the corpus has; its source is not read.
    """
    from exemplar.data.building.run import run_build, run_finish

    problems = Problems()
    on_ray = plan.cluster is not None
    with stoppable("What is embedded"), _build_progress(problems, on_ray=on_ray) as on_event:
        corpus = run_finish(plan, on_event) if finish else run_build(plan, on_event, source=source)
        return corpus, problems


@contextmanager
def _build_progress(problems: Problems, *, on_ray: bool) -> Iterator[Callable[["BuildEvent"], None]]:
    """Show the progress of a build; yield the function that takes its events and collects the problems."""
    from exemplar.data.building.progress import (
        EncoderLoaded,
        LanguageKnown,
        NoQuickVectors,
        SourceAdded,
        SourceOpened,
        StageBegun,
    )

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[speed]}"))
    stages = {
        "source": "Looking at the source",
        "distillation": "Distilling the model, once for all corpora",
        "model": "Loading the model on Ray" if on_ray else "Loading the model",
    }
    added: list[str] = []
    bar = Progress(*columns, console=errors, transient=True)
    task, hardware = bar.add_task("Reading", total=None, speed=""), ""
    with bar:

        def on_event(event: "BuildEvent") -> None:
            nonlocal hardware
            match event:
                case Problem():
                    problems.add(event)
                case StageBegun():
                    bar.update(task, description=stages[event.stage], completed=0, total=None, speed="")
                case SourceOpened():
                    for note in event.notes:
                        errors.print(plain(f"{note[:1].upper()}{note[1:]}."))
                case EncoderLoaded():
                    hardware = event.info.hardware
                case SourceAdded():
                    added.append(f"{event.in_words}.")
                case NoQuickVectors():
                    errors.print(plain(f"Until it is embedded, search it by words: {event.reason}."), style="dim")
                case LanguageKnown():
                    if event.advice:
                        errors.print(plain(event.advice), style="yellow")
                case _:
                    speed = f"{event.speed} on {hardware}" if event.speed else ""
                    stage = event.stage.capitalize()
                    bar.update(task, description=stage, completed=event.done, total=event.total, speed=speed)

        yield on_event
    for line in added:
        say(line)


@contextmanager
def counting(description: str) -> Iterator[Callable[[int, int], None]]:
    """Show a progress bar; yield the function that takes how much is done and the total."""
    with _counting_bar() as bar:
        task = bar.add_task(description, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def evaluation_progress() -> Iterator[Callable[["EvaluationProgress"], None]]:
    """Show the progress of the corpus that is being measured; yield the function that takes the progress."""
    with _counting_bar() as bar:
        task = bar.add_task("", visible=False)

        def on_progress(progress: "EvaluationProgress") -> None:
            n = progress.corpus_total
            if not progress.corpus_done:
                bar.reset(task, total=n, description=progress.stage, visible=n > 0)
            bar.update(task, completed=progress.corpus_done)

        yield on_progress


def _counting_bar() -> Progress:
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(TextColumn("{task.description}", markup=False), *columns, console=errors, transient=True)
