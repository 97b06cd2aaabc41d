"""Imports that would cost start-up time or tie what must stay apart; each in a fresh process."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from advisor.backend import backend_names

ROOT = Path(__file__).resolve().parents[1]
FRAMEWORKS = {"torch", "jax", "jaxlib", "flax", "optax"}
HEAVY = FRAMEWORKS | {"textual", "sklearn", "scipy", "numpy", "optuna", "pydantic", "rich", "yaml"}
HELP = "from advisor.cli import main\ntry: main({})\nexcept SystemExit as e: assert not e.code"
TUNING = "import advisor.cli.sessions, advisor.cli.narrate, advisor.compare, advisor.facts"


def imported_by(code: str) -> set[str]:
    """Names of the top-level packages that are there after running `code` in a new process."""
    told = "\nimport sys; print(*{name.split('.')[0] for name in sys.modules}, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", code + told], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize(
    "code",
    ["import advisor.cli", HELP.format(["--help"]), HELP.format(["auto", "--help"])],
    ids=["import", "--help", "auto --help"],
)
def test_start_up_imports_nothing_heavy(code: str) -> None:
    assert imported_by(code) & HEAVY == set()


@pytest.mark.parametrize(
    "code",
    [TUNING, HELP.format(["rules", "list"]), HELP.format(["explain", "overfitting"])],
    ids=["tuning", "rules list", "explain"],
)
def test_core_imports_no_framework(code: str) -> None:
    assert imported_by(code) & (FRAMEWORKS | {"textual"}) == set()


@pytest.mark.parametrize(
    ("backend", "others"), [("torch", {"jax", "jaxlib", "flax", "optax"}), ("jax", {"torch"})]
)
def test_a_backend_imports_its_own_framework_only(backend: str, others: set[str]) -> None:
    if find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    code = f"from advisor.backend import load_backend; load_backend({backend!r})"
    found = imported_by(code)
    assert backend in found
    assert found & others == set()


def dispatches(tree: ast.AST, names: set[str]) -> Iterator[int]:
    """Lines that choose by a backend's name: comparisons, `match` cases and tables."""
    for node in ast.walk(tree):
        looked_at: list[ast.AST | None] = []
        if isinstance(node, ast.Compare):
            looked_at = [node.left, *node.comparators]
        elif isinstance(node, ast.MatchValue):
            looked_at = [node.value]
        elif isinstance(node, ast.Dict):
            looked_at = [*node.keys]
        constants = [inner for part in looked_at if part is not None for inner in ast.walk(part)]
        if any(isinstance(inner, ast.Constant) and inner.value in names for inner in constants):
            yield getattr(node, "lineno", 0)


@pytest.mark.parametrize(
    "line",
    [
        "if backend == 'torch': pass",
        "x = backend not in ('jax', 'torch')",
        "match backend:\n    case 'jax': pass",
        "made = {'torch': 1}[backend]",
    ],
)
def test_dispatch_on_a_backends_name_is_seen(line: str) -> None:
    assert list(dispatches(ast.parse(line), {"torch", "jax"}))


def test_no_dispatch_on_a_backends_name_outside_backends() -> None:
    names = set(backend_names())
    assert names >= {"torch", "jax"}
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in sorted((ROOT / "advisor").rglob("*.py"))
        for line in dispatches(ast.parse(path.read_text(encoding="utf-8")), names)
    ]
    assert found == []


def test_rules_hold_no_code() -> None:
    paths = list((ROOT / "rules").rglob("*.py"))
    statements = [node for path in paths for node in ast.parse(path.read_text()).body]
    assert paths
    assert all(isinstance(node, ast.Expr) for node in statements)  # docstrings
