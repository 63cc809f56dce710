"""JSON from a stream of text, value by value: memory holds one value, whatever the size of the file."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from exemplar.data.documents import Problem
from exemplar.data.errors import ExemplarError

TOO_DEEP = "nested too deeply"

# A value of JSON takes up to 72 bytes in memory, and two or three characters in a file.
_MOST_VALUES = 2**24  # of a value that is decoded at once, and so:
_MOST_CHARACTERS = 2**27
_LEAST_READ = 2**16  # characters
_BLANKS = re.compile(r"[ \t\r\n\ufeff]*")
_TOKEN = re.compile(r'\\.|["\[\]{}]', re.DOTALL)
HALF_A_PAIR = re.compile(r"\\u[dD][89a-fA-F]")
_LONGEST_LITERAL = len("-Infinity")  # an error closer to the end of what was read may come from the cut


class NotJson(ExemplarError):
    """A text is not JSON."""


def loads(text: str) -> Any:
    """Return the value of a text of JSON; a number of more digits than Python converts stays a text.

    Raises
    ------
    ValueError, RecursionError
        It is not JSON, or is nested too deeply.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        raise
    except ValueError:
        return json.loads(text, parse_int=_int_or_text)


def n_values(text: str) -> int:
    """Return an upper bound for the number of values in a text of JSON."""
    return sum(map(text.count, ",[{"))


def _int_or_text(digits: str) -> int | str:
    try:
        return int(digits)
    except ValueError:
        return digits


_decode = json.JSONDecoder().raw_decode
_decode_long_numbers = json.JSONDecoder(parse_int=_int_or_text).raw_decode  # slow


class JsonReader:
    """Reads JSON from pieces of text, by Python's own decoder.

    Reading stands before a value, which the caller takes by ``value``, ``items`` or ``members``.

    Attributes
    ----------
    problems
        The problems among the pieces so far; the caller may take them out.
    """

    def __init__(self, pieces: Iterable[str | Problem]) -> None:
        self.problems: list[Problem] = []
        self._pieces = iter(pieces)
        self._text, self._at = "", 0
        self._first = 0  # where the last value begins
        self._n_characters, self._n_lines, self._last_line = 0, 0, 0  # before the text; the last: where its line begins

    @property
    def line(self) -> int:
        """The line that reading stands on, counted from 1."""
        return self._n_lines + self._text.count("\n", 0, self._at) + 1

    def peek(self) -> str:
        """Return the next character that is not blank, which reading then stands before; empty at the end."""
        while True:
            self._at = _BLANKS.match(self._text, self._at).end()  # type: ignore[union-attr]  # it matches any text
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._read_more():
                return ""

    def pass_over(self, pattern: re.Pattern[str]) -> None:
        """Go behind what a pattern matches here, if it does."""
        self.peek()
        if found := pattern.match(self._text, self._at):
            self._at = found.end()

    def value(self) -> Any:
        """Return the next value; an ExemplarError in place of one that is too large or nested too deeply.

        Raises
        ------
        NotJson
            It is not JSON.
        """
        self.peek()
        decode = _decode
        while True:
            try:
                value, end = decode(self._text, self._at)
            except json.JSONDecodeError as error:
                position, reason = error.pos, error.msg
            except RecursionError:
                return self._passed(TOO_DEEP)
            except ValueError:  # a number with too many digits
                decode = _decode_long_numbers
                continue
            else:
                may_go_on = end > len(self._text) - _LONGEST_LITERAL and self._text[self._at] not in '"[{'
                if may_go_on and not self._too_large() and self._read_more():
                    continue
                self._first, self._at = self._at, end
                return value
            is_cut = reason.startswith("Unterminated") or position > len(self._text) - _LONGEST_LITERAL
            if not is_cut:
                raise self._error(reason, position)
            if too_large := self._too_large():
                return self._passed(too_large)
            if not self._read_more():
                raise self._error(reason, position)

    def last_may_have_surrogates(self) -> bool:
        """Return whether the text of the last value may hold half a surrogate pair."""
        return HALF_A_PAIR.search(self._text, self._first, self._at) is not None

    def items(self) -> Iterator[None]:
        """Stand before each value of a list in turn; a comma behind the last, or none between objects, is let pass."""
        self._take("[")
        while self.peek() != "]":
            yield
            if self.peek() == ",":
                self._at += 1
            elif self.peek() not in "{]" or not self.peek():
                raise self._error("Expecting ',' delimiter", self._at)
        self._at += 1

    def members(self) -> Iterator[str]:
        """Stand before each value of an object in turn, and yield its name."""
        self._take("{")
        if self.peek() == "}":
            self._at += 1
            return
        while True:
            if self.peek() != '"':
                raise self._error("Expecting property name enclosed in double quotes", self._at)
            name = self.value()
            self._take(":")
            yield str(name)
            if self._take(",}") == "}":
                return

    def roots(self) -> Iterator[None]:
        """Stand before each value of a text in turn, which may have commas between and behind them."""
        while self.peek():
            yield
            while self.peek() == ",":
                self._at += 1
            if self.peek() not in ("{", "[", ""):
                raise self._error("Extra data", self._at)

    def _take(self, expected: str) -> str:
        found = self.peek()
        if not found or found not in expected:
            raise self._error(f"Expecting '{expected[0]}' delimiter", self._at)
        self._at += 1
        return found

    def _too_large(self) -> str:
        n_characters = len(self._text) - self._at
        if n_characters > _MOST_CHARACTERS:
            return f"longer than {_MOST_CHARACTERS:,} characters"
        if n_characters > _MOST_VALUES and n_values(self._text[self._at :]) > _MOST_VALUES:
            return f"more than {_MOST_VALUES:,} values"
        return ""

    def _passed(self, reason: str) -> ExemplarError:
        """Go behind the next value without decoding it; return why."""
        depth, in_text, unfinished = 0, False, self._error("Unterminated value starting at", self._at)
        while True:
            end = len(self._text) - self._text.endswith("\\")  # what it escapes is not read yet
            for token in _TOKEN.finditer(self._text, self._at, end):
                if token[0] == '"':
                    in_text = not in_text
                elif not in_text and len(token[0]) == 1:
                    depth += 1 if token[0] in "[{" else -1
                if depth <= 0 and not in_text:
                    self._first = self._at = token.end()
                    return ExemplarError(reason)
            self._at = end
            if not self._read_more():
                raise unfinished

    def _read_more(self) -> bool:
        """Append to the text as much as it has, so that no value is decoded often; return False at the end."""
        pieces = [self._text[self._at :]]
        n_wanted = max(_LEAST_READ, len(pieces[0]))
        while n_wanted > 0 and (piece := next(self._pieces, None)) is not None:
            if isinstance(piece, Problem):
                self.problems.append(piece)
            else:
                pieces.append(piece)
                n_wanted -= len(piece)
        if len(pieces) == 1:
            return False
        self._n_lines, self._last_line = self._place(self._at)
        self._n_characters += self._at
        self._text, self._at, self._first = "".join(pieces), 0, 0
        return True

    def _place(self, position: int) -> tuple[int, int]:
        """Return the number of lines before a position in the text, and where its line begins, in all characters."""
        last = self._text.rfind("\n", 0, position)
        n_lines = self._n_lines + self._text.count("\n", 0, position)
        return n_lines, self._last_line if last < 0 else self._n_characters + last + 1

    def _error(self, reason: str, position: int) -> NotJson:
        n_lines, last_line = self._place(position)
        absolute = self._n_characters + position
        return NotJson(
            f"it is not JSON: {reason}: line {n_lines + 1} column {absolute - last_line + 1} (char {absolute})"
        )
