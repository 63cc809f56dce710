import pytest

from exemplar.data.building.build import build_corpus
from exemplar.data.corpus.corpus import open_corpus
from exemplar.data.errors import NoQuickEncoder
from exemplar.retrieval.search import SearchEngine
from tests.support.corpora import ANIMALS, LABELS, source_of
from tests.support.fake_encoder import FakeEncoder, not_distilled


@pytest.fixture
def words_alone(encoder: FakeEncoder) -> SearchEngine:
    """The animals while they have words and no vectors."""
    with pytest.raises(NoQuickEncoder):
        build_corpus(source_of(ANIMALS, LABELS), encoder, quick=lambda: not_distilled("fake"), until="quick")
    return SearchEngine(open_corpus("animals"), lambda *_: encoder)
