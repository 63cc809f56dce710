"""Run a build in the background, and describe its progress."""

from dataclasses import dataclass, field

from exemplar.data.building.plan import BuildPlan
from exemplar.data.building.progress import (
    BuildEvent,
    EncoderLoaded,
    LanguageKnown,
    NoQuickVectors,
    Progress,
    SourceAdded,
    StageBegun,
)
from exemplar.data.building.run import run_build
from exemplar.data.corpus.manifest import Manifest
from exemplar.data.documents import Problem, Problems
from exemplar.data.errors import AddedSourceUnreadable
from exemplar.ui import jobs, resources

_STAGES = {
    "source": "Looking at the documents",
    "distillation": "Distilling the model, once for all corpora",
    "model": "Loading the model",
}


@dataclass
class Build:
    """A build and its progress.

    Attributes
    ----------
    stage
        What the build does before its first progress, for people.
    hardware
        Device and precision; empty before the model is loaded.
    latest
        The last progress; None before the first.
    advice
        A sentence on another model for the language of the texts; empty if there is none.
    no_quick
        Why the corpus gets no quick vectors; empty if it gets them.
    note
        A sentence that is shown with the build; empty for none.
    unreadable
        The added source that ended the build since it is gone or can't be read; empty for none.
    added
        The sources that the corpus takes for the first time, as far as they were read.
    """

    plan: BuildPlan
    stage: str = _STAGES["source"]
    hardware: str = ""
    latest: Progress | None = None
    advice: str = ""
    no_quick: str = ""
    note: str = ""
    unreadable: str = ""
    problems: Problems = field(default_factory=Problems)
    added: list[SourceAdded] = field(default_factory=list)

    @property
    def share(self) -> float:
        """The share that is done, 0 to 1."""
        latest = self.latest
        return min(1.0, latest.done / latest.total) if latest and latest.total else 0.0

    @property
    def line(self) -> str:
        """What the build does now, how fast, and how long it will take."""
        latest = self.latest
        if latest is None:
            return self.stage
        if latest.total is None:
            return f"Reading: {latest.done:,} documents"
        parts = [f"{latest.stage.capitalize()}: {latest.done:,} of {latest.total:,}", latest.speed, self.hardware]
        return " · ".join(filter(None, parts))

    def run(self, report: jobs.ReportProgress) -> Manifest:
        """Build the corpus; report itself after every event, where a person can stop it."""

        def on_event(event: BuildEvent) -> None:
            match event:
                case StageBegun():
                    self.stage, self.latest = _STAGES[event.stage], None
                case EncoderLoaded():
                    self.hardware = event.info.hardware
                case LanguageKnown():
                    self.advice = event.advice
                case NoQuickVectors():
                    self.no_quick = event.reason
                case SourceAdded():
                    self.added = [other for other in self.added if other.name != event.name] + [event]
                case Progress():
                    self.latest = event
                case Problem():
                    self.problems.add(event)
            report(self)

        try:
            return run_build(self.plan, on_event, load=resources.builder).manifest
        except AddedSourceUnreadable as error:
            self.unreadable = error.source
            raise


def begin(plan: BuildPlan, note: str = "") -> None:
    """Build in the background, and dismiss what was built before.

    Parameters
    ----------
    note
        A sentence that is shown with the build; empty for none.

    Raises
    ------
    ExemplarError
        A build of this name is running.
    """
    build = Build(plan, note=note)
    job = jobs.start("build", str(plan.name), build.run, progress=build)
    for other in jobs.jobs("build"):
        if other is not job and other.result:
            jobs.dismiss("build", other.name)


def sources() -> list[str]:
    """Return the sources of the builds that are running or can be continued."""
    plans = [job.progress.plan for job in jobs.jobs("build")]
    return [spec.source for plan in plans for spec in (plan.source, *(plan.added or ()))]
