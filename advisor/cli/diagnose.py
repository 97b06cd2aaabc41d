"""`advisor diagnose`: what is wrong with a training that was run elsewhere, and what to try."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.cli import options
from advisor.cli.commands import Commands, add_command
from advisor.cli.errors import CliError, Exit
from advisor.cli.errors import tell as warn

if TYPE_CHECKING:
    from advisor.diagnosis import Diagnosis
    from advisor.rulebook import Rule

PAUSE = 2.0
"""Seconds between two looks at a file that grows."""
TOLD = (
    ("task", str, "TASK", "classification, binary, multilabel, regression or language_model"),
    ("metric", str, "NAME", "the metric to judge by, such as accuracy, f1, r2, rmse, perplexity"),
    ("classes", int, "N", "how many classes there are (language models: tokens)"),
    ("batch_size", int, "N", "examples of one optimiser step"),
    ("epochs", int, "N", "how many were planned; not told, the log is taken to be whole"),
    ("steps_per_epoch", int, "N", "optimiser steps of an epoch"),
    ("train_examples", int, "N", "training examples"),
    ("validation_examples", int, "N", "validation examples"),
)

ABOUT = """\
Reads the log of a training and says what is wrong with it, how that is known, what to do first,
and which checks could not be made for want of what. PATH is a log of any training: JSON lines,
CSV (Keras, Lightning), a Hugging Face trainer_state.json, TensorBoard event files or their folder;
or a folder of this program: a run, a session or one of its trials, or what advisor.record wrote.
What the log does not say can be told by options; with --recipe changes become exact. Nothing is
trained and nothing is written."""

EXAMPLES = """\
  advisor diagnose runs/digits-20250131-120000
  advisor diagnose trainer_state.json --classes 2 --validation-examples 872
  advisor diagnose lightning_logs/version_0/metrics.csv --recipe recipe.yaml
  advisor diagnose history.csv --all --json
  advisor diagnose runs/mine/events.jsonl --follow
"""


@dataclass(frozen=True)
class DiagnoseOptions(options.Options):
    """What to read, and what is told beside it."""

    path: Path
    recipe: Path | None
    rules: tuple[Path, ...]
    all: bool
    follow: bool
    curves: bool
    task: str | None
    metric: str | None
    classes: int | None
    batch_size: int | None
    epochs: int | None
    steps_per_epoch: int | None
    train_examples: int | None
    validation_examples: int | None

    @property
    def told(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name, *_ in TOLD}


def add(commands: Commands) -> None:
    about = "what is wrong with a training, from its log"
    parser = add_command(commands, "diagnose", about, ABOUT, EXAMPLES, execute)
    parser.add_argument("path", metavar="PATH", type=Path, help="a log, or a folder with one")
    parser.add_argument(
        "--recipe", metavar="FILE", type=Path, help="the training's recipe, where the log has none"
    )
    for name, kind, value, words in TOLD:
        flag = f"--{name.replace('_', '-')}"
        parser.add_argument(flag, type=kind, metavar=value, help=words)
    parser.add_argument(
        "--all", action="store_true", help="name also what is clear, and where numbers come from"
    )
    parser.add_argument(
        "--follow", action="store_true", help="go on as the log grows, until Ctrl+C"
    )
    parser.add_argument(
        "--curves", action="store_true", help="with --json: a line with the log's curves as well"
    )
    options.add_rules(parser)
    options.add_json(parser)


def execute(arguments: argparse.Namespace) -> int:
    from advisor.cli.rules import load
    from advisor.logs import LogError

    asked = DiagnoseOptions.of(arguments)
    if asked.curves and not asked.json:
        raise CliError("--curves: a line for programs; it goes with --json")
    rules = load(asked.rules)
    if not asked.follow:
        _show(asked, _look(asked, rules))
        return Exit.DONE
    before: list[str] | None = None
    readable = False
    for _ in _changes(asked.path):
        try:
            found = _look(asked, rules)
        except LogError as error:
            if not readable:
                raise
            warn(f"{error}; waiting for it to grow again")  # a training that began anew
            before = None
            continue
        readable = True
        now = [one.title for one in found.remarks]
        if now != before or asked.curves:
            _show(asked, found)
        before = now
    return Exit.DONE


def _look(asked: DiagnoseOptions, rules: tuple[Rule, ...]) -> Diagnosis:
    from advisor.diagnosis import diagnose

    own = [rule.id for rule in rules if _is_below(Path(rule.source), asked.rules)]
    return diagnose(
        asked.path, asked.recipe, rules=rules, own=own, growing=asked.follow, **asked.told
    )


def _is_below(path: Path, folders: Sequence[Path]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)


def _show(asked: DiagnoseOptions, found: Diagnosis) -> None:
    from advisor.cli.diagnose_view import objects, tell
    from advisor.cli.output import write_json

    if not asked.json:
        tell(found, everything=asked.all)
        return
    if asked.curves:
        from advisor.cli.curves import told_curves

        write_json({"event": "curves", **told_curves(found.case.series)})
    for one in objects(found, everything=asked.all):
        write_json(one)


def _changes(path: Path) -> Iterator[None]:
    """At once, and then whenever the files at this path have changed."""
    seen: object = None
    while True:
        now = _state(path)
        if now != seen:
            yield
        seen = now
        time.sleep(PAUSE)


def _state(path: Path) -> tuple[tuple[str, int, int], ...]:
    """Size and time of the files at this path; empty while there are none."""
    try:
        files = sorted(path.iterdir()) if path.is_dir() else [path]
        found = [(str(file), os.stat(file)) for file in files]
    except (OSError, ValueError):
        return ()
    return tuple((name, stat.st_size, stat.st_mtime_ns) for name, stat in found)
