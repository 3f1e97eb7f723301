"""Reads the TOML of `training/corpus` into typed values; `dialogues` and `evaluate` call it."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

CORPUS = Path(__file__).parent / "corpus"

Language = Literal["en", "pt"]
LANGUAGES: tuple[Language, ...] = ("en", "pt")


class _Text(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FactKind(_Text):
    """One thing a user may tell. `rows` fill the fields of its phrases other than {v} and {old}."""

    pool: str
    tell: list[str]
    ack: list[str]
    ask: list[str]
    answer: str
    correct: list[str]
    corrected: str
    unknown: str
    rows: list[dict[str, str]] = [{}]


class Topic(_Text):
    """Questions with one answer; `held_out` phrasings are for evaluation only."""

    ask: list[str]
    answer: str
    held_out: list[str] = []


class Unknown(_Text):
    """Questions without a known answer. {w} is a proper noun, {l} a common one, {n} a number."""

    answer: str
    ask: list[str]
    held_out: list[str]
    words: list[str]
    names: list[str]


class Texts(_Text):
    """All texts of one language."""

    facts: dict[str, FactKind]
    manual: dict[str, Topic]
    small: list[Topic]
    stories: list[Topic]
    unknown: Unknown


class Values(_Text):
    """Values by pool, for training and for evaluation; no value is in both. And parts of words."""

    train: dict[str, list[str]]
    held_out: dict[str, list[str]]
    made_up: dict[str, list[str]]


@cache
def texts(language: Language) -> Texts:
    """Read the texts of `language`; pydantic.ValidationError when a file has another shape."""
    talk = _read(f"talk.{language}")
    return Texts.model_validate(
        {
            "facts": _read(f"facts.{language}"),
            "manual": _read(f"manual.{language}"),
            "small": talk["small"],
            "stories": _read(f"stories.{language}")["story"],
            "unknown": talk["unknown"],
        }
    )


@cache
def values() -> Values:
    """Read the values users name."""
    return Values.model_validate(_read("values"))


def _read(stem: str) -> dict[str, Any]:
    return tomllib.loads((CORPUS / f"{stem}.toml").read_text("utf-8"))
