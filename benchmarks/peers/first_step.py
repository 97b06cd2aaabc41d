"""Run in a process of its own: how long until the first optimiser step is done."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

STARTED = time.perf_counter()


def main(backend_name: str, case_name: str, folder: str) -> None:
    """Print seconds of the imports, of data and model, and of the first steps, as JSON."""
    from advisor import data, training
    from advisor.backend import Batches, load_backend
    from advisor.schedule import learning_rates
    from peers.cases import CASES

    backend, case = load_backend(backend_name), CASES[case_name]
    imported = time.perf_counter()
    recipe, dataset = case.recipe(Path(folder), epochs=10), case.dataset(Path(folder))
    loaded = time.perf_counter()
    model = backend.start(training.prepare(recipe, dataset))
    rows = data.epoch_rows(len(dataset.train.targets), case.batch, 0, 0)
    batches = Batches(rows, learning_rates(recipe, 0, len(rows), 10 * len(rows)))
    times = [time.perf_counter()]
    for _ in range(2):
        model.run(batches)
        times.append(time.perf_counter())
    first = (times[1] - times[0]) - (times[2] - times[1]) * (1 - 1 / len(rows))
    seconds = {"imports": imported - STARTED, "data": loaded - imported}
    seconds |= {"model": times[0] - loaded, "first step": max(0.0, first)}
    print(json.dumps(seconds))


if __name__ == "__main__":
    main(*sys.argv[1:4])
