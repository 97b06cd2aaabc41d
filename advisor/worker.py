"""A worker process: reads one request a line from standard input, answers with events.

Started as `python -m advisor.worker BACKEND [CPU...]`. It stays warm between trials, so imports and
compilation are paid once. It ends when its standard input closes, that is, when whoever started
it is gone. Requests and answers are described in `advisor.runner`.
"""

from __future__ import annotations

import itertools
import json
import os
import queue
import random
import sys
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

import numpy as np
from safetensors.numpy import load_file

from advisor import data, metrics, training
from advisor.architecture import ShapeError, TransferError
from advisor.backend import (
    Backend,
    BackendMissingError,
    DeviceError,
    Job,
    OwnCodeError,
    load_backend,
)
from advisor.code import CodeError
from advisor.events import Event, ProbeFinished, to_json
from advisor.files import write_arrays, write_text
from advisor.mistakes import is_full_disk
from advisor.probes import PROBES
from advisor.recipe import Recipe
from advisor.targets import TargetError
from advisor.training import Checkpoints, Options, Outcome
from advisor.training.checkpoint import SECONDS_BETWEEN

USER_ERRORS = (
    data.DataError,
    ShapeError,
    TransferError,
    TargetError,
    BackendMissingError,
    DeviceError,
    CodeError,
    OwnCodeError,
)


