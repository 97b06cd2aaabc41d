"""Losses and metrics from raw outputs, in NumPy, one definition for every backend.

`outputs` are raw model outputs, (n, outputs), or (n, time, outputs) for language_model; `targets`
are (n,), (n, labels) for multilabel and (n, time) for language_model. For regression both are
standardised, and `scale` (the training targets' deviation) turns errors into the data's units.
"""

from advisor.metrics.chance import chance_outputs
from advisor.metrics.combining import combined
from advisor.metrics.gains import gains, influences
from advisor.metrics.losses import example_losses
from advisor.metrics.ranking import area_variance
from advisor.metrics.scores import oriented, predicted_classes, score

__all__ = [
    "area_variance",
    "chance_outputs",
    "combined",
    "example_losses",
    "gains",
    "influences",
    "oriented",
    "predicted_classes",
    "score",
]
