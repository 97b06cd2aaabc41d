"""Splits in which no group lies in two parts."""

from __future__ import annotations

import numpy as np

from advisor.data.values import Array


def deal_groups(groups: Array, labels: Array, wanted: Array, random: np.random.Generator) -> Array:
    """(n,) the part of each example; examples of one group share it.

    `wanted` (parts,) are the shares, which sum to 1. Groups are dealt out from the largest, in
    random order among equals, each to the part where it leaves the sizes of parts, and of every
    class in them, nearest to what is wanted (least sum of squares relative to what is wanted).
    No part stays empty while there are as many groups as parts.
    """
    names, of_row = np.unique(groups, return_inverse=True)
    counts = np.zeros((len(names), int(labels.max()) + 1))
    np.add.at(counts, (of_row, labels), 1)
    order = random.permutation(len(names))
    order = order[np.argsort(-counts[order].sum(axis=1), kind="stable")]
    if counts.shape[1] > 1:  # the whole group counts as one class more
        counts = np.hstack([counts.sum(axis=1, keepdims=True), counts])
    goal = np.outer(wanted, counts.sum(axis=0))
    dealt, part = np.zeros_like(goal), np.zeros(len(names), dtype=np.int64)
    empty = set(range(len(wanted)))
    for number, group in enumerate(order):
        costs = (counts[group] * (counts[group] + 2 * (dealt - goal)) / goal).sum(axis=1)
        if len(empty) >= len(names) - number:
            costs[[each for each in range(len(wanted)) if each not in empty]] = np.inf
        part[group] = chosen = int(np.argmin(costs))
        empty.discard(chosen)
        dealt[chosen] += counts[group]
    return np.asarray(part[of_row.reshape(-1)])
