"""Which texts say all the words somebody looks for, and where in them.

Case and accents do not count, in the words or the texts: `acao` finds `Ação`. A word is found
inside longer ones. Pure; `search.py` asks it of every title and message.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

SNIPPET_CHARS = 140
_LEAD_CHARS = 30
"""How much of a snippet may stand before the first word found."""

_MOST_FINDS = 200
"""Where to cut is decided by the first of them: a text may hold a short word thousands of times."""

# Of Latin, Greek and Cyrillic. Marks of other scripts make other words: they stay.
_ACCENTS = re.compile("[\u0300-\u036f]+")

Range = tuple[int, int]
"""Begin and end, in characters (Unicode code points), the end not included."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A piece of a text on one line, and the ranges of it that were looked for."""

    snippet: str
    matched: list[Range]


def words_of(question: str) -> tuple[str, ...]:
    """The words to look for, each once; none if the question has nothing but accents."""
    return tuple(dict.fromkeys(fold(question).split()))


def fold(text: str) -> str:
    """The form in which texts are compared."""
    if text.isascii():
        return text.lower()
    return _ACCENTS.sub("", unicodedata.normalize("NFKD", text).casefold())


def find(words: Sequence[str], text: str) -> Excerpt | None:
    """Where `text` says all `words`, or None."""
    folded = fold(text)
    if not all(word in folded for word in words):
        return None
    ranges = _ranges(words, text)
    begin, end = _window(text, ranges)
    cut = [(a - begin, b - begin) for a, b in ranges if begin <= a and b <= end]
    head, tail = "…" if begin > 0 else "", "…" if end < len(text) else ""
    snippet = re.sub(r"\s", " ", text[begin:end])  # one for one: the ranges stay
    moved = [(a + len(head), b + len(head)) for a, b in cut]
    return Excerpt(head + snippet + tail, _joined(moved))


def _ranges(words: Sequence[str], text: str) -> list[Range]:
    """Where the words stand in the text as it was written, in order."""
    pieces = [_fold_one(character) for character in text]
    folded = "".join(pieces)
    origin = [at for at, piece in enumerate(pieces) for _ in piece]
    found: list[Range] = []
    for word in words:
        for hit in islice(re.finditer(re.escape(word), folded), _MOST_FINDS):
            begin, end = hit.span()
            found.append((origin[begin], _with_accents(pieces, origin[end - 1] + 1)))
    return sorted(found)


@lru_cache(maxsize=4096)
def _fold_one(character: str) -> str:
    return fold(character)


def _with_accents(pieces: Sequence[str], end: int) -> int:
    """An accent that is a character of its own belongs to the letter before it."""
    while end < len(pieces) and not pieces[end]:
        end += 1
    return end


def _window(text: str, ranges: Sequence[Range]) -> Range:
    """The piece to show: as long as a snippet, with as many different finds as fit."""
    if len(text) <= SNIPPET_CHARS or not ranges:
        return 0, min(len(text), SNIPPET_CHARS)
    first = ranges[:_MOST_FINDS]
    begin = max((start for start, _ in first), key=lambda start: _finds_near(text, first, start))
    return _at_words(text, max(0, begin - _LEAD_CHARS), begin)


def _finds_near(text: str, ranges: Sequence[Range], begin: int) -> int:
    end = begin + SNIPPET_CHARS - _LEAD_CHARS
    return len({fold(text[a:b]) for a, b in ranges if begin <= a and b <= end})


def _at_words(text: str, begin: int, found: int) -> Range:
    """Move the ends of a window to where words begin and end, if there is such a place in it."""
    end = min(len(text), begin + SNIPPET_CHARS)
    if begin > 0:
        space = re.search(r"\s", text[begin - 1 : found])
        begin += space.end() - 1 if space else 0
    if end < len(text):
        space_at = max(text.rfind(" ", found, end + 1), text.rfind("\n", found, end + 1))
        end = space_at if space_at > found + SNIPPET_CHARS // 2 else end
    return begin, end


def _joined(ranges: Sequence[Range]) -> list[Range]:
    """The same places without overlaps."""
    joined: list[Range] = []
    for begin, end in ranges:
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((begin, end))
    return joined
