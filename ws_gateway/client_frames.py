"""What clients may send, and how it is read."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from prosa.ids import JOB_ID_PATTERN, JobId


class _Frame(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True)


class Ping(_Frame):
    """Is the socket alive? Answered with `pong`."""

    action: Literal["ping"]


class Authenticate(_Frame):
    """Renew the session with a new ticket of the same user. Answered with `authenticated`."""

    action: Literal["authenticate"]
    ticket: str


class Cancel(_Frame):
    """Stop a reply of mine. Its own events answer."""

    action: Literal["cancel"]
    job_id: Annotated[JobId, Field(pattern=JOB_ID_PATTERN)]


class Acknowledge(_Frame):
    """All up to `cursor` was shown to someone who looks. Not answered."""

    action: Literal["ack"]
    cursor: Annotated[str, Field(max_length=64)]


ClientFrame = Ping | Authenticate | Cancel | Acknowledge
_frames: TypeAdapter[ClientFrame] = TypeAdapter(
    Annotated[ClientFrame, Field(discriminator="action")]
)


class UnreadableFrame(Exception):
    """A frame makes no sense. `code` is `unknown_action`, which a newer client may send in good
    faith, or `malformed_frame`, which no client does."""

    def __init__(self, code: Literal["unknown_action", "malformed_frame"], detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def read_frame(text: str | bytes) -> ClientFrame:
    """Read a frame. Raises UnreadableFrame, whose detail repeats nothing the client wrote."""
    if isinstance(text, bytes):
        raise UnreadableFrame("malformed_frame", "Frames are text.")
    try:
        return _frames.validate_json(text)
    except ValidationError as exc:
        problem = exc.errors(include_url=False, include_input=False, include_context=False)[0]
        if problem["type"] == "union_tag_invalid":
            raise UnreadableFrame("unknown_action", "There is no such action.") from exc
        raise UnreadableFrame("malformed_frame", "Not a frame this gateway reads.") from exc
