"""What the loss is given is not what it expects, or the loop itself is wrong: for a person."""

from __future__ import annotations

from typing import Any

from wards.case import Case
from wards.moves import down, up
from wards.names import FAILS, TIMID, UNSTABLE
from wards.twins import own

_RATES = (*up("optimizer.lr"), *down("optimizer.lr"))
_ANY = (*FAILS, *TIMID, "one_batch_not_fitted")


def _model(fault: str) -> dict[str, Any]:
    return {"model": own("Plain", fault=fault)}


CASES = (
    Case(
        "5",
        "softmax before a loss that applies it",
        "digits-own",
        _model("softmax"),
        causes=("output_contract", "loss_floor"),
        also=_ANY,
        must_not=_RATES,
    ),
    Case(
        "10",
        "squared error on softmax outputs",
        "digits",
        loop="mse_of_softmax",
        causes=("loss_not_cross_entropy", "output_contract", "slow_learning"),
        also=(*_ANY, "initial_loss_off"),
    ),
    Case(
        "21",
        "examples sorted by class, never shuffled",
        "digits",
        loop="unshuffled",
        causes=("unshuffled_batches", "loss_oscillation"),
        also=(*UNSTABLE, *_ANY, "still_improving"),
    ),
    Case(
        "31",
        "the loss has the wrong sign",
        "digits",
        loop="wrong_sign",
        causes=("wrong_sign", "output_contract"),
        also=(*UNSTABLE, *_ANY, "late_variance"),
    ),
    Case(
        "39",
        "targets around 50, not standardised",
        "friedman",
        loop="raw_targets",
        causes=("initial_loss_off",),
        also=(*UNSTABLE, *_ANY, "still_improving"),
    ),
    Case(
        "41",
        "ReLU on the output of a regression",
        "friedman-own",
        _model("relu"),
        causes=("output_contract",),
        also=(*_ANY, "dead_units", "loss_floor"),
        must_not=_RATES,
    ),
    Case(
        "42",
        "sigmoid on the output of a regression",
        "friedman-own",
        _model("sigmoid"),
        causes=("output_contract",),
        also=(*_ANY, "loss_floor"),
        must_not=_RATES,
    ),
    Case(
        "43",
        "predictions (n, 1) against targets (n,)",
        "friedman",
        loop="broadcast",
        causes=("output_contract", "loss_floor", "no_learning"),
        also=(*_ANY, *UNSTABLE),
    ),
    Case(
        "45",
        "linear activations everywhere",
        "spirals-own",
        _model("linear"),
        causes=("missing_nonlinearity", "underfitting"),
        also=(*_ANY, "validation_plateau"),
    ),
    Case(
        "48",
        "the optimiser was not given the last layer",
        "digits",
        loop="head_not_trained",
        causes=("unchanged_parameters",),
        also=(*_ANY, "layer_imbalance"),
    ),
    Case(
        "49",
        "gradients are never zeroed",
        "digits",
        loop="gradients_kept",
        causes=("gradients_not_cleared", "exploding_gradients", "loss_oscillation"),
        also=(*UNSTABLE, *_ANY, "late_variance", "layer_imbalance"),
    ),
    Case(
        "50",
        "batch statistics in evaluation too",
        "shapes-own",
        _model("batch_statistics"),
        causes=("mode_mismatch", "batch_mixing"),
        also=("nondeterminism", "overfitting", "overtraining"),
    ),
    Case(
        "51",
        "dropout stays on in evaluation",
        "digits-own",
        _model("dropout_always"),
        causes=("mode_mismatch", "nondeterminism"),
        also=("batch_mixing", "late_variance", "underfitting", "loss_metric_disagree"),
    ),
    Case(
        "54",
        "each batch is waited for",
        "digits",
        loop="slow_input",
        causes=("input_bound",),
        also=("still_improving",),
    ),
    Case(
        "63",
        "one output for ten classes",
        "digits-own",
        _model("one_output"),
        refusal="output",
    ),
    Case(
        "70",
        "a language model whose targets are its own inputs",
        "chain",
        {
            "data.source": "python:unshifted.py:examples",
            "data.validation": 0.2,
        },
        causes=("target_leakage", "batch_mixing", "leakage"),
        also=("output_contract",),
        cure=False,
    ),
    Case(
        "76",
        "logits into a loss for log-probabilities",
        "digits",
        loop="likelihood_of_logits",
        causes=("output_contract", "wrong_sign", "non_finite"),
        also=(*UNSTABLE, *_ANY),
    ),
    Case(
        "77",
        "softmax over a single unit",
        "table2-own",
        _model("one_unit"),
        causes=("output_contract", "input_ignored", "no_learning"),
        also=(*_ANY, "prediction_collapse", "unchanged_parameters"),
        must_not=_RATES,
    ),
)
