"""What `local_*.py` use of transformers and tokenizers, as types: nothing here does anything.

The library types little of this, and importing it costs seconds; the protocols name the few calls
a new version of it must keep.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from tokenizers import Tokenizer


class GenerationSettings(Protocol):
    """`transformers.GenerationConfig`: the end tokens are one id, several or none."""

    eos_token_id: int | list[int] | None
    pad_token_id: int | None


class NetworkConfig(Protocol):
    """`transformers.PretrainedConfig` of a language model."""

    max_position_embeddings: int


class Output(Protocol):
    """`GenerationOutput`: a request after a step; `generated_tokens` is all of them so far."""

    generated_tokens: list[int]
    error: str | None

    def is_finished(self) -> bool: ...


class Scheduler(Protocol):
    """Which requests are in the batch and which wait."""

    active_requests: dict[str, object]
    waiting_requests: dict[str, object]

    def request_is_cancelled(self, request_id: str) -> bool: ...


class BatchProcessor(Protocol):
    """The state of the generation thread; None until the thread has made its cache."""

    scheduler: Scheduler


class OutputRouter(Protocol):
    """Where the tokens of each request go."""

    result_handlers: dict[str, object]


class Manager(Protocol):
    """`ContinuousBatchingManager`. `current_batch` appears with the thread's first step."""

    batch_processor: BatchProcessor | None
    output_router: OutputRouter

    def start(self) -> None: ...

    def stop(self, *, block: bool, timeout: float, hard_stop: bool) -> None: ...

    def is_running(self) -> bool: ...

    def register_result_handler(
        self, request_id: str, callback: Callable[[Output], None]
    ) -> None: ...

    def add_request(
        self, input_ids: list[int], *, request_id: str, max_new_tokens: int, streaming: bool
    ) -> str | None: ...

    def cancel_request(self, request_id: str) -> None: ...


class Network(Protocol):
    """`transformers.PreTrainedModel` that generates."""

    config: NetworkConfig
    generation_config: GenerationSettings

    def init_continuous_batching(
        self, *, generation_config: object, continuous_batching_config: object
    ) -> Manager: ...


class ChatTokenizer(Protocol):
    """`transformers.PreTrainedTokenizerFast`."""

    chat_template: str | None
    backend_tokenizer: Tokenizer

    def encode(self, text: str, *, add_special_tokens: bool) -> list[int]: ...

    def apply_chat_template(
        self,
        conversation: list[dict[str, str]],
        *,
        add_generation_prompt: bool,
        tokenize: Literal[True],
        return_dict: Literal[False],
        sanitize_control_tokens: bool,
    ) -> list[int]: ...


@dataclass(frozen=True, slots=True)
class Loaded:
    """A language model in memory, and its tokenizer."""

    network: Network
    tokenizer: ChatTokenizer
