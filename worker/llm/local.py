"""`local:<name>`: a model on this machine, streamed by transformers; `worker.bootstrap` loads it.

`local:prosa-tiny` is the model in the repository; `local:Qwen/Qwen2.5-0.5B-Instruct`, or any other
chat model of the Hugging Face hub with safetensors, loads by the same code.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

from tokenizers.decoders import DecodeStream

from prosa.conversation import FinishReason, Usage
from worker.llm.errors import ContextTooLong, ModelMisconfigured, ModelUnavailable
from worker.llm.local_engine import Engine, EngineStopped
from worker.llm.local_files import load_files
from worker.llm.local_transformers import ChatTokenizer, Loaded, Network
from worker.llm.model import Chunk, ModelRequest, StreamEnd, TextDelta

MODELS = Path("models")  # of the checkout and of the image, both the working directory
MAX_CONTEXT_TOKENS = 4_096  # of a hub model that could take more: its cache is memory kept for good


class LocalModel:
    """A `worker.llm.model.Model` on this machine's CPU, or its GPU where there is one.

    Greedy: the same prompt gives the same reply. Requests share each step of one generation thread.
    """

    def __init__(self, model_id: str, loaded: Loaded, engine: Engine, context_tokens: int) -> None:
        self._model_id = model_id
        self._tokenizer = loaded.tokenizer
        self._engine = engine
        self._context_tokens = context_tokens
        self._end_tokens = _end_tokens(loaded.network)
        self._restart = asyncio.Lock()
        self._is_closed = False

    @classmethod
    async def load(
        cls,
        model_id: str,
        *,
        models: Path = MODELS,
        threads: int = 1,
        max_requests: int = 16,
        dtype: str = "float32",
    ) -> LocalModel:
        """Load `model_id` off the event loop and take a first step, so that no user waits for it.

        `threads` are torch's; keep one core for the event loop. `max_requests` are generated at
        once, more wait, and memory for the contexts of all of them is taken at the start.

        Raises:
            ModelMisconfigured: there is no such model or it cannot be loaded.
        """
        loaded = await asyncio.to_thread(
            load_files, model_id, models=models, threads=threads, dtype=dtype
        )
        context_tokens = min(loaded.network.config.max_position_embeddings, MAX_CONTEXT_TOKENS)
        engine = Engine(loaded.network, context_tokens=context_tokens, max_requests=max_requests)
        await asyncio.to_thread(engine.start)
        try:
            await engine.warm_up(loaded.tokenizer.encode("Prosa", add_special_tokens=False))
        except EngineStopped as exc:
            raise ModelMisconfigured(model_id, f"the model loads but does not run: {exc}") from exc
        return cls(model_id, loaded, engine, context_tokens)

    @property
    def model_id(self) -> str:
        """`local:<name>`."""
        return self._model_id

    @property
    def context_tokens(self) -> int:
        """How many tokens prompt and reply may take together."""
        return self._context_tokens

    @property
    def engine(self) -> Engine:
        """The generation thread, for metrics: its steps and its active requests."""
        return self._engine

    def count_tokens(self, text: str) -> int:
        """Count the tokens of `text` with the model's own tokenizer."""
        return len(self._tokenizer.encode(text, add_special_tokens=False))

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Chunk]:
        """Stream the reply as `Model` says; one that fills the context ends by `length`.

        Raises:
            ContextTooLong: the prompt leaves no room for a single token.
            ModelUnavailable: the generation thread died; the next request starts a new one.
        """
        prompt = self._prompt(request)
        room = self._context_tokens - len(prompt)
        if room < 1:
            detail = f"the prompt has {len(prompt)} tokens of {self._context_tokens}"
            raise ContextTooLong(self._model_id, detail)
        limit = min(request.max_output_tokens, room)
        text, output_tokens, last = Detokenizer(self._tokenizer), 0, None
        try:
            await self._ensure_running()
            async with aclosing(self._engine.generate(prompt, max_new_tokens=limit)) as steps:
                async for tokens in steps:
                    output_tokens, last = (
                        output_tokens + len(tokens),
                        tokens[-1] if tokens else last,
                    )
                    if piece := text.feed(tokens):
                        yield TextDelta(piece)
        except EngineStopped as exc:
            raise ModelUnavailable(self._model_id, str(exc)) from exc
        reason = FinishReason.STOP if last in self._end_tokens else FinishReason.LENGTH
        yield StreamEnd(reason, Usage(input_tokens=len(prompt), output_tokens=output_tokens))

    async def aclose(self) -> None:
        """Stop the generation thread. Idempotent."""
        self._is_closed = True
        await asyncio.to_thread(self._engine.stop)

    def _prompt(self, request: ModelRequest) -> list[int]:
        messages = [{"role": turn.role.value, "content": turn.content} for turn in request.turns]
        if request.instructions is not None:
            messages.insert(0, {"role": "system", "content": request.instructions})
        return self._tokenizer.apply_chat_template(
            messages,
            add_generation_prompt=True,
            tokenize=True,
            return_dict=False,
            # A user who types `<|assistant|>` stays the user: it is encoded as the letters it is.
            sanitize_control_tokens=True,
        )

    async def _ensure_running(self) -> None:
        async with self._restart:
            if self._is_closed:
                raise EngineStopped("the model is closed")
            if not self._engine.is_running:
                await asyncio.to_thread(self._engine.start)


class Detokenizer:
    """Turns tokens into text as they come; holds a character back until its last byte is there."""

    def __init__(self, tokenizer: ChatTokenizer) -> None:
        self._backend = tokenizer.backend_tokenizer
        self._decoder = DecodeStream(skip_special_tokens=True)

    def feed(self, tokens: list[int]) -> str:
        return "".join(self._decoder.step(self._backend, token) or "" for token in tokens)


def _end_tokens(network: Network) -> frozenset[int]:
    ends = network.generation_config.eos_token_id
    return frozenset([ends] if isinstance(ends, int) else ends or [])
