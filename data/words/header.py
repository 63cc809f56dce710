"""The header of a words index: what it was made of, and the size and checksum of every file."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from exemplar.data.home import content_of
from exemplar.data.words.languages import is_language

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
    documents_sha256: str
    files: dict[str, tuple[int, str]]
    k1: float = K1
    b: float = B
    format: int = _FORMAT

    def to_bytes(self) -> bytes:
        """Return the header as JSON."""
        return json.dumps(asdict(self), indent=2).encode()

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read the header in a folder, which is not trusted.

        Raises
        ------
        OSError, ValueError
            It can't be read, it is of another version, or the size of a file differs.
        """
        header = cls._of(json.loads(content_of(folder / HEADER, _MOST_HEADER)))
        for name, (size, _) in header.files.items():
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
                and type(header.n_documents) is int
                and 0 <= header.n_documents <= _MOST
                and set(header.files) == set(FILES)
            )
        except (TypeError, LookupError, AttributeError, RecursionError) as error:
            raise ValueError("not the header of a words index") from error
        if not is_valid:
            raise ValueError("not the header of a words index of this version")
        return header
