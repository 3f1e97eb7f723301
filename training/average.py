"""Writes the mean of models of one shape and tokenizer, weight by weight.

    python -m training.average first second --out mean

A model and one that went on from it err differently; their mean keeps what each does well
(https://arxiv.org/abs/2203.05482).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from training.network import load, save


def main() -> None:
    """Parse the arguments and write the mean."""
    parser = argparse.ArgumentParser(description="Average models.")
    parser.add_argument("models", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    average(args.models, out=args.out)


@torch.no_grad()
def average(folders: list[Path], *, out: Path) -> None:
    """Write the mean of the models in `folders`. ValueError when their tokenizers differ."""
    (tokenizer, mean), *others = [load(folder) for folder in folders]
    for other_tokenizer, other in others:
        if other_tokenizer.to_str() != tokenizer.to_str():
            raise ValueError("models with different tokenizers have no mean")
        for weight, more in zip(mean.parameters(), other.parameters(), strict=True):
            weight.add_(more)
    for weight in mean.parameters():
        weight.div_(len(folders))
    save(mean, tokenizer, out)


if __name__ == "__main__":
    main()
