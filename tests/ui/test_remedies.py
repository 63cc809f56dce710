import pytest

from exemplar.data.errors import ExemplarError, Hint
from exemplar.ui.remedies import with_remedy


@pytest.mark.parametrize(
    ("hint", "remedy"),
    [
        ("label_column", "build it on the page Corpora with a Label column"),
        (
            "without_see_also",
            "build it without: on the page Corpora, choose Installed packages and Leave out See Also",
        ),
    ],
)
def test_a_remedy_is_in_the_terms_of_the_pages(hint: Hint, remedy: str) -> None:
    assert with_remedy(ExemplarError("nothing is judged", hint=hint)) == f"nothing is judged ({remedy})"


def test_an_error_without_a_remedy_is_its_message() -> None:
    assert with_remedy(ExemplarError("the file is gone")) == "the file is gone"
    assert with_remedy(OSError("the disk is full")) == "the disk is full"
