"""Why there is no answer, in words for the person who asked; `code` is for programs.

The details of a provider's error go to the log, never to the page.
"""

from __future__ import annotations

import math

from prosa.conversation import Failure
from worker.generation import DeadlineExceeded
from worker.llm.errors import (
    ContextTooLong,
    ModelError,
    ModelMisconfigured,
    ModelRateLimited,
    ModelRefused,
    ModelsUnavailable,
    ModelUnavailable,
)

WORKER_CRASHED = Failure(
    code="worker_crashed",
    detail="Something broke several times while this was being answered. You may try again.",
    retryable=True,
)

_UNKNOWN = Failure(
    code=ModelError.code, detail="The model could not answer this message.", retryable=True
)

# The first that fits: subclasses stand before their bases.
_BY_ERROR: tuple[tuple[type[ModelError], str, bool], ...] = (
    (DeadlineExceeded, "The answer took too long and was stopped.", True),
    (ContextTooLong, "This message is too long for the model. Shorten it and try again.", False),
    (ModelRefused, "The model's provider refused to answer this message.", False),
    (ModelMisconfigured, "The model is not set up correctly. The operators can see why.", False),
    (ModelsUnavailable, "No model can be reached right now. Try again in a moment.", True),
    (ModelRateLimited, "The model has too much to do right now. Try again in a minute.", True),
    (ModelUnavailable, "The model cannot be reached right now. Try again in a minute.", True),
)

RATE_LIMIT_RETRY_AFTER_S = 60


def failure_of(error: ModelError) -> Failure:
    """What the user is told of `error`."""
    for kind, detail, retryable in _BY_ERROR:
        if isinstance(error, kind):
            return Failure(
                code=error.code,
                detail=detail,
                retryable=retryable,
                retry_after_s=_retry_after_s(error),
            )
    return _UNKNOWN


def _retry_after_s(error: ModelError) -> int | None:
    if isinstance(error, ModelsUnavailable):
        return max(1, math.ceil(error.retry_after_s))
    return RATE_LIMIT_RETRY_AFTER_S if isinstance(error, ModelRateLimited) else None
