"""A build in the background: what it does in its thread, and how it stands."""

from dataclasses import dataclass, field

from exemplar.data.building.build import build_corpus, precision_of
from exemplar.data.building.embed import Progress
from exemplar.data.building.plan import Plan
from exemplar.data.corpus.manifest import Manifest
from exemplar.data.documents import Problem, Problems
from exemplar.data.sources.read import read_source
from exemplar.ui import jobs, resources


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

    plan: Plan
    stage: str = "Looking at the documents"
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
        plan = self.plan

        def on_event(event: Progress | Problem) -> None:
            if isinstance(event, Problem):
                self.problems.add(event)
            else:
                self.progress = event
            tell(self)

        tell(self)
        source = read_source(**plan.source)
        self.stage = "Loading the model"
        tell(self)
        precision = plan.precision or precision_of(plan.name, plan.model, replace=plan.replace) or "auto"
        encoder = resources.builder(plan.model, precision, plan.model_revision)
        self.hardware = f"{encoder.device}, {encoder.precision}"
        corpus = build_corpus(
            source, encoder, name=plan.name, whole=plan.whole, replace=plan.replace, on_event=on_event
        )
        return corpus.manifest


def begin(plan: Plan) -> None:
    """Build in the background; a ValueError says so if a corpus of this name is being built."""
    build = Build(plan)
    jobs.start("build", plan.name, build.run, told=build)


def sources() -> list[str]:
    """Return the sources of the builds that go on or may go on."""
    return [str(job.told.plan.source.get("source")) for job in jobs.jobs("build")]
