"""One job: a task, a sick start, a seed and a way of tuning it; and what came of it."""

from __future__ import annotations

import json
import math
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from advisor.auto import Start, begin, drive, first_proposal
from advisor.control import PrunerKind, search_control
from advisor.control.trial import INFEASIBLE
from advisor.crew import Crew
from advisor.events import Event, TrialFinished
from advisor.metrics import oriented
from advisor.recipe import Recipe
from advisor.requests import Answer, Request, Results
from advisor.rulebook import Rule
from advisor.runner import Runner
from advisor.search import Kind
from advisor.session import Session
from advisor.state import State
from advisor.trial_files import read_events, trial_folder
from tuners.tasks import Method, Task

SEARCHES: dict[Method, tuple[Kind, PrunerKind]] = {
    "random": ("random", "none"),
    "tpe": ("tpe", "median"),
    "hyperband": ("tpe", "hyperband"),
}
METHODS: tuple[Method, ...] = ("advisor", *SEARCHES)
SEEDS: dict[Method, int] = {"hyperband": 1}
STARTS: dict[Method, int] = {"hyperband": 2}
"""Seeds of each start, and the first starts of each task, where they are fewer than the task's: no
figure with a target rests on these."""
TPE_TRIALS = 50
"""After so many trials, what TPE has is what we are to reach."""
CHECKPOINTS = (10, 20, 40, 80)
"""Full-training equivalents after which methods are compared."""


@dataclass(frozen=True)
class Job:
    """What is to be done."""

    task: Task
    start: str
    seed: int
    method: Method
    equivalents: int
    backend: str

    @property
    def key(self) -> str:
        parts = (self.task.name, self.start, self.seed, self.method, self.backend)
        return " / ".join(map(str, (*parts, self.equivalents)))


