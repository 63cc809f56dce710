"""Encoders that a person hands over: a model by name or in memory, or the vectors that one has made."""

from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from exemplar.data.encoders.base import Encoder, EncoderInfo, Spans
from exemplar.data.encoders.model_files import DEFAULT_MODEL
from exemplar.data.encoders.sentence_transformer import SentenceEncoder, load_encoder
from exemplar.data.errors import ExemplarError

_GIVEN = "given"  # the revision of a model, or of vectors, whose files are not known


def encoder_of_model(model: Any) -> Encoder:
    """Return the encoder of a model: a name or folder, a SentenceTransformer, or an encoder; None is the default model.

    Raises
    ------
    ExemplarError
        It is none of these, or can't be loaded.
    """
    if model is None or isinstance(model, str):
        return load_encoder(model or DEFAULT_MODEL, backend="auto")
    if hasattr(model, "token_spans"):
        return cast(Encoder, model)
    if not hasattr(model, "encode_document"):
        raise ExemplarError(
            f"the model is a name, a folder, a SentenceTransformer or an encoder; got a {type(model).__name__}"
        )
    name = getattr(model.model_card_data, "base_model", None) or "the given model"
    precision = str(next(model.parameters()).dtype).removeprefix("torch.")
    return SentenceEncoder(model, model=str(name), revision=_GIVEN, precision=precision, backend="torch")


class GivenVectors:
    """Stands for the encoder of given vectors; it loads their model, if that is known, for the first query."""

    def __init__(self, model: Any, dim: int) -> None:
        self._model = model
        self._encoder: Encoder | None = None
        self.info = EncoderInfo("given vectors", _GIVEN, "float32", "cpu", _GIVEN, "cosine", dim, None)

    @property
    def has_model(self) -> bool:
        """Whether the model is known."""
        return self._model is not None

    def token_spans(self, texts: Sequence[str]) -> Sequence[Spans]:
        """Return the start and end of all tokens of every text, in characters."""
        return self._loaded().token_spans(texts)

    def encode_documents(
        self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None
    ) -> NDArray[np.float32]:
        """Return the vectors of texts, ``(n_texts, dim) float32``."""
        return self._loaded().encode_documents(texts, on_progress)

    def encode_query(self, text: str) -> NDArray[np.float32]:
        """Return the vector of a query, ``(dim,) float32``."""
        return self._loaded().encode_query(text)

    def _loaded(self) -> Encoder:
        if not self.has_model:
            raise ExemplarError(
                "the vectors came without their model, which a typed query needs: name it, as in Searcher(model=...), "
                "rank like a row, or by words alone"
            )
        if self._encoder is None:
            encoder = encoder_of_model(self._model)
            if encoder.info.dim != self.info.dim:
                raise ExemplarError(
                    f"the vectors have {self.info.dim} dimensions, and those of {encoder.info.model} have "
                    f"{encoder.info.dim}: give the model that made them"
                )
            self._encoder = encoder
        return self._encoder
