import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

from exemplar.data.encoders.base import Span
from exemplar.data.encoders.passages import sentences, split
from exemplar.data.encoders.sentence_transformer import SentenceEncoder
from exemplar.data.encoders.tokens import token_offsets
from tests.support.fake_encoder import FakeEncoder
from tests.support.real_builds import real_encoder

SENTENCE = "one two three four five six seven eight. "


def texts_of(text: str, spans: list[Span]) -> list[str]:
    return [text[start:end] for start, end in spans]


def assert_passages_are_sound(text: str, spans: list[Span], tokenizer: FakeEncoder | SentenceEncoder) -> None:
    """They begin and end with the text, leave nothing out, advance, and fit."""
    assert spans[0][0] == 0
    assert spans[-1][1] == len(text)
    for (start, end), (following_start, following_end) in itertools.pairwise(spans):
        assert start < following_start <= end < following_end
    fits = [len(tokens) <= tokenizer.info.max_tokens for tokens in tokenizer.token_spans(texts_of(text, spans))]
    assert all(fits)


def test_a_text_that_fits_is_one_passage() -> None:
    assert split(["a b c", "", " \n"], FakeEncoder(max_tokens=3)) == [[(0, 5)], [(0, 0)], [(0, 2)]]


def test_without_a_limit_every_text_is_one_passage() -> None:
    assert split(["word " * 10_000], FakeEncoder(max_tokens=None)) == [[(0, 50_000)]]


def test_passages_end_with_sentences_and_overlap_by_some() -> None:
    text = (SENTENCE * 5).strip()
    [spans] = split([text], FakeEncoder(max_tokens=32))
    assert texts_of(text, spans) == [SENTENCE * 3, (SENTENCE * 3).strip()]


def test_without_sentences_passages_end_with_words() -> None:
    text = " ".join(f"w{n}" for n in range(100))
    [spans] = split([text], FakeEncoder(max_tokens=40))
    words = [passage.split() for passage in texts_of(text, spans)]
    assert [len(of_it) for of_it in words] == [37, 37, 36]
    assert words[0][-5:] == words[1][:5] == ["w32", "w33", "w34", "w35", "w36"]
    assert set().union(*words) == set(text.split())


def test_line_breaks_of_reviews_and_full_stops_of_other_scripts_end_sentences() -> None:
    for end in (".<br /><br /> ", "\n", "? ", '." '):
        text = f"{'a ' * 20}b{end}{'c ' * 20}d"
        [[(_, border), _]] = split([text], FakeEncoder(max_tokens=30))
        assert text[:border].endswith(end)


@given(st.text(alphabet=st.sampled_from("ab .!?\n\u3002\N{CAT FACE}"), max_size=400), st.integers(1, 12))
def test_any_text_is_covered(text: str, limit: int) -> None:
    tokenizer = FakeEncoder(max_tokens=limit)
    [spans] = split([text], tokenizer)
    assert_passages_are_sound(text, spans, tokenizer)


KINDS = ("bytes", "unigram", "texts")


