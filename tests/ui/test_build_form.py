"""The form by which a corpus is built, without a browser; the model is a fake one."""

import gzip
import io
import json
import re
import threading
import zipfile
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from exemplar.data.corpus.corpus import Corpus, open_corpus
from exemplar.data.documents import Document
from exemplar.data.errors import ExemplarError
from exemplar.data.sources.spec import SourceSpec
from exemplar.ui import jobs
from tests.support.corpora_page import HOSTILE, choose, ended, give_role, kind, opened, roles, states, text_of, upload
from tests.support.fake_encoder import FakeEncoder
from tests.support.pages import CORPORA_PAGE, labelled, messages, opened_page, press, ran
from tests.support.patience import PATIENCE

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fake_model")]


def test_an_upload_is_shown_built_and_searched(home: Path) -> None:
    app = opened()
    upload(app, "my notes.csv", "text,kind,label\nbuy milk,a,x\n,b,y\nfeed the cat,c,\n")
    pickers = {box.label: (box.options, box.value) for box in app.selectbox if box.label.endswith(" column")}
    columns = ["text", "kind", "label"]
    assert {label: options for label, (options, _) in pickers.items()} == {
        "Text column": columns,
        "Title column": ["no column", *columns],
        "Label column": ["no column", *columns],
        "Id column": ["no column", *columns],
    }
    assert [value for _, value in pickers.values()] == [0, -1, 2, -1]
    preview = text_of(app, "preview")
    assert preview == "0 x kind a buy milk 2 kind c feed the cat"
    assert labelled(app, "text_input", "Name").placeholder == "my-notes"
    press(app, "Build")
    assert ended("my-notes").error is None
    app.run()
    assert messages(app, "success") == ["Built my-notes: 2 documents."]
    assert "Left out: line 3: no text." in text_of(app, "build-my-notes")
    assert app.dataframe[0].value["Source"].tolist() == ["my notes.csv (uploaded)"]
    assert app.file_uploader[0].value is None
    assert open_corpus("my-notes").document(0) == Document("0", "buy milk", ("x",), {"kind": "a"})
    press(app, "Dismiss")
    assert messages(app, "success") == []
    assert states() == {"my-notes": "complete"}


def zipped() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("a.txt", "buy milk")
        archive.writestr("b.md", "feed the cat")
    return content.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "n_documents"),
    [
        ("notes.tsv", b"text\tx\nbuy milk\t1\n", 1),
        ("notes.jsonl", b'{"text": "buy milk"}\n{"text": "feed the cat"}\n', 2),
        ("notes.json", b'[{"text": "buy milk"}]', 1),
        ("notes.csv.gz", gzip.compress(b"text\nbuy milk\n", mtime=0), 1),
        ("notes.md", b"# buy milk", 1),
        ("notes.zip", zipped(), 2),
    ],
)
def test_files_of_many_kinds_can_be_uploaded(name: str, content: bytes, n_documents: int) -> None:
    app = opened()
    upload(app, name, content)
    press(app, "Build")
    assert ended("notes").result.n_documents == n_documents


def test_where_the_text_cannot_be_guessed_it_is_asked_for() -> None:
    app = opened()
    upload(app, "notes.csv", '"some\nwords",id\nbuy milk,a\nfeed the cat,b\n')
    told = ["None of the columns is called as a text usually is; choose the Text column"]
    assert messages(app, "warning") == told
    assert [box.value for box in app.selectbox if box.label.endswith(" column")] == [None, -1, -1, 1]
    press(app, "Build")
    assert jobs.jobs("build") == []
    assert messages(app, "warning") == told
    choose(app, "Text column", "some words")
    assert messages(app, "warning") == []
    assert text_of(app, "preview") == "a buy milk b feed the cat"
    choose(app, "Id column", "no column")
    assert text_of(app, "preview") == "0 id a buy milk 1 id b feed the cat"
    press(app, "Build")
    assert ended("notes").result.source == SourceSpec(
        ended("notes").progress.plan.source.source, text_column="some\nwords", id_column="none"
    )


