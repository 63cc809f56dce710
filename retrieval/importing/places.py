"""Where the rows of a file of marks stand in a corpus: by hash, by text, by DOI or PubMed id, and by id, in this order.

A mark is never put on another text than the one that it was made on, unless both are of one paper by its identifier.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from exemplar.data.corpus.store import DocumentStore
from exemplar.data.errors import ExemplarError
from exemplar.data.files.values import id_text
from exemplar.data.tabular.formulas import unescape_formula
from exemplar.retrieval.importing.alike import plain, rows_alike, without_html
from exemplar.retrieval.importing.identifiers import KINDS, TITLES, Kind, rows_by_identifier
from exemplar.retrieval.importing.mark_rows import MarkRow
from exemplar.retrieval.importing.marks_file import MarkFile
from exemplar.retrieval.importing.spreadsheet_ids import is_shown_number, keeps_zeros, numbered_ids
from exemplar.retrieval.sessions.identity import id_aside
from exemplar.retrieval.sessions.marks import MarkedText, Marks, marked_texts

# How a row found its place; "number" is an id that a spreadsheet took for one, and "changed" and "lost" are texts that
# the corpus lacks, of ids that it has and that it lacks.
How = Literal["hash", "text", "doi", "pmid", "id", "number", "changed", "lost"]

_MOST_NAMED = 5  # ids
_WITH_COMMA = re.compile(r"(\d+),0+")


@dataclass(frozen=True, slots=True)
class Place:
    """The id and the text that a row marks, and how they were found."""

    doc_id: str
    text: MarkedText
    how: How


class Places:
    """What the rows of a file mark; the corpus is asked once for what all rows need."""

    def __init__(self, file: MarkFile, corpus: DocumentStore, marks: Marks, kept: Mapping[str, MarkedText]) -> None:
        self._file, self._kept = file, kept
        self._lost: dict[str, str] = {}  # hashes by the ids under which lost marks are kept
        # A small file can repeat a huge text very often.
        self._hashes: dict[MarkedText, str] = {}
        self._forms_of: dict[MarkedText, list[str]] = {}
        rows = corpus.rows_of(dict.fromkeys(form for row in file.rows for form in self._ids(row)))
        self._by_id = dict(zip(rows, marked_texts(corpus, list(rows.values())), strict=True))
        self._held = dict.fromkeys(marks.feedback.marked, "") | marks.texts
        self._ids_of_held = {text_hash: doc_id for doc_id, text_hash in self._held.items() if text_hash}
        self._by_hash: dict[str, tuple[str, MarkedText]] = {}
        self._alike: dict[str, list[tuple[str, MarkedText]]] = {}
        self._identified: dict[Kind, dict[str, list[tuple[str, MarkedText]]]] = {kind: {} for kind in KINDS}
        self._find_texts(corpus)
        self._of_texts = {id(row): self._by_text(row) for row in file.rows}
        self._find_alike(corpus)
        self._find_identified(corpus)
        self._numbered: Mapping[str, Sequence[str]] = {}
        self._keeps_zeros = keeps_zeros(row.doc_id for row in file.rows if row.doc_id)
        if file.is_sheet:
            self._find_numbered(corpus)

    def of(self, row: MarkRow) -> Place:
        """Return what a row marks; raises ExemplarError if it marks nothing."""
        if found := self._of_texts[id(row)] or self._by_text_alike(row) or self._by_identifier(row):
            return found
        if any(form in self._alike for form in self._forms_to_seek(row)):
            raise ExemplarError("several documents of this corpus have its text, and the file says no title or id")
        if row.text or row.text_hash:
            return self._without_document(row)
        if row.lost:
            raise ExemplarError("its text is gone, and the file does not have it")
        return self._by_its_id(row)

    def hash_of(self, text: MarkedText) -> str:
        """Return the hash of a text, computed once."""
        if text not in self._hashes:
            self._hashes[text] = text.text_hash
        return self._hashes[text]

    def _find_texts(self, corpus: DocumentStore) -> None:
        """Find the documents of other ids that have the texts or the hashes of rows."""
        apart = [row for row in self._file.rows if (row.text or row.text_hash) and self._under_its_id(row) is None]
        if texts := dict.fromkeys(text for row in apart for text in self._texts(row)):
            self._keep_hashes(corpus, corpus.rows_with([text.full_text for text in texts]).tolist())
        if hashes := {row.text_hash for row in apart if row.text_hash and self._under_another_id(row) is None}:
            self._keep_hashes(corpus, corpus.rows_with_hashes(hashes).tolist())

    def _find_identified(self, corpus: DocumentStore) -> None:
        """Find the documents that have the identifiers of rows whose texts were not found."""
        for kind in KINDS:
            apart = (row for row in self._file.rows if not (self._of_texts[id(row)] or self._by_text_alike(row)))
            wanted = {getattr(row, kind) for row in apart} - {""}
            rows = rows_by_identifier(kind, wanted, corpus)
            for name, found in rows.items():
                self._identified[kind][name] = self._documents(corpus, found)

    def _find_alike(self, corpus: DocumentStore) -> None:
        """Find the documents whose texts differ from those of rows in blanks, in HTML, or by a missing title."""
        forms = {
            form for row in self._file.rows if self._of_texts[id(row)] is None for form in self._forms_to_seek(row)
        }
        for form, rows in rows_alike(corpus, forms, has_titles=self._file.has_titles).items():
            self._alike[form] = self._documents(corpus, rows)

    def _find_numbered(self, corpus: DocumentStore) -> None:
        """Find the documents whose ids a spreadsheet would show as those of rows that have nothing else."""
        apart = (row for row in self._file.rows if not (row.text or row.text_hash or self._by_identifier(row)))
        self._numbered = numbered_ids({row.doc_id for row in apart if row.doc_id}, corpus)
        rows = corpus.rows_of({doc_id for same in self._numbered.values() for doc_id in same if len(same) == 1})
        self._by_id |= dict(self._documents(corpus, list(rows.values())))

    def _documents(self, corpus: DocumentStore, rows: Sequence[int]) -> list[tuple[str, MarkedText]]:
        return list(zip(corpus.doc_ids(rows), marked_texts(corpus, rows), strict=True))

    def _keep_hashes(self, corpus: DocumentStore, rows: Sequence[int]) -> None:
        for doc_id, text in self._documents(corpus, rows):
            self._by_hash.setdefault(text.text_hash, (doc_id, text))

    def _by_text(self, row: MarkRow) -> Place | None:
        if not (row.text or row.text_hash):
            return None
        found = self._under_its_id(row) or self._under_another_id(row)
        return found and Place(*found, "hash" if row.text_hash else "text")

    def _by_identifier(self, row: MarkRow) -> Place | None:
        for kind in KINDS:
            found = self._identified[kind].get(getattr(row, kind), [])
            if len({text.text_hash for _, text in found}) == 1:
                ids = self._ids(row)
                return Place(*next((each for each in found if each[0] in ids), found[0]), kind)
        return None

    def _by_its_id(self, row: MarkRow) -> Place:
        doc_id = next((form for form in self._ids(row) if form in self._by_id), None)
        as_written = doc_id is not None and doc_id == row.doc_id
        if as_written and (self._keeps_zeros or not is_shown_number(doc_id or "")):
            meant = doc_id
        else:
            meant = self._by_number(row, doc_id)
        if meant is None:
            raise ExemplarError("this corpus does not have it")
        self._check_identifiers(row, meant)
        return Place(meant, self._by_id[meant], "number" if doc_id is None else "id")

    def _by_number(self, row: MarkRow, doc_id: str | None = None) -> str | None:
        """Return the id that a spreadsheet may have made a row's id of; ExemplarError if these are several.

        Parameters
        ----------
        doc_id
            One that the row may mean as it is.
        """
        meant = list(dict.fromkeys([*([doc_id] if doc_id else []), *self._numbered.get(row.doc_id or "", ())]))
        if len(meant) > 1:
            raise ExemplarError(
                f"a spreadsheet may have made it of several ids, {', '.join(meant[:_MOST_NAMED])}; add the texts or "
                "the hashes"
            )
        return next(iter(meant), None)

    def _by_text_alike(self, row: MarkRow) -> Place | None:
        for form in self._forms_to_seek(row):
            found = self._alike.get(form, [])
            if len({text.text_hash for _, text in found}) == 1:
                return Place(*found[0], "text")
        return None

    def _under_its_id(self, row: MarkRow) -> tuple[str, MarkedText] | None:
        """Return the document of a row's id if it has the row's text."""
        for doc_id in self._ids(row):
            text = self._by_id.get(doc_id)
            if text and (self.hash_of(text) == row.text_hash if row.text_hash else self._is_alike(row, text)):
                return doc_id, text
        return None

    def _is_alike(self, row: MarkRow, text: MarkedText) -> bool:
        """Return whether a row's text is a document's; blanks do not count, nor does a title that the file lacks."""
        parts = [text.full_text] if self._file.has_titles else [text.full_text, text.text]
        return not {plain(part) for part in parts}.isdisjoint(self._forms(row))

    def _under_another_id(self, row: MarkRow) -> tuple[str, MarkedText] | None:
        """Return the document that has a row's text under another id."""
        hashes = [row.text_hash or "", *map(self.hash_of, self._texts(row))]
        return next((self._by_hash[text_hash] for text_hash in hashes if text_hash in self._by_hash), None)

    def _check_identifiers(self, row: MarkRow, doc_id: str) -> None:
        """Raise ExemplarError if an identifier of a row stands on other documents than that of its id."""
        for kind in KINDS:
            found = self._identified[kind].get(getattr(row, kind), [])
            if found and doc_id not in {each for each, _ in found}:
                raise ExemplarError(f"several documents have its {TITLES[kind]}, and that of its id is none of them")

    def _without_document(self, row: MarkRow) -> Place:
        """Return a text that the corpus does not have, and the id under which its mark is kept."""
        if row.mark is None:
            raise ExemplarError("this corpus does not have its text, and the row has a note but no mark")
        text = self._kept.get(row.text_hash or "") or next(iter(self._texts(row)), None)
        if text is None:
            raise ExemplarError("this corpus does not have its text, and the file has only the hash of it")
        text_hash, ids = self.hash_of(text), self._ids(row)
        doc_id = self._ids_of_held.get(text_hash) or next(iter(ids), "").strip() or text_hash
        if doc_id in self._by_id or text_hash != self._held.get(doc_id, self._lost.get(doc_id, text_hash)):
            doc_id = id_aside(doc_id, text_hash)
        self._lost[doc_id] = text_hash
        return Place(doc_id, text, "lost" if self._by_id.keys().isdisjoint(ids) else "changed")

    def _ids(self, row: MarkRow) -> list[str]:
        """Return the ids that a row may mean, the likeliest first."""
        if row.doc_id is None:
            return []
        forms = [row.doc_id, unescape_formula(row.doc_id)]
        if self._file.escaped:
            forms.reverse()
        forms += [form.strip() for form in forms]
        forms += [id_text(form, "the id", are_floats=True) or form for form in forms]
        forms += [match[1] for form in forms if (match := _WITH_COMMA.fullmatch(form))]  # 1,0 where commas are decimal
        return list(dict.fromkeys(forms))

    def _texts(self, row: MarkRow) -> list[MarkedText]:
        """Return the texts that a row may mean, the likeliest first; with a hash, the only one that has it."""
        if row.text is None:
            return []
        title, text = row.text.title, row.text.text
        unescaped = MarkedText(title and unescape_formula(title), unescape_formula(text))
        texts = list(dict.fromkeys([unescaped, row.text] if self._file.escaped else [row.text, unescaped]))
        if row.text_hash is None:
            return texts
        changed = replace(texts[0], whole_hash=row.text_hash)  # by another program
        return [next((each for each in texts if self.hash_of(each) == row.text_hash), changed)]

    def _forms_to_seek(self, row: MarkRow) -> list[str]:
        """Return the forms of a row's text; none with a hash, which says exactly which text was marked."""
        return self._forms(row) if row.text and not row.text_hash else []

    def _forms(self, row: MarkRow) -> list[str]:
        """Return the texts that a row without a hash may mean with single blanks, and without HTML; computed once."""
        if row.text is None:
            return []
        if row.text not in self._forms_of:
            texts = self._texts(row)
            bare = [MarkedText(text.title, found) for text in texts if (found := without_html(text.text)) is not None]
            self._forms_of[row.text] = list(dict.fromkeys(plain(text.full_text) for text in [*texts, *bare]))
        return self._forms_of[row.text]
