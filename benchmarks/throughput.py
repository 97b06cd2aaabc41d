"""Is our training loop as fast as one written by hand, and faster than other trainers?

    python benchmarks/throughput.py --short                  three cases, some five minutes
    python benchmarks/throughput.py                          all; writes results/throughput.json
    python benchmarks/throughput.py --backend jax --case digits-mlp-32

`ours` is the whole of `advisor.training.train` with every diagnostic on. `hand` is the fastest
loop in the same framework, with the same evaluation each epoch: loss and accuracy of the
validation set and of as many training examples. `steps` and `hand.steps` leave evaluation out,
for information. Lightning, skorch and Keras run with their defaults, quietly; they evaluate the
validation set only. All train the same model on the same examples in float32 on the CPU. Each has
a process of its own, warmed first; segments (whole trainings, building the model included) take
turns, and ratios are those of neighbours in a turn. Also measured: how soon a further trial of a
warm worker starts, how soon a new process does, and a sweep trained together.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from common import save
from peers import start_speed, sweep_speed, training_speed
from peers.cases import CASES, SHORT, write_data
from peers.report import print_starts, print_sweeps, print_training
from peers.training_speed import CONTESTANTS, Plan, present
from rich.console import Console

BACKENDS = ("torch", "jax")
PARTS = ("training", "start", "sweep")
PROCESS_CASE = CASES["cnn-28x28x1-64"]
SWEEP_EPOCHS = {True: 4, False: 12}
"""by whether the run is short"""


def asked(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--short", action="store_true", help="three cases, writes no record")
    parser.add_argument("--backend", choices=BACKENDS, action="append")
    parser.add_argument("--case", choices=tuple(CASES), action="append")
    parser.add_argument("--part", choices=PARTS, action="append")
    return parser.parse_args(arguments)


def run(options: argparse.Namespace, plan: Plan, console: Console) -> dict[str, Any]:
    """Everything that was asked for, printed part by part; lists of records."""
    backends = options.backend or BACKENDS
    found: dict[str, Any] = {}
    for part in options.part or PARTS:
        if part == "training":
            names = options.case or (SHORT if options.short else tuple(CASES))
            rows = training_speed.measure(plan, [CASES[name] for name in names], backends)
            found["training"] = [row.record() for row in rows]
            found["skipped"] = sorted({c.package for c in CONTESTANTS if not present(c)} - {""})
            print_training(console, found)
        elif part == "start":
            found["second_trial"] = [start_speed.second_trial(plan, name) for name in backends]
            found["new_process"] = [
                start_speed.new_process(plan, name, PROCESS_CASE) for name in backends
            ]
            print_starts(console, found)
        else:
            epochs = SWEEP_EPOCHS[options.short]
            found["sweep"] = [sweep_speed.measure(plan, name, epochs) for name in backends]
            print_sweeps(console, found)
    return found


def failures(found: dict[str, Any]) -> list[str]:
    """What falls short of its target, in words."""
    short = [
        f"{row['case']} on {row['backend']}: {row['ours_over_this']:.2f} x {row['variant']} "
        f"(target {row['target']:g})"
        for row in found.get("training", ())
        if not row["meets"]
    ]
    short += [
        f"a further trial on {row['backend']} starts after {100 * row['share']:.1f} % of its time "
        f"(target under {100 * row['target']:g} %)"
        for row in found.get("second_trial", ())
        if not row["meets"]
    ]
    short += [
        f"the sweep on {row['backend']} is {_best(row):.2f} x one after the other "
        f"(target {row['target']:g})"
        for row in found.get("sweep", ())
        if row["meets"] is False
    ]
    return short


def _best(row: dict[str, Any]) -> float:
    return max(float(ratio) for way, ratio in row["speed_up"].items() if "together" in way)


def main() -> int:
    options, console = asked(), Console()
    with TemporaryDirectory() as folder:
        write_data(Path(folder))
        rounds, seconds = (3, 0.4) if options.short else (5, 1.5)
        with console.status("starting") as status:
            found = run(options, Plan(rounds, seconds, Path(folder), status.update), console)
    short = failures(found)
    if not (options.short or options.backend or options.case or options.part):
        save("throughput", {**found, "failures": short})
    print("\n".join([*short, "PASS" if not short else f"FALLS SHORT in {len(short)} figures"]))
    return bool(short)


if __name__ == "__main__":
    sys.exit(main())