def test_a_wrong_column_is_told_and_another_can_be_chosen() -> None:
    app = opened()
    upload(app, "notes.csv", "text,*empty*\nbuy milk,\n")
    choose(app, "Text column", "*empty*")
    assert messages(app, "error") == ["Column '*empty*' of notes.csv holds no text"]
    press(app, "Build")
    assert jobs.jobs("build") == []
    choose(app, "Text column", "text")
    assert messages(app, "error") == []
    press(app, "Build")
    assert ended("notes").result.n_documents == 1


def test_columns_are_chosen_from_a_table_with_three_values_of_each() -> None:
    app = opened()
    rows = [f"{'word ' * 90}{n},{'' if n % 2 else n},k,{n}\n" for n in range(9)]
    upload(app, "notes.csv", "body,gaps,kind,text\n" + "".join(rows))
    [table] = app.data_editor
    assert table.value["Role"].fillna("").tolist() == ["", "", "", "Text"]
    assert table.value["Column"].tolist() == ["body", "gaps", "kind", "text"]
    examples = table.value[["Example 1", "Example 2", "Example 3"]].to_numpy().tolist()
    assert examples[1:] == [["0", "2", "4"], ["k", "", ""], ["0", "1", "2"]]
    assert examples[0] == [f"{' '.join(['word'] * 15)} …", "", ""]
    give_role(app, "body", "Text")
    give_role(app, "gaps", "Id")
    give_role(app, "kind", "Label")
    assert roles(app) == {"Text": "body", "Id": "gaps", "Label": "kind"}
    assert app.data_editor[0].value["Role"].fillna("").tolist()[0] == "Text"
    choose(app, "Text column", "text")
    assert app.data_editor[0].value["Role"].fillna("").tolist() == ["", "Id", "Label", "Text"]
    give_role(app, "gaps", "none")
    give_role(app, "kind", "Title")
    app.run()
    assert roles(app) == {"Text": "text", "Title": "kind"}
    press(app, "Build")
    source = ended("notes").result.source
    assert (source.text_column, source.title_column, source.label_column) == ("text", "kind", None)


def test_a_column_in_two_roles_shows_both() -> None:
    app = opened()
    upload(app, "notes.csv", "text,kind\nbuy milk,a\n")
    choose(app, "Label column", "kind")
    choose(app, "Title column", "kind")
    assert app.data_editor[0].value["Role"].tolist() == ["Text", "Title, Label"]
    give_role(app, "kind", "Label")
    assert roles(app) == {"Text": "text", "Label": "kind"}


def test_the_values_are_shown_where_no_column_can_be_guessed_and_some_rows_have_no_text() -> None:
    app = opened()
    upload(app, "notes.jsonl", '{"a": "", "b": [1, 2]}\n{"a": "x", "b": {"c": null}}\n')
    assert app.data_editor[0].value.fillna("").to_numpy().tolist() == [
        ["", "a", "x", "", ""],
        ["", "b", "1, 2", '{"c":null}', ""],
    ]
    give_role(app, "a", "Text")
    assert messages(app, "warning") == []
    assert roles(app) == {"Text": "a"}


@pytest.mark.parametrize("value", [HOSTILE, "w" * 10_000, "\u202eright\u2066", "=1+1"])
def test_hundreds_of_columns_with_hostile_names_and_values_are_shown_as_text(value: str) -> None:
    names = [f"{n} {value}" for n in range(500)]
    app = opened()
    upload(app, "notes.jsonl", json.dumps(dict.fromkeys(names, value)) + "\n")
    [table] = app.data_editor
    assert len(table.value) == 500
    assert max(len(cell) for cell in table.value["Example 1"]) <= 170
    assert max(len(cell) for cell in table.value["Column"]) <= 250
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", table.value.to_json(force_ascii=False))
    give_role(app, table.value["Column"][499], "Text")
    assert messages(app) == []
    press(app, "Build")
    assert ended("notes").result.source.text_column == names[499]


AWAY_AND_BACK = f"""
import streamlit as st
if st.session_state.get("away"):
    st.write("Another page")
else:
    {CORPORA_PAGE.replace(chr(10), "; ")}
"""


def leave_and_return(app: AppTest) -> None:
    for away in (True, False):
        app.session_state["away"] = away
        ran(app.run())


def fill_form(app: AppTest) -> None:
    upload(app, "notes.csv", "words,kind\nbuy milk,a\n")
    choose(app, "Text column", "words")
    give_role(app, "kind", "Label")
    choose(app, "Language", "German")
    labelled(app, "text_input", "Name").input("animals")
    labelled(app, "number_input", "Limit").set_value(7)
    labelled(app, "checkbox", "Whole documents").check()
    ran(app.run())


