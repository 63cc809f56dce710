"""A chosen encoding holds for every format of text."""

from pathlib import Path

import pytest

from exemplar.data.files.options import ReadOptions
from tests.support.reading import documents, read

TEXT = "Příliš žluťoučký kůň"
FILES = {
    "a.csv": f"text\n{TEXT}\n",
    "a.tsv": f"text\tn\n{TEXT}\t1\n",
    "a.jsonl": f'{{"text": "{TEXT}"}}\n',
    "a.json": f'[{{"text": "{TEXT}"}}]',
    "a.ris": f"TY  - JOUR\nAB  - {TEXT}\nER  - \n",
    "a.nbib": f"PMID- 1\nAB  - {TEXT}\n",
    "a.enw": f"%0 Journal Article\n%X {TEXT}\n",
    "a.ciw": f"FN Clarivate\nPT J\nAB {TEXT}\nER\n",
    "a.bib": f"@article{{a, abstract = {{{TEXT}}}}}",
    "a.txt": TEXT,
    "a.md": TEXT,
    "a.html": f"<!doctype html><p>{TEXT}</p>",
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("encoding", ["cp1250", "iso-8859-2", "utf-16-le"])
def test_it_holds(tmp_path: Path, name: str, encoding: str) -> None:
    (tmp_path / name).write_bytes(FILES[name].encode(encoding))
    [document] = documents(read(str(tmp_path / name), options=ReadOptions(encoding=encoding)))
    assert document.text == TEXT


def test_it_holds_for_lines_and_for_all_files_of_a_folder(tmp_path: Path) -> None:
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content.encode("cp1250"))
    found = documents(read(str(tmp_path), options=ReadOptions(encoding="cp1250")))
    assert [document.text for document in found] == [TEXT] * len(FILES)
    [line] = documents(read(str(tmp_path / "a.txt"), options=ReadOptions(encoding="cp1250", lines=True)))
    assert line.text == TEXT
