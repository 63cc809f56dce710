"""Marks from files as other programs write them."""

import gzip
import io
import zipfile
from pathlib import Path

import datasets
import openpyxl
import pandas as pd
import pytest
import rispy

from exemplar.data.bibliographies.exported_note import written_note
from exemplar.data.corpus.corpus import Corpus
from exemplar.data.documents import Document
from exemplar.data.errors import ExemplarError
from exemplar.data.sources.columns import Columns
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.importing.added_marks import added_marks
from exemplar.retrieval.importing.mark_column import MarkColumn
from exemplar.retrieval.importing.marks_file import columns_of, read_marks
from exemplar.retrieval.sessions.events import NotesAdded
from exemplar.retrieval.sessions.marks import Marks
from tests.retrieval.importing.test_added_marks import built
from tests.support.corpora import ANIMALS
from tests.support.earlier_exports import as_csv, export_table

MARKS = {"positive": "1", "negative": "0", "unsure": "maybe"}
PAPERS = (
    Document("p1", "Bees find flowers.\nBy colour.", title="On bees", metadata={"doi": "10.1/Bees", "pmid": "11"}),
    Document("p2", "Cats sleep <b>all</b> day &amp; night.", title="On cats", metadata={"doi": "10.1/cats"}),
    Document("p3", "Dogs bark.", title="On dogs", metadata={"doi": "https://doi.org/10.1/dogs", "pmid": "33"}),
)
RAYYAN = (
    'RAYYAN-INCLUSION: {"Ann"=>"Excluded", "Bob Q."=>"Excluded"} | RAYYAN-LABELS: animals,sleep | '
    'RAYYAN-EXCLUSION-REASONS: wrong population | USER-NOTES: {"Ann"=>["see table 2"]}'
)
DIFFER = 'RAYYAN-INCLUSION: {"Ann"=>"Included", "Bob Q."=>"Maybe"}'


@pytest.fixture
def papers() -> Corpus:
    return built(*PAPERS, name="papers")


def rows_in(content: bytes | Path, name: str = "m.csv", column: str | None = None) -> list[tuple[object, ...]]:
    """Return mark, note, reason and reader of each row of a file that can be read."""
    file = read_marks(content, name, Columns(), column)
    assert (file.left_out, file.labels) == ((), None)
    return [(row.mark, row.note, row.reason, row.reader) for row in file.rows]


def taken(content: bytes | Path, corpus: Corpus, name: str = "m.csv") -> Feedback:
    """Return the marks that a file adds to a session, all on texts of the corpus."""
    found = added_marks(read_marks(content, name), corpus, Marks())
    assert (found.left_out, found.lost) == ((), frozenset())
    return found.event.marks


def ris(*records: dict[str, object]) -> bytes:
    return rispy.dumps([{"type_of_reference": "JOUR", **record} for record in records]).encode()


def record(paper: Document, *notes: str) -> dict[str, object]:
    return {"title": paper.title, "abstract": paper.text, **({"notes": list(notes)} if notes else {})}


def workbook(frame: pd.DataFrame) -> bytes:
    content = io.BytesIO()
    frame.to_excel(content, index=False)
    return content.getvalue()


def test_rayyan_keeps_who_decided_why_and_what_they_wrote(papers: Corpus) -> None:
    expected = [
        ("negative", "labels: animals,sleep\nAnn: see table 2", "wrong population", "Ann, Bob Q."),
        ("unsure", "Ann: included\nBob Q.: maybe", "", "Ann, Bob Q."),
    ]
    frame = pd.DataFrame(
        {
            "key": ["rayyan-1", "rayyan-2", "rayyan-3"],
            "title": [paper.title for paper in PAPERS],
            "authors": ["Doe"] * 3,
            "abstract": [paper.text for paper in PAPERS],
            "notes": [RAYYAN, DIFFER, ""],
        }
    )
    files = {
        "customizations_log.csv": frame.to_csv(index=False).encode(),
        "rayyan.xlsx": workbook(frame),
        "rayyan.ris": ris(record(PAPERS[0], RAYYAN), record(PAPERS[1], DIFFER), record(PAPERS[2])),
    }
    for name, content in files.items():
        assert rows_in(content, name) == expected, name
        assert taken(content, papers, name) == Feedback((), ("p1",), ("p2",)), name


