"""The rounds: every healthy twin first, then every case, by a few workers side by side."""

from __future__ import annotations

import queue
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeAlias, TypeVar

from advisor import symptoms
from advisor.facts import VOCABULARY
from advisor.recipe import Recipe
from advisor.requests import Result
from advisor.rulebook import Rule, installed
from advisor.runner import Runner, UserError
from advisor.symptoms import Finding
from wards.case import Case
from wards.cases import HEALTHY
from wards.curves import curves
from wards.fixtures import write_fixtures
from wards.recorded import LoopError, loop_findings
from wards.records import Visit, advised, alarms, diagnosed, lags, reached
from wards.search import samples
from wards.treatment import MOST_TRIALS, Ward
from wards.twins import NOISY, case_recipe, twin_recipe

T = TypeVar("T")
U = TypeVar("U")
Key: TypeAlias = tuple[str, str, int]
"""Name of a twin or case, backend, seed."""
PARTS = ("diagnosis", "cure", "baselines", "healthy")
SEARCHES = (MOST_TRIALS, 2 * MOST_TRIALS)


@dataclass(frozen=True)
class Plan:
    """What is to be done."""

    cases: Sequence[Case]
    backends: Sequence[str]
    seeds: Sequence[int]
    parts: Sequence[str]
    processes: int
    curves: int

    def treats(self, backend: str, seed: int) -> bool:
        """Whole sessions: with every seed on the first backend, with the first seed on others."""
        return "cure" in self.parts and (backend == self.backends[0] or seed == self.seeds[0])

    def searches(self, backend: str, seed: int) -> bool:
        """Random search knows nothing of backends: once a case is enough."""
        first = (self.backends[0], self.seeds[0])
        return "baselines" in self.parts and (backend, seed) == first


@dataclass
class Rounds:
    """Everything that was found."""

    plan: Plan
    told: Callable[[str], None]
    visits: list[Visit] = field(default_factory=list)
    controls: dict[str, list[str]] = field(default_factory=dict)
    """by healthy training, the alarms that it raised"""
    twins: dict[Key, float | None] = field(default_factory=dict)
    twin_lags: dict[Key, list[str]] = field(default_factory=dict)
    seconds: float = 0.0

    def go(self) -> None:
        began = time.perf_counter()
        with TemporaryDirectory() as name:
            folder = Path(name)
            write_fixtures(folder)
            with Workers(self.plan, folder) as workers:
                self._see_twins(workers, folder)
                if "healthy" in self.plan.parts:
                    self._see_controls(workers, folder)
                if {"diagnosis", "cure", "baselines"}.intersection(self.plan.parts):
                    self._see_cases(workers, folder)
        self.seconds = time.perf_counter() - began

    def _see_twins(self, workers: Workers, folder: Path) -> None:
        """Train the twin of every case once a backend and seed; it is a control as well."""
        names = sorted({case.twin for case in self.plan.cases})

        def see(key: Key, wards: Wards) -> tuple[Result, list[Finding]]:
            name, backend, seed = key
            return seen_healthy(wards[backend], twin_recipe(name, folder, seed))

        for key, (result, findings) in workers.map(see, self._keys(names), self.told):
            finished = result.finished
            self.twins[key] = finished.validation_metric if finished else None
            self.twin_lags[key] = lags(findings)
            if "healthy" in self.plan.parts and key[0] not in NOISY:
                self.controls["twin " + " ".join(map(str, key))] = alarms(findings)

    def _see_controls(self, workers: Workers, folder: Path) -> None:
        def see(key: Key, wards: Wards) -> list[str]:
            name, backend, seed = key
            case = HEALTHY[name]
            if case.loop:
                place = wards[backend].folder / f"{name}-{seed}"
                return alarms(loop_findings(case, backend, seed, place))
            return alarms(seen_healthy(wards[backend], case_recipe(case, folder, seed))[1])

        for key, raised in workers.map(see, self._keys(HEALTHY), self.told):
            self.controls[" ".join(map(str, key))] = raised
        for curve in curves(self.plan.curves):
            found = symptoms.detect(curve.recipe, curve.events)
            self.controls[f"curve {curve.seed} {curve.kind}"] = alarms(found)

    def _see_cases(self, workers: Workers, folder: Path) -> None:
        cases = {case.id: case for case in self.plan.cases}

        def see(key: Key, wards: Wards) -> Visit:
            case, (_, backend, seed) = cases[key[0]], key
            twin = (case.twin, backend, seed)
            made = Visit(*key, twin=self.twins.get(twin), twin_lags=self.twin_lags.get(twin, []))
            return visit(case, wards[backend], folder, made, self.plan)

        for _, found in workers.map(see, self._keys(cases), self.told):
            self.visits.append(found)

    def _keys(self, names: Iterable[str]) -> list[Key]:
        plan = self.plan
        return [(name, b, seed) for name in names for b in plan.backends for seed in plan.seeds]


