"""An evaluation in the background: what it does in its thread, and how far it has come."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from exemplar.data.text import duration_in_words
from exemplar.retrieval.evaluation.chart import counted
from exemplar.retrieval.evaluation.judgements import judgements_of
from exemplar.retrieval.evaluation.protocols import evaluate
from exemplar.retrieval.evaluation.result import evaluate_command, result_json
from exemplar.retrieval.evaluation.saved import evaluations_folder, keep
from exemplar.retrieval.search import SearchEngine
from exemplar.ui import jobs, resources

NAME = "the evaluation"  # of the job: one at a time, since each takes all that the processor gives


@dataclass
class Evaluation:
    """How an evaluation stands.

    Attributes
    ----------
    stage
        What it does now.
    done, total
        Queries of all corpora; the total is 0 while it isn't known.
    """

    engines: Mapping[str, SearchEngine]
    rankers: Sequence[str]
    rounds: int
    n_queries: int
    stage: str = "Reading the judgements"
    done: int = 0
    total: int = 0
    since: float = 0.0

    @property
    def corpora(self) -> str:
        """The names of the corpora, in a row."""
        return ", ".join(self.engines)

    @property
    def share(self) -> float:
        """How much is done, 0 to 1."""
        return self.done / self.total if self.total else 0.0

    @property
    def line(self) -> str:
        """How much is done, and how long the rest will take; empty before that is known."""
        if not self.total:
            return ""
        left = [f"{duration_in_words(self._seconds_left)} left"] if self.done else []
        return " · ".join([f"{self.done:,} of {counted(self.total)}", *left])

    def run(self, tell: jobs.Tell) -> str:
        """Measure and keep what comes out; return the name it goes by. Tell itself after each query."""
        evaluations_folder().mkdir(parents=True, exist_ok=True)  # that it can't be written is better known at once
        judged = {}
        for name, engine in self.engines.items():
            self.stage = f"Reading the judgements of {name}"
            tell(self)
            judged[name] = judgements_of(engine.corpus)
        self.total = sum(min(self.n_queries, len(each.queries)) for each in judged.values())
        self.since = time.monotonic()
        measured = {}
        for name, engine in self.engines.items():
            self.stage = f"Measuring {name}"
            tell(self)
            before = self.done

            def on_query(done: int, _: int, before: int = before) -> None:
                self.done = before + done
                tell(self)

            measured[name] = evaluate(
                engine,
                judged[name],
                rankers=self.rankers,
                rounds=self.rounds,
                n_queries=self.n_queries,
                on_query=on_query,
            )
        command = evaluate_command(
            list(self.engines),
            rankers=self.rankers,
            rounds=self.rounds,
            n_queries=self.n_queries,
            index=resources.index(),
        )
        manifests = [engine.corpus.manifest for engine in self.engines.values()]
        return keep(result_json(command, manifests, judged, measured))

    @property
    def _seconds_left(self) -> float:
        return (time.monotonic() - self.since) / self.done * (self.total - self.done)


def begin(evaluation: Evaluation) -> None:
    """Measure in the background; a ValueError says so if an evaluation is going on."""
    jobs.start("evaluate", NAME, evaluation.run, told=evaluation)
