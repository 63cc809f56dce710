"""The tokens of a SentenceTransformer: where they lie in a text, and how many of them the model reads."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from exemplar.data.encoders.base import Span, Spans

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from tokenizers import Encoding

_NO_LIMIT = 1_000_000  # tokens; some tokenizers write a huge number for "no limit"


def most_tokens(transformer: "SentenceTransformer") -> int | None:
    """Return the number of tokens that a model reads, besides special tokens; None for no limit."""
    tokenizer, longest, special = transformer.tokenizer, transformer.max_seq_length, 2
    if _is_bare(tokenizer):
        # Static embeddings name no limit, though their tokenizer cuts texts; they have no special tokens.
        longest, special = (tokenizer.truncation or {}).get("max_length"), 0
    elif hasattr(tokenizer, "num_special_tokens_to_add"):
        special = tokenizer.num_special_tokens_to_add()
    return None if longest is None or longest > _NO_LIMIT else int(longest) - special


def reports_offsets(tokenizer: Any) -> bool:
    """Return whether a tokenizer can say where in a text its tokens lie."""
    return _is_bare(tokenizer) or getattr(tokenizer, "is_fast", False)


@dataclass(frozen=True, slots=True)
class TokenSpans:
    """Where the tokens of a text start and end.

    Callers need few of a text's tokens, and reading all would take most of the time: each is read on access.
    """

    encoding: "Encoding"

    def __len__(self) -> int:
        return len(self.encoding)

    def __getitem__(self, token: int) -> Span:
        span: Span | None = self.encoding.token_to_chars(token)
        if span is None:
            raise IndexError(token)
        return span


def token_offsets(tokenizer: Any, texts: list[str]) -> list[Spans]:
    """Return the start and end of all tokens of texts, those that the model does not read included.

    A tokenizer that does not report them is replaced by the text's words.
    """
    if not reports_offsets(tokenizer):
        return [[match.span() for match in re.finditer(r"\S+", text)] for text in texts]
    return offsets_without_limit(tokenizer if _is_bare(tokenizer) else tokenizer.backend_tokenizer, texts)


def is_without_tokens(features: dict[str, Any]) -> bool:
    """Return whether no text of a batch has a token; most models fail on such a batch."""
    tokens = features.get("input_ids")
    return tokens is not None and tokens.numel() == 0


def _is_bare(tokenizer: Any) -> bool:
    """Return whether a tokenizer is of the library ``tokenizers``, without the wrapping of ``transformers``."""
    from tokenizers import Tokenizer

    return isinstance(tokenizer, Tokenizer)


def offsets_without_limit(tokenizer: Any, texts: list[str]) -> list[Spans]:
    """Return the offsets by a tokenizer of the library ``tokenizers``, which is left as it was."""
    truncation, padding = tokenizer.truncation, tokenizer.padding
    tokenizer.no_truncation()
    tokenizer.no_padding()
    try:
        return [TokenSpans(encoding) for encoding in tokenizer.encode_batch(texts, add_special_tokens=False)]
    finally:
        if truncation:
            tokenizer.enable_truncation(**truncation)
        if padding:
            tokenizer.enable_padding(**padding)
