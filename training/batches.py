"""Turns dialogues into batches of token ids; only the assistant's tokens are learned."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer

from training.scene import Exchange
from training.tokenizer import ASSISTANT, END, PAD, USER, token_id

IGNORED = -100  # the label torch's cross entropy skips


@dataclass(frozen=True, slots=True)
class Sample:
    """One dialogue: its ids, and as labels the same with all but the answers ignored."""

    ids: list[int]
    labels: list[int]


def encode(tokenizer: Tokenizer, dialogue: list[Exchange], *, context_tokens: int) -> Sample:
    """Encode a dialogue as the chat template renders it, cut at whole exchanges to the context."""
    user, assistant, end = (token_id(tokenizer, token) for token in (USER, ASSISTANT, END))
    texts = [text for e in dialogue for text in (_as_rendered(e.user), e.answer)]
    encoded = [e.ids for e in tokenizer.encode_batch(texts, add_special_tokens=False)]
    ids: list[int] = []
    labels: list[int] = []
    for asked, answered in zip(encoded[::2], encoded[1::2], strict=True):
        if len(ids) + len(asked) + len(answered) + 3 > context_tokens:
            break
        ids += [user, *asked, assistant, *answered, end]
        labels += [IGNORED] * (len(asked) + 2) + [*answered, end]
    return Sample(ids, labels)


def _as_rendered(said: str) -> str:
    """What the chat template makes of a user's words: see there for the space."""
    return f" {said}" if said[:1].islower() else said


def batches(
    tokenizer: Tokenizer,
    write: Callable[[], list[Exchange]],
    rng: random.Random,
    *,
    tokens: int,
    context_tokens: int,
    pool: int = 2048,
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Yield (ids, labels), each of about `tokens` tokens, without end.

    `write` makes one dialogue; `pool` of them at a time are sorted by length, so that little of a
    batch is padding.
    """
    pad = token_id(tokenizer, PAD)
    while True:
        drawn = [write() for _ in range(pool)]
        samples = [encode(tokenizer, d, context_tokens=context_tokens) for d in drawn]
        groups = _group(sorted(samples, key=lambda s: len(s.ids)), tokens)
        rng.shuffle(groups)
        for group in groups:
            yield _tensors(group, pad)


def repeated_noise(
    rng: torch.Generator, *, vocab: int, tokens: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Make sequences of random tokens said four times: a lesson in copying what no name resembles.

    Twice instead of four times took twice the steps.
    """
    length = int(torch.randint(8, 24, (1,), generator=rng))
    said = torch.randint(4, vocab, (max(1, tokens // (4 * length)), length), generator=rng)
    labels = torch.cat([torch.full_like(said, IGNORED), said, said, said], 1)
    return torch.cat([said] * 4, 1), labels


def _group(samples: list[Sample], tokens: int) -> list[list[Sample]]:
    groups: list[list[Sample]] = [[]]
    for sample in samples:
        if (len(groups[-1]) + 1) * len(sample.ids) > tokens and groups[-1]:
            groups.append([])
        groups[-1].append(sample)
    return groups


def _tensors(group: list[Sample], pad: int) -> tuple[torch.Tensor, torch.Tensor]:
    width = max(len(sample.ids) for sample in group)
    ids = [s.ids + [pad] * (width - len(s.ids)) for s in group]
    labels = [s.labels + [IGNORED] * (width - len(s.labels)) for s in group]
    return torch.tensor(ids), torch.tensor(labels)
