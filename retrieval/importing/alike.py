"""Find the documents of a corpus whose texts are those of a file but for blanks, line breaks and HTML."""

from collections.abc import Collection, Iterator

from exemplar.data.corpus.store import DocumentStore
from exemplar.data.documents import split_title
from exemplar.data.errors import ExemplarError
from exemplar.data.extras import package
from exemplar.data.texts.html import cell_text, is_html


def plain(text: str) -> str:
    """Return a text with one blank wherever there are blanks or line breaks."""
    return " ".join(text.split())


def without_html(text: str) -> str | None:
    """Return the text of HTML; None for a text that is none, and where HTML can't be read."""
    if not is_html(text):
        return None
    try:
        package("inscriptis", "web", "HTML texts")
        return cell_text(text)
    except ExemplarError:
        return None


def rows_alike(corpus: DocumentStore, texts: Collection[str], *, has_titles: bool) -> dict[str, list[int]]:
    """Return the rows of the documents that have one of some texts, by text; it reads the texts of all documents.

    Parameters
    ----------
    texts
        Full texts in the form of ``plain``.
    has_titles
        Whether the texts begin with the titles of their documents; otherwise a title may be missing.
    """
    rows: dict[str, list[int]] = {}
    beginnings = {_beginning(text) for text in texts}
    for row, title_length, full_text in _full_texts(corpus) if texts else ():
        forms = [full_text] if has_titles or not title_length else [full_text, split_title(full_text, title_length)[1]]
        for form in forms:
            if _beginning(form) in beginnings and (text := plain(form)) in texts:
                rows.setdefault(text, []).append(row)
    return rows


def _beginning(text: str) -> str:
    """Return the first word of a text, by which most texts are known to be others."""
    return next(iter(text.split(None, 1)), "")


def _full_texts(corpus: DocumentStore) -> Iterator[tuple[int, int | None, str]]:
    """Yield row, length of the title, and full text of every document."""
    documents = corpus.documents
    names = [name for name in ("title_length", "text") if name in documents.column_names]
    row = 0
    for batch in documents.select(names).to_batches():
        lengths = batch["title_length"] if "title_length" in names else [None] * len(batch)
        for title_length, text in zip(lengths, batch["text"], strict=True):  # one text at a time: some are huge
            yield row, title_length and title_length.as_py(), text.as_py()
            row += 1
