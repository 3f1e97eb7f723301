"""Reads the TOML of `training/corpus` into typed values; the writers of dialogues call it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict

_WORD = re.compile(r"[^\W\d_]{2,}")
CORPUS = Path(__file__).parent / "corpus"

Language = Literal["en", "pt"]
LANGUAGES: tuple[Language, ...] = ("en", "pt")


class Text(BaseModel):
    """A part of a file: a key that nobody reads is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class FactKind(Text):
    """One thing a user may tell. `rows` fill the fields of its phrases other than {v} and {old}.

    `ask_row` asks for the row ("What pet do I have?"), `restate` is the clause of a recap.
    """

    pool: str
    tell: list[str]
    ack: list[str]
    ask: list[str]
    answer: str
    correct: list[str]
    corrected: str
    unknown: str
    restate: str
    rows: list[dict[str, str]] = [{}]
    ask_row: list[str] = []
    answer_row: str = ""


class Topic(Text):
    """Questions with one answer."""

    ask: list[str]
    answer: str


class Unknown(Text):
    """Questions without a known answer. {w} is a proper noun, {l} a common one, {n} a number."""

    answer: str
    ask: list[str]
    words: list[str]
    names: list[str]


class Sums(Text):
    """Ways to ask for {a} + {b} and {a} - {b}."""

    plus: list[str]
    minus: list[str]


class Recap(Topic):
    """A question for what was told; `nothing` answers it when nothing was."""

    nothing: str = ""


class Texts(Text):
    """All texts of one language."""

    facts: dict[str, FactKind]
    manual: dict[str, Topic]
    small: list[Topic]
    stories: list[Topic]
    unknown: Unknown
    sums: Sums
    recap: dict[str, Recap]


class Values(Text):
    """Values by pool, parts of titles and of plans, and parts of made-up words."""

    train: dict[str, list[str]]
    parts: dict[str, list[str]]
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
            "sums": _read("sums")[language],
            "recap": _read("recap")[language],
        }
    )


@cache
def values() -> Values:
    """Read the values users name."""
    return Values.model_validate(_read("values"))


@cache
def written_words() -> tuple[str, ...]:
    """Every word of the phrases, once, in lower case."""
    files = [f"{name}.{language}" for name in ("facts", "manual", "talk") for language in LANGUAGES]
    written = "\n".join(phrase for file in files for phrase in _phrases(_read(file))).lower()
    return tuple(sorted(set(_WORD.findall(written))))


_Node: TypeAlias = "str | list[_Node] | dict[str, _Node]"


def _phrases(node: _Node) -> Iterator[str]:
    """The texts of a file, at whatever depth; what its comments say is nobody's phrase."""
    if isinstance(node, str):
        yield node
    else:
        for below in node.values() if isinstance(node, dict) else node:
            yield from _phrases(below)


def _read(stem: str) -> dict[str, Any]:
    return tomllib.loads((CORPUS / f"{stem}.toml").read_text("utf-8"))
