"""Every way the Anthropic SDK fails, as a ModelError. A test walks the SDK's exceptions and fails
on one that has no rule here.

An error in the middle of a stream comes as a status error with status 200, so its `type` is asked
before its class; and faults of the connection in there are not wrapped: raw httpx2 errors.
"""

from __future__ import annotations

import aiohttp
import anthropic
import httpx2

from worker.llm.errors import (
    ContextTooLong,
    ModelError,
    ModelMisconfigured,
    ModelRateLimited,
    ModelUnavailable,
    StreamCut,
)
from worker.llm.external import retry_after_s

RAISED: tuple[type[Exception], ...] = (
    anthropic.AnthropicError,
    httpx2.HTTPError,
    httpx2.StreamError,
    aiohttp.ClientError,  # those that the SDK's transport does not translate
    OSError,
    ValueError,  # events that are no JSON or no UTF-8
)
"""What a call, or the iteration of its stream, raises."""

# An account that may spend no more: no wait of ours helps. The SDK's classes for them exist only
# where the error code says so.
_NO_MONEY = {
    "enforced_spend_limit_reached",
    "contract_spend_limit_reached",
    "linked_organization_spend_limit_reached",
    "linked_organization_billing_unavailable",
}

_BY_TYPE: dict[str, type[ModelError]] = {
    "overloaded_error": ModelUnavailable,
    "api_error": ModelUnavailable,
    "timeout_error": ModelUnavailable,
    "conflict_error": ModelUnavailable,
    "rate_limit_error": ModelRateLimited,
    "authentication_error": ModelMisconfigured,
    "billing_error": ModelMisconfigured,
    "permission_error": ModelMisconfigured,
    "not_found_error": ModelMisconfigured,
}

# The first that fits: subclasses stand before their bases. What is not listed is final and
# nobody's known fault: `ModelError` itself.
BY_CLASS: tuple[tuple[type[Exception], type[ModelError]], ...] = (
    (anthropic.APIConnectionError, ModelUnavailable),  # timeouts too
    (anthropic.InternalServerError, ModelUnavailable),
    (anthropic.RequestTimeoutError, ModelUnavailable),
    (anthropic.ConflictError, ModelUnavailable),
    (anthropic.ClientClosedRequestError, ModelUnavailable),
    (anthropic.RetryableError, ModelUnavailable),
    (anthropic.RateLimitError, ModelRateLimited),
    (anthropic.AuthenticationError, ModelMisconfigured),
    (anthropic.PaymentRequiredError, ModelMisconfigured),
    (anthropic.PermissionDeniedError, ModelMisconfigured),
    (anthropic.NotFoundError, ModelMisconfigured),
    (anthropic.CredentialsError, ModelMisconfigured),
    (anthropic.ContentTooLargeError, ContextTooLong),
    (anthropic.BadRequestError, ModelError),
    (anthropic.PreconditionFailedError, ModelError),
    (anthropic.UnprocessableEntityError, ModelError),
    (anthropic.RequestHeaderFieldsTooLargeError, ModelError),
    (anthropic.APIResponseValidationError, ModelError),
    (httpx2.HTTPError, ModelUnavailable),
    (httpx2.StreamError, StreamCut),
    (aiohttp.ClientError, ModelUnavailable),
    (OSError, ModelUnavailable),
    (ValueError, StreamCut),
)


def from_exception(model_id: str, exc: Exception) -> ModelError:
    """The ModelError that `exc` means."""
    if not isinstance(exc, anthropic.APIStatusError):
        return _class_for(exc)(model_id, type(exc).__name__)
    detail = f"{type(exc).__name__} {exc.status_code} {exc.error_code or exc.type or ''}".strip()
    if exc.error_code in _NO_MONEY:
        return ModelMisconfigured(model_id, detail)
    kind = _BY_TYPE.get(exc.type or "") or _class_for(exc)
    if kind is ModelRateLimited:
        return ModelRateLimited(model_id, detail, retry_after_s=retry_after_s(exc.response))
    return kind(model_id, detail)


def _class_for(exc: Exception) -> type[ModelError]:
    return next((kind for known, kind in BY_CLASS if isinstance(exc, known)), ModelError)
