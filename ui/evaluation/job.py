"""An evaluation in the background: what it does in its thread, and how far it has come."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from exemplar.data.text import duration_in_words
from exemplar.retrieval.evaluation.chart import queries_in_words
from exemplar.retrieval.evaluation.run import EvaluationPlan, EvaluationProgress, run_evaluation
from exemplar.retrieval.evaluation.saved import evaluations_folder, save_evaluation
from exemplar.retrieval.search import SearchEngine
from exemplar.ui import jobs

NAME = "the evaluation"  # of the job: one at a time, since each takes all that the processor gives


@dataclass
class Evaluation:
    """How an evaluation stands."""

    plan: EvaluationPlan
    engines: Mapping[str, SearchEngine]
    progress: EvaluationProgress = field(default_factory=lambda: EvaluationProgress("Reading the judgements"))
    measuring_since: float | None = None

    @property
    def corpora(self) -> str:
        """The names of the corpora, in a row."""
        return ", ".join(self.plan.corpora)

    @property
    def share(self) -> float:
        """How much is done, 0 to 1."""
        return self.progress.done / self.progress.total if self.progress.total else 0.0

    @property
    def line(self) -> str:
        """How much is done, and how long the rest will take; empty before that is known."""
        done, total = self.progress.done, self.progress.total
        if not total:
            return ""
        left = [f"{duration_in_words(self._seconds_left)} left"] if done else []
        return " · ".join([f"{done:,} of {queries_in_words(total)}", *left])

    def run(self, tell: jobs.Tell) -> str:
        """Measure and keep the result; return its name. Reports itself after every query."""
        evaluations_folder().mkdir(parents=True, exist_ok=True)  # that it can't be written is better known at once

        def on_progress(progress: EvaluationProgress) -> None:
            self.progress = progress
            if progress.total and self.measuring_since is None:
                self.measuring_since = time.monotonic()
            tell(self)

        return save_evaluation(run_evaluation(self.plan, self.engines, on_progress))

    @property
    def _seconds_left(self) -> float:
        done, total = self.progress.done, self.progress.total
        return (time.monotonic() - (self.measuring_since or 0.0)) / done * (total - done)


def begin(evaluation: Evaluation) -> None:
    """Measure in the background; raises ExemplarError if another evaluation runs."""
    jobs.start("evaluate", NAME, evaluation.run, told=evaluation)
