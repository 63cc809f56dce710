from pathlib import Path

import numpy as np
import pytest

from exemplar.data.corpus.shards import DOCUMENTS, JOURNAL, PASSAGES, VECTORS, ShardStore, file_sha256
from exemplar.data.errors import JournalDamaged

PASSAGES_0 = np.array([[0, 0, 3], [0, 2, 5], [1, 0, 4]])
VECTORS_0 = np.eye(3, 4, dtype=np.float32)
PASSAGES_1 = np.array([[2, 0, 9]])
VECTORS_1 = np.full((1, 4), 0.5, dtype=np.float32)


@pytest.fixture
def store(tmp_path: Path) -> ShardStore:
    (tmp_path / DOCUMENTS).write_bytes(b"three documents")
    plan = {"dim": 4, "n_documents": 3, "documents_sha256": file_sha256(tmp_path / DOCUMENTS)}
    store = ShardStore.create(tmp_path, plan)
    store.commit(2, PASSAGES_0, VECTORS_0)
    store.commit(1, PASSAGES_1, VECTORS_1)
    return store


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def flip(path: Path, position: int) -> None:
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)


def test_what_was_committed_is_there_when_opened_again(store: ShardStore) -> None:
    again = ShardStore(store.folder)
    assert (again.plan, again.shards) == (store.plan, store.shards)
    assert (again.documents_done, again.n_passages) == (3, 4)
    passages, vectors = again.arrays(4)
    np.testing.assert_array_equal(passages, np.concatenate([PASSAGES_0, PASSAGES_1]))
    np.testing.assert_array_equal(vectors, np.concatenate([VECTORS_0, VECTORS_1]))
    assert not vectors.flags.writeable
    assert again.damages() == []


def test_finished_arrays_are_numpy_files(store: ShardStore) -> None:
    store.finish()
    passages = np.load(store.folder / PASSAGES, allow_pickle=False)
    vectors = np.load(store.folder / VECTORS, allow_pickle=False)
    assert (passages.shape, vectors.shape, vectors.dtype) == ((4, 3), (4, 4), np.float32)
    np.testing.assert_array_equal(vectors[3], VECTORS_1[0])
    assert store.damages() == []


@pytest.mark.parametrize("n_bytes", [1, 30, 200])
def test_a_line_torn_by_a_crash_counts_for_nothing_and_is_written_over(store: ShardStore, n_bytes: int) -> None:
    expected = contents(store.folder)
    journal = store.folder / JOURNAL
    journal.write_bytes(journal.read_bytes()[:-n_bytes])
    again = ShardStore(store.folder)
    assert again.documents_done == 2
    again.commit(1, PASSAGES_1, VECTORS_1)
    assert contents(store.folder) == expected


def test_rows_without_a_line_count_for_nothing_and_are_written_over(store: ShardStore) -> None:
    expected = contents(store.folder)
    lines = expected[JOURNAL].splitlines(keepends=True)
    (store.folder / JOURNAL).write_bytes(b"".join(lines[:2]))
    (store.folder / VECTORS).write_bytes(expected[VECTORS][:-3] + b"garbage, longer than what was there")
    again = ShardStore(store.folder)
    again.commit(1, PASSAGES_1, VECTORS_1)
    again.finish()
    store.finish()
    assert contents(store.folder)[VECTORS][:-16] == contents(again.folder)[VECTORS][:-16]
    assert ShardStore(store.folder).damages() == []
    assert len(contents(store.folder)[VECTORS]) == len(expected[VECTORS])


@pytest.mark.parametrize(("file", "row"), [(PASSAGES, 24), (VECTORS, 16)])
def test_every_flipped_byte_is_found_in_its_shard(store: ShardStore, file: str, row: int) -> None:
    path = store.folder / file
    whole = path.read_bytes()
    for position in range(len(whole)):
        flip(path, position)
        [damage] = ShardStore(store.folder).damages()
        in_header = position < 128
        assert damage.file == file
        assert (damage.shard is None) == in_header
        if damage.shard:
            assert damage.shard.number == (position - 128) // (3 * row)
        path.write_bytes(whole)


