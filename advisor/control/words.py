"""Who came further for as many epochs, in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from advisor.control.beyond import Beyond
from advisor.report.words import percent

AS_SEARCHES = "Seen as searches, by the best of any training whether it was kept or not: "
SESSION, KEPT = "this session", "the recommended recipe (best.yaml)"
START = "the starting recipe, which is what this session recommends,"
Found = Mapping[str, Mapping[str, Any]]
"""Comparisons by the titles of the searches."""


def kept_words(found: Found, is_start: bool, beyond: Beyond) -> str:
    """Of what the session recommends."""
    who = START if is_start else KEPT
    told = [_sentence(_who(who, title, one)) for title, one in found.items()]
    return " ".join([*told, *([_beyond_words(list(beyond))] if beyond else [])])


def searched_words(found: Found) -> str:
    """Of the session as a search, and when it had what the others ended with."""
    told = [_joined(_who(SESSION, title, one), _when(one)) for title, one in found.items()]
    first, *others = told
    return " ".join([AS_SEARCHES + first, *map(_sentence, others)])


def share_words(share: float) -> str:
    """No more digits than a share of the epochs can have."""
    return percent(share)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _joined(who: str, when: str) -> str:
    return f"{who} {when}" if when else who


def _who(who: str, title: str, found: Mapping[str, Any]) -> str:
    gain, standing = found["gain"], found["standing"]
    if gain is None:
        told = {
            "level": f"neither this session nor {title} trained anything.",
            "ahead": f"{who} is ahead of {title}, which trained nothing.",
            "behind": f"this session trained nothing, and is behind {title}.",
        }
        return told[standing]
    if gain == 0:
        return f"{who} came as far as {title}: a draw."
    place = "ahead" if gain > 0 else "behind"
    interval = f"interval [{found['low']:+.4f}, {found['high']:+.4f}]"
    if standing == "level":
        by = f"{abs(gain):.4f} {place}, which cannot be told from noise"
        return f"{who} draws with {title}: it is {by} ({interval})."
    where = f"{place} of" if gain > 0 else place
    return f"{who} is {where} {title} by {abs(gain):.4f}, beyond noise ({interval})."


def _when(found: Mapping[str, Any]) -> str:
    """Nothing where the search ended with what the start gave both of them."""
    if found["gain"] is None or found["of_start"]:
        return ""
    if found["share"] is None:
        return "It never had that search's final value."
    share = share_words(found["share"])
    return f"It had that search's final value after {share} of the epochs."


def _beyond_words(fields: Sequence[str]) -> str:
    *most, last = fields
    named = f"{', '.join(most)} and {last}" if most else last
    return (
        f"best.yaml differs from the start in {named}, which these searches do not vary, "
        "or not so far: they could not have found that."
    )
