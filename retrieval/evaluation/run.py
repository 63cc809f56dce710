"""Runs an evaluation, from its plan to its result."""

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from exemplar.data.encoders.base import VectorKind
from exemplar.retrieval.evaluation.judgements import Judgements, judgements_of
from exemplar.retrieval.evaluation.protocols import COMPARED, N_QUERIES, ROUNDS, SEED, evaluate
from exemplar.retrieval.evaluation.result import EvaluationResult
from exemplar.retrieval.evaluation.summary import gains_over_sets, set_result
from exemplar.retrieval.evaluation.to_the_end import READERS, EndMeasurement, EndPlan, measure_to_the_end
from exemplar.retrieval.search import SearchEngine


@dataclass(frozen=True, slots=True)
class EvaluationPlan:
    """The plan of an evaluation.

    Attributes
    ----------
    corpora
        The names of the corpora.
    rounds
        Rounds of the own loop, with ten documents each.
    n_queries
        The most queries of a corpus to measure, drawn at random by the seed.
    index
        Address of the Milvus server of the corpora; None if they are on this machine.
    vectors
        The kind of vectors that was asked for; None for the best of every corpus.
    to_the_end
        How the collections are read to the end; None if they are not, since it takes long.
    """

    corpora: Sequence[str]
    rankers: Sequence[str] = COMPARED
    rounds: int = ROUNDS
    n_queries: int = N_QUERIES
    seed: int = SEED
    index: str | None = None
    vectors: VectorKind | None = None
    to_the_end: EndPlan | None = None

    @property
    def readers(self) -> Sequence[str]:
        """The rankers that read to the end: the plan's, or the default ones of this protocol."""
        return READERS if tuple(self.rankers) == COMPARED else self.rankers

    @property
    def command(self) -> str:
        """The command of the same evaluation; options with their defaults are left out."""
        options = {
            "rankers": (",".join(self.rankers), ",".join(COMPARED)),
            "rounds": (self.rounds, ROUNDS),
            "queries": (self.n_queries, N_QUERIES),
            "seed": (self.seed, SEED),
            "vectors": (self.vectors, None),
            "index": (self.index or "", ""),
        }
        words = [
            word for key, (value, default) in options.items() if value != default for word in (f"--{key}", str(value))
        ]
        to_the_end = self.to_the_end.options if self.to_the_end else []
        return shlex.join(["exemplar", "evaluate", *self.corpora, *words, *to_the_end])


@dataclass(frozen=True, slots=True)
class EvaluationProgress:
    """The progress of an evaluation.

    Attributes
    ----------
    stage
        The current work in words.
    done, total
        Queries of all corpora; the total is 0 until the judgements of all are read. While collections are read to the
        end, documents of all readings, those included that need not be read.
    corpus_done, corpus_total
        The same of the current corpus.
    unit
        What is counted.
    """

    stage: str
    done: int = 0
    total: int = 0
    corpus_done: int = 0
    corpus_total: int = 0
    unit: Literal["query", "document"] = "query"


OnProgress = Callable[[EvaluationProgress], None]


def run_evaluation(
    plan: EvaluationPlan,
    engines: Mapping[str, SearchEngine],
    on_progress: OnProgress = lambda progress: None,
) -> EvaluationResult:
    """Read the judgements of the corpora and measure the rankers on them.

    Parameters
    ----------
    engines
        The engines by the name of the corpus.
    on_progress
        Called when a stage begins, after every query, and after every page of a reading to the end; an exception in it
        ends the evaluation.

    Raises
    ------
    ExemplarError
        A ranker is unknown, or a corpus has no readable judgements.
    """
    judgements = {}
    for name in plan.corpora:
        on_progress(EvaluationProgress(f"Reading the judgements of {name}"))
        judgements[name] = judgements_of(engines[name].corpus)
    n_queries = {name: min(plan.n_queries, len(judgements[name].queries)) for name in plan.corpora}
    measurements, before = {}, 0
    for name in plan.corpora:

        def on_query(done: int, n: int, name: str = name, before: int = before) -> None:
            on_progress(EvaluationProgress(f"Measuring {name}", before + done, sum(n_queries.values()), done, n))

        on_query(0, n_queries[name])
        measurements[name] = evaluate(
            engines[name],
            judgements[name],
            rankers=plan.rankers,
            rounds=plan.rounds,
            n_queries=plan.n_queries,
            seed=plan.seed,
            on_query=on_query,
        )
        before += n_queries[name]
    read = {} if plan.to_the_end is None else _read_to_the_end(plan, plan.to_the_end, engines, judgements, on_progress)
    return EvaluationResult(
        plan.command,
        datetime.now(UTC).date().isoformat(),
        tuple(
            set_result(engines[name].corpus.manifest, judgements[name], measurements[name], read.get(name, ()))
            for name in plan.corpora
        ),
        gains_over_sets(measurements),
    )


def _read_to_the_end(
    plan: EvaluationPlan,
    end: EndPlan,
    engines: Mapping[str, SearchEngine],
    judgements: Mapping[str, Judgements],
    on_progress: OnProgress,
) -> dict[str, list[EndMeasurement]]:
    """Read the collections of all corpora to the end."""
    totals = {
        name: end.n_readings(min(plan.n_queries, len(judgements[name].queries)), len(plan.readers))
        * (engines[name].corpus.n_documents - len(judgements[name].unjudged))
        for name in plan.corpora
    }
    read, before = {}, 0
    for name in plan.corpora:
        done = 0

        def on_read(n: int, name: str = name, before: int = before) -> None:
            nonlocal done
            done, stage = done + n, f"Reading {name} to the end"
            total = sum(totals.values())
            on_progress(EvaluationProgress(stage, before + done, total, done, totals[name], "document"))

        on_read(0)
        read[name] = measure_to_the_end(
            engines[name],
            judgements[name],
            rankers=plan.readers,
            plan=end,
            n_queries=plan.n_queries,
            seed=plan.seed,
            on_read=on_read,
        )
        on_read(totals[name] - done)  # queries that do not count, and documents that no query reads
        before += totals[name]
    return read
