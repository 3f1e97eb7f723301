"""The way to Redis: it reads along, so that it can count what is asked and lose single answers.

An answer that is lost after Redis did what it was asked is the fault that makes careless clients do
it twice; a proxy that only cuts connections hits it by luck.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import hiredis

from tests.faults.proxies.background import Record, unrecorded
from tests.faults.proxies.tcp_proxy import Link, TcpProxy

Command = Sequence[bytes]
Observe = Callable[[Command, Any], None]
"""Hears of each answered command, from the proxy's thread; before the client does, if it does."""

Loss = Callable[[Command], float]
"""How probable it is that this command's answer is lost."""

_LISTENING = {b"SUBSCRIBE", b"PSUBSCRIBE"}
_GREETING = {b"HELLO", b"AUTH", b"SELECT", b"CLIENT"}


_MORE = object()


def _reader() -> hiredis.Reader:
    return hiredis.Reader(notEnoughData=_MORE)


@dataclass(eq=False)
class RedisLink(Link):
    """A connection, read along in both directions."""

    sent: hiredis.Reader = field(default_factory=_reader)
    answered: hiredis.Reader = field(default_factory=_reader)
    waiting: deque[Command] = field(default_factory=deque[Command])
    is_listening: bool = False
    """It subscribed: what comes back answers nothing any more."""


class RedisProxy(TcpProxy):
    """See `TcpProxy`; besides, `lose` loses answers and `observe` hears them."""

    def __init__(self, target: tuple[str, int], *, record: Record = unrecorded) -> None:
        super().__init__(target, record=record)
        self.operations: Counter[str] = Counter()
        """Commands that came through, by name."""
        self.lost: Counter[str] = Counter()
        """Answers that did not."""
        self._loss: tuple[Loss, random.Random] | None = None
        self._observers: list[Observe] = []

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def lose(self, loss: Loss, chance: random.Random) -> None:
        """Lose answers, and their connections, from now on."""
        self._loss = (loss, chance)

    def lose_none(self) -> None:
        """Lose no more answers."""
        self._loss = None

    def observe(self, observer: Observe) -> None:
        self._observers.append(observer)

    def _made(self, client: asyncio.StreamWriter, part: asyncio.StreamWriter) -> Link:
        return RedisLink(client, part)

    def _sent(self, link: Link, chunk: bytes) -> bool:
        assert isinstance(link, RedisLink)
        link.sent.feed(chunk)
        while (command := link.sent.gets()) is not _MORE:
            name = command[0].upper()
            self.operations[name.decode()] += 1
            link.waiting.append(command)
            link.is_listening |= name in _LISTENING
        return True

    def _answered(self, link: Link, chunk: bytes) -> bool:
        assert isinstance(link, RedisLink)
        if link.is_listening:
            return True
        link.answered.feed(chunk)
        while (reply := link.answered.gets()) is not _MORE:
            command = link.waiting.popleft()
            for observer in self._observers:
                observer(command, reply)
            if self._loses(command):
                return False
        return True

    def _loses(self, command: Command) -> bool:
        name = command[0].upper()
        # A greeting does nothing that could be done twice: losing it is a refused connection.
        if self._loss is None or name in _GREETING:
            return False
        loss, chance = self._loss
        if chance.random() >= loss(command):
            return False
        self.lost[name.decode()] += 1
        self._record("redis_reply_lost", command=name.decode())
        return True
