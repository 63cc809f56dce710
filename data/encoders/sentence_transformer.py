"""An encoder that is a SentenceTransformer, and its loading."""

import functools
import logging
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from exemplar.data.encoders.base import EncoderInfo, Spans, check_rows, unit_rows, unknown_vector
from exemplar.data.encoders.hardware import default_device, has_fast_bfloat16, n_processors
from exemplar.data.encoders.model_files import (
    DEFAULT_MODEL,
    UNKNOWN_REVISION,
    hub_name,
    locate_model,
    revision_of,
)
from exemplar.data.encoders.openvino_backend import has_openvino, run_by_openvino
from exemplar.data.encoders.tokens import is_without_tokens, most_tokens, reports_offsets, token_offsets
from exemplar.data.errors import ExemplarError
from exemplar.data.hub import check_hub
from exemplar.data.text import one_line, root_cause

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

PRECISIONS = ("float32", "bfloat16", "auto")
BACKENDS = ("torch", "openvino", "auto")

Task = Literal["document", "query"]

_CPU_BATCH_TOKENS, _GPU_BATCH_TOKENS = 2048, 32_768  # more would not fit the processor's cache

_logger = logging.getLogger(__name__)


class SentenceEncoder:
    """An Encoder over a loaded SentenceTransformer, with the model's own prompts, tokenising and pooling."""

    def __init__(
        self, transformer: "SentenceTransformer", *, model: str, revision: str, precision: str, backend: str
    ) -> None:
        self._transformer = transformer
        self._is_cosine = transformer.similarity_fn_name != "dot"
        self._n_threads = _n_threads()
        self._batch_tokens = _CPU_BATCH_TOKENS if transformer.device.type == "cpu" else _GPU_BATCH_TOKENS
        self._tokenizing = threading.Lock()  # a tokenizer keeps its settings between calls
        self._info = EncoderInfo(
            model,
            revision,
            precision,
            str(transformer.device),
            backend,
            "cosine" if self._is_cosine else "dot",
            int(transformer.get_embedding_dimension() or 0),
            self._max_tokens(),
        )
        self._scale = 1.0
        self._scale = 1.0 if self._is_cosine else self._typical_length()

    @property
    def info(self) -> EncoderInfo:
        """What identifies the encoder."""
        return self._info

    @property
    def transformer(self) -> "SentenceTransformer":
        """The model."""
        return self._transformer

    def token_spans(self, texts: Sequence[str]) -> Sequence[Spans]:
        """Return the start and end of all tokens of every text, in characters.

        A tokenizer that does not report them is replaced by the text's words.
        """
        with self._tokenizing, _model_errors():
            return token_offsets(self._transformer.tokenizer, list(texts))

    def encode_documents(
        self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None
    ) -> NDArray[np.float32]:
        """Return the vectors of texts, ``(n_texts, dim) float32``; ``on_progress`` gets the number of texts done.

        A text without any token that the model knows has the vector ``unknown_vector``.

        Raises
        ------
        ExemplarError
            The model fails, for example for lack of memory, or computes numbers that are not finite.
        """
        return self._encode(texts, "document", on_progress or (lambda done: None))

    def encode_query(self, text: str) -> NDArray[np.float32]:
        """Return the vector of a query, ``(dim,) float32``; ExemplarError if the model knows no token of it."""
        vector: NDArray[np.float32] = self._encode([text], "query", lambda done: None)[0]
        if np.array_equal(vector, unknown_vector(self._info.dim)):
            raise ExemplarError(f"the model {self._info.model} knows nothing in this query: use other words")
        return vector

    def _encode(self, texts: Sequence[str], task: Task, on_progress: Callable[[int], None]) -> NDArray[np.float32]:
        """Do what SentenceTransformer.encode does, in batches by length, and tokenise a batch ahead of the model."""
        import torch
        from sentence_transformers.util import batch_to_device

        # A query is short: a second thread gains little, and where other work has a core, two that wait for each other
        # take far longer than one.
        torch.set_num_threads(1 if task == "query" else self._n_threads)
        batches = self._batches(texts)
        rows = np.empty((len(texts), self._info.dim), dtype=np.float32)
        done = 0
        with torch.inference_mode():
            for batch, features in zip(batches, self._tokenised(texts, batches, task), strict=True):
                if is_without_tokens(features):
                    rows[batch] = 0
                else:
                    with _model_errors():
                        embedding = self._transformer(batch_to_device(features, self._transformer.device), task=task)
                        states = embedding["sentence_embedding"].float().cpu().numpy()
                    rows[batch] = states[:, : self._info.dim]  # of truncate_dim dimensions
                done += len(batch)
                on_progress(done)
        return self._scaled(rows, texts)

    def _scaled(self, rows: NDArray[np.float32], texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the model's rows at the length that the similarity asks for; a row of zeros is an unknown text's."""
        if (bad := np.flatnonzero(~np.isfinite(rows).all(axis=1))).size:
            raise ExemplarError(f"the model computes numbers that are not finite for '{texts[bad[0]]:.100}'")
        is_unknown = ~rows.any(axis=1)
        rows[is_unknown] = 1
        scaled = unit_rows(rows) if self._is_cosine else check_rows(rows / np.float32(self._scale))
        scaled[is_unknown] = unknown_vector(self._info.dim)
        return scaled

    def _batches(self, texts: Sequence[str]) -> list[NDArray[np.intp]]:
        """Return batches of the positions of texts, ordered by length, with about ``_batch_tokens`` tokens a batch."""
        n_tokens = np.array([len(text) // 4 + 2 for text in texts])  # an estimate, good enough for batches
        if self._info.max_tokens is not None:
            n_tokens = n_tokens.clip(max=self._info.max_tokens)
        order = np.argsort([-len(text) for text in texts], kind="stable")
        batches, start = [], 0
        while start < len(order):
            size = max(1, self._batch_tokens // int(n_tokens[order[start]]))
            batches.append(order[start : start + size])
            start += size
        return batches

    def _tokenised(self, texts: Sequence[str], batches: list[NDArray[np.intp]], task: Task) -> Iterator[dict[str, Any]]:
        """Yield the model's input for every batch, while a thread tokenises the batches that follow."""

        def tokenise(batch: NDArray[np.intp]) -> dict[str, Any]:
            with self._tokenizing, _model_errors():
                features: dict[str, Any] = self._transformer.preprocess(
                    [texts[row] for row in batch], prompt=self._prompt(task), task=task
                )
            return features

        with ThreadPoolExecutor(1) as ahead:
            pending = deque(ahead.submit(tokenise, batch) for batch in batches[:2])
            for following in [*batches[2:], None, None][: len(batches)]:
                features = pending.popleft().result()
                if following is not None:
                    pending.append(ahead.submit(tokenise, following))
                yield features

    def _prompt(self, task: Task) -> str | None:
        """Return the prompt that ``encode_document`` or ``encode_query`` of SentenceTransformer would use.

        The library adds an empty prompt "document" to a model that names its documents' prompt "passage".
        """
        prompts: dict[str, str] = self._transformer.prompts
        names = ("document", "passage", "corpus") if task == "document" else ("query",)
        named = [prompts[name] for name in names if name in prompts]
        if named or self._transformer.default_prompt_name is None:
            return next(filter(None, named), None)
        return prompts[self._transformer.default_prompt_name]

    def _max_tokens(self) -> int | None:
        """Return the number of tokens left for a document, besides special tokens and the prompt."""
        left = most_tokens(self._transformer)
        if left is None:
            return None
        left -= len(self.token_spans([self._prompt("document") or ""])[0])
        # A word, which counts as a token where a tokenizer does not report its tokens, has several.
        return max(8, left if reports_offsets(self._transformer.tokenizer) else left // 2)

    def _typical_length(self) -> float:
        """Return the length of an ordinary text's vector; the SVM's C assumes rows scaled to about unit length."""
        vector = self._encode(["An ordinary sentence about ordinary things."], "document", lambda done: None)
        return float(np.linalg.norm(vector))


@functools.cache
def _n_threads() -> int:
    """Return the number of torch's threads for documents, as it was before the first query set it to one."""
    import torch

    return min(torch.get_num_threads(), n_processors())


@contextmanager
def _model_errors() -> Iterator[None]:
    """Raise ExemplarError for what the libraries of a model raise about it; errors of other kinds are faults."""
    try:
        yield
    except Exception as error:
        # Torch raises RuntimeErrors, for example where a device's memory is too small; tokenizers bare Exceptions.
        if isinstance(error, RuntimeError) or type(error) is Exception:
            raise ExemplarError(f"the model fails: {one_line(error)[:300]}") from error
        raise


def load_encoder(
    model: str = DEFAULT_MODEL,
    *,
    precision: str = "auto",
    backend: str = "torch",
    revision: str | None = None,
) -> SentenceEncoder:
    """Load a SentenceTransformer as an encoder, on a GPU if the machine has one.

    Parameters
    ----------
    model
        ``all-MiniLM-L6-v2``, which is installed with Exemplar; a folder; or the name of another model in the
        Hugging Face cache or on the hub.
    precision
        ``float32``, in which models are published; ``bfloat16``, faster on some hardware, with slightly different
        vectors; or ``auto``: bfloat16 if the hardware computes it faster.
    backend
        ``torch``; ``openvino``, faster on x86 processors, from the extra of that name; or ``auto``: OpenVINO on a
        processor if it is installed. OpenVINO takes some seconds longer to load.
    revision
        Commit, tag or branch of a model on the hub; the expected revision of any other model.

    Raises
    ------
    ExemplarError
        The model does not exist, can't be fetched or loaded, or has another revision.
    """
    for option, value, choices in (("precision", precision, PRECISIONS), ("backend", backend, BACKENDS)):
        if value not in choices:
            raise ExemplarError(f"the {option} is one of {', '.join(choices)}; got '{value}'")
    name, location = locate_model(model)
    device = default_device()
    use_openvino = backend == "openvino" or (backend == "auto" and device == "cpu" and has_openvino())
    device = "cpu" if use_openvino else device
    if precision == "auto":
        precision = "bfloat16" if has_fast_bfloat16(device) else "float32"
    transformer = _load(location, revision, device, "float32" if use_openvino else precision)
    if use_openvino:
        try:
            run_by_openvino(transformer, precision)
        except ExemplarError as error:
            if backend == "openvino":
                raise
            _logger.warning("%s", error)
            return load_encoder(model, precision=precision, backend="torch", revision=revision)
    return SentenceEncoder(
        transformer,
        model=name,
        revision=_checked_revision(name, location, revision),
        precision=precision,
        backend="openvino" if use_openvino else "torch",
    )


def _load(location: str, revision: str | None, device: str, dtype: str) -> "SentenceTransformer":
    """Load a model from its folder or the cache, and else from the hub."""
    import torch
    import transformers
    from sentence_transformers import SentenceTransformer

    transformers.utils.logging.disable_progress_bar()  # loading weights takes less time than reading about it
    options: dict[str, Any] = {"use_safetensors": True, "dtype": getattr(torch, dtype)}  # never a pickle
    if device == "cpu" and dtype == "bfloat16":
        options["attn_implementation"] = "eager"  # torch's fused attention is slower on processors
    settings: dict[str, Any] = {"device": device, "model_kwargs": options, "trust_remote_code": False}
    is_folder = os.path.isdir(location)
    if not is_folder:
        settings["revision"] = None if revision == UNKNOWN_REVISION else revision
    try:
        return SentenceTransformer(location, local_files_only=True, **settings)
    except Exception as error:
        if is_folder:
            raise ExemplarError(
                f"the folder {location} does not contain a model that can be loaded: {root_cause(error)}"
            ) from error
    check_hub("model", hub_name(location))
    try:
        return SentenceTransformer(location, **settings)
    except Exception as error:
        raise ExemplarError(
            f"cannot load the model {location}: {root_cause(error)}; {DEFAULT_MODEL} is installed and needs no network"
        ) from error


def _checked_revision(model: str, location: str, expected: str | None) -> str:
    """Return the revision of a model; ExemplarError if a folder has another revision than the expected one."""
    revision = revision_of(location, expected)
    if expected is not None and os.path.isdir(location) and revision != expected:
        raise ExemplarError(
            f"the model {model} has changed (its revision is {revision}, not {expected}); "
            "put the old files back, or build the corpus again and allow it to be replaced",
            hint="replace",
        )
    return revision