class Worker:
    """Serves requests with one backend; keeps the last data set."""

    def __init__(self, backend_name: str, answers: IO[str]) -> None:
        self.backend_name = backend_name
        self.answers = answers
        self.stop = threading.Event()
        self._backend: Backend | None = None
        self._dataset: tuple[str, data.Dataset] | None = None

    @property
    def backend(self) -> Backend:
        if self._backend is None:
            self._backend = load_backend(self.backend_name)
        return self._backend

    def answer(self, request: Mapping[str, Any]) -> None:
        """Serve one request; every failure becomes an answer, none ends the worker."""
        serve: dict[str, Callable[[Mapping[str, Any]], None]] = {
            "info": self._info,
            "data": self._data,
            "train": self._train,
            "sweep": self._sweep,
            "probe": self._probe,
            "test": self._test,
            "parity": self._parity,
        }
        try:
            serve[request["do"]](request)
            self._say({"done": True})
        except USER_ERRORS as error:
            unfit = isinstance(error, ShapeError)
            self._say({"error": str(error), "user": True, "unfit": unfit})
        except SystemExit as error:  # only code of the user's own ends a process
            message = f"the code that the recipe names ended the process: sys.exit({error.code!r})"
            self._say({"error": message, "user": True, "unfit": False})
        except Exception as error:
            if is_out_of_memory(error):
                self._say({"error": _too_large(error), "user": True, "unfit": True})
                return
            if isinstance(error, OSError) and is_full_disk(error):
                where = error.filename or request.get("folder")
                self._say({"error": str(error), "errno": error.errno, "where": where})
                return
            message = f"{type(error).__name__}: {error}"
            self._say({"error": message, "user": False, "detail": traceback.format_exc()})

    def _say(self, answer: Mapping[str, Any]) -> None:
        self.answers.write(json.dumps(answer) + "\n")
        self.answers.flush()

    def _info(self, request: Mapping[str, Any]) -> None:
        info = self.backend.info()
        told = {"versions": dict(info.versions), "devices": list(info.devices)}
        self._say({"info": told | {"models": dict(info.models)}})

    def _data(self, request: Mapping[str, Any]) -> None:
        recipe = _recipe(request)
        dataset = self._load(recipe)
        self.backend.start(self._prepared(recipe, dataset, request))
        self._say(
            {
                "data": {
                    "fingerprint": dataset.fingerprint,
                    "train": len(dataset.train.targets),
                    "validation": len(dataset.validation.targets),
                    "test": dataset.test_examples,
                    "outputs": dataset.outputs,
                    "input_shape": list(dataset.input_shape),
                }
            }
        )

    def _load(self, recipe: Recipe) -> data.Dataset:
        key = recipe.task + recipe.data.model_dump_json()
        if self._dataset is None or self._dataset[0] != key:
            self._dataset = key, data.load(recipe.data, recipe.task)
        dataset = self._dataset[1]
        try:
            settings = recipe.train
            normalization = getattr(recipe.model, "normalization", "none")
            data.check_batch_size(
                dataset, settings.batch_size, settings.accumulation, normalization
            )
            data.check_augmentation(dataset, recipe.regularization.augmentation)
        except data.DataError as error:
            raise ShapeError(str(error)) from error
        return dataset

    @staticmethod
    def _prepared(recipe: Recipe, dataset: data.Dataset, request: Mapping[str, Any]) -> Job:
        return training.prepare(
            recipe, dataset, request["device"], deterministic=request["deterministic"]
        )

    def _train(self, request: Mapping[str, Any]) -> None:
        recipe, folder = _recipe(request), Path(request["folder"])
        dataset = self._load(recipe)
        _seed_everything(recipe.train.seed)
        checkpoints = Checkpoints(
            folder,
            f"{recipe.digest()} {dataset.fingerprint} {self.backend_name}",
            request.get("checkpoint_seconds", SECONDS_BETWEEN),
        )
        with self._log(folder, checkpoints) as log:
            outcome = training.train(
                recipe,
                dataset,
                self.backend,
                self._emitter(log),
                Options(
                    request["device"],
                    request.get("race", ()),
                    self.stop.is_set,
                    checkpoints,
                    request["deterministic"],
                    request.get("until"),
                ),
            )
        _keep(folder, outcome, dataset)
        checkpoints.remove()

    def _log(self, folder: Path, checkpoints: Checkpoints) -> IO[str]:
        """The trial's events: empty, or those before the checkpoint, which are told again."""
        path, earlier = folder / "events.jsonl", list[str]()
        found = checkpoints.read()
        if found is not None:
            with path.open(encoding="utf-8") as log:
                earlier = list(itertools.islice(log, found.progress.events))
        write_text(path, "".join(earlier))
        self.answers.writelines(earlier)
        return path.open("a", encoding="utf-8")

    def _sweep(self, request: Mapping[str, Any]) -> None:
        from advisor.together import train_members

        recipes = [_recipe(member) for member in request["members"]]
        folders = [Path(member["folder"]) for member in request["members"]]
        dataset = self._load(recipes[0])
        for recipe in recipes:
            if self._load(recipe) is not dataset:
                raise ShapeError("the recipes of a sweep must have the same data section")
        with ExitStack() as stack:
            logs = [
                stack.enter_context((folder / "events.jsonl").open("w", encoding="utf-8"))
                for folder in folders
            ]
            outcomes = train_members(
                recipes,
                dataset,
                self.backend,
                [self._emitter(log, member) for member, log in enumerate(logs)],
                Options(
                    request["device"],
                    stop=self.stop.is_set,
                    deterministic=request["deterministic"],
                ),
            )
        for folder, outcome in zip(folders, outcomes, strict=True):
            _keep(folder, outcome, dataset)

    def _probe(self, request: Mapping[str, Any]) -> None:
        recipe, folder = _recipe(request), Path(request["folder"])
        finished = PROBES[request["probe"]](
            recipe, self._load(recipe), self.backend, request["device"]
        )
        with (folder / "events.jsonl").open("w", encoding="utf-8") as log:
            self._emitter(log)(finished)

    def _test(self, request: Mapping[str, Any]) -> None:
        """Open the sealed test split, once, for every trial that is named and for the ensemble."""
        named: dict[str, list[Mapping[str, Any]]] = {
            name: [trial] for name, trial in request["trials"].items()
        }
        if request.get("ensemble"):
            named["ensemble"] = request["ensemble"]
        facts: dict[str, float] = {}
        for name, members in named.items():
            facts |= self._tested(name, members, request)
        with (Path(request["folder"]) / "test.jsonl").open("w", encoding="utf-8") as log:
            self._emitter(log)(ProbeFinished("test", facts, 0.0, 0, 0.0))

    def _tested(
        self, name: str, members: Sequence[Mapping[str, Any]], request: Mapping[str, Any]
    ) -> dict[str, float]:
        """The mean prediction of trainings of one recipe, which differ in their seeds."""
        recipe = _recipe(members[0])
        dataset, test = self._load(recipe), data.load_test(recipe.data, recipe.task)
        model = self.backend.start(self._prepared(recipe, dataset, request))
        each = []
        for member in members:
            model.load(load_file(Path(member["folder"]) / "best.safetensors"))
            each.append(model.predict(test.inputs))
        outputs = metrics.combined(recipe.task, each)
        losses = metrics.example_losses(recipe, outputs, test.targets)
        value = metrics.score(recipe.task, recipe.metric, outputs, test.targets, dataset.target_std)
        return {
            f"{name}_metric": value,
            f"{name}_loss": float(np.mean(losses)),
            f"{name}_examples": float(len(test.targets)),
        }

    def _parity(self, request: Mapping[str, Any]) -> None:
        from advisor.parity import measure

        recipe = _recipe(request)
        arrays = measure(
            recipe,
            self._load(recipe),
            self.backend,
            request["precision"],
            request["steps"],
            request["device"],
        )
        write_arrays(Path(request["file"]), arrays)

    def _emitter(self, log: IO[str], member: int | None = None) -> Callable[[Event], None]:
        mark = "" if member is None else f'"member": {member}, '

        def emit(event: Event) -> None:
            line = to_json(event)
            log.write(line + "\n")
            log.flush()
            self.answers.write(f"{{{mark}{line[1:]}\n")
            self.answers.flush()

        return emit


