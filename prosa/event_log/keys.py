"""The names of the log's keys in Redis; a user's all carry the user's tag.

Those of users who are talked to are kept: each event of a reply needs them anew.
"""

from __future__ import annotations

from functools import lru_cache

from prosa.ids import JobId, UserId
from prosa.key_tags import tag_of

_KEPT = 4096  # users; some 100 bytes each for a key


@lru_cache(maxsize=_KEPT)
def log_key(user_id: UserId) -> str:
    """The stream of a user's events; entry `<seq>-0` is the event numbered seq."""
    return f"{{{tag_of(user_id)}}}:log:{user_id}"


@lru_cache(maxsize=_KEPT)
def head_key(user_id: UserId) -> str:
    """Hash `{epoch, seq, seen}`: the life the log is in, its newest number, and the newest that a
    client acknowledged."""
    return f"{{{tag_of(user_id)}}}:head:{user_id}"


@lru_cache(maxsize=_KEPT)
def connections_key(user_id: UserId) -> str:
    """Hash `connection_id -> <lease end, ms>:<node>`: where the user is connected."""
    return f"{{{tag_of(user_id)}}}:conns:{user_id}"


def fence_key(user_id: UserId, job_id: JobId) -> str:
    """Hash `{attempt, started, final, ended, cancelled}` of a reply.

    `final` is the attempt that ended it, `ended` the cursor of its end. The owner is part of the
    name: a stranger who knows a job's id reaches another key.
    """
    return f"{{{tag_of(user_id)}}}:fence:{user_id}:{job_id}"


def node_channel(node: str) -> str:
    """Pub/sub channel that wakes a gateway node."""
    return f"gw:{node}"


def node_inbox(node: str) -> str:
    """Pub/sub channel for what other nodes answer this one; a node's name holds no colon."""
    return f"gw:{node}:inbox"
