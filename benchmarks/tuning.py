"""Does advice need less than a search? Sick starts tuned four ways at equal epochs.

    python benchmarks/tuning.py --short     two tasks, two starts, one seed: about five minutes
    python benchmarks/tuning.py             everything, hours; taken up where it stopped; writes
                                            benchmarks/results/tuning.json, whose searches it takes
                                            over: only our own sessions are run again
    python benchmarks/tuning.py --anew      everything again, searches too
    python benchmarks/tuning.py --minutes 60            so much of it as fits, all tasks alike
    python benchmarks/tuning.py --task wine --method advisor --method tpe

Ours, random search, TPE with median pruning and TPE with Hyperband begin with the same recipe and
may spend as many epochs; searches go over the space of docs/search-space.md. A method's value is
the best validation metric of any training so far that did not diverge, for all alike. Probes count
as what they cost; checks before training are free for all. Test metrics are of the trial that was
best on validation; they are looked at after the fact. Hyperband is tried from a few starts only.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from common import RESULTS, save, versions
from rich.console import Console
from rich.table import Table
from tuners.jobs import CHECKPOINTS, METHODS, Job, Outcome, jobs, lines, run
from tuners.scores import Figure, figures, is_worse, rounds, table
from tuners.tasks import TASKS

from advisor.facts import VOCABULARY
from advisor.rulebook import installed
from advisor.runner import Runner

EQUIVALENTS = 80
SHORT_TASKS, SHORT_STARTS, SHORT_EQUIVALENTS = ("digits mlp", "diabetes"), 2, 30
DONE = Path("build") / "tuning.jsonl"


def asked(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    names = tuple(task.name for task in TASKS)
    parser.add_argument("--short", action="store_true", help="a fixed subset, no record")
    parser.add_argument("--task", choices=names, action="append")
    parser.add_argument("--method", choices=METHODS, action="append")
    parser.add_argument("--backend", default="torch", choices=("torch", "jax"))
    parser.add_argument("--starts", type=int, default=0, help="of each task; 0: all")
    parser.add_argument("--seeds", type=int, default=0, help="0: each task's own number")
    parser.add_argument("--equivalents", type=int, default=EQUIVALENTS, help="full trainings")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no run later")
    parser.add_argument(
        "--anew", action="store_true", help="forget what an earlier run left, and recorded searches"
    )
    return parser.parse_args(arguments)


def planned(options: argparse.Namespace) -> list[Job]:
    names = options.task or (SHORT_TASKS if options.short else [task.name for task in TASKS])
    tasks = [task for task in TASKS if task.name in names and task.there]
    methods = tuple(options.method or METHODS)
    starts = SHORT_STARTS if options.short else options.starts
    equivalents = SHORT_EQUIVALENTS if options.short else options.equivalents
    found = jobs(tasks, methods, equivalents, options.backend, starts)
    seeds = 1 if options.short else options.seeds
    return [job for job in found if not seeds or job.seed < seeds]


def outcomes(
    wanted: Sequence[Job],
    processes: int,
    done: Path | None,
    minutes: float,
    recorded: Mapping[str, Outcome],
) -> Iterator[Outcome]:
    """Outcomes of all jobs as they come, those that are `recorded` or in `done` first. None is
    begun after `minutes`."""
    until = time.perf_counter() + 60 * minutes
    keys = {job.key for job in wanted}
    known = {**recorded, **({one.key: one for one in lines(done)} if done else {})}
    yield from (one for key, one in known.items() if key in keys)
    rules, idle = installed(VOCABULARY), queue.Queue[Runner]()
    runners = [Runner(wanted[0].backend, "cpu") for _ in range(processes)] if wanted else []
    for runner in runners:
        idle.put(runner)
    writing = threading.Lock()

    def one(job: Job) -> Outcome | None:
        if time.perf_counter() > until:
            return None
        runner = idle.get()
        try:
            with tempfile.TemporaryDirectory() as place:
                found = run(job, rules, runner, Path(place) / "job")
        finally:
            idle.put(runner)
        if done:
            with writing, done.open("a", encoding="utf-8") as file:
                file.write(json.dumps(found.record()) + "\n")
        return found

    with ThreadPoolExecutor(processes) as pool:
        left = [pool.submit(one, job) for job in wanted if job.key not in known]
        try:
            for job in as_completed(left):
                if (found := job.result()) is not None:
                    yield found
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        finally:
            for runner in runners:
                runner.close()


def searches() -> dict[str, Outcome]:
    """Of the latest record, those of the searches: they don't depend on how we advise. None where
    it was made with another torch."""
    path = RESULTS / "tuning.json"
    if not path.exists():
        return {}
    record = json.loads(path.read_text(encoding="utf-8"))
    if record["versions"].get("torch") != versions().get("torch"):
        return {}
    found = (Outcome.of_brief(raw) for raw in record["outcomes"] if raw["method"] != "advisor")
    return {one.key: one for one in found}


def show(console: Console, found: Sequence[Outcome], made: Sequence[Figure]) -> None:
    by_task = Table(title="Best validation metric so far (median), and its test metric")
    by_task.add_column("task")
    by_task.add_column("method")
    for checkpoint in CHECKPOINTS:
        by_task.add_column(f"after {checkpoint}", justify="right")
    by_task.add_column("share of TPE", justify="right")
    for row in table(rounds(found), METHODS):
        cells = [
            f"{_shown(row[f'validation {c}'])} {_shown(row[f'test {c}'])}" for c in CHECKPOINTS
        ]
        by_task.add_row(row["task"], row["method"], *cells, _shown(row.get("share of tpe")))
    console.print(by_task)
    for one in found:
        if one.method == "advisor" and is_worse(one):
            console.print(f"worse than its start on the test: {one.key}", highlight=False)
    whole = Table(title="Figures")
    for column in ("figure", "value", "target", "of", ""):
        whole.add_column(column, justify="left" if column == "figure" else "right")
    for figure in made:
        sign = {True: "ok", False: "FALLS SHORT", None: ""}[figure.met]
        whole.add_row(figure.name, _shown(figure.value), figure.target, str(figure.of), sign)
    console.print(whole)


def _shown(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def main() -> int:
    options, console = asked(), Console(width=None if sys.stdout.isatty() else 120)
    os.environ["OMP_NUM_THREADS"] = "1"  # of the workers, which start later
    wanted = planned(options)
    done = None if options.short else DONE
    if done:
        done.parent.mkdir(exist_ok=True)
        if options.anew:
            done.unlink(missing_ok=True)
    began, found = time.perf_counter(), list[Outcome]()
    with console.status("starting") as status:
        recorded = {} if options.short or options.anew else searches()
        for one in outcomes(wanted, options.processes, done, options.minutes, recorded):
            found.append(one)
            spent = time.perf_counter() - began
            status.update(f"{len(found)} of {len(wanted)}, {spent / 60:.0f} min: {one.key}")
    equivalents = SHORT_EQUIVALENTS if options.short else options.equivalents
    made = figures(rounds(found), equivalents)
    show(console, found, made)
    whole = not (options.short or options.task or options.method or options.starts)
    if whole:
        save(
            "tuning",
            {
                "figures": [figure.record() for figure in made],
                "tasks": table(rounds(found), METHODS),
                "runs": [len(found), len(wanted)],
                "hours": sum(one.seconds for one in found) / 3600,
                "outcomes": [one.brief() for one in sorted(found, key=lambda one: one.key)],
            },
        )
    if len(found) < len(wanted):
        print(f"{len(found)} of {len(wanted)} runs; the rest is taken up by the same command")
    short = [figure.name for figure in made if figure.met is False]
    print(f"FALLS SHORT: {', '.join(short)}" if short else "PASS: every figure meets its target")
    return bool(short)


if __name__ == "__main__":
    sys.exit(main())
