"""Forged tokens before every route that looks at one: each is 401, and never a fault of ours."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence

from tests.faults.edge import Ask, Route, routes
from tests.faults.forgeries import Forger
from tests.faults.functions import FunctionGone, Functions
from tests.faults.ground import Ground
from tests.faults.strangers import Owned

_NAMES: Mapping[str, str] = {
    "conversations": "conversation_id",
    "jobs": "job_id",
    "messages": "message_id",
}
_BODIES: Mapping[str, object] = {
    "POST /chat": {"content": "Hello"},
    "POST /messages/{id}/replies": {},
    "PATCH /conversations/{id}": {"title": "Mine now"},
    "POST /auth/password": {"current_password": "a long secret", "new_password": "another secret"},
    "POST /auth/register": {"email": "forged@example.com", "password": "a long secret"},
}
_QUERIES: Mapping[str, str] = {"GET /conversations/search": "?q=whose"}

_TAKES_A_TOKEN = "POST /auth/register"
"""Public, but a token that comes along is looked at. Without one it signs somebody up."""

_NO_TOKEN = frozenset({"no_header", "empty_header"})


class TokenFuzz:
    """Goes through all pairs of a route and a forgery, in an order of chance, again and again."""

    def __init__(self, ground: Ground, edge: Functions, forger: Forger) -> None:
        self._ground = ground
        self._edge = edge
        self._forger = forger
        self._pairs = self._all_pairs()
        self.tried = 0

    async def good_ones_pass(self, its: Owned) -> None:
        """What a token of ours opens: else every forgery would be refused for another reason."""
        for route in _looked_at():
            if route.method == "GET":
                answer = await self._edge.invoke(
                    ("ask", _asked(route, f"Bearer {self._forger.good()}", its)), {}
                )
                self._ground.require(
                    answer.status == 200, f"{answer.status} for a good token", where=str(route)
                )

    async def run(self, count: int, its: Owned) -> None:
        """Try the next `count` pairs on what the owner has."""
        headers = self._forger.headers()
        for route, name in itertools.islice(self._pairs, count):
            self.tried += 1
            self._ground.history.fault("forged_token", name=name, route=str(route))
            where = f"{route} {name}"
            try:
                answer = await self._edge.invoke(("ask", _asked(route, headers[name], its)), {})
            except FunctionGone as gone:
                self._ground.require(False, f"no answer: {gone}", where=where)  # noqa: FBT003 - found
                continue
            self._ground.require(
                answer.status == 401, f"{answer.status}: {answer.text[:200]}", where=where
            )

    def _all_pairs(self) -> Iterator[tuple[Route, str]]:
        """Routes take turns, so that a few pairs already meet all of them."""
        names = list(self._forger.headers())
        self._ground.random.shuffle(names)
        lanes = [self._lane(route, names, first) for first, route in enumerate(_looked_at())]
        for turn in zip(*lanes, strict=True):
            yield from turn

    def _lane(self, route: Route, names: Sequence[str], first: int) -> Iterator[tuple[Route, str]]:
        """All names for one route, for ever; each route begins where its neighbour leaves off."""
        step = -(-len(names) // len(_looked_at()))
        start = first * step % len(names)
        for name in itertools.cycle([*names[start:], *names[:start]]):
            if str(route) != _TAKES_A_TOKEN or name not in _NO_TOKEN:
                yield route, name


def _looked_at() -> list[Route]:
    return [route for route in routes() if route.is_protected or str(route) == _TAKES_A_TOKEN]


def _asked(route: Route, authorization: str | None, its: Owned) -> Ask:
    name = _NAMES.get(route.path.split("/")[1])
    path = route.path.replace("{id}", getattr(its, name)) if name else route.path
    return Ask(
        route=route,
        path=path + _QUERIES.get(str(route), ""),
        authorization=authorization,
        body=_BODIES.get(str(route)),
        headers={"idempotency-key": "forged-00000001"},
    )
