"""What was learned, into a session that begins and out of one that ended.

Nothing here stops a session: what cannot be read or written is told once and passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from advisor.experience import store
from advisor.experience.experience import Experience, outcomes
from advisor.requests import Decided
from advisor.rulebook import Rule


def known(rules: Iterable[Rule], tell: store.Tell) -> Experience | None:
    """What is known of these rules; None when that cannot be read, so that nothing is learned
    from the session either."""
    try:
        return Experience.of(rules, store.read(tell))
    except store.ExperienceError as error:
        tell(f"{error}; this session goes without what was learned")
        return None


def begun_with(header: Mapping[str, Any]) -> Experience:
    """What was known when the session of this ledger's header began."""
    return Experience.from_json(header.get("experience") or {})


def remember(header: Mapping[str, Any], decisions: Iterable[Decided], tell: store.Tell) -> None:
    """Count the decisions of a session that ended, once, unless it was begun without learning."""
    if header.get("experience") is None or "id" not in header:
        return
    try:
        store.record(header["id"], outcomes(decisions), tell)
    except store.ExperienceError as error:
        tell(f"{error}; nothing is learned from this session")
