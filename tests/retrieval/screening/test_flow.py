import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest

from exemplar.data.building.build import build_corpus
from exemplar.data.corpus.catalog import remove_corpus
from exemplar.data.corpus.corpus import Corpus, empty_corpus
from exemplar.data.corpus.filters import Filters
from exemplar.retrieval.screening.flow import NO_NAME, NO_REASON, OTHERS, Flow, flow_of
from exemplar.retrieval.screening.flow_chart import flow_svg
from exemplar.retrieval.sessions.events import Event, FiltersSet, Marked, Noted
from exemplar.retrieval.sessions.marks import marked_texts
from exemplar.retrieval.sessions.session import Session
from tests.support.fake_encoder import FakeEncoder
from tests.support.reading import read

HOSTILE = '</text><script>alert("1")</script> & <b>\0\ud800\u202e' + "w" * 300
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def papers(tmp_path: Path, encoder: FakeEncoder) -> Corpus:
    """Eight rows: two without a text, and one that is a copy of another."""
    path = tmp_path / "papers.csv"
    texts = ["cats", "dogs", "", "owls", "cats", "  ", "mice", "bats"]
    path.write_text("text,label\n" + "".join(f'"{text}",{len(text)}\n' for text in texts))
    return build_corpus(read(str(path)), encoder, name="papers")


def flow(corpus: Corpus, *events: Event) -> Flow:
    session = Session("s", corpus.manifest.name).after(*events, corpus_id=corpus.manifest.corpus_id)
    return flow_of("my review", session, corpus, dict)


def marked(corpus: Corpus, row: int, mark: str, reader: str = "") -> Marked:
    [text], [doc_id] = marked_texts(corpus, [row]), corpus.doc_ids([row])
    return Marked(doc_id, mark, text.text_hash, text, reader=reader)


def test_a_review_is_counted_as_by_hand(papers: Corpus) -> None:
    assert [document.text for document in papers.documents_at(range(6))] == [
        "cats",
        "dogs",
        "owls",
        "cats",
        "mice",
        "bats",
    ]
    copy = papers.doc_ids([3])[0]
    counts = flow(
        papers,
        marked(papers, 0, "negative", "ann"),
        Noted(copy, "", reason="wrong population"),  # on the copy of what was marked
        marked(papers, 1, "negative", "ann"),
        marked(papers, 2, "positive"),
        marked(papers, 4, "unsure", "ann"),
        Noted(papers.doc_ids([2])[0], "", reason="is relevant"),
    )
    assert (counts.n_identified, counts.n_left_out, counts.n_duplicates, counts.n_to_screen) == (8, 2, 1, 5)
    assert (counts.n_screened, counts.n_included, counts.n_unsure, counts.n_not_screened) == (4, 1, 1, 1)
    assert counts.excluded == {"wrong population": 1, NO_REASON: 1}
    assert counts.readers == {"ann": 3, NO_NAME: 1}
    assert counts.left_out == {"no text": 2}
    assert counts.lines() == [
        ("Records identified", 8, 0),
        ("Removed before screening", 3, 0),
        ("duplicates", 1, 1),
        ("left out of the corpus", 2, 1),
        ("no text", 2, 2),
        ("Records to screen", 5, 0),
        ("Not screened", 1, 0),
        ("Screened", 4, 0),
        ("ann", 3, 1),
        (NO_NAME, 1, 1),
        ("Excluded", 2, 0),
        ("wrong population", 1, 1),
        (NO_REASON, 1, 1),
        ("Unsure", 1, 0),
        ("Included", 1, 0),
    ]
    assert json.loads(json.dumps(counts.to_json())) == {
        "session": "my review",
        "corpus": "papers",
        "identified": 8,
        "removed_before_screening": {
            "duplicates": 1,
            "left_out": 2,
            "left_out_reasons": {"no text": 2},
            "outside_filters": 0,
        },
        "to_screen": 5,
        "not_screened": 1,
        "screened": 4,
        "readers": {"ann": 3, NO_NAME: 1},
        "excluded": 2,
        "excluded_reasons": {"wrong population": 1, NO_REASON: 1},
        "unsure": 1,
        "included": 1,
        "marks_on_lost_texts": 0,
    }


def test_texts_outside_the_filters_are_no_records_to_screen_unless_they_are_marked(papers: Corpus) -> None:
    without_owls = FiltersSet(Filters(without="owls"))
    counts = flow(papers, without_owls, marked(papers, 0, "positive"))
    assert (counts.n_outside, counts.n_to_screen, counts.n_screened, counts.n_not_screened) == (1, 4, 1, 3)
    assert ("outside the filters", 1, 1) in counts.lines()
    counts = flow(papers, without_owls, marked(papers, 2, "positive"))
    assert (counts.n_outside, counts.n_to_screen, counts.n_screened, counts.n_not_screened) == (0, 5, 1, 4)


