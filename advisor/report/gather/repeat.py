"""How to come to the same again: commands, seeds, versions, data and hardware."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from advisor import recipe_file
from advisor.provenance import by_hand
from advisor.report.gather.head import devices, versions
from advisor.report.model import Command, Repeat
from advisor.report.replay import Story
from advisor.state import State
from advisor.text import counted


def repeat(story: Story) -> Repeat:
    state, header = story.state, story.record.header
    best = state.incumbent
    trained = best is not None and best.value is not None
    return Repeat(
        _commands(story, trained),
        _facts(state, header),
        recipe_file.dump(state.kept) if trained else "",
    )


def _commands(story: Story, trained: bool) -> tuple[Command, ...]:
    """In the session's folder."""
    header = story.record.header
    chosen = f"--backend {header.get('backend', '')} --device {header.get('device', 'auto')}"
    chosen += " --deterministic" if header.get("deterministic") else ""
    rules = "".join(f" --rules {shlex.quote(str(each))}" for each in header.get("rule_folders", ()))
    found = []
    if not story.state.finished:
        found.append(Command("advisor resume .", "goes on with this session"))
    elif trained:
        found.append(Command(f"advisor run best.yaml {chosen}", "trains the best recipe again"))
    again = f"advisor auto start.yaml {chosen}{rules} --out ../again"
    count = by_hand(story.record)
    but = f", without the {counted(count, 'choice')} made by hand" if count else ""
    return (*found, Command(again, f"does the whole session again{but}"))


def _facts(state: State, header: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    data = header.get("data")
    fingerprint = data.get("fingerprint", "") if isinstance(data, Mapping) else ""
    found = {
        "advisor": str(header.get("advisor", "")),
        **versions(header),
        "hardware": ", ".join(devices(header)),
        "seeds of trainings": ", ".join(map(str, _seeds(state))),
        "seed of the split": str(state.start.data.split_seed),
        "fingerprint of the data": str(fingerprint),
        "fingerprint of the rules": str(header.get("rules", "")),
        "bit for bit on a GPU": "asked for" if header.get("deterministic") else "not asked for",
    }
    return tuple((name, value) for name, value in found.items() if value)


def _seeds(state: State) -> list[int]:
    return sorted({attempt.recipe.train.seed for attempt in state.attempts})
