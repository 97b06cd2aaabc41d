"""How good is the diagnosis? Faulty and healthy trainings, on both backends.

    python benchmarks/clinic.py --short                a fixed subset, two minutes; fails where a
                                                       figure is short beyond its 95 % interval
    python benchmarks/clinic.py                        all; writes benchmarks/results/clinic.json
    python benchmarks/clinic.py --case 3 --backend jax --seeds 0 1 --part diagnosis

Each case puts one fault (C1 to C10: several) into a healthy training on a small data set. The
sick recipe is trained in a worker; what is reported, and in which order, is held against what is
wrong. Then a session tries its first proposals, at most six trials, until 95 % of the healthy
twin's metric is reached (on JAX, which compiles each new model, with the first seed only). Faults
of somebody's own loop are recorded by `advisor.record`. Beside it: doing nothing, and random
search over the usual ranges at equal and at double the trials (on torch, one seed). Healthy
twins, healthy controls and 200 generated curves must raise no alarm. What a case expects
comes from the tuning literature, never from what the program finds.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Any

from common import save
from rich.console import Console
from wards.cases import MISSING, SICK
from wards.report import print_cases, print_controls, print_figures, print_shortcomings
from wards.rounds import PARTS, Plan, Rounds
from wards.scores import figures, shortcomings

BACKENDS = ("torch", "jax")
SHORT = ("1", "3", "5", "6", "11", "13", "21", "26", "28", "32", "46", "49", "60", "66", "C1")
SEEDS, CURVES = (10, 11, 12), 200
"""Thresholds were calibrated on seeds 0 to 2: these are others."""


def asked(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--short", action="store_true", help="a fixed subset, one seed, no record")
    parser.add_argument("--case", choices=tuple(SICK), action="append", metavar="ID")
    parser.add_argument("--backend", choices=BACKENDS, action="append")
    parser.add_argument("--seeds", type=int, nargs="+", metavar="SEED")
    parser.add_argument("--part", choices=PARTS, action="append")
    parser.add_argument("--processes", type=int, default=2, help="trainings at a time")
    return parser.parse_args(arguments)


def planned(options: argparse.Namespace) -> Plan:
    chosen = options.case or (SHORT if options.short else tuple(SICK))
    backends = tuple(options.backend or BACKENDS)
    seeds = tuple(options.seeds or ((0,) if options.short else SEEDS))
    parts = tuple(options.part or (PARTS[:2] + PARTS[3:] if options.short else PARTS))
    return Plan(
        [SICK[name] for name in chosen],
        backends,
        seeds,
        parts,
        options.processes,
        CURVES,
    )


def content(rounds: Rounds) -> dict[str, Any]:
    found = figures(rounds.visits, rounds.controls)
    return {
        "figures": [figure.record() for figure in found],
        "shortcomings": shortcomings(rounds.visits, rounds.controls),
        "seconds": round(rounds.seconds),
        "visits": [visit.record() for visit in rounds.visits],
        "controls": {name: alarms for name, alarms in rounds.controls.items() if alarms},
        "controls_seen": len(rounds.controls),
        "twins": {" ".join(map(str, key)): value for key, value in rounds.twins.items()},
        "not_put": {missing.id: missing.reason for missing in MISSING},
    }


def main() -> int:
    options, console = asked(), Console()
    os.environ["OMP_NUM_THREADS"] = "1"  # of the workers, which start later
    with console.status("starting") as status:
        rounds = Rounds(planned(options), status.update)
        rounds.go()
    found = figures(rounds.visits, rounds.controls)
    print_cases(console, rounds.visits)
    print_controls(console, rounds.controls)
    print_shortcomings(console, shortcomings(rounds.visits, rounds.controls))
    print_figures(console, found)
    if not (options.short or options.case or options.backend or options.seeds or options.part):
        save("clinic", content(rounds))
    short = [figure.name for figure in found if figure.meets is False]
    failed = [figure.name for figure in found if figure.is_surely_short] if options.short else short
    if failed:
        print(f"FALLS SHORT: {', '.join(failed)}")
    elif short:
        print(f"PASS: nothing is surely short; too few visits to tell of {', '.join(short)}")
    else:
        print("PASS: every figure meets its target")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
