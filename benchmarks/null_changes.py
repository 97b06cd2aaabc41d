"""How often is a change that does nothing accepted? The claim is: at most one time in twenty.

Trains each recipe with many seeds, then decides, as a session would, between trials that differ
in nothing but their seed: one pair first, up to three while more seeds may help.

    python benchmarks/null_changes.py --short    24 seeds of two recipes, about a minute
    python benchmarks/null_changes.py            60 seeds of five; writes results/null_changes.json
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from common import save

from advisor.evidence import (
    Comparison,
    Decision,
    Predictions,
    SeenSpread,
    compare,
    decide,
)
from advisor.recipe import Recipe
from advisor.requests import Train
from advisor.runner import Runner
from advisor.state import Attempt
from advisor.trial_files import read_result

LIMIT = 0.05
DRAWS, CANDIDATES = 4000, 5
MLP = {"kind": "mlp", "hidden": [32]}
CNN = {"kind": "cnn", "channels": [16, 32], "hidden": [64]}
RECIPES: dict[str, dict[str, Any]] = {
    "digits mlp": {"task": "classification", "data": {"source": "sklearn:digits"}, "model": MLP},
    "digits cnn": {"task": "classification", "data": {"source": "sklearn:digits"}, "model": CNN},
    "digits mlp, too short": {
        "task": "classification",
        "data": {"source": "sklearn:digits"},
        "model": MLP,
        "optimizer": {"kind": "adam", "lr": 0.0005},
        "train": {"epochs": 3},
    },
    "wine": {"task": "classification", "data": {"source": "sklearn:wine"}, "model": MLP},
    "diabetes": {"task": "regression", "data": {"source": "sklearn:diabetes"}, "model": MLP},
}


def recipe(raw: dict[str, Any]) -> Recipe:
    usual = {"optimizer": {"kind": "adam", "lr": 0.003}, "train": {"epochs": 8, "batch_size": 32}}
    merged = usual | raw
    merged["train"] = {**usual["train"], **raw.get("train", {})}
    return Recipe.model_validate_json(json.dumps(merged))


def trained(runner: Runner, start: Recipe, seeds: int, folder: Path) -> list[Predictions]:
    found = []
    for seed in range(seeds):
        place = folder / str(seed)
        runner.train(start.changed({"train.seed": seed}), place)
        result = read_result(place)
        attempt = Attempt(Train(seed, "repeat", start), result, {}, ())
        predictions = attempt.predictions(1.0)
        assert predictions is not None
        found.append(predictions)
    return found


def accepted_share(start: Recipe, trials: list[Predictions]) -> float:
    """Share of null comparisons that end in `accepted`, in sessions drawn at random: candidates
    one after the other, each against the last that was accepted, with what was seen before."""
    random, accepted = np.random.default_rng(0), 0
    for _ in range(DRAWS // CANDIDATES):
        order = random.permutation(len(trials))[: 3 * (CANDIDATES + 1)].reshape(-1, 3)
        incumbent, *candidates = [[trials[one] for one in row] for row in order]
        seen: list[Comparison] = []
        for candidate in candidates:
            pairs = list(zip(candidate, incumbent, strict=True))
            decision = _decided(start, pairs, SeenSpread.of(seen))
            assert decision.comparison is not None
            seen.append(decision.comparison)
            if decision.verdict == "accepted":
                accepted, incumbent = accepted + 1, candidate
    return accepted / (DRAWS // CANDIDATES * CANDIDATES)


def _decided(
    start: Recipe, pairs: list[tuple[Predictions, Predictions]], known: SeenSpread
) -> Decision:
    used = 1
    decision = decide(compare(start, pairs[:1], known=known))
    while decision.more_seeds_may_help:
        used += 1
        decision = decide(compare(start, pairs[:used], known=known))
    return decision


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--backend", default="torch")
    asked = parser.parse_args()
    names = list(RECIPES)[:2] if asked.short else list(RECIPES)
    rows = []
    print(f"{'recipe':24} seeds  deviation between seeds  accepted")
    with tempfile.TemporaryDirectory() as folder, Runner(asked.backend) as runner:
        for name in names:
            start = recipe(RECIPES[name])
            trials = trained(runner, start, 24 if asked.short else 60, Path(folder) / name)
            share = accepted_share(start, trials)
            gains = [compare(start, [(one, trials[0])]).gain for one in trials[1:]]
            spread = float(np.std(gains))
            rows.append({"recipe": name, "seeds": len(trials), "sd": spread, "accepted": share})
            print(f"{name:24} {len(trials):5}  {spread:23.4f}  {share:8.3f}", flush=True)
    worst = max(row["accepted"] for row in rows)
    if not asked.short:
        save("null_changes", {"limit": LIMIT, "rows": rows})
    sign = "PASS" if worst <= LIMIT else "FALLS SHORT"
    print(
        f"{sign}: a null change is accepted at most {100 * worst:.1f} % of the time (5 % allowed)"
    )
    return int(worst > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
