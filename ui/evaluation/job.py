"""Run an evaluation in the background, and describe its progress."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from exemplar.data.text import duration_in_words
from exemplar.retrieval.evaluation.chart import queries_in_words
from exemplar.retrieval.evaluation.run import EvaluationPlan, EvaluationProgress, run_evaluation
from exemplar.retrieval.evaluation.saved import evaluations_folder, save_evaluation
from exemplar.retrieval.search import SearchEngine
from exemplar.ui import jobs

NAME = "the evaluation"  # of the job; only one runs at a time, since it uses the whole processor


@dataclass
class Evaluation:
    """An evaluation and its progress.

    Attributes
    ----------
    measuring_since
        When the first query began, or the first reading to the end, by ``time.monotonic``, in seconds; None before.
    n_queries
        The number of measured queries.
    """

    plan: EvaluationPlan
    engines: Mapping[str, SearchEngine]
    latest: EvaluationProgress = field(default_factory=lambda: EvaluationProgress("Reading the judgements"))
    measuring_since: float | None = None
    n_queries: int = 0

    @property
    def corpora(self) -> str:
        """The names of the corpora, separated by commas."""
        return ", ".join(self.plan.corpora)

    @property
    def share(self) -> float:
        """The share that is done, 0 to 1."""
        return self.latest.done / self.latest.total if self.latest.total else 0.0

    @property
    def line(self) -> str:
        """How much is done, and how long the rest will take at most; empty before the number of queries is known."""
        done, total = self.latest.done, self.latest.total
        if not total:
            return ""
        left = [f"{duration_in_words(self._seconds_left)} left"] if done else []
        of = queries_in_words(total) if self.latest.unit == "query" else f"{total:,} documents to read at most"
        return " · ".join([f"{done:,} of {of}", *left])

    def run(self, report: jobs.ReportProgress) -> str:
        """Measure, report itself after every query, and save the result; return the name of the saved evaluation."""
        evaluations_folder().mkdir(parents=True, exist_ok=True)  # fails before the work if it can't be written

        def on_progress(progress: EvaluationProgress) -> None:
            if progress.total and (self.measuring_since is None or progress.unit != self.latest.unit):
                self.measuring_since = time.monotonic()
            self.latest = progress
            if progress.unit == "query":
                self.n_queries = progress.done
            report(self)

        return save_evaluation(run_evaluation(self.plan, self.engines, on_progress))

    @property
    def _seconds_left(self) -> float:
        done, total = self.latest.done, self.latest.total
        return (time.monotonic() - (self.measuring_since or 0.0)) / done * (total - done)


def begin(evaluation: Evaluation) -> None:
    """Measure in the background; raises ExemplarError if another evaluation is running."""
    jobs.start("evaluate", NAME, evaluation.run, progress=evaluation)
