"""A session taken up, new or old, with its ledger and its workers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from advisor import auto
from advisor.all_rules import all_rules
from advisor.auto import Start
from advisor.crew import Crew
from advisor.experience import Experience
from advisor.ledger import Ledger, LedgerError
from advisor.recipe import Recipe
from advisor.runner import Runner
from advisor.session import Session


@dataclass(frozen=True)
class Opened:
    """What a session is driven with."""

    session: Session
    ledger: Ledger
    crew: Crew


@contextmanager
def begun(start: Start, seed: int, folder: Path, trust: bool) -> Iterator[Opened]:
    """A new session of this seed in `folder`. Raises UserError and LedgerError."""
    recipe = start.recipe.changed({"train.seed": seed})
    settings = replace(start.settings, experience=start.experience or Experience())
    start = replace(start, recipe=recipe, settings=settings)
    where = start.backend, start.device, start.deterministic
    with (
        _crew(*where, trust, settings.workers) as crew,
        auto.begin(start, folder, crew.runner) as ledger,
    ):
        yield Opened(Session(recipe, start.rules, settings), ledger, crew)


@contextmanager
def resumed(folder: Path, trust: bool) -> Iterator[Opened]:
    """The session in `folder`, from its beginning. Raises UserError, and LedgerError where the
    rules or the data are no longer those that it was begun with."""
    with Ledger.open(folder) as ledger:
        header = ledger.header()
        rules = all_rules([Path(place) for place in header["rule_folders"]])
        if auto.rules_digest(rules) != header["rules"]:
            raise LedgerError(
                f"{folder}: the rules have changed since this session was begun; "
                "install those it was begun with, or begin a new session"
            )
        recipe = Recipe.model_validate_json(json.dumps(header["recipe"]))
        settings = auto.settings_of(header)
        where = header["backend"], header["device"], header.get("deterministic", False)
        with _crew(*where, trust, settings.workers) as crew:
            if crew.runner.check(recipe)["fingerprint"] != header["data"]["fingerprint"]:
                raise LedgerError(
                    f"{folder}: {recipe.data.source} is not the data that this session was begun "
                    "with; put it back, or begin a new session"
                )
            yield Opened(Session(recipe, rules, settings), ledger, crew)


def _crew(backend: str, device: str, deterministic: bool, trust: bool, workers: int) -> Crew:
    def runner(cpus: Sequence[int]) -> Runner:
        return Runner(backend, device, deterministic=deterministic, trusted=trust, cpus=cpus)

    return Crew(runner, workers)
