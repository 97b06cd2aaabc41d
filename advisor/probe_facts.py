"""The facts that probes measure: name, type, unit and meaning."""

from __future__ import annotations

from advisor.fact_fields import Type

Definition = tuple[str, Type, str, str]

RANGE_TEST: tuple[Definition, ...] = (
    (
        "suggested_lr",
        "number",
        "",
        "rate that a range test suggests; none when the test has no valid pick",
    ),
    ("lr_range_low", "number", "", "rate at which the loss of a range test starts to fall"),
    ("lr_range_high", "number", "", "rate at which the loss of a range test turns up"),
)
BATCH_SIZE: tuple[Definition, ...] = (
    (
        "knee_batch",
        "number",
        "examples",
        "first size, of 16, 32, 64 and so on, whose doubling gains less than 1.3 times the "
        "throughput; the largest that was tried where all gain",
    ),
    (
        "largest_batch",
        "number",
        "examples",
        "largest size that was tried and fits into memory with a fifth to spare; sizes well past "
        "the knee are not tried",
    ),
)
NOISE_SCALE: tuple[Definition, ...] = (
    (
        "noise_scale",
        "number",
        "examples",
        "variance of one example's gradient / square of the training set's, after a tenth of the "
        "training: far smaller batches make noisy steps, far larger ones hardly better steps",
    ),
    ("noise_scale_low", "number", "examples", "lower end of noise_scale's 95 % interval"),
    (
        "noise_scale_high",
        "number",
        "examples",
        "upper end of noise_scale's 95 % interval; none where it is open",
    ),
)
CAPACITY: tuple[Definition, ...] = (
    (
        "overfits_sample",
        "flag",
        "",
        "whether a few hundred examples could be learned by heart; none where too little was paid "
        "for to say no",
    ),
    ("sample_examples", "number", "examples", "different ones in that sample"),
    ("sample_loss", "number", "", "its lowest loss / that of ignoring the input"),
    ("sample_lr", "number", "", "rate that fitted it, or came nearest"),
)
DATA: tuple[Definition, ...] = (
    ("not_finite_share", "number", "share", "of input and target values: NaN or infinite"),
    (
        "out_of_range_share",
        "number",
        "share",
        "of labels and tokens: no whole number, negative, or beyond the classes or vocabulary",
    ),
    ("constant_share", "number", "share", "of features: the same in all training examples"),
    (
        "duplicate_feature_share",
        "number",
        "share",
        "of features: equal to an earlier one in all training examples, constant ones left out",
    ),
    ("duplicate_share", "number", "share", "of training examples: inputs that occur again"),
    (
        "conflicting_share",
        "number",
        "share",
        "of training examples: another one has the same inputs but another label",
    ),
    ("conflicting_examples", "number", "examples", "as many as conflicting_share says"),
    ("leaked_share", "number", "share", "of validation inputs: also among the training inputs"),
    ("leaked_examples", "number", "examples", "as many as leaked_share says"),
    (
        "leaked_group_share",
        "number",
        "share",
        "of the validation split's groups: also in training; none without groups",
    ),
    (
        "label_shift",
        "number",
        "share",
        "how far the targets of validation are from training's: total variation of the classes; "
        "of labels the largest difference; regression: Kolmogorov-Smirnov",
    ),
    (
        "label_shift_limit",
        "number",
        "share",
        "label_shift that about one random split in a thousand exceeds",
    ),
    ("missing_classes", "number", "classes", "in training or in validation, but not in both"),
    ("rarest_in_validation", "number", "examples", "of the rarest class on validation"),
    (
        "target_outlier_share",
        "number",
        "share",
        "of the training targets: more than 10 robust deviations from their median; regression",
    ),
    (
        "copied_target_share",
        "number",
        "share",
        "of the positions of a text: the answer is the token that is read there",
    ),
    (
        "copied_columns",
        "number",
        "columns",
        "of a table's inputs: equal to the target, up to scale and offset",
    ),
    ("linear_metric", "number", "metric", "of a ridge regression, on validation"),
    ("linear_loss", "number", "loss", "of a ridge regression, on validation; regression only"),
)
MODEL: tuple[Definition, ...] = (
    ("output_shape_fits", "flag", "", "whether there are as many outputs as the task has"),
    ("outputs_finite", "flag", "", "whether the untrained model's outputs are finite"),
    (
        "output_form",
        "text",
        "",
        "raw, or what outputs are forced into: probabilities, probabilities_over_batch, "
        "log_probabilities, zero_to_one, minus_one_to_one, never_negative, never_positive",
    ),
    (
        "unreachable_share",
        "number",
        "share",
        "of training targets: outside what outputs of output_form can be; regression only",
    ),
    ("untrained_over_prior", "number", "", "untrained loss / that of the training shares"),
    ("untrained_over_even_odds", "number", "", "untrained loss / that of outputs of 0"),
    (
        "output_spread",
        "number",
        "share",
        "deviation of the outputs over the examples / largest output; after a few steps, where "
        "the untrained model's do not depend on the input",
    ),
    (
        "random_change",
        "number",
        "deviations",
        "how much outputs change when the same examples are evaluated again",
    ),
    (
        "repeat_change",
        "number",
        "deviations",
        "how much outputs change when examples are evaluated again, in the same or another order",
    ),
    (
        "company_change",
        "number",
        "deviations",
        "how much outputs change with the other examples of a batch, in evaluation",
    ),
    (
        "future_change",
        "number",
        "deviations",
        "how much outputs change with later tokens; language_model only",
    ),
    (
        "signal_ratio",
        "number",
        "",
        "largest / smallest deviation over the examples of an activation layer, untrained",
    ),
    (
        "nonlinearity",
        "number",
        "deviations",
        "how far outputs for the mean of two inputs are from the mean of the outputs, at most, "
        "whatever the weights; 0 for an affine function",
    ),
    ("repeatable", "flag", "", "whether two starts take the same first steps, bit for bit"),
    ("repeat_difference", "number", "", "largest relative difference of their losses"),
)
ONE_BATCH: tuple[Definition, ...] = (
    (
        "one_batch_fitted",
        "flag",
        "",
        "whether one small batch could be learned by heart; none where too few steps are paid for",
    ),
    ("one_batch_examples", "number", "examples", "in that batch"),
    ("one_batch_steps", "number", "steps", "that were taken for it, at all rates together"),
    ("one_batch_loss", "number", "", "its lowest loss / that of ignoring the input"),
    ("one_batch_lr", "number", "", "rate that fitted it, or came nearest"),
)
PROBED = (*RANGE_TEST, *BATCH_SIZE, *NOISE_SCALE, *CAPACITY, *DATA, *MODEL, *ONE_BATCH)
PREFLIGHT_NAMES = tuple(name for name, *_ in (*DATA, *MODEL, *ONE_BATCH))
ONE_BATCH_NAMES = tuple(name for name, *_ in ONE_BATCH)