def test_asreview_is_read_in_all_its_formats(papers: Corpus) -> None:
    frame = pd.DataFrame(
        {
            "record_id": [7, 8, 9],
            "title": [paper.title for paper in PAPERS],
            "abstract": [paper.text for paper in PAPERS],
            "included": [0, None, None],  # of an earlier screening
            "asreview_label": [1, 0, None],
            "asreview_note": ["good", None, None],
            "asreview_user_name": ["ann", "ann", None],
        }
    )
    for name, content in {"a.csv": frame.to_csv(index=False).encode(), "a.xlsx": workbook(frame)}.items():
        assert rows_in(content, name) == [("positive", "good", "", "ann"), ("negative", "", "", "ann")]
        assert taken(content, papers, name) == Feedback(("p1",), ("p2",))
    earlier = frame[["title", "abstract", "included"]].assign(included=[1, 0, None], exported_notes_1=["good", "", ""])
    assert taken(earlier.to_csv(index=False).encode(), papers) == Feedback(("p1",), ("p2",))
    notes = (("ASReview_relevant",), ("ASReview_irrelevant", "asreview_label: 0"), ("ASReview_not_seen",))
    content = ris(*(record(paper, *each) for paper, each in zip(PAPERS, notes, strict=True)))
    assert taken(content, papers, "a.ris") == Feedback(("p1",), ("p2",))


def test_references_say_their_verdict_in_a_note_whatever_their_format(papers: Corpus) -> None:
    said = {"mark": "not relevant", "reason": "wrong; very", "reader": "ann", "doc_id": "p1", "note": "see; table 2"}
    notes = written_note(said), written_note({"mark": "relevant", "doc_id": "p3"}), written_note({"doc_id": "p2"})
    first, last, unmarked = PAPERS[0], PAPERS[2], PAPERS[1]
    files = {
        "r.ris": ris(record(first, "ASReview_relevant", notes[0]), record(last, notes[1]), record(unmarked, notes[2])),
        "r.bib": "".join(
            f"@article{{k{n}, title={{{paper.title}}}, abstract={{{paper.text}}}, note={{{note}}}}}\n"
            for n, (paper, note) in enumerate(zip((first, last), notes, strict=False))
        ).encode(),
        "r.enw": "\n\n".join(
            f"%0 Journal Article\n%T {paper.title}\n%X {paper.text}\n%Z {note}"
            for paper, note in zip((first, last), notes, strict=False)
        ).encode(),
    }
    for name, content in files.items():
        assert rows_in(content, name) == [
            ("negative", "see; table 2", "wrong; very", "ann"),
            ("positive", "", "", ""),
        ], name
        assert taken(content, papers, name) == Feedback(("p3",), ("p1",)), name


def test_a_late_note_is_read_though_the_first_thousand_records_have_none() -> None:
    bare = ris(*[{"title": f"paper {n}"} for n in range(1001)])
    content = bare + ris({"title": "the last", "notes": ["Exemplar: relevant"]})
    assert [(row.mark, row.text and row.text.title) for row in read_marks(content, "r.ris").rows] == [
        ("positive", "the last")
    ]


def test_prodigy_answers_one_question_or_several() -> None:
    corpus = built(*ANIMALS[:3])
    line = '{{"text": "{}", "_input_hash": 1, "_task_hash": 2, "label": "{}", "answer": "{}"}}\n'.format
    one = "".join(line(ANIMALS[n], "PET", word) for n, word in enumerate(("accept", "reject", "ignore")))
    assert taken(one.encode(), corpus, "p.jsonl") == Feedback(("0",), ("1",), ("2",))
    several = line(ANIMALS[0], "PET", "accept") + line(ANIMALS[0], "WILD", "reject")
    file = read_marks(several.encode(), "p.jsonl")
    assert file.labels == MarkColumn("answer", "answer", {"PET: accept": 1, "WILD: reject": 1})
    found = added_marks(file.with_meaning({"PET: accept": "positive"}), corpus, Marks())
    assert found.event.marks == Feedback(("0",))
    choice = (
        f'{{"text": "{ANIMALS[1]}", "_task_hash": 2, "options": [], "accept": ["a", "b"], "answer": "accept"}}\n'
        f'{{"text": "{ANIMALS[2]}", "_task_hash": 3, "options": [], "accept": ["a"], "answer": "reject"}}\n'
    )
    file = read_marks(choice.encode(), "p.jsonl")
    assert file.labels == MarkColumn("accept", "accept", {"a": 1, "b": 1})
    assert added_marks(file.with_meaning({"b": "negative"}), corpus, Marks()).event.marks == Feedback((), ("1",))


