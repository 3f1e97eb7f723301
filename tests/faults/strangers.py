"""Yours only: all that a stranger may try over HTTP with what belongs to another user.

A line for every route that is deployed; a route without one is a violation (`forgotten`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from urllib.parse import quote

from tests.faults.edge import Route, routes

KEY = {"idempotency-key": "trespass-00000001"}


@dataclass(frozen=True, kw_only=True)
class Owned:
    """What the owner has, by name: the stranger knows all of it but the words."""

    user_id: str
    conversation_id: str
    message_id: str
    reply_id: str
    job_id: str
    log_cursor: str
    list_cursor: str
    """Of a page of the owner's list of conversations, as the API gives it."""
    page_cursor: str
    """Of a page of the owner's messages, likewise."""
    search_cursor: str
    refresh_token: str
    beside: str
    """A conversation of the stranger's own."""
    canary: str
    """The word in all that the owner said: what nobody else may read."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must be in no answer to anybody else, whatever they asked with."""
        ids = (self.user_id, self.conversation_id, self.message_id, self.reply_id, self.job_id)
        return (*ids, self.canary)

    def unknown(self) -> Owned:
        """The same in ids that nobody has."""
        ids = {f.name: getattr(self, f.name)[:-4] + "0000" for f in fields(self) if "_id" in f.name}
        return replace(self, **ids)


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One request of a stranger. `statuses` are what it may get; 404 reads as for an unknown id."""

    statuses: tuple[int, ...] = (404,)
    path: Callable[[Owned], str]
    body: Callable[[Owned], object] = lambda _: None


def _at(template: str, id_: Callable[[Owned], str], body: object = None) -> Attempt:
    return Attempt(path=lambda its: template.replace("{id}", id_(its)), body=lambda _: body)


def _on(path: str, body: Callable[[Owned], object], *statuses: int) -> Attempt:
    return Attempt(path=lambda _: path, body=body, statuses=statuses)


def _page(path: Callable[[Owned], str]) -> Attempt:
    """A list of what is the stranger's own; a cursor of another's may be refused."""
    return Attempt(path=path, statuses=(200, 422))


def _says(**names: str) -> Callable[[Owned], object]:
    """A message that names things of the owner: field to attribute."""
    return lambda its: {"content": "Hello"} | {f: getattr(its, a) for f, a in names.items()}


def _stolen(its: Owned) -> dict[str, str]:
    """The owner's refresh token with a secret that is not its own."""
    named, _, secret = its.refresh_token.rpartition(".")
    return {"refresh_token": f"{named}.{secret[::-1]}"}


def _conversation(its: Owned) -> str:
    return its.conversation_id


def _job(its: Owned) -> str:
    return its.job_id


NOTHING: Sequence[Attempt] = ()
"""For routes that name nothing of anybody."""

MATRIX: Mapping[str, Sequence[Attempt]] = {
    "GET /conversations/{id}": [_at("/conversations/{id}", _conversation)],
    "PATCH /conversations/{id}": [_at("/conversations/{id}", _conversation, {"title": "Mine now"})],
    "DELETE /conversations/{id}": [_at("/conversations/{id}", _conversation)],
    "GET /conversations/{id}/messages": [
        _at("/conversations/{id}/messages", _conversation),
        _at("/conversations/{id}/messages?limit=1", _conversation),
        Attempt(
            path=lambda i: (
                f"/conversations/{i.conversation_id}/messages?cursor={quote(i.page_cursor)}"
            )
        ),
    ],
    "GET /conversations": [
        _page(lambda _: "/conversations?limit=100"),
        _page(lambda its: f"/conversations?limit=100&cursor={quote(its.list_cursor)}"),
    ],
    "GET /conversations/search": [
        _page(lambda its: f"/conversations/search?limit=100&q={its.canary}"),
        _page(
            lambda its: f"/conversations/search?q={its.canary}&cursor={quote(its.search_cursor)}"
        ),
    ],
    "GET /jobs/{id}": [_at("/jobs/{id}", _job)],
    "DELETE /jobs/{id}": [_at("/jobs/{id}", _job)],
    "POST /messages/{id}/replies": [
        _at("/messages/{id}/replies", lambda its: its.message_id, {}),
        _at("/messages/{id}/replies", lambda its: its.reply_id, {}),
    ],
    "POST /chat": [
        _on("/chat", _says(conversation_id="conversation_id"), 404),
        _on("/chat", _says(conversation_id="conversation_id", parent_id="reply_id"), 404),
        _on("/chat", _says(conversation_id="conversation_id", parent_id="message_id"), 404),
        _on("/chat", _says(conversation_id="beside", parent_id="reply_id"), 422),
        _on("/chat", _says(parent_id="reply_id"), 404, 422),
        _on("/chat", _says(user_id="user_id"), 422),
    ],
    "POST /auth/refresh": [_on("/auth/refresh", _stolen, 401)],
    "POST /auth/logout": [_on("/auth/logout", _stolen, 401)],
    "POST /ws-tickets": [_on("/ws-tickets", lambda its: {"user_id": its.user_id}, 201)],
    "POST /auth/password": NOTHING,
    "POST /auth/guest": NOTHING,
    "POST /auth/register": NOTHING,
    "POST /auth/login": NOTHING,
    "GET /models": NOTHING,
    "GET /health": NOTHING,
    "GET /openapi.json": NOTHING,
}


def forgotten() -> list[str]:
    """Routes that are deployed and not in the matrix, and lines of it that are no route."""
    return sorted({str(route) for route in routes()} ^ set(MATRIX))


def attempts() -> Iterator[tuple[Route, Attempt]]:
    """Every request of the matrix."""
    for route in routes():
        for attempt in MATRIX.get(str(route), ()):
            yield route, attempt