def trained(kind: str) -> Tokenizer:
    """A tokenizer of a kind that divides texts otherwise than the default model's does."""
    if kind == "bytes":  # a blank belongs to the word behind it
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
        trainer: Any = trainers.BpeTrainer(vocab_size=320, initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    elif kind == "texts":  # a token may reach over blanks
        tokenizer = Tokenizer(models.BPE(unk_token="?"))  # noqa: S106
        tokenizer.normalizer = normalizers.Replace(" ", "\u2581")
        trainer = trainers.BpeTrainer(vocab_size=120, special_tokens=["?"])
    else:
        tokenizer = Tokenizer(models.Unigram())
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
        trainer = trainers.UnigramTrainer(vocab_size=60, unk_token="?", special_tokens=["?"])  # noqa: S106
    tokenizer.train_from_iterator([SENTENCE * 3, "a man and a cat and a hat", "nineteen seven ninety"], trainer)
    return tokenizer


class Tokenizing(FakeEncoder):
    """Has the tokens of a tokenizer."""

    def __init__(self, tokenizer: Tokenizer, max_tokens: int) -> None:
        super().__init__(max_tokens=max_tokens)
        self._tokenizer = tokenizer

    def token_spans(self, texts: Sequence[str]) -> list[list[Span]]:
        return token_offsets(self._tokenizer, list(texts))


@pytest.mark.parametrize("tokenizer", [*map(trained, KINDS)], ids=list(KINDS))
@given(
    st.lists(
        st.text(max_size=12) | st.sampled_from([SENTENCE, "x" * 90, "nine nine", "  ", "\n\n", "漢字。", "-e-"]),
        max_size=25,
    ),
    st.integers(16, 60),  # a character has up to four tokens
)
def test_passages_fit_by_any_kind_of_tokenizer(tokenizer: Tokenizer, parts: list[str], limit: int) -> None:
    text, encoder = " ".join(parts), Tokenizing(tokenizer, limit)
    [spans] = split([text], encoder)
    covered = spans[0][0] == 0 and spans[-1][1] == len(text)
    assert covered
    assert all(second[0] <= first[1] for first, second in itertools.pairwise(spans))
    n_tokens = [len(tokens) for tokens in encoder.token_spans(texts_of(text, spans))]
    assert max(n_tokens) <= limit


def test_texts_are_cut_together_as_each_alone() -> None:
    encoder = FakeEncoder(max_tokens=7)
    texts = ["word", SENTENCE * 4, "", " ".join("abcdefghijklmnop"), "x" * 50]
    assert split(texts, encoder) == [split([text], encoder)[0] for text in texts]


@pytest.fixture(scope="module")
def real() -> SentenceEncoder:
    return real_encoder()


@pytest.mark.model
@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.text(max_size=40) | st.sampled_from([SENTENCE, "x" * 150, "\N{CAT FACE}", "漢字", "<br />"]), max_size=40
    ),
    st.integers(1, 15),
)
def test_any_text_is_covered_by_what_the_model_reads(real: SentenceEncoder, parts: list[str], times: int) -> None:
    text = " ".join(parts) * times
    [spans] = split([text], real)
    assert_passages_are_sound(text, spans, real)


@pytest.mark.model
def test_a_million_characters_are_cut_in_seconds(real: SentenceEncoder) -> None:
    text = "The film is long, and nothing happens in it. " * 22_300
    assert len(text) > 1_000_000
    [spans] = split([text], real)
    assert_passages_are_sound(text, spans, real)
    lengths = [len(tokens) for tokens in real.token_spans(texts_of(text, spans))]
    assert np.median(lengths) > 200


@pytest.mark.model
def test_the_model_reads_every_token_of_a_passage(real: SentenceEncoder) -> None:
    text = "A sentence of some words. " * 200
    [spans] = split([text], real)
    features = real._transformer.preprocess(texts_of(text, spans))
    n_tokens = [len(tokens) + 2 for tokens in real.token_spans(texts_of(text, spans))]
    assert features["attention_mask"].sum(axis=1).tolist() == n_tokens


def test_sentences_stand_without_the_blanks_around_them() -> None:
    text = '  One went. "Two!" said he.<br /><br />Three\n\n\u56db\u3002\u4e94'
    assert texts_of(text, sentences(text)) == [
        "One went.",
        '"Two!"',
        "said he.<br /><br />",
        "Three",
        "\u56db\u3002",
        "\u4e94",
    ]
    assert sentences(" \n ") == sentences("") == []


@given(st.text(alphabet=st.sampled_from("ab.!?\n <br/>\u3002 "), max_size=60))
def test_sentences_hold_every_letter_once_and_in_order(text: str) -> None:
    spans = sentences(text)
    assert all(start < end and text[start:end] == text[start:end].strip() for start, end in spans)
    assert "".join("".join(texts_of(text, spans)).split()) == "".join(text.split())
    assert all(first[1] <= second[0] for first, second in itertools.pairwise(spans))