@dataclass
class Outcome:
    """What a job came to; JSON-able."""

    key: str
    task: str
    start: str
    seed: int
    method: str
    backend: str
    metric: str
    epochs_a_training: int
    trials: list[tuple[float, float | None, str]] = field(default_factory=list)
    """(epochs spent in all, validation metric, folder) of each trial, in order"""
    tests: dict[str, float] = field(default_factory=dict)
    """checkpoint -> test metric of the trial that was best on validation by then"""
    test_start: float | None = None
    test_error: float = 0.0
    """standard error of the test metric of the start"""
    recommended: float | None = None
    """test metric of what the session recommends; None for searches: their best"""
    seconds: float = 0.0
    training_seconds: float = 0.0
    count: int = 0
    """trials"""
    spent_by_tpe_trials: float = 0.0
    """epochs spent after TPE_TRIALS trials"""

    def record(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> Outcome:
        made = cls(**raw)
        made.trials = [(spent, value, place) for spent, value, place in raw["trials"]]
        made.counted()
        return made

    def counted(self) -> None:
        """Note what can't be told any more once some trials are left out."""
        if self.trials and not self.count:
            self.count = len(self.trials)
            self.spent_by_tpe_trials = self.trials[min(TPE_TRIALS, self.count) - 1][0]

    def brief(self) -> dict[str, Any]:
        """All that figures ask for: of the trials those at which the best so far rises, and the
        last, as `epochs:value`."""
        rising: list[str] = []
        best: float | None = None
        for spent, value, _ in self.trials:
            if self.best(spent) != best:
                best = self.best(spent)
                rising.append(f"{spent:.6g}:{value:.8g}")
        last = f"{self.trials[-1][0]:.6g}:" if self.trials else ""
        return self.record() | {"trials": " ".join([*rising, last]).strip()}

    @classmethod
    def of_brief(cls, raw: Mapping[str, Any]) -> Outcome:
        pairs = [one.split(":") for one in raw["trials"].split()]
        trials = [(float(spent), float(value) if value else None, "") for spent, value in pairs]
        return cls.of({**raw, "trials": trials})

    def best(self, spent: float) -> float | None:
        """The best validation metric of the trials that had ended by then."""
        found = self.best_trial(spent)
        return found[1] if found else None

    def best_trial(self, spent: float) -> tuple[float, float, str] | None:
        done = [
            (at, value, place)
            for at, value, place in self.trials
            if value is not None and at <= spent + 1e-6
        ]
        metric: Any = self.metric
        return max(done, key=lambda one: oriented(metric, one[1]), default=None)

    def curve(self) -> list[tuple[float, float]]:
        """(full-training equivalents, best so far) at each trial."""
        found = []
        for spent, _, _ in self.trials:
            best = self.best(spent)
            if best is not None:
                found.append((spent / self.epochs_a_training, best))
        return found


def run(job: Job, rules: Sequence[Rule], runner: Runner, folder: Path) -> Outcome:
    """Do it, in an empty folder that is removed afterwards."""
    start = job.task.start(job.start, job.seed)
    made = Outcome(
        job.key,
        job.task.name,
        job.start,
        job.seed,
        job.method,
        job.backend,
        start.metric,
        start.train.epochs,
    )
    began = time.perf_counter()
    try:
        if job.method == "advisor":
            _advised(made, start, job, rules, runner, folder)
        else:
            _searched(made, start, job, runner, folder)
        made.seconds = time.perf_counter() - began
        _tested(made, start, runner, folder)
        made.counted()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return made


def _searched(made: Outcome, start: Recipe, job: Job, runner: Runner, folder: Path) -> None:
    kind, pruner = SEARCHES[job.method]
    epochs = float(job.equivalents * start.train.epochs)
    trials = search_control(start, epochs, kind, pruner, runner, folder / "search", job.seed)
    for trial in trials:
        place = folder / "search" / f"{trial.number:03d}"
        value = None if trial.infeasible else trial.value
        made.trials.append((trial.spent, value, str(place)))
        made.training_seconds += _trained(place)


class Watcher:
    """Notes what each trial of a session had come to when it ended."""

    def __init__(self, made: Outcome, folder: Path) -> None:
        self.made, self.folder = made, folder
        self.seen, self.probed = 0, 0
        self.most = math.inf
        """seconds that the latest round took: trials that are trained in step each have them all"""

    def asked(self, request: Request, state: State) -> None:
        self._look(state)

    def event(self, event: Event, trial: int) -> None:
        pass

    def answered(self, request: Request, answer: Answer, state: State) -> None:
        self.most = answer.seconds if isinstance(answer, Results) else math.inf
        self._look(state)

    def _look(self, state: State) -> None:
        for _, result in state.probes[self.probed :]:  # probes train, too
            self.probed += 1
            self.made.training_seconds += result.probed.seconds if result.probed else 0.0
        new = state.attempts[self.seen :]
        self.seen += len(new)
        after = state.budget.epochs
        costs = [one.result.finished.epochs if one.result.finished else 0.0 for one in new]
        seconds = 0.0
        for place, attempt in enumerate(new):
            spent = after - sum(costs[place + 1 :])
            where = trial_folder(self.folder, attempt.trial.number)
            ended = attempt.result.finished
            infeasible = ended is not None and ended.status in INFEASIBLE  # as in a search
            value = None if infeasible else attempt.value
            self.made.trials.append((spent, value, str(where)))
            seconds += _trained(where)
        self.made.training_seconds += min(seconds, self.most)


def _advised(
    made: Outcome, start: Recipe, job: Job, rules: Sequence[Rule], runner: Runner, folder: Path
) -> None:
    recipe = start.changed({"tune.budget": f"{job.equivalents}t"})
    session_start = Start(recipe, rules, job.backend, "cpu")
    crew = Crew(lambda cpus: runner)
    with begin(session_start, folder / "session", runner) as ledger:
        watcher = Watcher(made, ledger.folder)
        state = drive(Session(recipe, rules), ledger, crew, watcher, first_proposal)
    if state.test is not None:
        made.recommended = state.test.facts.get("best_metric")


def _trained(place: Path) -> float:
    """Seconds that the trial in this folder spent in training."""
    ends = [e for e in read_events(place / "events.jsonl") if isinstance(e, TrialFinished)]
    return ends[-1].seconds if ends else 0.0


def _tested(made: Outcome, start: Recipe, runner: Runner, folder: Path) -> None:
    """Test metrics of the start and of the best at each checkpoint, in one opening."""
    from advisor import recipe_file

    wanted: dict[str, str] = {}
    if made.trials:
        wanted["start"] = made.trials[0][2]
    for checkpoint in CHECKPOINTS:
        best = made.best_trial(checkpoint * made.epochs_a_training)
        if best is not None:
            wanted[str(checkpoint)] = best[2]
    there = {
        name: (recipe_file.read(str(Path(place) / "recipe.yaml"), ()), Path(place))
        for name, place in wanted.items()
        if (Path(place) / "best.safetensors").exists()
    }
    if not there:
        return
    facts = _facts(runner.test(there, folder / "test"))
    for name in there:
        value = facts[f"{name}_metric"]
        if name == "start":
            made.test_start = value
            made.test_error = _error(start, value, facts["start_examples"])
        else:
            made.tests[name] = value


def _facts(events: Sequence[Event]) -> Mapping[str, Any]:
    return next(dict(e.facts) for e in events if hasattr(e, "facts"))


def _error(recipe: Recipe, value: float, examples: float) -> float:
    """Of a share: binomial; of r2, roughly: that of its unexplained share."""
    if recipe.metric == "r2":
        return max(1.0 - value, 0.05) * (2 / examples) ** 0.5
    share = min(max(value, 1 / examples), 1 - 1 / examples)
    return (share * (1 - share) / examples) ** 0.5


def jobs(
    tasks: Sequence[Task], methods: Sequence[Method], equivalents: int, backend: str, starts: int
) -> Iterator[Job]:
    """All combinations, seed by seed, and of each the dear tasks first; `starts`: so many of each
    task's, 0: all."""
    for seed in range(max((task.seeds for task in tasks), default=0)):
        for task in sorted(tasks, key=lambda task: -task.weight):
            most = min(equivalents, task.equivalents)
            for place, start in enumerate(list(task.starts)[: starts or None]):
                for method in methods:
                    if _is_wanted(task, method, place, seed):
                        yield Job(task, start, seed, method, most, backend)


def _is_wanted(task: Task, method: Method, place: int, seed: int) -> bool:
    """Whether this method is tried from the start at this place with this seed."""
    few = place < STARTS.get(method, len(task.starts)) and seed < SEEDS.get(method, task.seeds)
    return few and seed < task.seeds and method not in task.without


def lines(path: Path) -> Iterator[Outcome]:
    """Outcomes that an earlier run left; a torn last line is passed over."""
    if not path.exists():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            yield Outcome.of(json.loads(line))
        except ValueError:
            return
