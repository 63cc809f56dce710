import base64
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from exemplar.data.corpus.corpus import Corpus
from exemplar.data.errors import ExemplarError
from exemplar.retrieval.saved_search.file import (
    MOST_BYTES,
    bytes_of,
    read_saved_search,
    saved_search_of,
    write_saved_search,
)
from exemplar.retrieval.saved_search.making import saved_search
from exemplar.retrieval.saved_search.saved import SavedSearch
from exemplar.retrieval.search import SearchEngine
from exemplar.retrieval.sessions.events import DocumentQueried, NotesAdded, Queried
from tests.retrieval.saved_search.test_applying import saved_on, session_on
from tests.support.fake_encoder import FakeEncoder


@pytest.fixture
def saved(animals: Corpus, encoder: FakeEncoder) -> SavedSearch:
    more = DocumentQueried("2", animals.text_hashes([2])[0])
    notes = NotesAdded({"0": "sleeps \N{CAT FACE}\n\ud800"}, {"5": "wrong kind"})
    return replace(saved_on(animals, encoder, more, Queried("pets", added=True), notes), threshold=0.25)


def test_a_file_gives_the_same_search_again(saved: SavedSearch, tmp_path: Path) -> None:
    path = tmp_path / "cats.json"
    write_saved_search(saved, path)
    read = read_saved_search(path)

    cleaned = replace(saved.marks[0], note="sleeps \N{CAT FACE}\n\N{REPLACEMENT CHARACTER}")
    assert read == replace(saved, marks=(cleaned, *saved.marks[1:]))
    assert read.query == "pets"
    assert read.earlier[0].text == "the kitten drinks milk"  # type: ignore[union-attr]
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[1:3] == ['  "exemplar_saved_search": 1,', '  "title": "cats",']
    assert sum(line.startswith('    {"mark": ') for line in lines) == 4
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cats.json", "home"]


def test_vectors_are_read_as_they_were_written(animals: Corpus, encoder: FakeEncoder) -> None:
    saved = with_vectors(animals, encoder)
    content = bytes_of(saved)
    assert saved_search_of(content) == saved
    lines = [line for line in content.decode().splitlines() if line.startswith('    {"of": ')]
    assert [json.loads(line.rstrip(","))["of"] for line in lines] == ["query", "text", "text", "text", "text"]


HOSTILE_VECTORS: list[tuple[Any, str]] = [
    ("AAAA!", "the vectors of the text x: "),
    ("", "the vectors of the text x: they have 0 bytes, and each of 64 dimensions has 256"),
    ("AAAA", "the vectors of the text x: they have 3 bytes, and each of 64 dimensions has 256"),
    (base64.b64encode(bytes(256)).decode(), "the vectors of the text x: row 0 is a zero or non-finite vector"),
    (base64.b64encode(b"\xff" * 256).decode(), "the vectors of the text x: row 0 is a zero or non-finite vector"),
    (base64.b64encode(b"\0\0\x80\x3f" * 64).decode(), "the vectors of the text x: they have not the length 1"),
    (7, "vectors[1].float32: 7 is not of type 'string'"),
]


@pytest.mark.parametrize(("vectors", "message"), HOSTILE_VECTORS)
def test_hostile_vectors_are_refused_in_a_sentence(
    animals: Corpus, encoder: FakeEncoder, vectors: Any, message: str
) -> None:
    content = json.loads(bytes_of(with_vectors(animals, encoder)))
    content["vectors"][1]["float32"] = vectors
    message = message.replace(" x:", f" {content['vectors'][1]['text_hash']}:")
    with pytest.raises(ExemplarError, match=re.escape(f"does not hold a saved search: {message}")):
        saved_search_of(json.dumps(content).encode())


def with_vectors(corpus: Corpus, encoder: FakeEncoder) -> SavedSearch:
    return saved_search(session_on(corpus), SearchEngine(corpus, lambda *_: encoder), dict, "cats", with_vectors=True)


