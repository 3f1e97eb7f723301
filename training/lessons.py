"""What `train` learns from, step by step: dialogues of several writers, now and then noise."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import partial
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from training.batches import batches, repeated_noise
from training.dialogues import write_dialogue
from training.network import CONTEXT_TOKENS

_NOISE_EVERY = 5  # steps
_NOISE_SHARE = 0.5  # of a batch
_PREFETCHED = 16  # batches, of each writer

Lesson = tuple[Tensor, Tensor]


def lessons(tokenizer: Tokenizer, *, tokens: int, seed: int, writers: int) -> Iterator[Lesson]:
    """Yield (ids, labels), each of about `tokens` tokens, without end.

    `writers` processes write them, 0 for this one. Their number is part of the seed: the order of
    what they write is fixed.
    """
    noise = torch.Generator().manual_seed(seed)
    vocab = tokenizer.get_vocab_size()
    many: dict[str, Any] = {"num_workers": writers, "prefetch_factor": _PREFETCHED}
    written = _Written(tokenizer, tokens=tokens, seed=seed)
    dialogues = iter(DataLoader(written, batch_size=None, **(many if writers else {})))
    while True:
        yield repeated_noise(noise, vocab=vocab, tokens=int(tokens * _NOISE_SHARE))
        for _ in range(_NOISE_EVERY - 1):
            yield next(dialogues)


class _Written(IterableDataset[Lesson]):
    """The dialogues of one writer."""

    def __init__(self, tokenizer: Tokenizer, *, tokens: int, seed: int) -> None:
        self._tokenizer = tokenizer
        self._tokens = tokens
        self._seed = seed

    def __iter__(self) -> Iterator[Lesson]:
        writer = get_worker_info()
        rng = random.Random(f"{self._seed}/{writer.id if writer else 0}")
        yield from batches(
            self._tokenizer,
            partial(write_dialogue, rng),
            rng,
            tokens=self._tokens,
            context_tokens=CONTEXT_TOKENS,
        )
