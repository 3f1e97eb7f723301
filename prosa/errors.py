"""The errors the services share, by the question their caller asks.

ProsaError                 has a stable `code` and a `detail` a person may read
├── NotFound               there is none, or it is someone else's: the same answer for both
├── Conflict               the request contradicts what is stored
│   ├── IdempotencyMismatch    the key was used with another body
│   └── EmailTaken
├── Unauthenticated        who is asking is not proven
│   ├── TokenInvalid
│   │   └── TokenExpired
│   ├── BadCredentials
│   └── SessionRevoked
├── Fenced                 a later attempt owns the job: stop, write nothing
├── UnreadableJob          no reader of this version can make sense of a queue message
├── SettingsError          the environment is wrong; names the variable
└── Unavailable            something we stand on did not answer: the same call may succeed later
"""

from __future__ import annotations


class ProsaError(Exception):
    """Base of every error that is ours. `code` is stable: clients decide on it."""

    code = "internal_error"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class NotFound(ProsaError):
    """`what` does not exist for this user, be it missing or another's."""

    code = "not_found"

    def __init__(self, what: str) -> None:
        super().__init__(f"There is no such {what}.")
        self.what = what


class Conflict(ProsaError):
    """The request contradicts what is stored."""

    code = "conflict"


class IdempotencyMismatch(Conflict):
    """The same Idempotency-Key came with another body."""

    code = "idempotency_key_reused"

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was used with a different request.")


class EmailTaken(Conflict):
    """Someone registered with this address."""

    code = "email_taken"

    def __init__(self) -> None:
        super().__init__("This e-mail address is registered already.")


class Unauthenticated(ProsaError):
    """Who is asking is not proven."""

    code = "unauthenticated"


class TokenInvalid(Unauthenticated):
    """Not a token we signed for this use."""

    code = "token_invalid"


class TokenExpired(TokenInvalid):
    """Ours, but its time is over."""

    code = "token_expired"


class BadCredentials(Unauthenticated):
    """Unknown address or wrong password: the same answer for both."""

    code = "bad_credentials"

    def __init__(self) -> None:
        super().__init__("E-mail address or password is wrong.")


class SessionRevoked(Unauthenticated):
    """The refresh token was used twice, logged out or is too old."""

    code = "session_revoked"

    def __init__(self) -> None:
        super().__init__("This session is over. Sign in again.")


class Fenced(ProsaError):
    """A later attempt owns the job, or it is finished: this one must stop and write nothing."""

    code = "fenced"


class Superseded(ProsaError):
    """The conversation went on without this reply: it must not appear any more."""

    code = "superseded"


class UnreadableJob(ProsaError):
    """A queue message that no reader of this version understands."""

    code = "unreadable_job"


class SettingsError(ProsaError):
    """The environment is wrong. `variable` names what to change."""

    code = "settings_error"

    def __init__(self, variable: str, problem: str) -> None:
        super().__init__(f"{variable}: {problem}")
        self.variable = variable


class Unavailable(ProsaError):
    """Something we stand on did not answer: the same call may succeed later."""

    code = "unavailable"
