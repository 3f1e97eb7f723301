"""Finds what a user said or was told: one page of hits, and where to go on.

DynamoDB has no index of words, so texts are read and looked through, the conversation last written
to first. A call does a bounded part of that and hands out a cursor; ADR 18 counts what it costs.
"""

from __future__ import annotations

import time

from lambdas.matching import find, words_of
from lambdas.rate_limit import RateLimit
from lambdas.refusals import InvalidField
from lambdas.schemas import SearchHit, SearchPage
from lambdas.settings import EdgeSettings
from prosa.ids import UserId
from prosa.store.sweep import Place, Portion, Sweep

MAX_CONVERSATIONS = 40
MAX_BYTES = 1_000_000
"""Past it no further query is made. The last one may bring as much again, so 2 MB at most."""

MAX_S = 3.0
"""A table that answers slowly makes pages short, not late."""

_ITEM_BYTES = 400
"""What an item holds besides its text, about."""


class Search:
    """Raises InvalidField, InvalidCursor, TooMany, Unavailable."""

    def __init__(self, sweep: Sweep, rate_limit: RateLimit, settings: EdgeSettings) -> None:
        self._sweep = sweep
        self._rate_limit = rate_limit
        self._settings = settings

    def page(self, user_id: UserId, question: str, *, limit: int, cursor: str | None) -> SearchPage:
        """Look for the messages and titles that say all words of `question`, `limit` at most."""
        words = words_of(question)
        if not words:
            raise InvalidField("q", "empty")
        place = Place.decode(cursor, owner=user_id) if cursor is not None else None
        self._rate_limit.count(self._settings.rate_searches, "search", user_id)
        hits: list[SearchHit] = []
        budget = _Budget()
        for portion in self._sweep.read(user_id, place):
            for text in portion.texts:
                excerpt = find(words, text.content)
                if excerpt is None:
                    continue
                hits.append(
                    SearchHit(
                        conversation=portion.conversation,
                        message_id=text.message_id,
                        role=text.role,
                        snippet=excerpt.snippet,
                        matched=excerpt.matched,
                    )
                )
                if len(hits) == limit:
                    return _page(hits, portion.place_of(text))
            place = portion.end
            if budget.is_spent_by(portion):
                return _page(hits, place)
        return _page(hits, place, is_complete=True)


class _Budget:
    """How much of the table one call may still read."""

    def __init__(self) -> None:
        self._ends_at = time.monotonic() + MAX_S
        self._conversations = MAX_CONVERSATIONS
        self._bytes = MAX_BYTES

    def is_spent_by(self, portion: Portion) -> bool:
        """Count what was read. A call reads one portion at least, so a search comes to its end."""
        self._conversations -= portion.end.is_through
        self._bytes -= sum(_ITEM_BYTES + len(text.content.encode()) for text in portion.texts)
        return self._conversations <= 0 or self._bytes <= 0 or time.monotonic() > self._ends_at


def _page(hits: list[SearchHit], place: Place | None, *, is_complete: bool = False) -> SearchPage:
    return SearchPage(
        items=hits,
        next_cursor=place.encode() if place and not is_complete else None,
        is_complete=is_complete,
        searched_back_to=place.updated_at if place else None,
    )
