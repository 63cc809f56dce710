"""Packed files of every kind: several parts, cut ones, and Zstandard with the long windows of Reddit's dumps."""

import bz2
import gzip
import lzma
from collections.abc import Callable
from pathlib import Path

import pytest

from exemplar.data.documents import Document, Problem
from exemplar.data.sources import zstandard
from tests.support.reading import read, texts
from tests.support.samples import zstd

SKIPPED = b"\x50\x2a\x4d\x18" + (5).to_bytes(4, "little") + b"hello"  # a frame that decoders skip
PACK: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstd,
}


@pytest.mark.parametrize("packing", PACK)
def test_all_parts_of_a_packed_file_are_read(tmp_path: Path, packing: str) -> None:
    parts = [PACK[packing](b'{"text": "%d"}\n' % n) for n in range(3)]
    if packing == ".zst":
        parts = [SKIPPED, parts[0], SKIPPED, *parts[1:], SKIPPED]
    (tmp_path / f"RC_2024{packing}").write_bytes(b"".join(parts))  # the suffix below the packing is missing
    source = read(str(tmp_path / f"RC_2024{packing}"))
    assert (source.name, texts(source)) == ("RC_2024", ["0", "1", "2"])


@pytest.mark.parametrize("packing", PACK)
def test_the_rows_before_the_end_of_a_cut_file_are_read_in_a_folder(tmp_path: Path, packing: str) -> None:
    rows = b"".join(b'{"text": "row %d"}\n' % n for n in range(6000))
    packed = b"".join(PACK[packing](rows[start : start + 2**15]) for start in range(0, len(rows), 2**15))
    path = tmp_path / f"a.jsonl{packing}"
    path.write_bytes(packed[: len(packed) // 2])
    (tmp_path / "b.txt").write_text("b")
    found = list(read(str(tmp_path)).read())
    kept = [each.text for each in found if isinstance(each, Document)]
    assert kept[:-1] == [f"row {n}" for n in range(len(kept) - 1)]
    assert 1000 < len(kept) < 6000
    assert kept[-1] == "b"
    [problem] = [each for each in found if isinstance(each, Problem)]
    assert (problem.where, "ended before" in problem.reason) == (path.name, True)
    with pytest.raises(ValueError, match="cannot read .*ended before"):
        texts(read(str(path)))


@pytest.mark.parametrize("window", [20, 27, 31])
def test_a_frame_is_read_whose_window_fits_into_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, window: int
) -> None:
    content = zstd(b'{"text": "a"}\n', window=window)
    (tmp_path / "RC_2024-01.zst").write_bytes(content)
    monkeypatch.setattr(zstandard, "_free_memory", lambda: 2**40)
    assert texts(read(str(tmp_path / "RC_2024-01.zst"))) == ["a"]
    monkeypatch.setattr(zstandard, "_free_memory", lambda: 2**20)
    if window <= 27:  # which any decoder takes
        assert texts(read(str(tmp_path / "RC_2024-01.zst"))) == ["a"]
        return
    told = (
        r"looks back further than fits into the free memory; .* zstd -d --long=31 RC_2024-01.zst -c \| zstd -o smaller"
    )
    with pytest.raises(ValueError, match=told):
        read(str(tmp_path / "RC_2024-01.zst"))


@pytest.mark.parametrize(("free", "longest"), [(0, 27), (2**28, 27), (2**29 + 2**28, 28), (2**31, 30), (2**40, 31)])
def test_the_longest_window_leaves_memory_to_others(monkeypatch: pytest.MonkeyPatch, free: int, longest: int) -> None:
    monkeypatch.setattr(zstandard, "_free_memory", lambda: free)
    assert zstandard._longest_window() == longest


def test_free_memory_is_that_of_the_machine_or_of_the_container(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zstandard, "_OF_CONTAINERS", ())
    of_machine = zstandard._free_memory()
    assert of_machine > 2**20
    (tmp_path / "most").write_text("1000000\n")
    (tmp_path / "used").write_text("400000\n")
    monkeypatch.setattr(zstandard, "_OF_CONTAINERS", ((str(tmp_path / "most"), str(tmp_path / "used")),))
    assert zstandard._free_memory() == 600_000
    (tmp_path / "most").write_text("max\n")
    assert zstandard._free_memory() > 2**20
