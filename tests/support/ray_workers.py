"""Encoders for the workers of a Ray cluster: they write down what they embed, and stop where a test wants them to."""

import json
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from exemplar.data.errors import ExemplarError
from tests.support.fake_encoder import FakeEncoder
from tests.support.patience import wait_for


class LoggingEncoder(FakeEncoder):
    """Writes down the texts it embeds, and by which process."""

    def __init__(self, log: str) -> None:
        super().__init__(max_tokens=16)
        self._log = Path(log)

    def encode_documents(self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None) -> np.ndarray:
        with self._log.open("a") as log:
            log.write("".join(json.dumps([os.getpid(), text]) + "\n" for text in texts))
        if "poison" in texts:
            raise ExemplarError("row 1 is a zero vector")
        return super().encode_documents(texts, on_progress)


class HeldEncoder(LoggingEncoder):
    """Stops in the middle of every shard from some row of ``many`` on, until the test opens its gate."""

    def __init__(self, log: str, free: int) -> None:
        super().__init__(log)
        self._free = free

    def encode_documents(self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None) -> np.ndarray:
        vectors = super().encode_documents(texts, on_progress)
        if int(re.findall(r"\d+", texts[0])[0]) >= self._free:
            wait_for(gate_of(self._log).exists)
        return vectors


class TogetherEncoder(LoggingEncoder):
    """Embeds no more than one shard before another process embeds too."""

    def encode_documents(self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None) -> np.ndarray:
        vectors = super().encode_documents(texts, on_progress)
        wait_for(lambda: len(processes(self._log)) >= 2)
        return vectors


class OtherEncoder(FakeEncoder):
    """Finds another revision in every process."""

    @property
    def revision(self) -> str:
        return str(os.getpid())


def fake(model: str, **_: Any) -> FakeEncoder:
    return FakeEncoder(max_tokens=16)


def other(model: str, **_: Any) -> FakeEncoder:
    return OtherEncoder()


def nowhere(model: str, **_: Any) -> FakeEncoder:
    raise ExemplarError(f"there is no folder '{model}' to load a model from")


def logging(model: str, *, log: str, **_: Any) -> LoggingEncoder:
    return LoggingEncoder(log)


def held(model: str, *, log: str, free: int, **_: Any) -> HeldEncoder:
    return HeldEncoder(log, free)


def together(model: str, *, log: str, **_: Any) -> LoggingEncoder:
    return TogetherEncoder(log)


def embedded(log: Path) -> list[str]:
    """Return the texts that workers have written down."""
    return [text for _, text in _lines(log)]


def processes(log: Path) -> set[int]:
    """Return the processes of the workers that have written something down."""
    return {process for process, _ in _lines(log)}


def gate_of(log: Path) -> Path:
    """Return the file that lets held workers go on once it is there."""
    return log.with_suffix(".gate")


def _lines(log: Path) -> list[tuple[int, str]]:
    whole = log.read_text().rpartition("\n")[0].splitlines() if log.exists() else []
    return [tuple(json.loads(line)) for line in whole]
