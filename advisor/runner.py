"""Runs trials and probes in a worker process and passes on their events.

One request a line goes to the worker, as JSON: `{"do": "train", "recipe": {...}, "folder": ...,
"device": ..., "race": [...], "until": ...}`, likewise `sweep`, `probe`, `test`, `data`, `info` and
`parity`, and `{"do": "stop"}` at any time. Back come events, then `{"done": true}` or
`{"error": ...}`. A worker that dies costs one trial: the next request starts another.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from advisor import trust
from advisor.events import Event, from_dict
from advisor.recipe import Recipe

MOST_LAST_WORDS = 4000


class UserError(Exception):
    """The recipe, the data or the machine cannot do what was asked; the message is for people."""


class UnfitError(UserError):
    """This recipe does not fit the data, such as a batch larger than the training set. Another
    recipe may; the data and the machine are in order."""


class WorkerError(Exception):
    """The worker raised or died; the message says how, for people, and `detail` for us."""

    def __init__(self, message: str, detail: str = "") -> None:
        super().__init__(message)
        self.detail = detail


class WorkerDiedError(WorkerError):
    """The worker's process is gone: killed from outside, for want of memory, or crashed."""


class ClosedError(Exception):
    """The runner was closed, perhaps by another thread: nothing is to be judged by it."""


def _ignore(event: Event, member: int = 0) -> None:
    pass


