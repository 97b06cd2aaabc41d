"""What to do first about a symptom that no rule speaks to: mostly faults that no field of a recipe
can mend, and some whose cause must be found before anything is changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Remedy:
    """Sentences for people."""

    first: str
    expect: str
    unless: str = ""
    rate: int = 0
    """1 where it raises the learning rate, -1 where it lowers it"""


REMEDIES: Mapping[str, Remedy] = {
    # data and contract
    "invalid_data": Remedy(
        "Find the examples with NaN, infinite or impossible values and mend or leave them out.",
        "The loss becomes finite, or stops being dragged along by a few examples.",
    ),
    "dead_features": Remedy(
        "Look at why these inputs never vary; leave them out if they cannot.",
        "Fewer weights that learn nothing; seldom a better metric.",
    ),
    "conflicting_labels": Remedy(
        "Look at the examples that occur with several labels, and settle which is right.",
        "The training loss can fall further.",
    ),
    "target_leakage": Remedy(
        "Take the answer out of the inputs: shift the targets by one token, or drop the column.",
        "A lower score, which is the true one.",
        "copying is the task",
    ),
    "target_outliers": Remedy(
        "Look at the farthest targets; then train on a robust loss (Huber, absolute error), or on "
        "their logarithm.",
        "The usual examples are fitted, and single batches no longer decide.",
        "the farthest targets are the ones that matter",
    ),
    "leakage": Remedy(
        "Split anew, so that no example or group is on both sides, and forget the scores so far.",
        "A lower validation score, which is the true one.",
    ),
    "split_mismatch": Remedy(
        "Split anew, stratified by class, or by time or group where that is how data will come.",
        "Validation that speaks for what will be predicted.",
    ),
    "unlearnable_labels": Remedy(
        "Look at a hundred examples with their labels: are they shuffled against each other?",
        "With labels that belong to the inputs, the training loss falls below chance's.",
    ),
    "output_contract": Remedy(
        "Let the model return raw outputs; the loss takes softmax or sigmoid itself.",
        "The loss can fall to zero.",
        "the loss is one of your own that wants probabilities",
    ),
    "loss_floor": Remedy(
        "Check that inputs reach the outputs (a shape, a detached tensor, units that are all "
        "dead) and that the optimiser holds the model's parameters; then try a rate 10 times "
        "lower.",
        "The loss falls below what ignoring the input costs.",
        "the number of classes is another one",
    ),
    "loss_not_cross_entropy": Remedy(
        "Train on cross-entropy of raw outputs, as the mean over the examples: squared error of "
        "probabilities hardly moves a model that is surely wrong. If it is that, look whether the "
        "accuracy is counted right.",
        "Larger gradients where the model is wrong, and a faster start.",
        "the loss is focal, weighs classes or is divided on purpose",
    ),
    "input_ignored": Remedy(
        "Follow one example through the model: where do two different inputs become the same?",
        "The loss falls below what ignoring the input costs.",
    ),
    "batch_mixing": Remedy(
        "Look for a reshape or a reduction over the first axis, which belongs to the examples.",
        "Scores no longer depend on the company that an example is in.",
    ),
    "mode_mismatch": Remedy(
        "Switch to evaluation mode before validating and back before training.",
        "Validation is as good as the model is.",
    ),
    "unchanged_parameters": Remedy(
        "Check that the optimiser was given these parameters and that their gradients are not "
        "stopped.",
        "All layers learn.",
        "they are frozen on purpose",
    ),
    "gradients_not_cleared": Remedy(
        "Clear the gradients before each backward pass.",
        "Steps follow the last batch, and the rate means what it says.",
        "gradients are accumulated on purpose",
    ),
    "wrong_sign": Remedy(
        "Check the sign of the loss, and that the metric compares what it should.",
        "Loss and metric improve together.",
    ),
    "unshuffled_batches": Remedy(
        "Shuffle the training examples anew in each epoch.",
        "The loss no longer repeats itself with the epochs.",
        "the order means something, or batches are grouped by length",
    ),
    "poor_initialization": Remedy(
        "Initialise for the activation: Kaiming for ReLU, Xavier for tanh.",
        "Outputs of all layers are of one scale, and the loss falls from the first steps.",
    ),
    "one_batch_not_fitted": Remedy(
        "Train on 2 to 20 examples without regularisation until it works; nothing else is worth "
        "trying before.",
        "The loss of one batch goes to zero.",
    ),
    # numbers
    "non_finite": Remedy(
        "Divide the learning rate by ten; if it still happens, look for a logarithm or a division "
        "of 0 in the loss.",
        "Every loss is finite.",
        rate=-1,
    ),
    "hidden_non_finite": Remedy(
        "Set logging_nan_inf_filter=False and train again, in float32 or with the rate divided by "
        "ten, to see the first step at which the loss is NaN.",
        "The log shows what happens; nothing that was logged since can be believed.",
        "the loss truly is 0 there",
    ),
    "divergence": Remedy(
        "Divide the learning rate by ten, and clip the gradient norm.",
        "The loss falls and stays down.",
        rate=-1,
    ),
    "loss_spikes": Remedy(
        "Clip the gradient norm at its 90th percentile.",
        "Spikes become rare or small.",
        "they come back by themselves and cost nothing",
    ),
    # no learning
    "no_learning": Remedy(
        "Check that labels belong to inputs and that the optimiser holds the parameters; then try "
        "rates 10 times higher and lower.",
        "The loss falls within some hundred steps.",
    ),
    "not_better_than_chance": Remedy(
        "Fit 20 examples without regularisation first: a model that cannot is broken.",
        "The metric leaves chance behind by more than its noise.",
    ),
    "prediction_collapse": Remedy(
        "Take the learning rate from a range test: one far too low and one far too high both end "
        "like this. With rare classes weigh them in the loss.",
        "Predictions spread over the classes.",
        "one class truly holds nearly all examples",
    ),
    "weaker_than_linear": Remedy(
        "Find out why: scale of the inputs, learning rate, too much regularisation.",
        "At least what a linear model reaches.",
    ),
    # signal flow
    "initial_loss_off": Remedy(
        "Scale down the last layer's initial weights, and standardise inputs and targets.",
        "The first loss is that of knowing nothing, and the first steps are not wasted.",
    ),
    "vanishing_gradients": Remedy(
        "Use ReLU with Kaiming initialisation, normalisation or residual links.",
        "Early layers learn as well as late ones.",
    ),
    "exploding_gradients": Remedy(
        "Clip the gradient norm at its 90th percentile.", "No single batch undoes the others."
    ),
    "layer_imbalance": Remedy(
        "Look at the layer that moves least: its initialisation, or its own learning rate.",
        "Layers move by similar shares of their weights.",
    ),
    # step size
    "warmup_needed": Remedy(
        "Raise the rate linearly over the first 5 % of the steps.", "The early blow-up is gone."
    ),
    "update_ratio_high": Remedy(
        "Divide the learning rate by three.", "Steps of a usual size.", rate=-1
    ),
    "update_ratio_low": Remedy("Triple the learning rate.", "The loss falls faster.", rate=1),
    "slow_learning": Remedy(
        "Triple the learning rate, again if it helps.", "The loss falls faster at once.", rate=1
    ),
    "loss_oscillation": Remedy(
        "Divide the learning rate by three.", "The loss falls instead of swinging.", rate=-1
    ),
    "training_plateau": Remedy(
        "Lower the rate by three to ten times from here on.", "A further step down.", rate=-1
    ),
    "validation_plateau": Remedy(
        "Lower the rate from here on; if training goes on falling, regularise.",
        "Validation improves again, or training could have ended here.",
        rate=-1,
    ),
    "decay_too_early": Remedy(
        "Let the decay last as long as the training.", "The loss goes on falling to the end."
    ),
    "warmup_too_long": Remedy(
        "Shorten the warm-up to 5 % of the steps.", "More steps at the full rate."
    ),
    "budget_too_long": Remedy(
        "Train for a fraction of the epochs, with the decay shortened alike.",
        "The same score sooner.",
    ),
    "stopped_too_early": Remedy(
        "Give early stopping more patience.", "The run ends where it no longer improves."
    ),
    "still_improving": Remedy("Train half as long again.", "A better score for more time."),
    "suspicious_values": Remedy(
        "Go back to the usual value unless there is a reason for this one.",
        "Often nothing; sometimes everything.",
    ),
    "precision_underflow": Remedy(
        "Use bfloat16, or float16 with loss scaling; keep weights in float32.",
        "Small gradients are no longer lost.",
    ),
    # batch and speed
    "input_bound": Remedy(
        "Load and prepare data in more workers, or once in advance.", "The device no longer waits."
    ),
    # capacity and generalisation
    "missing_nonlinearity": Remedy(
        "Put an activation, such as ReLU, after each layer but the last.",
        "The model can learn what no linear model can.",
        "a linear model is what is wanted",
    ),
    "underfitting": Remedy(
        "Take regularisers away first; then train longer or with a larger model.",
        "The training score rises, and validation with it.",
        "the labels are noisy, so that no model could fit them",
    ),
    "over_regularized": Remedy(
        "Halve dropout, decay and augmentation.", "Training and validation both rise."
    ),
    "regularization_overwhelms": Remedy(
        "Divide the penalty by ten.", "The weights follow the data again."
    ),
    "overfitting": Remedy(
        "Regularise, one step at a time: augmentation for images, dropout for dense layers, "
        "weight decay.",
        "The gap shrinks and validation rises.",
        "validation still improves, or it underfits at the same time",
    ),
    "overtraining": Remedy(
        "Keep the weights of the best evaluation, and stop there.",
        "The best score so far, for less time.",
        "only the loss rises and the metric does not fall",
    ),
    "train_below_validation": Remedy(
        "Measure the training score in evaluation mode; if it stays below, look for a leak or an "
        "easier validation split.",
        "An explanation.",
    ),
    "overconfidence": Remedy(
        "Choose weights by the metric; smooth the labels, or fit a temperature on validation.",
        "Probabilities that mean what they say.",
    ),
    "late_variance": Remedy(
        "Lower the rate towards the end, or average the last weights.",
        "The score no longer depends on where one stops.",
        rate=-1,
    ),
    "loss_metric_disagree": Remedy(
        "Choose weights by the metric, and look for a loss that is closer to it.",
        "What is optimised is what is judged.",
    ),
    # evaluation
    "validation_too_small": Remedy(
        "Validate on more examples, over several splits, or compare over several seeds.",
        "Small differences can be told from luck.",
    ),
    "nondeterminism": Remedy(
        "Seed everything; judge differences over several seeds.", "Runs that can be compared."
    ),
}
