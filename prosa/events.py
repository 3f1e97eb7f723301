"""What a user's sockets are told: every event of the log, encoded and decoded here only.

The worker and the Lambdas encode, the gateway passes the text on unread, the page and the
terminal client decode. An event in the log has no `cursor` of its own: the log numbers it, and
`with_cursor` writes the number into the text on its way out.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from prosa.conversation import Conversation, FinishReason, Frozen, Message, Usage
from prosa.ids import ConnectionId, ConversationId, JobId, MessageId


class MessageAccepted(Frozen):
    """A user message was stored and its job queued; the user's other tabs show it."""

    type: Literal["message.accepted"] = "message.accepted"
    conversation_id: ConversationId
    job_id: JobId
    message: Message


class ReplyStarted(Frozen):
    """An attempt at a reply begins. A higher `attempt` clears what an earlier one wrote.

    Comes once more for the same attempt, before any delta, when another model takes over.
    """

    type: Literal["reply.started"] = "reply.started"
    job_id: JobId
    conversation_id: ConversationId
    message_id: MessageId
    parent_id: MessageId
    attempt: int
    model: str | None = None


class ReplyDelta(Frozen):
    """A piece of text. `index` is its offset in the reply, in Unicode code points."""

    type: Literal["reply.delta"] = "reply.delta"
    job_id: JobId
    attempt: int
    index: int
    text: str


class ReplyCompleted(Frozen):
    """The stored reply, whole. It wins over every delta."""

    type: Literal["reply.completed"] = "reply.completed"
    job_id: JobId
    conversation_id: ConversationId
    message: Message
    usage: Usage | None = None
    finish_reason: FinishReason


class ReplyFailed(Frozen):
    """The job ended without an answer; `detail` is for the reader, `code` for programs."""

    type: Literal["reply.failed"] = "reply.failed"
    job_id: JobId
    conversation_id: ConversationId
    message_id: MessageId
    parent_id: MessageId
    code: str
    detail: str
    retryable: bool
    retry_after_s: int | None = None


class ConversationUpdated(Frozen):
    """A line of the list changed, or is new."""

    type: Literal["conversation.updated"] = "conversation.updated"
    conversation: Conversation


class ConversationDeleted(Frozen):
    """A conversation is gone with all its messages."""

    type: Literal["conversation.deleted"] = "conversation.deleted"
    conversation_id: ConversationId


LogEvent = Annotated[
    MessageAccepted
    | ReplyStarted
    | ReplyDelta
    | ReplyCompleted
    | ReplyFailed
    | ConversationUpdated
    | ConversationDeleted,
    Field(discriminator="type"),
]
"""What the log holds."""


class Connected(Frozen):
    """First frame of a socket: where the log stands, and how often to ping (seconds)."""

    type: Literal["connected"] = "connected"
    connection_id: ConnectionId
    cursor: str
    heartbeat_s: int


class Resync(Frozen):
    """The events after the client's cursor are gone: read REST, go on from the cursor it gives."""

    type: Literal["resync"] = "resync"
    reason: Literal["epoch_changed", "history_gone"]


class Draining(Frozen):
    """This node goes away: come back in `reconnect_in_s` seconds."""

    type: Literal["draining"] = "draining"
    reconnect_in_s: float


class Pong(Frozen):
    """Answer to a client's ping; a page cannot see protocol pongs."""

    type: Literal["pong"] = "pong"


class ClientError(Frozen):
    """A frame from the client made no sense, or what it asked was refused."""

    type: Literal["error"] = "error"
    code: str
    detail: str


class Authenticated(Frozen):
    """The session of this socket was renewed for `expires_in` seconds."""

    type: Literal["authenticated"] = "authenticated"
    expires_in: int


ServerFrame = Annotated[
    MessageAccepted
    | ReplyStarted
    | ReplyDelta
    | ReplyCompleted
    | ReplyFailed
    | ConversationUpdated
    | ConversationDeleted
    | Connected
    | Resync
    | Draining
    | Pong
    | ClientError
    | Authenticated,
    Field(discriminator="type"),
]
"""Every frame a server sends."""


def encode(event: ServerFrame) -> str:
    """Write an event as the JSON text that goes into the log and over the wire."""
    return event.model_dump_json(exclude_none=True)


def with_cursor(text: bytes, cursor: str) -> bytes:
    """Write `cursor` into encoded `text` without decoding it: `encode` always writes an object."""
    return b'{"cursor":"%s",%s' % (cursor.encode(), text[1:])


def decode(text: str | bytes) -> tuple[ServerFrame, str | None]:
    """Read a frame and its cursor, if it stands in the log. Raises pydantic.ValidationError."""
    json, frames = _readers()
    fields = json.validate_json(text)
    cursor = fields.pop("cursor", None) if fields.get("type") != "connected" else None
    return frames.validate_python(fields), cursor if isinstance(cursor, str) else None


@cache
def _readers() -> tuple[TypeAdapter[dict[str, object]], TypeAdapter[ServerFrame]]:
    """Built when first asked for: who only writes events pays nothing for reading them."""
    return TypeAdapter(dict[str, object]), TypeAdapter(ServerFrame)
