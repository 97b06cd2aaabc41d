"""Many recipes trained at once, spread over worker processes; see `advisor.together`."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psutil

from advisor.events import Event
from advisor.recipe import Recipe
from advisor.runner import Runner


@dataclass(frozen=True)
class Member:
    """One recipe of a sweep, and where its results go."""

    recipe: Recipe
    folder: Path


def run_sweep(
    members: Sequence[Member],
    runner: Callable[[Sequence[int]], Runner],
    workers: int = 0,
    on_event: Callable[[int, Event], None] = lambda member, event: None,
) -> list[list[Event]]:
    """The events of each member, trained in `workers` processes (0: one for each core).

    `runner` makes a Runner that keeps to the given processors. `on_event` is called from several
    threads.
    """
    shares = _shares(len(members), workers or physical_cores())
    with ExitStack() as stack, ThreadPoolExecutor(len(shares)) as pool:
        runners = [stack.enter_context(runner(cpus)) for cpus in processors(len(shares))]

        def work(number: int) -> list[list[Event]]:
            mine = shares[number]
            return runners[number].sweep(
                [members[i].recipe for i in mine],
                [members[i].folder for i in mine],
                lambda place, event: on_event(mine[place], event),
            )

        try:
            found = list(pool.map(work, range(len(shares))))
        except BaseException:
            for one in runners:
                one.close()  # ends the threads that wait for them
            raise
    events: list[list[Event]] = [[] for _ in members]
    for mine, results in zip(shares, found, strict=True):
        for i, each in zip(mine, results, strict=True):
            events[i] = each
    return events


def physical_cores() -> int:
    return psutil.cpu_count(logical=False) or os.cpu_count() or 1


def _shares(members: int, workers: int) -> list[range]:
    """Members dealt out in turn, so that neighbours, which cost alike, are spread."""
    count = max(1, min(members, workers))
    return [range(number, members, count) for number in range(count)]


def processors(workers: int) -> list[Sequence[int]]:
    """The processors of each worker: an even share, or no limit when there is one worker."""
    if workers == 1 or not hasattr(os, "sched_getaffinity"):
        return [()] * workers
    available = sorted(os.sched_getaffinity(0))
    if len(available) < workers:
        return [()] * workers
    each = len(available) // workers
    return [available[number * each : (number + 1) * each] for number in range(workers)]
