"""How long does `advisor --help` take on top of starting Python?

Runs `python -c pass` and `advisor --help` in turn, so that both meet the same moments of a noisy
machine, and compares pair by pair. Exit code 1 when the median difference is above the limit.

    python benchmarks/startup.py            30 rounds; writes benchmarks/results/startup.json
    python benchmarks/startup.py --short    7 rounds; writes nothing
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path

from common import save

LIMIT = 0.25
"""seconds"""
BASE = "python -c pass"
COMMANDS = {
    BASE: [sys.executable, "-c", "pass"],
    "advisor --help": [str(Path(sys.executable).with_name("advisor")), "--help"],
    "advisor auto --help": [str(Path(sys.executable).with_name("advisor")), "auto", "--help"],
    "advisor rules list": [str(Path(sys.executable).with_name("advisor")), "rules", "list"],
}
JUDGED = "advisor --help"


def seconds(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def measure(rounds: int) -> dict[str, list[float]]:
    """Seconds of each command in each round; the first round, which warms caches, is left out."""
    found: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for turn in range(rounds + 1):
        for name, command in COMMANDS.items():
            took = seconds(command)
            if turn:
                found[name].append(took)
    return found


def extra(found: dict[str, list[float]], name: str) -> float:
    """Median over the rounds of this command's time minus that of bare Python."""
    return statistics.median(
        took - base for took, base in zip(found[name], found[BASE], strict=True)
    )


def record(found: dict[str, list[float]]) -> dict[str, object]:
    return {
        "rounds": len(found[BASE]),
        "limit_seconds": LIMIT,
        "extra_seconds": {name: round(extra(found, name), 4) for name in COMMANDS if name != BASE},
        "seconds": {name: [round(took, 4) for took in times] for name, times in found.items()},
    }


def main() -> int:
    parser = argparse.ArgumentParser(description="Measures the start-up of advisor.")
    parser.add_argument("--short", action="store_true", help="7 rounds instead of 30, no record")
    short = parser.parse_args().short
    found = measure(7 if short else 30)
    print(f"{'command':22} {'min':>8} {'median':>8} {'max':>8} {'extra':>8}   seconds")
    for name, times in found.items():
        row = (min(times), statistics.median(times), max(times), extra(found, name))
        print(f"{name:22} " + " ".join(f"{value:8.3f}" for value in row))
    if not short:
        save("startup", record(found))
    took = extra(found, JUDGED)
    holds = took <= LIMIT
    sign, verdict = ("<=", "holds") if holds else (">", "FAILS")
    print(f"{verdict}: {JUDGED} takes {took:.3f} s more than {BASE} ({sign} {LIMIT} s)")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
