"""Static embeddings, such as model2vec's: they name no limit, but their tokenizer has one, and texts may be empty."""

from pathlib import Path

import numpy as np
import pytest

from exemplar.data.building.build import build_corpus
from exemplar.data.building.progress import BuildEvent
from exemplar.data.corpus.corpus import Corpus
from exemplar.data.corpus.unknown_texts import UNKNOWN
from exemplar.data.documents import Problem
from exemplar.data.encoders.base import unknown_vector
from exemplar.data.encoders.passages import split
from exemplar.data.encoders.sentence_transformer import SentenceEncoder, load_encoder
from exemplar.data.errors import ExemplarError
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.search import SearchEngine
from tests.support.corpora import files_of, source_of
from tests.support.static_model import LIMIT, write_static_model

pytestmark = pytest.mark.model

NOTHING = "\u200b \u200b"  # blanks of no width, which tokenizers drop
WORDS = ["other", "cat", "dog", "rain", "sun", "."]
CATS = "cat . " * LIMIT  # twice as many tokens as the tokenizer keeps
TEXTS = ["cat", NOTHING, "dog", CATS + NOTHING * 2000]


@pytest.fixture(scope="module")
def static(tmp_path_factory: pytest.TempPathFactory) -> SentenceEncoder:
    return load_encoder(write_static_model(tmp_path_factory.mktemp("model") / "static", WORDS), precision="float32")


def test_passages_fit_what_the_tokenizer_of_the_model_keeps(static: SentenceEncoder) -> None:
    assert static.info.max_tokens == LIMIT
    [spans] = split([CATS + "dog " * 9], static)
    assert len(spans) > 2
    passages = [(CATS + "dog " * 9)[start:end] for start, end in spans]
    read = static._transformer.preprocess(passages)["input_ids"]
    assert len(read) == sum(len(passage.split()) for passage in passages)


def test_a_word_after_the_limit_counts(static: SentenceEncoder) -> None:
    corpus = build_corpus(source_of([CATS, CATS + "dog " * 99, "sun"]), static)
    best = SearchEngine(corpus, lambda built: static).search("dog", Feedback(), k=3).results[0]
    assert best.doc_id == "1"


def test_a_long_query_is_read_to_its_end(static: SentenceEncoder) -> None:
    corpus = build_corpus(source_of(["cat", "dog", "sun"]), static)
    engine = SearchEngine(corpus, lambda built: static)
    assert engine.search("cat " * LIMIT + "dog " * 9 * LIMIT, Feedback(), k=1).results[0].doc_id == "1"


def test_vectors_are_those_of_sentence_transformers(static: SentenceEncoder) -> None:
    texts = ["cat dog", CATS, "rain . sun"]
    np.testing.assert_allclose(static.encode_documents(texts), static._transformer.encode(texts), atol=1e-6)
    static.token_spans(texts)  # which must not leave the tokenizer without its limit
    np.testing.assert_allclose(static.encode_documents(texts), static._transformer.encode(texts), atol=1e-6)


def test_a_tokenizer_without_a_limit_has_none(tmp_path: Path) -> None:
    encoder = load_encoder(write_static_model(tmp_path / "model", WORDS, limit=None), precision="float32")
    assert encoder.info.max_tokens is None
    assert split([CATS], encoder) == [[(0, len(CATS))]]
    long = encoder.encode_documents(["cat " * LIMIT + "dog " * LIMIT])
    np.testing.assert_allclose(long, encoder.encode_documents(["cat dog"]), atol=1e-5)


def test_a_text_without_known_tokens_has_the_vector_of_all_such_texts(static: SentenceEncoder) -> None:
    rows = static.encode_documents([NOTHING, "cat", "\x00 \x01"])
    np.testing.assert_array_equal(rows[0], unknown_vector(32))
    np.testing.assert_array_equal(rows[2], rows[0])
    np.testing.assert_array_equal(static.encode_documents(["\x00"])[0], rows[0])
    np.testing.assert_array_equal(rows[1], static.encode_documents(["cat"])[0])
    assert np.linalg.norm(rows, axis=1) == pytest.approx([1, 1, 1])


def build(static: SentenceEncoder, texts: list[str], **options: bool) -> tuple[Corpus, list[Problem]]:
    events: list[BuildEvent] = []
    corpus = build_corpus(source_of(texts), static, on_event=events.append, **options)
    return corpus, [event for event in events if isinstance(event, Problem)]


