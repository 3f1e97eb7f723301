"""Small files, short functions, and no drawer that everything is thrown into."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = (
    "prosa",
    "lambdas",
    "worker",
    "ws_gateway",
    "local",
    "cli",
    "bench",
    "training",
    "infra",
)
FILE_MAX_LINES = 250
FUNCTION_MAX_LINES = 40
DRAWERS = {"utils", "util", "helpers", "helper", "common", "misc", "shared", "tools_misc"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def _sources() -> list[Path]:
    return sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _functions(tree: ast.AST) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def _length(function: Function) -> int:
    """Lines of a function's body, without its docstring."""
    first = function.body[1] if ast.get_docstring(function) and len(function.body) > 1 else None
    begin = first.lineno if first else function.body[0].lineno
    return (function.end_lineno or begin) - begin + 1


@pytest.mark.parametrize("path", _sources(), ids=_name)
def test_a_file_is_one_thing(path: Path) -> None:
    text = path.read_text()
    tree = ast.parse(text)
    long = [f"{f.name}: {_length(f)}" for f in _functions(tree) if _length(f) > FUNCTION_MAX_LINES]
    assert len(text.splitlines()) <= FILE_MAX_LINES
    assert long == []
    assert path.stem not in DRAWERS
    assert ast.get_docstring(tree), "what does it own, and who calls it?"