def filled(app: AppTest) -> list[object]:
    assert text_of(app, "preview") == "0 a buy milk"
    assert roles(app) == {"Text": "words", "Label": "kind"}
    return [
        labelled(app, kind, label).value
        for kind, label in (
            ("selectbox", "Language"),
            ("text_input", "Name"),
            ("number_input", "Limit"),
            ("checkbox", "Whole documents"),
            ("checkbox", "Allow replacing"),
        )
    ]


def test_the_form_remembers_what_was_typed_and_chosen_when_its_page_is_left() -> None:
    app = opened_page(AWAY_AND_BACK)
    fill_form(app)
    before = filled(app)
    assert before == ["de", "animals", 7, True, False]
    leave_and_return(app)
    leave_and_return(app)
    assert app.file_uploader[0].value is None
    assert text_of(app, "kept-upload") == "Chosen: notes.csv"
    assert filled(app) == before
    press(app, "Build")
    assert ended("animals").result.source.label_column == "kind"
    app.run()
    assert not app.data_editor
    assert labelled(app, "text_input", "Name").value == ""


def test_a_file_that_is_taken_out_or_replaced_is_not_remembered() -> None:
    app = opened_page(AWAY_AND_BACK)
    upload(app, "notes.csv", "text\nbuy milk\n")
    leave_and_return(app)
    press(app, "Take it out")
    assert not app.data_editor
    upload(app, "notes.csv", "text\nbuy milk\n")
    leave_and_return(app)
    upload(app, "others.csv", "text\nfeed the cat\n")
    assert text_of(app, "preview") == "0 feed the cat"
    ran(app.file_uploader[0].set_value([]).run())
    leave_and_return(app)
    assert not app.data_editor


def test_after_a_build_that_failed_the_form_is_as_it_was(animals: Corpus) -> None:
    app = opened_page(AWAY_AND_BACK)
    fill_form(app)
    before = filled(app)
    press(app, "Build")
    assert ended("animals").error
    app.run()
    assert filled(app) == before
    labelled(app, "checkbox", "Allow replacing").check()
    press(app, "Build")
    assert ended("animals").result.n_documents == 1
    app.run()
    assert not app.data_editor
    assert labelled(app, "text_input", "Name").value == ""


def test_a_build_that_fails_leaves_a_form_alone_that_is_filled_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    filled_anew = threading.Event()

    def fail(*_: object, **__: object) -> None:
        filled_anew.wait(PATIENCE)
        raise ExemplarError("no")

    monkeypatch.setattr("exemplar.ui.corpora.build_job.run_build", fail)
    app = opened()
    fill_form(app)
    press(app, "Build")
    upload(app, "others.csv", "text\nfeed the cat\n")
    filled_anew.set()
    assert ended("animals").error == "no"
    app.run()
    assert text_of(app, "preview") == "0 feed the cat"
    assert labelled(app, "text_input", "Name").value == ""


def test_names_cells_and_columns_are_text_and_nothing_else() -> None:
    app = opened()
    columns = ",".join(f'"{name} {HOSTILE}"' for name in "abc")
    unclosed = HOSTILE.replace("</b>", "")  # a column with closed tags is read as text
    cells = ",".join(f'"{cell} {unclosed}"' for cell in "xyz")
    upload(app, f"{HOSTILE}.csv", f"{columns}\n{cells}\n")
    choose(app, "Text column", f"a {HOSTILE}")
    choose(app, "Label column", f"b {HOSTILE}")
    assert text_of(app, "preview") == f"0 y {unclosed} c {HOSTILE} z {unclosed} x {unclosed}"
    press(app, "Build")
    [job] = jobs.jobs("build")
    ended(job.name)
    app.run()
    bodies = "".join(part.body for part in app.get("html") if not part.body.startswith("<style>"))
    assert set(re.findall(r"</?([a-zA-Z]+)", bodies)) == {"div", "span", "b"}
    assert "<b>bold" not in bodies
    markdown = [part.value for part in (*app.markdown, *app.caption, *app.subheader, *app.title)]
    assert not [value for value in markdown if "bold" in value or "smile" in value]
    assert messages(app, "error") == []


