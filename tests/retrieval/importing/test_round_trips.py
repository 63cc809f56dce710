"""What was exported in every format, taken in again: by the session's own corpus, and by another one."""

from pathlib import Path

import pytest

from exemplar.data.corpus.corpus import Corpus
from exemplar.retrieval.exports.writing import FORMATS, write_export
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.importing.added_marks import Import, added_marks
from exemplar.retrieval.importing.marks_file import read_marks
from exemplar.retrieval.search import SearchEngine
from exemplar.retrieval.sessions.events import MarksAdded, NotesAdded, Queried
from exemplar.retrieval.sessions.marks import Marks, marked_texts
from tests.retrieval.exports.test_details import BIB, MEDLINE, WOS
from tests.retrieval.importing.test_added_marks import built
from tests.support.exports import engine_of, exported

WHEN = "2026-11-30T10:00:00+00:00"
SOURCES = {
    "papers.csv": "id,title,abstract,note,mark,reader\n1,Cats,cats sleep,=1+1,1.3,x\n2,Dogs,dogs bark,no,0,y\n"
    '3,Bees,bees hum,,1,\n4,Owls,"owls, hoot",,,\n',
    "papers.ris": "".join(
        f"TY  - JOUR\nID  - {n}\nTI  - {title}\nAB  - {text}\nN1  - ASReview_irrelevant\nER  - \n\n"
        for n, (title, text) in enumerate(
            (("Cats", "cats sleep"), ("Dogs", "dogs bark"), ("Bees", "bees hum"), ("Owls", "owls, hoot")), 1
        )
    ),
}


@pytest.fixture(params=SOURCES)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> SearchEngine:
    path = tmp_path / request.param
    path.write_text(SOURCES[request.param])
    return engine_of(path)


ENDNOTE = """TY  - JOUR
A1  - Doe, A.
A1  - Roe, B.
T1  - Bees in town gardens
N2  - Wild bees nest in parks.

  They do.
Y1  - 2019/03//
JF  - Journal of Bees
JO  - J. Bees
KW  - bees
parks
N1  - a note
goes on here
L1  - file:///a.pdf
ID  - 17
ER  -\x20

"""
ZOTERO = """TY  - JOUR
TI  - Bees & "towns": <i>Apis</i> É
AU  - Ünal, Ö.
AB  - Wild bees nest in parks.
PY  - 2020///
DA  - 2020/05/12/
N1  - <p>First line</p>
<p>Second line</p>
KW  - towns; parks
ER  -\x20

"""
LATEX = r"""@string{jb = "Journal of B{\"e}es"}
@inproceedings{m20, author = {M{\"u}ller, J{\"o}rg and {The Bee Group}}, title = {{\'E}tudes on $\alpha$-bees \& co},
  abstract = {50\% of bees -- at least 3~of them -- said ``hum''.}, crossref = {conf20}}
@proceedings{conf20, title = {Proc. of } # jb, editor = {{\'E}mile, Z.}, year = 2020}
"""
KINDS = {"endnote.ris": ENDNOTE, "zotero.ris": ZOTERO, "p.nbib": MEDLINE, "w.ciw": WOS, "l.bib": LATEX, "b.bib": BIB}


@pytest.mark.parametrize("name", KINDS)
def test_references_of_every_program_go_out_as_ris_and_come_in_with_ids_texts_and_marks(
    name: str, tmp_path: Path
) -> None:
    source = tmp_path / name
    source.write_text(KINDS[name])
    first = engine_of(source)
    ids, texts = first.corpus.doc_ids(range(first.corpus.n_documents)), marked_texts(first.corpus, [0])
    marks = MarksAdded(Feedback((ids[0],)), {ids[0]: texts[0].text_hash}, tuple(texts), at=WHEN)
    path = tmp_path / "out.ris"
    write_export(exported(first, marks), path, "ris")

    again = engine_of(path).corpus
    rows = range(first.corpus.n_documents)
    assert (again.doc_ids(range(again.n_documents)), marked_texts(again, rows)) == (
        ids,
        marked_texts(first.corpus, rows),
    )
    for corpus in (first.corpus, again):
        found = taken(path, corpus)
        assert (found.event.marks, found.found, found.left_out) == (marks.marks, {"hash": 1}, ())
    people = [
        [document.metadata.get("authors") for document in each.documents_at(rows)] for each in (first.corpus, again)
    ]
    assert people[0] == people[1]


def taken(path: Path, corpus: Corpus) -> Import:
    return added_marks(read_marks(path, path.name, corpus.manifest.source.columns), corpus, Marks())


@pytest.mark.parametrize("name", FORMATS)
def test_marks_notes_readers_and_times_come_back(engine: SearchEngine, name: str, tmp_path: Path) -> None:
    texts = marked_texts(engine.corpus, [0, 1, 2])
    hashes = {str(row + 1): text.text_hash for row, text in enumerate(texts)}
    marks = MarksAdded(Feedback(("1",), ("2",), ("3",)), hashes, tuple(texts), at=WHEN, reader="ann")
    notes = NotesAdded({"1": "see: table 2; and 3", "4": "later"}, {"2": "wrong, very"})
    path = tmp_path / f"out{FORMATS[name].suffix}"
    write_export(exported(engine, Queried("cats"), marks, notes), path, name)

    found = taken(path, engine.corpus)
    assert (found.event.marks, found.event.text_hashes, found.left_out) == (marks.marks, hashes, ())
    assert (found.notes, found.event.readers) == (notes, dict.fromkeys(hashes, "ann"))
    assert found.event.made == dict.fromkeys(hashes, WHEN)
    assert found.found == {"hash": 3}
    here = {doc_id: note.replace(" ", "\n") for doc_id, note in notes.notes.items()}  # references have no line breaks
    read = read_marks(path, path.name, engine.corpus.manifest.source.columns)
    assert added_marks(read, engine.corpus, Marks(), {}, here, notes.reasons).notes is None

    other = built("bees hum", "x", name="other")  # numbered, without titles: no mark goes to the text of an id
    found = taken(path, other)
    assert len(found.lost) == len(found.event.marks) == 3