def test_what_could_not_be_read_again_is_not_written(saved: SavedSearch, tmp_path: Path) -> None:
    path = tmp_path / "cats.json"
    with pytest.raises(ExemplarError, match="could not be read again from a file: title: 'xxx"):
        write_saved_search(replace(saved, title="x" * 5000), path)
    assert not path.exists()


def changed(*keys: Any, to: Any) -> Callable[[Any], None]:
    def change(content: Any) -> None:
        for key in keys[:-1]:
            content = content[key]
        content[keys[-1]] = to

    return change


HOSTILE: list[tuple[Callable[[Any], None], str]] = [
    (changed("exemplar_saved_search", to=2), "it is of format 2, and this version reads 1"),
    (changed("exemplar_saved_search", to=True), "exemplar_saved_search"),
    (changed("path", to="/etc/passwd"), "Additional properties are not allowed ('path' was unexpected)"),
    (changed("title", to=7), "title: 7 is not of type 'string'"),
    (changed("query", to=""), "query: '' should be non-empty"),
    (changed("ranker", to="os.system"), "ranker: 'os.system' is not one of ['knn'"),
    (changed("marks", 1, "mark", to="maybe"), "marks[1].mark: 'maybe' is not one of"),
    (changed("marks", 1, "text_hash", to="../../../../../x"), "marks[1].text_hash: "),
    (lambda content: content["marks"].append(content["marks"][0]), "it marks a text twice"),
    (changed("marks", 1, "doc_id", to="0"), "it marks an id twice"),
    (changed("weights", "w", 3, to="0.5"), "weights.w[3]: '0.5' is not of type 'number'"),
    (changed("weights", "w", 3, to=1e300), "weights.w[3]: 1e+300 is greater than the maximum of"),
    (changed("weights", "w", to=[0.5]), "it has 1 weights for vectors of 64 dimensions"),
    (changed("weights", "b", to=10**400), "weights.b: "),
    (changed("words", "language", to="xx"), "it has words of an unknown language 'xx'"),
    (changed("words", "mean_n_words", to=0), "words.mean_n_words: 0 is less than or equal to the minimum of 0"),
    (changed("words", "terms", "cat", to=[1]), "words.terms.cat: [1] is too short"),
    (changed("words", "terms", "cat", to=[-1, 1]), "words.terms.cat[0]: -1 is less than the minimum of 0"),
    (changed("words", "terms", "cat", to=[1e5, 1]), "words.terms.cat[0]: 100000.0 is greater than the maximum of"),
    (changed("encoder", "dim", to=-1), "the dim of an encoder can't be -1"),
    (changed("encoder", "model", to="\ud800"), "it holds text that is not Unicode"),
    (changed("settings", "rankers", to=[]), "these are not settings of a search"),
    (changed("filters", to={}), "these are not filters"),
    (changed("threshold", to="0"), "threshold: '0' is not of type 'number', 'null'"),
]


@pytest.mark.parametrize(("change", "message"), HOSTILE)
def test_a_hostile_file_is_refused_in_a_sentence(saved: SavedSearch, change: Any, message: str) -> None:
    content = json.loads(bytes_of(saved))
    change(content)

    with pytest.raises(ExemplarError, match=re.escape(f"cats.json does not hold a saved search: {message}")):
        saved_search_of(json.dumps(content).encode(), "cats.json")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "does not hold a saved search: it is no JSON (line 1, column 1)"),
        (b"\xff\xfe\x00", "does not hold a saved search"),
        (b"[]", "it has no 'exemplar_saved_search' at its top"),
        (b'{"exemplar_saved_search": 1, "weights": NaN}', "NaN is no number"),
        (b"[" * 200_000, "it is nested too deeply"),
        (b" " * (MOST_BYTES + 1), "is larger than 67 MB, which no saved search is"),
    ],
)
def test_other_content_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(ExemplarError, match=re.escape(message)):
        saved_search_of(content)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExemplarError, match="the saved search can't be read: .*none.json"):
        read_saved_search(tmp_path / "none.json")
