"""Trainings and probes as the report tells them, one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from statistics import mean

from advisor import requests
from advisor.advice import Proposal
from advisor.evidence import Decision
from advisor.recipe import Metric, Recipe
from advisor.report.gather.intervals import interval
from advisor.report.model import (
    Change,
    Ensemble,
    Finalist,
    Finals,
    Probe,
    Proposed,
    Trial,
    Verdict,
)
from advisor.requests import Decided, Result, RunProbe, Train


def trial(request: Train, result: Result, spent: float) -> Trial:
    """What a training gave; a trial that failed has a message and no values."""
    ended = result.finished
    bare = Trial(
        request.number,
        request.purpose,
        request.recipe.train.seed,
        "failed",
        result.error or "no result",
        *(None, None, None, None),
        0.0,
        0,
        result.seconds,
        spent,
    )
    if ended is None:
        return bare
    return replace(
        bare,
        status=ended.status,
        message=ended.message,
        value=ended.validation_metric,
        train_value=ended.train_metric,
        loss=ended.validation_loss,
        train_loss=ended.train_loss,
        epochs=ended.epochs,
        examples=ended.examples,
    )


def probe(request: RunProbe, result: Result) -> Probe:
    found = result.probed
    if found is None:
        error = result.error or "no result"
        return Probe(request.number, request.probe, {}, error, 0.0, result.seconds, {})
    return Probe(
        request.number,
        request.probe,
        dict(found.facts),
        found.message,
        found.epochs,
        result.seconds,
        {name: tuple(values) for name, values in found.curve.items()},
    )


def proposed(proposal: Proposal, before: Recipe) -> Proposed:
    """A proposal, with the values that the fields had in the incumbent's recipe."""
    had = before.flat()
    rule = proposal.rule
    return Proposed(
        rule.id,
        rule.title,
        " ".join(proposal.reason.split()),
        tuple(
            Change(path, had.get(path), value, path in proposal.below)
            for path, value in proposal.change.items()
        ),
        tuple((name, value) for name, value in proposal.evidence.items() if value is not False),
        str(proposal.track_record),
        proposal.origin,
        proposal.built_on,
    )


def verdict(decided: Decided, metric: Metric) -> Verdict:
    return judged(metric, decided.decision, decided.incumbent, decided.value, decided.reopens)


def judged(
    metric: Metric,
    decision: Decision,
    before: float | None,
    after: float | None,
    reopens: tuple[str, ...] = (),
) -> Verdict:
    found = decision.comparison
    return Verdict(
        decision.verdict,
        decision.reason.removesuffix(f": {found}"),
        before,
        after,
        interval(metric, found, before, after) if found else None,
        found.seeds if found else 0,
        found.examples if found else 0,
        reopens,
    )


def finals(held: requests.Finals, metric: Metric) -> Finals:
    """Metrics before and after are means over the fresh seeds."""
    first = _mean(held.finalists[0].values) if held.finalists else None
    return Finals(
        tuple(
            Finalist(
                one.trial,
                tuple(zip(one.fresh, one.values, strict=True)),
                judged(metric, one.decision, first, _mean(one.values)) if one.decision else None,
                one == held.winner,
            )
            for one in held.finalists
        )
    )


def ensemble(made: requests.Ensemble, metric: Metric) -> Ensemble:
    return Ensemble(
        made.members,
        made.value,
        made.loss,
        made.single,
        judged(metric, made.decision, made.single, made.value),
    )


def _mean(values: Sequence[float | None]) -> float | None:
    """None where one is missing."""
    known = [value for value in values if value is not None]
    return mean(known) if known and len(known) == len(values) else None