def test_a_text_without_known_tokens_is_kept_and_named(static: SentenceEncoder) -> None:
    corpus, problems = build(static, TEXTS)
    assert problems == [Problem("document '1'", UNKNOWN, left_out=False)]
    assert corpus.manifest.problems == {UNKNOWN: 1}
    again, problems = build(static, TEXTS)
    assert problems == [Problem("document '1'", UNKNOWN, left_out=False)]  # though nothing is embedded
    assert again.manifest == corpus.manifest
    assert files_of(again) == files_of(corpus)


def test_a_text_without_known_tokens_ranks_behind_what_is_similar(static: SentenceEncoder) -> None:
    corpus, _ = build(static, [NOTHING, "cat cat dog", "dog sun", "cat"])
    engine = SearchEngine(corpus, lambda built: static)
    ranked = [result.doc_id for result in engine.search("cat", Feedback(), k=4).results]
    assert ranked[:2] == ["3", "1"]
    marked = Feedback(positives=("0",), negatives=("2",))
    for ranker in ("knn", "svm", "anchored"):
        assert len(engine.search("cat", marked, ranker=ranker, k=4).results) == 4


def test_a_strict_build_ends_at_such_a_text(static: SentenceEncoder) -> None:
    with pytest.raises(ExemplarError, match=f"document '1': {UNKNOWN}"):
        build(static, ["cat", NOTHING], strict=True)


def test_a_query_without_known_tokens_is_refused(static: SentenceEncoder) -> None:
    with pytest.raises(ExemplarError, match="knows nothing in this query: use other words"):
        static.encode_query(NOTHING)


def test_numbers_that_are_not_finite_are_refused_with_the_text(tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    folder = Path(write_static_model(tmp_path / "model", WORDS))
    weights = load_file(folder / "model.safetensors")["embeddings"].copy()
    weights[2] = np.nan
    save_file({"embeddings": weights}, folder / "model.safetensors")
    encoder = load_encoder(str(folder), precision="float32")
    with pytest.raises(ExemplarError, match="not finite for 'a dog'"):
        encoder.encode_documents(["cat", "a dog"])


def test_a_network_that_fails_on_a_batch_without_tokens_is_spared_it(tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.WordLevel({"[PAD]": 0, "cat": 1}, unk_token="cat"))  # noqa: S106
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]", model_max_length=64)  # noqa: S106
    fast.save_pretrained(tmp_path / "bert")
    sizes = {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1}
    BertModel(BertConfig(vocab_size=2, **sizes)).save_pretrained(tmp_path / "bert")
    modules = [Transformer(str(tmp_path / "bert")), Pooling(8, pooling_mode="mean")]
    SentenceTransformer(modules=modules, device="cpu").save(str(tmp_path / "model"))
    encoder = load_encoder(str(tmp_path / "model"), precision="float32")
    np.testing.assert_array_equal(encoder.encode_documents([NOTHING])[0], unknown_vector(8))
    np.testing.assert_array_equal(encoder.encode_documents(["cat", NOTHING])[1], unknown_vector(8))


def test_what_the_libraries_of_a_model_raise_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = load_encoder(write_static_model(tmp_path / "model", WORDS), precision="float32")

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("CUDA out of memory.\nTried to allocate 9 bytes")

    with monkeypatch.context() as patched:
        patched.setattr(type(encoder._transformer), "forward", fail)
        with pytest.raises(ExemplarError, match=r"the model fails: CUDA out of memory. Tried to allocate 9 bytes"):
            encoder.encode_documents(["cat"])
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel

    lacking = Tokenizer(WordLevel({"cat": 0}, unk_token="[UNK]"))  # noqa: S106
    encoder._transformer[0].tokenizer = lacking
    for work in (encoder.encode_documents, encoder.token_spans):
        with pytest.raises(ExemplarError, match="the model fails: WordLevel error: Missing .UNK. token"):
            work(["dog"])


def test_a_fault_in_an_encoder_stays_a_fault(static: SentenceEncoder) -> None:
    with pytest.raises(TypeError):
        static.encode_documents([3])  # type: ignore[list-item]


def test_openvino_says_that_it_runs_networks_alone(tmp_path: Path) -> None:
    folder = write_static_model(tmp_path / "model", WORDS)
    with pytest.raises(ExemplarError, match=r"OpenVINO can't run this model \(it is no network of transformers\)"):
        load_encoder(folder, backend="openvino")
    assert load_encoder(folder, precision="float32", backend="auto").info.backend == "torch"
