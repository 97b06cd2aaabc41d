"""Which column is which series, where a log is taken as a whole. What is chosen is noted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from advisor.logs.log import Note, shown
from advisor.logs.names import Meaning, meaning


@dataclass
class Assignment:
    """Column name -> name of its series; the columns of steps and epochs."""

    series: dict[str, str] = field(default_factory=dict)
    step: str | None = None
    epoch: str | None = None
    notes: list[Note] = field(default_factory=list)

    def say(self, text: str) -> None:
        self.notes.append(Note("ambiguous", text))


def assign(sizes: Mapping[str, int], with_steps: bool = True) -> Assignment:
    """Every column's series; `sizes` is how many values each has.

    Columns that mean nothing known become other/NAME. `with_steps` says whether one of them may
    hold the steps of the rows.
    """
    known = {name: meaning(name) for name in sizes}
    made = Assignment()
    made.step = _first(name for name in _by_rank(known, "step")) if with_steps else None
    made.epoch = _first(name for name in _by_rank(known, "epoch"))
    if made.epoch is not None:
        made.series[made.epoch] = "epoch"
    for role in ("seconds", "lr", "grad_norm"):
        _take(made, _by_rank(known, role), role)
    _losses(made, known, sizes)
    _metrics(made, known)
    for name in sizes:
        if name != made.step:
            made.series.setdefault(name, f"other/{name}")
    return made


def _losses(made: Assignment, known: dict[str, Meaning], sizes: Mapping[str, int]) -> None:
    train = _measured(known, "loss", "train")
    plain = _measured(known, "loss", "")
    validation = _measured(known, "loss", "validation")
    test = _measured(known, "loss", "test")
    if plain and not train and not validation and not test:
        made.say(f"{shown(plain[0])} is taken as the training loss: the log names no split")
    if plain and train and sizes[plain[0]] > sizes[train[0]]:  # the other is a final summary
        train, plain = plain, train
    _take(made, train + plain, "train_loss")
    _take_held_out(made, validation, test, "validation_loss")


def _metrics(made: Assignment, known: dict[str, Meaning]) -> None:
    whats = dict.fromkeys(m.what for m in known.values() if m.role == "metric")
    split_losses = any(m.role == "loss" and m.split == "train" for m in known.values())
    for what in whats:
        train = _measured(known, "metric", "train", what)
        plain = _measured(known, "metric", "", what)
        validation = _measured(known, "metric", "validation", what)
        test = _measured(known, "metric", "test", what)
        if plain and not train and not validation and split_losses:
            made.say(f"{shown(plain[0])} is left out: it does not say of which split it is")
            plain = []
        elif plain and not train and not validation:
            made.say(f"{shown(plain[0])} is taken as of training: it does not say of which split")
        elif plain and train:
            plain = []
        _take(made, train + plain, f"train_metric/{what}")
        _take_held_out(made, validation, test, f"validation_metric/{what}")


def _take_held_out(made: Assignment, validation: list[str], test: list[str], series: str) -> None:
    if test and not validation:
        made.say(f"{shown(test[0])} is taken as of validation: the log has no other")
        _take(made, test, series)
    else:
        _take(made, validation, series)


def _take(made: Assignment, names: list[str], series: str) -> None:
    if not names:
        return
    first, *rest = names
    made.series[first] = series
    if rest:
        others = ", ".join(shown(name) for name in rest[:3]) + (", ..." if rest[3:] else "")
        made.say(f"{shown(first)} is taken as {shown(series)}; there is {others} too")


def _by_rank(known: dict[str, Meaning], role: str) -> list[str]:
    found = [name for name, m in known.items() if m.role == role]
    return sorted(found, key=lambda name: known[name].rank)


def _measured(known: dict[str, Meaning], role: str, split: str, what: str = "") -> list[str]:
    """Columns of one meaning; training by the step before by the epoch, others the reverse."""
    found = [
        name
        for name, m in known.items()
        if m.role == role and m.split == split and (not what or m.what == what)
    ]
    order = {"step": 0, "": 1, "epoch": 2} if split == "train" else {"": 0, "epoch": 1, "step": 2}
    return sorted(found, key=lambda name: (known[name].rank, order[known[name].span]))


def _first(names: Iterable[str]) -> str | None:
    return next(iter(names), None)
