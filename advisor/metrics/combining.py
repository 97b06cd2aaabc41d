"""The outputs of several models of one task as those of a single model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from advisor.architecture import Floats
from advisor.metrics.losses import pieces
from advisor.recipe import Task


def combined(task: Task, members: Sequence[Floats]) -> Floats:
    """Raw outputs whose prediction is the mean of the members' predictions.

    `members`: raw outputs of the same examples, all (n, outputs), or (n, time, outputs) for
    language_model; at least one. What is averaged are probabilities (softmax for classification
    and language_model, sigmoid for binary and multilabel), and the outputs themselves for
    regression. Returns the same shape; a single member comes back as it is.
    """
    if len(members) == 1:
        return members[0]
    if task == "regression":
        return np.asarray(np.mean(np.asarray(members, np.float64), axis=0))
    mean = _mean_logits if task in ("binary", "multilabel") else _mean_log_probabilities
    found = np.empty_like(members[0])
    for part in pieces(members[0]):
        found[part] = mean([np.asarray(outputs[part], np.float64) for outputs in members])
    return found


def _mean_log_probabilities(outputs: Sequence[Floats]) -> Floats:
    """Logs of mean softmax probabilities: their softmax is that mean."""
    logs = [one - np.logaddexp.reduce(one, axis=-1, keepdims=True) for one in outputs]
    return np.asarray(np.logaddexp.reduce(logs, axis=0) - np.log(len(outputs)))


def _mean_logits(outputs: Sequence[Floats]) -> Floats:
    """Log odds of mean sigmoid probabilities."""
    yes = np.logaddexp.reduce([-np.logaddexp(0.0, -one) for one in outputs], axis=0)
    no = np.logaddexp.reduce([-np.logaddexp(0.0, one) for one in outputs], axis=0)
    return np.asarray(yes - no)