def test_the_same_rows_are_not_read_again_by_every_run(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = []
    monkeypatch.setattr(
        "exemplar.ui.corpora.source_preview.look_at", lambda arguments: looks.append(arguments) or real(arguments)
    )
    from exemplar.data.sources.preview import look_at as real

    app = opened()
    upload(app, "notes.csv", "text,x\nbuy milk,1\n")
    app.run()
    labelled(app, "text_input", "Name").input("other").run()
    assert len(looks) == 1
    choose(app, "Text column", "x")
    app.run()
    assert len(looks) == 2


@pytest.mark.parametrize(
    ("path", "name", "message"),
    [
        ("", "", "Name a file or folder first"),
        ("gone.csv", "", "There is no file or folder ./gone.csv"),
        ("./a -> [b](http://c) <i>--</i> :smile:.csv", "", "There is no file or folder ./a -> [b](http://c) <i>--</i>"),
        ("{csv}", "../up", "'../up' can't be the name of a corpus: use letters,"),
    ],
)
def test_a_build_that_cannot_be_says_why(tmp_path: Path, path: str, name: str, message: str) -> None:
    csv = tmp_path / "notes.csv"
    csv.write_text("text,*x*\nbuy milk,1\n")
    app = opened()
    kind(app, "path")
    labelled(app, "text_input", "Path").input(path.format(csv=csv))
    labelled(app, "text_input", "Name").input(name)
    for button in ("Look at it", "Build") if not name else ("Build",):
        press(app, button)
        [sentence] = messages(app, "error")
        assert sentence.startswith(message)
    assert jobs.jobs("build") == []


def test_the_documentation_of_packages_is_built_as_it_must_be_to_be_evaluated(encoder: FakeEncoder) -> None:
    app = opened()
    kind(app, "docs")
    assert labelled(app, "text_input", "Packages").value == "pandas, numpy, sklearn"
    labelled(app, "text_input", "Packages").input("numpy")
    labelled(app, "checkbox", "Leave out See Also").check().run()
    assert labelled(app, "text_input", "Name").placeholder == "docs-without-see-also"
    press(app, "Look at it")
    assert text_of(app, "preview").startswith("numpy.")
    assert [box.label for box in app.selectbox] == ["Language"]
    labelled(app, "number_input", "Limit").set_value(20)
    press(app, "Build")
    manifest = ended("docs-without-see-also").result
    assert manifest.source == SourceSpec("docs:numpy", limit=20, without_see_also=True)
    assert not [text for text in encoder.encoded if "See Also" in text]


def test_a_package_that_is_not_there_is_told() -> None:
    app = opened()
    kind(app, "docs")
    labelled(app, "text_input", "Packages").input("no_such_package")
    press(app, "Build")
    assert messages(app, "error") == ["There is no installed package 'no_such_package'"]
    assert jobs.jobs("build") == []


def test_a_data_set_is_read_from_its_split(tmp_path: Path) -> None:
    import datasets

    for split in ("train", "test"):
        rows = datasets.Dataset.from_dict({"review": [f"{split} one", f"{split} two"], "label": [0, 1]})
        rows.to_parquet(tmp_path / "reviews" / "data" / f"{split}-0.parquet")
    app = opened()
    kind(app, "hub")
    labelled(app, "text_input", "Data set").input(str(tmp_path / "reviews"))
    labelled(app, "text_input", "Split").input("test[:1]")
    press(app, "Look at it")
    assert text_of(app, "preview") == "0 0 test one"
    press(app, "Build")
    assert ended("reviews").result.source.split == "test[:1]"
    assert open_corpus("reviews").documents["text"].to_pylist() == ["test one"]


def test_the_language_of_the_texts_is_chosen_and_a_model_without_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exemplar.data.building.build.languages_in_card", lambda *_: frozenset({"en"}))
    app = opened()
    upload(app, "notes.csv", "text\nHäuser und Hunde\n")
    choose(app, "Language", "German")
    press(app, "Build")
    assert ended("notes").result.source.language == "de"
    app.run()
    [advice] = messages(app, "warning")
    assert advice.startswith("The texts are in German, but fake is a model for English")
    assert open_corpus("notes").words.numbers(["haus", "hund"]).tolist() == [0, 1]
