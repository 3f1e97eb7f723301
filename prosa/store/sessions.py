"""Sign-in sessions: a family of refresh tokens, each good for one use (RFC 9700, 4.14.2).

A token is `<user>.<family>.<number>.<secret>`, where the secret is an HMAC of the rest under a key
that only the `auth` Lambda has; the table holds hashes. Being computable, a successor can be given
twice: when the answer to a rotation is lost, the client asks again with the token it has, and for
`GRACE_S` gets the same successor. After that, a used token means that two hold it: the whole
family is over.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from prosa.clock import from_iso, to_iso, utc_now
from prosa.errors import SessionRevoked
from prosa.ids import UserId
from prosa.store.items import Item
from prosa.store.table import ConditionRefused, Table, of_sessions, session_key, session_of

REFRESH_TTL = timedelta(days=30)
GRACE_S = 10


TellEnded = Callable[[UserId, Sequence[str]], None]


@dataclass(frozen=True, slots=True, repr=False)
class RefreshToken:
    """A refresh token and whom it signs in."""

    user_id: UserId
    session_id: str
    text: str


class SessionStore:
    """Methods raise SessionRevoked for any token that is not good, `Unavailable` for an outage.

    `tell` is called with each user whose sessions were ended, and these: whoever serves them on
    something that lives longer than a request must stop.
    """

    def __init__(self, table: Table, key: bytes, *, tell: TellEnded) -> None:
        self._table = table
        self._key = key
        self._tell = tell

    def begin(self, user_id: UserId) -> RefreshToken:
        """Start a session and give its first token."""
        family = secrets.token_urlsafe(16)
        token = self._token(user_id, family, 1)
        now = utc_now()
        item: Item = {
            "current": _hash(token.text),
            "number": 1,
            "rotated_at": to_iso(now),
            "expires_at": int((now + REFRESH_TTL).timestamp()),
        }
        self._table.put(session_key(user_id, family), item)
        return token

    def rotate(self, text: str) -> RefreshToken:
        """Take a token and give its successor.

        Of many simultaneous callers with one token one rotates; the others, within `GRACE_S`, are
        given the same successor. A token used later than that revokes its family.
        """
        user_id, family, number = self._parse(text)
        item = self._live(user_id, family)
        if item["number"] == number:
            return self._rotate_current(user_id, family, number, text)
        if item["number"] == number + 1 and _within_grace(item):
            return self._token(user_id, family, number + 1)
        self.revoke(user_id, family)
        raise SessionRevoked

    def end(self, text: str) -> tuple[UserId, str]:
        """Sign out: the family of this token is over. Gives the user and the session."""
        user_id, family, _ = self._parse(text)
        self.revoke(user_id, family)
        return user_id, family

    def revoke(self, user_id: UserId, session_id: str) -> None:
        """End a session. Access tokens of it stay good until they expire, 15 minutes at most."""
        self._table.delete(session_key(user_id, session_id))
        self._tell(user_id, [session_id])

    def revoke_others(self, user_id: UserId, *, but: str) -> None:
        """End all sessions of a user but one. One that begins meanwhile may live on."""
        pages = self._table.pages(
            KeyConditionExpression="PK = :user AND begins_with(SK, :session)",
            ExpressionAttributeValues=of_sessions(user_id),
            ConsistentRead=True,
            ProjectionExpression="SK",
        )
        found = [session_of(item) for page in pages for item in page]
        others = [session_id for session_id in found if session_id != but]
        for session_id in others:
            self._table.delete(session_key(user_id, session_id))
        self._tell(user_id, others)

    def _rotate_current(self, user_id: UserId, family: str, number: int, text: str) -> RefreshToken:
        successor = self._token(user_id, family, number + 1)
        try:
            self._table.update(
                session_key(user_id, family),
                "SET #current = :next, #number = :number, rotated_at = :now",
                {
                    ":next": _hash(successor.text),
                    ":number": number + 1,
                    ":now": to_iso(utc_now()),
                    ":current": _hash(text),
                },
                condition="#current = :current",
            )
        except ConditionRefused:
            # Another request with this token was faster, by less than our round trip; or the
            # family was revoked in between.
            item = self._live(user_id, family)
            if item["number"] != number + 1:
                raise SessionRevoked from None
        return successor

    def _live(self, user_id: UserId, family: str) -> Item:
        item = self._table.get(session_key(user_id, family))
        if item is None or item["expires_at"] < utc_now().timestamp():
            raise SessionRevoked
        return item

    def _token(self, user_id: UserId, family: str, number: int) -> RefreshToken:
        named = f"{user_id}.{family}.{number}"
        return RefreshToken(user_id, family, f"{named}.{self._secret(named)}")

    def _secret(self, named: str) -> str:
        return hmac.new(self._key, named.encode(), hashlib.sha256).hexdigest()

    def _parse(self, text: str) -> tuple[UserId, str, int]:
        named, _, secret = text.rpartition(".")
        if not hmac.compare_digest(secret.encode(), self._secret(named).encode()):
            raise SessionRevoked
        user_id, family, number = named.split(".")
        return UserId(user_id), family, int(number)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _within_grace(item: Item) -> bool:
    return utc_now() - from_iso(item["rotated_at"]) <= timedelta(seconds=GRACE_S)
