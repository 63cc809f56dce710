"""Cuts long texts into overlapping passages that fit the model's input and end where sentences or words end."""

import heapq
import re
from collections.abc import Callable, Sequence

from exemplar.data.encoders.base import Encoder, Span, Spans

_FEW = 8  # tokens: a blank in front has one, a character has up to four

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
    return _fitting(texts, encoder, limit)


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


def _fitting(texts: Sequence[str], encoder: Encoder, limit: int) -> list[list[Span]]:
    """Cut texts into passages; a passage that may have more tokens by itself than within its text is cut again."""
    passages: list[list[Span]] = []
    doubtful: list[tuple[int, int]] = []  # of a text, and of a passage in it
    for number, (text, spans) in enumerate(zip(texts, encoder.token_spans(texts), strict=True)):
        if len(spans) <= limit or len(text) < 2:
            passages.append([(0, len(text))])
            continue
        pieces = cut(text, spans, limit)
        if any(span == (0, len(text)) for span, _ in pieces):  # characters of several tokens
            pieces = [((0, len(text) // 2), limit), ((len(text) // 2, len(text)), limit)]
        doubtful += [(number, i) for i, (span, n) in enumerate(pieces) if not _surely_fits(text, span, n, limit)]
        passages.append([span for span, _ in pieces])
    if doubtful:
        again = _fitting([texts[number][slice(*passages[number][i])] for number, i in doubtful], encoder, limit)
        for (number, i), parts in zip(reversed(doubtful), reversed(again), strict=True):  # so that places stay
            first, _ = passages[number][i]
            passages[number][i : i + 1] = [(first + start, first + end) for start, end in parts]
    return passages


def _surely_fits(text: str, span: Span, n_tokens: int, limit: int) -> bool:
    """Return whether a passage of ``n_tokens`` tokens of its text can't have more than the limit by itself.

    Tokenizers divide each word alone, so that a few tokens change at most where it begins and ends between words.
    """
    start, end = span
    between_words = (start == 0 or text[start - 1].isspace()) and (end == len(text) or text[end - 1].isspace())
    return between_words and n_tokens <= limit - _FEW


def cut(text: str, spans: Spans, limit: int) -> list[tuple[Span, int]]:
    """Cut a text into passages of at most ``limit`` tokens, counted as tokens of the complete text.

    Parameters
    ----------
    spans
        Start and end of every token.

    Returns
    -------
    list of ((start, end), n_tokens)
        A passage ends at the sentence end nearest to its even share of the text; without one nearby, at a word end.
        It begins about an eighth of the limit before the end of the previous passage, which keeps context at borders.
    """
    n = len(spans)
    sentence_ends = {match.end() for match in _SENTENCE_END.finditer(text)}

    def begins_sentence(token: int) -> bool:
        return spans[token][0] in sentence_ends

    def begins_word(token: int) -> bool:
        start = spans[token][0]
        return start == 0 or text[start - 1].isspace()

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
    # A passage ends with the blanks before the next token.
    return [((0 if a == 0 else spans[a][0], len(text) if b == n else spans[b][0]), b - a) for a, b in passages]


def _border(target: int, low: int, high: int, *preferences: Callable[[int], bool]) -> int:
    """Return the token in [low, high] nearest to a target, by the first preference that a token in the range meets."""
    below, above = range(min(target, high), low - 1, -1), range(max(target + 1, low), high + 1)
    for is_border in preferences:
        nearest_first = heapq.merge(below, above, key=lambda token: abs(token - target))
        nearest = next(filter(is_border, nearest_first), None)
        if nearest is not None:
            return nearest
    return min(max(target, low), high)
