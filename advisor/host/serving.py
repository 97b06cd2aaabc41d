"""A host from its beginning to its end: it takes up a session, drives it, and concludes it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

from advisor import auto, recipe_file, report, summary
from advisor.all_rules import all_rules
from advisor.auto import Start
from advisor.backend_choice import chosen
from advisor.experience import learning
from advisor.experience.store import Tell
from advisor.host.answer import Answer
from advisor.host.host import Host
from advisor.host.presence import LOG
from advisor.host.watched import watched
from advisor.journal.writer import Journal
from advisor.ledger import Ledger, read
from advisor.new_folder import output_folder
from advisor.opening import Opened, begun, resumed
from advisor.report import Collector
from advisor.runner import UserError
from advisor.session import Settings


def serve(wanted: Mapping[str, Any], answer: Answer) -> None:
    """Do what `advisor.host.starting` asks for: a new session, or one to go on with. Raises
    whatever ends the session early; once the answer is given, the journal holds it as well."""
    early: list[str] = []
    with _opened(wanted, early.append) as opened, ExitStack() as stack:
        folder = opened.ledger.folder
        _print_into(folder / LOG)
        journal = stack.enter_context(watched(opened, "host", wanted["autopilot"]))
        host = Host(folder, journal, opened.crew, wanted["autopilot"])
        stack.enter_context(host)
        answer.give({"folder": str(folder)})
        for text in early:
            journal.remark(text)
        _drive(opened, journal, host)


def _opened(wanted: Mapping[str, Any], tell: Tell) -> AbstractContextManager[Opened]:
    if "recipe" in wanted:
        return _new(wanted, tell)
    return resumed(Path(wanted["folder"]), wanted["trust"])


def _new(wanted: Mapping[str, Any], tell: Tell) -> AbstractContextManager[Opened]:
    backend = chosen(wanted["backend"])
    recipe = recipe_file.read(Path(wanted["recipe"]), overrides(wanted), to_tune=True)
    rules = all_rules([Path(place) for place in wanted["rules"]])
    out = None if wanted["out"] is None else Path(wanted["out"])
    folder = output_folder(out, recipe.name).absolute()
    Ledger.check_free(folder)
    start = Start(
        recipe,
        rules,
        backend,
        wanted["device"],
        tuple(wanted["rules"]),
        wanted["deterministic"],
        Settings(wanted["workers"]),
        learning.known(rules, tell) if wanted["experience"] else None,
    )
    return begun(start, recipe.train.seed, folder, wanted["trust"])


def overrides(wanted: Mapping[str, Any]) -> tuple[str, ...]:
    """All that overrides the recipe file, `path=value` each."""
    named = {"train.seed": wanted["seed"], "tune.budget": wanted["budget"]}
    given = (f"{path}={value}" for path, value in named.items() if value is not None)
    return (*wanted["overrides"], *given)


def _drive(opened: Opened, journal: Journal, host: Host) -> None:
    session, ledger = opened.session, opened.ledger
    collected = Collector(journal)
    try:
        state = auto.drive(session, ledger, opened.crew, collected, host.choose)
    except UserError:
        summary.conclude(session.state, ledger.folder)  # what was found so far is of use
        raise
    learning.remember(ledger.header(), state.decisions, journal.remark)
    found = summary.conclude(state, ledger.folder)
    try:
        report.write(collected.story(session, read(ledger.folder)))
    except OSError as error:
        journal.remark(f"the report could not be written: {error.strerror or error}")
    journal.finished(found)


def _print_into(log: Path) -> None:
    """Whatever is printed from now on, by whichever library, goes to this file."""
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
    for stream in (1, 2):
        os.dup2(file, stream)
    os.close(file)
