"""Names of people in one cell."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exemplar.data.bibliographies.people import joined_people, people_in


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("", []),
        ("Doe, J.; Roe, R.;", ["Doe, J.", "Roe, R."]),
        ("Jane Doe\nRichard Roe", ["Jane Doe", "Richard Roe"]),
        ("Doe J, O'Neil RP, Çelik Ö", ["Doe, J", "O'Neil, RP", "Çelik, Ö"]),
        ("Doe, J., Roe, R. P.", ["Doe, J.", "Roe, R. P."]),
        ("Jane Doe, Richard Roe, Ann Poe", ["Jane Doe", "Richard Roe", "Ann Poe"]),
        ("Doe, Jane and Roe, Richard", ["Doe, Jane", "Roe, Richard"]),
        ('Doe, J.; "Bees; Birds"', ["Doe, J.", "Bees; Birds"]),
        *(
            (name, [name])
            for name in (
                "Doe J",
                "Doe, Jane",
                "van der Berg, Jan Willem",
                "Jane Doe, Richard Roe",  # or a surname of two words
                "Smith, J, Jr",
                "Department of Health and Care",
            )
        ),
    ],
)
def test_names_are_parted_where_only_that_can_be_meant(cell: str, names: list[str]) -> None:
    assert people_in(cell) == names


def test_an_endless_name_is_no_short_form() -> None:
    endless = "a" * 200_000
    assert people_in(f"{endless}, b") == [f"{endless}, b"]
    assert people_in(joined_people([f"{endless}, b"])) == [f"{endless}, b"]


@given(st.lists(st.text('aBé;," \n.&1').map(str.strip).filter(bool) | st.text(min_size=1).map(str.strip).filter(bool)))
def test_joined_names_come_out_as_they_were(names: list[str]) -> None:
    assert people_in(joined_people(names)) == names