def test_damage_says_which_documents_it_touches(store: ShardStore) -> None:
    flip(store.folder / VECTORS, 130)
    flip(store.folder / DOCUMENTS, 0)
    assert [str(damage) for damage in store.damages()] == ["documents.arrow", "vectors.npy, shard 0 (documents 0 to 1)"]


def test_a_repair_writes_a_shard_in_its_place(store: ShardStore) -> None:
    expected = contents(store.folder)
    flip(store.folder / VECTORS, 130)
    store.repair(store.shards[0], PASSAGES_0, VECTORS_0)
    assert contents(store.folder) == expected


def test_a_repair_with_other_vectors_is_the_shard_from_then_on(store: ShardStore) -> None:
    other = np.flip(VECTORS_0, axis=1)
    store.repair(store.shards[0], PASSAGES_0, other)
    again = ShardStore(store.folder)
    assert again.damages() == []
    assert again.documents_done == 3
    np.testing.assert_array_equal(again.arrays(4)[1][:3], other)


def test_a_repair_that_does_not_fit_is_refused(store: ShardStore) -> None:
    with pytest.raises(ValueError, match="shard 0 had 3 passages and now has 1"):
        store.repair(store.shards[0], PASSAGES_1, VECTORS_1)


def test_shards_can_be_taken_back(store: ShardStore) -> None:
    store.forget_from(1)
    assert ShardStore(store.folder).documents_done == store.documents_done == 2
    store.commit(1, PASSAGES_1, VECTORS_1)
    assert ShardStore(store.folder).damages() == []


@pytest.mark.parametrize("file", [PASSAGES, VECTORS])
def test_a_file_that_is_gone_is_named_and_can_be_begun_anew(store: ShardStore, file: str) -> None:
    (store.folder / file).unlink()
    [damage] = store.damages()
    assert str(damage) == file
    store.rewrite_headers()
    assert {found.shard.number for found in store.damages() if found.shard} == {0, 1}


@pytest.mark.parametrize("journal", [b"", b"nonsense\n", b'0123456789abcdef {"plan": {}}\n'])
def test_a_journal_without_a_plan_is_an_error(store: ShardStore, journal: bytes) -> None:
    (store.folder / JOURNAL).write_bytes(journal)
    with pytest.raises(JournalDamaged, match="can't be read"):
        ShardStore(store.folder)


def test_a_damaged_line_of_the_journal_costs_its_shard_alone(store: ShardStore) -> None:
    expected = store.shards
    journal = (store.folder / JOURNAL).read_bytes()
    (store.folder / JOURNAL).write_bytes(journal.replace(b'"number": 0', b'"number": 7'))
    again = ShardStore(store.folder)
    assert [str(damage) for damage in again.damages()] == ["journal.jsonl, shard 0 (documents 0 to 1)"]
    again.repair(again.shards[0], PASSAGES_0, VECTORS_0)
    assert ShardStore(store.folder).shards == expected
    assert ShardStore(store.folder).damages() == []


def test_a_damaged_plan_costs_no_shard(store: ShardStore) -> None:
    flip(store.folder / JOURNAL, 30)
    with pytest.raises(JournalDamaged, match="can't be read"):
        ShardStore(store.folder)
    again = ShardStore.create(store.folder, store.plan)
    assert again.shards == store.shards
    assert again.damages() == []


def test_lines_that_cannot_be_placed_do_not_mix_with_later_ones(store: ShardStore) -> None:
    store.commit(1, PASSAGES_1, VECTORS_1)
    store.commit(1, PASSAGES_1, VECTORS_1)
    journal = (store.folder / JOURNAL).read_bytes().splitlines(keepends=True)
    journal[1], journal[2] = journal[1][:-2] + b"\n", journal[2][:-2] + b"\n"
    (store.folder / JOURNAL).write_bytes(b"".join(journal))
    again = ShardStore(store.folder)
    assert again.shards == []
    again.commit(3, np.concatenate([PASSAGES_0, PASSAGES_1]), np.concatenate([VECTORS_0, VECTORS_1]))
    assert ShardStore(store.folder).shards == again.shards
    assert ShardStore(store.folder).damages() == []
