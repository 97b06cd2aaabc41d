"""What was read from a log that somebody else's training wrote."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from advisor.events import Event
from advisor.text import clean
from advisor.text import counted as counted

Format = Literal["events", "json lines", "json", "csv", "trainer state", "tensorboard"]
Kind = Literal[
    "truncated",
    "unreadable",
    "order",
    "repeated",
    "not finite",
    "filtered",
    "binary",
    "encoding",
    "runs",
    "ambiguous",
    "steps",
    "missing",
    "limit",
    "told",
]
"""truncated: the end is cut off; unreadable: lines or records that were left out; order: steps
were sorted; repeated: several values at one step; not finite: NaN or infinity; filtered: values
that look as if a NaN had been overwritten; binary: control characters; encoding: not UTF-8; runs:
several runs, one of which was read; ambiguous: what a name means was chosen; steps: steps were
counted or filled in; missing: nothing under a name; limit: too large to be read whole; told: does
not go with what was told beside it."""

MOST_SHOWN = 60
"""Characters of outside text in a message."""

Indices = NDArray[np.int64]
Values = NDArray[np.float64]


class LogError(ValueError):
    """Nothing can be read from this path; the message says what was looked for."""


@dataclass(frozen=True)
class Note:
    """Something odd about a log, in a sentence that is safe to print."""

    kind: Kind
    text: str


@dataclass(frozen=True)
class Series:
    """One number over the training, sorted by step. All arrays have the same length."""

    name: str
    """as the log has it; may hold control characters: print it through `advisor.text.clean`"""
    steps: Indices
    epochs: Values | None
    """NaN where a row had none; None when the log has no epochs"""
    values: Values
    """NaN and infinity are kept"""


@dataclass(frozen=True)
class Log:
    """One training's log.

    Keys of `series`: train_loss, validation_loss, train_metric/NAME, validation_metric/NAME, lr,
    grad_norm, epoch, seconds (since the first entry, where times of day were logged), and
    other/NAME with the name as the log has it.
    """

    source: str
    format: Format
    series: Mapping[str, Series]
    events: tuple[Event, ...] = ()
    """only of our own logs"""
    notes: tuple[Note, ...] = ()


def shown(text: object) -> str:
    """Outside text as a message may show it: no control characters, not too long."""
    short = clean(str(text)[:MOST_SHOWN])
    return short if len(short) <= MOST_SHOWN else short[:MOST_SHOWN] + "..."
