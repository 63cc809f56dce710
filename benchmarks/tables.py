"""Make the tables of README.md and docs/ from the JSON files of the benchmarks.

``python -m benchmarks.tables NAME FILE`` prints them; NAME is the benchmark: app, classifier, encoder, load, quick,
reading, scale, screening, svm.
"""

import json
import sys
from pathlib import Path
from typing import Any

from exemplar.retrieval.evaluation.protocols import TITLES as END_TITLES
from exemplar.retrieval.rankers import TITLES

_LOAD_TITLES = {
    "mark": "a mark, to the new ranking",
    "search": "a search, to its ranking",
    "first search": "the first search of a session, which waits for the model",
}


def markdown(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Return a table in Markdown."""
    return "".join(f"| {' | '.join(cells)} |\n" for cells in (header, ("---",) * len(header), *rows))


def app(result: dict[str, Any]) -> str:
    """Return the README's table of the page's times."""
    header = (
        *("documents", "a mark is seen", "both lists are the new ones, median", "slowest", "the engine's part, median"),
        *("a new query, median", "messages of a mark", "their size"),
    )
    rows = [
        (
            f"{corpus['documents']:,}",
            f"{corpus['seen_ms']['median']:.0f} ms",
            f"{corpus['page_ms']['median']:.0f} ms",
            f"{corpus['page_ms']['slowest']:.0f} ms",
            f"{corpus['engine_ms']['median']:.0f} ms",
            f"{corpus['query_ms']['median']:.0f} ms",
            f"{corpus['messages']['median']:.0f}",
            f"{corpus['kilobytes']['median']:.1f} KB",
        )
        for corpus in result["corpora"]
    ]
    first = result["corpora"][0]
    return (
        markdown(header, rows)
        + f"\nFirst page: {result['first_page_seconds']['median']:.1f} s. At 1440 x 900 pixels a list has "
        + f"{first['whole_rows']} whole rows, and the page {first['elements']} elements.\n"
    )


def classifier(result: dict[str, Any]) -> str:
    """Return the table of docs/python.md: the estimator's fits against LinearSVC's."""
    header = ("rows", "weight of the loss", "ExemplarClassifier", "LinearSVC", "times faster", "same first ten")
    rows = [
        (
            f"{measured['rows']:,}",
            case["case"],
            f"{case['ms']:,.0f} ms",
            f"{case['linear_svc_ms']:,.0f} ms",
            f"{case['times_faster']:.1f}",
            f"{case['same_first_ten']} of {measured['queries']} queries",
        )
        for measured in result["rows"]
        for case in measured["cases"]
    ]
    return markdown(header, rows)


def encoder(result: dict[str, Any]) -> str:
    """Return the README's tables of embedding and, if the benchmark built a corpus, of building."""
    return _encoder_rates(result) + ("\n" + _encoder_build(result["build"]) if result["build"] else "")


def _encoder_rates(result: dict[str, Any]) -> str:
    precision = result["precision"]
    header = (
        *("texts", "tokens each", "plain float32"),
        *(f"torch, {precision['torch']}", "worst cosine"),
        *(f"OpenVINO, {precision['openvino']}", "worst cosine"),
    )
    rows = [
        (
            f"{texts['documents']:,} {name}",
            f"{texts['tokens_a_document']:.0f}",
            f"{texts['plain']['documents_a_second']:.0f} documents/s",
            *_encoder_backend(texts["torch"]),
            *_encoder_backend(texts["openvino"]),
        )
        for name, texts in result["texts"].items()
    ]
    return markdown(header, rows)


def _encoder_backend(figures: dict[str, float]) -> tuple[str, str]:
    rate = f"{figures['documents_a_second']:.0f} documents/s, {figures['times_plain']:.1f} x"
    return rate, f"{figures['worst_cosine']:.6f}"


def _encoder_build(build: dict[str, Any]) -> str:
    first, *_, last = build["peak_mb_by_quarter"]
    row = (
        f"IMDB train, {build['documents']:,} documents",
        f"{build['passages']:,}",
        f"{build['seconds'] / 60:.0f} min",
        f"{build['documents_a_second']:.0f} documents/s, {build['passages_a_second']:.0f} passages/s",
        f"{first:,.0f} MB, {last:,.0f} MB",
    )
    header = ("build", "passages", "time", "rate", "peak memory in the first and last quarter of the documents")
    return markdown(header, [row])


def load(result: dict[str, Any]) -> str:
    """Return the tables of docs/reliability.md: times under load, and errors, losses and memory."""
    return _load_times(result) + "\n" + _load_outcome(result)


def _load_times(result: dict[str, Any]) -> str:
    rows = [
        (title, f"{times['n']:,}", *(f"{times[name]:,.0f} ms" for name in ("p50_ms", "p95_ms", "slowest_ms")))
        for name, title in _LOAD_TITLES.items()
        if (times := result["took"][name])["n"]
    ]
    title = f"{result['sessions']} sessions, {result['documents']:,} documents, {result['cores']} cores"
    return markdown((title, "times", "median", "95th percentile", "slowest"), rows)


def _load_outcome(result: dict[str, Any]) -> str:
    memory = result["memory_mb"]
    grown = f"{memory['at_half']:,} MB, {memory['at_end']:,} MB" if memory else "not known here"
    half = f"{result['seconds'] / 2:.0f} s and after {result['seconds']:.0f} s"
    row = (f"{result['clicks']:,}", f"{len(result['errors'])}", f"{len(result['lost_or_mixed'])}", grown)
    return markdown(("clicks", "errors", "lost or mixed", f"memory after {half}"), [row])


def quick(result: dict[str, Any]) -> str:
    """Return the tables of the stages' seconds and of how well the rankings are by either kind of vectors."""
    return _quick_stages(result) + "\n" + _quick_quality(result["quality"])


def _quick_stages(result: dict[str, Any]) -> str:
    header = ("texts", "searched by words", "by quick vectors, too", "a search from the command", "memory", "on disk")
    rows = [
        (
            f"{build['texts']:,} {name}",
            f"{build['seconds_to_words']:.0f} s",
            f"{build['seconds_to_quick_vectors']:.0f} s",
            f"{build['seconds_of_a_search_command']:.1f} s",
            f"{build['peak_megabytes']:,.0f} MB",
            f"{build['megabytes']:,.0f} MB",
        )
        for name, build in (("reviews", result["reviews"]), ("texts of 30 words", result["short_texts"]))
    ]
    encoding, cutting = result["encoding"], result["cutting"]
    facts = (
        f"To distil the model takes {result['distillation_seconds']:.0f} s once. The quick encoder is "
        f"{encoding['ratio']:.0f} times as fast as the model. To cut {cutting['texts']:,} reviews into passages takes "
        f"{cutting['seconds']:.1f} s, of which the tokenizer takes {cutting['seconds_of_the_tokenizer']:.1f} s.\n"
    )
    return markdown(header, rows) + "\n" + facts


def _quick_quality(quality: dict[str, Any]) -> str:
    header = ("mean nDCG@10", "quick vectors", "full vectors")
    names = {"knn": "kNN", "rocchio-words": "Rocchio with words", "anchored": "Anchored SVM"}
    rows = [
        (
            f"{protocol}, {name}",
            *(f"{quality['means'][f'{protocol} {kind} {ranker}']:.3f}" for kind in ("quick", "full")),
        )
        for protocol in ("first query", "shared marks")
        for ranker, name in names.items()
    ]
    gains = "".join(
        f"- {name}: {gain['mean']:+.1%} [{gain['low']:+.1%}, {gain['high']:+.1%}]\n"
        for name, gain in quality["gains"].items()
    )
    return markdown(header, rows) + "\n" + gains


def reading(result: dict[str, Any]) -> str:
    """Return the tables of docs/reading.md: rows a second against plain libraries, and the peak of memory by size."""
    speed = [
        (name, f"{figures['rows_a_second']:,}", f"{figures['times_plain']:.1f}", f"{figures['times_before']:.2f}")
        if "times_before" in figures
        else (name, f"{figures['rows_a_second']:,}", f"{figures['times_plain']:.1f}", "")
        for name, figures in result["speed"].items()
    ]
    sizes = list(next(iter(result["memory"].values()))["peak_mb"])
    memory = [
        (name, *(f"{figures['peak_mb'][size]:.0f} MB" for size in sizes), f"{figures['more_mb']:.1f} MB")
        for name, figures in result["memory"].items()
    ]
    header = ("format", "rows a second", "times the plain library's time", "times the time of the version before")
    peaks = ("format", *(f"peak at {size}" for size in sizes), "more")
    return markdown(header, speed) + "\n" + markdown(peaks, memory)


def scale(result: dict[str, Any]) -> str:
    """Return the tables of docs/scale.md: building on Ray, search through Milvus, approximate indexes."""
    return f"{_scale_build(result['build'])}\n{_scale_search(result['search'])}\n{_scale_indexes(result['search'])}"


def _scale_build(build: dict[str, Any]) -> str:
    header = (f"building {build['documents']:,} reviews", "documents a second", "against here", "until it starts")
    rows = [
        (way, f"{rate['documents_a_second']:.0f}", f"{rate['times_here']:.1f}x", f"{rate['seconds_to_start']:.0f} s")
        for way, rate in build["ways"].items()
    ]
    return markdown(header, rows)


def _scale_search(search: dict[str, Any]) -> str:
    header = ("passages", "ranker", "through Milvus Lite", "in memory", "top-k queries", "same first 50")
    rows = [
        (
            f"{corpus['passages']:,}",
            TITLES[ranker],
            f"{figures['milvus_ms']:,} ms",
            f"{figures['memory_ms']:,.0f} ms",
            f"{figures['top_k_queries']:.0f}",
            f"{figures['same_top_50']} of {search['queries']}",
        )
        for corpus in search["corpora"]
        for ranker, figures in corpus["indexes"][0]["rankers"].items()
    ]
    return markdown(header, rows)


def _scale_indexes(search: dict[str, Any]) -> str:
    rankers = search["corpora"][0]["indexes"][0]["rankers"]
    recalls = (f"recall@10, {TITLES[ranker]}" for ranker in rankers)
    header = ("index", "passages", "push", "bytes a passage", *recalls)
    rows = [
        (
            index["index"],
            f"{corpus['passages']:,}",
            f"{index['seconds_to_push']:.0f} s",
            f"{index['bytes_a_passage']:,}",
            *(f"{index['rankers'][ranker]['recall_at_10']:.3f}" for ranker in rankers),
        )
        for corpus in search["corpora"]
        for index in corpus["indexes"]
    ]
    return markdown(header, rows)


def screening(result: dict[str, Any]) -> str:
    """Return the tables of docs/to-the-end.md: means over the screens, and the loss on every screen."""
    return _screening_means(result) + "\n" + _screening_losses(result)


def _screening_means(result: dict[str, Any]) -> str:
    metrics = list(result["mean"][0]["metrics"])
    title = f"mean of {len(result['screens'])} screens, {result['seeds']} seeds"
    rows = [
        (
            _screening_reader(of_reader, result),
            f"{of_reader['metrics'][metrics[0]]['mean']:.3f}",
            _screening_ratio(of_reader["metrics"][metrics[0]].get("ratio")),
            *(f"{of_reader['metrics'][metric]['mean']:.3f}" for metric in metrics[1:]),
        )
        for of_reader in result["mean"]
    ]
    return markdown((title, metrics[0], "times ASReview's, one at a time", *metrics[1:]), rows)


def _screening_losses(result: dict[str, Any]) -> str:
    by_reader = zip(*result["screens"].values(), strict=True)
    rows = [
        (_screening_reader(of_screens[0], result), *(f"{of['metrics']['loss']['mean']:.3f}" for of in of_screens))
        for of_screens in by_reader
    ]
    return markdown(("loss", *(name.removeprefix("screen_") for name in result["screens"])), rows)


def _screening_reader(of_reader: dict[str, Any], result: dict[str, Any]) -> str:
    reader = of_reader["reader"]
    title = f"ASReview {result['versions']['asreview']}" if reader == "asreview" else END_TITLES[reader]
    start = "" if of_reader["known"] else ", from the title alone"
    return f"{title}, {'one' if of_reader['page'] == 1 else of_reader['page']} at a time{start}"


def _screening_ratio(ratio: dict[str, float] | None) -> str:
    if ratio is None:
        return ""
    interval = "" if ratio["low"] is None else f" [{ratio['low']:.2f}, {ratio['high']:.2f}]"
    return f"{ratio['mean']:.2f}{interval}"


def svm(result: dict[str, Any]) -> str:
    """Return the README's tables of the SVM: against LinearSVC, and settled against exact."""
    return _svm_times(result) + "\n" + _svm_settled(result)


def _svm_times(result: dict[str, Any]) -> str:
    header = (
        *("rows", "one kNN query", "LinearSVC, T = 50", "settled", "exact"),
        *("LinearSVC, its C = 0.1", "exact", "memory", "LinearSVC's"),
    )
    return markdown(header, [_svm_row(size) for size in result["rows"]])


def _svm_row(size: dict[str, Any]) -> tuple[str, ...]:
    _, usual, own = size["cases"]
    return (
        f"{size['rows']:,}",
        _milliseconds(usual["knn_ms"]),
        _milliseconds(usual["linear_svc_ms"]),
        _svm_method(usual["settled"]),
        _svm_method(usual["exact"]),
        _milliseconds(own["linear_svc_ms"]),
        _svm_method(own["exact"]),
        _megabytes(size["memory"]["exact, LinearSVC's C = 0.1"]),
        _megabytes(size["memory"]["linear_svc, T = 50"]),
    )


def _svm_settled(result: dict[str, Any]) -> str:
    cases = result["settled_against_exact"]
    rows = [
        (
            f"{case['corpus']} ({case['rows']:,} rows)",
            case["case"],
            f"{case['top_10_identical_in_order']:.0%}",
            f"{case['overlap@100']:.2%}",
            f"{case['overlap@1000']:.2%}",
        )
        for case in cases
    ]
    title = f"settled against exact, {cases[0]['queries']} queries"
    return markdown((title, "", "same ten, same order", "of the top 100", "of 1,000"), rows)


def _svm_method(method: dict[str, Any]) -> str:
    faster = method["times_faster_than_linear_svc"]
    return f"{_milliseconds(method['ms'])}, {f'{faster:.0f} x, ' if faster else ''}{method['scans']:.1f} scans"


def _milliseconds(ms: float | None) -> str:
    if ms is None:
        return "over two minutes"
    return f"{ms / 1000:.1f} s" if ms >= 1000 else f"{ms:.0f} ms" if ms >= 10 else f"{ms:.1f} ms"


def _megabytes(memory: dict[str, Any] | None) -> str:
    if memory is None or memory["peak_mb"] is None:
        return "not measured"
    return f"{memory['peak_mb'] / 1000:.1f} GB" if memory["peak_mb"] >= 1000 else f"{memory['peak_mb']:.0f} MB"


TABLES = {
    "app": app,
    "classifier": classifier,
    "encoder": encoder,
    "load": load,
    "quick": quick,
    "reading": reading,
    "scale": scale,
    "screening": screening,
    "svm": svm,
}


def main(arguments: list[str]) -> None:
    """Print the tables of one benchmark."""
    if len(arguments) != 2 or arguments[0] not in TABLES:
        sys.exit(f"usage: python -m benchmarks.tables {{{','.join(TABLES)}}} FILE")
    name, path = arguments
    sys.stdout.write(TABLES[name](json.loads(Path(path).read_text())))


if __name__ == "__main__":
    main(sys.argv[1:])
