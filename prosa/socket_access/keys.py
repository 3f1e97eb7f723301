"""The names of keys and channels; all keys of a user lie with the user's log (`prosa.key_tags`)."""

from __future__ import annotations

import hashlib

from prosa.ids import UserId
from prosa.key_tags import tag_of

CONTROL_CHANNEL = "gw::control"
"""What every gateway node must hear. No node can be named so: `prosa.event_log.keys.node_channel`
writes one colon, and a node's name holds none."""


def ticket_key(user_id: UserId, ticket: str) -> str:
    """Hash `{user, session, until, by}`, named by the ticket's hash: Redis never holds a ticket."""
    return f"{{{tag_of(user_id)}}}:ticket:{hashlib.sha256(ticket.encode()).hexdigest()}"


def revoked_key(user_id: UserId) -> str:
    """Hash `session id -> 1` of the user's sessions that were ended before their time."""
    return f"{{{tag_of(user_id)}}}:revoked:{user_id}"
