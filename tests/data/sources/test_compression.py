"""Damaged archives: only the errors of bad files come of them, whatever the modules of Python raise."""

import gzip
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exemplar.data.errors import ExemplarError
from exemplar.data.sources.files import file_on_disk, files_in_zip
from tests.support.damage import METHODS, WILD, damaged, zipped

PACKED = gzip.compress(b"text\nsome rows\n" * 99)


@WILD
@given(st.data())
def test_a_damaged_archive_is_a_bad_file(tmp_path: Path, data: st.DataObject) -> None:
    (tmp_path / "a.csv.gz").write_bytes(data.draw(damaged([PACKED])))
    (tmp_path / "a.zip").write_bytes(data.draw(damaged([zipped(method) for method in METHODS])))
    try:
        file_on_disk(tmp_path / "a.csv.gz").content()
        for file in files_in_zip(tmp_path / "a.zip"):
            file.content()
    except (ExemplarError, OSError) as error:
        assert str(error)  # noqa: PT017 - or none at all


def test_each_kind_of_damage_keeps_its_reason(tmp_path: Path) -> None:
    (tmp_path / "cut.csv.gz").write_bytes(PACKED[:-20])
    with pytest.raises(ExemplarError, match="ended before the end-of-stream marker"):
        file_on_disk(tmp_path / "cut.csv.gz").content()
    (tmp_path / "no.zip").write_bytes(b"PK no zip")
    with pytest.raises(ExemplarError, match="File is not a zip file"):
        files_in_zip(tmp_path / "no.zip")
    content = bytearray(zipped(zipfile.ZIP_STORED))
    content[6] |= 1  # of the local header and of the directory: encrypted
    content[content.index(b"PK\1\2") + 8] |= 1
    (tmp_path / "secret.zip").write_bytes(content)
    first = files_in_zip(tmp_path / "secret.zip")[0]
    with pytest.raises(ExemplarError, match="is encrypted, password required"):
        first.content()
