"""Identifiers: a prefix that says what it names, and a ULID.

Ids are names, never permissions: an id from a client is checked against its owner each time.
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from typing import NewType

from ulid import ULID

from prosa.clock import from_epoch_ms, to_epoch_ms

UserId = NewType("UserId", str)
ConversationId = NewType("ConversationId", str)
MessageId = NewType("MessageId", str)
JobId = NewType("JobId", str)
ConnectionId = NewType("ConnectionId", str)

# Crockford's base32 of 128 bits (https://github.com/ulid/spec).
_ULID = "[0-7][0-9A-HJKMNP-TV-Z]{25}"
USER_ID_PATTERN = f"^usr_{_ULID}$"
CONVERSATION_ID_PATTERN = f"^cnv_{_ULID}$"
MESSAGE_ID_PATTERN = f"^msg_{_ULID}$"
JOB_ID_PATTERN = f"^job_{_ULID}$"

_user_id = re.compile(USER_ID_PATTERN)


def is_user_id(text: str) -> bool:
    """Whether `text` has the shape of a user's id; not whether there is such a user."""
    return _user_id.fullmatch(text) is not None


def new_user_id() -> UserId:
    return UserId(f"usr_{ULID()}")


def new_conversation_id() -> ConversationId:
    return ConversationId(f"cnv_{ULID()}")


def new_message_id(written_at: datetime) -> MessageId:
    """Name a message; ids sort as `written_at` does, to the millisecond."""
    return MessageId(f"msg_{ULID.from_datetime(written_at)}")


def time_to_write(now: datetime, parent_id: MessageId | None) -> datetime:
    """When a child of `parent_id` is written: now, or just after its parent if clocks disagree.

    So a parent's id is always lower than its child's, and a branch is read in one pass.
    """
    if parent_id is None:
        return now
    after = ULID.from_str(parent_id.removeprefix("msg_")).milliseconds + 1
    return max(now, from_epoch_ms(after))


def new_connection_id() -> ConnectionId:
    return ConnectionId(f"con_{ULID()}")


def job_id_for(user_id: UserId, idempotency_key: str) -> JobId:
    """Derive the job of one request, so that a resend with the same key finds its first self."""
    digest = hashlib.sha256(f"{user_id}\n{idempotency_key}".encode()).digest()
    return JobId(f"job_{ULID.from_bytes(digest[:16])}")


def reply_id_for(job_id: JobId, accepted_at: datetime) -> MessageId:
    """Derive the one reply of a job: whoever writes it, however often, writes the same item.

    Its time is one millisecond after the job was accepted, so that in the order of ids a reply
    stands after its question and before the next one.
    """
    moment = (to_epoch_ms(accepted_at) + 1).to_bytes(6, "big")
    randomness = hashlib.sha256(f"reply\n{job_id}".encode()).digest()[:10]
    return MessageId(f"msg_{ULID.from_bytes(moment + randomness)}")
