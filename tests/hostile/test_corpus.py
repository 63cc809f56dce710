"""A corpus whose own files are damaged or made to do harm: it opens whole or says so, and nothing else is touched."""

import io
import itertools
import json
import math
import os
import pickle
import re
import shutil
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from exemplar.data.arrow import DOCUMENT_SCHEMA
from exemplar.data.building.build import build_corpus
from exemplar.data.corpus.catalog import verify_corpus
from exemplar.data.corpus.corpus import Corpus, open_corpus
from exemplar.data.corpus.journal import Shard, line_of
from exemplar.data.corpus.manifest import Manifest, corpus_folder, read_manifest
from exemplar.data.corpus.shards import DOCUMENTS, JOURNAL, PASSAGES, VECTORS
from exemplar.data.documents import Document
from exemplar.data.errors import CorpusDamaged
from exemplar.data.sources.spec import Source, SourceSpec
from tests.support.corpora import ANIMALS, LABELS, source_of
from tests.support.damage import FILES, WILD, WORDS_FILES, damaged, place_of, told, use
from tests.support.fake_encoder import FakeEncoder

NUMBERS = st.sampled_from([-1, 0, 1, 10, 2**31, 2**63, 10**30, -(10**30), 1.5, math.nan, math.inf, True])
VALUES = st.recursive(
    NUMBERS | st.none() | st.sampled_from(["", "../../etc", "/etc", "build-0", "\ud800", "\0", "a" * 10_000, "dot"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["source", "limit", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)


FIELDS = [field.name for field in fields(Manifest)]


@pytest.fixture
def anew(animals: Corpus, tmp_path: Path, home: Path) -> Callable[[str], Path]:
    """Put the corpus back as it was built, and return where a file of it is."""
    shutil.copytree(home, tmp_path / "kept")

    def anew(file: str) -> Path:
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(tmp_path / "kept", home)
        return place_of(animals, file)

    return anew


@pytest.mark.slow
@pytest.mark.parametrize("file", [*FILES, *WORDS_FILES])
@WILD
@given(st.data())
def test_a_corpus_with_a_damaged_file_works_or_says_so(anew: Callable[[str], Path], file: str, data) -> None:
    path = anew(file)
    path.write_bytes(data.draw(damaged([path.read_bytes()])))
    use("animals")
    with told():
        build_corpus(source_of(ANIMALS), FakeEncoder())


@pytest.mark.slow
@WILD
@given(field=st.sampled_from(FIELDS), value=VALUES)
@example(field="source", value={"source": "a" * 300})  # longer than a file's name can be
def test_a_manifest_with_any_value_works_or_says_so(anew: Callable[[str], Path], field: str, value: Any) -> None:
    path = anew("manifest.json")
    path.write_text(json.dumps(json.loads(path.read_text()) | {field: value}))
    use("animals")


@pytest.mark.slow
@WILD
@given(field=st.sampled_from(FIELDS), value=VALUES)
@example(field="source", value={"source": "a" * 300})
@example(field="source", value={"source": "a" * 10_000})
def test_a_plan_with_any_value_works_or_says_so(anew: Callable[[str], Path], field: str, value: Any) -> None:
    path = anew(JOURNAL)
    first, *rest = path.read_bytes().splitlines(keepends=True)
    plan = json.loads(first.partition(b" ")[2])["plan"] | {field: value}
    path.write_bytes(line_of({"plan": plan}) + b"".join(rest))
    use("animals")
    (corpus_folder("animals") / "manifest.json").unlink()
    use("animals")
    with told():
        build_corpus(source_of(ANIMALS), FakeEncoder())


SHARDS = st.fixed_dictionaries(
    {}, optional={name: VALUES | st.integers(0, 12) for name in [*(field.name for field in fields(Shard)), "plan"]}
)
LIKELY = st.builds(
    lambda *values: dict(zip([field.name for field in fields(Shard)], values, strict=True)),
    *(NUMBERS | st.integers(0, 10) for _ in range(5)),
    st.sampled_from(["", "0" * 64]),
    st.sampled_from(["", "0" * 64]),
)


@pytest.mark.slow
@WILD
@given(st.lists(SHARDS | VALUES | LIKELY, max_size=4), st.booleans())
def test_a_journal_of_any_lines_works_or_says_so(anew: Callable[[str], Path], lines: list[Any], planned: bool) -> None:
    path = anew(JOURNAL)
    plan = path.read_bytes().splitlines(keepends=True)[:planned]
    path.write_bytes(b"".join([*plan, *map(line_of, lines)]))
    use("animals")
    (corpus_folder("animals") / "manifest.json").unlink()
    use("animals")
    with told():
        build_corpus(source_of(ANIMALS), FakeEncoder())


@pytest.mark.parametrize("build", ["../../../outside", "/etc", "build-0/../../../../outside", "", ".", "build-x y"])
def test_a_manifest_names_no_folder_elsewhere(anew: Callable[[str], Path], tmp_path: Path, build: str) -> None:
    path = anew("manifest.json")
    content = json.loads(path.read_text())
    shutil.copytree(path.parent / content["build"], tmp_path / "outside")
    path.write_text(json.dumps(content | {"build": build}))
    with pytest.raises(CorpusDamaged, match="the manifest of the corpus 'animals' can't be read; build it again"):
        open_corpus("animals")


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 100_000,
        b'{"format": 2, "format": ' + b"9" * 5000 + b"}",
        b'{"dim": NaN}',
        b" " * 2**10 + b"nul",
        b"1e999",
    ],
)
def test_a_manifest_that_is_no_manifest_is_told(anew: Callable[[str], Path], content: bytes) -> None:
    anew("manifest.json").write_bytes(content)
    use("animals")
    with pytest.raises(CorpusDamaged, match="build it again"):
        read_manifest("animals")


def test_a_manifest_of_endless_names_is_told(anew: Callable[[str], Path]) -> None:
    path = anew("manifest.json")
    content = json.loads(path.read_text())
    path.write_text(json.dumps(content | {"encoder": content["encoder"] | {"model": "a" * 10_000}}))
    use("animals")
    with pytest.raises(CorpusDamaged, match="the manifest of the corpus 'animals' can't be read; build it again"):
        open_corpus("animals")


@pytest.mark.parametrize(
    "shard",
    [(0, 0, 10, 0, 10**15), (0, 0, 10**15, 0, 10), (0, 0, 10, 0, -10), (0, 0, 1e999, 0, 10), (10**15, 0, 10, 0, 10)],
)
def test_a_journal_of_huge_numbers_is_damaged_and_mended(anew: Callable[[str], Path], shard: tuple[float, ...]) -> None:
    path = anew(JOURNAL)
    plan = path.read_bytes().splitlines(keepends=True)[0]
    names = [field.name for field in fields(Shard)]
    path.write_bytes(plan + line_of(dict(zip(names, (*shard, "0" * 64, "0" * 64), strict=True))))
    use("animals")
    assert verify_corpus("animals") != []
    assert build_corpus(source_of(ANIMALS, LABELS), FakeEncoder()).n_documents == 10
    assert verify_corpus("animals") == []


@pytest.mark.parametrize(
    "plan", [{"dim": math.inf}, {"dim": 10**30}, {"documents_sha256": None}, {"n_documents": "10"}, None]
)
def test_a_plan_that_is_none_is_told(anew: Callable[[str], Path], plan: dict[str, Any] | None) -> None:
    path = anew(JOURNAL)
    first = json.loads(path.read_bytes().splitlines()[0].partition(b" ")[2])["plan"]
    path.write_bytes(line_of({"plan": plan and first | plan}))
    with pytest.raises(CorpusDamaged, match="the journal of the corpus 'animals' can't be read; build it again"):
        verify_corpus("animals")
    use("animals")


class Bomb:
    """What runs when it is unpickled."""

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, ("unpickled",)


@pytest.mark.parametrize("file", [PASSAGES, VECTORS])
def test_an_array_of_pickles_is_never_unpickled(
    anew: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    monkeypatch.chdir(tmp_path)
    content = io.BytesIO()
    np.save(content, np.array([Bomb()] * 2000, dtype=object), allow_pickle=True)
    with pytest.raises(FileExistsError):
        [pickle.loads(pickle.dumps(Bomb())) for _ in range(2)]  # noqa: S301 - it would
    os.rmdir("unpickled")
    anew(file).write_bytes(content.getvalue())
    use("animals")
    with pytest.raises(CorpusDamaged, match="do not fit its manifest|can't be read"):
        open_corpus("animals")
    assert not Path("unpickled").exists()


def test_documents_that_are_packed_are_damaged(anew: Callable[[str], Path]) -> None:
    path = anew(DOCUMENTS)
    rows = [{"doc_id": str(row), "text": "a" * 10**6, "label": None, "metadata": []} for row in range(10)]
    packed = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, DOCUMENT_SCHEMA, options=packed) as writer:
        writer.write(pa.RecordBatch.from_pylist(rows, schema=DOCUMENT_SCHEMA))
    with pytest.raises(CorpusDamaged, match="the files of the corpus 'animals' can't be read; build it again"):
        open_corpus("animals")


def test_documents_whose_texts_lie_beyond_the_file_are_damaged(anew: Callable[[str], Path]) -> None:
    path = anew(DOCUMENTS)
    offsets = np.cumsum([0, *map(len, ANIMALS)]).astype("<i8").tobytes()
    for place, beyond in ((8, 2**40), (16, -1), (80, 2**62)):
        content = path.read_bytes()
        at = content.index(offsets) + place
        path.write_bytes(content[:at] + np.int64(beyond).tobytes() + content[at + 8 :])
        with pytest.raises(CorpusDamaged, match="the files of the corpus 'animals' can't be read; build it again"):
            open_corpus("animals")
        assert build_corpus(source_of(ANIMALS, LABELS), FakeEncoder()).n_documents == 10
        path = place_of(open_corpus("animals"), DOCUMENTS)


@pytest.mark.parametrize(("dtype", "times"), [(np.int32, 2), (np.int64, 2)])  # entries, names; ids, values
def test_documents_whose_metadata_lie_beyond_the_file_are_damaged_or_work(dtype: type[np.integer], times: int) -> None:
    rows = [Document(str(row), text, (), {"k": f"{row}"}) for row, text in enumerate(ANIMALS)]
    built = build_corpus(Source("animals", SourceSpec("animals"), lambda: iter(rows)), FakeEncoder())
    path = place_of(built, DOCUMENTS)
    content, offsets = path.read_bytes(), np.arange(len(rows) + 1, dtype=dtype).tobytes()
    assert content.count(offsets) == times
    ends = [found.end() for found in re.finditer(re.escape(offsets), content)]
    for end, beyond in itertools.product(ends, (2**30, -1)):
        last = dtype(beyond).tobytes()
        path.write_bytes(content[: end - len(last)] + last + content[end:])
        use("animals")
