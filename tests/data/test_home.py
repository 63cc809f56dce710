import os
from pathlib import Path

import pytest

from exemplar.data.home import write_atomically


def test_two_writers_of_one_file_do_not_meet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    flush = os.fsync

    def another_writes_meanwhile(descriptor: int) -> None:
        monkeypatch.setattr(os, "fsync", flush)
        write_atomically(path, b"the other's")
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", another_writes_meanwhile)
    write_atomically(path, b"one's own, which is longer")
    assert path.read_bytes() == b"one's own, which is longer"
    assert os.listdir(tmp_path) == ["file"]


def test_what_could_not_be_written_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    write_atomically(path, b"old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        write_atomically(path, b"new")
    assert os.listdir(tmp_path) == ["file"]
    assert path.read_bytes() == b"old"
