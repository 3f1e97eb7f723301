"""The optimizer does what torch's own does, in the gradient's precision."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from training.muon import Muon, orthogonalized

SHAPES = [(24, 24), (16, 40), (40, 16)]


def a_matrix(shape: tuple[int, int], seed: int = 1) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("shape", SHAPES)
def test_its_singular_values_are_about_one(shape: tuple[int, int]) -> None:
    linalg: Any = torch.linalg  # untyped
    values = linalg.svdvals(orthogonalized(a_matrix(shape)))

    assert 0.6 < float(values.min()) <= float(values.max()) < 1.3


@pytest.mark.parametrize("shape", SHAPES)
def test_three_steps_lead_where_torchs_own_lead(shape: tuple[int, int]) -> None:
    ours, theirs = nn.Parameter(a_matrix(shape)), nn.Parameter(a_matrix(shape))
    settings: dict[str, Any] = {"lr": 0.02, "momentum": 0.95, "weight_decay": 0.01}
    optimizers: list[Any] = [Muon([ours], **settings), torch.optim.Muon([theirs], **settings)]
    for step in range(3):
        ours.grad, theirs.grad = a_matrix(shape, seed=10 + step), a_matrix(shape, seed=10 + step)
        for optimizer in optimizers:
            optimizer.step()

    # Theirs computes in bfloat16, which has three digits.
    moved = (theirs.data - a_matrix(shape)).abs().max()
    assert float((ours.data - theirs.data).abs().max()) < 0.05 * float(moved)