def seen_healthy(ward: Ward, recipe: Recipe) -> tuple[Result, list[Finding]]:
    """A training in which nothing should be found, and what is."""
    result = ward.train(recipe)
    events = [*ward.preflight(recipe), *result.events]
    return result, symptoms.detect(recipe, events)


def visit(case: Case, ward: Ward, folder: Path, made: Visit, plan: Plan) -> Visit:
    """See one case: diagnosis, first advice, treatment, and what random search does."""
    began = time.perf_counter()
    try:
        if case.loop:
            place = ward.folder / f"loop-{case.id}-{made.backend}-{made.seed}"
            diagnosed(made, case, loop_findings(case, made.backend, made.seed, place))
        else:
            _treated(case, ward, folder, made, plan)
    except UserError as refusal:
        _refused(case, made, str(refusal))
    except (LoopError, OSError) as error:
        made.error = str(error)
    made.seconds = round(time.perf_counter() - began, 2)
    return made


def _refused(case: Case, made: Visit, message: str) -> None:
    """A refusal that names the fault is the best diagnosis there is."""
    if case.refusal and case.refusal in message:
        made.reported, made.place, made.harmless = ["refused"], 1, True
    else:
        made.error = message


def _treated(case: Case, ward: Ward, folder: Path, made: Visit, plan: Plan) -> None:
    recipe = case_recipe(case, folder, made.seed)

    def enough(value: float | None) -> bool:
        return case.curable and reached(recipe, value, made.twin)

    curing = plan.treats(made.backend, made.seed) and case.curable
    treatment = ward.treat(recipe, enough, trials=MOST_TRIALS if curing else 0)
    diagnosed(made, case, treatment.findings())
    advised(made, case, recipe, treatment)
    made.start, made.end, made.trials = treatment.start, treatment.end, treatment.trials
    made.tried = [dict(change) for change in treatment.tried]
    if case.curable and made.twin is not None:
        made.untreated = enough(made.start)
        made.cured = enough(made.end) if curing else None
    if case.curable and plan.searches(made.backend, made.seed):
        got = [_searched(ward, one, enough) for one in samples(recipe, SEARCHES[-1], made.seed)]
        made.random = {str(count): any(got[:count]) for count in SEARCHES}


def _searched(ward: Ward, recipe: Recipe, enough: Callable[[float | None], bool]) -> bool:
    finished = ward.train(recipe).finished
    return finished is not None and enough(finished.validation_metric)


Wards: TypeAlias = dict[str, Ward]


class Workers:
    """A few threads, each with a warm worker process of every backend. A context manager."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self._stack = ExitStack()
        self._idle: queue.Queue[Wards] = queue.Queue()
        self._folders: list[Path] = []
        rules = installed(VOCABULARY)
        for number in range(plan.processes):
            self._idle.put(
                {
                    name: self._ward(name, folder / f"{name}-{number}", rules)
                    for name in plan.backends
                }
            )
        self._pool = ThreadPoolExecutor(plan.processes)

    def _ward(self, backend: str, folder: Path, rules: Sequence[Rule]) -> Ward:
        runner = self._stack.enter_context(Runner(backend, "cpu", trusted=True))
        return Ward(runner, rules, folder)

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *error: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._stack.close()

    def map(
        self, work: Callable[[T, Wards], U], keys: Sequence[T], told: Callable[[str], None]
    ) -> Iterator[tuple[T, U]]:
        """Each key's result, in the order of the keys, as soon as it is there."""

        def one(key: T) -> U:
            wards = self._idle.get()
            try:
                return work(key, wards)
            finally:
                for ward in wards.values():
                    shutil.rmtree(ward.folder, ignore_errors=True)
                self._idle.put(wards)

        jobs = [self._pool.submit(one, key) for key in keys]
        for number, (key, job) in enumerate(zip(keys, jobs, strict=True), 1):
            yield key, job.result()
            told(f"{number} of {len(keys)}: {key}")
