"""Cuts long texts into overlapping passages that fit the model's input and end where sentences or words end."""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from exemplar.data.encoders.base import Encoder

Span = tuple[int, int]  # start and end, in characters

_SENTENCE_END = re.compile(
    r"(?:[.!?\u2026][\"'\u201d\u2019\u00bb)\]]*\s+"  # with closing quotes and brackets
    r"|[\u3002\uff01\uff1f]\s*"  # Chinese and Japanese
    r"|\n\s*|<br\s*/?>\s*)+"
)


def split(texts: Sequence[str], encoder: Encoder) -> list[list[Span]]:
    """Return the spans of every text's passages, which overlap, cover every character and fit the model's input.

    A text that fits is one passage. Other texts are cut into the fewest passages possible, of about equal length.
    """
    limit = encoder.info.max_tokens
    if limit is None:
        return [[(0, len(text))] for text in texts]
    return [
        _fitting(text, spans, encoder, limit) for text, spans in zip(texts, encoder.token_spans(texts), strict=True)
    ]


def sentences(text: str) -> list[Span]:
    """Return the spans of a text's sentences, without the blanks around these."""
    ends = [match.end() for match in _SENTENCE_END.finditer(text)]
    spans = []
    for start, end in zip([0, *ends], [*ends, len(text)], strict=True):
        piece = text[start:end]
        first = start + len(piece) - len(piece.lstrip())
        if stripped := piece.strip():
            spans.append((first, first + len(stripped)))
    return spans


def _fitting(text: str, spans: NDArray[np.int64], encoder: Encoder, limit: int) -> list[Span]:
    """Cut a text into passages; a passage that has more tokens by itself than within the text is cut again."""
    if len(spans) <= limit or len(text) < 2:
        return [(0, len(text))]
    passages = []
    pieces = [piece for piece in cut(text, spans, limit) if piece != (0, len(text))]
    pieces = pieces or [(0, len(text) // 2), (len(text) // 2, len(text))]
    inner_spans = encoder.token_spans([text[start:end] for start, end in pieces])
    for (start, end), inner in zip(pieces, inner_spans, strict=True):
        passages += [(start + a, start + b) for a, b in _fitting(text[start:end], inner, encoder, limit)]
    return passages


def cut(text: str, spans: NDArray[np.int64], limit: int) -> list[Span]:
    """Cut a text into passages of at most ``limit`` tokens, counted as tokens of the complete text.

    Parameters
    ----------
    spans
        ``(n_tokens, 2) int64``: start and end of every token.

    Returns
    -------
    list of (start, end)
        A passage ends at the sentence end nearest to its even share of the text; without one nearby, at a word end.
        It begins about an eighth of the limit before the end of the previous passage, which keeps context at borders.
    """
    n, starts = len(spans), spans[:, 0]
    begins_sentence = np.isin(starts, [match.end() for match in _SENTENCE_END.finditer(text)])
    begins_word = np.array([start == 0 or text[start - 1].isspace() for start in starts.tolist()])
    overlap, slack = limit // 8, limit // 4
    passages, first = [], 0
    while n - first > limit:
        n_passages = -(-(n - first - overlap) // (limit - overlap))
        even = first + -(-(n - first + (n_passages - 1) * overlap) // n_passages)
        end = _border(
            even, max(first + 1, even - slack), min(first + limit, even + slack), begins_sentence, begins_word
        )
        passages.append((first, end))
        first = _border(end - overlap, max(first + 1, end - 2 * overlap), end, begins_sentence, begins_word)
    passages.append((first, n))
    return [
        (
            0 if a == 0 else int(starts[a]),
            len(text) if b == n else int(starts[b]),
        )  # with the blanks before the next token
        for a, b in passages
    ]


def _border(target: int, low: int, high: int, *preferences: NDArray[np.bool_]) -> int:
    """Return the token in [low, high] nearest to a target, by the first preference that a token in the range meets."""
    for is_border in preferences:
        candidates = low + np.flatnonzero(is_border[low : high + 1])
        if candidates.size:
            return int(candidates[np.abs(candidates - target).argmin()])
    return min(max(target, low), high)
