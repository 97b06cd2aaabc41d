"""Where a session's result comes from: all that it takes to come to it again, in one file.

It names no person and no machine: of paths, which may hold such names, only the last part is told.
"""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any

from advisor import ledger
from advisor.files import write_text
from advisor.ledger import Record
from advisor.machine import machine
from advisor.recipe import Recipe
from advisor.requests import Choice
from advisor.state import Attempt, State
from advisor.sweep import processors
from advisor.text import counted
from advisor.trial_files import trial_folder

FILE = "record.json"
FORMAT = 1
ACCELERATED = "trained on an accelerator without --deterministic: the last digits may differ"
LIBRARIES = ("numpy", "scikit-learn", "safetensors", "pydantic")
"""What splits, data sets and weights rest on, besides the backend's."""


def write(state: State, folder: Path) -> None:
    """Write FOLDER/record.json from the session's ledger. Raises LedgerError."""
    content = record(state, ledger.read(folder))
    write_text(folder / FILE, json.dumps(content, indent=2) + "\n")


def record(state: State, found: Record) -> dict[str, Any]:
    """The documented content of record.json."""
    header = found.header
    here, there = machine(), header.get("machine")
    return {
        "format": FORMAT,
        "versions": versions(header),
        "machine": there or here,
        "continued_on": here if there and here != there else None,
        "device": _device(state, header),
        "deterministic": bool(header.get("deterministic")),
        "workers": header.get("workers", 1),
        "data": _data(state.start, header),
        "rules": {
            "digest": header.get("rules"),
            "folders": [Path(each).name for each in header.get("rule_folders", ())],
            "experience": header.get("experience") is not None,
            "experience_used": header.get("experience") or None,
        },
        "seeds": seeds(state),
        "test_opened": found.openings,
        "times": {
            "began": header.get("began"),
            "ended": found.times[-1] if found.times else None,
            "seconds": round(state.budget.seconds, 3),
        },
        "start": {"file": "start.yaml", "recipe": state.start.digest()},
        "best": _best(state, found.folder),
        "repeat": _repeat(state, found),
    }


def versions(header: Mapping[str, Any]) -> dict[str, str]:
    """Of this program when the session was begun, of its libraries, and of the backend's."""
    info = header.get("backend_info") or {}
    here = {name: metadata.version(name) for name in LIBRARIES}
    return {"advisor": str(header.get("advisor", "")), **here, **info.get("versions", {})}


def seeds(state: State) -> dict[str, list[int]]:
    """Seeds of the trainings, by purpose, and that of the split."""
    found: dict[str, list[int]] = {"split": [state.start.data.split_seed]}
    for attempt in state.attempts:
        used = found.setdefault(attempt.trial.purpose, [])
        if attempt.recipe.train.seed not in used:
            used.append(attempt.recipe.train.seed)
    return found


def _device(state: State, header: Mapping[str, Any]) -> dict[str, Any]:
    info = header.get("backend_info") or {}
    started = state.baseline.result.started if state.baseline else None
    return {
        "backend": header.get("backend"),
        "asked": header.get("device"),
        "used": started.device if started else None,
        "known": list(info.get("devices", ())),
        "models": dict(info.get("models", {})),
    }


def _data(start: Recipe, header: Mapping[str, Any]) -> dict[str, Any]:
    return {"source": _unplaced(start.data.source), "split": start.data.split, **header["data"]}


def _unplaced(source: str) -> str:
    """The source without the folders it lies in: `csv:points.csv`."""
    scheme, _, rest = source.partition(":")
    return f"{scheme}:{rest.replace(chr(92), '/').rpartition('/')[2]}"


def _best(state: State, folder: Path) -> dict[str, Any] | None:
    """What whoever repeats it should find."""
    best = state.incumbent
    if best is None or best.value is None:
        return None
    weights = trial_folder(folder, best.trial.number) / "best.safetensors"
    digest = hashlib.sha256(weights.read_bytes()).hexdigest() if weights.exists() else None
    finished = best.result.finished
    return {
        "file": "best.yaml",
        "recipe": best.recipe.digest(),
        "trial": best.trial.number,
        "metric": best.recipe.metric,
        "validation": best.value,
        "validation_loss": finished.validation_loss if finished else None,
        "weights_sha256": digest,
    }


