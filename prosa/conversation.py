"""What is said and by whom: users, conversations and their messages.

Pure data. `prosa.store` reads and writes it, `prosa.events` and the HTTP API show it.
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from prosa.clock import Timestamp
from prosa.ids import ConversationId, JobId, MessageId, UserId

TITLE_MAX_CHARS = 80
CONTENT_MAX_CHARS = 8_000


class Role(StrEnum):
    """Who wrote a message."""

    USER = "user"
    ASSISTANT = "assistant"


class FinishReason(StrEnum):
    """Why a reply ended. `stop` and `length` are answers; the others are marked on the page."""

    STOP = "stop"
    LENGTH = "length"
    CANCELLED = "cancelled"
    FAILED = "failed"


class Frozen(BaseModel):
    """Base of every value that crosses a process: immutable, and an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Usage(Frozen):
    """What a reply cost, in the model's own tokens."""

    input_tokens: int = Field(ge=0)
    output_tokens: int = Field(ge=0)


class Failure(Frozen):
    """Why a job failed, in words its user may read."""

    code: str
    detail: str
    retryable: bool = False
    retry_after_s: int | None = None


class Message(Frozen):
    """One message of a conversation's tree.

    A reply's `message_id` derives from its job (`prosa.ids.reply_id`), so that its children can
    name it before it is written. `parent_id` is None only for a
    message that begins the conversation.
    """

    message_id: MessageId
    conversation_id: ConversationId
    parent_id: MessageId | None = None
    role: Role
    content: str
    created_at: Timestamp
    job_id: JobId | None = None
    model: str | None = None
    usage: Usage | None = None
    finish_reason: FinishReason | None = None
    failure: Failure | None = None


class Conversation(Frozen):
    """One line of a user's list."""

    conversation_id: ConversationId
    title: str
    created_at: Timestamp
    updated_at: Timestamp


class User(Frozen):
    """Someone who signed in. A guest has no e-mail address."""

    user_id: UserId
    email: str | None = None
    is_guest: bool
    created_at: Timestamp
