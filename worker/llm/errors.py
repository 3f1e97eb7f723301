"""What can go wrong with a model, by the decision the worker takes.

ModelError
├── ModelUnavailable     retryable: the provider or the network failed
│   ├── ModelRateLimited     retryable, not before `retry_after_s`
│   ├── CircuitOpen          not asked: it failed too often of late
│   └── StreamCut            the stream ended without its terminal event
├── ModelsUnavailable    final for the job: every model's circuit is open
├── ContextTooLong       final: the prompt does not fit the model
├── ModelRefused         final: the provider will not answer this prompt
└── ModelMisconfigured   final: key, model name or account; someone must act
"""

from __future__ import annotations


class ModelError(Exception):
    """A model did not answer. `code` is stable and reaches the user's page."""

    code = "model_failed"
    retryable = False

    def __init__(self, model_id: str, detail: str) -> None:
        super().__init__(model_id, detail)
        self.model_id = model_id
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.model_id}: {self.detail}"


class ModelUnavailable(ModelError):
    """The provider or the way to it failed; the same request may succeed later."""

    code = "model_unavailable"
    retryable = True


class ModelRateLimited(ModelUnavailable):
    """The provider asks to slow down; `retry_after_s` is its wish, None when it named none."""

    code = "model_rate_limited"

    def __init__(self, model_id: str, detail: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(model_id, detail)
        self.retry_after_s = retry_after_s


class StreamCut(ModelUnavailable):
    """The stream ended without its terminal event: what arrived may be half a reply."""

    code = "model_stream_cut"


class CircuitOpen(ModelUnavailable):
    """The model was not asked: its breaker is open for another `retry_after_s` seconds."""

    def __init__(self, model_id: str, detail: str, *, retry_after_s: float = 0.0) -> None:
        super().__init__(model_id, detail)
        self.retry_after_s = retry_after_s


class ModelsUnavailable(ModelError):
    """No model of the chain was asked, all circuits are open; the first may be in `retry_after_s`.

    Not retryable by the queue: waiting there helps nobody. Its user may ask again.
    """

    code = "models_unavailable"

    def __init__(self, model_id: str, detail: str, *, retry_after_s: float = 0.0) -> None:
        super().__init__(model_id, detail)
        self.retry_after_s = retry_after_s


class ContextTooLong(ModelError):
    """The prompt does not fit the model."""

    code = "context_too_long"


class ModelRefused(ModelError):
    """The provider will not answer this prompt."""

    code = "model_refused"


class ModelMisconfigured(ModelError):
    """Key, model name or account are wrong: no retry helps, someone must act."""

    code = "model_misconfigured"
