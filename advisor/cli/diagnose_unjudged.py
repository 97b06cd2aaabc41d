"""Which symptoms could not be judged, and for want of what: in a few lines, or one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from advisor.diagnosis import Diagnosis
from advisor.diagnosis.pinned import EVERY_STEP
from advisor.logs.log import counted
from advisor.signals import SIGNALS

TELL: Mapping[str, str] = {
    "chance_loss": "--classes",
    "chance_metric": "--classes",
    "batch_size": "--batch-size",
    "steps_per_epoch": "--steps-per-epoch",
    "train_examples": "--train-examples",
    "validation_examples": "--validation-examples",
    "recipe": "--recipe",
}
"""Signal -> the option that tells it."""
CHECKS = "preflight"


def unjudged(found: Diagnosis, everything: bool) -> Iterator[str]:
    """A heading, and the reasons below it; nothing where all could be judged."""
    groups = _grouped(found)
    n = sum(map(len, [*groups.values(), *found.not_enough.values()]))
    if not n:
        return
    if everything:
        yield f"could not be judged: {counted(n, 'symptom')}, for want of"
        yield from (f"{_signal(found, name)}: {names(who)}" for name, who in groups.items())
        yield from (f"{reason}: {names(who)}" for reason, who in found.not_enough.items())
    else:
        yield f"could not be judged: {counted(n, 'symptom')} (--all names them)"
        yield from _in_brief(found, groups)


def names(symptoms: Iterable[str]) -> str:
    """Symptoms in a list for people."""
    return ", ".join(name.replace("_", " ") for name in symptoms)


def _in_brief(found: Diagnosis, groups: Mapping[str, list[str]]) -> Iterator[str]:
    """What an option would tell first, as it is the easiest to come by."""
    options: dict[str, int] = {}
    missing: list[str] = []
    absent = 0
    for name, who in groups.items():
        option = _option(found, name)
        if option:
            options[option] = options.get(option, 0) + len(who)
        elif name != CHECKS:
            missing.append(SIGNALS[name])
            absent += len(who)
    if options:
        told = ", ".join(f"{option} ({n})" for option, n in options.items())
        yield f"{sum(options.values())} for want of what options tell: {told}"
    if missing:
        yield f"{absent} for want of what is not in the log: {'; '.join(missing)}"
    if CHECKS in groups:
        yield f"{len(groups[CHECKS])} for want of checks before the training"
    yield from _too_little(found.not_enough)


def _too_little(not_enough: Mapping[str, list[str]]) -> Iterator[str]:
    rest = [name for reason, who in not_enough.items() if reason != EVERY_STEP for name in who]
    if EVERY_STEP in not_enough:
        who = not_enough[EVERY_STEP]
        yield f"{len(who)} {EVERY_STEP}: {names(who)}"
    if rest:
        yield f"{len(rest)} for want of more entries, or because they do not apply: {names(rest)}"


def _grouped(found: Diagnosis) -> dict[str, list[str]]:
    """Each symptom once, under that of its missing signals which is the hardest to come by: what
    an option cannot tell before what it can."""
    groups: dict[str, list[str]] = {}
    placed: set[str] = set()
    for name, who in sorted(found.not_told.items(), key=lambda item: item[0] in TELL):
        new = [symptom for symptom in who if symptom not in placed]
        placed |= set(new)
        if new:
            groups[name] = new
    return groups


def _signal(found: Diagnosis, name: str) -> str:
    reason = found.case.unknown.get(name, "")
    told = SIGNALS[name] + (f" ({reason})" if reason else "")
    option = _option(found, name)
    return f"{told} [{option}]" if option else told


def _option(found: Diagnosis, name: str) -> str:
    """The option that would tell a signal; none where something else is in the way."""
    in_the_way = found.case.kind != "log" or found.case.unknown.get(name, "")
    return "" if in_the_way else TELL.get(name, "")
