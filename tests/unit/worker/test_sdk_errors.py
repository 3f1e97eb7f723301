"""Every exception the SDKs can raise has a rule of ours; a new one in a new version fails here."""

from __future__ import annotations

import anthropic
import anthropic._exceptions
import openai
import openai._exceptions
import pytest

from worker.llm import anthropic_errors, openai_errors

# Classes that only group others, and those of features we do not use.
GROUPS = {"OpenAIError", "AnthropicError", "APIError", "APIStatusError"}
NEVER_OURS = {
    "SubjectTokenProviderError",  # workload identity
    "WebSocketConnectionClosedError",  # the realtime API
    "WebSocketQueueFullError",
    "APIWebhookValidationError",  # webhooks
}


def exceptions_of(module: object, root: type[Exception]) -> list[type[Exception]]:
    exported = [value for value in vars(module).values() if isinstance(value, type)]
    return sorted(
        {kind for kind in exported if issubclass(kind, root)}, key=lambda kind: kind.__name__
    )


@pytest.mark.parametrize(
    "kind", exceptions_of(openai._exceptions, openai.OpenAIError), ids=lambda kind: kind.__name__
)
def test_every_openai_exception_has_a_rule(kind: type[Exception]) -> None:
    assert issubclass(kind, openai_errors.RAISED)
    if kind.__name__ in GROUPS | NEVER_OURS:
        return
    assert any(issubclass(kind, known) for known, _ in openai_errors.BY_CLASS)


@pytest.mark.parametrize(
    "kind",
    exceptions_of(anthropic._exceptions, anthropic.AnthropicError),
    ids=lambda kind: kind.__name__,
)
def test_every_anthropic_exception_has_a_rule(kind: type[Exception]) -> None:
    assert issubclass(kind, anthropic_errors.RAISED)
    if kind.__name__ in GROUPS | NEVER_OURS:
        return
    assert any(issubclass(kind, known) for known, _ in anthropic_errors.BY_CLASS)


def test_the_walk_finds_the_exceptions() -> None:
    assert openai.RateLimitError in exceptions_of(openai._exceptions, openai.OpenAIError)
    assert len(exceptions_of(anthropic._exceptions, anthropic.AnthropicError)) > 15
