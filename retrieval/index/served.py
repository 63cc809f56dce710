"""Open a corpus that was pushed to Milvus."""

from exemplar.data.milvus.corpus import MilvusCorpus
from exemplar.data.milvus.server import Server
from exemplar.data.milvus.words import WORDS, MilvusTerms, WordsFacts
from exemplar.data.words.analysis import analysis_version
from exemplar.retrieval.index.milvus import MilvusIndex
from exemplar.retrieval.index.milvus_words import MilvusWords


def open_served(uri: str, name: str) -> tuple[MilvusCorpus, MilvusIndex, MilvusWords | None]:
    """Return a corpus in Milvus, its index, and its words; None for the words if they are not of this version.

    Raises
    ------
    ExemplarError
        The address is invalid, or the extra packages are missing.
    CorpusNotFound
        Milvus does not have the corpus.
    IndexUnreachable
        The server does not answer.
    """
    server = Server(uri)
    collection = server.collection(name)
    index = MilvusIndex(collection)
    facts = WordsFacts.from_json(collection.properties.get(WORDS, ""))
    words = None
    if facts and facts.analysis == analysis_version() and "terms" in collection.fields:
        words = MilvusWords(collection, index, MilvusTerms(server, collection.name), facts)
    return MilvusCorpus(collection), index, words
