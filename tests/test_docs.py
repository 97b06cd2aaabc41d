"""The pages of docs/ are followed as a reader would: files are written, commands are run."""

from __future__ import annotations

import doctest
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[1] / "docs"
BLOCK = re.compile(r"^```(\w+)(?: title=(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the file that it is, and its text."""

    language: str
    file: str
    text: str


def blocks(text: str) -> list[Block]:
    return [Block(*found) for found in BLOCK.findall(text)]


def commands(text: str) -> Iterator[tuple[str, str]]:
    """Each `$ command` of a console block with the output that is to follow it."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        yield command, output


def follow(page: Path, folder: Path) -> int:
    """Do what the page says, in this folder; returns how many commands were run."""
    ran = 0
    for block in blocks(page.read_text(encoding="utf-8")):
        if block.file:
            path = folder / block.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
            if path.name == "pyproject.toml":
                install(block.text, folder)
        elif block.language == "console":
            for command, output in commands(block.text):
                run(command, output, folder)
                ran += 1
    return ran


def install(pyproject: str, folder: Path) -> None:
    """What pip would leave of a package with entry points, without pip."""
    project = tomllib.loads(pyproject)["project"]
    info = folder / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    head = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    (info / "METADATA").write_text(head)
    lines = []
    for group, points in project["entry-points"].items():
        lines += [f"[{group}]", *(f"{name} = {target}" for name, target in points.items())]
    (info / "entry_points.txt").write_text("\n".join(lines))


def run(command: str, output: str, folder: Path) -> None:
    program, *words = shlex.split(command)
    module = {"advisor": "advisor.cli", "pytest": "pytest"}[program]
    done = subprocess.run(
        [sys.executable, "-m", module, *words],
        cwd=folder,
        env=dict(os.environ, PYTHONPATH=str(folder)),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    check = doctest.OutputChecker()
    assert check.check_output(output, done.stdout, doctest.ELLIPSIS), done.stdout


@pytest.mark.parametrize(
    ("page", "ran", "needs"),
    [
        ("add-a-rule", 4, ""),
        ("add-a-backend", 3, "torch"),
        ("recipes", 2, "jax"),
        ("diagnose", 4, ""),
    ],
)
def test_page_can_be_followed(page: str, ran: int, needs: str, tmp_path: Path) -> None:
    if needs and find_spec(needs) is None:
        pytest.skip(f"{needs} is not installed")
    assert follow(DOCS / f"{page}.md", tmp_path) == ran


def test_a_wrong_page_is_noticed(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```console\n$ advisor --version\nadvisor 99\n```\n")
    with pytest.raises(AssertionError):
        follow(page, tmp_path)


def test_every_example_of_toml_registers_something() -> None:
    for page in DOCS.glob("add-*.md"):
        found = [b for b in blocks(page.read_text(encoding="utf-8")) if b.language == "toml"]
        assert found
        for block in found:
            groups = tomllib.loads(block.text)["project"]["entry-points"]
            assert set(groups) <= {"advisor.backends", "advisor.rules"}
