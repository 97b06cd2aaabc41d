"""What symptoms mean that only a log can have."""

from __future__ import annotations

from advisor.diagnosis import hidden
from advisor.diagnosis.remarks import ABOUT, SOURCES
from advisor.explanations import SEVERITIES, Explanation, Row
from advisor.symptoms.remedies import REMEDIES


def _explained(name: str, threshold: str) -> Explanation:
    remedy = REMEDIES[name]
    rows = (
        Row("severity", f"block: {SEVERITIES['block']}"),
        Row("judged", "by `advisor diagnose` alone, from a log"),
        Row("fires when", threshold),
        Row("known from", SOURCES[name]),
        Row("first", remedy.first),
        Row("expect", remedy.expect),
        Row("not when", remedy.unless),
    )
    return Explanation("symptom", name, ABOUT[name], rows)


LOG_SYMPTOMS = (_explained(hidden.NAME, hidden.THRESHOLD),)
