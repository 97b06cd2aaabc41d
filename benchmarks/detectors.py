"""How long does looking for symptoms take on a long training?

Makes the events of a healthy training of a million steps with a thousand evaluations, then times
`symptoms.detect` on all of them (three times, the median) and a `symptoms.Watch` that is asked at
each tenth evaluation. Seconds are those of the processor, as other programs may be running. Exit
code 1 when either takes more than a second in all.

    python benchmarks/detectors.py            writes benchmarks/results/detectors.json
    python benchmarks/detectors.py --short    a tenth as many steps and questions; writes nothing
"""

from __future__ import annotations

import argparse
import math
import statistics
import sys
import time
from collections.abc import Iterator

import numpy as np
from common import save

from advisor.events import (
    ActivationReport,
    DataReport,
    Evaluated,
    Event,
    LayerReport,
    StepsDone,
    TrialFinished,
    TrialStarted,
)
from advisor.recipe import Recipe
from advisor.symptoms import Watch, detect

LIMIT = 1.0
"""seconds"""
CHUNK = 500
LAYERS = ("conv1.kernel", "conv2.kernel", "dense1.kernel", "output.kernel")
BATCH = 32


def recipe(epochs: int) -> Recipe:
    return Recipe.model_validate(
        {
            "task": "classification",
            "data": {"source": "sklearn:digits"},
            "model": {"kind": "mlp"},
            "train": {"epochs": epochs, "batch_size": BATCH},
        }
    )


def events(epochs: int, per_epoch: int) -> Iterator[Event]:
    """A loss that falls from ln 10 towards 0.02, an evaluation at the end of each epoch."""
    random, total = np.random.default_rng(0), epochs * per_epoch
    examples, shares = per_epoch * BATCH, [0.1] * 10
    data = DataReport(examples, 2000, [8, 8, 1], 10, shares, 1.0, 3.0, 0.01, 1.2)
    yield TrialStarted("made", "cpu", 20_000, per_epoch, epochs, 2.4, math.log(10), 0.1, data)
    for epoch in range(1, epochs + 1):
        for step in range((epoch - 1) * per_epoch + CHUNK, epoch * per_epoch + 1, CHUNK):
            noise = np.exp(0.3 * random.standard_normal(CHUNK))
            loss = 0.02 + 2.3 * np.exp(-8 * (step - CHUNK + np.arange(CHUNK)) / total)
            layers = {name: LayerReport(1.0, 5.0, 1e-3) for name in LAYERS}
            yield StepsDone(
                step,
                step / per_epoch,
                (loss * noise).tolist(),
                (loss * noise + 0.1).tolist(),
                [1e-3] * CHUNK,
                layers,
                1e-3 * step,
            )
        yield evaluated(random, epoch, epochs, per_epoch)
    yield TrialFinished(
        "finished", float(epochs), total, examples * epochs, 1.0, 0.02, 1.0, 0.1, 0.97, total
    )


def evaluated(random: np.random.Generator, epoch: int, epochs: int, per_epoch: int) -> Evaluated:
    left = math.exp(-8 * epoch / epochs)
    activations = {"dense1": ActivationReport(0.1, 0.0, 1.0)} if epoch % 50 == 0 else {}
    return Evaluated(
        epoch * per_epoch,
        float(epoch),
        0.02 + 2.3 * left,
        1 - 0.9 * left,
        0.1 + 2.2 * left + 0.002 * float(random.standard_normal()),
        0.97 - 0.87 * left + 0.002 * float(random.standard_normal()),
        epoch == 1 or left > 0.01,
        0.12,
        activations,
        float(epoch),
    )


def once(made: Recipe, told: list[Event]) -> float:
    began = time.process_time()
    detect(made, told)
    return time.process_time() - began


def incremental(made: Recipe, told: list[Event], questions: int) -> tuple[float, float]:
    """Seconds of the processor in all, and of the last question."""
    every, seen, last = sum(isinstance(e, Evaluated) for e in told) // questions, 0, 0.0
    began, watch = time.process_time(), Watch(made)
    for event in told:
        watch.add(event)
        seen += isinstance(event, Evaluated)
        if isinstance(event, Evaluated) and seen % every == 0:
            asked = time.process_time()
            watch.findings()
            last = time.process_time() - asked
    return time.process_time() - began, last


def main() -> int:
    parser = argparse.ArgumentParser(description="Measures how long looking for symptoms takes.")
    parser.add_argument("--short", action="store_true", help="a tenth of it, no record")
    short = parser.parse_args().short
    epochs, questions = (100, 10) if short else (1000, 100)
    made, told = recipe(epochs), list(events(epochs, 1000))
    at_once = statistics.median(once(made, told) for _ in range(3))
    in_all, last = incremental(made, told, questions)
    steps = epochs * 1000
    print(f"{steps} steps, {epochs} evaluations")
    print(f"detect, all at once        {at_once:8.3f} s")
    print(f"Watch, {questions:3} questions       {in_all:8.3f} s (the last {last:.4f} s)")
    if not short:
        record = {"steps": steps, "evaluations": epochs, "questions": questions, "limit": LIMIT}
        found = {"detect_seconds": at_once, "watch_seconds": in_all, "last_question_seconds": last}
        save("detectors", record | {name: round(value, 4) for name, value in found.items()})
    holds = max(at_once, in_all) <= LIMIT
    sign, verdict = ("<=", "holds") if holds else (">", "FAILS")
    print(f"{verdict}: {max(at_once, in_all):.3f} s {sign} {LIMIT} s")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
