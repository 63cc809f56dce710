"""A delimiter that does not stand in the header parts no cells, and prose under a header of two names is no table."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exemplar.data.documents import Document
from exemplar.data.errors import ExemplarError
from exemplar.data.files.options import ReadOptions
from exemplar.data.files.usual_names import TEXT_COLUMNS
from exemplar.data.tabular.delimiters import is_delimited
from tests.support.reading import documents, problems, read, texts

LINES = ["I came{}I saw", "roses{}violets", "hearts{}flowers"]


@pytest.mark.parametrize("name", [*TEXT_COLUMNS[:12], "body_text", "Full Text"])
@pytest.mark.parametrize("delimiter", ["; ", ";", " | ", "\t"])
def test_texts_of_one_column_keep_what_another_file_is_parted_by(tmp_path: Path, name: str, delimiter: str) -> None:
    path = tmp_path / "a.csv"
    expected = [line.format(delimiter) for line in LINES]
    path.write_text("\n".join([name, *expected, ""]))
    assert texts(read(str(path))) == expected
    path.write_text("\n".join([name, expected[0], "one plain row", *expected[1:], ""]))
    assert texts(read(str(path))) == [expected[0], "one plain row", *expected[1:]]


@pytest.mark.parametrize("delimiter", ["; ", ";", " | ", ", ", "\t"])
def test_a_chosen_column_without_a_usual_name_is_read_alike(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "a.csv"
    expected = [line.format(delimiter) for line in LINES]
    path.write_text("\n".join(["tweet", *expected, ""]))
    source = read(str(path), text_column="tweet")
    assert (texts(source), problems(source)) == (expected, [])
    with pytest.raises(ExemplarError) as told:
        read(str(path))
    assert "header" not in str(told.value)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("text,note\nhello; there\nfoo; bar\nqux; zap\n", ["hello; there", "foo; bar", "qux; zap"]),
        ("text,note\nhello\tthere\nfoo\tbar\n", ["hello\tthere", "foo\tbar"]),
        (
            "id,text,note\n1,hello;a;b\n2,foo;c;d\n3,bar;e;f,n\n4,baz;g;h\n5,q;r;s\n",
            ["hello;a;b", "foo;c;d", "bar;e;f", "baz;g;h", "q;r;s"],
        ),
        ("id,text,tags;keywords\n1,hello;a\n2,foo;b\n", ["hello;a", "foo;b"]),
        ("Q1;Q2,text\n1;2,hello\n3;4,foo\n", ["hello", "foo"]),
    ],
)
def test_rows_that_end_early_do_not_change_the_delimiter(tmp_path: Path, content: str, expected: list[str]) -> None:
    (tmp_path / "a.csv").write_text(content)
    source = read(str(tmp_path / "a.csv"))
    assert (texts(source), problems(source), source.notes) == (expected, [], ())
    with pytest.raises(ExemplarError) as told:
        read(str(tmp_path / "a.csv"), text_column="nope")
    assert "header" not in str(told.value)


WORDS = st.text(st.sampled_from("ab ;|\t"), min_size=1, max_size=12).map(lambda text: f"x{text}x")


@given(st.lists(WORDS, min_size=1, max_size=12))
def test_no_texts_of_one_column_are_ever_parted(tmp_path_factory: pytest.TempPathFactory, words: list[str]) -> None:
    path = tmp_path_factory.mktemp("wild") / "a.csv"
    path.write_text("\n".join(["tweet", *words, ""]))
    assert texts(read(str(path), text_column="tweet")) == words


@pytest.mark.parametrize(
    "content",
    [
        "Report of May\n\nid;text;label\n1;a, b;x\n2;c;y\n",
        "Report\nby Ann\nid\ttext\tlabel\n1\ta, b\tx\n2\tc\ty\n",
        "Report\nRegion,Wording,Score\nN,so so,1\nS,bad,2\n",
        "Report\nRegion;Wording;Score\nN;so so;1\nS;bad;2\n",
    ],
)
def test_a_header_below_a_title_is_still_seen(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.csv").write_text(content)
    n_before = next(number for number, line in enumerate(content.split("\n")) if "ext" in line or "Region" in line)
    with pytest.raises(ExemplarError, match=f"header seems to be line {n_before + 1}: skip the lines before it"):
        read(str(tmp_path / "a.csv"))
    source = read(
        str(tmp_path / "a.csv"),
        text_column="text" if "text" in content else "Wording",
        options=ReadOptions(skip_lines=n_before),
    )
    assert len(documents(source)) == 2


ROWS = "one, two\nthree, four\nfive, six\n"


@pytest.mark.parametrize(
    "text",
    [
        f"Title, text\n{ROWS * 30}",
        "Title; Description\nA; b\nc; d\ne; f\ng; h\ni; j\n",
        "text,title\na,b\nc,d\ne,f\ng,h\ni,j\nk,l\nAnd prose follows.",
        "text,title\na,b\nc,d\ne,f\n" * 50 + "And prose, which has commas, follows.\n",
        "Body,heart\nmine,thine\nlove,dove\n",
        'Title, text\nhe said, "go"\nshe, went\nwe, stayed\nall, well\n',
    ],
)
def test_prose_under_two_names_is_no_table(tmp_path: Path, text: str) -> None:
    assert not is_delimited(text)
    (tmp_path / "a.txt").write_text(text)
    assert documents(read(str(tmp_path / "a.txt"))) == [Document("a.txt", text)]


@pytest.mark.parametrize(
    "text",
    [
        "id,text\n1,a\n2,b\n",
        "review,score\na,1\nb,2\nc,3\nd,4\ne,5",
        'id, text\n1, "a, b"\n2, "c\nd"\n',
        "title;body text\na;b, c\nd;e\n",
        "text|label\na\x0bb|x\nc\u2028d|y\n",
    ],
)
def test_a_table_under_usual_names_is_one(text: str) -> None:
    assert is_delimited(text)


def test_a_table_is_seen_in_the_beginning_of_a_text() -> None:
    rows = '"several\nlines",b\n' * 9
    assert is_delimited(f'text,title\n{rows}"cut am', is_cut=True)
    assert is_delimited(f'text,title\n{rows}"cut am\nid the', is_cut=True)
    assert not is_delimited(f"text,title\n{rows}cut am")


def test_a_text_that_only_commas_make_a_table_can_be_one_text(tmp_path: Path) -> None:
    content = "title,summary\nBees,They nest\nTrains,They are late\n"
    (tmp_path / "a.txt").write_text(content)
    with pytest.raises(ExemplarError, match="if it is no table, say that its format is text"):
        read(str(tmp_path / "a.txt"))
    assert texts(read(str(tmp_path / "a.txt"), options=ReadOptions(format="text"))) == [content]
    assert texts(read(str(tmp_path))) == [content]
    assert [each.left_out for each in problems(read(str(tmp_path)))] == [False]
