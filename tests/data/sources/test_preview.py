import json
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from exemplar.data.documents import Document
from exemplar.data.sources import preview
from exemplar.data.sources.columns import Columns
from exemplar.data.sources.preview import Preview, look_at
from exemplar.data.sources.spec import SourceSpec


def write(path: Path, text: str) -> str:
    path.write_text(text)
    return str(path)


def test_a_table_shows_its_columns_what_they_are_taken_for_and_its_first_documents(tmp_path: Path) -> None:
    rows = "".join(f"{n},the text {n},about {n},x\n" for n in range(20))
    path = write(tmp_path / "notes.csv", f"key,text,title,label\n{rows}")
    found = look_at(SourceSpec(path, id_column="key"))
    documents = [Document(str(n), f"the text {n}", ("x",), title=f"about {n}") for n in range(5)]
    columns = ("key", "text", "title", "label")
    assert found == Preview("notes", columns, Columns("text", "title", "label", "key"), tuple(documents), format="csv")


def test_a_table_without_a_likely_text_shows_its_columns_and_guesses_the_others(tmp_path: Path) -> None:
    path = write(tmp_path / "notes.csv", "id,words,class\n1,buy milk,x\n")
    found = look_at(SourceSpec(path))
    assert (found.columns, found.chosen) == (("id", "words", "class"), Columns(None, None, "class", "id"))
    assert found.error == f"say which column of {path} holds the text; its columns are: id, words, class"
    assert found.documents == ()
    again = look_at(SourceSpec(path, text_column="words"))
    assert again.documents == (Document("1", "buy milk", ("x",)),)
    assert again.error == ""


def test_a_table_without_a_likely_text_shows_the_tables_that_may_be_meant(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with pd.ExcelWriter(path) as writer:
        for name in ("May", "June"):
            pd.DataFrame({"key": ["a"], "words": ["buy milk"]}).to_excel(writer, sheet_name=name, index=False)
    found = look_at(SourceSpec(str(path)))
    assert (found.columns, found.tables) == (("key", "words"), ("May", "June"))
    assert found.error.startswith("say which column of ")


def test_a_column_without_text_is_an_error_that_leaves_the_columns_to_choose_from(tmp_path: Path) -> None:
    path = write(tmp_path / "notes.csv", "text,empty\nbuy milk,\n")
    found = look_at(SourceSpec(path, text_column="empty"))
    assert found.error == f"column 'empty' of {path} holds no text"
    assert (found.columns, found.chosen.text) == (("text", "empty"), "empty")
    assert found.problems == ("Left out: line 2: no text.",)


@pytest.mark.parametrize("source", ["./gone.csv", " ", "docs:no_such_package"])
def test_what_cannot_be_read_is_an_error_and_nothing_else(source: str) -> None:
    found = look_at(SourceSpec(source))
    assert found == Preview(error=found.error)
    assert found.error


def test_package_documentation_has_no_columns() -> None:
    found = look_at(SourceSpec("docs:numpy", without_see_also=True))
    assert (found.name, found.columns, found.chosen, found.error) == ("docs", (), Columns(), "")
    assert [document.labels for document in found.documents] == [("numpy",)] * 5


def test_tables_in_a_zip_go_by_their_own_columns_and_the_first_readable_one_is_named(tmp_path: Path) -> None:
    path = tmp_path / "notes.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.json", "{broken")
        archive.writestr("b.csv", "text,x\nbuy milk,1\n")
        archive.writestr("c.jsonl", json.dumps({"content": "feed the cat"}))
    found = look_at(SourceSpec(str(path)))
    assert (found.columns, found.chosen) == (("text", "x"), Columns())
    assert [document.doc_id for document in found.documents] == ["b.csv#0", "c.jsonl#0"]
    assert len(found.problems) == 1


def test_a_look_reads_little_however_much_there_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = write(tmp_path / "empty.csv", "text\n" + '" "\n' * 10_000 + "late\n")
    found = look_at(SourceSpec(empty))
    assert (found.documents, found.error) == ((), "")
    assert found.problems == ("Left out: line 2 and 199 more: no text.",)
    monkeypatch.setattr(preview, "_N_CHARACTERS", 3)
    [document] = look_at(SourceSpec(write(tmp_path / "long.txt", "abcdef"))).documents
    assert document.text == "abc"


def test_a_preview_says_how_the_file_was_read_and_shows_letters_that_look_wrong(tmp_path: Path) -> None:
    path = tmp_path / "notes.csv"
    path.write_text("id;title;text\n1;fine;all good\n2;cafÃ©;it isnâ€™t\n3;x;a\ufffdb\n", encoding="utf-8")
    found = look_at(SourceSpec(str(path)))
    assert found.notes == ("cells are parted by semicolons",)
    assert found.suspicious == ("cafÃ©", "it isnâ€™t", "a\ufffdb")
    assert [document.title for document in found.documents] == ["fine", "cafÃ©", "x"]
    path.write_text("id,text\n1,café\n", encoding="utf-8")
    assert (look_at(SourceSpec(str(path))).notes, look_at(SourceSpec(str(path))).suspicious) == ((), ())
