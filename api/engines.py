"""The search engines of this machine's corpora, opened once and shared by all requests."""

import threading
from collections import OrderedDict
from collections.abc import Callable

from exemplar.data.corpus.corpus import open_corpus
from exemplar.data.corpus.manifest import read_manifest
from exemplar.data.encoders.base import Encoder, EncoderInfo
from exemplar.data.encoders.quick import encoder_of
from exemplar.data.encoders.sentence_transformer import load_encoder
from exemplar.data.encoders.shared import SharedEncoder
from exemplar.retrieval.search import SearchEngine

_MOST_CORPORA, _MOST_ENCODERS = 8, 4  # that stay open


class Engines:
    """Opens engines and loads encoders, each once however many threads ask.

    Parameters
    ----------
    load
        Loads the encoder that a corpus was built with.
    """

    def __init__(self, load: Callable[[EncoderInfo], Encoder] | None = None) -> None:
        self._load = load or (lambda built: encoder_of(built, load_encoder))
        self._opening, self._loading = threading.Lock(), threading.Lock()
        self._engines: OrderedDict[tuple[object, ...], SearchEngine] = OrderedDict()
        self._encoders: OrderedDict[EncoderInfo, Encoder] = OrderedDict()

    def engine(self, name: str) -> SearchEngine:
        """Return the engine of a corpus as it is on the disk now; raises CorpusNotFound or CorpusDamaged."""
        manifest = read_manifest(name)
        key = (name, manifest.documents_sha256, manifest.encoder, manifest.corpus_id, manifest.created)
        with self._opening:
            if key not in self._engines:
                corpus = open_corpus(name, manifest.vectors)
                corpus.index_words(lambda done: None)  # takes its time where an earlier version built the corpus
                self._engines[key] = SearchEngine(corpus, self.encoder)
            self._engines.move_to_end(key)
            while len(self._engines) > _MOST_CORPORA:
                self._engines.popitem(last=False)
            return self._engines[key]

    def encoder(self, built: EncoderInfo) -> Encoder:
        """Return the encoder that a corpus was built with."""
        with self._loading:
            if built not in self._encoders:
                self._encoders[built] = SharedEncoder(self._load(built))
            self._encoders.move_to_end(built)
            while len(self._encoders) > _MOST_ENCODERS:
                self._encoders.popitem(last=False)
            return self._encoders[built]
