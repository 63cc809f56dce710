"""What a build reports while it runs."""

from dataclasses import dataclass
from typing import Literal

from exemplar.data.documents import Problem
from exemplar.data.encoders.base import EncoderInfo
from exemplar.data.encoders.model_files import MULTILINGUAL_MODEL
from exemplar.data.text import duration_in_words
from exemplar.data.words.languages import language_name


@dataclass(frozen=True, slots=True)
class StageBegun:
    """The build opens the source, distils the model or loads it; these stages report no progress."""

    stage: Literal["source", "distillation", "model"]


@dataclass(frozen=True, slots=True)
class SourceOpened:
    """The source is open.

    Attributes
    ----------
    notes
        How its file is read, where the name does not say it, as ``Source.notes``.
    """

    notes: tuple[str, ...]


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
        Number of documents that are read, whose words are indexed, or that have vectors; the total is None while
        documents are being read.
    embedded
        Number of documents that this run embedded; the vectors of others existed before.
    seconds
        Time since the stage began.
    """

    stage: Literal["reading", "indexing words", "quick vectors", "embedding"]
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


@dataclass(frozen=True, slots=True)
class LanguageKnown:
    """The language of the texts is chosen or recognised.

    Attributes
    ----------
    language
        ISO 639-1 code; empty if no language was recognised.
    model
        The model that embeds the texts.
    of_model
        The codes of the languages that the model's card names; empty if it names none.
    """

    language: str
    model: str
    of_model: frozenset[str]

    @property
    def advice(self) -> str:
        """Return a sentence for people if the model does not have the language; empty otherwise."""
        if not (self.language and self.of_model) or self.language in self.of_model:
            return ""
        others = sorted(map(language_name, self.of_model))
        known = ", ".join(others[:3]) + (f" and {len(others) - 3} more" if len(others) > 3 else "")
        return (
            f"The texts are in {language_name(self.language)}, but {self.model} is a model for {known}: a multilingual "
            f"model such as {MULTILINGUAL_MODEL} ranks them better."
        )


@dataclass(frozen=True, slots=True)
class NoQuickVectors:
    """The corpus gets no quick vectors; until it has the full ones, it can be searched by words alone."""

    reason: str


@dataclass(frozen=True, slots=True)
class SourceAdded:
    """A source that the corpus takes for the first time was read.

    Attributes
    ----------
    n_documents, n_copies, n_same
        As in ``joining.Given``.
    """

    name: str
    n_documents: int
    n_copies: int
    n_same: int

    @property
    def in_words(self) -> str:
        """Return it for people: ``Added 120 documents (14 copies of earlier ones)``."""
        noun = "copy" if self.n_copies == 1 else "copies"
        copies = f"{self.n_copies:,} {noun} of earlier ones, " if self.n_copies else ""
        same = f"{self.n_same:,} left out that were there with the same id and text, " if self.n_same else ""
        more = f" ({copies}{same}".removesuffix(", ") + ")" if copies or same else ""
        return f"Added {self.n_documents:,} {'document' if self.n_documents == 1 else 'documents'} of {self.name}{more}"


BuildEvent = (
    StageBegun | SourceOpened | SourceAdded | EncoderLoaded | LanguageKnown | NoQuickVectors | Progress | Problem
)
