"""What the edge itself refuses; `http_errors.py` gives each its status.

ProsaError
├── BadRequest             the request is not one this API reads; `code` says why
│   ├── BodyTooLarge
│   └── UnsupportedMediaType
├── InvalidField           a field is well-formed JSON and still not what it says it is
├── Forbidden              who asks is known, and may not
├── UnknownModel
├── UnknownParent
├── ModelsUnavailable      no model may be asked now; `retry_after_s` says when
└── TooMany                later, not now; `retry_after_s` says when
"""

from __future__ import annotations

from prosa.errors import ProsaError


class BadRequest(ProsaError):
    """The request is not one this API reads."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


class BodyTooLarge(BadRequest):
    """The body is longer than any request of this API needs."""

    def __init__(self, *, limit_bytes: int) -> None:
        super().__init__("body_too_large", f"The body is over {limit_bytes} bytes.")


class UnsupportedMediaType(BadRequest):
    """The body is not JSON."""

    def __init__(self) -> None:
        super().__init__("unsupported_media_type", "Send JSON with Content-Type: application/json.")


class InvalidField(ProsaError):
    """A field is not what it says it is; `reason` is a code of `field_problems.py`."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.code = f"{field}_{reason}"
        self.field = field
        self.reason = reason


class Forbidden(ProsaError):
    """Who asks is known, and may not."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


class UnknownModel(ProsaError):
    """The model is not one of this stage's."""

    code = "unknown_model"

    def __init__(self) -> None:
        super().__init__("There is no such model. GET /models lists them.")


class UnknownParent(ProsaError):
    """The message to answer on is not one of the conversation."""

    code = "unknown_parent"

    def __init__(self) -> None:
        super().__init__("parent_id names no message of this conversation.")


class ModelsUnavailable(ProsaError):
    """Every model failed too often of late: a job would only fail. Nobody is at fault here."""

    code = "models_unavailable"

    def __init__(self, *, retry_after_s: int) -> None:
        super().__init__("No model can be reached right now. Try again in a moment.")
        self.retry_after_s = retry_after_s


class TooMany(ProsaError):
    """Later, not now: the same call may pass in `retry_after_s` seconds."""

    def __init__(self, code: str, detail: str, *, retry_after_s: int) -> None:
        super().__init__(detail)
        self.code = code
        self.retry_after_s = retry_after_s
