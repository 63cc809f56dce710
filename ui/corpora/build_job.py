"""A build in the background: what it does in its thread, and how it stands."""

from dataclasses import dataclass, field

from exemplar.data.building.plan import BuildPlan
from exemplar.data.building.progress import BuildEvent, EncoderLoaded, Progress, StageBegun
from exemplar.data.building.run import run_build
from exemplar.data.corpus.manifest import Manifest
from exemplar.data.documents import Problem, Problems
from exemplar.ui import jobs, resources

_STAGES = {"source": "Looking at the documents", "model": "Loading the model"}


@dataclass
class Build:
    """How a build stands.

    Attributes
    ----------
    stage
        What it does before there is progress to tell.
    hardware
        Device and precision, once the model is loaded.
    """

    plan: BuildPlan
    stage: str = _STAGES["source"]
    hardware: str = ""
    progress: Progress | None = None
    problems: Problems = field(default_factory=Problems)

    @property
    def share(self) -> float:
        """How much is done, 0 to 1."""
        total = self.progress and self.progress.total
        return min(1.0, self.progress.done / total) if self.progress and total else 0.0

    @property
    def line(self) -> str:
        """What it does now, how fast, and how long it will take."""
        progress = self.progress
        if progress is None:
            return self.stage
        if progress.total is None:
            return f"Reading: {progress.done:,} documents"
        parts = [f"Embedding: {progress.done:,} of {progress.total:,}", progress.speed, self.hardware]
        return " · ".join(filter(None, parts))

    def run(self, tell: jobs.Tell) -> Manifest:
        """Build; tell itself whenever there is something new, which is where it can be stopped."""

        def on_event(event: BuildEvent) -> None:
            match event:
                case StageBegun():
                    self.stage = _STAGES[event.stage]
                case EncoderLoaded():
                    self.hardware = event.info.hardware
                case Progress():
                    self.progress = event
                case Problem():
                    self.problems.add(event)
            tell(self)

        return run_build(self.plan, on_event, load=resources.builder).manifest


def begin(plan: BuildPlan) -> None:
    """Build in the background; ExemplarError if a corpus of this name is being built."""
    build = Build(plan)
    jobs.start("build", str(plan.name), build.run, told=build)


def sources() -> list[str]:
    """Return the sources of the builds that run or can be continued."""
    return [job.told.plan.source.source for job in jobs.jobs("build")]
