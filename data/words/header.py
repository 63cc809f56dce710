"""The header of a words index: what it was made of, and the size and checksum of every file."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from exemplar.data.home import content_of
from exemplar.data.text import size_in_words
from exemplar.data.words.analysis import analysis_version
from exemplar.data.words.languages import NO_LANGUAGE, is_language, language_name

HEADER, TERMS, N_WORDS, LENGTHS = "header.json", "terms.arrow", "n_words.npy", "lengths.npy"
DOCUMENTS, WEIGHTS = "documents.npy", "weights.npy"
FILES = (TERMS, DOCUMENTS, WEIGHTS, N_WORDS, LENGTHS)
K1, B = 1.2, 0.75

_FORMAT = 1
_MOST_HEADER = 2**16  # bytes
_MOST = 2**31 - 1  # documents, which int32 counts


@dataclass(frozen=True, slots=True)
class Header:
    """What a words index was made of.

    Attributes
    ----------
    analysis
        Of ``analysis_version``.
    language
        ISO 639-1 code; empty if no language was recognised.
    is_chosen
        Whether a person chose the language.
    documents_sha256
        Of the file of the documents.
    files
        Size in bytes and SHA-256 of every file by name.
    """

    analysis: str
    language: str
    is_chosen: bool
    n_documents: int
    n_terms: int
    documents_sha256: str
    files: dict[str, tuple[int, str]]
    k1: float = K1
    b: float = B
    format: int = _FORMAT

    def to_bytes(self) -> bytes:
        """Return the header as JSON."""
        return json.dumps(asdict(self), indent=2).encode()

    @property
    def chosen_language(self) -> str | None:
        """The choice of the language, as ``SourceSpec`` has it; None if the language was recognised."""
        return (self.language or NO_LANGUAGE) if self.is_chosen else None

    @property
    def in_words(self) -> str:
        """Language, number of terms and size, for people."""
        by = "chosen" if self.is_chosen else "recognised"
        language = f"{language_name(self.language)} ({by})" if self.language else f"no language ({by})"
        return f"{language}, {self.n_terms:,} terms, {size_in_words(self.size)}"

    @property
    def is_current(self) -> bool:
        """Whether texts are analysed today as they were for the index."""
        return self.analysis == analysis_version()

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(size for size, _ in self.files.values())

    @classmethod
    def read(cls, folder: Path, *, check_sizes: bool = True) -> Self:
        """Read the header in a folder, which is not trusted.

        Raises
        ------
        OSError, ValueError
            It can't be read, it is of another version, or the size of a file differs.
        """
        header = cls._of(json.loads(content_of(folder / HEADER, _MOST_HEADER)))
        for name, (size, _) in header.files.items() if check_sizes else ():
            if (folder / name).stat().st_size != size:
                raise ValueError(f"{folder / name} does not have {size:,} bytes")
        return header

    @classmethod
    def _of(cls, content: Any) -> Self:
        try:
            header = cls(**content | {"files": {name: (size, sha) for name, (size, sha) in content["files"].items()}})
            is_valid = (
                (header.format, header.k1, header.b) == (_FORMAT, K1, B)
                and is_language(header.language)
                and isinstance(header.is_chosen, bool)
                and all(type(n) is int and 0 <= n <= _MOST for n in (header.n_documents, header.n_terms))
                and set(header.files) == set(FILES)
            )
        except (TypeError, LookupError, AttributeError, RecursionError) as error:
            raise ValueError("not the header of a words index") from error
        if not is_valid:
            raise ValueError("not the header of a words index of this version")
        return header
