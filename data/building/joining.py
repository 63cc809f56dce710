"""Documents of several sources as those of one corpus: with ids of their own, and each of them once."""

import itertools
import re
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from exemplar.data.building.known_ids import Known
from exemplar.data.documents import Document, Problem, text_hash
from exemplar.data.sources.spec import Source
from exemplar.data.text import replace_lone_surrogates

SAME = "an earlier file has the same document, by its id and its text"

_OF_EARLIER = "an earlier file has its id, with another text; the id stands after the name of its own file"


@dataclass(slots=True)
class Given:
    """What a source gave to a corpus.

    Attributes
    ----------
    name
        What ids and messages call the source.
    n_documents
        Number of its documents without those that are left out.
    n_copies
        How many of them are exact copies of documents of earlier sources, under other ids.
    n_same
        Number of documents that are left out, since an earlier source has the same id with the same text.
    """

    name: str
    n_documents: int = 0
    n_copies: int = 0
    n_same: int = 0


class Joined:
    """The documents of a source and of those that a corpus took later, which are read once.

    Parameters
    ----------
    earlier
        The ids that documents of the corpus have or had: what is numbered keeps them, see ``stable_ids``.

    Attributes
    ----------
    given
        What each source gave so far, in order.
    """

    def __init__(self, source: Source, earlier: Known) -> None:
        self._sources, self._earlier = (source, *source.added), earlier
        self.given = [Given(name) for name in _names(self._sources)]
        self._ids: set[str] = set()  # that documents have
        self._known: set[tuple[str, int]] = set()  # ids as earlier sources give them, and the hashes of their texts
        self._texts: set[int] = set()  # of earlier sources
        self._numbered = array("Q")  # hashes of the texts whose ids are the numbers of rows

    def read(self) -> Iterator[Document | Problem]:
        """Yield the documents and problems of all sources, in order.

        An id with another text than in an earlier source is put after the name of the source, as are the numbers of
        rows in all sources but the first.
        """
        if len(self._sources) == 1:
            yield from self._sources[0].read()
            return
        for source, given in zip(self._sources, self.given, strict=True):
            pairs: set[tuple[str, int]] = set()
            for item in source.read():
                if isinstance(item, Problem):
                    yield _problem_in(item, source, given.name, is_first=given is self.given[0])
                else:
                    document = item if given is self.given[0] else _document_in(item, source, given.name)
                    pair = item.doc_id, text_hash(item.full_text.encode())
                    pairs.add(pair)
                    yield from self._own(document, pair, given)
            self._known |= pairs
            self._texts |= {each for _, each in pairs}
            if given is not self.given[-1]:
                self._ids |= self._earlier.kept_ids(self._numbered, self._ids)

    def _own(self, document: Document, pair: tuple[str, int], given: Given) -> Iterator[Document | Problem]:
        """Yield a document under an id that no other has, or why it is left out."""
        place = f"{given.name}, " + (f"line {document.line}" if document.line else f"document '{pair[0]}'")
        if not document.numbered and pair in self._known:
            given.n_same += 1
            yield Problem(place, SAME, cells=document.cells, file=document.file, line=document.line)
            return
        if not document.numbered and document.doc_id in self._ids:
            yield Problem(place, _OF_EARLIER, left_out=False, file=document.file, line=document.line)
            document = replace(document, doc_id=self._free(f"{given.name}#{document.doc_id}"))
        if document.numbered:  # its id is decided when all are read
            self._numbered.append(pair[1])
        else:
            self._ids.add(document.doc_id)
        given.n_documents += 1
        given.n_copies += pair[1] in self._texts
        yield document

    def _free(self, doc_id: str) -> str:
        candidates = itertools.chain([doc_id], (f"{doc_id}.{n}" for n in itertools.count(2)))
        return next(candidate for candidate in candidates if candidate not in self._ids)


def source_name(source: str) -> str:
    """Return what ids and messages call a source: the last part of its path."""
    return replace_lone_surrogates(re.split(r"[/\\]", source.rstrip("/\\"))[-1] or source)


def _names(sources: Sequence[Source]) -> Iterator[str]:
    """Yield the names of sources; a number tells two of the same name apart."""
    seen: set[str] = set()
    for source in sources:
        name = source_name(source.spec.source)
        numbered = itertools.chain([name], (f"{name} ({n})" for n in itertools.count(2)))
        seen.add(free := next(each for each in numbered if each not in seen))
        yield free


def _document_in(document: Document, source: Source, name: str) -> Document:
    """Return a document of an added source with its file, and with the number of its row after the name."""
    number = document.doc_id
    doc_id = f"{name}#{number}" if document.numbered and number.isdecimal() else number
    return replace(document, doc_id=doc_id, file=_file_in(document.file, source, name))


def _problem_in(problem: Problem, source: Source, name: str, *, is_first: bool) -> Problem:
    where = problem.where if problem.where.startswith(name) else f"{name}, {problem.where}"
    return replace(problem, where=where, file=problem.file if is_first else _file_in(problem.file, source, name))


def _file_in(file: str | None, source: Source, name: str) -> str:
    """Return the name of a file of an added source, which is the source itself or lies in it."""
    return name if file in (None, source_name(source.spec.source)) else f"{name}/{file}"
