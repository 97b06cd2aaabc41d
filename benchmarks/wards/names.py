"""The symptoms that cases may expect, whether or not a detector for each exists yet."""

from __future__ import annotations

DATA = (
    "unnormalized_input",
    "invalid_data",
    "dead_features",
    "class_imbalance",
    "conflicting_labels",
    "leakage",
    "target_leakage",
    "target_outliers",
    "split_mismatch",
    "validation_too_small",
    "unshuffled_batches",
    "unlearnable_labels",
)
CONTRACT = (
    "output_contract",
    "loss_floor",
    "wrong_sign",
    "one_batch_not_fitted",
    "input_ignored",
    "batch_mixing",
    "mode_mismatch",
    "nondeterminism",
    "unchanged_parameters",
    "gradients_not_cleared",
    "loss_not_cross_entropy",
    "missing_nonlinearity",
    "symmetric_initialization",
    "weaker_than_linear",
)
TRAINING = (
    "non_finite",
    "out_of_memory",
    "divergence",
    "no_learning",
    "not_better_than_chance",
    "prediction_collapse",
    "initial_loss_off",
    "poor_initialization",
    "vanishing_gradients",
    "exploding_gradients",
    "dead_units",
    "saturated_units",
    "layer_imbalance",
    "slow_learning",
    "update_ratio_low",
    "update_ratio_high",
    "loss_oscillation",
    "loss_spikes",
    "clipping_overload",
    "warmup_needed",
    "warmup_too_long",
    "decay_too_early",
    "still_improving",
    "stopped_too_early",
    "budget_too_long",
    "suspicious_values",
    "precision_underflow",
    "batch_too_small",
    "batch_too_large",
    "batch_norm_small_batch",
    "input_bound",
    "training_plateau",
    "validation_plateau",
)
GENERALISATION = (
    "underfitting",
    "overfitting",
    "overtraining",
    "over_regularized",
    "regularization_overwhelms",
    "train_below_validation",
    "loss_metric_disagree",
    "overconfidence",
    "late_variance",
)
NAMES = frozenset((*DATA, *CONTRACT, *TRAINING, *GENERALISATION))

FIRST = frozenset(
    (
        "invalid_data",
        "leakage",
        "target_leakage",
        "unshuffled_batches",
        "unlearnable_labels",
        "output_contract",
        "loss_floor",
        "wrong_sign",
        "input_ignored",
        "batch_mixing",
        "mode_mismatch",
        "unchanged_parameters",
        "gradients_not_cleared",
    )
)
"""While one of these is open nothing else may be tried (rulebook 3.1), and only a person can
mend them."""

FAILS = (
    "no_learning",
    "not_better_than_chance",
    "prediction_collapse",
    "underfitting",
    "weaker_than_linear",
    "training_plateau",
)
"""Truthful of any training that did not learn, whatever the cause: never counted as wrong there."""
UNSTABLE = (
    "non_finite",
    "divergence",
    "loss_oscillation",
    "loss_spikes",
    "exploding_gradients",
    "update_ratio_high",
)
"""What steps that are too large look like."""
TIMID = ("slow_learning", "update_ratio_low", "still_improving")
"""What steps that are too small look like."""
HELD_DOWN = ("over_regularized", "underfitting", "regularization_overwhelms")
"""What too much regularisation looks like."""
