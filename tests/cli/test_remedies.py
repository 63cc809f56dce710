import pytest

from exemplar.cli.remedies import with_remedy
from exemplar.data.errors import ExemplarError, Hint


@pytest.mark.parametrize(
    ("hint", "remedy"),
    [
        ("full", "leave --quick out"),
        ("leave_out", "--leave-out FILE builds it without that file, whose documents go"),
        ("text_column", "--text-column NAME"),
        ("label_column", "build it with --label-column"),
        (
            "without_see_also",
            "exemplar evaluate docs measures them without",
        ),
    ],
)
def test_a_remedy_is_in_the_terms_of_the_command_line(hint: Hint, remedy: str) -> None:
    assert with_remedy(ExemplarError("nothing is judged", hint=hint)) == f"nothing is judged ({remedy})"


def test_an_error_without_a_remedy_is_its_message() -> None:
    assert with_remedy(ExemplarError("the file is gone")) == "the file is gone"
    assert with_remedy(OSError("the disk is full")) == "the disk is full"
