"""Sessions to look at: real ones with trainings under way, and files that look like one."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

import psutil

from advisor.host.client import Client, NewSession

RECIPE = Path(__file__).parents[2] / "examples" / "digits.yaml"
LONG = ("train.epochs=2000",)
A_SECOND = 10_000
"""events"""
BEATS = 50
"""times a second at which they are written"""


@contextmanager
def training(folder: Path, count: int = 2) -> Iterator[list[Path]]:
    """So many sessions, each with a training under way; ended at the end."""
    with ExitStack() as stack:
        folders = []
        for number in range(count):
            out = folder / f"session-{number}"
            new = NewSession(RECIPE, LONG, seed=number, budget="100000e", out=out, autopilot=True)
            client = Client.start(new)
            stack.callback(_end, client)
            folders.append(out)
        for out in folders:
            _wait_for_steps(out)
        yield folders


def _end(client: Client) -> None:
    client.stop()
    until = time.monotonic() + 60
    while client.alive() and time.monotonic() < until:
        time.sleep(0.1)


def _wait_for_steps(folder: Path) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        for path in folder.glob("trials/*/events.jsonl"):
            if path.stat().st_size > 20_000 and not (path.parent / "done.json").exists():
                return
        time.sleep(0.2)
    raise TimeoutError(f"no training began in {folder}")


def made(folder: Path, trials: int) -> Path:
    """A session's folder with a journal of so many trials, the last of them under way; this process
    seems to drive it."""
    place = folder / f"made-{trials}"
    (place / "trials").mkdir(parents=True)
    sqlite3.connect(place / "session.db").close()
    this = psutil.Process()
    host = {"pid": this.pid, "created": this.create_time(), "kind": "auto", "advisor": "made"}
    (place / "host.json").write_text(json.dumps(host), encoding="utf-8")
    with (place / "journal.jsonl").open("w", encoding="utf-8") as file:
        for n, line in enumerate(_journal(place, trials)):
            file.write(json.dumps({"n": n, **line}) + "\n")
    return place


def _journal(place: Path, trials: int) -> Iterator[dict[str, Any]]:
    yield {
        "event": "session", "folder": str(place), "name": "made", "task": "classification",
        "metric": "accuracy", "larger_is_better": True, "seed": 0, "backend": "torch",
        "device": "cpu", "workers": 1, "epochs": 100, "budget": {"text": "1000000e"},
        "stages": [{"name": "learning_rate", "phase": "raise performance", "about": ""}],
        "recipe": {"optimizer.lr": 0.1}, "locked": [],
    }  # fmt: skip
    yield {"event": "stage_entered", "stage": "learning_rate", "phase": "raise performance"}
    for number in range(1, trials + 1):
        yield {
            "event": "trial", "trial": number, "purpose": "candidate" if number > 1 else "baseline",
            "seed": 0, "changes": {"optimizer.lr": number / trials}, "stage": "learning_rate",
            "folder": f"trials/{number:03}", "epochs": 100, "against": 1 if number > 1 else None,
        }  # fmt: skip
        if number == trials:
            break
        yield {
            "event": "result", "trial": number, "status": "finished", "value": number / trials,
            "loss": 1.0, "epochs": 100.0, "seconds": 5.0, "symptoms": [],
        }  # fmt: skip
        if number > 1:
            yield {
                "event": "decision", "stage": "learning_rate", "rule": "made-up", "trial": number,
                "verdict": ("accepted", "rejected", "undecided")[number % 3], "why": "made up",
                "value": number / trials, "incumbent": 0.5, "reopens": [],
            }  # fmt: skip


class Stream:
    """Writes A_SECOND events a second into the first trial of a made session, until it is ended."""

    def __init__(self, folder: Path) -> None:
        place = folder / "trials" / "001"
        place.mkdir(parents=True, exist_ok=True)
        self._path, self._over = place / "events.jsonl", threading.Event()
        self._thread = threading.Thread(target=self._write)
        self.written = 0

    def __enter__(self) -> Stream:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _write(self) -> None:
        with self._path.open("w", encoding="utf-8") as file:
            data = {"train_examples": 100_000}
            started = {"event": "trial_started", "backend": "made", "device": "cpu",
                       "parameters": 1, "steps_per_epoch": 3000, "epochs": 1000,
                       "data": data}  # fmt: skip
            file.write(json.dumps(started) + "\n")
            began = time.monotonic()
            while not self._over.wait(1 / BEATS):
                due = int((time.monotonic() - began) * A_SECOND)
                self._burst(file, due)

    def _burst(self, file: IO[str], due: int) -> None:
        while self.written < due:
            self.written += 1
            loss = 2.0 / (1 + self.written / 10_000)
            file.write(
                f'{{"event": "steps_done", "step": {self.written}, "epoch": '
                f'{self.written / 3000:.4f}, "loss": [{loss:.5f}], "grad_norm": [1.0], "lr": '
                f'[0.001], "layers": {{}}, "seconds": {self.written / 5000:.4f}}}\n'
            )
        file.flush()
