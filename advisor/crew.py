"""The workers of a session: one for all that comes one by one, more for trials side by side."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from advisor import trial_files
from advisor.events import Event
from advisor.requests import RunProbe, Train
from advisor.runner import Runner, UnfitError, WorkerDiedError, WorkerError
from advisor.sweep import processors
from advisor.trial_files import Cost, trial_folder

T = TypeVar("T")
U = TypeVar("U")
Hear = Callable[[Event, int], None]
"""What happened, and in which trial."""


class Crew:
    """Warm workers of one backend, each on its share of the processors. A context manager."""

    def __init__(self, runner: Callable[[Sequence[int]], Runner], workers: int = 1) -> None:
        """`runner` makes a Runner that keeps to the given processors; () is all of them."""
        self._runners = [runner(cpus) for cpus in processors(workers)]
        self._idle: queue.Queue[Runner] = queue.Queue()
        for one in self._runners:
            self._idle.put(one)
        self._voice = threading.Lock()

    @property
    def workers(self) -> int:
        return len(self._runners)

    @property
    def runner(self) -> Runner:
        """The one for whatever is done alone."""
        return self._runners[0]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End all workers, whatever they are doing, for good; from any thread. What is under way
        raises ClosedError and leaves its folder to be taken up."""
        for runner in self._runners:
            runner.close()

    def stop(self) -> None:
        """Ask the trainings in progress to end at their next report; from any thread."""
        for runner in self._runners:
            runner.stop()

    def experiment(self, request: Train | RunProbe, folder: Path, hear: Hear) -> Cost:
        """Run one trial or probe of a session in `folder`; what an earlier run brought to its end
        is kept, and a training that was killed goes on; a worker that dies is replaced once.
        Raises UserError."""
        return self._run(self.runner, request, folder, hear)

    def experiments(self, requests: Sequence[Train], folder: Path, hear: Hear) -> list[Cost]:
        """Run trials of a session side by side. Raises UserError."""
        return self._spread(lambda runner, one: self._run(runner, one, folder, hear), requests)

    def in_step(self, requests: Sequence[Train], folder: Path, hear: Hear) -> list[Cost]:
        """Run trials dealt out to the workers, each worker's as one program where its backend can
        do that. Raises UserError."""
        count = min(len(self._runners), len(requests))
        shares = [requests[number::count] for number in range(count)]
        found = self._spread(lambda runner, own: self._sweep(runner, own, folder, hear), shares)
        costs = {
            one.number: cost
            for own, theirs in zip(shares, found, strict=True)
            for one, cost in zip(own, theirs, strict=True)
        }
        return [costs[request.number] for request in requests]

    def _spread(self, work: Callable[[Runner, T], U], parts: Sequence[T]) -> list[U]:
        """Each part's result, made by whichever worker is free."""

        def one(part: T) -> U:
            runner = self._idle.get()
            try:
                return work(runner, part)
            finally:
                self._idle.put(runner)

        with ThreadPoolExecutor(len(self._runners)) as pool:
            jobs = [pool.submit(one, part) for part in parts]
            try:
                return [job.result() for job in jobs]
            except BaseException:
                for job in jobs:
                    job.cancel()
                self.close()  # ends the threads that wait for workers
                raise

    def _sweep(
        self, runner: Runner, requests: Sequence[Train], folder: Path, hear: Hear
    ) -> list[Cost]:
        """All as one program; what that cannot bring to its end is run by itself."""
        places = [trial_folder(folder, one.number) for one in requests]
        new = [
            (request, place)
            for request, place in zip(requests, places, strict=True)
            if trial_files.concluded(place, request.recipe) is None
        ]
        if len(new) > 1:
            self._sweep_new(runner, new, hear)
        return [self._run(runner, request, folder, hear) for request in requests]

    def _sweep_new(self, runner: Runner, trials: Sequence[tuple[Train, Path]], hear: Hear) -> None:
        for request, place in trials:
            trial_files.begin(place, request.recipe)

        def said(member: int, event: Event) -> None:
            with self._voice:
                hear(event, trials[member][0].number)

        began = time.perf_counter()
        try:
            runner.sweep(
                [request.recipe for request, _ in trials], [place for _, place in trials], said
            )
        except (WorkerError, UnfitError):
            return  # one of them; alone, each says what is wrong with it
        each = (time.perf_counter() - began) / len(trials)
        for request, place in trials:
            trial_files.conclude(place, request.recipe, Cost(each))

    def _run(self, runner: Runner, request: Train | RunProbe, folder: Path, hear: Hear) -> Cost:
        place = trial_folder(folder, request.number)
        known = trial_files.concluded(place, request.recipe)
        if known is not None:
            return known
        trial_files.begin(place, request.recipe)
        began, error = time.perf_counter(), ""

        def said(event: Event) -> None:
            with self._voice:
                hear(event, request.number)

        try:
            try:
                self._carry_out(runner, request, place, said)
            except WorkerDiedError:
                self._carry_out(runner, request, place, said)  # once more, from its checkpoint
        except (WorkerError, UnfitError) as failure:
            error = str(failure)
            said(trial_files.note_failure(place, failure))
        seconds = max(time.perf_counter() - began, trial_files.seconds_in_all(place))
        cost = Cost(seconds, error)
        trial_files.conclude(place, request.recipe, cost)
        return cost

    @staticmethod
    def _carry_out(
        runner: Runner, request: Train | RunProbe, place: Path, said: Callable[[Event], None]
    ) -> None:
        if isinstance(request, Train):
            runner.train(request.recipe, place, said, request.race, until=request.until)
        else:
            runner.probe(request.probe, request.recipe, place, said)