def test_marks_on_texts_that_are_gone_are_counted_apart(papers: Corpus) -> None:
    marks = (marked(papers, 0, "positive"), marked(papers, 1, "negative"))
    remove_corpus("papers")
    counts = flow(empty_corpus("papers"), *marks)
    assert (counts.n_identified, counts.n_screened, counts.n_lost) == (0, 0, 2)


def test_rare_reasons_count_together_and_no_reason_comes_last(papers: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exemplar.retrieval.screening.flow._MOST_REASONS", 1)
    doc_ids = papers.doc_ids([0, 1, 2, 4, 5])
    reasons = ["old", "far", "", "far", "dear"]
    notes = [Noted(doc_id, "", reason=reason) for doc_id, reason in zip(doc_ids, reasons, strict=True)]
    counts = flow(papers, *(marked(papers, row, "negative") for row in (0, 1, 2, 4, 5)), *notes)
    assert list(counts.excluded.items()) == [("far", 2), (OTHERS, 2), (NO_REASON, 1)]


def parsed(svg: bytes) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 - it is ours


def texts_of(svg: bytes) -> str:
    return " ".join("".join(text.itertext()) for text in parsed(svg).iter(f"{SVG}text")).replace("\xa0", " ")


def test_the_diagram_has_every_count(papers: Corpus) -> None:
    counts = flow(papers, marked(papers, 0, "negative"), marked(papers, 2, "positive"), marked(papers, 4, "unsure"))
    drawn = texts_of(flow_svg(counts))
    for words in (
        "Records identified from papers (n = 8)",
        "Duplicate records (n = 1)",
        "Left out of the corpus (n = 2)",
        "no text (n = 2)",
        "Records to screen (n = 5)",
        "Records not screened (n = 2)",
        "Records screened (n = 3)",
        "Records excluded (n = 1)",
        f"{NO_REASON} (n = 1)",
        "Records unsure (n = 1)",
        "Records included (n = 1)",
        "Identification",
        "Screening",
        "Included",
    ):
        assert words in drawn
    assert "Outside the filters" not in drawn
    assert "Outside the filters (n = 7)" in texts_of(flow_svg(replace(counts, n_outside=7)))


def test_a_hostile_title_and_reason_are_drawn_as_text() -> None:
    hostile = Flow(HOSTILE, HOSTILE, 9, 0, 0, 1, 0, 0, {HOSTILE: 2}, {HOSTILE: 3}, {HOSTILE: 1})
    svg = flow_svg(hostile)
    tree = parsed(svg)
    kinds = {element.tag.removeprefix(SVG) for element in tree.iter()}
    assert kinds == {"svg", "title", "defs", "style", "marker", "rect", "g", "text", "path"}
    assert '<script>alert("1")' in str(tree.find(f"{SVG}title").text)
    assert not {"\0", "\u202e"} & set(svg.decode())
    lines = ["".join(text.itertext()) for text in tree.iter(f"{SVG}text")]
    assert max(map(len, lines)) <= 44


def test_lines_fit_into_the_boxes_whatever_the_script() -> None:
    svg = flow_svg(Flow("s", "文" * 100, 1, 0, 0, 0, 0, 0))
    lines = ["".join(text.itertext()) for text in parsed(svg).iter(f"{SVG}text")]
    assert max(line.count("文") for line in lines) == 22
    assert sum(line.count("文") for line in lines) == 100


def test_boxes_stand_below_each_other_within_the_picture() -> None:
    tree = parsed(flow_svg(Flow("s", "c", 9, 1, 1, 1, 1, 1, {f"r{n}": n for n in range(15)}, {"x": 1})))
    height = float(tree.get("height", "0"))
    for column, n in (("16", 3), ("60", 4), ("440", 3)):  # the phases, the records that go on, those that do not
        assert_below_each_other([rect for rect in tree.iter(f"{SVG}rect") if rect.get("x") == column], n, height)


def assert_below_each_other(boxes: list[ET.Element], n: int, height: float) -> None:
    tops = [float(box.get("y", "0")) for box in boxes]
    bottoms = [top + float(box.get("height", "0")) for top, box in zip(tops, boxes, strict=True)]
    assert len(boxes) == n
    assert all(bottom < top for bottom, top in zip(bottoms, tops[1:], strict=False))
    assert bottoms[-1] < height
