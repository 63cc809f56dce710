"""How rows find the documents of a corpus, and how their marks compare with those of a session."""

import pytest

from exemplar.data.corpus.corpus import Corpus
from exemplar.data.documents import Document
from exemplar.data.sources.columns import Columns
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.importing.added_marks import Contradiction, Import, added_marks
from exemplar.retrieval.importing.identifiers import identifier
from exemplar.retrieval.importing.in_words import changes_nothing, contradiction_line, preview_lines
from exemplar.retrieval.importing.marks_file import read_marks
from exemplar.retrieval.importing.taking import events_of
from exemplar.retrieval.sessions.events import MarksAdded, NotesAdded
from exemplar.retrieval.sessions.marks import MarkedText, Marks
from exemplar.retrieval.sessions.session import Session
from tests.retrieval.importing.test_added_marks import aside, built
from tests.retrieval.importing.test_programs import PAPERS

BEES, CATS, DOGS = PAPERS


@pytest.fixture
def papers() -> Corpus:
    return built(*PAPERS, name="papers")


def found_in(content: str, corpus: Corpus, session: Session | None = None, name: str = "m.csv") -> Import:
    session = session or Session("s", corpus.manifest.name)
    file = read_marks(content.encode(), name, corpus.manifest.source.columns)
    return added_marks(file, corpus, session.marks, {}, session.notes, session.reasons)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("10.1000/ABC.1", "10.1000/abc.1"),
        (" doi:10.1/a. ", "10.1/a"),
        ("https://dx.doi.org/10.1/a", "10.1/a"),
        ("https://doi.org/10.1002%2Fa", "10.1002/a"),
        ("", ""),
        ("none", ""),
    ],
)
def test_a_doi_is_the_same_however_it_is_written(cell: str, expected: str) -> None:
    assert identifier("doi", cell) == expected


@pytest.mark.parametrize(
    "cell", ["123", "123.0", "123,0", "0123", "PMID: 123", "PMID123", "https://pubmed.ncbi.nlm.nih.gov/123/"]
)
def test_a_pubmed_id_is_the_same_however_it_is_written(cell: str) -> None:
    assert identifier("pmid", cell) == "123"
    assert identifier("pmid", f"{cell} and more") == ""


def test_each_row_is_found_by_what_is_most_to_be_trusted(papers: Corpus) -> None:
    text_hash = MarkedText.of(BEES).text_hash
    content = (
        "doc_id,title,abstract,text_hash,doi,PMID,mark\n"
        f"p3,,,{text_hash},10.1/cats,33,yes\n"  # the hash says more than DOI, PubMed id and id
        "p1,On cats,Cats sleep <b>all</b>  day &amp; night.,,10.1/dogs,,no\n"  # the text says more than the DOI
        ",On dogs,An abstract of another database.,,https://doi.org/10.1/DOGS,,?\n"
    )
    found = found_in(content, papers)
    assert (found.event.marks, found.found) == (
        Feedback(("p1",), ("p2",), ("p3",)),
        {"hash": 1, "text": 1, "doi": 1},
    )
    assert found.event.texts[2] == MarkedText.of(DOGS), "the text that the mark is on now"
    assert "1 by the DOI alone (the text in the file is another, or missing)" in preview_lines(found)[1]


def test_a_pubmed_id_finds_a_paper_and_no_paper_of_another_number(papers: Corpus) -> None:
    found = found_in("pubmed_id,mark\n11.0,1\n12,1\n", papers)
    assert (found.event.marks, found.found) == (Feedback(("p1",)), {"pmid": 1})
    assert found.left_out == ("12 (line 3): this corpus does not have it",)


def test_an_identifier_of_several_papers_finds_none() -> None:
    same = {"doi": "10.1/a"}
    corpus = built(*(Document(n, text, metadata=same) for n, text in (("a", "one"), ("b", "two"))), Document("c", "c"))
    found = found_in("id,doi,mark\nc,10.1/a,yes\nb,10.1/a,yes\n", corpus)
    assert (found.event.marks, found.left_out) == (
        Feedback(("b",)),
        ("c (line 2): several documents have its DOI, and that of its id is none of them",),
    )


def test_texts_are_found_but_for_blanks_html_and_a_title_that_the_file_lacks(papers: Corpus) -> None:
    content = (
        '{"text": "Bees find  flowers. By colour.", "answer": "accept"}\n'
        '{"text": "<p>Dogs bark.</p>", "answer": "reject"}\n'
    )
    found = found_in(content, papers, name="p.jsonl")
    assert (found.event.marks, found.found, found.lost) == (Feedback(("p1",), ("p3",)), {"text": 2}, frozenset())
    ambiguous = built(Document("a", "same", title="A"), Document("b", "same", title="B"))
    assert found_in("text,mark\nsame,yes\n", ambiguous).left_out == (
        "line 2: several documents of this corpus have its text, and the file says no title or id",
    )
    assert found_in("title,text,mark\nB,same,yes\n", ambiguous).event.marks == Feedback(("b",))


