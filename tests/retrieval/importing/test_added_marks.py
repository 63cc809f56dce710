"""Marks of files find their texts, in memory and over Milvus; none is put on another text."""

from pathlib import Path

import pytest

from exemplar.data.building.build import build_corpus
from exemplar.data.corpus.catalog import remove_corpus
from exemplar.data.corpus.corpus import Corpus
from exemplar.data.corpus.store import DocumentStore
from exemplar.data.documents import Document
from exemplar.data.sources.spec import Source, SourceSpec
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.importing.added_marks import Import, added_marks
from exemplar.retrieval.importing.mark_rows import MarkRow
from exemplar.retrieval.importing.marks_file import MarkFile, read_marks
from exemplar.retrieval.sessions.events import NotesAdded
from exemplar.retrieval.sessions.identity import present_marks
from exemplar.retrieval.sessions.marks import MarkedText, Marks, marked_texts
from exemplar.retrieval.sessions.session import Session
from tests.retrieval.importing.test_earlier_exports import corpus_of
from tests.support.corpora import ANIMALS
from tests.support.earlier_exports import as_csv, as_json_lines, as_parquet, export_table
from tests.support.fake_encoder import FakeEncoder

WRITERS = {".csv": as_csv, ".jsonl": as_json_lines, ".parquet": as_parquet}


def built(*documents: Document | str, name: str = "weekly") -> Corpus:
    """Build texts without ids, or documents, as a corpus."""
    found = [
        Document(str(n), each, numbered=True) if isinstance(each, str) else each for n, each in enumerate(documents)
    ]
    return build_corpus(Source(name, SourceSpec(name), lambda: iter(found)), FakeEncoder())


def taken(content: str | bytes, corpus: DocumentStore, marks: Marks | None = None, name: str = "m.csv") -> Import:
    raw = content.encode() if isinstance(content, str) else content
    return added_marks(read_marks(raw, name), corpus, marks or Marks())


def aside(doc_id: str, text: str, title: str | None = None) -> str:
    return f"{doc_id} ({MarkedText(title, text).text_hash[:8]})"


def test_an_id_is_found_as_a_spreadsheet_writes_it(animals: Corpus) -> None:
    found = taken("doc_id,mark\n1.0,1.0\n2.0,0.0\n3.0,\n 4 , no \n5\u00a0,?\n", animals)
    assert (found.event.marks, found.left_out) == (Feedback(("1",), ("2", "4"), ("5",)), ())


def test_an_id_is_first_taken_as_it_is_written(animals: Corpus) -> None:
    corpus = corpus_of(animals, ["1", "1.0", " 2", "2"], ["a", "b", "c", "d"], [None] * 4)
    assert taken("doc_id,mark\n1.0,yes\n 2,no\n", corpus).event.marks == Feedback(("1.0",), (" 2",))


def test_the_apostrophe_is_taken_off_only_where_that_finds_the_document(animals: Corpus) -> None:
    corpus = corpus_of(animals, ["=a", "b", "'=c"], ["x", "y", "z"], [None] * 3)
    found = taken("doc_id,mark\n'=a,yes\n'b,yes\n'=c,yes\n", corpus)
    assert found.event.marks == Feedback(("=a", "'=c"))
    assert found.left_out == ("'b (line 3): this corpus does not have it",)
    line = b'{"doc_id": "\'=a", "mark": 1}\n'
    both = corpus_of(animals, ["=a", "'=a"], ["x", "y"], [None] * 2)
    assert taken(line, both, name="m.jsonl").event.marks == Feedback(("'=a",))
    assert taken(line, corpus, name="m.jsonl").event.marks == Feedback(("=a",))


def test_documents_that_differ_by_an_apostrophe_are_not_taken_for_each_other(animals: Corpus) -> None:
    doc_ids = ["=a", "'=a", "''=a"]
    corpus = corpus_of(animals, doc_ids, ["x", "y", "z"], [None] * 3)
    for doc_id in doc_ids:
        table = export_table(corpus, Feedback((doc_id,)))
        for suffix, write in WRITERS.items():
            assert taken(write(table), corpus, name=f"m{suffix}").event.marks == Feedback((doc_id,))
            without_texts = write(table.select(["doc_id", "mark"]))
            assert taken(without_texts, corpus, name=f"m{suffix}").event.marks == Feedback((doc_id,))


def test_marks_keep_the_texts_of_their_documents(animals: Corpus) -> None:
    found = taken("doc_id,mark\n1,yes\n2,no\n", animals).event
    texts = [MarkedText(None, ANIMALS[row]) for row in (1, 2)]
    assert found.text_hashes == {"1": texts[0].text_hash, "2": texts[1].text_hash}
    assert found.texts == tuple(texts)


