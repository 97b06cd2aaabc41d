"""NaN that a logger has overwritten: the run looks best where it is dead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from advisor.logs import Log, Series
from advisor.logs.log import counted
from advisor.symptoms import Finding

NAME = "hidden_non_finite"
THRESHOLD = (
    "training losses of exactly 0 among clearly positive ones, or five equal ones in a row in a "
    "Trainer's log"
)


def without_filtered(log: Log) -> Log:
    """The log with zeros that stand for NaN as NaN, so that nothing is concluded from them."""
    one = log.series.get("train_loss")
    if one is None or not zeros(log):
        return log
    values = np.where(one.values == 0, np.nan, one.values)
    series: Mapping[str, Series] = {**log.series, "train_loss": replace(one, values=values)}
    return replace(log, series=series)


def zeros(log: Log) -> int:
    """Training losses of exactly 0 that the reader found to be no losses."""
    noted = any(note.kind == "filtered" and "exactly 0" in note.text for note in log.notes)
    one = log.series.get("train_loss")
    return int((one.values == 0).sum()) if noted and one is not None else 0


def look(log: Log) -> Finding | None:
    """What is to be said of a log with overwritten values; None for any other."""
    notes = [note.text for note in log.notes if note.kind == "filtered"]
    one = log.series.get("train_loss")
    if not notes or one is None:
        return None
    count = zeros(log)
    if not count:
        return Finding(NAME, "fired", "optimisation", {}, "the log", THRESHOLD, notes[0])
    step = int(one.steps[np.flatnonzero(one.values == 0)[0]])
    reads = (
        f"{counted(count, 'training loss is', 'training losses are')} exactly 0, the first at step "
        f"{step}, among clearly positive ones; Hugging Face's logging_nan_inf_filter writes 0 for "
        "NaN"
    )
    return Finding(
        NAME, "fired", "block", {"zeros": count, "step": step}, "the log", THRESHOLD, reads
    )
