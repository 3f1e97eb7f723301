"""Reads a Dockerfile: which commands install its environment, which folders it copies in.

Called by `environments`. Knows as much of the language as our own Dockerfiles use.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from dockerfile_parse import DockerfileParser


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction, its continued lines joined."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Stage:
    """What stands between one FROM and the next."""

    name: str
    base: str
    """An image, or the name of an earlier stage."""

    instructions: tuple[Instruction, ...]


@dataclass(frozen=True, slots=True)
class Dockerfile:
    """A file of stages, in order."""

    stages: tuple[Stage, ...]

    def chain(self, name: str) -> tuple[Instruction, ...]:
        """Give the instructions of stage `name`, those of the stages below it first.

        KeyError if there is no such stage.
        """
        by_name = {stage.name: stage for stage in self.stages}
        stage = by_name[name]
        below = self.chain(stage.base) if stage.base in by_name else ()
        return below + stage.instructions

    def sources(self, name: str) -> list[str]:
        """List the folders and files of the repository that stage `name` copies in."""
        copies = (each.value for each in self.chain(name) if each.name == "COPY")
        own = (shlex.split(copy) for copy in copies if not copy.startswith("--from="))
        return [source for words in own for source in words[:-1]]

    def installing_stage(self, name: str) -> str:
        """Name the stage that made the environment which stage `name` takes over."""
        for each in self.chain(name):
            if each.name == "COPY" and (found := re.match(r"--from=(\S+) /opt/venv ", each.value)):
                return found[1]
        raise KeyError(name)


def read_dockerfile(path: Path) -> Dockerfile:
    """Parse the file at `path`."""
    # The library has no types.
    parser = cast("Any", DockerfileParser)(path=str(path), cache_content=True)
    stages: list[Stage] = []
    name, base, held = "", "", list[Instruction]()
    for entry in parser.structure:
        instruction = Instruction(entry["instruction"].upper(), entry["value"])
        if instruction.name == "FROM":
            if base:
                stages.append(Stage(name, base, tuple(held)))
            base, _, name = re.split(r"(?i)(\s+AS\s+)", f"{instruction.value} AS ")[:3]
            name, held = name.removesuffix(" AS ").strip(), []
        elif instruction.name != "COMMENT":
            held.append(instruction)
    stages.append(Stage(name, base, tuple(held)))
    return Dockerfile(tuple(stages))


def run_commands(
    instructions: tuple[Instruction, ...], *, arguments: dict[str, str]
) -> list[str | tuple[str, str]]:
    """List what building runs: a shell command, or (source, target) of a file copied in before it.

    `arguments` win over the defaults of ARG.
    """
    values: dict[str, str] = {}
    found: list[str | tuple[str, str]] = []
    for each in instructions:
        if each.name == "ARG":
            key, _, default = each.value.partition("=")
            values[key] = arguments.get(key, default)
        elif each.name == "RUN":
            command = re.sub(r"--mount=\S+\s+", "", each.value)
            found.append(re.sub(r"\$\{(\w+)\}", lambda m: values.get(m[1], m[0]), command))
        elif each.name == "COPY" and not each.value.startswith("--"):
            source, target = shlex.split(each.value)
            found.append((source, target))
    return found