def test_a_text_that_has_changed_keeps_its_mark_to_itself(papers: Corpus) -> None:
    found = found_in("doc_id,title,text,mark\np1,On bees,An old text,yes\nq,New,A new text,no\n", papers)
    lost = aside("p1", "An old text", "On bees")
    assert (found.event.marks, found.lost) == (Feedback((lost,), ("q",)), frozenset({lost, "q"}))
    assert preview_lines(found) == [
        "Rows with a mark: 2.",
        "Not in this corpus: 1 row; these marks keep their texts, and train by them.",
        "Its text has changed: 1 row, whose id this corpus has with another text; these marks keep the texts that were "
        "marked.",
        "New here: 2; marked here in the same way: 0; marked here in another way: 0.",
    ]


CONTENT = "doc_id,mark,note,reason\np1,yes,n,\np2,no,,old\np3,?,m,\n"


def test_what_is_here_already_changes_nothing_and_contradictions_are_a_choice(papers: Corpus) -> None:
    session = Session("s", "papers").after(
        *events_of(
            found_in("doc_id,mark,note\np1,yes,mine\np2,yes,\n", papers), "a.csv", Session("s", "papers"), "keep"
        )
    )
    found = found_in(CONTENT, papers, session)
    assert (found.n_new, found.same) == (1, frozenset({"p1"}))
    assert found.contradictions == (Contradiction("p2", "On cats", "positive", "negative"),)
    assert contradiction_line(found.contradictions[0]) == "p2: relevant here, not relevant in the file: On cats"
    assert preview_lines(found)[-2:] == [
        "New here: 1; marked here in the same way: 1; marked here in another way: 1.",
        "New or other than here: 2 notes and 1 reason.",
    ]
    kept = session.after(*events_of(found, "b.csv", session, "keep"))
    assert (kept.feedback, kept.notes) == (Feedback(("p1", "p2"), (), ("p3",)), {"p1": "mine", "p3": "m"})
    marks, notes = events_of(found, "b.csv", session, "take")
    took = session.after(marks, notes)
    assert (took.feedback, took.notes) == (Feedback(("p1",), ("p2",), ("p3",)), {"p1": "n", "p3": "m"})
    assert isinstance(marks, MarksAdded)
    assert (marks.found_all, notes) == ({"import": "b.csv"}, NotesAdded({"p1": "n", "p3": "m"}, {"p2": "old"}))
    undone = took.marks.copy()
    undone.undo()
    assert undone.feedback == session.feedback, "one undo takes it back"
    again = found_in(CONTENT, papers, took)
    assert (changes_nothing(again), events_of(again, "b.csv", took, "take")) == (True, [])
    assert preview_lines(again)[2] == "New here: 0; marked here in the same way: 3; marked here in another way: 0."


def test_a_mark_on_a_copy_of_the_text_is_compared_too() -> None:
    corpus = built(Document("a", "same"), Document("b", "same"))
    session = Session("s", "weekly").after(found_in("doc_id,mark\na,yes\n", corpus).event)
    found = found_in("doc_id,mark\nb,no\n", corpus, session)
    assert found.contradictions == (Contradiction("b", "same", "positive", "negative"),)
    took = session.after(*events_of(found, "m.csv", session, "take"))
    assert took.feedback == Feedback((), ("b",))
    assert found_in("doc_id,mark\nb,yes\n", corpus, session).same == frozenset({"b"})


def test_a_file_without_marks_says_so(papers: Corpus) -> None:
    assert preview_lines(found_in("doc_id,mark\np1,\n", papers)) == ["No row of the file has a mark."]


def test_the_name_of_the_corpuss_own_column_is_no_other_text() -> None:
    corpus = built(Document("a", "a text"))
    file = read_marks(b"id,Beschreibung,text,mark\na,a text,a keyword,yes\n", "m.csv", Columns(text="Beschreibung"))
    assert added_marks(file, corpus, Marks()).event.marks == Feedback(("a",))


def test_the_preview_says_that_copies_share_a_mark(papers: Corpus) -> None:
    found = found_in("id,title,text,mark\nx,New,the same,yes\ny,New,the same,yes\np1,,,no\n", papers)
    assert preview_lines(found) == [
        "Rows with a mark: 3.",
        "Found in this corpus: 1 by the id.",
        "Not in this corpus: 2 rows; these marks keep their texts, and train by them.",
        "With the text of an earlier row: 1 row; copies of a text share a mark.",
        "New here: 2; marked here in the same way: 0; marked here in another way: 0.",
    ]
