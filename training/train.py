"""Trains prosa-tiny and writes `models/prosa-tiny`; `make train` calls it.

    python -m training                      # the whole run
    python -m training --steps 300 --out /tmp/model

Seeded, and paced by steps alone: on one machine, with one thread, the same run each time.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn.functional import cross_entropy
from transformers import LlamaForCausalLM

from training.batches import IGNORED, batches, repeated_noise
from training.dialogues import write_dialogue
from training.muon import Muon
from training.network import CONTEXT_TOKENS, new_model, save
from training.tokenizer import train_tokenizer

_STEPS = 5_800
_SAVE_EVERY = 500  # steps
_TOKENIZER_DIALOGUES = 6_000
_NOISE_SHARE = 0.05  # of the run, at its start: see batches.repeated_noise
_NOISE_EVERY = 10  # steps, after that: it keeps rare tokens copied
_SHORT, _SHORT_SHARE = 6, 0.3  # exchanges; of the run
_WARM_UP_STEPS = 40
_COOL_DOWN_FROM = 0.35  # of the run: full rate before, then linearly to zero
_MUON_RATE, _ADAM_RATE = 0.02, 3e-3


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run may cost."""

    steps: int
    batch_tokens: int
    seed: int


def main() -> None:
    """Parse the arguments, train, save."""
    parser = argparse.ArgumentParser(description="Train prosa-tiny.")
    parser.add_argument("--out", type=Path, default=Path("models/prosa-tiny"))
    parser.add_argument("--steps", type=int, default=_STEPS)
    parser.add_argument("--batch-tokens", type=int, default=4_096)
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--threads", type=int, default=1, help="of torch")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    train(Plan(args.steps, args.batch_tokens, args.seed), out=args.out)


def train(plan: Plan, *, out: Path) -> None:
    """Run `plan` on the GPU if there is one, else on the CPU, and write the model to `out`."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(plan.seed)  # pyright: ignore[reportUnknownMemberType]  # torch's gap
    rng = random.Random(plan.seed)
    tokenizer = train_tokenizer(_lines(rng))
    model = new_model(tokenizer)
    torch.nn.Module.to(model, device)
    count = sum(p.numel() for p in model.parameters())
    print(f"{count / 1e6:.2f} M parameters on {device}", flush=True)
    lessons = _lessons(plan, tokenizer, rng)
    optimizers = _optimizers(model)
    started, seen = time.monotonic(), 0
    for step in range(plan.steps):
        ids, labels = next(lessons)
        _set_rates(optimizers, step, step / plan.steps)
        loss = _learn(model, optimizers, ids.to(device), labels.to(device))
        seen += ids.numel()
        if step % 50 == 49:  # never a step of noise
            elapsed = time.monotonic() - started
            line = f"{elapsed / 60:5.1f} min  step {step + 1:5d}  loss {loss:.3f}"
            print(f"{line}  {seen / elapsed:,.0f} tok/s", flush=True)
        if step % _SAVE_EVERY == _SAVE_EVERY - 1:
            save(model, tokenizer, out)
    save(model, tokenizer, out)
    print(f"{plan.steps} steps, {seen:,} tokens, wrote {out}")


def _lessons(
    plan: Plan, tokenizer: Tokenizer, rng: random.Random
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield repeated noise at the start and now and then later, else dialogues, short at first."""
    size = {"tokens": plan.batch_tokens, "context_tokens": CONTEXT_TOKENS}
    short = batches(tokenizer, lambda: write_dialogue(rng, at_most=_SHORT), rng, **size)
    usual = batches(tokenizer, lambda: write_dialogue(rng), rng, **size)
    noise = torch.Generator().manual_seed(plan.seed)
    vocab = tokenizer.get_vocab_size()
    for step in range(plan.steps):
        if step < plan.steps * _NOISE_SHARE or step % _NOISE_EVERY == 0:
            yield repeated_noise(noise, vocab=vocab, tokens=plan.batch_tokens)
        else:
            yield next(short if step < plan.steps * _SHORT_SHARE else usual)


def _lines(rng: random.Random) -> Iterator[str]:
    for _ in range(_TOKENIZER_DIALOGUES):
        for exchange in write_dialogue(rng):
            yield exchange.user
            yield exchange.answer


def _optimizers(model: LlamaForCausalLM) -> list[torch.optim.Optimizer]:
    """Muon for the matrices inside the layers, Adam for embeddings and norms.

    Muon learns the same from about half the tokens here, which on a CPU is half the hour.
    """
    inner = [p for n, p in model.named_parameters() if p.ndim == 2 and ".layers." in n]
    outer = [p for n, p in model.named_parameters() if p.ndim != 2 or ".layers." not in n]
    return [
        Muon(inner, lr=_MUON_RATE, momentum=0.95, weight_decay=0.01),
        torch.optim.AdamW(outer, lr=_ADAM_RATE, betas=(0.9, 0.95), weight_decay=0.0),
    ]


def _set_rates(optimizers: list[torch.optim.Optimizer], step: int, progress: float) -> None:
    warm = min(1.0, (step + 1) / _WARM_UP_STEPS)
    cool = min(1.0, (1 - progress) / (1 - _COOL_DOWN_FROM))
    for optimizer, rate in zip(optimizers, (_MUON_RATE, _ADAM_RATE), strict=True):
        for group in optimizer.param_groups:
            group["lr"] = rate * warm * cool


def _learn(
    model: LlamaForCausalLM, optimizers: list[torch.optim.Optimizer], ids: Tensor, labels: Tensor
) -> float:
    """Take one step and return its loss. Only positions with a label reach the vocabulary."""
    targets = labels[:, 1:]
    kept = targets != IGNORED
    # Padding stands on the right: causal attention never looks at it, so no mask is needed.
    hidden = model.model(input_ids=ids[:, :-1], use_cache=False).last_hidden_state
    loss = cross_entropy(model.lm_head(hidden[kept]), targets[kept])
    loss.backward()  # pyright: ignore[reportUnknownMemberType]  # torch leaves it untyped
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    for optimizer in optimizers:
        optimizer.step()
        optimizer.zero_grad()
    return float(loss.detach())


if __name__ == "__main__":
    main()
