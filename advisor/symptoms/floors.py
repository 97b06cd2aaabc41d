"""Losses that stand at a value which only a wrong output layer, or none, can explain."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from advisor.history import History
from advisor.symptoms.finding import Detector, Evidence, Severity

AT = 0.005
"""Relative distance from a value within which the loss stands at it."""
NEAR = 0.1
"""The same, above a floor to which the loss is still creeping."""
TWICE = "double softmax"
"""The kind of a finding at a floor: the outputs were squeezed twice."""
LEAST_STEPS = 200
MOST_CLASSES = 1000
FELL = 0.05
"""A loss that has lost this share since its start is not pinned to where it began."""
TOO_MUCH = 2.0
"""Times the loss that its accuracy would cost a model that knows how sure it is."""


@dataclass(frozen=True)
class _Value:
    loss: float
    means: str
    floor: bool
    """whether the loss can come near it but never below, however well the model does"""
    guessed: bool = False
    """whether it rests on a number of classes that nobody told"""


def loss_floor(history: History) -> Evidence | str:
    """The training loss of the last third of the run, against the values of a few known faults.

    A floor can only come from the output layer. The loss of equal odds has many causes, which
    other symptoms name, so that it is only noted.
    """
    late = _late(history)
    if late is None or history.recipe.task == "regression":
        return f"needs {LEAST_STEPS} steps, 3 evaluations and classes or tokens"
    level, flat, lowest = late
    found = next((v for v in _values(history) if _stands(history, v, level, flat, lowest)), None)
    severity: Severity = "block" if found is not None and found.floor else "info"
    if found is None:
        return Evidence(
            False,
            {"loss": level},
            f"the training loss ends at {level:.4g}, no value that is known for a fault",
            "last third of the run",
        )
    return Evidence(
        True,
        {
            "loss": level,
            "value": found.loss,
            "means": found.means,
            **({"kind": TWICE} if found.floor else {}),
        },
        f"the training loss stands at {level:.4g}; {found.loss:.4g} is {found.means}",
        "last third of the run",
        severity,
        None if found.floor else (),
    )


def _late(history: History) -> tuple[float, bool, float] | None:
    """Median of the last third of the training losses in evaluation mode, whether they are flat
    there, and the lowest of all."""
    losses = history.train_losses
    if len(losses) < 3 or history.steps < LEAST_STEPS or not np.isfinite(losses).all():
        return None
    late = losses[-max(3, len(losses) // 3) :]
    level = float(np.median(late))
    flat = float(np.abs(late - level).max()) <= AT * abs(level)
    return level, flat, float(losses.min())


def _stands(history: History, value: _Value, level: float, flat: bool, lowest: float) -> bool:
    if value.floor:
        at = (1 - AT) * value.loss <= lowest and level <= (1 + NEAR) * value.loss
        return at and _too_good_for(history, level)
    began = history.began or math.inf
    pinned = not value.guessed or level > (1 - FELL) * began
    return flat and pinned and abs(level - value.loss) <= AT * value.loss


def _too_good_for(history: History, loss: float) -> bool:
    """Whether the training accuracy is far better than such a loss: then the outputs are squeezed.

    An honest model that is right with probability a loses at most -a ln a - (1-a) ln((1-a)/(k-1)).
    """
    if history.recipe.metric not in ("accuracy", "balanced_accuracy"):
        return False
    accuracy = min(history.evaluations[-1].train_metric, 1 - 1e-6)
    if not history.knows("train_metric") or not accuracy > 0.5:
        return False
    wrong, others = 1 - accuracy, max(_options(history) - 1, 1)
    honest = -accuracy * math.log(accuracy) - wrong * math.log(wrong / others)
    return loss > TOO_MUCH * honest


def _values(history: History) -> Iterator[_Value]:
    """What a loss may stand at, for the cross-entropies; the loss of another kind has none."""
    if history.recipe.loss.kind not in ("cross_entropy", "binary_cross_entropy"):
        return
    k = _options(history)
    if k:
        yield _Value(math.log(k), f"ln {k}, the loss of finding all classes equally likely", False)
        yield from _squeezed(history, k)
    elif history.recipe.task == "classification":
        for guess in range(2, MOST_CLASSES + 1):
            said = f"ln {guess}, what {guess} classes cost that are found equally likely"
            yield _Value(math.log(guess), said, False, guessed=True)


def _squeezed(history: History, k: int) -> Iterator[_Value]:
    if history.recipe.loss.kind == "cross_entropy":
        floor = double_softmax(k)
        said = f"the least that cross-entropy over {k} classes can reach after a second softmax"
        yield _Value(floor, said, True)
        return
    shares = history.started.data.class_shares if history.started else None
    if not shares or not history.knows("class_shares"):
        return
    positives = shares if history.recipe.task == "multilabel" else shares[1:2]
    share = float(np.mean(positives)) if positives else 0.5
    floor = share * math.log(1 + math.exp(-1)) + (1 - share) * math.log(2)
    yield _Value(floor, "the least that is possible after a second sigmoid", True)


def _options(history: History) -> int:
    """Classes to choose from, 2 for a label that is on or off; 0 when nobody told."""
    if history.recipe.task in ("binary", "multilabel"):
        return 2
    outputs = history.started.data.outputs if history.started else 0
    return outputs if outputs > 1 else 0


def double_softmax(k: int) -> float:
    """Cross-entropy of a right and certain answer whose probabilities are taken for logits."""
    return math.log(1 + (k - 1) / math.e)


DETECTORS = (
    Detector(
        name="loss_floor",
        severity="block",
        order=1,
        about="the loss stands at a value that only a wrong output layer, or none, explains",
        threshold="never below, and within 10 % of, ln(1 + (k-1)/e) or the floor of a second "
        "sigmoid, with an accuracy that should cost half of that; only noted: flat at ln k within "
        "0.5 % (where the number of classes is not told, any k up to 1000 where it began)",
        source="arithmetic of softmax and sigmoid",
        traps="label smoothing, whose floor is not in losses in evaluation mode; a loss that just "
        "happens to be there (flat runs alone are judged)",
        look=loss_floor,
        needs=("train_loss",),
    ),
)
