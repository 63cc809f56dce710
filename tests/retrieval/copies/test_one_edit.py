"""One edit between texts, and the tokens by which such texts find each other."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exemplar.retrieval.copies.one_edit import edit_tokens, is_one_edit

SHORTEST = 4


@pytest.mark.parametrize(
    ("first", "second", "joined"),
    [
        ("bees", "bees", True),
        ("bees", "beess", True),
        ("bees", "ees", True),
        ("bees", "beet", True),
        ("bees", "bese", True),
        ("bees", "sees", True),
        ("bees", "seeb", False),
        ("bees", "be", False),
        ("bees", "bsee", False),
        ("bee 1", "bee 2", False),
        ("bee 1", "bee 11", False),
        ("bee 1", "bee1 ", False),
        ("bee 1", "bee x", False),
        ("", "b", True),
    ],
)
def test_one_edit_that_touches_no_digit_joins(first: str, second: str, joined: bool) -> None:
    assert is_one_edit(first, second) is is_one_edit(second, first) is joined


@settings(deadline=None)
@given(st.lists(st.text("ab1é🐝", min_size=SHORTEST - 1, max_size=SHORTEST + 3), unique=True, max_size=40))
def test_tokens_join_texts_that_are_an_edit_apart_or_an_edit_from_a_third(texts: list[str]) -> None:
    tokens = edit_tokens(texts, SHORTEST)
    long = [place for place, text in enumerate(texts) if len(text) >= SHORTEST]
    assert [place for place, each in enumerate(tokens) if each] == long
    near = {place: {other for other in long if is_one_edit(texts[place], texts[other])} for place in long}
    for place in long:
        joined = {other for other in long if tokens[place] & tokens[other]}
        assert near[place] <= joined <= {other for other in long if near[place] & near[other]}


def test_texts_that_only_begin_and_end_alike_have_one_token_each() -> None:
    texts = [f"Re: Order {n} {'abcdefghij'[n % 10] * (n % 13)} has been shipped to you" for n in range(500)]
    tokens = edit_tokens(texts, SHORTEST)
    assert sum(map(len, tokens)) < 2 * len(set.union(*tokens))
    assert edit_tokens([], SHORTEST) == []
