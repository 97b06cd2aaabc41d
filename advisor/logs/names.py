"""What a column's name says: which split, which quantity, and over which span."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from advisor.logs.aliases import (
    EPOCHS,
    GRAD_NORMS,
    LOSSES,
    METRIC_WORDS,
    METRICS,
    NO_METRICS,
    SECONDS,
    SPANS,
    SPLIT_WORDS,
    STEPS,
    WRAPPERS,
)

Role = Literal["step", "epoch", "seconds", "lr", "grad_norm", "loss", "metric", "other"]
Split = Literal["train", "validation", "test", ""]

SPLITS: Mapping[str, Split] = {
    word: split  # type: ignore[misc]
    for split, words in SPLIT_WORDS.items()
    for word in words
}
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_GLUED = re.compile(r"^(train|training|val|valid|test|eval)(loss|acc|accuracy)$")
_LONGEST = 200


@dataclass(frozen=True)
class Meaning:
    """A name, understood."""

    role: Role
    split: Split = ""
    what: str = ""
    """of a metric: its usual name"""
    span: Literal["step", "epoch", ""] = ""
    rank: int = 0
    """among names of the same meaning the lowest is believed first"""


@lru_cache(maxsize=4096)
def meaning(name: str) -> Meaning:
    """What this name means by itself."""
    words = _words(name)
    joined = "_".join(words)
    for role, known in (("step", STEPS), ("epoch", EPOCHS), ("seconds", SECONDS)):
        if joined in known:
            return Meaning(role, rank=known.index(joined))  # type: ignore[arg-type]
    if joined in GRAD_NORMS:
        return Meaning("grad_norm", rank=GRAD_NORMS.index(joined))
    if _is_rate(words):
        return Meaning("lr")
    return _measured(words)


def _words(name: str) -> list[str]:
    spaced = _CAMEL.sub("_", name[:_LONGEST]).lower()
    words = [word for word in re.split(r"[^0-9a-z]+", spaced) if word]
    if "vs" in words:  # evaluation_loss_vs_iterations
        words = words[: words.index("vs")]
    glued = _GLUED.match(words[0]) if len(words) == 1 else None
    return [glued[1], glued[2]] if glued else words


def _is_rate(words: list[str]) -> bool:
    joined = "_".join(words)
    return "lr" in words[:1] + words[-1:] + words[1:2] or bool(
        re.fullmatch(r"(\w+_)?(learning_?rate|lrate)(_(group|pg|param_group)?_?\d+|_\w+)?", joined)
    )


def _measured(words: list[str]) -> Meaning:
    """A loss or a metric, of a split if the name says so at its beginning or end."""
    split: Split = ""
    kept = list(words)
    span: Literal["step", "epoch", ""] = ""
    if len(kept) > 1 and kept[-1] in SPANS:
        span = "epoch" if kept.pop() == "epoch" else "step"
    while len(kept) > 1 and kept[0] in WRAPPERS:
        kept = kept[1:]
    for place in (0, -1):
        if len(kept) > 1 and not split and kept[place] in SPLITS:
            split = SPLITS[kept.pop(place)]
    while len(kept) > 1 and kept[0] in WRAPPERS and "_".join(kept) not in METRICS:
        kept = kept[1:]
    what = "_".join(kept)
    if what in LOSSES:
        return Meaning("loss", split, what, span, rank=LOSSES.index(what))
    if what in METRICS:
        return Meaning(
            "metric", split, METRICS[what], span, rank=METRIC_WORDS[METRICS[what]].index(what)
        )
    if split and what and what not in SPLITS and not NO_METRICS.search(what):
        return Meaning("metric", split, what, span)
    return Meaning("other")
