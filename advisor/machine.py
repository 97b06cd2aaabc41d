"""What this computer is, without its name or that of whoever uses it."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path
from typing import Any

import psutil

CPU_INFO = Path("/proc/cpuinfo")
MOST_SECONDS = 5.0


def machine() -> dict[str, Any]:
    """System, processor, cores, memory (bytes), and Python."""
    return {
        "system": platform.system(),
        "release": platform.release(),
        "architecture": platform.machine(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "cpu": cpu_model(),
        "cores": psutil.cpu_count(logical=False),
        "processors": psutil.cpu_count(),
        "usable_processors": _usable(),
        "memory": psutil.virtual_memory().total,
        "thread_settings": {
            name: os.environ[name]
            for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")
            if name in os.environ
        },
    }


def cpu_model() -> str:
    """Its name as the system gives it; the architecture where it gives none."""
    if CPU_INFO.exists():
        lines = CPU_INFO.read_text(encoding="utf-8", errors="replace").splitlines()
        named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
        return next(iter(named), platform.machine())
    if platform.system() == "Darwin":
        return _asked("sysctl", "-n", "machdep.cpu.brand_string") or platform.machine()
    return platform.processor() or platform.machine()


def _asked(*command: str) -> str:
    try:
        found = subprocess.run(command, capture_output=True, text=True, timeout=MOST_SECONDS)
    except (OSError, subprocess.SubprocessError):
        return ""
    return found.stdout.strip()


def _usable() -> int | None:
    """How many this process may use; None where the system does not say."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
