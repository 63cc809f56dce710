from pathlib import Path

import pandas as pd
import pytest

from exemplar.data.documents import Document
from exemplar.data.sources.columns import Columns
from tests.support.reading import documents, read


def test_decisions_of_asreview_in_ris_are_labels(tmp_path: Path) -> None:
    path = tmp_path / "asreview.ris"
    path.write_text(
        'TY  - JOUR\nTI  - one\nN1  - ASReview_relevant\nN1  - asreview_ranking: 7\nN1  - asreview_note: "hm"\nER  - \n'
        "TY  - JOUR\nTI  - two\nN1  - my own note\nN1  - ASReview_irrelevant\nER  - \n"
        "TY  - JOUR\nTI  - three\nN1  - ASReview_not_seen\nER  - \n"
    )
    source = read(str(path))
    assert source.spec.columns == Columns("abstract", "title", "decision", None)
    assert documents(source) == [
        Document(
            "0",
            "",
            ("included",),
            {
                "type": "JOUR",
                "asreview_ranking": "7",
                "asreview_note": "hm",
                "N1": 'ASReview_relevant\nasreview_ranking: 7\nasreview_note: "hm"',
            },
            "one",
        ),
        Document("1", "", ("excluded",), {"type": "JOUR", "N1": "my own note\nASReview_irrelevant"}, "two"),
        Document("2", "", (), {"type": "JOUR", "N1": "ASReview_not_seen"}, "three"),
    ]


@pytest.mark.parametrize(
    ("choices", "labels"),
    [
        ('{"Jo"=>"Included"}', ("included",)),
        ('{"Jo"=>"Excluded", "Al"=>"Excluded"}', ("excluded",)),
        ('{"Jo"=>"Maybe"}', ("maybe",)),
        ('{"Jo"=>"Included", "Al"=>"Excluded"}', ("maybe",)),
        ("{}", ()),
    ],
)
def test_decisions_of_rayyan_are_labels_in_every_format(tmp_path: Path, choices: str, labels: tuple[str, ...]) -> None:
    note = f"RAYYAN-INCLUSION: {choices} | RAYYAN-LABELS: x"
    quoted = note.replace('"', '""')
    files = {
        "r.ris": f"TY  - JOUR\nTI  - one\nAB  - x\nN1  - {note}\nER  - \n",
        "r.bib": f"@article{{a, title={{one}}, abstract={{x}}, note={{{note}}}}}\n",
        "r.enw": f"%0 Journal Article\n%T one\n%X x\n%Z {note}\n",
        "r.csv": f'key,title,authors,abstract,notes\nrayyan-1,one,Doe,x,"{quoted}"\n',
    }
    for name, content in files.items():
        (tmp_path / name).write_text(content)
        assert [(each.title, each.text, each.labels) for each in documents(read(str(tmp_path / name)))] == [
            ("one", "x", labels)
        ]


def test_other_tables_with_notes_have_no_column_of_decisions(tmp_path: Path) -> None:
    path = tmp_path / "papers.csv"
    path.write_text("title,abstract,notes\na,b,nothing\n")
    assert read(str(path)).columns() == ("title", "abstract", "notes")


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_asreview_tables_keep_their_columns_and_order(tmp_path: Path, suffix: str) -> None:
    frame = pd.DataFrame(
        {
            "record_id": [5, 2, 9],
            "title": ["five", "two", "nine"],
            "abstract": ["a5", "a2", "a9"],
            "asreview_label": pd.array([1, 0, None], dtype="Int64"),
            "asreview_prior": [0, 1, 0],
            "asreview_tags_setting_rural": ["x", None, None],
        }
    )
    path = tmp_path / f"asreview{suffix}"
    frame.to_csv(path) if suffix == ".csv" else frame.to_excel(path)
    source = read(str(path))
    assert source.spec.columns == Columns("abstract", "title", "asreview_label", "record_id")
    assert documents(source) == [
        Document(
            "5",
            "a5",
            ("1",),
            {"column 1": "0", "asreview_prior": "0", "asreview_tags_setting_rural": "x"},
            "five",
        ),
        Document("2", "a2", ("0",), {"column 1": "1", "asreview_prior": "1"}, "two"),
        Document("9", "a9", (), {"column 1": "2", "asreview_prior": "0"}, "nine"),
    ]


@pytest.mark.parametrize(
    "name",
    ["decision", "Included", "label_included", "asreview_included", "screening decision", "Final Decision", "include"],
)
def test_columns_of_decisions_are_labels_unless_there_is_a_label(tmp_path: Path, name: str) -> None:
    path = tmp_path / "screened.csv"
    path.write_text(f"title,abstract,{name}\na,b,1\n")
    assert documents(read(str(path))) == [Document("0", "b", ("1",), title="a")]
    path.write_text(f"title,abstract,{name},label\na,b,1,x\n")
    assert documents(read(str(path))) == [Document("0", "b", ("x",), {name: "1"}, "a")]