CASES = {
    "doccano.jsonl": '{{"id": 7, "text": "{}", "label": ["late", "bad"], "Comments": []}}\n'
    '{{"id": 0, "text": "{}", "label": ["praise"]}}\n',
    "doccano-data.jsonl": '{{"id": 7, "data": "{}", "label": ["late", "bad"]}}\n'
    '{{"id": 0, "data": "{}", "label": ["praise"]}}\n',
    "pairs.json": '[["{0}", "late"], ["{0}", "bad"], ["{1}", "praise"]]',
    "label-studio.json": '[{{"id": 7, "annotations": [{{"result": [{{"type": "choices", "value": {{"choices": '
    '["late", "bad"]}}}}]}}], "data": {{"text": "{}"}}}}, {{"id": 0, "annotations": [{{"result": [{{"type": "choices", '
    '"value": {{"choices": ["praise"]}}}}]}}], "data": {{"text": "{}"}}}}]',
    "label-studio.csv": "annotation_id,annotator,created_at,id,lead_time,sentiment,text\n"
    '1,1,x,7,1,"{{""choices"":[""late"",""bad""]}}",{}\n2,1,x,0,1,praise,{}\n',
}


@pytest.mark.parametrize("name", CASES)
def test_of_labels_a_person_says_which_mean_which_mark(name: str) -> None:
    corpus = built("other", "the parcel came late", "thank you")
    file = read_marks(CASES[name].format("the parcel came late", "thank you").encode(), name)
    assert file.labels is not None
    assert dict(file.labels.values) == {"late": 1, "bad": 1, "praise": 1}
    chosen = added_marks(file.with_meaning({"late": "positive"}, "negative"), corpus, Marks())
    assert (chosen.event.marks, chosen.left_out) == (Feedback(("1",), ("2",)), ())
    assert added_marks(file.with_meaning({"bad": "negative"}), corpus, Marks()).event.marks == Feedback((), ("1",))


def test_sentiments_are_labels_but_decisions_in_a_column_of_labels_are_marks() -> None:
    sentiment = read_marks(b"text,label\na,positive\nb,negative\n", "m.csv").labels
    assert sentiment is not None
    assert {mark: values for mark, values in sentiment.meant().items() if values} == {
        "positive": ["positive"],
        "negative": ["negative"],
    }
    assert rows_in(b"text,label\na,relevant\nb,no\n") == [("positive", "", "", ""), ("negative", "", "", "")]
    assert read_marks(b"id,verdict\n1,keep\n2,drop\n", "m.csv").labels == MarkColumn(
        "verdict", "verdict", {"keep": 1, "drop": 1}
    )
    assert read_marks(b"id,mark,topic\n1,yes,a\n2,,b\n", "m.csv", column="topic").labels == MarkColumn(
        "topic", "topic", {"a": 1, "b": 1}
    )
    assert columns_of(b"id,topic\n1,a\n", "m.csv") == ("id", "topic")
    with pytest.raises(ExemplarError, match=r"it has no column 'nothing'; its columns are: id, mark"):
        read_marks(b"id,mark\n1,yes\n", "m.csv", column="nothing")


def test_a_column_with_too_many_labels_is_refused() -> None:
    content = "text,label\n" + "".join(f"t{n},l{n}\n" for n in range(1001))
    with pytest.raises(ExemplarError, match="its column 'label' has more than 1,000 values, too many to say which"):
        read_marks(content.encode(), "m.csv")


