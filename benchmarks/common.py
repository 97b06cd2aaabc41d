"""What benchmarks share: facts about the machine, and where results are kept."""

from __future__ import annotations

import json
import os
import platform
import sys
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
PACKAGES = ("tuning-advisor", "torch", "jax", "flax", "optax", "numpy", "scikit-learn")


def machine() -> dict[str, Any]:
    """What a reader needs to judge the numbers; nothing that names this machine."""
    return {
        "system": platform.system(),
        "architecture": platform.machine(),
        "cores": os.cpu_count(),
        "threads": os.environ.get("OMP_NUM_THREADS", "default"),
    }


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that matter, where installed."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def save(name: str, content: dict[str, Any]) -> None:
    """Keep a full run's result, with the command that made it."""
    command = f"python benchmarks/{Path(sys.argv[0]).name}"
    record = {
        "command": " ".join([command, *sys.argv[1:]]),
        "date": datetime.now(UTC).date().isoformat(),
        "versions": versions(),
        "machine": machine(),
        **content,
    }
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps(record, indent=2) + "\n"
    (RESULTS / f"{name}.json").write_text(text, encoding="utf-8")
