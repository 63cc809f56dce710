"""What a build reports while it runs."""

from dataclasses import dataclass
from typing import Literal

from exemplar.data.documents import Problem
from exemplar.data.encoders.base import EncoderInfo
from exemplar.data.text import duration_in_words


@dataclass(frozen=True, slots=True)
class StageBegun:
    """The build opens the source or loads the model; these stages report no progress."""

    stage: Literal["source", "model"]


@dataclass(frozen=True, slots=True)
class EncoderLoaded:
    """The encoder is loaded, in this process or by the workers of a cluster."""

    info: EncoderInfo


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of a build.

    Attributes
    ----------
    done, total
        Number of documents that are read, or that have vectors; the total is None while documents are being read.
    embedded
        Number of documents that this run embedded; the vectors of others existed before.
    seconds
        Time since the stage began.
    """

    stage: Literal["reading", "embedding"]
    done: int
    total: int | None = None
    embedded: int = 0
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Documents embedded per second; 0 before the first."""
        return self.embedded / self.seconds if self.embedded and self.seconds else 0.0

    @property
    def speed(self) -> str:
        """Return rate and remaining time for people: ``88 documents/s, 4 min left``; empty without a rate."""
        if not self.rate or self.total is None:
            return ""
        left = (self.total - self.done) / self.rate  # an upper bound: vectors of some texts may exist
        return f"{self.rate:.0f} documents/s, {duration_in_words(left)} left"


BuildEvent = StageBegun | EncoderLoaded | Progress | Problem