def _repeat(state: State, found: Record) -> dict[str, Any]:
    """Commands for the session's folder, and how exactly the first repeats the best training."""
    best = state.incumbent
    trained = best is not None and best.value is not None
    why = _inexact(best, found) if best is not None and trained else ""
    folders = [Path(each).name for each in found.header.get("rule_folders", ())]
    again, session = commands(state, found, folders)
    otherwise = _otherwise(state, found)
    return {
        "best": again if trained else None,
        "session": session,
        "by_hand": by_hand(found),
        "exact": trained and not why,
        "why_not_exact": why or None,
        "session_exact": not otherwise,
        "why_session_not_exact": otherwise or None,
    }


def commands(state: State, found: Record, rule_folders: Sequence[str]) -> tuple[str, str]:
    """What trains the best recipe again, and what does the whole session again; in its folder."""
    header = found.header
    used = _device(state, header)["used"] or header["device"]
    chosen = f"--backend {header['backend']} --device {used}"
    chosen += " --deterministic" if header.get("deterministic") else ""
    workers, threads = int(header.get("workers", 1)), _threads(header)
    own = [f"--rules {shlex.quote(each)}" for each in rule_folders]
    many = [f"--workers {workers}"] if workers > 1 else []
    experience = [] if header.get("experience") else ["--no-experience"]
    options = " ".join([chosen, *own, *many, *experience, "--out ../again"])
    again = f"{threads}{_kept_to(workers)}advisor run best.yaml {chosen}"
    return again, f"{threads}advisor auto start.yaml {options}"


def by_hand(found: Record) -> int:
    """How many choices of the session were a person's: it is done again without them."""
    asked = (entry for entry in found.entries if entry.request.startswith("choose "))
    chosen = (replace(Choice.from_json(entry.answer), by="autopilot") for entry in asked)
    return sum(choice != Choice("try") for choice in chosen)


def _threads(header: Mapping[str, Any]) -> str:
    """Settings of the environment that numbers depend on."""
    settings = (header.get("machine") or {}).get("thread_settings", {})
    return "".join(f"{name}={shlex.quote(str(value))} " for name, value in settings.items())


def _kept_to(workers: int) -> str:
    """A worker that has a share of the processors adds in another order than one that has all."""
    share = processors(workers)[0]
    return f"taskset -c {','.join(map(str, share))} " if share else ""


def _inexact(best: Attempt, found: Record) -> str:
    """Why another training of the best recipe may differ in its last digits; "" if it does not."""
    started = best.result.started
    if started is not None and started.device != "cpu" and not found.header.get("deterministic"):
        return ACCELERATED
    if _in_step(best.trial.number, found):
        return (
            "trained in step with others, as one program: alone, the last digits may differ, and "
            "with them what a long training comes to"
        )
    return ""


def _otherwise(state: State, found: Record) -> str:
    """Why the whole session may take another course the next time; "" if it does not."""
    devices = {one.result.started.device for one in state.attempts if one.result.started}
    if found.header.get("experience"):
        return (
            "it used what was known of the rules from earlier sessions (rules.experience_used), "
            "and every session adds to that"
        )
    if count := by_hand(found):
        return f"{counted(count, 'choice')} of it were made by hand"
    if state.budget.unit == "m":
        return "its budget is in minutes, and no two sessions are equally fast"
    if devices - {"cpu"} and not found.header.get("deterministic"):
        return ACCELERATED
    return ""


def _in_step(number: int, found: Record) -> bool:
    place = trial_folder(Path(), number).as_posix()
    told = (entry.answer for entry in found.entries if entry.answer.get("together"))
    return any(trial["folder"] == place for answer in told for trial in answer["trials"])
