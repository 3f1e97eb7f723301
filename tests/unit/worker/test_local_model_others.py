"""`worker.llm.local` with a model of another make, as the hub has them: Qwen2, another template."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from transformers import AutoTokenizer, Qwen2Config, Qwen2ForCausalLM

from prosa.conversation import Role
from worker.llm.errors import ModelMisconfigured
from worker.llm.local import MODELS, LocalModel
from worker.llm.model import ModelRequest, StreamEnd, Turn

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}"
    "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def write_model(folder: Path, *, chat_template: str | None) -> None:
    """Write a Qwen2 with random weights: it says nothing, but by the code of a real one."""
    reader: Any = AutoTokenizer
    tokenizer = reader.from_pretrained(MODELS / "prosa-tiny")
    tokenizer.chat_template = chat_template
    config = Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=256,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=None,
    )
    network: Any = Qwen2ForCausalLM(config)
    network.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


async def test_a_model_of_another_make_streams_by_the_same_code(tmp_path: Path) -> None:
    write_model(tmp_path, chat_template=CHATML)
    model = await LocalModel.load(f"local:{tmp_path}", max_requests=2)
    request = ModelRequest((Turn(Role.USER, "Hello!"),), max_output_tokens=8, instructions="Hi")

    chunks = [chunk async for chunk in model.stream(request)]
    await model.aclose()

    end = chunks[-1]
    assert isinstance(end, StreamEnd)
    assert end.usage.output_tokens <= 8
    # The whole of this template is in the prompt, its system turn too.
    rendered = "<|im_start|>system\nHi<|im_end|>\n<|im_start|>user\nHello!<|im_end|>\n"
    assert end.usage.input_tokens == model.count_tokens(rendered + "<|im_start|>assistant\n")
    assert model.context_tokens == 256


async def test_a_model_that_cannot_chat_is_misconfigured(tmp_path: Path) -> None:
    write_model(tmp_path, chat_template=None)
    (tmp_path / "chat_template.jinja").unlink(missing_ok=True)

    with pytest.raises(ModelMisconfigured, match="no chat template"):
        await LocalModel.load(f"local:{tmp_path}")