def test_rows_that_mark_no_document_are_named(animals: Corpus) -> None:
    found = taken("doc_id,mark\n1,yes\nhttps://doi.org/10.1/a,1\n2,perhaps\n", animals)
    assert found.event.marks == Feedback(("1",))
    assert found.left_out == (
        "2 (line 4): 'perhaps' is not a mark; write relevant, not relevant, unsure, or nothing",
        "https://doi.org/10.1/a (line 3): this corpus does not have it",
    )


def test_a_document_that_is_marked_both_ways_is_named_and_the_others_are_marked(animals: Corpus) -> None:
    found = taken("doc_id,mark\n1,1\n2,0\n1,0\n3,yes\n3.0,1\n", animals)
    assert found.event.marks == Feedback(("3",), ("2",))
    assert found.left_out == (
        "1 (line 4): it is marked as relevant in line 2 and as not relevant in line 4; remove one of the marks",
    )


@pytest.mark.parametrize("suffix", WRITERS)
@pytest.mark.parametrize("left_away", [[], ["text", "title"], ["text_hash"], ["doc_id"]])
def test_an_export_finds_its_texts_under_other_ids(suffix: str, left_away: list[str]) -> None:
    corpus = built("a", Document("t", "b", title="B"), "=c", "gone")
    table = export_table(corpus, Feedback(("0", "t"), ("2",))).drop_columns(left_away)
    content = WRITERS[suffix](table)
    same = taken(content, corpus, name=f"m{suffix}")
    assert (same.event.marks, same.n_lost, same.left_out) == (Feedback(("0", "t"), ("2",)), 0, ())
    other = built("x", "=c", Document("u", "b", title="B"), "a", name="other")
    found = taken(content, other, name=f"m{suffix}")
    assert (found.event.marks, found.n_lost, found.left_out) == (Feedback(("3", "u"), ("1",)), 0, ())


def test_of_documents_with_one_text_the_one_of_the_id_is_marked() -> None:
    corpus = built("a", "a", "a")
    assert taken("doc_id,text,mark\n1,a,yes\n", corpus).event.marks == Feedback(("1",))
    assert taken("doc_id,text,mark\n7,a,yes\n", corpus).event.marks == Feedback(("0",))


def test_a_mark_is_not_put_on_another_text_that_has_its_id() -> None:
    corpus = built("x", "b", name="other")
    found = taken("doc_id,text,mark\n0,a,yes\n1,b,no\n9,c,?\n", corpus)
    assert found.event.marks == Feedback((aside("0", "a"),), ("1",), ("9",))
    assert (found.n_lost, found.left_out) == (2, ())
    session = Session("s", "other").after(found.event, corpus_id=corpus.manifest.corpus_id)
    texts = {text.text_hash: text for text in found.event.texts}
    present = present_marks(session.marks, corpus, lambda: texts)
    assert present.feedback == Feedback((), ("1",), (), ("a",))
    assert present.states == {aside("0", "a"): "gone", "9": "gone"}
    content = as_csv(export_table(corpus, session.feedback, present=present))
    again = taken(content, corpus, session.marks)
    assert (again.event, again.n_lost, again.left_out) == (found.event, 2, ())


def test_a_lost_mark_takes_no_mark_on_another_text_away() -> None:
    corpus = built("x", name="other")
    marks = Session("s", "other").after(taken("doc_id,text,mark\n9,a,yes\n", corpus).event).marks
    found = taken("doc_id,text,mark\n9,b,no\n9,c,no\n8,a,no\n", corpus, marks)
    assert found.event.marks == Feedback((), (aside("9", "b"), aside("9", "c"), "9"))


def test_blanks_in_a_text_and_a_title_that_the_file_lacks_make_no_other_text() -> None:
    corpus = built(Document("t", "one\ntwo", title="T"))
    for content in ("doc_id,text,mark\nt,one  two ,yes\n", "doc_id,title,text,mark\nt,T,one two,yes\n"):
        assert taken(content, corpus).event.marks == Feedback(("t",))
    assert taken("doc_id,title,text,mark\nt,U,one two,yes\n", corpus).n_lost == 1


