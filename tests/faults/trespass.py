"""The stranger at work: every line of both matrices, and what must come of each."""

from __future__ import annotations

from collections.abc import Sequence

from prosa.ids import UserId
from tests.faults.edge import Ask, Route
from tests.faults.foreign_sockets import Doors, ForeignSockets, Heard, forgotten_actions
from tests.faults.functions import FunctionGone, Functions
from tests.faults.ground import Ground
from tests.faults.owner import Session
from tests.faults.strangers import KEY, Attempt, Owned, attempts, forgotten
from tests.integration.lambdas.gateway import Answer
from tests.integration.ws_gateway.clients import Writer


class Trespass:
    """One stranger, signed in, before the API and at gateways."""

    def __init__(
        self, ground: Ground, edge: Functions, session: Session, doors: Sequence[Doors]
    ) -> None:
        self._ground = ground
        self._edge = edge
        self._authorization = f"Bearer {session['access_token']}"
        self._writer = Writer.of(ground.redis.url)
        user_id = UserId(session["user"]["user_id"])
        self._sockets = [ForeignSockets(each, self._writer, user_id) for each in doors]
        self.tried = 0

    def close(self) -> None:
        self._writer.redis.close()

    def nothing_is_forgotten(self) -> None:
        """A route or an action that no line tries is a violation of its own."""
        for name in [*forgotten(), *forgotten_actions()]:
            self._ground.require(False, "not in the matrix, or nowhere else", where=name)  # noqa: FBT003 - found

    async def over_http(self, its: Owned) -> None:
        """Every line of the matrix of routes."""
        for route, attempt in attempts():
            answer = await self._ask(route, attempt, its)
            if answer is None:
                continue
            self._ground.require(
                answer.status in attempt.statuses,
                f"{answer.status}, not {attempt.statuses}: {answer.text[:200]}",
                where=str(route),
            )
            self._tells_nothing(str(route), f"{answer.text} {answer.headers}", its)
            if answer.status == 404:
                nothing = await self._ask(route, attempt, its.unknown())
                is_same = nothing is not None and nothing.text == answer.text
                self._ground.require(is_same, "reads otherwise than unknown", where=str(route))

    async def over_sockets(self, its: Owned) -> None:
        """Every line of the matrix of actions, at each gateway."""
        for sockets in self._sockets:
            for heard in await sockets.all(its):
                self._hear(heard, its)

    def _hear(self, heard: Heard, its: Owned) -> None:
        self.tried += 1
        self._ground.history.fault("foreign_frame", name=heard.name)
        self._ground.require(
            heard.answer == heard.wanted,
            f"{heard.answer!r}, not {heard.wanted!r}",
            where=f"socket {heard.name}",
        )
        self._tells_nothing(f"socket {heard.name}", heard.text, its)

    async def _ask(self, route: Route, attempt: Attempt, its: Owned) -> Answer | None:
        """None: the function died, which is a violation."""
        self.tried += 1
        self._ground.history.fault("foreign_request", route=str(route))
        sent = Ask(
            route=route,
            path=attempt.path(its),
            authorization=self._authorization,
            body=attempt.body(its),
            headers=KEY,
        )
        try:
            return await self._edge.invoke(("ask", sent), {})
        except FunctionGone as gone:
            self._ground.require(False, f"no answer: {gone}", where=str(route))  # noqa: FBT003 - found
            return None

    def _tells_nothing(self, where: str, text: str, its: Owned) -> None:
        told = [secret for secret in its.secrets if secret in text]
        self._ground.require(not told, f"told a stranger {told}", where=where)
