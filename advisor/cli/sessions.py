"""Sessions at the command line: begin or resume one, watch it, and report it."""

from __future__ import annotations

import json as json_text
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from advisor import auto, summary
from advisor.auto import Observer, Start
from advisor.cli import output, rules
from advisor.cli.errors import CliError, Exit, Interrupted, no_more_interrupts, tell
from advisor.cli.json_lines import JsonLines
from advisor.cli.live import LiveView
from advisor.cli.narrate import Narrator, before_and_after, tell_doubts
from advisor.crew import Crew
from advisor.experience import Experience, learning
from advisor.ledger import Ledger, read
from advisor.recipe import Recipe
from advisor.report import Collector, Story, write
from advisor.runner import Runner, UserError
from advisor.session import Session
from advisor.state import State


def begin(start: Start, seed: int, folder: Path, json: bool, trust: bool) -> int:
    """A new session of this seed in `folder`; returns its exit code."""
    recipe = start.recipe.changed({"train.seed": seed})
    settings = replace(start.settings, experience=start.experience or Experience())
    start = replace(start, recipe=recipe, settings=settings)
    where = start.backend, start.device, start.deterministic
    with (
        _crew(*where, trust, start.settings.workers) as crew,
        auto.begin(start, folder, crew.runner) as ledger,
    ):
        return _work(Session(recipe, start.rules, start.settings), ledger, crew, json)


def resume(folder: Path, json: bool, trust: bool) -> int:
    """Go on with the session in `folder`; returns its exit code."""
    with Ledger.open(folder) as ledger:
        header = ledger.header()
        found = rules.load([Path(place) for place in header["rule_folders"]])
        if auto.rules_digest(found) != header["rules"]:
            raise CliError(
                f"{folder}: the rules have changed since this session was begun; "
                "install those it was begun with, or begin a new session"
            )
        recipe = Recipe.model_validate_json(json_text.dumps(header["recipe"]))
        settings = auto.settings_of(header)
        where = header["backend"], header["device"], header.get("deterministic", False)
        with _crew(*where, trust, settings.workers) as crew:
            if crew.runner.check(recipe)["fingerprint"] != header["data"]["fingerprint"]:
                raise CliError(
                    f"{folder}: {recipe.data.source} is not the data that this session was begun "
                    "with; put it back, or begin a new session"
                )
            return _work(Session(recipe, found, settings), ledger, crew, json)


def _crew(backend: str, device: str, deterministic: bool, trust: bool, workers: int) -> Crew:
    def runner(cpus: Sequence[int]) -> Runner:
        return Runner(backend, device, deterministic=deterministic, trusted=trust, cpus=cpus)

    return Crew(runner, workers)


def _work(session: Session, ledger: Ledger, crew: Crew, json: bool) -> int:
    folder = ledger.folder
    if json:
        recipe = session.state.start
        output.write_json({"event": "session", "folder": str(folder), "seed": recipe.train.seed})
    try:
        with _observer(json) as observer:
            collected = Collector(observer)
            state = auto.drive(session, ledger, crew, collected, auto.first_proposal)
    except UserError:
        summary.conclude(session.state, folder)  # what was found so far is of use
        raise
    except KeyboardInterrupt:
        no_more_interrupts()
        raise Interrupted(f"advisor resume {shlex.quote(str(folder))}") from None
    learning.remember(ledger.header(), state.decisions, tell)
    found = summary.conclude(state, folder)
    if json:
        output.write_json(found)
    else:
        _tell(state, folder)
    _report(collected.story(session, read(folder)), json)
    return Exit.DONE if summary.trained(state) else Exit.NOTHING_TRAINED


def _report(story: Story, json: bool) -> None:
    """Write the session's page; all else is already there, so it is no error where it cannot be."""
    try:
        path = write(story)
    except OSError as error:
        tell(f"the report could not be written: {error.strerror or error}")
        return
    if not json:
        output.say(f"report       {path}")


@contextmanager
def _observer(json: bool) -> Iterator[Observer]:
    console = output.console()
    if json:
        yield JsonLines(output.write)
    elif console.is_terminal:
        with LiveView(console) as view:
            yield view
    else:
        yield Narrator(console)


def _tell(state: State, folder: Path) -> None:
    console = output.console()
    console.print()
    console.print(before_and_after(state))
    tell_doubts(console, state)
    if summary.trained(state):
        output.say(f"best recipe  {folder / 'best.yaml'}")
    output.say(f"session      {folder}")
