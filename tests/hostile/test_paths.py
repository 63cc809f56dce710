"""Links, pipes and names that are made to lead elsewhere: nothing is written there, and nothing waits."""

import os
import shutil
from pathlib import Path

import pytest

from exemplar.data.building.build import build_corpus
from exemplar.data.building.uploads import save_upload
from exemplar.data.corpus.catalog import corpus_status, remove_corpus, verify_corpus
from exemplar.data.corpus.corpus import Corpus, open_corpus
from exemplar.data.corpus.manifest import corpus_folder
from exemplar.data.corpus.source_rows import source_rows
from exemplar.data.documents import Document
from exemplar.data.errors import CorpusDamaged
from exemplar.data.sources.spec import Source, SourceSpec
from tests.support.corpora import ANIMALS, source_of
from tests.support.damage import FILES, WORDS_FILES, place_of, told, tree, use
from tests.support.fake_encoder import FakeEncoder


@pytest.mark.skipif(os.name == "nt", reason="has no pipes with names")
@pytest.mark.parametrize("file", FILES)
def test_a_pipe_in_place_of_a_file_is_told_at_once(animals: Corpus, file: str) -> None:
    path = place_of(animals, file)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(CorpusDamaged, match="build it again"):
        list(source_rows(open_corpus("animals").manifest))
    use("animals")


@pytest.mark.skipif(os.name == "nt", reason="has no pipes with names")
@pytest.mark.parametrize("file", WORDS_FILES)
def test_a_pipe_among_the_words_is_replaced_at_once(animals: Corpus, file: str) -> None:
    path = place_of(animals, file)
    path.unlink()
    os.mkfifo(path)
    use("animals")
    assert path.is_file()


@pytest.mark.parametrize("file", [*FILES, *WORDS_FILES, "words", "build.lock", "documents.new", "build-0", "."])
def test_a_link_is_never_written_through_and_what_it_leads_to_stays(animals: Corpus, tmp_path: Path, file: str) -> None:
    of_build = file in (*FILES, *WORDS_FILES, "words")
    path = place_of(animals, file) if of_build else Path(os.path.normpath(corpus_folder("animals") / file))
    outside = tmp_path / "outside"
    if path.exists():
        shutil.move(path, outside)
    else:
        outside.mkdir()
        (outside / "x.tmp").write_text("mine")
    path.symlink_to(outside)
    before = tree(outside) if outside.is_dir() else outside.read_bytes()
    assert open_corpus("animals").n_documents == 10
    with pytest.raises(ValueError, match="the corpus 'animals' can be searched, but not built: .* is a link; remove"):
        build_corpus(source_of(ANIMALS[:3]), FakeEncoder(), replace=True)
    remove_corpus("animals")
    assert not os.path.lexists(corpus_folder("animals"))
    assert before == (tree(outside) if outside.is_dir() else outside.read_bytes())


@pytest.mark.parametrize(
    "name", ["../x", "a/b", "/x/y", "nul\0", "..", "", "x" * 300, ".hidden", "\ud800", "a\\b", "CON", "aux.csv"]
)
def test_names_and_ids_like_paths_write_nothing_elsewhere(home: Path, tmp_path: Path, name: str) -> None:
    documents = [Document(name or "empty", "a text"), Document("../../../up", "another")]
    if name != "\ud800":
        build_corpus(Source("plain", SourceSpec(name), lambda: iter(documents)), FakeEncoder())
        assert open_corpus("plain").document(0).doc_id == (name or "empty")
    for use_name in (open_corpus, remove_corpus, verify_corpus, corpus_status):
        with pytest.raises(ValueError, match="can't be the name of a corpus|there is no corpus named"):
            use_name(name)
    with told():
        build_corpus(source_of(ANIMALS, name=name), FakeEncoder())
    kept = save_upload(name, b"text\na\n")
    assert kept.is_relative_to(home / "uploads")
    assert [path.name for path in tmp_path.iterdir()] == [home.name]
    assert [path.name for path in home.iterdir()] in (["corpora", "uploads"], ["uploads", "corpora"], ["uploads"])
