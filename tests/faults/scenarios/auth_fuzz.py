"""Row 16: forged tokens on every route, races for what is good once, and a stranger at every door.

Routes come from `serverless.yml`, actions from the gateway: one that is new and in no matrix fails.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress

from lambdas.access_tokens import signing_key
from local.ports import free_ports
from prosa.ids import UserId, new_user_id
from tests.faults.answers import numbered_answers
from tests.faults.clients import Accepted
from tests.faults.edge import Ask, Route
from tests.faults.foreign_sockets import Doors
from tests.faults.forgeries import Forger
from tests.faults.functions import Functions
from tests.faults.ground import Ground
from tests.faults.owner import Owner, Session
from tests.faults.processes import Program
from tests.faults.races import REFRESHES, SOCKETS, grace_is_over, refresh_race, ticket_race
from tests.faults.scenario import Scenario
from tests.faults.token_fuzz import TokenFuzz
from tests.faults.trespass import Trespass
from tests.integration.ws_gateway.clients import Writer, connected

GATEWAYS = 2
ROUND = 300
"""Requests: `FORGED` tokens, a race of each kind, both matrices twice."""

FORGED = 110
SESSION_OVER = 4401
"""How a socket is closed whose session was ended."""

EDGE = Program(main="tests.faults.edge:perform")


class Rounds:
    """Everything that one round needs, and what it counted."""

    def __init__(self, ground: Ground, edge: Functions, doors: Sequence[Doors]) -> None:
        self.ground = ground
        self.edge = edge
        self.doors = doors
        self.requests = 0
        self._writer = Writer.of(ground.redis.url)

    def close(self) -> None:
        self._writer.redis.close()

    async def sign_in(self) -> Session:
        """A guest."""
        return await self._post("/auth/guest", None, 201)

    async def play(
        self, owner: Owner, trespass: Trespass, fuzz: TokenFuzz, beside: Accepted
    ) -> None:
        """One round. The owner's reply is being written while the stranger tries to stop it."""
        asked = await owner.ask_again()
        its = await owner.owned(asked, beside.conversation_id)
        await trespass.over_http(its)
        await trespass.over_sockets(its)
        await owner.client.until_ended(asked.job_id)
        status = await owner.status_of(asked.job_id)
        self.ground.require(status == "done", f"its reply is {status}", where=asked.job_id)
        before = await owner.everything()
        await trespass.over_http(its)
        await trespass.over_sockets(its)
        await fuzz.run(FORGED, its)
        after = await owner.everything()
        changed = sorted(set(before) ^ set(after))
        self.ground.require(not changed, f"the owner's things changed: {changed[:4]}")
        await self._refresh_race()
        await self._ticket_race()

    async def same_key(self, asked: Accepted) -> None:
        """Somebody else whose message has the key of the owner's: it is another message."""
        session = await self.sign_in()
        sent = Ask(
            route=Route(method="POST", path="/chat", is_protected=True),
            path="/chat",
            authorization=f"Bearer {session['access_token']}",
            body={"content": "Not the owner"},
            headers={"idempotency-key": asked.key},
        )
        answer = await self.edge.invoke(("ask", sent), {})
        told = set(vars(asked).values()) & set(answer.json.values())
        is_apart = answer.status == 202 and not told
        self.ground.require(is_apart, f"{answer.status}, told {told}", where="the owner's key")

    async def _refresh_race(self) -> None:
        """Twenty at once, and one more when it is too late: then nobody of that session is in."""
        first = (await self.sign_in())["refresh_token"]
        second = await refresh_race(self.ground, self.edge, first)
        third = (await self._refresh(second, 200)).get("refresh_token", "")
        await grace_is_over(self.ground, first)
        user_id, session_id, *_ = first.split(".")
        ticket = self._writer.ticket(UserId(user_id), session_id=session_id)
        async with connected(self.doors[0].sockets, ticket) as client:
            await self._refresh(second, 401)
            await self._refresh(third, 401)
            with suppress(TimeoutError):  # then it has no code
                await client.closed()
            code = client.socket.close_code
        self.ground.require(code == SESSION_OVER, f"its socket: {code}", where="refresh race")
        self.requests += REFRESHES + 3

    async def _ticket_race(self) -> None:
        doors = [("sockets", each.sockets) for each in self.doors]
        doors += [("events", each.events) for each in self.doors]
        await ticket_race(self.ground, self._writer.ticket(new_user_id()), doors)
        self.requests += SOCKETS

    async def _refresh(self, token: str, status: int) -> Session:
        return await self._post("/auth/refresh", {"refresh_token": token}, status)

    async def _post(self, path: str, body: object, status: int) -> Session:
        route = Route(method="POST", path=path, is_protected=False)
        answer = await self.edge.invoke(("ask", Ask(route=route, path=path, body=body)), {})
        self.ground.require(answer.status == status, f"{answer.status}: {answer.text}", where=path)
        return json.loads(answer.text)


async def run(ground: Ground, count: int) -> Mapping[str, int | float]:
    """Send some `count` requests, in rounds, to an owner's disadvantage."""
    ground.llm.choose = numbered_answers(pieces=24)
    doors = [await _gateway(ground) for _ in range(GATEWAYS)]
    await ground.start_workers(1)
    edge = ground.start_api(EDGE)
    rounds = Rounds(ground, edge, doors)
    session, other = await rounds.sign_in(), await rounds.sign_in()
    owner = Owner(ground, ground.client("owner", user_id=_user_id(session)), session)
    stranger = ground.client("stranger", user_id=_user_id(other))
    trespass = Trespass(ground, edge, other, doors)
    try:
        trespass.nothing_is_forgotten()
        await owner.begin()
        await stranger.connect()
        fuzz = TokenFuzz(ground, edge, await _forger(ground, session))
        for number in range(max(1, round(count / ROUND))):
            beside = await stranger.say("And whose is this?")
            assert isinstance(beside, Accepted), beside
            await stranger.until_ended(beside.job_id)
            if number == 0:
                asked = await owner.ask_again()
                await rounds.same_key(asked)
                await fuzz.good_ones_pass(await owner.owned(asked, beside.conversation_id))
            await rounds.play(owner, trespass, fuzz, beside)
    finally:
        trespass.close()
        rounds.close()
        await asyncio.to_thread(edge.close)
    requests = rounds.requests + trespass.tried + fuzz.tried
    return {"requests": requests, "forged": fuzz.tried, "foreign": trespass.tried}


async def _gateway(ground: Ground) -> Doors:
    (events_port,) = free_ports(1)
    gateway = await ground.start_gateway(PROSA_GATEWAY_EVENTS_PORT=str(events_port))
    line = await gateway.has_logged("gateway_listening")
    return Doors(sockets=gateway.port, events=events_port, internal=line["internal_port"])


async def _forger(ground: Ground, session: Session) -> Forger:
    """One that has our keys, and would be the owner."""
    values = await asyncio.to_thread(ground.provisioner.parameter_values, ground.resources.stage)
    key = signing_key(values[f"{ground.resources.parameters}/jwt/private-key"])
    public_keys = json.loads(values[f"{ground.resources.parameters}/jwt/public-keys"])
    return Forger(
        key=key,
        public_pem=public_keys[key.kid],
        user_id=_user_id(session),
        refresh_token=session["refresh_token"],
        chance=ground.random,
    )


def _user_id(session: Session) -> UserId:
    return UserId(session["user"]["user_id"])


SCENARIO = Scenario(
    name="auth_fuzz",
    row="16",
    title="Forged tokens, races for tokens and tickets, and all that is another user's",
    full=3_000,
    short=150,
    run=run,
)
