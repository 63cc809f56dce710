"""A mark belongs to a text: what becomes of it when its corpus is built again, in memory and over Milvus."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from exemplar.data.building.build import build_corpus
from exemplar.data.corpus.catalog import remove_corpus
from exemplar.data.corpus.store import DocumentStore
from exemplar.data.documents import Document
from exemplar.data.sources.spec import Source, SourceSpec
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.importing.added_marks import added_marks
from exemplar.retrieval.importing.marks_file import read_marks
from exemplar.retrieval.search import SearchEngine
from exemplar.retrieval.sessions.events import Marked, MarksAdded, MarksFollowed, Redone, TextsKnown, Undone
from exemplar.retrieval.sessions.identity import PresentMarks, notice_of, present_marks
from exemplar.retrieval.sessions.marks import MarkedText, Marks, marked_texts
from exemplar.retrieval.sessions.session import Session
from tests.support.earlier_exports import as_json_lines, export_table
from tests.support.fake_encoder import FakeEncoder

Stores = Callable[[], DocumentStore]


def built(*documents: Document | str) -> DocumentStore:
    """Build texts without ids, or documents, as the corpus "weekly"."""
    found = [
        Document(str(n), each, numbered=True) if isinstance(each, str) else each for n, each in enumerate(documents)
    ]
    return build_corpus(Source("weekly", SourceSpec("weekly"), lambda: iter(found)), FakeEncoder())


def marked(corpus: DocumentStore, positives: str = "", negatives: str = "", unsure: str = "") -> tuple[Session, dict]:
    """Return a session with marks, an id a character, and the texts that the log keeps."""
    marks = Feedback(tuple(positives), tuple(negatives), tuple(unsure))
    rows = corpus.rows_of(marks.marked)
    texts = dict(zip(rows, map(MarkedText.of, corpus.documents_at(list(rows.values()))), strict=True))
    event = MarksAdded(marks, {doc_id: text.text_hash for doc_id, text in texts.items()})
    session = Session("s", "weekly").after(event, corpus_id=corpus.manifest.corpus_id)
    return session, {text.text_hash: text for text in texts.values()}


def present(marks: tuple[Session, dict], corpus: DocumentStore) -> PresentMarks:
    session, texts = marks
    return present_marks(session.marks, corpus, lambda: texts)


def test_where_nothing_changed_marks_are_what_they_were() -> None:
    corpus = built("a", "b", "c")
    marks = marked(corpus, "0", "1", "2")
    assert present(marks, built("a", "b", "c", "d")) == PresentMarks(Feedback(("0",), ("1",), ("2",)))


def test_a_mark_on_a_text_that_is_gone_trains_with_its_text_and_stands_on_no_other() -> None:
    marks = marked(built("a", "b", "c"), "01", "2")
    corpus = built("x", "b", "z")
    found = present(marks, corpus)
    assert found.feedback == Feedback(("1",), (), (), ("a",), ("c",))
    assert found.states == {"0": "gone", "2": "gone"}
    assert found.texts == {"0": MarkedText(None, "a"), "2": MarkedText(None, "c")}
    assert set(corpus.rows) == {"0.2", "1", "2.2"}
    assert present(marks, built("a", "b", "c")).feedback == Feedback(("0", "1"), ("2",)), "it may come back"


def test_a_mark_does_not_go_over_to_a_text_that_took_its_id() -> None:
    marks = marked(built(Document("t", "a"), Document("u", "b")), "t", "u")
    found = present(marks, built(Document("t", "other"), Document("u", "b")))
    assert found.feedback == Feedback((), ("u",), (), ("a",))
    assert (found.states, found.elsewhere, found.events) == ({"t": "changed"}, frozenset(), ())


@pytest.mark.parametrize("imported", [False, True])
def test_undo_takes_a_mark_back_to_the_text_that_it_was_made_on(imported: bool) -> None:
    session, texts = marked(built(Document("1", "a"), Document("2", "b")), "1")
    corpus = built(Document("1", "other"), Document("2", "b"))
    text = MarkedText(None, "other")
    mark = Marked("1", "negative", text.text_hash, text)
    session = session.after(MarksAdded(Feedback((), ("1",)), {"1": text.text_hash}) if imported else mark)
    assert present((session, texts), corpus).by_document() == {"1": "negative"}
    undone = session.after(Undone())
    found = present((undone, texts), corpus)
    assert (found.feedback, found.states) == (Feedback((), (), (), ("a",)), {"1": "changed"})
    assert present((undone.after(Redone()), texts), corpus).by_document() == {"1": "negative"}
    back = built(Document("1", "a"), Document("2", "b"))
    assert present((undone, texts), back) == PresentMarks(Feedback(("1",)))
    assert present((undone.after(Redone()), texts | {text.text_hash: text}), back).states == {"1": "changed"}


def test_in_another_corpus_of_the_name_a_mark_makes_way_for_the_document_that_has_its_id() -> None:
    session, texts = marked(built("a", "b", "c"), "0", "12")
    remove_corpus("weekly")
    corpus = built("other", "b")
    found = present((session, texts), corpus)
    aside = f"0 ({MarkedText(None, 'a').text_hash[:8]})"
    assert found.feedback == Feedback((), ("1",), (), ("a",), ("c",))
    assert found.states == {aside: "gone", "2": "gone"}
    assert found.elsewhere == {aside, "1", "2"}
    assert found.events == (MarksFollowed({"0": aside}),)
    session = session.after(*found.events, corpus_id=corpus.manifest.corpus_id)
    assert present((session, texts), corpus) == PresentMarks(found.feedback, found.states, found.texts, found.elsewhere)
    text = MarkedText(None, "other")
    session = session.after(Marked("0", "positive", text.text_hash, text), corpus_id=corpus.manifest.corpus_id)
    again = present((session, texts), corpus)
    assert again.feedback == Feedback(("0",), ("1",), (), ("a",), ("c",)), "the mark before it is still there"
    assert again.elsewhere == {aside, "1", "2"}


def test_a_session_says_that_it_began_on_another_corpus_of_the_name() -> None:
    corpus = built("a")
    session, _ = marked(corpus, "0")
    assert notice_of(session.corpus_id, built("b", "c").manifest) is None, "it was only built again"
    remove_corpus("weekly")
    other = built("b", "c").manifest
    later = session.after(Marked("1", "positive"), corpus_id=other.corpus_id)
    assert notice_of(later.corpus_id, other) == (
        "This session began on another corpus named weekly, which was removed or replaced since. Marks follow their "
        "texts; those whose texts this corpus does not have go on training by their own texts."
    )
    assert notice_of("", other) is None, "an earlier version did not write which corpus it was"
    assert notice_of(session.corpus_id, replace(other, corpus_id="")) is None


def test_a_mark_follows_its_text_to_another_id() -> None:
    marks = marked(built("a", "b", "c"), "0", "2")
    remove_corpus("weekly")
    corpus = built("new", "a")
    found = present(marks, corpus)
    assert found.feedback == Feedback(("1",), (), (), (), ("c",))
    assert (found.states, found.events) == ({"2": "gone"}, (MarksFollowed({"0": "1"}),))
    session, texts = marks
    again = present((session.after(*found.events), texts), corpus)
    assert again == PresentMarks(found.feedback, found.states, found.texts, frozenset("12"))


def test_a_mark_that_lost_its_text_makes_way_for_one_that_follows_its_own() -> None:
    session, texts = marked(built("a", "b"), "0", "1")
    remove_corpus("weekly")
    corpus = built("new", "a")
    found = present((session, texts), corpus)
    assert found.feedback == Feedback(("1",), (), (), (), ("b",))
    [aside] = found.states
    assert aside.startswith("1 (")
    assert found.states[aside] == "gone"
    again = present((session.after(*found.events), texts), corpus)
    assert again == PresentMarks(found.feedback, found.states, found.texts, frozenset(["1", aside]))


def test_marks_follow_texts_that_changed_places() -> None:
    marks = marked(built("a", "b"), "0", "1")
    remove_corpus("weekly")
    found = present(marks, built("b", "a"))
    assert (found.feedback, found.states) == (Feedback(("1",), ("0",)), {})


def test_a_title_that_became_a_field_is_the_same_text() -> None:
    marks = marked(built(Document("1", "Cats\n\nsleep")), "1")
    assert present(marks, built(Document("1", "sleep", title="Cats"))) == PresentMarks(Feedback(("1",)))


def test_marks_on_copies_are_one_mark_on_their_text() -> None:
    corpus = built("a", "b", "a", "c", "a")
    found = present(marked(corpus, "20", "1"), corpus)
    assert found == PresentMarks(Feedback(("2",), ("1",)), copies={"2": ("0", "2", "4")})
    assert found.by_document() == dict.fromkeys("024", "positive") | {"1": "negative"}


@pytest.mark.parametrize("marks", [("0", "2", ""), ("0", "", "2"), ("", "0", "2")])
def test_different_marks_on_copies_train_nothing(marks: tuple[str, str, str]) -> None:
    corpus = built("a", "b", "a", "c", "a")
    session, texts = marked(corpus, *marks)
    found = present((session.after(Marked("3", "positive", MarkedText(None, "c").text_hash)), texts), corpus)
    assert found == PresentMarks(
        Feedback(("3",), (), ("0",)), copies={"0": ("0", "2", "4")}, opposed=((*sorted("02"),),)
    )
    assert (found.by_document(), found.opposed_documents()) == ({"3": "positive"}, set("024"))
    answered = session.after(session.on_text(Marked("2", "negative", MarkedText(None, "a").text_hash)))
    assert answered.feedback == Feedback((), ("2",))
    assert present((answered, texts), corpus).opposed == ()


def test_texts_that_became_the_same_share_their_marks() -> None:
    def documents(*texts: str) -> list[Document]:
        return [Document(doc_id, text) for doc_id, text in zip("xyz", texts, strict=True)]

    session, texts = marked(built(*documents("a", "b", "c")), "x", "y")
    corpus = built(*documents("a", "a", "c"))
    assert present((session, texts), corpus).states == {"y": "changed"}
    text = MarkedText(None, "a")
    renewed = session.after(Marked("y", "negative", text.text_hash, text))
    assert present((renewed, texts), corpus).opposed == (("x", "y"),)


def test_marks_of_an_earlier_version_get_their_texts_if_the_corpus_was_not_built_since() -> None:
    corpus = built("a", "b")
    later = Session("s", "weekly").after(Marked("0", "positive", at="2999-01-01T00:00:00+00:00"))
    text = MarkedText(None, "a")
    found = present_marks(later.marks, corpus, dict)
    assert found == PresentMarks(Feedback(("0",)), events=(TextsKnown({"0": text.text_hash}),))
    assert found.events[0].texts == (text,)
    assert present_marks(later.after(*found.events).marks, corpus, dict) == PresentMarks(Feedback(("0",)))
    earlier = Session("s", "weekly").after(Marked("0", "positive", at="2000-01-01T00:00:00+00:00"))
    assert present_marks(earlier.marks, corpus, dict) == PresentMarks(Feedback(), {"0": "unknown"})
    renewed = earlier.after(Marked("0", "positive", text.text_hash, text))
    assert present_marks(renewed.marks, corpus, dict) == PresentMarks(Feedback(("0",)))


@pytest.mark.parametrize("ranker", ["svm", "anchored-vectors"])
def test_a_lost_text_trains_as_the_document_did(ranker: str) -> None:
    texts = ["the cat sleeps", "a cat plays", "stocks fell", "bonds rose", "rain and sun", "the dog barks"]
    whole = SearchEngine(built(*texts), lambda *_: FakeEncoder())
    before = whole.search("an animal", Feedback(("1",), ("2",)), ranker=ranker).scorer
    marks = marked(whole.corpus, "1", "2")
    rest = [text for n, text in enumerate(texts) if n not in (1, 2)]
    engine = SearchEngine(built(*rest), lambda *_: FakeEncoder())
    found = present(marks, engine.corpus)
    assert found.feedback == Feedback((), (), (), ("a cat plays",), ("stocks fell",))
    after = engine.search("an animal", found.feedback, ranker=ranker).scorer
    np.testing.assert_allclose(after.w / np.linalg.norm(after.w), before.w / np.linalg.norm(before.w), atol=0.02)
    unmarked = engine.search("an animal", ranker=ranker).scorer
    assert abs(np.dot(unmarked.w / np.linalg.norm(unmarked.w), before.w / np.linalg.norm(before.w))) < 0.99


@pytest.mark.cluster
def test_over_milvus_it_is_the_same(tmp_path: Path) -> None:
    pytest.importorskip("milvus_lite", reason="pip install 'exemplar[milvus]'")
    from exemplar.data.milvus.push import push_corpus
    from exemplar.retrieval.index.served import open_served

    marks = marked(built("a", Document("t", "b", title="B"), "c"), "0t", "2")
    corpus = built("x", "c", Document("t", "other", title="B"))
    push_corpus(corpus, str(tmp_path / "weekly.db"))
    served, index, words = open_served(str(tmp_path / "weekly.db"), "weekly")
    assert present(marks, served) == present(marks, corpus)
    assert present(marks, served).states == {"0": "gone", "t": "changed"}
    found = present(marks, served).feedback
    engines = (
        SearchEngine(corpus, lambda *_: FakeEncoder()),
        SearchEngine(served, lambda *_: FakeEncoder(), index, words),
    )
    local, there = (engine.search("x", found, ranker="svm").scorer.w for engine in engines)
    np.testing.assert_allclose(local, there, atol=1e-5)


@pytest.mark.cluster
def test_a_mark_on_a_text_that_milvus_shortened_stands_on_its_document(tmp_path: Path) -> None:
    pytest.importorskip("milvus_lite", reason="pip install 'exemplar[milvus]'")
    from exemplar.data.milvus.push import push_corpus
    from exemplar.retrieval.index.served import open_served

    def served(*documents: Document) -> DocumentStore:
        source = Source("long", SourceSpec("long"), lambda: iter(documents))
        corpus = build_corpus(source, FakeEncoder(), whole=True, replace=True)
        push_corpus(corpus, str(tmp_path / "long.db"), replace=True)
        return open_served(str(tmp_path / "long.db"), "long")[0]

    long, other = Document("1", "cat " * 20_000), Document("2", "dog")
    corpus = served(long, other)
    [text] = marked_texts(corpus, [corpus.row("1")])
    assert len(text.text) < len(long.text)
    assert text.text_hash == MarkedText.of(long).text_hash
    session = Session("s", "long").after(Marked("1", "positive", text.text_hash, text))
    texts = {text.text_hash: text}
    assert present((session, texts), corpus) == PresentMarks(Feedback(("1",)))
    content = as_json_lines(export_table(corpus, session.feedback))
    assert added_marks(read_marks(content, "m.jsonl"), corpus, Marks()).event.marks == Feedback(("1",))
    gone = present((session, texts), served(other))
    assert (gone.states, gone.feedback) == ({"1": "gone"}, Feedback((), (), (), (text.full_text,)))
    moved = served(other, Document("3", long.text))
    assert present((session, texts), moved).events == (MarksFollowed({"1": "3"}),)
