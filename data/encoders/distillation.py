"""The distillation of a model into a vector a token, by model2vec."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exemplar.data.encoders.base import EncoderInfo
from exemplar.data.encoders.sentence_transformer import SentenceEncoder, load_encoder
from exemplar.data.errors import NoQuickEncoder
from exemplar.data.text import one_line

_DIM = 256


@dataclass(frozen=True, slots=True)
class Distillation:
    """A distilled model.

    Attributes
    ----------
    model
        The encoder that was distilled.
    vectors
        ``(n_tokens, dim) float32``.
    tokenizer, model_tokenizer
        The tokenizer of these tokens and that of the model, as the JSON of the library ``tokenizers``.
    """

    model: EncoderInfo
    vectors: NDArray[np.float32]
    tokenizer: str
    model_tokenizer: str


def distil(model: str, revision: str | None = None) -> Distillation:
    """Distil a model.

    Parameters
    ----------
    model, revision
        As for ``load_encoder``.

    Raises
    ------
    NoQuickEncoder
        The model can't be distilled.
    ExemplarError
        The model can't be loaded.
    """
    encoder = load_encoder(model, precision="float32", revision=revision)
    network, tokenizer = _parts_of(encoder)
    import model2vec.distill.inference as inference
    from model2vec.distill import distill_from_model

    shown, inference.tqdm = inference.tqdm, _Silent
    try:
        static = distill_from_model(network, tokenizer, pca_dims=_DIM, quantize_to="float32")
    except (ValueError, TypeError, LookupError, AttributeError, RuntimeError, NotImplementedError) as error:
        raise NoQuickEncoder(f"{encoder.info.model} can't be distilled: {one_line(error)[:300]}") from error
    finally:
        inference.tqdm = shown
    vectors = np.ascontiguousarray(static.embedding, dtype=np.float32)
    return Distillation(encoder.info, vectors, static.tokenizer.to_str(), tokenizer.backend_tokenizer.to_str())


def _parts_of(encoder: SentenceEncoder) -> tuple[Any, Any]:
    """Return the network and the tokenizer of a model; NoQuickEncoder if it has none that can be distilled."""
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

    transformer = encoder.transformer
    network = getattr(transformer[0], "auto_model", None)
    if not isinstance(network, PreTrainedModel):
        raise NoQuickEncoder(f"{encoder.info.model} is no transformer, which alone can be distilled")
    if not isinstance(transformer.tokenizer, PreTrainedTokenizerFast):
        raise NoQuickEncoder(f"the tokenizer of {encoder.info.model} does not say where its tokens are")
    return network, transformer.tokenizer


class _Silent:
    """Stands for a progress bar, which would be drawn over those of the build."""

    def __init__(self, **_: object) -> None:
        pass

    def update(self, n: int) -> None:
        pass
