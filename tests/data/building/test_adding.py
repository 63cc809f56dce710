"""A corpus that takes further files: ids and marks stay, and what is new has its date."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from exemplar.data.building.adding import plan_with, plan_without
from exemplar.data.building.joining import SAME
from exemplar.data.building.plan import BuildPlan, plan_of
from exemplar.data.building.progress import BuildEvent, Progress, SourceAdded
from exemplar.data.building.run import run_build
from exemplar.data.building.uploads import remove_upload, save_upload
from exemplar.data.corpus.arrivals import ARRIVALS, seconds_of
from exemplar.data.corpus.catalog import verify_corpus
from exemplar.data.corpus.corpus import Corpus, open_corpus
from exemplar.data.corpus.filters import Filters
from exemplar.data.corpus.lock import lock_corpus
from exemplar.data.corpus.manifest import corpus_folder, read_begun
from exemplar.data.corpus.shards import Damage
from exemplar.data.corpus.source_rows import source_rows
from exemplar.data.documents import Problem
from exemplar.data.errors import AddedSourceUnreadable, CorpusBusy, CorpusNotFound, ExemplarError
from exemplar.data.sources.spec import SourceSpec
from tests.support.fake_encoder import FakeEncoder

OCTOBER, NOVEMBER, DECEMBER = "2026-10-01T08:00:00+00:00", "2026-11-12T08:00:00+00:00", "2026-12-12T08:00:00+00:00"
WEEKS = [
    ["The parcel came two weeks late.", "My invoice shows the wrong sum.", "The app crashes when I open the map."],
    ["The parcel came two weeks late.", "Do you also sell gift cards?", "The app crashes when I open the map."],
    ["Your shop smells of fresh bread.", "How do I change my password?", "The lamp flickers at night."],
]


class Months:
    """Builds and adds at times that a test chooses, and keeps what the last build reported."""

    def __init__(self, encoder: FakeEncoder) -> None:
        self.encoder, self.seconds, self.events = encoder, seconds_of(OCTOBER), list[BuildEvent]()

    def build(self, path: str, at: str = OCTOBER, **choices: str) -> Corpus:
        return self._run(BuildPlan(SourceSpec(path, **choices), "tickets", "fake"), at)

    def add(self, path: str, at: str, *, until: Literal["quick", "full"] = "full", **choices: str) -> Corpus:
        return self._run(replace(plan_with("tickets", SourceSpec(path, **choices))[0], until=until), at)

    def again(self, at: str, *, left_out: str | None = None) -> Corpus:
        """Build as the button Build on does."""
        plan = plan_of("tickets")
        assert plan is not None
        return self._run(plan_without(plan, "tickets", [left_out] if left_out else []), at)

    @property
    def added(self) -> list[BuildEvent]:
        return [event for event in self.events if isinstance(event, SourceAdded)]

    @property
    def problems(self) -> list[tuple[str, str]]:
        return [(event.where, event.reason) for event in self.events if isinstance(event, Problem)]

    def _run(self, plan: BuildPlan, at: str) -> Corpus:
        self.seconds, self.events = seconds_of(at), []
        self.encoder.encoded.clear()
        return run_build(plan, self.events.append, load=lambda *_, **__: self.encoder)


@pytest.fixture
def months(encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch) -> Months:
    months = Months(encoder)
    monkeypatch.setattr("exemplar.data.building.build.now", lambda: months.seconds)
    return months


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., str]:
    def write_file(name: str, *lines: str) -> str:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("\n".join(lines) + "\n")
        return str(tmp_path / name)

    return write_file


def texts(corpus: Corpus) -> dict[str, str]:
    return {doc_id: corpus.document(row).text for doc_id, row in corpus.rows.items()}


def new_since(corpus: Corpus, at: str) -> list[str]:
    return corpus.doc_ids(corpus.select(Filters(since=at)).rows)


def test_each_file_joins_and_says_what_it_brings(months: Months, write: Callable[..., str]) -> None:
    first = months.build(write("october.csv", "id,body,x", "1,late parcel,a", "2,wrong sum,b"), text_column="body")
    november = write("november.csv", "id,body,x", "2,wrong sum,b", "1,new lamp,c", "3,late parcel,a", "4,,x")
    corpus = months.add(november, NOVEMBER)
    assert texts(corpus) == {"1": "late parcel", "2": "wrong sum", "november.csv#1": "new lamp", "3": "late parcel"}
    assert months.added == [SourceAdded("november.csv", 2, 1, 1)]
    assert months.added[0].in_words == (
        "Added 2 documents of november.csv "
        "(1 copy of earlier ones, 1 left out that were there with the same id and text)"
    )
    assert months.encoder.encoded == ["new lamp"]
    assert months.problems == [
        ("november.csv, line 2", SAME),
        (
            "november.csv, line 3",
            "an earlier file has its id, with another text; the id stands after the name of its own file",
        ),
        ("document '3', line 4", "same text as an earlier document"),
        ("november.csv, line 5", "no text"),
    ]
    assert corpus.manifest.corpus_id == first.manifest.corpus_id
    [added] = corpus.manifest.added
    assert (added.spec.source, added.spec.text_column, added.at, added.n_documents) == (november, "body", NOVEMBER, 2)
    assert [(row.document, row.file, row.line, row.reason) for row in source_rows(corpus.manifest)] == [
        (0, "october.csv", 2, None),
        (1, "october.csv", 3, None),
        (None, "november.csv", 2, SAME),
        (2, "november.csv", 3, None),
        (3, "november.csv", 4, None),
        (None, "november.csv", 5, "no text"),
    ]
    assert new_since(corpus, NOVEMBER) == ["november.csv#1", "3"]
    assert new_since(corpus, "2026-11-13") == []
    assert new_since(corpus, OCTOBER) == list(corpus.rows)
    assert corpus.facets.arrivals == {NOVEMBER: 2, OCTOBER: 4}
    assert verify_corpus("tickets") == []


def test_a_third_file_knows_the_ids_of_the_second(months: Months, write: Callable[..., str]) -> None:
    months.build(write("a/export.csv", "id,text", "1,one"))
    months.add(write("b/export.csv", "id,text", "1,two"), NOVEMBER)
    corpus = months.add(write("c/export.csv", "id,text", "1,two", "2,two", "1,three"), DECEMBER)
    assert texts(corpus) == {"1": "one", "export.csv (2)#1": "two", "2": "two", "export.csv (3)#2": "three"}
    assert [row.file for row in source_rows(corpus.manifest)] == [
        "export.csv",
        "export.csv (2)",
        *["export.csv (3)"] * 3,
    ]


def test_three_weeks_without_ids_and_a_file_that_changes(months: Months, write: Callable[..., str]) -> None:
    weeks = [write(f"week{n}.csv", *["text", *week]) for n, week in enumerate(WEEKS, 1)]
    months.build(weeks[0])
    months.add(weeks[1], NOVEMBER)
    corpus = months.add(weeks[2], DECEMBER)
    before = texts(corpus)
    assert list(before) == [*"012", *(f"week{n}.csv#{row}" for n in (2, 3) for row in range(3))]
    Path(weeks[1]).write_text("text\nA new line.\n" + "\n".join(Path(weeks[1]).read_text().splitlines()[1:]) + "\n")
    corpus = months.add(weeks[1], "2027-01-01")
    assert months.added == []
    assert months.encoder.encoded == ["A new line."]
    assert len(corpus.manifest.added) == 2
    assert {doc_id: text for doc_id, text in texts(corpus).items() if text != "A new line."} == before
    assert new_since(corpus, "2027-01-01") == ["week2.csv#0.2"]
    assert new_since(corpus, DECEMBER) == ["week2.csv#0.2", "week3.csv#0", "week3.csv#1", "week3.csv#2"]
    assert texts(months.again("2027-02-01")) == texts(corpus)
    assert open_corpus("tickets").facets.arrivals == corpus.facets.arrivals


def test_ids_of_a_file_leave_those_of_earlier_rows(months: Months, write: Callable[..., str]) -> None:
    october = write("october.csv", "text", "zero", "one", "two")
    months.build(october)
    write("october.csv", "text", "two", "new", "zero")
    months.build(october)
    november = write("november.csv", "id,text", "0,zero of november", "2,two of november", "3,three")
    corpus = months.add(november, NOVEMBER)
    november_texts = {"november.csv#0": "zero of november", "november.csv#2": "two of november", "3": "three"}
    expected = {"2": "two", "1.2": "new", "0": "zero"} | november_texts
    assert texts(corpus) == expected
    assert new_since(corpus, NOVEMBER) == list(november_texts)
    write("october.csv", "text", "two", "new", "zero", "a row behind")
    assert texts(months.again(DECEMBER)) == expected | {"3.2": "a row behind"}
    with pytest.raises(
        ExemplarError, match="'tickets' was built from .*october.csv; to read that in another way, build"
    ):
        plan_with("tickets", SourceSpec(october, limit=1))


def test_texts_that_return_came_when_they_came_first(months: Months, write: Callable[..., str]) -> None:
    path = write("rows.csv", "text", "one", "two")
    months.build(path)
    write("rows.csv", "text", "two", "three")
    months.build(path, NOVEMBER)
    write("rows.csv", "text", "one", "three", "four")
    corpus = months.build(path, DECEMBER)
    assert dict(zip(texts(corpus).values(), corpus.arrivals.tolist(), strict=True)) == {
        "one": seconds_of(OCTOBER),
        "three": seconds_of(NOVEMBER),
        "four": seconds_of(DECEMBER),
    }


@pytest.mark.parametrize("content", [None, b"", b"\x93NUMPY and no array"])
def test_a_corpus_whose_times_are_lost_came_when_it_was_built(
    months: Months, write: Callable[..., str], content: bytes | None
) -> None:
    corpus = months.build(write("rows.csv", "text", "one"))
    path = corpus_folder("tickets") / corpus.manifest.build / ARRIVALS
    path.unlink() if content is None else path.write_bytes(content)
    assert open_corpus("tickets").arrivals.tolist() == [seconds_of(corpus.manifest.created)]
    assert verify_corpus("tickets") == [Damage(ARRIVALS)]
    months.again(NOVEMBER)
    assert verify_corpus("tickets") == []
    assert new_since(open_corpus("tickets"), corpus.manifest.created) == ["0"]


def test_other_columns_are_read_by_their_names_or_refused(months: Months, write: Callable[..., str]) -> None:
    months.build(
        write("october.csv", "key,said,kind", "a,late parcel,post"),
        text_column="said",
        id_column="key",
        label_column="kind",
    )
    corpus = months.add(write("november.csv", "id,text,kind", "b,new lamp,light"), NOVEMBER)
    assert [(each.doc_id, each.text, each.labels) for each in corpus.documents_at([0, 1])] == [
        ("a", "late parcel", ("post",)),
        ("b", "new lamp", ("light",)),
    ]
    with pytest.raises(ValueError, match="say which column of .*odd.csv holds the text; its columns are: x, y;"):
        months.add(write("odd.csv", "x,y", "1,it was broken"), DECEMBER)
    assert open_corpus("tickets").manifest == corpus.manifest
    corpus = months.add(write("odd.csv", "x,y", "1,it was broken"), DECEMBER, text_column="y")
    assert texts(corpus)["odd.csv#0"] == "it was broken"
    corpus = months.add(write("odd.csv", "x,y", "so it is,it was broken"), DECEMBER, text_column="x")
    assert texts(corpus)["odd.csv#0.2"] == "so it is"


def test_a_folder_and_texts_join_a_table(months: Months, write: Callable[..., str], tmp_path: Path) -> None:
    months.build(write("rows.csv", "id,text", "notes.txt,one"))
    write("more/notes.txt", "a note")
    write("more/table.csv", "text,n", "two,1", ",2", "three,3")
    corpus = months.add(str(tmp_path / "more"), NOVEMBER)
    assert texts(corpus) == {
        "notes.txt": "one",
        "more#notes.txt": "a note\n",
        "table.csv#0": "two",
        "table.csv#2": "three",
    }
    rows = [(row.file, row.place) for row in source_rows(corpus.manifest)]
    assert rows == [
        ("rows.csv", None),
        ("more/notes.txt", None),
        ("more/table.csv", None),
        ("more/table.csv", "more, table.csv, line 3"),
        ("more/table.csv", None),
    ]


def interrupt(event: object) -> None:
    if isinstance(event, Progress) and event.stage == "embedding":
        raise KeyboardInterrupt


def test_an_interrupted_add_leaves_the_corpus_and_goes_on(months: Months, write: Callable[..., str]) -> None:
    first = months.build(write("october.csv", "text", "one"))
    november = write("november.csv", "text", "two")
    plan, is_new = plan_with("tickets", SourceSpec(november))
    assert is_new
    months.seconds = seconds_of(NOVEMBER)
    with pytest.raises(KeyboardInterrupt):
        run_build(plan, interrupt, load=lambda *_, **__: months.encoder)
    assert open_corpus("tickets").manifest == first.manifest
    assert read_begun("tickets").sources[1:] == plan.added
    corpus = months.build(first.manifest.source.source, DECEMBER)  # as the same command again, without the addition
    assert texts(corpus) == {"0": "one", "november.csv#0": "two"}
    assert corpus.manifest.added[0].at == NOVEMBER
    assert new_since(corpus, NOVEMBER) == ["november.csv#0"]
    assert months.added == [SourceAdded("november.csv", 1, 0, 0)]


def test_another_file_is_added_after_an_interrupted_add_and_takes_that_along(
    months: Months, write: Callable[..., str]
) -> None:
    months.build(write("october.csv", "text", "one"))
    with pytest.raises(KeyboardInterrupt):
        run_build(
            plan_with("tickets", SourceSpec(write("november.csv", "text", "two")))[0],
            interrupt,
            load=lambda *_, **__: months.encoder,
        )
    corpus = months.add(write("december.csv", "text", "three"), DECEMBER)
    assert texts(corpus) == {"0": "one", "november.csv#0": "two", "december.csv#0": "three"}
    assert months.added == [SourceAdded("november.csv", 1, 0, 0), SourceAdded("december.csv", 1, 0, 0)]


def test_an_add_waits_for_no_build_and_needs_a_corpus(months: Months, write: Callable[..., str]) -> None:
    months.build(write("october.csv", "text", "one"))
    november = write("november.csv", "text", "two")
    with lock_corpus("tickets"), pytest.raises(CorpusBusy, match="'tickets' is being built by another process"):
        months.add(november, NOVEMBER)
    with pytest.raises(CorpusNotFound, match=r"there is no corpus named 'other' \(there are: tickets\)"):
        plan_with("other", SourceSpec(november))
    months.add(november, NOVEMBER)
    with pytest.raises(
        ExemplarError, match="^the corpus 'tickets' has its full vectors; build it with these$"
    ) as error:
        months.add(november, NOVEMBER, until="quick")
    assert error.value.hint == "full"


@pytest.mark.parametrize("named", ["november.csv", "{folder}/november.csv"])
def test_a_file_that_is_gone_is_named_and_can_be_left_out(
    months: Months, write: Callable[..., str], tmp_path: Path, named: str
) -> None:
    months.build(write("october.csv", "text", "one"))
    november = write("november.csv", "text", "two")
    months.add(november, NOVEMBER)
    months.add(write("december.csv", "text", "three"), DECEMBER)
    Path(november).unlink()
    with pytest.raises(AddedSourceUnreadable, match=r"no file .*november.csv; the corpus 'tickets' reads all") as error:
        months.again(DECEMBER)
    assert (error.value.source, error.value.hint) == (november, "leave_out")
    with pytest.raises(ExemplarError, match=r"can't leave out 'april.csv': it added .*november.csv, .*december.csv$"):
        months.again(DECEMBER, left_out="april.csv")
    corpus = months.again(DECEMBER, left_out=named.format(folder=tmp_path))
    assert texts(corpus) == {"0": "one", "december.csv#0": "three"}
    assert months.encoder.encoded == []
    assert texts(months.again(DECEMBER)) == texts(corpus)


def test_what_was_added_is_left_out_only_knowingly(months: Months, write: Callable[..., str]) -> None:
    october = months.build(write("october.csv", "text", "one")).manifest.source
    months.add(write("november.csv", "text", "two"), NOVEMBER)
    with pytest.raises(ValueError, match=r"took the source .*november.csv too, which would be left out"):
        run_build(
            BuildPlan(october, "tickets", "fake", added=()), lambda event: None, load=lambda *_, **__: months.encoder
        )
    corpus = run_build(
        BuildPlan(october, "tickets", "fake", replace=True), lambda event: None, load=lambda *_, **__: months.encoder
    )
    assert texts(corpus) == {"0": "one"}


def test_an_uploaded_file_that_was_added_is_kept(months: Months, write: Callable[..., str]) -> None:
    months.build(write("october.csv", "text", "one"))
    path = save_upload("november.csv", b"text\ntwo\n")
    corpus = months.add(str(path), NOVEMBER)
    remove_upload(str(path))
    assert path.is_file()
    assert texts(corpus) == {"0": "one", "november.csv#0": "two"}