def test_an_export_comes_back_from_a_european_excel() -> None:
    corpus = built("=1+1", "Größe über 1,5 m", "naïve – “quoted” text", "gone")
    notes, readers = {"1": "nicht, wahr?", "0": "=2"}, {"1": "Jörg"}
    table = export_table(corpus, Feedback(("0", "1"), ("2",)), notes=notes, readers=readers)
    text = as_csv(table).decode("utf-8-sig")
    frame = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)
    frame["doc_id"] = frame["doc_id"] + ",0"
    frame["score"] = ["0,5", "1,25", "-3,0"]
    edited = frame.to_csv(sep=";", index=False, lineterminator="\r\n").encode("cp1252")
    for content in (edited, b"sep=;\r\n" + edited):
        found = added_marks(read_marks(content, "m.csv"), corpus, Marks())
        assert (found.event.marks, found.found, found.left_out) == (Feedback(("0", "1"), ("2",)), {"hash": 3}, ())
        assert (found.event.readers, found.notes) == (readers, NotesAdded(notes))
    without = frame.drop(columns=["text", "text_hash", "title"])
    content = without.assign(mark=["WAHR", "1,0", "FALSCH"]).to_csv(sep=";", index=False).encode("cp1252")
    found = added_marks(read_marks(content, "m.csv"), corpus, Marks())
    assert (found.event.marks, found.found) == (Feedback(("0", "1"), ("2",)), {"id": 3})


def test_an_export_comes_back_from_a_workbook_that_was_edited() -> None:
    corpus = built("=1+1", "b", "c")
    table = export_table(corpus, Feedback(("0",), ("1",)))
    frame = pd.read_csv(io.BytesIO(as_csv(table)), keep_default_na=False)
    book = openpyxl.load_workbook(io.BytesIO(workbook(frame)))
    sheet = book.active
    header = [cell.value for cell in sheet[1]]
    sheet.cell(2, header.index("mark") + 1).value = "unsure"
    sheet.cell(2, header.index("note") + 1).value = "second thoughts"
    sheet.append([None] * len(header))
    sheet.cell(5, header.index("doc_id") + 1).value = 2
    sheet.cell(5, header.index("mark") + 1).value = True
    content = io.BytesIO()
    book.save(content)
    found = added_marks(read_marks(content.getvalue(), "m.xlsx"), corpus, Marks())
    assert (found.event.marks, found.left_out) == (Feedback(("2",), ("1",), ("0",)), ())
    assert found.notes == NotesAdded({"0": "second thoughts"})


def test_columns_of_an_export_win_over_those_that_the_file_had() -> None:
    content = (
        b"id,mark,note,exemplar_mark,exemplar_note,doc_id,exemplar_doc_id,label\n"
        b"x,1.3,grade,relevant,fine,y,7,dog\nx,no,grade,,,y,8,dog\n"
    )
    [row] = read_marks(content, "m.csv").rows
    assert (row.doc_id, row.mark, row.note) == ("7", "positive", "fine")


def test_marks_are_read_from_packed_files_zips_and_saved_data_sets(tmp_path: Path) -> None:
    frame = pd.DataFrame({"doc_id": ["a", "b"], "mark": ["relevant", None]})
    table = frame.to_csv(index=False).encode()
    packed = tmp_path / "m.csv.gz"
    packed.write_bytes(gzip.compress(table))
    saved = tmp_path / "saved"
    datasets.Dataset.from_pandas(frame).save_to_disk(saved)
    zipped = tmp_path / "saved.zip"
    with zipfile.ZipFile(zipped, "w") as archive:
        for path in saved.iterdir():
            archive.write(path, f"saved/{path.name}")
    feather = tmp_path / "m.feather"
    frame.to_feather(feather)
    for path in (packed, saved, zipped, feather):
        assert rows_in(path, path.name) == [("positive", "", "", "")], path.name
        if path.is_file():
            assert rows_in(path.read_bytes(), path.name) == [("positive", "", "", "")], path.name
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("a.csv", table)
        archive.writestr("b.csv", table)
    with pytest.raises(ExemplarError, match=r"cannot read saved.zip: a zip with marks holds one file, or one folder"):
        read_marks(zipped, "saved.zip")
    with pytest.raises(ExemplarError, match="it is a folder; name a file in it"):
        read_marks(tmp_path.parent, "x")
