"""Every way the OpenAI SDK fails, as a ModelError. A test walks the SDK's exceptions and fails on
one that has no rule here."""

from __future__ import annotations

import aiohttp
import httpx2
import openai

from worker.llm.errors import (
    ContextTooLong,
    ModelError,
    ModelMisconfigured,
    ModelRateLimited,
    ModelRefused,
    ModelUnavailable,
    StreamCut,
)
from worker.llm.external import retry_after_s

RAISED: tuple[type[Exception], ...] = (
    openai.OpenAIError,
    httpx2.HTTPError,
    httpx2.StreamError,
    aiohttp.ClientError,  # those that the SDK's transport does not translate
    OSError,
    ValueError,  # events that are no JSON or no UTF-8
)
"""What a call, or the iteration of its stream, raises."""

_NO_MONEY = {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"}
_TOO_LONG = {"context_length_exceeded", "string_above_max_length"}
_REFUSED = {
    "invalid_prompt",
    "content_policy_violation",
    "content_filter",
    "bio_policy",
    "cyber_policy_violation",
    "misalignment_policy_violation",
}
_PASSING = {"server_error", "internal_error", "vector_store_timeout", "timeout", "overloaded"}
_RATE = {"rate_limit_exceeded", "slow_down"}

# The first that fits: subclasses stand before their bases. What is not listed is final and
# nobody's known fault: `ModelError` itself.
BY_CLASS: tuple[tuple[type[Exception], type[ModelError]], ...] = (
    (openai.APIConnectionError, ModelUnavailable),  # timeouts too
    (openai.InternalServerError, ModelUnavailable),
    (openai.ConflictError, ModelUnavailable),
    (openai.RateLimitError, ModelRateLimited),
    (openai.AuthenticationError, ModelMisconfigured),
    (openai.PermissionDeniedError, ModelMisconfigured),
    (openai.NotFoundError, ModelMisconfigured),
    (openai.BadRequestError, ModelError),
    (openai.UnprocessableEntityError, ModelError),
    (openai.APIResponseValidationError, ModelError),
    (openai.LengthFinishReasonError, ModelError),
    (openai.ContentFilterFinishReasonError, ModelRefused),
    (httpx2.HTTPError, ModelUnavailable),
    (httpx2.StreamError, StreamCut),
    (aiohttp.ClientError, ModelUnavailable),
    (OSError, ModelUnavailable),
    (ValueError, StreamCut),
)

_BY_STATUS: dict[int, type[ModelError]] = {
    402: ModelMisconfigured,
    408: ModelUnavailable,
    413: ContextTooLong,
}


def from_exception(model_id: str, exc: Exception) -> ModelError:
    """The ModelError that `exc` means."""
    if not isinstance(exc, openai.APIError):
        return _class_for(exc)(model_id, type(exc).__name__)
    code = exc.code or exc.type
    detail = f"{type(exc).__name__} {code or ''}".strip()
    if _is_told_by_code(exc) and (by_code := from_code(model_id, code)) is not None:
        return by_code
    if isinstance(exc, openai.RateLimitError):
        if code in _NO_MONEY:
            return ModelMisconfigured(model_id, detail)
        return ModelRateLimited(model_id, detail, retry_after_s=retry_after_s(exc.response))
    if isinstance(exc, openai.APIStatusError) and exc.status_code in _BY_STATUS:
        return _BY_STATUS[exc.status_code](model_id, detail)
    return _class_for(exc)(model_id, detail)


def from_code(model_id: str, code: str | None) -> ModelError | None:
    """The ModelError of an error code, as stream events carry it; None for one without a rule."""
    for codes, kind in (
        (_NO_MONEY, ModelMisconfigured),
        (_TOO_LONG, ContextTooLong),
        (_REFUSED, ModelRefused),
        (_PASSING, ModelUnavailable),
        (_RATE, ModelRateLimited),
    ):
        if code in codes:
            return kind(model_id, code or "")
    return None


def _is_told_by_code(exc: openai.APIError) -> bool:
    """Whether the code says more than the class: a refused request, or an event of a stream."""
    refused = (openai.BadRequestError, openai.UnprocessableEntityError)
    return isinstance(exc, refused) or not isinstance(exc, openai.APIStatusError)


def _class_for(exc: Exception) -> type[ModelError]:
    return next((kind for known, kind in BY_CLASS if isinstance(exc, known)), ModelError)