@pytest.mark.parametrize("suffix", WRITERS)
def test_the_hash_of_a_text_says_which_of_texts_that_are_alike_is_marked(suffix: str) -> None:
    earlier = built("one  two", "'=c", name="earlier")
    content = WRITERS[suffix](export_table(earlier, Feedback(("0", "1"))))
    texts = [MarkedText(None, "one  two"), MarkedText(None, "'=c")]
    corpus = built("one two", "=c")
    lost = taken(content, corpus, name=f"m{suffix}")
    assert lost.event.marks == Feedback((aside("0", "one  two"), aside("1", "'=c")))
    assert (lost.event.texts, lost.n_lost) == (tuple(texts), 2)
    session = Session("s", "weekly").after(lost.event)
    present = present_marks(session.marks, corpus, lambda: {text.text_hash: text for text in texts})
    assert present.feedback == Feedback((), (), (), ("one  two", "'=c"))
    moved = built("one two", "=c", "one  two", "'=c", name="moved")
    assert taken(content, moved, name=f"m{suffix}").event.marks == Feedback(("2", "3"))


def test_a_text_that_a_program_changed_is_kept_under_its_hash() -> None:
    whole = MarkedText(None, "one  two")
    content = f"doc_id,text,text_hash,mark\n0,one two,{whole.text_hash},yes\n"
    lost = taken(content, built("one two")).event
    text = MarkedText(None, "one two").with_hash(whole.text_hash)
    assert (lost.marks, lost.texts) == (Feedback((aside("0", "one  two"),)), (text,))
    session = Session("s", "weekly").after(lost)
    corpus = built("one two", "three")
    found = present_marks(session.marks, corpus, lambda: {text.text_hash: text})
    assert (found.states, found.by_document()) == ({aside("0", "one  two"): "gone"}, {})


def test_a_text_that_the_file_lacks_is_taken_from_the_session_or_the_row_is_named() -> None:
    corpus, text = built("x"), MarkedText(None, "a")
    content = f"doc_id,text_hash,mark\n0,{text.text_hash},yes\n".encode()
    assert taken(content, corpus).left_out == (
        "0 (line 2): this corpus does not have its text, and the file has only the hash of it",
    )
    found = added_marks(read_marks(content, "m.csv"), corpus, Marks(), {text.text_hash: text})
    assert (found.event.marks, found.event.texts) == (Feedback((aside("0", "a"),)), (text,))
    lost = taken("doc_id,text,mark,mark_state\n0,,yes,text unknown\n", corpus)
    assert lost.left_out == ("0 (line 2): its text is gone, and the file does not have it",)


@pytest.mark.cluster
def test_over_milvus_it_is_the_same(tmp_path: Path) -> None:
    pytest.importorskip("milvus_lite", reason="pip install 'exemplar[milvus]'")
    from exemplar.data.milvus.push import push_corpus
    from exemplar.retrieval.index.served import open_served

    earlier = built("a", Document("t", "b", title="B"), "=c", "gone")
    table = export_table(earlier, Feedback(("0", "t", "3"), ("2",)))
    remove_corpus("weekly")
    corpus = built("x", "=c", Document("u", "b", title="B"), "a")
    push_corpus(corpus, str(tmp_path / "weekly.db"))
    served, _, _ = open_served(str(tmp_path / "weekly.db"), "weekly")
    for without in ([], ["title", "text"], ["text_hash"]):
        content = as_csv(table.drop_columns(without))
        assert taken(content, served) == taken(content, corpus)
        assert taken(content, served).event.marks.positives[:2] == ("3", "u")
    assert taken(as_csv(table), served).event.marks == Feedback(("3", "u", aside("3", "gone")), ("1",))


def test_notes_go_to_the_documents_of_their_texts_and_marks_to_their_readers(animals: Corpus) -> None:
    [five] = marked_texts(animals, [5])
    rows = (
        MarkRow("line 2", "x", "negative", five.text_hash, five, note="n", reason="old", reader="ann"),
        MarkRow("line 3", "7", None, note="m"),
        MarkRow("line 4", "1", "positive", reader="bob"),
    )
    found = added_marks(MarkFile(rows), animals, Marks())
    assert found.event.marks == Feedback(("1",), ("5",))
    assert found.event.readers == {"5": "ann", "1": "bob"}
    assert found.notes == NotesAdded({"5": "n", "7": "m"}, {"5": "old"})


def test_a_note_alone_needs_a_text_that_the_corpus_has(animals: Corpus) -> None:
    rows = (MarkRow("line 2", "x", None, None, MarkedText(None, "an owl"), note="n"),)
    found = added_marks(MarkFile(rows), animals, Marks())
    assert (found.notes, found.left_out) == (
        None,
        ("x (line 2): this corpus does not have its text, and the row has a note but no mark",),
    )
