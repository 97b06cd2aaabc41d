"""A make-believe session, driven for real, and its journal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from advisor.auto import Chooser, drive, first_proposal
from advisor.journal import FILE
from advisor.journal.writer import Journal
from advisor.ledger import Ledger
from advisor.recipe import Recipe
from advisor.session import Session, Settings
from tests import simulation
from tests.report import made


def lines(folder: Path) -> list[dict[str, Any]]:
    """The journal's; one that is being written is left out."""
    text, _, _ = (folder / FILE).read_text().rpartition("\n")
    return [json.loads(line, parse_constant=_no) for line in text.splitlines()]


def _no(constant: str) -> object:
    raise AssertionError(f"{constant} is no JSON")


def begun(folder: Path, recipe: Recipe | None = None, workers: int = 1) -> Ledger:
    start = recipe or simulation.recipe()
    return Ledger.create(folder, made.header(start, workers=workers))


def driven(
    ledger: Ledger, choose: Chooser = first_proposal, recipe: Recipe | None = None, workers: int = 1
) -> Session:
    """Drive the session of this ledger to its end, or on from where it is, with its journal."""
    session = Session(recipe or simulation.recipe(), made.known_rules(), Settings(workers))
    crew: Any = made.Crew()
    with Journal(ledger.folder, len(ledger.entries())) as journal:
        journal.opened(session.state, ledger.header())
        drive(session, ledger, crew, journal, choose)
    return session
