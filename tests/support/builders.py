"""Builders that are killed: each writes down what it is about to embed, and none ends before its gate is open.

A line of the log is the kind of vectors and a text.
"""

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from exemplar import cli
from exemplar.data.building import embed
from exemplar.data.building.adding import plan_with, with_added
from exemplar.data.building.build import build_corpus
from exemplar.data.encoders.sentence_transformer import SentenceEncoder
from exemplar.data.sources.read import read_source
from exemplar.data.sources.spec import SourceSpec
from tests.support.fake_encoder import FakeEncoder, FakeQuickEncoder
from tests.support.reading import read

SHARD = 8  # documents; smaller than usual, so that every run has some to commit
LAST = "the last document, which is embedded when the gate is open"


def build_by_the_program(path: str, log: str, gate: str) -> None:
    """Build as a person does, by the real model."""
    _prepare(SentenceEncoder, Path(log), Path(gate))
    cli.main(["build", path, "--name", "killed", "--precision", "float32", "--backend", "torch"])


def build_on_a_slow_disk(path: str, log: str, gate: str) -> None:
    """Build by a stand-in for the model, and so slowly that it is killed between two writes too."""
    _prepare(FakeEncoder, Path(log), Path(gate))
    embed.GPU_SHARD = SHARD  # of quick vectors
    flush = os.fsync
    os.fsync = lambda file: (time.sleep(0.005), flush(file))[1]
    build_corpus(read(path), FakeEncoder(), name="killed", quick=FakeQuickEncoder)


def add_with_a_gate(path: str, log: str, gate: str) -> None:
    """Add a file to the corpus that ``build_on_a_slow_disk`` built."""
    _prepare(FakeEncoder, Path(log), Path(gate))
    plan, _ = plan_with("killed", SourceSpec(path))
    build_corpus(with_added(read_source(plan.source), plan), FakeEncoder(), name="killed")


def _prepare(kind: type[SentenceEncoder | FakeEncoder], log: Path, gate: Path) -> None:
    embed.SHARD = SHARD
    encode = kind.encode_documents

    def gated(
        self: SentenceEncoder | FakeEncoder, texts: Sequence[str], on_progress: Callable[[int], None] | None = None
    ) -> np.ndarray:
        with log.open("a") as file:
            file.write(f"{self.info.kind} {texts[0]!r}\n")
        while LAST in texts and self.info.kind == "full" and not gate.exists():
            time.sleep(0.01)
        return encode(self, texts, on_progress)

    kind.encode_documents = gated
