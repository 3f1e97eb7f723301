"""A user at a page: sends messages over HTTP, follows replies over a socket, resumes by itself.

It does what `web/` and `cli/` do: an answer that is lost makes it send again with the same key, a
socket that drops makes it resume from its cursor, lost history makes it read REST and go on from
the cursor that the page gives. It never polls: what no event and no resync told it, it does not
know, and the checker finds that its user was left waiting.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from prosa.ids import UserId
from tests.faults.follower import Follower, backoff_s
from tests.faults.functions import FunctionGone, Functions
from tests.faults.history import History
from tests.integration.lambdas.gateway import Answer, a_caller

GIVE_UP_S = 90.0
"""A request that stays unanswered for so long is left to the checker as it is."""

_NO_ANSWER = frozenset({500, 502, 503, 504})


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """The API promised a reply."""

    key: str
    job_id: str
    message_id: str
    reply_id: str
    conversation_id: str


@dataclass(frozen=True, kw_only=True)
class Refused:
    """The API will not answer this message, and said why."""

    key: str
    status: int
    code: str


@dataclass(frozen=True, kw_only=True)
class Unknown:
    """Nobody ever said what became of this message."""

    key: str


class Client:
    """One user with one socket. `canary` is a secret word in all that this user says."""

    def __init__(
        self,
        name: str,
        user_id: UserId,
        *,
        api: Callable[[], Functions],
        gateways: Callable[[], Sequence[int]],
        history: History,
        chance: random.Random,
    ) -> None:
        """`api` and `gateways`, ports, are those of the moment; `chance` decides on jitter only."""
        self.name = name
        self.user_id = user_id
        self.canary = f"canary-{chance.getrandbits(64):016x}"
        self._api = api
        self._history = history
        self._chance = chance
        self._said = 0
        self._follower = Follower(
            call=self._call, gateways=gateways, write=partial(history.write, name), chance=chance
        )
        history.write(name, "came", user_id=user_id, canary=self.canary)

    async def say(
        self, content: str, conversation: str | None = None, *, model: str | None = None
    ) -> Accepted | Refused | Unknown:
        """Send a message until it is answered. What is sent is unlike every other message."""
        self._said += 1
        key = f"{self.name}-{self._said:08d}"
        text = f"{content} {self._said} {self.canary}"
        fields = {"content": text, "conversation_id": conversation, "model": model}
        body = {name: value for name, value in fields.items() if value is not None}
        self._history.write(self.name, "posted", key=key, user_id=self.user_id, **body)
        heard_from = self._follower.stretch
        deadline = asyncio.get_running_loop().time() + GIVE_UP_S
        failures = 0
        while asyncio.get_running_loop().time() < deadline:
            answer = await self._post(key, body)
            if isinstance(answer, Accepted) and not self._was_heard_since(heard_from):
                await self._follower.make_up_for(answer.conversation_id)
            if answer is not None:
                return answer
            failures += 1
            await asyncio.sleep(backoff_s(failures, self._chance))
        return Unknown(key=key)

    async def cancel(self, job_id: str) -> int:
        """Ask for a reply to stop; gives the API's status, 0 for none."""
        try:
            status = (await self._call("DELETE", f"/jobs/{job_id}")).status
        except FunctionGone:
            status = 0
        self._history.write(self.name, "cancelled", job_id=job_id, status=status)
        return status

    async def until_ended(self, job_id: str, *, within_s: float = GIVE_UP_S) -> None:
        """Wait until this user was told the job's end. Raises TimeoutError."""
        async with asyncio.timeout(within_s):
            await self._follower.end_of(job_id).wait()

    def has_ended(self, job_id: str) -> bool:
        """Whether this user was told the job's end."""
        return self._follower.end_of(job_id).is_set()

    @property
    def knows_all(self) -> bool:
        """Whether this user was told the end of every reply, or left and does not wait."""
        return self._follower.knows_all

    @property
    def is_connected(self) -> asyncio.Event:
        """Set while a socket is open and has its place in the log."""
        return self._follower.is_connected

    async def connect(self) -> None:
        """Open a socket, and keep one open until `drop`."""
        await self._follower.connect()

    async def drop(self) -> None:
        """Lose the connection without a word, and stay away until `connect`."""
        await self._follower.drop()

    def cut(self) -> None:
        """Lose the connection without a word; the client comes back by itself."""
        self._follower.cut()

    async def send(self, frame: object) -> None:
        """Send a frame over the socket. Raises ConnectionClosed, or RuntimeError for no socket."""
        await self._follower.send(frame)

    def _was_heard_since(self, stretch: int | None) -> bool:
        """Whether no event can have been missed since the log was heard as `stretch`."""
        return stretch is not None and stretch == self._follower.stretch

    async def _post(self, key: str, body: object) -> Accepted | Refused | None:
        headers = {"idempotency-key": key}
        try:
            answer = await self._call("POST", "/chat", body=body, headers=headers)
        except FunctionGone as exc:
            self._history.write(self.name, "unanswered", key=key, error=str(exc))
            return None
        if answer.status == 202:
            accepted = Accepted(key=key, **answer.json)
            self._history.write(self.name, "accepted", **vars(accepted))
            if accepted.conversation_id not in self._follower.conversations:
                self._follower.conversations.append(accepted.conversation_id)
            self._follower.end_of(accepted.job_id)
            return accepted
        code = answer.code
        if answer.status in _NO_ANSWER and code != "models_unavailable":
            self._history.write(self.name, "unanswered", key=key, error=code)
            return None
        self._history.write(self.name, "refused", key=key, status=answer.status, code=code)
        return Refused(key=key, status=answer.status, code=code)

    async def _call(self, method: str, path: str, **request: Any) -> Answer:
        return await self._api().call(method, path, caller=a_caller(self.user_id), **request)
