"""The mean of two models is between them, weight by weight."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from training.average import average
from training.network import load, new_model, save
from training.tokenizer import train_tokenizer


def _save(folder: Path, *, seed: int, words: str = "of a few words") -> Path:
    tokenizer = train_tokenizer([words] * 50)
    torch.manual_seed(seed)  # pyright: ignore[reportUnknownMemberType]  # torch's gap
    save(new_model(tokenizer), tokenizer, folder)
    return folder


def test_each_weight_is_the_mean_of_the_models(tmp_path: Path) -> None:
    models = [_save(tmp_path / str(seed), seed=seed) for seed in (1, 2)]
    average(models, out=tmp_path / "mean")

    first, second, mean = (load(f)[1].lm_head.weight for f in (*models, tmp_path / "mean"))
    assert not torch.equal(first, second)
    torch.testing.assert_close(mean, (first + second) / 2, atol=1e-3, rtol=0)


def test_models_with_other_tokens_have_no_mean(tmp_path: Path) -> None:
    models = [_save(tmp_path / w, seed=1, words=w) for w in ("one", "another")]
    with pytest.raises(ValueError, match="different tokenizers"):
        average(models, out=tmp_path / "mean")
