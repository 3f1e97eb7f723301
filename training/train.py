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

from training.batches import IGNORED
from training.dialogues import write_dialogue
from training.lessons import lessons
from training.muon import Muon
from training.network import load, new_model, save
from training.tokenizer import train_tokenizer

_STEPS = 3_400
_BATCH_TOKENS = 32_768
_WRITERS = 7  # at 0.4 M tokens/s each they keep up with one H100
_SAVE_EVERY = 500  # steps
_TOKENIZER_DIALOGUES = 6_000
_WARM_UP_STEPS = 40
_COOL_DOWN_FROM = 0.35  # of the run: full rate before, then linearly to zero
_MUON_RATE, _ADAM_RATE = 0.02, 3e-3


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run may cost."""

    steps: int
    batch_tokens: int
    seed: int
    writers: int
    rate: float


def main() -> None:
    """Parse the arguments, train, save."""
    parser = argparse.ArgumentParser(description="Train prosa-tiny.")
    parser.add_argument("--out", type=Path, default=Path("models/prosa-tiny"))
    parser.add_argument("--steps", type=int, default=_STEPS)
    parser.add_argument("--batch-tokens", type=int, default=_BATCH_TOKENS)
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--threads", type=int, default=2, help="of torch")
    parser.add_argument("--writers", type=int, default=_WRITERS, help="processes, besides")
    parser.add_argument("--rate", type=float, default=1.0, help="of learning, 1 for a new model")
    parser.add_argument("--resume", type=Path, help="folder of a model to go on with")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    train(
        Plan(args.steps, args.batch_tokens, args.seed, args.writers, args.rate),
        out=args.out,
        resume=args.resume,
    )


def train(plan: Plan, *, out: Path, resume: Path | None = None) -> None:
    """Run `plan` on the GPU if there is one, else on the CPU, and write the model to `out`.

    A new model, or the one in `resume` with its tokenizer.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.set_float32_matmul_precision("high")  # TF32, where there is a GPU
    torch.manual_seed(plan.seed)  # pyright: ignore[reportUnknownMemberType]  # torch's gap
    tokenizer, model = load(resume) if resume else _new(plan.seed)
    torch.nn.Module.to(model, device)
    count = sum(p.numel() for p in model.parameters())
    print(f"{count / 1e6:.2f} M parameters on {device}", flush=True)
    lesson = lessons(tokenizer, tokens=plan.batch_tokens, seed=plan.seed, writers=plan.writers)
    optimizers = _optimizers(model)
    started, seen = time.monotonic(), 0
    for step in range(plan.steps):
        ids, labels = next(lesson)
        _set_rates(optimizers, step, step / plan.steps, plan.rate)
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


def _new(seed: int) -> tuple[Tokenizer, LlamaForCausalLM]:
    tokenizer = train_tokenizer(_lines(random.Random(seed)))
    return tokenizer, new_model(tokenizer)


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


def _set_rates(
    optimizers: list[torch.optim.Optimizer], step: int, progress: float, scale: float
) -> None:
    warm = min(1.0, (step + 1) / _WARM_UP_STEPS)
    cool = min(1.0, (1 - progress) / (1 - _COOL_DOWN_FROM))
    for optimizer, rate in zip(optimizers, (_MUON_RATE, _ADAM_RATE), strict=True):
        for group in optimizer.param_groups:
            group["lr"] = scale * rate * warm * cool


def _learn(
    model: LlamaForCausalLM, optimizers: list[torch.optim.Optimizer], ids: Tensor, labels: Tensor
) -> float:
    """Take one step and return its loss. Only positions with a label reach the vocabulary."""
    targets = labels[:, 1:]
    kept = targets != IGNORED
    # Padding stands on the right: causal attention never looks at it, so no mask is needed.
    with torch.autocast(ids.device.type, torch.bfloat16, enabled=ids.is_cuda):
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
