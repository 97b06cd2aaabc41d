"""Sessions of several seeds: a heading before each, and what they came to together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import mean, stdev
from typing import Any

from rich.table import Table

from advisor.cli import output
from advisor.text import number

NUMBERS = ("before", "after", "estimate", "test", "epochs")


@dataclass(frozen=True)
class Outcome:
    """What the session of one seed came to; None where it has no such value."""

    seed: int
    before: float | None
    """validation metric of the starting recipe"""
    after: float | None
    """validation metric of the best recipe"""
    estimate: float | None
    """of the best recipe over fresh seeds, on validation"""
    test: float | None
    """of the best recipe on the sealed split"""
    epochs: float
    """spent in the session"""
    session: str
    """its folder"""

    @classmethod
    def of(cls, seed: int, summary: Mapping[str, Any]) -> Outcome:
        """From the session's summary."""
        before, after, estimate, test = (
            found["value"] if (found := summary[name]) else None
            for name in ("baseline", "best", "estimate", "test")
        )
        epochs: float = summary["cost"]["epochs"]
        return cls(seed, before, after, estimate, test, epochs, summary["session"])


def heading(seed: int, seeds: Sequence[int]) -> None:
    """Say which session begins."""
    between = "" if seed == seeds[0] else "\n"
    output.say(f"{between}SEED {seed}, session {seeds.index(seed) + 1} of {len(seeds)}")


def tell(outcomes: Sequence[Outcome], metric: str, json: bool) -> None:
    """The last line of `--json`, or a table."""
    if json:
        output.write_json(line(outcomes, metric))
        return
    console = output.console()
    console.print()
    console.print(table(outcomes, metric))


def line(outcomes: Sequence[Outcome], metric: str) -> dict[str, Any]:
    """The documented object over all seeds."""
    return {
        "event": "seeds",
        "metric": metric,
        "sessions": [asdict(one) for one in outcomes],
        "mean": {name: _mean(outcomes, name) for name in NUMBERS},
        "deviation": {name: _deviation(outcomes, name) for name in NUMBERS},
    }


def table(outcomes: Sequence[Outcome], metric: str) -> Table:
    """A row for each seed, then mean and standard deviation."""
    shown = [name for name in NUMBERS if name != "estimate" or _values(outcomes, name)]
    heads = {"before": "start", "after": "best", "estimate": "best, fresh seeds", "test": "test"}
    made = Table(
        title=f"{len(outcomes)} seeds: {metric} on validation, and of the best recipe on the test",
        title_justify="left",
    )
    for head in ("seed", *(heads.get(name, name) for name in shown)):
        made.add_column(head, justify="right")
    for one in outcomes:
        made.add_row(str(one.seed), *(number(getattr(one, name)) for name in shown))
    made.add_section()
    made.add_row("mean", *(number(_mean(outcomes, name)) for name in shown))
    made.add_row("deviation", *(number(_deviation(outcomes, name)) for name in shown))
    return made


def _values(outcomes: Sequence[Outcome], name: str) -> list[float]:
    return [value for one in outcomes if (value := getattr(one, name)) is not None]


def _mean(outcomes: Sequence[Outcome], name: str) -> float | None:
    """Over the sessions that have a value; None without any."""
    values = _values(outcomes, name)
    return mean(values) if values else None


def _deviation(outcomes: Sequence[Outcome], name: str) -> float | None:
    """Between the sessions that have a value; None with fewer than two."""
    values = _values(outcomes, name)
    return stdev(values) if len(values) > 1 else None
