"""Runs an evaluation, from its plan to its result."""

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from exemplar.data.encoders.base import VectorKind
from exemplar.retrieval.evaluation.judgements import judgements_of
from exemplar.retrieval.evaluation.protocols import COMPARED, N_QUERIES, ROUNDS, SEED, evaluate
from exemplar.retrieval.evaluation.result import EvaluationResult
from exemplar.retrieval.evaluation.summary import gains_over_sets, set_result
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
    """

    corpora: Sequence[str]
    rankers: Sequence[str] = COMPARED
    rounds: int = ROUNDS
    n_queries: int = N_QUERIES
    seed: int = SEED
    index: str | None = None
    vectors: VectorKind | None = None

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
        return shlex.join(["exemplar", "evaluate", *self.corpora, *words])


@dataclass(frozen=True, slots=True)
class EvaluationProgress:
    """The progress of an evaluation.

    Attributes
    ----------
    stage
        The current work in words.
    done, total
        Queries of all corpora; the total is 0 until the judgements of all are read.
    corpus_done, corpus_total
        Queries of the current corpus.
    """

    stage: str
    done: int = 0
    total: int = 0
    corpus_done: int = 0
    corpus_total: int = 0


def run_evaluation(
    plan: EvaluationPlan,
    engines: Mapping[str, SearchEngine],
    on_progress: Callable[[EvaluationProgress], None] = lambda progress: None,
) -> EvaluationResult:
    """Read the judgements of the corpora and measure the rankers on them.

    Parameters
    ----------
    engines
        The engines by the name of the corpus.
    on_progress
        Called when a stage begins and after every query; an exception in it ends the evaluation.

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
    return EvaluationResult(
        plan.command,
        datetime.now(UTC).date().isoformat(),
        tuple(set_result(engines[name].corpus.manifest, judgements[name], measurements[name]) for name in plan.corpora),
        gains_over_sets(measurements),
    )
