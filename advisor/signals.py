"""What a training may tell of itself. A log that somebody else's loop wrote tells less, and what
it does not tell must never be taken for a measurement."""

from __future__ import annotations

from collections.abc import Collection, Mapping

SIGNALS: Mapping[str, str] = {
    "steps": "the training loss of each step",
    "grad_norm": "gradient norms",
    "lr": "learning rates",
    "layers": "gradients, weights and updates layer by layer",
    "activations": "outputs of the activation layers",
    "gradient_kept": "whether gradients are cleared between steps",
    "wait_seconds": "how long the loop waits for its batches",
    "train_loss": "the training loss in evaluation mode",
    "train_metric": "a training metric",
    "validation_loss": "a validation loss",
    "validation_metric": "a validation metric",
    "predicted_share": "how often each class is predicted",
    "initial_loss": "the loss of the untrained model",
    "chance_loss": "what ignoring the input would cost",
    "chance_metric": "what ignoring the input would score",
    "steps_per_epoch": "the steps of an epoch",
    "total_steps": "how long the training was meant to be",
    "batch_size": "the batch size",
    "train_examples": "the number of training examples",
    "validation_examples": "the number of validation examples",
    "class_shares": "how frequent each class is",
    "inputs": "the inputs",
    "recipe": "the recipe: model, initialisation, optimiser, schedule and regularisation",
    "preflight": "checks before the training",
}
"""Name -> what it is, for people."""


def in_words(names: Collection[str]) -> str:
    """The signals of these names, in a list for people."""
    return ", ".join(words for name, words in SIGNALS.items() if name in names)
