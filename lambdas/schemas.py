"""The bodies of the HTTP API: what clients send and what they get. `web/` mirrors them.

`prosa.conversation` and `prosa.jobs` hold the values that other services show, too.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from prosa.clock import Timestamp
from prosa.conversation import (
    CONTENT_MAX_CHARS,
    TITLE_MAX_CHARS,
    Conversation,
    Message,
    Role,
    User,
)
from prosa.ids import (
    CONVERSATION_ID_PATTERN,
    MESSAGE_ID_PATTERN,
    ConversationId,
    JobId,
    MessageId,
)
from prosa.jobs import Job

PASSWORD_MIN_CHARS = 8
PASSWORD_MAX_CHARS = 256
EMAIL_MAX_CHARS = 254
MODEL_MAX_CHARS = 200
REFRESH_TOKEN_MAX_CHARS = 512


class Body(BaseModel):
    """Base of what clients send: an unknown field is an error, a number is no text."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def written(text: str) -> str:
    """Refuse a text that says nothing, and NUL, which many readers of text end at."""
    if not text.strip():
        raise PydanticCustomError("empty", "says nothing")
    if "\x00" in text:
        raise PydanticCustomError("control_character", "holds U+0000")
    return text


def _one_line(text: str) -> str:
    return " ".join(written(text).split())


Content = Annotated[str, Field(min_length=1, max_length=CONTENT_MAX_CHARS), AfterValidator(written)]
Model = Annotated[str, Field(min_length=1, max_length=MODEL_MAX_CHARS)]


class SendMessage(Body):
    """A question. Without `conversation_id` it begins a conversation.

    Without `parent_id` it follows the newest message. To edit a message, name its parent, which is
    null for the first of a conversation.
    """

    content: Content
    conversation_id: Annotated[ConversationId, Field(pattern=CONVERSATION_ID_PATTERN)] | None = None
    parent_id: Annotated[MessageId, Field(pattern=MESSAGE_ID_PATTERN)] | None = None
    model: Model | None = None


class AskAgain(Body):
    """Another reply to a question that was asked."""

    model: Model | None = None


class Accepted(BaseModel):
    """A reply is promised: the socket brings it as `reply_id`, `GET /jobs/{job_id}` tells of it."""

    job_id: JobId
    message_id: MessageId
    reply_id: MessageId
    conversation_id: ConversationId


class Rename(Body):
    """A new title."""

    title: Annotated[
        str, Field(min_length=1, max_length=TITLE_MAX_CHARS), AfterValidator(_one_line)
    ]


class ConversationPage(BaseModel):
    """Conversations, the one last written to first. `next_cursor` is null on the last page."""

    items: list[Conversation]
    next_cursor: str | None


class MessagePage(BaseModel):
    """Messages, oldest first; the first page is the newest, `next_cursor` pages back in time.

    `log_cursor` is where to resume the event log so that nothing after this page is missed; it is
    null while the log is away. `running` are the replies that are promised and not in `items` yet.
    """

    items: list[Message]
    next_cursor: str | None
    log_cursor: str | None
    running: list[Job]


class SearchHit(BaseModel):
    """A message that says all the words, or with `message_id` null a title.

    `matched` are the ranges of `snippet` that were looked for, begin and end, in Unicode code
    points.
    """

    conversation: Conversation
    message_id: MessageId | None
    role: Role | None
    snippet: str
    matched: list[tuple[int, int]]


class SearchPage(BaseModel):
    """What a part of the user's conversations says, the one last written to first.

    A page may be short or empty and not the last: `next_cursor` goes on until `is_complete`.
    `searched_back_to` is when the last conversation that was looked at was written to.
    """

    items: list[SearchHit]
    next_cursor: str | None
    is_complete: bool
    searched_back_to: Timestamp | None


class Credentials(Body):
    """What a person signs in with."""

    email: Annotated[str, Field(min_length=1, max_length=EMAIL_MAX_CHARS)]
    password: Annotated[
        str, Field(min_length=PASSWORD_MIN_CHARS, max_length=PASSWORD_MAX_CHARS, repr=False)
    ]


class PasswordChange(Body):
    """A new password, and the one it replaces."""

    current_password: Annotated[str, Field(min_length=1, max_length=PASSWORD_MAX_CHARS, repr=False)]
    new_password: Annotated[
        str, Field(min_length=PASSWORD_MIN_CHARS, max_length=PASSWORD_MAX_CHARS, repr=False)
    ]


class JobLook(Job):
    """A job, and whether its end was `seen`: acknowledged by a page that somebody looked at.

    `seen` is null when that cannot be told: the job goes on, or ended more than an hour ago.
    """

    seen: bool | None


class Refresh(Body):
    """A refresh token; each is good once."""

    refresh_token: Annotated[
        str, Field(min_length=1, max_length=REFRESH_TOKEN_MAX_CHARS, repr=False)
    ]


class Session(BaseModel):
    """Tokens of someone who is signed in. `expires_in` is the access token's life in seconds."""

    access_token: str = Field(repr=False)
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - RFC 6750's name, not a secret
    expires_in: int
    refresh_token: str = Field(repr=False)
    user: User


class Ticket(BaseModel):
    """Opens one WebSocket at `url`, once, within `expires_in` seconds."""

    ticket: str = Field(repr=False)
    url: str
    expires_in: int


class ModelChoice(BaseModel):
    """A model a message may ask for."""

    model_config = ConfigDict(protected_namespaces=())

    model_id: str
    label: str
    is_default: bool


class ModelList(BaseModel):
    """The models of this stage."""

    items: list[ModelChoice]


class Health(BaseModel):
    """The function runs. What it stands on is not asked: an outage there does not stop it."""

    status: Literal["ok"] = "ok"


class FieldProblem(BaseModel):
    """What is wrong with one field."""

    field: str
    code: str
    message: str


class Problem(BaseModel):
    """Why a call failed (RFC 9457). `code` is stable: programs decide on it."""

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str
    errors: list[FieldProblem] | None = None
