"""Short forms for looking at one symptom."""

from __future__ import annotations

from advisor.symptoms import Finding, detect
from tests.symptoms.streams import Stream


def finding(stream: Stream, symptom: str) -> Finding:
    found = detect(stream.recipe, stream.events())
    return next(one for one in found if one.symptom == symptom)


def outcome(stream: Stream, symptom: str) -> str:
    return finding(stream, symptom).outcome
