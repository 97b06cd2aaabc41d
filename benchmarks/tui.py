"""Does the terminal session feel like an app that does nothing?

Runs `advisor tui` beside an empty Textual app, each in a terminal (pty) of its own, and compares:

* first paint: seconds from starting the process to the first text, in turn; of the picker, and of
  a session;
* keys: F12 draws a line on each, pressed in turn on both while two trainings run (two real
  sessions, each with its host and its worker); then on a session into which 10,000 events a second
  are written beside one that is quiet; and arrow down in a history of 100,000 trials beside one of
  100;
* processor: of the interface's process while it shows a training and nobody touches it.

Exit code 1 when first paint is more than 0.5 s later than the empty app's, a key takes at the 95th
percentile more than twice as long as in what it is held beside, or the interface takes more than a
tenth of a core.

    python benchmarks/tui.py            writes benchmarks/results/tui.json; about five minutes
    python benchmarks/tui.py --short    fewer rounds and keys, 20,000 trials; writes nothing
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common import save
from terminals.screen import Terminal
from terminals.sessions import Stream, made, training

LATER, TIMES, CORE = 0.5, 2.0, 0.1
"""seconds of first paint, times as long for a key, share of a core"""
APPS = str(Path(__file__).parent / "terminals" / "apps.py")
ADVISOR = str(Path(sys.executable).with_name("advisor"))
EMPTY = (sys.executable, APPS, "empty")
F12 = "\x1b[24~"
DOWN = "\x1b[B"
PAUSE = (0.03, 0.09)
"""seconds between keys, drawn evenly so that no clock of the apps is met in step"""
HISTORY, FEW = 100_000, 100
LONGEST = 120.0
"""seconds that a long history may take to be read"""


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    paints: int
    keys: int
    rest: float
    """seconds of watching the processor"""
    trials: int


FULL, SHORT = Size(15, 300, 30.0, HISTORY), Size(5, 80, 10.0, HISTORY // 5)


def first_paint(words: tuple[str, ...], mark: str) -> float:
    with Terminal(words) as terminal:
        return terminal.seen(mark) - terminal.began


def paints(folder: Path, rounds: int) -> dict[str, list[float]]:
    """Seconds in each round; the first round, which warms caches, is left out."""
    session = made(folder / "paint", 20)
    programs = {
        "empty": (EMPTY, "ready"),
        "picker": ((ADVISOR, "tui"), "type to filter"),
        "session": ((ADVISOR, "tui", str(session)), "made"),
    }
    found: dict[str, list[float]] = {name: [] for name in programs}
    for turn in range(rounds + 1):
        for name, (words, mark) in programs.items():
            took = first_paint(words, mark)
            if turn:
                found[name].append(took)
    return found


def beat(terminal: Terminal) -> Callable[[int], float]:
    """The seconds that the N-th F12 takes to be seen."""

    def one(number: int) -> float:
        terminal.forget()
        return terminal.press(F12) * -1 + terminal.seen(f"beat {number}.")

    return one


def row(terminal: Terminal) -> Callable[[int], float]:
    """The seconds until the N-th arrow down draws its row: the first is under the cursor."""

    def one(number: int) -> float:
        terminal.forget()
        return terminal.press(DOWN) * -1 + terminal.seen(f"{number + 1:6} made-up")

    return one


def in_turn(keys: int, **measured: Callable[[int], float]) -> dict[str, list[float]]:
    """Each key on each app, one after the other, so that all meet the same moments."""
    pauses = random.Random(0)
    found: dict[str, list[float]] = {name: [] for name in measured}
    for number in range(1, keys + 1):
        for name, one in measured.items():
            found[name].append(one(number))
            time.sleep(pauses.uniform(*PAUSE))
    return found


def share_of_core(terminal: Terminal, seconds: float) -> float:
    before, began = terminal.cpu(), time.perf_counter()
    time.sleep(seconds)
    return (terminal.cpu() - before) / (time.perf_counter() - began)


def shown(folder: Path) -> tuple[str, ...]:
    return (sys.executable, APPS, "session", str(folder))


def under_training(folder: Path, size: Size) -> Iterator[tuple[str, Any]]:
    with (
        training(folder / "real") as sessions,
        Terminal(EMPTY) as empty,
        Terminal(shown(sessions[0])) as ours,
    ):
        empty.seen("ready")
        ours.seen("epoch")
        yield "core", share_of_core(ours, size.rest)
        yield "training", in_turn(size.keys, empty=beat(empty), ours=beat(ours))


def under_events(folder: Path, size: Size) -> Iterator[tuple[str, Any]]:
    session, still = made(folder / "stream", 1), made(folder / "quiet", 1)
    with (
        Stream(session) as stream,
        Terminal(shown(still)) as quiet,
        Terminal(shown(session)) as ours,
    ):
        quiet.seen("trial 1")
        ours.seen("epoch")
        yield "core with events", share_of_core(ours, size.rest)
        yield "events", in_turn(size.keys, quiet=beat(quiet), ours=beat(ours))
        yield "events written", stream.written


def in_history(folder: Path, size: Size) -> Iterator[tuple[str, Any]]:
    many, few = made(folder / "history", size.trials), made(folder / "history", FEW)
    with Terminal(shown(few)) as short, Terminal(shown(many)) as ours:
        for terminal, count in ((short, FEW), (ours, size.trials)):
            terminal.seen(f"trial {count}", LONGEST)
            terminal.press("h")
            terminal.seen(f"{count:,} trials", LONGEST)
        keys = min(size.keys, FEW - 2)  # the last is under way: no rule stands in its row
        yield "history", in_turn(keys, short=row(short), ours=row(ours))


def p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


def judged(found: dict[str, Any]) -> list[tuple[str, float, float]]:
    """What was measured, its limit; a name each."""
    paint = found["paint"]
    rows = [
        (f"first paint, {name}: seconds after the empty app", later(paint, name), LATER)
        for name in ("picker", "session")
    ]
    for name in ("training", "events", "history"):
        beside, ours = found[name].items()
        times = p95(ours[1]) / p95(beside[1])
        rows.append((f"key to screen, {name}: p95, times that of {beside[0]}", times, TIMES))
    return [*rows, ("processor while a training is shown: share of a core", found["core"], CORE)]


def later(paint: dict[str, list[float]], name: str) -> float:
    return statistics.median(
        ours - empty for ours, empty in zip(paint[name], paint["empty"], strict=True)
    )


def measure(size: Size) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="advisor-") as place:
        folder = Path(place)
        os.environ["ADVISOR_DATA"] = str(folder / "data")
        os.environ["PYTHONPYCACHEPREFIX"] = str(folder / "bytecode")
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed program is compiled
        found: dict[str, Any] = {"paint": paints(folder, size.paints)}
        for part in (under_training, under_events, in_history):
            found.update(part(folder, size))
        return found


def table(found: dict[str, Any]) -> None:
    print(f"{'milliseconds':20} {'median':>8} {'p95':>8} {'longest':>8}")
    for name in ("training", "events", "history"):
        for app, times in found[name].items():
            row = (statistics.median(times), p95(times), max(times))
            print(f"{name:10} {app:9} " + " ".join(f"{value * 1e3:8.1f}" for value in row))
    for name, times in found["paint"].items():
        print(f"first paint {name:8} {statistics.median(times) * 1e3:8.1f}")
    share, written = found["core with events"], found["events written"]
    print(f"processor with {written:,} events written: {share:.3f} of a core")


def record(found: dict[str, Any], rows: list[tuple[str, float, float]]) -> dict[str, Any]:
    def rounded(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: rounded(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [rounded(inner) for inner in value]
        return round(value, 4) if isinstance(value, float) else value

    verdicts = [
        {"name": name, "value": rounded(value), "limit": limit, "holds": value <= limit}
        for name, value, limit in rows
    ]
    return {"judged": verdicts, "measured": rounded(found)}


def main() -> int:
    parser = argparse.ArgumentParser(description="Measures how the terminal session feels.")
    parser.add_argument("--short", action="store_true", help="less of it, no record")
    short = parser.parse_args().short
    found = measure(SHORT if short else FULL)
    table(found)
    rows = judged(found)
    for name, value, limit in rows:
        print(f"{'holds' if value <= limit else 'FAILS'}  {name:60} {value:.3f} (<= {limit})")
    if not short:
        save("tui", record(found, rows))
    failing = [name for name, value, limit in rows if value > limit]
    print(f"FAILS: {'; '.join(failing)}" if failing else "holds: all of it")
    return 1 if failing else 0


if __name__ == "__main__":
    sys.exit(main())
