"""Handshakes that no client of ours would send, and what each must be answered.

Written byte by byte, as a library would refuse to. A good ticket in them must change nothing.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from local.ports import LOOPBACK
from prosa.ids import new_user_id
from tests.faults.raw_connections import CLOSED

MOST_HEADERS = 300
LONG_URI = 20_000

_UPGRADE = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)
_PATHS = {"sockets": "/ws", "events": "/api/events"}


@dataclass(frozen=True, kw_only=True)
class BadHandshake:
    """One kind. `ticket` is what it brings: a `good`, `used` or `expired` one, `none`, or one of a
    session that is `over`.

    `answer` is the status it must get, or `CLOSED`.
    """

    door: str
    write: Callable[[str, random.Random], bytes]
    ticket: str
    answer: str


def good_handshake(door: str, ticket: str) -> bytes:
    """One that is right, for a good ticket."""
    return _request("GET", _PATHS[door], ticket, _UPGRADE)


def endless(door: str) -> bytes:
    """A request whose headers have no end that anybody would live to see."""
    return _request("GET", _PATHS[door], "", ("X-Long: " + "y" * 1000,))


def refused(door: str) -> bytes:
    """One that is refused for want of a ticket."""
    return _request("GET", _PATHS[door], "", _UPGRADE)


def _request(method: str, path: str, ticket: str, headers: tuple[str, ...]) -> bytes:
    query = f"?ticket={ticket}" if ticket else ""
    lines = (f"{method} {path}{query} HTTP/1.1", f"Host: {LOOPBACK}", *headers, "", "")
    return "\r\n".join(lines).encode()


def _tls(_: str, chance: random.Random) -> bytes:
    """The first record of a TLS handshake, with noise for its content."""
    return bytes.fromhex("1603010100010000fc0303") + chance.randbytes(250)


def _made_up(_: str, chance: random.Random) -> str:
    """A ticket that has the shape of one, or none at all."""
    noise = secrets.token_urlsafe(32)
    return chance.choice([f"{new_user_id()}.{noise}", noise, "t" * 4000, "%00", "a.b"])


def _kinds(door: str, answers: Mapping[str, str]) -> dict[str, BadHandshake]:
    """All kinds at one door; one without an answer there is no fault there."""
    path = _PATHS[door]

    def good(method: str, path: str, *headers: str) -> Callable[[str, random.Random], bytes]:
        return lambda ticket, _: _request(method, path, ticket, headers)

    def bad(ticket: Callable[[str, random.Random], str]) -> Callable[[str, random.Random], bytes]:
        return lambda given, chance: _request("GET", path, ticket(given, chance), _UPGRADE)

    extra = tuple(f"X-Extra-{number}: y" for number in range(MOST_HEADERS))
    found = {
        "plain_get": ("good", good("GET", path)),
        "elsewhere": ("good", good("GET", "/", *_UPGRADE)),
        "post": ("good", good("POST", path, *_UPGRADE)),
        "post_with_body": ("good", good("POST", path, *_UPGRADE, "Content-Length: 9")),
        "tls": ("none", _tls),
        "long_uri": ("good", bad(lambda given, _: given + "t" * LONG_URI)),
        "many_headers": ("good", good("GET", path, *_UPGRADE, *extra)),
        "wrong_origin": ("good", good("GET", path, *_UPGRADE, "Origin: https://evil.example")),
        "null_origin": ("good", good("GET", path, *_UPGRADE, "Origin: null")),
        "no_ticket": ("none", bad(lambda _, __: "")),
        "bad_ticket": ("none", bad(_made_up)),
        "expired_ticket": ("expired", bad(lambda given, _: given)),
        "used_ticket": ("used", bad(lambda given, _: given)),
        "ticket_of_the_past": ("over", bad(lambda given, _: given)),
        "two_tickets": ("good", bad(lambda given, _: f"{given}&ticket={given}")),
    }
    return {
        f"{door}_{kind}": BadHandshake(
            door=door, write=found[kind][1], ticket=found[kind][0], answer=answer
        )
        for kind, answer in answers.items()
    }


_TICKETS = dict.fromkeys(
    (
        "no_ticket",
        "bad_ticket",
        "two_tickets",
        "used_ticket",
        "expired_ticket",
        "ticket_of_the_past",
    ),
    "401",
)
_ORIGINS = dict.fromkeys(("wrong_origin", "null_origin"), "403")

BAD_HANDSHAKES: Mapping[str, BadHandshake] = {
    **_kinds(
        "sockets",
        {
            "plain_get": "426",
            "elsewhere": "404",
            "post": "405",
            "post_with_body": CLOSED,
            "tls": CLOSED,
            "long_uri": "414",
            "many_headers": "431",
            **_ORIGINS,
            **_TICKETS,
        },
    ),
    **_kinds(
        "events",
        {
            "elsewhere": "404",
            "post": "405",
            "post_with_body": "405",
            "tls": "400",
            "long_uri": "400",
            "many_headers": "400",
            **_ORIGINS,
            **_TICKETS,
        },
    ),
}
"""Kind to what it is: a plain GET is what the events' door is for."""
