"""A user at a page: sends messages over HTTP, follows replies over a socket, resumes by itself.

It does what `web/` and `cli/` do: an answer that is lost makes it send again with the same key, a
socket that drops makes it resume from its cursor, lost history makes it read REST and go on from
the cursor that the page gives. It never polls: what no event and no resync told it, it does not
know, and the checker finds that its user was left waiting.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, cast

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from prosa.ids import UserId
from tests.faults.functions import FunctionGone, Functions
from tests.faults.history import History
from tests.integration.lambdas.gateway import Answer, a_caller
from tests.integration.ws_gateway.clients import address

GIVE_UP_S = 90.0
"""A request that stays unanswered for so long is left to the checker as it is."""

LONGEST_BACKOFF_S = 1.0
FINALS = frozenset({"reply.completed", "reply.failed"})
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


class LogAway(Exception):
    """REST cannot be read now, or cannot say where the log stands."""


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
        self.conversations: list[str] = []
        self.is_connected = asyncio.Event()
        self._api = api
        self._gateways = gateways
        self._history = history
        self._chance = chance
        self._said = 0
        self._ended: dict[str, asyncio.Event] = {}
        self._cursor: str | None = None
        self._begins = 0
        self._socket: ClientConnection | None = None
        self._following: asyncio.Task[None] | None = None
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
        heard_from = self._stretch
        deadline = asyncio.get_running_loop().time() + GIVE_UP_S
        failures = 0
        while asyncio.get_running_loop().time() < deadline:
            answer = await self._post(key, body)
            if isinstance(answer, Accepted) and (heard_from is None or heard_from != self._stretch):
                await self._make_up_for(answer.conversation_id)
            if answer is not None:
                return answer
            failures += 1
            await self._back_off(failures)
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
            await self._end_of(job_id).wait()

    def has_ended(self, job_id: str) -> bool:
        """Whether this user was told the job's end."""
        return self._end_of(job_id).is_set()

    @property
    def knows_all(self) -> bool:
        """Whether this user was told the end of every reply, or left and does not wait."""
        return self._following is None or all(end.is_set() for end in self._ended.values())

    async def connect(self) -> None:
        """Open a socket, and keep one open until `drop`."""
        if self._following is None:
            self._following = asyncio.create_task(self._follow(), name=f"socket of {self.name}")
        waiting = asyncio.create_task(self.is_connected.wait())
        await asyncio.wait({waiting, self._following}, return_when=asyncio.FIRST_COMPLETED)
        if self._following.done():  # it follows for ever, unless it failed
            waiting.cancel()
            self._following.result()

    async def drop(self) -> None:
        """Lose the connection without a word, and stay away until `connect`."""
        following, self._following = self._following, None
        if following is None:
            return
        self._history.write(self.name, "left")
        self.cut()
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following
        self.is_connected.clear()

    def cut(self) -> None:
        """Lose the connection without a word; the client comes back by itself."""
        if self._socket is not None:
            self._socket.transport.abort()

    async def send(self, frame: object) -> None:
        """Send a frame over the socket. Raises ConnectionClosed, or RuntimeError for no socket."""
        if self._socket is None:
            raise RuntimeError("not connected")
        await self._socket.send(json.dumps(frame))

    # --- HTTP ---

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
            if accepted.conversation_id not in self.conversations:
                self.conversations.append(accepted.conversation_id)
            self._end_of(accepted.job_id)
            return accepted
        code = answer.code
        if answer.status in _NO_ANSWER and code != "models_unavailable":
            self._history.write(self.name, "unanswered", key=key, error=code)
            return None
        self._history.write(self.name, "refused", key=key, status=answer.status, code=code)
        return Refused(key=key, status=answer.status, code=code)

    async def _call(self, method: str, path: str, **request: Any) -> Answer:
        return await self._api().call(method, path, caller=a_caller(self.user_id), **request)

    async def _back_off(self, failures: int) -> None:
        longest = min(LONGEST_BACKOFF_S, 0.1 * 2**failures)
        await asyncio.sleep(self._chance.uniform(longest / 2, longest))

    @property
    def _stretch(self) -> int | None:
        """Names the part of the log that is heard without a gap; None is no place in it yet."""
        return None if self._cursor is None else self._begins

    async def _make_up_for(self, conversation_id: str) -> None:
        """A reply may have been told before this socket had its place in the log."""
        for failures in range(10):
            try:
                await self._read_conversation(conversation_id)
            except (LogAway, FunctionGone):
                await self._back_off(failures)
            else:
                return

    def _end_of(self, job_id: str) -> asyncio.Event:
        return self._ended.setdefault(job_id, asyncio.Event())

    # --- the socket ---

    async def _follow(self) -> None:
        failures = 0
        while True:
            try:
                await self._one_connection()
                failures = 0
            except ConnectionClosed as closed:
                code = closed.rcvd.code if closed.rcvd else None
                self._history.write(self.name, "closed", code=code)
                failures = 0 if self.is_connected.is_set() else failures + 1
            except (OSError, InvalidHandshake, TimeoutError, LogAway, FunctionGone) as exc:
                self._history.write(self.name, "note", socket=repr(exc))
                failures += 1
            self.is_connected.clear()
            await self._back_off(failures)

    async def _one_connection(self) -> None:
        """Follow one socket to its end; returns when the log must be resumed from elsewhere."""
        ticket = await self._call("POST", "/ws-tickets")
        ports = self._gateways()
        if ticket.status != 201 or not ports:
            raise LogAway(f"no ticket: {ticket.status}")
        after = self._cursor
        url = address(self._chance.choice(ports), ticket.json["ticket"], after)
        options: dict[str, Any] = {"compression": None, "ping_interval": None, "max_queue": None}
        async with connect(url, close_timeout=1, open_timeout=5, **options) as socket:
            self._socket = socket
            try:
                await self._read(socket, after)
            finally:
                self._socket = None

    async def _read(self, socket: ClientConnection, after: str | None) -> None:
        while True:
            frame: dict[str, Any] = json.loads(await socket.recv())
            match frame["type"]:
                case "connected":
                    self._history.write(self.name, "connected", cursor=frame["cursor"], after=after)
                    if after is None:
                        self._begin(cast(str, frame["cursor"]))
                        await self._read_conversations()
                    self.is_connected.set()
                case "resync":
                    self._history.write(self.name, "resync", reason=frame["reason"])
                    self._begin(None)  # were REST away, the next socket would begin afresh
                    self._begin(_earliest(await self._read_conversations()))
                    self._history.write(self.name, "rewound", to=self._cursor)
                    return
                case _ if "cursor" in frame:
                    self._take(frame)
                case other:
                    self._history.write(self.name, "note", frame=other)

    def _begin(self, cursor: str | None) -> None:
        self._cursor = cursor
        self._begins += 1

    def _take(self, frame: dict[str, Any]) -> None:
        self._history.write(self.name, "event", frame=frame)
        self._cursor = frame["cursor"]
        if frame["type"] in FINALS:
            self._end_of(frame["job_id"]).set()

    async def _read_conversations(self) -> list[str | None]:
        """Read what was missed over REST. Gives where the log goes on, for each conversation.

        Raises LogAway and FunctionGone.
        """
        found = [await self._read_conversation(each) for each in list(self.conversations)]
        return [page["log_cursor"] for page in found if page is not None]

    async def _read_conversation(self, conversation_id: str) -> dict[str, Any] | None:
        answer = await self._call("GET", f"/conversations/{conversation_id}/messages")
        if answer.status == 404:  # deleted
            return None
        if answer.status != 200:
            raise LogAway(f"no messages: {answer.status}")
        self._take_page(conversation_id, answer.json)
        return answer.json

    def _take_page(self, conversation_id: str, page: dict[str, Any]) -> None:
        self._history.write(
            self.name,
            "snapshot",
            conversation_id=conversation_id,
            messages=page["items"],
            running=[job["job_id"] for job in page["running"]],
            cursor=page["log_cursor"],
        )
        for message in page["items"]:
            if message["role"] == "assistant":
                self._end_of(message["job_id"]).set()


def _earliest(cursors: Sequence[str | None]) -> str | None:
    """Where to resume so that no conversation misses anything; None is afresh."""
    found = [cursor for cursor in cursors if cursor is not None]
    if len(found) != len(cursors) or len({cursor.partition(":")[0] for cursor in found}) != 1:
        return None
    return min(found, key=lambda cursor: int(cursor.partition(":")[2]))
