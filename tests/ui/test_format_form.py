"""The pickers by which a person says how a file is read, without a browser; the model is a fake one."""

import io
import zipfile

import openpyxl
import pytest
from streamlit.testing.v1 import AppTest

from exemplar.data.corpus.corpus import open_corpus
from tests.support.corpora_page import choose, ended, opened, text_of, upload
from tests.support.pages import labelled, messages, press, ran

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fake_model")]


def pickers(app: AppTest) -> set[str]:
    """Return the labels of the pickers of how a file is read."""
    [form] = [box for box in app.expander if box.label.startswith("How it is read")]
    return {box.label for kind in ("selectbox", "number_input", "checkbox") for box in form.get(kind)}


def read_as(app: AppTest) -> str:
    [form] = [box for box in app.expander if box.label.startswith("How it is read")]
    return str(form.label).removeprefix("How it is read: ")


def built(app: AppTest, name: str) -> list[str]:
    press(app, "Build")
    assert ended(name).error is None
    corpus = open_corpus(name)
    return [corpus.document(row).text for row in range(corpus.manifest.n_documents)]


def test_the_encoding_of_a_table_can_be_chosen_and_holds_for_the_build() -> None:
    app = opened()
    upload(app, "czech.csv", "text\nPříliš žluťoučký kůň\nÚpěl ďábelské ódy\n".encode("cp1250"))
    assert read_as(app) == "CSV"
    choose(app, "Encoding", "Western (Windows-1252)")
    told = "Cannot read czech.csv: it is not CP1252 throughout; save it as UTF-8, or name its encoding "
    told += "(choose another under How it is read)"
    assert messages(app, "error") == [told]
    choose(app, "Encoding", "Western (Mac)")
    assert "P¯Ìliö" in text_of(app, "preview")
    choose(app, "Encoding", "Central European (Windows-1250)")
    assert "Příliš žluťoučký kůň" in text_of(app, "preview")
    assert built(app, "czech") == ["Příliš žluťoučký kůň", "Úpěl ďábelské ódy"]


def test_a_table_without_header_below_other_lines_is_read() -> None:
    app = opened()
    upload(app, "list.csv", "Report of May\n\n1|buy milk\n2|feed the cat\n")
    labelled(app, "number_input", "Lines to skip").set_value(2).run()
    ran(labelled(app, "checkbox", "No header").check().run())
    choose(app, "Delimiter", "Pipe")
    choose(app, "Text column", "column 2")
    assert text_of(app, "preview") == "0 column 1 1 buy milk 1 column 1 2 feed the cat"
    assert built(app, "list") == ["buy milk", "feed the cat"]


def test_a_sheet_of_a_workbook_can_be_chosen() -> None:
    book, content = openpyxl.Workbook(), io.BytesIO()
    book.active.append(["text"])
    book.active.append(["buy milk"])
    other = book.create_sheet("Second_sheet_")
    other.append(["text"])
    other.append(["feed the cat"])
    book.save(content)
    app = opened()
    upload(app, "book.xlsx", content.getvalue())
    assert read_as(app) == "Excel"
    assert pickers(app) == {"Format", "Table", "Rows to skip", "No header"}
    assert "buy milk" in text_of(app, "preview")
    choose(app, "Table", "Second_sheet_")
    assert "feed the cat" in text_of(app, "preview")
    assert built(app, "book") == ["feed the cat"]


def test_each_line_of_a_text_can_be_a_document() -> None:
    app = opened()
    upload(app, "notes", "buy milk\nfeed the cat\n")
    choose(app, "Format", "text")
    assert text_of(app, "preview") == "notes buy milk feed the cat"
    ran(labelled(app, "checkbox", "Each line a document").check().run())
    choose(app, "Format", "Recognised")
    assert built(app, "notes") == ["buy milk", "feed the cat"]


def test_what_a_person_chose_for_one_file_is_forgotten_with_it() -> None:
    app = opened()
    upload(app, "a.csv", "text;b\nbuy milk;1\n")
    choose(app, "Delimiter", "Comma")
    assert messages(app, "warning") != []
    ran(app.file_uploader[0].set_value(("b.csv", b"text;b\nfeed the cat;2\n", "")).run())
    assert labelled(app, "selectbox", "Delimiter").value is None
    assert "feed the cat" in text_of(app, "preview")


def test_files_in_a_zip_are_read_by_one_choice() -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("a.csv", "text|b\nbuy milk, bread|1\n")
        archive.writestr("b.csv", "text|b\nfeed the cat|1\n")
    app = opened()
    upload(app, "both.zip", content.getvalue())
    assert read_as(app) == "How it is read"
    choose(app, "Delimiter", "Pipe")
    assert built(app, "both") == ["buy milk, bread", "feed the cat"]
