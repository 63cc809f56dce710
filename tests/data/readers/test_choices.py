"""A choice about a file that says nothing about files of its format is refused, and not ignored."""

from pathlib import Path
from typing import Any

import pytest

from exemplar.data.files.options import ReadOptions
from tests.support.pdf import pdf
from tests.support.reading import documents, read
from tests.support.samples import sample


@pytest.mark.parametrize(
    ("name", "options", "told"),
    [
        ("rows.jsonl", {"delimiter": ";"}, "JSON Lines has no delimiter to choose"),
        ("rows.ris", {"no_header": True}, "RIS has no header to leave out"),
        ("rows.parquet", {"skip_lines": 3}, "Parquet has no lines to skip above a header"),
        ("page.html", {"table": "a"}, "HTML holds one table alone, so none can be chosen"),
        ("rows.csv", {"lines": True}, "CSV is not read line by line"),
        ("letter.docx", {"lines": True}, "Word is not read line by line"),
        ("mail.eml", {"encoding": "cp1252"}, "e-mail says its encoding itself"),
        ("rows.xlsx", {"encoding": "cp1252"}, "Excel says its encoding itself"),
    ],
)
def test_it_is_refused(tmp_path: Path, name: str, options: dict[str, Any], told: str) -> None:
    (tmp_path / name).write_bytes(sample(name))
    with pytest.raises(ValueError, match=f"^{told}$"):
        read(str(tmp_path / name), options=ReadOptions(**options))


def test_in_a_folder_it_holds_for_the_files_that_have_it(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text|n\na, b|1\n")
    (tmp_path / "b.jsonl").write_text('{"text": "c"}\n')
    found = documents(read(str(tmp_path), options=ReadOptions(delimiter="pipe")))
    assert [document.text for document in found] == ["a, b", "c"]


def test_a_file_is_read_by_lines_only_if_it_is_a_text(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(pdf("Hello"))
    with pytest.raises(ValueError, match=r"^PDF is not read line by line$"):
        read(str(tmp_path / "a"), options=ReadOptions(lines=True))


def test_a_data_set_and_docs_take_none(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("---\nconfigs: []\n---\n")
    (tmp_path / "a.csv").write_text("text\na\n")
    for source in (str(tmp_path), "docs"):
        with pytest.raises(ValueError, match="says itself how it is read"):
            read(source, options=ReadOptions(no_header=True))


def test_a_chosen_encoding_holds_for_xml(tmp_path: Path) -> None:
    rss = "<rss><channel><item><title>a</title><description>Füße</description></item></channel></rss>"
    (tmp_path / "a.xml").write_bytes(rss.encode("latin-1"))
    [document] = documents(read(str(tmp_path / "a.xml"), options=ReadOptions(encoding="cp1252")))
    assert document.text == "Füße"
