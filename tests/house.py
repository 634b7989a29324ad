"""The checkout seen as files: what tests of layout, documents and repository read."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CODE = ("sim", "agents", "configs", "experiments", "hydra_plugins")
MADE = {".git", ".venv", ".venv-peers", "outputs", "dist", "build", ".hypothesis", ".pytest_cache", ".ruff_cache"}
SKIPPED = MADE | {"__pycache__", ".ipynb_checkpoints"}


@cache
def files() -> tuple[Path, ...]:
    """Return every file of the checkout that a clone would hold, relative to its root."""
    found, folders = [], [ROOT]
    while folders:
        for path in folders.pop().iterdir():
            if path.is_dir():
                if path.name not in SKIPPED and not path.name.endswith(".egg-info"):
                    folders.append(path)
            elif path.suffix != ".pyc":
                found.append(path.relative_to(ROOT))
    return tuple(sorted(found))


@cache
def modules() -> dict[str, Path]:
    """Return the product's modules by dotted name."""
    own = [p for p in files() if p.suffix == ".py" and p.parts[0] in CODE]
    return {".".join(p.with_suffix("").parts).removesuffix(".__init__"): p for p in own}


@cache
def tree(path: Path) -> ast.Module:
    """Return a file's syntax tree."""
    return ast.parse((ROOT / path).read_text(encoding="utf-8"))


def imports(node: ast.AST, package: str = "") -> set[str]:
    """Return the dotted names that code imports, anywhere in it; `from a import b` is a.b where that is a module.

    >>> sorted(imports(ast.parse("import numpy as np; from sim import trade; from sim.view import View")))
    ['numpy', 'sim', 'sim.trade', 'sim.view']
    """
    found: set[str] = set()
    for part in ast.walk(node):
        if isinstance(part, ast.Import):
            found |= {name.name for name in part.names}
        elif isinstance(part, ast.ImportFrom):
            base = part.module or ""
            if part.level:
                above = package.split(".")[: len(package.split(".")) - part.level + 1]
                base = ".".join([*above, *([part.module] if part.module else [])])
            found.add(base)
            found |= {f"{base}.{name.name}" for name in part.names if f"{base}.{name.name}" in modules()}
    return found


@cache
def reaches(name: str) -> frozenset[str]:
    """Return the product's modules that importing `name` brings in, directly or through others."""
    seen: set[str] = set()
    todo = [name]
    while todo:
        module = todo.pop()
        for other in imports(tree(modules()[module]), package_of(module)) & set(modules()):
            if other not in seen:
                seen.add(other)
                todo.append(other)
    return frozenset(seen - {name})


def package_of(module: str) -> str:
    """Return the package a module's relative imports start from."""
    return module if modules()[module].name == "__init__.py" else module.rpartition(".")[0]
