"""Which documents have the same text: against a dictionary, and over the chunks of a table."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exemplar.data.corpus import copies
from exemplar.data.corpus.copies import Copies

ALIKE = ["", "a", "b", "ab", "ba", "ab" * 9, "ab" * 8 + "ba", "é", "\N{CAT FACE}", "a" * 40]
TEXTS = st.sampled_from(ALIKE) | st.text()


def column(chunks: list[list[str]]) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(chunk, pa.large_string()) for chunk in chunks], pa.large_string())


@given(st.lists(st.lists(TEXTS, max_size=8), max_size=4))
@settings(deadline=None)
def test_copies_are_the_rows_of_equal_texts(chunks: list[list[str]]) -> None:
    texts = [text for chunk in chunks for text in chunk]
    rows: dict[str, list[int]] = {}
    for row, text in enumerate(texts):
        rows.setdefault(text, []).append(row)
    found = Copies(column(chunks))
    assert found.first.tolist() == [rows[text][0] for text in texts]
    assert [found.of(row).tolist() for row in range(len(texts))] == [rows[text] for text in texts]


def test_a_part_of_a_table_has_its_own_rows() -> None:
    found = Copies(column([["x", "a", "b"], ["c", "a", "b", "a"]]).slice(2, 4))
    assert found.first.tolist() == [0, 1, 2, 0]


def test_only_texts_that_look_alike_are_read_in_full(monkeypatch: pytest.MonkeyPatch) -> None:
    hashed = []
    monkeypatch.setattr(copies, "text_hash", lambda text: hashed.append(bytes(text)) or hash(bytes(text)) % 2**64)
    words = np.random.default_rng(0).choice(["cat", "dog", "owl", "hen"], (500, 40))
    texts = [" ".join(row) for row in words]
    found = Copies(column([texts, texts[:2]]))
    assert np.flatnonzero(found.first != np.arange(502)).tolist() == [500, 501]
    assert len(hashed) == 4
