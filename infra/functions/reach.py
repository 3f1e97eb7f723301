"""What a function's code can reach: our own files, the packages they import, the AWS services.

Read from the sources, lazy imports included; imports for type checkers are not. The composition
root `lambdas.bootstrap` serves every function, so of it only what a function asks for counts.
`pack.py` packs by it, and tests of packages and roles ask it, too.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
OURS = ("lambdas", "prosa")
_COMPOSITION_ROOT = "lambdas.bootstrap"
HANDLERS = tuple(
    sorted(p.stem for p in (ROOT / "lambdas/handlers").glob("*.py") if p.stem != "__init__")
)


@dataclass
class Reached:
    """What one function needs. `packages` are the names of import statements, not of PyPI."""

    modules: set[str] = field(default_factory=set[str])
    packages: set[str] = field(default_factory=set[str])
    services: set[str] = field(default_factory=set[str])
    parts: set[str] = field(default_factory=set[str])
    """Names of the composition root that are used."""

    def files(self) -> list[Path]:
        """Our files to pack: modules, and the data files that one of them names."""
        sources = [_path(module) for module in self.modules]
        text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
        data = [
            path
            for top in OURS
            for path in (ROOT / top).rglob("*")
            if path.suffix in {".lua", ".json"} and (path.name in text or f'"{path.stem}"' in text)
        ]
        return sorted({*sources, *data})


def reached_by(handler: str) -> Reached:
    """Follow the imports of `lambdas/handlers/<handler>.py`."""
    found = Reached()
    _visit_module(f"lambdas.handlers.{handler}", found)
    return found


def _visit_module(module: str, found: Reached) -> None:
    parent = module.rpartition(".")[0]
    if parent and parent not in found.modules:
        _visit_module(parent, found)
    if module in found.modules:
        return
    found.modules.add(module)
    tree = ast.parse(_path(module).read_text(encoding="utf-8"))
    if module == _COMPOSITION_ROOT:
        outside = [n for n in tree.body if not isinstance(n, ast.FunctionDef | ast.ClassDef)]
        tree = ast.Module(body=outside, type_ignores=[])
    _visit_code(tree, found)


def _visit_code(tree: ast.AST, found: Reached) -> None:
    for node in _nodes(tree):
        match node:
            case ast.Import():
                for alias in node.names:
                    _visit_import(alias.name, found)
            case ast.ImportFrom(module=str(module)):
                names = [f"{module}.{alias.name}" for alias in node.names]
                for name in [module, *filter(_exists, names)]:
                    _visit_import(name, found)
            case ast.Attribute(value=ast.Name(id="bootstrap"), attr=part):
                _visit_part(part, found)
            case ast.Call(func=ast.Name(id="client"), args=[ast.Constant(value=str(service))]):
                found.services.add(service)
            case _:
                pass


def _visit_import(module: str, found: Reached) -> None:
    top = module.partition(".")[0]
    if top in OURS:
        _visit_module(module, found)
    elif top not in sys.stdlib_module_names:
        found.packages.add(top)


def _visit_part(name: str, found: Reached) -> None:
    """Follow one name of the composition root, and those of its own that it uses."""
    if name in found.parts:
        return
    tree = ast.parse(_path(_COMPOSITION_ROOT).read_text(encoding="utf-8"))
    parts = {n.name: n for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    found.parts.add(name)
    _visit_code(parts[name], found)
    for node in ast.walk(parts[name]):
        if isinstance(node, ast.Name) and node.id in parts:
            _visit_part(node.id, found)


def _nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes but those that only a type checker reads."""
    yield tree
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.If) and getattr(child.test, "id", "") == "TYPE_CHECKING":
            continue
        yield from _nodes(child)


def _path(module: str) -> Path:
    path = ROOT / module.replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _exists(module: str) -> bool:
    return module.partition(".")[0] in OURS and _path(module).exists()
