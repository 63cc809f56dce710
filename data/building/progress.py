"""What a build reports while it runs."""

from dataclasses import dataclass
from typing import Literal

from exemplar.data.documents import Problem
from exemplar.data.encoders.base import EncoderInfo
from exemplar.data.text import duration_in_words


@dataclass(frozen=True, slots=True)
class StageBegun:
    """A stage that reports no progress has begun: opening the source, or loading the model."""

    stage: Literal["source", "model"]


@dataclass(frozen=True, slots=True)
class EncoderLoaded:
    """The encoder is loaded, here or by the workers of a cluster."""

    info: EncoderInfo


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a build has come.

    Attributes
    ----------
    done, total
        Documents read, or with vectors; the total is None while they are being read.
    embedded
        Documents embedded by this run; the others' vectors were there.
    seconds
        Since the stage began.
    """

    stage: Literal["reading", "embedding"]
    done: int
    total: int | None = None
    embedded: int = 0
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Documents embedded a second; 0 before the first."""
        return self.embedded / self.seconds if self.embedded and self.seconds else 0.0

    @property
    def speed(self) -> str:
        """Return rate and estimate for people: ``88 documents/s, 4 min left``; empty before there is a rate."""
        if not self.rate or self.total is None:
            return ""
        left = (self.total - self.done) / self.rate  # as if all that is left had to be embedded
        return f"{self.rate:.0f} documents/s, {duration_in_words(left)} left"


BuildEvent = StageBegun | EncoderLoaded | Progress | Problem
