"""The examples of docs/record.md run as they stand."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from advisor import record
from advisor.events import TrialFinished
from advisor.logs import read_log

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "record.md"
BLOCK = re.compile(r"^```python title=mine_(\w+)\.py\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXAMPLES = dict(BLOCK.findall(GUIDE.read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", EXAMPLES)
def test_example_runs(name: str, tmp_path: Path) -> None:
    if find_spec(name) is None:
        pytest.skip(f"{name} is not installed")
    command = [sys.executable, "-c", EXAMPLES[name]]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stderr) == (0, "")
    last = read_log(tmp_path / "runs" / name).events[-1]
    assert isinstance(last, TrialFinished)
    assert (last.status, last.steps, last.epochs) == ("finished", 60, 3)
    known = record.read_about(tmp_path / "runs" / name)
    assert known is not None
    assert "layers" not in known.unknown


def test_both_frameworks_have_an_example() -> None:
    assert set(EXAMPLES) == {"torch", "jax"}
