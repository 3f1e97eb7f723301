"""What a local model needs on disk, what it says when that is missing, and its text from tokens."""

from __future__ import annotations

from pathlib import Path

import huggingface_hub.constants
import pytest

from worker.llm.errors import ModelMisconfigured
from worker.llm.local import MODELS, Detokenizer
from worker.llm.local_files import load_files
from worker.llm.local_transformers import Loaded

MOST_BYTES_SHIPPED = 12_000_000


@pytest.fixture(scope="module")
def loaded() -> Loaded:
    return load_files("local:prosa-tiny", models=MODELS, threads=1, dtype="float32")


@pytest.mark.parametrize(
    "text",
    [
        "João e Conceição",
        "naïve 日本語 text",
        "a family: 👩‍👩‍👧 and a flag: 🇧🇷",
        "Ünïcödé … “quotes”",
    ],
)
def test_no_piece_of_text_ends_inside_a_character(loaded: Loaded, text: str) -> None:
    tokens = loaded.tokenizer.encode(text, add_special_tokens=False)
    detokenizer = Detokenizer(loaded.tokenizer)

    pieces = [detokenizer.feed([token]) for token in tokens]

    assert "".join(pieces) == text
    assert not any("\ufffd" in piece for piece in pieces)


def test_the_model_in_the_repository_stays_small() -> None:
    sizes = [file.stat().st_size for file in (MODELS / "prosa-tiny").iterdir()]

    assert sum(sizes) <= MOST_BYTES_SHIPPED


def test_a_name_without_a_folder_is_misconfigured_and_names_what_there_is() -> None:
    with pytest.raises(ModelMisconfigured, match=r"models/nobody.*there is: prosa-tiny"):
        load_files("local:nobody", models=MODELS, threads=1, dtype="float32")


def test_a_folder_with_broken_files_is_misconfigured(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")

    with pytest.raises(ModelMisconfigured, match="cannot be loaded"):
        load_files(f"local:{tmp_path}", models=MODELS, threads=1, dtype="float32")


def test_a_hub_model_without_a_network_is_misconfigured_and_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))

    with pytest.raises(ModelMisconfigured, match="no network"):
        load_files("local:prosa/no-such-model", models=MODELS, threads=1, dtype="float32")
