"""Quick encoders: the static distillation of a model, a vector a token, about a hundred times as fast as the model.

One is made once for a model and its revision, and kept::

    <home>/quick/<folder>/quick.json               what it was made from, and the checksum of every file
    <home>/quick/<folder>/vectors.safetensors      (n_tokens, dim) float32
    <home>/quick/<folder>/tokenizer.json           of these tokens
    <home>/quick/<folder>/model_tokenizer.json     of the model, by whose tokens texts are cut into passages

To load one takes neither PyTorch nor the model.
"""

import hashlib
import json
import os
import re
import secrets
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import filelock
import numpy as np
from numpy.typing import NDArray

from exemplar.data.encoders.base import QUICK, Encoder, EncoderInfo, LoadEncoder, Spans, unit_rows, unknown_vector
from exemplar.data.encoders.distillation import distil
from exemplar.data.encoders.model_files import DEFAULT_MODEL, UNKNOWN_REVISION, locate_model, revision_of
from exemplar.data.encoders.tokens import offsets_without_limit
from exemplar.data.errors import EncoderMismatch, ExemplarError
from exemplar.data.home import content_of, home_folder, link_or_copy

HEADER = "quick.json"
_VECTORS, _TOKENIZER, _MODEL_TOKENIZER = "vectors.safetensors", "tokenizer.json", "model_tokenizer.json"
_FILES = (_VECTORS, _TOKENIZER, _MODEL_TOKENIZER)
_FORMAT = 1
_MOST_HEADER, _MOST_FILE = 2**16, 2**33  # bytes
_BATCH = 1024  # texts

OnBegin = Callable[[], None]


