"""Near copies by kinds: what joins, and what must not."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exemplar.retrieval.copies import near as module
from exemplar.retrieval.copies.near import near_copies, near_copies_together
from exemplar.retrieval.copies.one_edit import is_one_edit
from exemplar.retrieval.ranking import Result

SHORT = "Bees in towns\n\nWild bees nest in parks."
LONG = (
    "Wild bees find nests in town parks, in old walls and in dead wood. We counted nests on forty sites over three "
    "summers, and asked what drives their number. Flowers within two hundred metres explained most of it; the age of "
    "the park and the use of pesticides explained the rest. Towns that mow less often keep more of their bees."
)
NOTICES = [
    "(c) 2019 Elsevier.",
    "(C) 2020 John Wiley & Sons, Ltd.",
    "© 2020 The Authors. Published by Elsevier Ltd. This is an open access article under the CC BY license.",
    "Copyright © 2018 Publisher. All rights reserved.",
    "Copyright 2021, American Society of Bees",
    "All rights reserved.",
    "This article is protected by copyright. All rights reserved.",
]


def joined(first: str, second: str) -> bool:
    assert near_copies([first, second]) == near_copies([second, first])
    return near_copies([first, second]) == [None, 0]


@pytest.mark.parametrize("text", [SHORT, LONG, "蜜蜂在城市公园里筑巢，我们在三个夏天里统计了四十个地点的巢穴数量。"])
@pytest.mark.parametrize("notice", NOTICES)
def test_a_copyright_notice_at_the_end_makes_no_other_text(text: str, notice: str) -> None:
    assert joined(text, f"{text} {notice}")
    assert joined(text, f"{text}\n{notice}\n")


@pytest.mark.parametrize("text", [SHORT, LONG])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("nest", "nset"),
        ("nest", "nst"),
        ("nest", "neest"),
        ("nest", "mest"),
        ("parks", "park"),
        ("Wild", "wild"),
        ("Wild bees", "WILD BEES"),
        ("Wild bees", "Wild  \n bees"),
        ("Wild bees", "Wild\N{NO-BREAK SPACE}bees"),
        ("Wild bees", "Wild bees,"),
        (".", ""),
    ],
)
def test_one_slip_case_blanks_and_punctuation_make_no_other_text(text: str, old: str, new: str) -> None:
    changed = text.replace(old, new, 1)
    assert changed != text
    assert joined(text, changed)


@pytest.mark.parametrize("at", ["start", "end"])
def test_a_sentence_more_in_a_long_text_makes_no_other_text(at: str) -> None:
    more = "We thank all who let us in."
    assert joined(LONG, f"{LONG} {more}" if at == "end" else f"{more} {LONG}")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("good film", "good films not"),
        ("good film", "good films"),
        ("good film", "not a good film"),
        ("cat", "cut"),
        ("C++", "C#"),
        ("!!!", "???"),
        ("The treatment of type 1 diabetes", "The treatment of type 2 diabetes"),
        ("Annual report of the society 2019", "Annual report of the society 2020"),
        (SHORT, "Bees in towns\n\nWild bees do not nest in parks."),
        (SHORT, f"{SHORT} They also nest in walls."),
        (LONG, LONG[: len(LONG) // 2]),
        (LONG, "Steel bridges crack where heavy lorries cross them. " * 5),
        ("(c) 2019 Elsevier", "(c) 2019 Wiley"),
    ],
)
def test_other_texts_are_not_joined(first: str, second: str) -> None:
    assert near_copies([first, second]) == [None, None]


def test_texts_that_agree_at_their_beginning_alone_are_not_joined() -> None:
    rng = random.Random(0)
    first, second = (" ".join(rng.choices(LONG.split(), k=2000)) for _ in range(2))
    assert near_copies([f"{LONG * 10} {first}", f"{LONG * 10} {second}"]) == [None, None]
    assert near_copies([f"{LONG * 10} {first}", f"{LONG * 10} {first} (c) 2019 Elsevier."]) == [None, 0]


def test_near_copies_stand_under_the_first_and_keep_their_ranks() -> None:
    texts = ["good film", SHORT, LONG, f"{SHORT} (c) 2019 Elsevier.", "good films not", LONG.upper(), SHORT.upper()]
    results = [Result(rank, str(rank), 0.5, (), text, text) for rank, text in enumerate(texts, start=1)]
    together = near_copies_together(results)
    assert [(result.rank, original and original.rank) for result, original in together] == [
        (1, None),
        (2, None),
        (4, 2),
        (7, 2),
        (3, None),
        (6, 3),
        (5, None),
    ]
    assert near_copies_together([]) == []


def test_a_title_is_a_part_of_the_text() -> None:
    one = Result(1, "a", 1.0, (), "Wild bees nest in parks.", "", title="Bees in towns")
    other = Result(2, "b", 1.0, (), "Wild bees nest in parks.", "", title="Do lorries wear bridges down?")
    assert [original for _, original in near_copies_together([one, other])] == [None, None]


def test_sketches_leave_no_pair_out(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(1)
    words = LONG.lower().replace(".", "").replace(",", "").split()
    texts: list[str] = []
    for _ in range(120):
        if texts and rng.random() < 0.5:
            changed = rng.choice(texts).split()
            for _ in range(rng.randrange(4)):
                changed[rng.randrange(len(changed))] = rng.choice(words)
            texts.append(" ".join(changed))
        else:
            texts.append(" ".join(rng.choices(words, k=rng.choice([5, 30, 60]))))
    found = near_copies(texts)
    monkeypatch.setattr("exemplar.retrieval.copies.near._LIKELY", 0.0)
    expected: list[int | None] = []
    for place, text in enumerate(texts):
        earlier = (n for n in range(place) if expected[n] is None and near_copies([texts[n], text]) == [None, 0])
        expected.append(next(earlier, None))
    assert found == expected
    assert 10 < sum(original is not None for original in found) < 110


def quadratic(texts: list[str]) -> list[int | None]:
    """Return what near_copies returns of texts that one edit may join, by comparing each with each."""
    originals: list[int | None] = []
    for place, text in enumerate(texts):
        earlier = (n for n in range(place) if originals[n] is None and is_one_edit(texts[n], text))
        originals.append(next(earlier, None))
    return originals


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["wild bees nest in parks", "aaaaaaaaaaaaaaaaaaaaaa"]), st.integers(0, 2), st.randoms()
        )
    )
)
def test_texts_of_every_order_join_the_first_that_one_edit_makes(drawn: list[tuple[str, int, random.Random]]) -> None:
    texts = []
    for text, n_edits, rng in drawn:
        for _ in range(n_edits):
            start = rng.randrange(len(text))
            kept = text[start + rng.randrange(2) :]
            text = text[:start] + rng.choice(["", "b", "7", kept[1:2], kept[:1]]) + kept
        texts.append(" ".join(text.split()))
    assert near_copies(texts) == quadratic(texts)


def counted(monkeypatch: pytest.MonkeyPatch, owner: object, name: str) -> list[tuple]:
    """Return a list of the calls of a function, which grows with each."""
    calls: list[tuple] = []
    function = getattr(owner, name)
    monkeypatch.setattr(owner, name, lambda *given, **how: calls.append(given) or function(*given, **how))
    return calls


@pytest.mark.parametrize(
    "text", ["Re: Order {n} {x} has been shipped to you", "Wild bees {c} nest in parks", "Towns that mow {c}{x} often"]
)
def test_texts_that_begin_and_end_alike_are_not_compared_each_with_each(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [text.format(n=n, x="abcdefghij"[n % 10] * (n % 13), c=chr(0x4E00 + n)) for n in range(300)]
    expected = quadratic(texts)
    calls = counted(monkeypatch, module, "is_one_edit")
    assert near_copies(texts) == expected
    assert len(calls) <= 2 * len(texts)


def test_shingles_of_a_long_text_are_compared_with_those_of_few_others(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(2)
    texts = [f"{LONG} {''.join(rng.choices('abcdefgh ', k=120))}" for _ in range(100)]
    copies = [f"{texts[n]} We thank all." for n in (0, 50, 99)]
    calls = counted(monkeypatch, module._LongTexts, "_are_similar")
    assert near_copies(texts + copies) == [None] * 100 + [0, 50, 99]
    assert 1000 < len(calls) <= 16 * len(texts + copies)


def test_texts_behind_the_first_ten_thousand_are_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    assert module._MOST == 10_000
    monkeypatch.setattr(module, "_MOST", 3)
    assert near_copies([SHORT, LONG, SHORT.upper(), SHORT.upper(), LONG]) == [None, None, 0, None, None]


def test_many_texts_equal_but_for_case_join_the_first() -> None:
    assert near_copies([SHORT.upper(), LONG, *[SHORT, LONG.upper()] * 50]) == [None, None, *[0, 1] * 50]
