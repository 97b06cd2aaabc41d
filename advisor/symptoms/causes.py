"""Which symptom leads to which, so that a report names the cause and what comes of it in one
breath, and what is tried first goes for the cause.

A symptom explains another only where both have fired. What leads where is mechanics (a signal that
fades leaves small gradients, which leave weights that hardly move), not statistics. Causes on the
data come first, then settings, then what they do to signals and steps, last what is seen of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

NOT_LEARNED = (
    "no_learning",
    "not_better_than_chance",
    "prediction_collapse",
    "underfitting",
    "weaker_than_linear",
    "training_plateau",
)
"""What any training shows that did not get anywhere."""
TIMID = ("slow_learning", "update_ratio_low", "still_improving")
"""What steps that are too small look like."""
WILD = (
    "non_finite",
    "divergence",
    "exploding_gradients",
    "update_ratio_high",
    "loss_oscillation",
    "loss_spikes",
    "warmup_needed",
    "late_variance",
)
"""What steps that are too large look like."""
SIGNAL = (
    "initial_loss_off",
    "poor_initialization",
    "vanishing_gradients",
    "dead_units",
    "saturated_units",
    "layer_imbalance",
)
"""How the signal fares on its way through the layers."""
SPOILED = ("dead_units", "saturated_units", "vanishing_gradients", "layer_imbalance")
"""What is left of a signal where steps, or penalties, were too large."""
LAGGING = ("overfitting", "overtraining", "overconfidence", "loss_metric_disagree")
TRAINING = (*NOT_LEARNED, *TIMID, *WILD, *SIGNAL, *LAGGING, "train_below_validation")
"""All that a training shows whose data or loss are wrong."""
CAPABILITY = ("one_batch_not_fitted", "unlearnable_labels")

LEADS_TO: Mapping[str, tuple[str, ...]] = {
    # the data and the contract of model and loss
    "invalid_data": ("output_contract", *CAPABILITY, *TRAINING),
    "target_outliers": (
        *("initial_loss_off", "split_mismatch", "train_below_validation"),
        *NOT_LEARNED,
        *WILD,
        *LAGGING,
    ),
    "output_contract": (
        *("loss_floor", "input_ignored", "unchanged_parameters", "wrong_sign"),
        *CAPABILITY,
        *TRAINING,
    ),
    "loss_not_cross_entropy": (*CAPABILITY, *NOT_LEARNED, *TIMID),
    "wrong_sign": (*CAPABILITY, *TRAINING),
    "symmetric_initialization": (
        *("input_ignored", "loss_floor", "unchanged_parameters"),
        *CAPABILITY,
        *TRAINING,
    ),
    "input_ignored": ("loss_floor", *CAPABILITY, *TRAINING),
    "loss_floor": (*CAPABILITY, *TRAINING),
    "batch_mixing": LAGGING,
    "mode_mismatch": (
        *("nondeterminism", "late_variance", "train_below_validation"),
        *("not_better_than_chance", "underfitting", "weaker_than_linear"),
        *LAGGING,
    ),
    "unchanged_parameters": (*NOT_LEARNED, *TIMID, "layer_imbalance"),
    "gradients_not_cleared": (*NOT_LEARNED, *WILD, *SIGNAL),
    "unshuffled_batches": (*NOT_LEARNED, *WILD, "dead_units", "train_below_validation"),
    "unlearnable_labels": (*NOT_LEARNED, *LAGGING),
    "conflicting_labels": ("underfitting", "training_plateau", *LAGGING),
    "split_mismatch": (*LAGGING, "train_below_validation"),
    "unnormalized_input": (*NOT_LEARNED, *TIMID, *WILD, *SIGNAL),
    # settings
    "clipping_overload": (*NOT_LEARNED, *TIMID),
    "warmup_too_long": (*NOT_LEARNED, *TIMID),
    "decay_too_early": (*NOT_LEARNED, *TIMID),
    "stopped_too_early": (*NOT_LEARNED, *TIMID),
    "batch_norm_small_batch": (
        *NOT_LEARNED,
        *WILD,
        *SIGNAL,
        *LAGGING,
        "train_below_validation",
    ),
    "regularization_overwhelms": (
        *NOT_LEARNED,
        *TIMID,
        *SIGNAL,
        "over_regularized",
        "update_ratio_high",
    ),
    "over_regularized": (*NOT_LEARNED, *TIMID, "train_below_validation"),
    "missing_nonlinearity": (*NOT_LEARNED, "one_batch_not_fitted"),
    "class_imbalance": (
        *("prediction_collapse", "not_better_than_chance", "loss_metric_disagree"),
    ),
    # signals and steps
    "poor_initialization": (*NOT_LEARNED, *TIMID, *WILD, *SIGNAL),
    "initial_loss_off": (*NOT_LEARNED, *TIMID, *WILD, "dead_units"),
    "warmup_needed": (*NOT_LEARNED, "loss_spikes", "exploding_gradients", "dead_units"),
    "update_ratio_high": (*NOT_LEARNED, *WILD, "dead_units", "saturated_units"),
    "non_finite": (*NOT_LEARNED, *TIMID, *WILD, *SPOILED, *LAGGING),
    "divergence": (*NOT_LEARNED, *TIMID, *WILD, *SPOILED, *LAGGING),
    "saturated_units": (*NOT_LEARNED, *TIMID, "vanishing_gradients", "layer_imbalance"),
    "dead_units": (*NOT_LEARNED, *TIMID, "vanishing_gradients", "layer_imbalance"),
    "vanishing_gradients": (*NOT_LEARNED, *TIMID, "layer_imbalance"),
    "exploding_gradients": (*NOT_LEARNED, "loss_oscillation", "loss_spikes", "late_variance"),
    "late_variance": ("loss_oscillation", "loss_spikes"),
    "loss_oscillation": ("training_plateau", "underfitting"),
    # what is seen of it
    "one_batch_not_fitted": (*NOT_LEARNED, *TIMID),
    "update_ratio_low": (*NOT_LEARNED, "slow_learning", "still_improving"),
    "slow_learning": (*NOT_LEARNED, "still_improving"),
    "batch_too_large": (
        *("not_better_than_chance", "prediction_collapse", "underfitting"),
        *("weaker_than_linear", "still_improving"),
    ),
    "no_learning": NOT_LEARNED,
    "not_better_than_chance": NOT_LEARNED,
    "underfitting": ("weaker_than_linear", "training_plateau"),
    "overfitting": ("overtraining", "overconfidence", "validation_plateau"),
    "overtraining": ("overconfidence", "validation_plateau"),
}
"""By symptom. Where two could explain each other the one further up does: see `leads_to`."""

_PLACE = {name: place for place, name in enumerate(LEADS_TO)}


def leads_to(symptom: str, told: Iterable[str] | None = None) -> tuple[str, ...]:
    """What a symptom can explain. `told`: what its evidence says instead of the table, as where
    it depends on which value it is. Nothing explains what stands before it in the table."""
    place = _PLACE.get(symptom, -1)
    reached = LEADS_TO.get(symptom, ()) if told is None else tuple(told)
    return tuple(name for name in reached if _PLACE.get(name, len(_PLACE)) > place)
