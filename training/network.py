"""The shape of prosa-tiny and how it is written to disk."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM

from training.head_start import head_start
from training.tokenizer import END, PAD, for_transformers

_LAYERS = 4
CONTEXT_TOKENS = 1024  # prompt and reply; dialogues are written up to this length


def new_model(tokenizer: Tokenizer) -> LlamaForCausalLM:
    """Make an untrained model, about 3.5 million parameters (7 MB in 16 bits)."""
    config = LlamaConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=256,
        intermediate_size=640,
        num_hidden_layers=_LAYERS,
        num_attention_heads=4,  # of 64: narrower heads tell fewer tokens from one another
        num_key_value_heads=4,
        attention_bias=True,
        rope_parameters={"rope_type": "default", "rope_theta": 1e6},
        max_position_embeddings=CONTEXT_TOKENS,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.token_to_id(END),
        pad_token_id=tokenizer.token_to_id(PAD),
    )
    model = LlamaForCausalLM(config)
    head_start(model)
    return model


def load(folder: Path) -> tuple[Tokenizer, LlamaForCausalLM]:
    """Read what `save` wrote, to go on training in float32."""
    model: Any = LlamaForCausalLM
    return Tokenizer.from_file(str(folder / "tokenizer.json")), model.from_pretrained(
        folder, dtype=torch.float32
    )


def save(model: LlamaForCausalLM, tokenizer: Tokenizer, folder: Path) -> None:
    """Write weights (fp16), configuration, tokenizer and chat template for `from_pretrained`."""
    copy: Any = deepcopy(model)
    copy.to(device="cpu", dtype=torch.float16)
    copy.generation_config = GenerationConfig(
        do_sample=False,
        eos_token_id=model.config.eos_token_id,
        pad_token_id=model.config.pad_token_id,
    )
    copy.save_pretrained(folder)
    fast: Any = for_transformers(tokenizer, context_tokens=CONTEXT_TOKENS)
    fast.save_pretrained(folder)
    for file in folder.iterdir():
        file.chmod(0o644)  # the library writes the weights for their owner only