class Runner:
    """One warm worker of one backend. Use as a context manager."""

    def __init__(
        self,
        backend: str,
        device: str = "auto",
        *,
        deterministic: bool = False,
        trusted: bool = False,
        cpus: Sequence[int] = (),
    ) -> None:
        """`trusted`: code that recipes name may run without asking `advisor.trust`; `cpus`: the
        processor numbers that the worker keeps to, where the system can do that."""
        self.backend, self.device = backend, device
        self.deterministic, self.trusted, self.cpus = deterministic, trusted, tuple(cpus)
        self._process: subprocess.Popen[str] | None = None
        self._errors: IO[bytes] | None = None
        self._closed = False
        self._handover = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """The worker's process; None while there is none."""
        return self._process.pid if self._process is not None else None

    def info(self) -> dict[str, Any]:
        """Versions and devices of the backend. Raises UserError when it is not installed."""
        found: dict[str, Any] = self._ask({"do": "info"}, _ignore)["info"]
        return found

    def check(self, recipe: Recipe) -> dict[str, Any]:
        """Load the data and build the layers: sizes and fingerprint. Raises UserError."""
        request = {"do": "data", "recipe": self._plain(recipe)}
        found: dict[str, Any] = self._ask(request, _ignore)["data"]
        return found

    def train(
        self,
        recipe: Recipe,
        folder: Path,
        on_event: Callable[[Event], None] = _ignore,
        race: Sequence[float | None] = (),
        checkpoint_seconds: float | None = None,
        until: int | None = None,
    ) -> list[Event]:
        """Train one recipe; `folder` gets events, best weights and validation outputs.

        A training of this recipe that was killed in this folder goes on from its last
        checkpoint; one is written about every `checkpoint_seconds` (None: the usual). `until`: the
        evaluation (the first is 1) after which it is stopped.
        """
        request: dict[str, Any] = {
            "do": "train",
            "recipe": self._plain(recipe),
            "race": list(race),
            "until": until,
        }
        if checkpoint_seconds is not None:
            request["checkpoint_seconds"] = checkpoint_seconds
        return self._experiment(request, folder, on_event)

    def sweep(
        self,
        recipes: Sequence[Recipe],
        folders: Sequence[Path],
        on_event: Callable[[int, Event], None] = lambda member, event: None,
    ) -> list[list[Event]]:
        """Train several recipes, as one program where that is faster; see `advisor.together`."""
        members = []
        for recipe, folder in zip(recipes, folders, strict=True):
            folder.mkdir(parents=True, exist_ok=True)
            members.append({"recipe": self._plain(recipe), "folder": str(folder.resolve())})
        events: list[list[Event]] = [[] for _ in members]

        def keep(event: Event, member: int) -> None:
            events[member].append(event)
            on_event(member, event)

        self._ask({"do": "sweep", "members": members}, keep)
        return events

    def probe(
        self, probe: str, recipe: Recipe, folder: Path, on_event: Callable[[Event], None] = _ignore
    ) -> list[Event]:
        """Run a probe of `advisor.probes` on this recipe."""
        request = {"do": "probe", "probe": probe, "recipe": self._plain(recipe)}
        return self._experiment(request, folder, on_event)

    def test(
        self,
        trials: Mapping[str, tuple[Recipe, Path]],
        folder: Path,
        ensemble: Sequence[tuple[Recipe, Path]] = (),
    ) -> list[Event]:
        """Open the sealed test split for these trials' best weights, and for the mean prediction
        of an ensemble's members, told under that name."""

        def plain(trial: tuple[Recipe, Path]) -> dict[str, Any]:
            return {"recipe": self._plain(trial[0]), "folder": str(trial[1])}

        named = {name: plain(trial) for name, trial in trials.items()}
        members = [plain(trial) for trial in ensemble]
        return self._experiment(
            {"do": "test", "trials": named, "ensemble": members}, folder, _ignore
        )

    def parity(self, recipe: Recipe, precision: str, steps: int, file: Path) -> None:
        """Write what `advisor.parity.measure` returns to a safetensors file."""
        request = {"do": "parity", "recipe": self._plain(recipe), "precision": precision}
        self._ask(request | {"steps": steps, "file": str(file)}, _ignore)

    def stop(self) -> None:
        """Ask the trial in progress to end at its next report."""
        self._send({"do": "stop"})

    def close(self) -> None:
        """End the worker, whatever it is doing, for good; from any thread. Who waits for it, or
        asks for more, gets a ClosedError."""
        with self._handover:
            self._closed = True
            process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        self._forget(process)

    def _forget(self, process: subprocess.Popen[str]) -> None:
        for stream in (process.stdin, process.stdout, self._errors):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
        self._errors = None

    def _experiment(
        self, request: dict[str, Any], folder: Path, on_event: Callable[[Event], None]
    ) -> list[Event]:
        folder.mkdir(parents=True, exist_ok=True)
        request |= {"folder": str(folder.resolve())}
        events: list[Event] = []

        def keep(event: Event, member: int) -> None:
            events.append(event)
            on_event(event)

        self._ask(request, keep)
        return events

    def _plain(self, recipe: Recipe) -> dict[str, Any]:
        """The recipe as JSON-able values; the only way by which recipes get to a worker."""
        if not self.trusted:
            try:
                trust.check(recipe)
            except trust.UntrustedError as error:
                raise UserError(str(error)) from error
        content: dict[str, Any] = json.loads(recipe.model_dump_json())
        return content

    def _ask(
        self, request: Mapping[str, Any], on_event: Callable[[Event, int], None]
    ) -> dict[str, Any]:
        process = self._started()
        self._send({**request, "device": self.device, "deterministic": self.deterministic})
        found: dict[str, Any] = {}
        for line in self._lines(process):
            try:
                answer = json.loads(line)
            except ValueError:  # a line torn by the worker's death
                break
            if "event" in answer:
                member = answer.pop("member", 0)
                on_event(from_dict(answer), member)
            elif "error" in answer:
                raise self._error(answer)
            elif "done" in answer:
                return found
            else:
                found |= answer
        raise self._death()

    def _lines(self, process: subprocess.Popen[str]) -> Iterator[str]:
        """What the worker says until it is gone."""
        assert process.stdout is not None
        try:
            for line in process.stdout:  # noqa: UP028 that would close it with this generator
                yield line
        except ValueError:  # it was closed between two lines
            if not self._closed:
                raise

    @staticmethod
    def _error(answer: Mapping[str, Any]) -> Exception:
        if "errno" in answer:  # of the machine, not of the training: nothing is to be judged by it
            return OSError(answer["errno"], os.strerror(answer["errno"]), answer["where"])
        if answer["user"]:
            return (UnfitError if answer["unfit"] else UserError)(answer["error"])
        return WorkerError(answer["error"], answer["detail"])

    def _death(self) -> WorkerDiedError | ClosedError:
        with self._handover:
            process, self._process = self._process, None
        if process is None:
            return ClosedError("the worker was closed")
        code = process.wait()
        why = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        if code == -signal.SIGKILL:
            why += ", perhaps for want of memory"
        detail = self._last_words()
        self._forget(process)
        return WorkerDiedError(f"the training process ended ({why})", detail)

    def _last_words(self) -> str:
        """The end of what the worker wrote to standard error."""
        if self._errors is None:
            return ""
        size = self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, size - MOST_LAST_WORDS))
        return self._errors.read().decode("utf-8", "replace").strip()

    def _started(self) -> subprocess.Popen[str]:
        with self._handover:
            if self._closed:
                raise ClosedError("the worker was closed")
            if self._process is None:
                self._process = self._new()
            return self._process

    def _new(self) -> subprocess.Popen[str]:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 closed with the worker
        return subprocess.Popen(
            [sys.executable, "-m", "advisor.worker", self.backend, *map(str, self.cpus)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            encoding="utf-8",
            start_new_session=True,  # Ctrl+C is for the caller to handle, in order
        )

    def _send(self, request: Mapping[str, Any]) -> None:
        process, line = self._process, json.dumps(request) + "\n"
        if process is None or process.stdin is None or process.stdin.closed:
            return
        try:
            process.stdin.write(line)
            process.stdin.flush()
        except (BrokenPipeError, ValueError):
            pass  # the worker is gone, or closed; reading its answer says how