@dataclass(frozen=True, slots=True)
class _Header:
    """The encoder that was distilled, and the SHA-256 of every file."""

    model: EncoderInfo
    files: dict[str, str]
    format: int = _FORMAT

    @property
    def revision(self) -> str:
        """Identifies the files."""
        return hashlib.sha256("".join(self.files[name] for name in _FILES).encode()).hexdigest()[:12]

    def to_bytes(self) -> bytes:
        content = {"model": self.model.to_json(), "files": self.files, "format": self.format}
        return json.dumps(content, indent=2).encode()

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read a header, which is not trusted; raises OSError or ValueError."""
        content = json.loads(content_of(folder / HEADER, _MOST_HEADER))
        try:
            header = cls(EncoderInfo.from_json(content.pop("model")), **content)
        except (TypeError, AttributeError, LookupError) as error:
            raise ValueError(f"{folder / HEADER} is not the header of a quick encoder") from error
        is_current = header.format == _FORMAT and set(header.files) == set(_FILES)
        if not (is_current and all(isinstance(sha256, str) for sha256 in header.files.values())):
            raise ValueError(f"{folder / HEADER} is not the header of a quick encoder of this version")
        return header


class QuickEncoder:
    """An Encoder that averages the vectors of a text's tokens; it cuts texts into the passages of its model.

    It reads a text of any length to its end.

    Parameters
    ----------
    folder
        Where ``quick_encoder`` has kept it.

    Attributes
    ----------
    folder
        As given.

    Raises
    ------
    OSError, ValueError
        A file can't be read, or differs from what was written.
    """

    def __init__(self, folder: Path) -> None:
        import safetensors.numpy
        from model2vec import StaticModel
        from tokenizers import Tokenizer

        self.folder = folder
        header = _Header.read(folder)
        contents = {name: content_of(folder / name, _MOST_FILE) for name in header.files}
        for name, content in contents.items():
            if hashlib.sha256(content).hexdigest() != header.files[name]:
                raise ValueError(f"{folder / name} differs from what was written")
        vectors = safetensors.numpy.load(contents[_VECTORS])["vectors"]
        tokenizer = Tokenizer.from_str(contents[_TOKENIZER].decode())
        self._model = StaticModel(vectors, tokenizer, normalize=True, max_length=None)
        self._model_tokenizer: Tokenizer = Tokenizer.from_str(contents[_MODEL_TOKENIZER].decode())
        self._info = replace(
            header.model,
            revision=header.revision,
            precision="float32",
            device="cpu",
            backend=QUICK,
            similarity="cosine",
            dim=vectors.shape[1],
        )

    @property
    def info(self) -> EncoderInfo:
        """What identifies the encoder; its model is the one that was distilled."""
        return self._info

    def token_spans(self, texts: Sequence[str]) -> Sequence[Spans]:
        """Return the start and end of all tokens that the model has for every text, in characters."""
        return offsets_without_limit(self._model_tokenizer, list(texts))

    def encode_documents(
        self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None
    ) -> NDArray[np.float32]:
        """Return the vectors of texts, ``(n_texts, dim) float32``; ``on_progress`` gets the number of texts done."""
        rows = np.empty((len(texts), self._info.dim), np.float32)
        for start in range(0, len(texts), _BATCH):
            batch = texts[start : start + _BATCH]
            rows[start : start + len(batch)] = self._model.encode(list(batch), use_multiprocessing=False)
            if on_progress:
                on_progress(start + len(batch))
        is_unknown = ~rows.any(axis=1)
        rows[is_unknown] = 1
        unit = unit_rows(rows)
        unit[is_unknown] = unknown_vector(self._info.dim)
        return unit

    def encode_query(self, text: str) -> NDArray[np.float32]:
        """Return the vector of a query, ``(dim,) float32``; ExemplarError if no token of it is known."""
        vectors = self._model.encode([text], use_multiprocessing=False)
        if not vectors.any():
            raise ExemplarError(f"the model {self._info.model} knows nothing in this query: use other words")
        vector: NDArray[np.float32] = unit_rows(vectors)[0]
        return vector


def encoder_of(info: EncoderInfo, load: LoadEncoder) -> Encoder:
    """Return the encoder that made vectors: the quick one that is kept, or the full one, which is loaded."""
    if info.kind == "quick":
        return kept_quick_encoder(info)
    return load(info.model, precision=info.precision, backend="torch", revision=info.revision)


def kept_quick_encoder(info: EncoderInfo) -> QuickEncoder:
    """Return the quick encoder that made vectors; EncoderMismatch if it is gone or damaged."""
    for folder, header in (*_kept(_home()), *_kept(_installed())):
        if header.revision == info.revision:
            try:
                return QuickEncoder(folder)
            except (OSError, ValueError):
                continue
    raise EncoderMismatch(
        f"the quick encoder of {info.model} that made these vectors (revision {info.revision}) is not in {_home()}, or "
        "damaged; copy this folder from where the corpus was built, or build the corpus again"
    )


def quick_encoder(model: str, revision: str | None = None, on_begin: OnBegin = lambda: None) -> QuickEncoder:
    """Return the quick encoder of a model; make it if there is none yet.

    Parameters
    ----------
    model, revision
        As for ``load_encoder``.
    on_begin
        Called before it is made, which takes some ten seconds for the default model.

    Raises
    ------
    NoQuickEncoder
        The model can't be distilled.
    ExemplarError
        The model can't be loaded.
    OSError
        A file can't be written.
    """
    return _made_once(model, revision, on_begin, _home())


def install_quick_encoder(model: str = DEFAULT_MODEL) -> None:
    """Make the quick encoder of a model for all home folders of this installation, unless there is one.

    Errors are those of ``quick_encoder``.
    """
    _made_once(model, None, lambda: None, _installed())


def _made_once(model: str, revision: str | None, on_begin: OnBegin, place: Path) -> QuickEncoder:
    """Return the quick encoder of a model in a place; take over that of the installation, or make one."""
    name, location = locate_model(model)
    wanted = name, revision_of(location, revision)
    if kept := _kept_of(*wanted, place):
        return kept
    place.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(place / "lock"):
        if kept := _kept_of(*wanted, place):  # another process has made it meanwhile
            return kept
        for left in place.glob("*.tmp"):  # by a process that was killed
            shutil.rmtree(left, ignore_errors=True)
        if installed := _kept_of(*wanted, _installed()):
            return _put(
                place,
                installed.folder.name,
                lambda new: shutil.copytree(installed.folder, new, copy_function=link_or_copy),
            )
        on_begin()
        return _make(model, revision, place)


def _kept_of(name: str, revision: str, place: Path) -> QuickEncoder | None:
    if revision == UNKNOWN_REVISION:
        return None
    for folder, header in _kept(place):
        if (header.model.model, header.model.revision) == (name, revision):
            try:
                return QuickEncoder(folder)
            except (OSError, ValueError):  # damaged: another is made
                continue
    return None


def _kept(place: Path) -> Iterator[tuple[Path, _Header]]:
    """Yield the folders of all quick encoders that are kept in a place, and their headers."""
    for path in sorted(place.glob(f"*/{HEADER}")):
        try:
            yield path.parent, _Header.read(path.parent)
        except (OSError, ValueError, RecursionError):
            continue


def _home() -> Path:
    return home_folder() / "quick"


def _installed() -> Path:
    """Return the folder in which an installation keeps quick encoders for all home folders."""
    return Path(sys.prefix) / "share" / "exemplar" / "quick"


def _make(model: str, revision: str | None, place: Path) -> QuickEncoder:
    """Distil a model and keep the result in a place."""
    import safetensors.numpy

    made = distil(model, revision)
    contents = {
        _VECTORS: safetensors.numpy.save({"vectors": made.vectors}),
        _TOKENIZER: made.tokenizer.encode(),
        _MODEL_TOKENIZER: made.model_tokenizer.encode(),
    }
    header = _Header(made.model, {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()})

    def write(new: Path) -> None:
        new.mkdir()
        for name, content in (contents | {HEADER: header.to_bytes()}).items():
            (new / name).write_bytes(content)

    return _put(place, f"{re.sub('[^A-Za-z0-9.-]+', '-', Path(made.model.model).name)}-{header.revision}", write)


def _put(place: Path, name: str, write: Callable[[Path], object]) -> QuickEncoder:
    """Let a folder be written, and give it its name in a place when it is whole."""
    temporary = place / f"{os.getpid()}-{secrets.token_hex(4)}.tmp"
    try:
        write(temporary)
        shutil.rmtree(place / name, ignore_errors=True)  # damaged
        os.replace(temporary, place / name)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return QuickEncoder(place / name)