def _keep(folder: Path, outcome: Outcome, dataset: data.Dataset) -> None:
    """The best weights and their validation outputs, where there are any."""
    if outcome.weights is not None and outcome.outputs is not None:
        write_arrays(folder / "best.safetensors", _float32(outcome.weights))
        arrays = {"outputs": outcome.outputs, "targets": dataset.validation.targets}
        write_arrays(folder / "validation.safetensors", arrays)


def is_out_of_memory(error: Exception) -> bool:
    """Whether NumPy, PyTorch, CUDA or XLA ran out of memory, each of which says it otherwise."""
    words = ("out of memory", "resource_exhausted", "can't allocate memory", "unable to allocate")
    return isinstance(error, MemoryError) or any(word in str(error).lower() for word in words)


def _too_large(error: Exception) -> str:
    first = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return (
        f"memory ran out: {first}\n"
        f"use a smaller model or train.batch_size, or more portions (train.accumulation)"
    )


def _seed_everything(seed: int) -> None:
    """For code of the user's own; ours draws from generators with keys."""
    random.seed(seed)
    np.random.seed(seed)


def _float32(weights: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: np.asarray(array, dtype=np.float32) for name, array in weights.items()}


def _recipe(request: Mapping[str, Any]) -> Recipe:
    return Recipe.model_validate_json(json.dumps(request["recipe"]))


def _read(requests: queue.Queue[dict[str, Any]], worker: Worker) -> None:
    for line in sys.stdin:
        request = json.loads(line)
        if request["do"] == "stop":
            worker.stop.set()
        else:
            worker.stop.clear()
            requests.put(request)
    os._exit(0)  # whoever asked is gone: a training in progress is of no use to anyone


def _keep_to(cpus: list[int]) -> None:
    """Before any library counts the processors that it may use."""
    if cpus and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cpus)


def main() -> None:
    _keep_to([int(cpu) for cpu in sys.argv[2:]])
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a library prints goes to the log, never between the answers
    worker = Worker(sys.argv[1], answers)
    requests: queue.Queue[dict[str, Any]] = queue.Queue()
    threading.Thread(target=_read, args=(requests, worker), daemon=True).start()
    while True:
        worker.answer(requests.get())


if __name__ == "__main__":
    main()
