"""The laid-out heads do what they are laid out for, before any training."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from tokenizers import Tokenizer
from transformers import LlamaForCausalLM

from training.network import new_model
from training.tokenizer import train_tokenizer

LONG = 120  # tokens


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return train_tokenizer(["of a few words", "and of some more"] * 50)


def _model(tokenizer: Tokenizer) -> LlamaForCausalLM:
    torch.manual_seed(1)  # pyright: ignore[reportUnknownMemberType]  # torch's gap
    model = new_model(tokenizer).eval()
    anything: Any = model  # transformers types little of this
    anything.set_attn_implementation("eager")  # the fast ones give no weights
    return model


def _attention(model: LlamaForCausalLM, ids: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """The weights of each layer, (heads, LONG, LONG)."""
    with torch.no_grad():
        found = model(input_ids=ids, output_attentions=True).attentions
    assert found is not None
    return tuple(layer[0] for layer in found)


def _ids(tokenizer: Tokenizer) -> torch.Tensor:
    """Sixty random tokens, said twice: (1, LONG)."""
    rng = torch.Generator().manual_seed(2)
    once = torch.randperm(tokenizer.get_vocab_size(), generator=rng)[: LONG // 2]
    return once.repeat(2)[None]


def test_half_the_heads_of_the_first_layer_look_one_token_back(tokenizer: Tokenizer) -> None:
    first, *_ = _attention(_model(tokenizer), _ids(tokenizer))

    looked_at = first[:2, 2:].argmax(-1)
    assert (looked_at == torch.arange(1, LONG - 1)).float().mean() > 0.99


def test_half_the_heads_of_the_second_look_at_what_followed(tokenizer: Tokenizer) -> None:
    _, second, *_ = _attention(_model(tokenizer), _ids(tokenizer))

    half = LONG // 2
    followed = torch.arange(1, half)  # where the token at hand stood before, and one further
    looked_at = second[:2, half : LONG - 1].argmax(-1)
    chance = 1 / half
    assert (looked_at == followed).float().mean() > 20 * chance
