"""What facts are called where conditions are told in words."""

from __future__ import annotations

from collections.abc import Mapping

from advisor.facts import VOCABULARY
from advisor.symptoms import DETECTORS

NAMES: Mapping[str, str] = {
    "lr": "learning rate",
    "l1": "L1 penalty",
    "l2": "L2 penalty",
    "grad_norm": "gradient norm",
    "grad_norm_p90": "90th percentile of the gradient norm",
    "train_val_gap": "lead of training over validation",
    "last_train_val_gap": "last lead of training over validation",
    "suggested_lr": "the rate of a range test",
    "handover_at": "handover to SGD",
    "average": "an average of the weights",
    "units": "units of a layer",
    "order": "order of normalization",
    "head": "head of the convolutions",
}
"""Facts whose names alone say little."""
FLAGS: Mapping[str, tuple[str, str]] = {
    "residual": ("the model has residual links", "the model has no residual links"),
    "nesterov": ("momentum is Nesterov's", "momentum is not Nesterov's"),
    "augment_flip": ("flip augmentation is on", "flip augmentation is off"),
    "image": ("the inputs are images", "the inputs are no images"),
    "weighted_loss": ("the loss weighs classes", "the loss weighs no classes"),
    "residual_links": ("the model adds inputs to outputs", "the model adds no inputs to outputs"),
    "links_would_fit": ("residual links would fit", "residual links would not fit"),
    "tokens": ("the inputs are texts of tokens", "the inputs are no texts of tokens"),
    "output_shape_fits": ("the outputs are as many as needed", "the outputs are too many or few"),
    "outputs_finite": ("the outputs are finite", "the outputs are not finite"),
    "repeatable": ("two starts take the same steps", "two starts take different steps"),
    "overfits_sample": ("a sample was learned by heart", "a sample was not learned by heart"),
    "one_batch_fitted": ("one batch was learned by heart", "one batch was not learned by heart"),
}
"""Facts that hold or do not: what to say if they do, and if not."""
UNITS = ("units", "layers", "examples", "steps", "pixels", "columns", "classes", "standard errors")
"""Of facts, said behind their numbers."""
VALUES: Mapping[str, str] = {
    "own": "one of your own",
    "mlp": "an MLP",
    "cnn": "a CNN",
    "resnet": "a ResNet",
    "rnn": "an RNN",
    "transformer": "a transformer",
}


def name_of(name: str) -> str:
    """A fact in a few words; a symptom as reports have it, in quotes."""
    if name.startswith("augment_"):
        return f"{name.removeprefix('augment_')} augmentation"
    if name in DETECTORS:
        return f'"{name.replace("_", " ")}"'
    return NAMES.get(name, name.replace("_", " "))


def flag_of(name: str, holds: bool) -> str:
    """What a fact that holds or does not says."""
    if name in FLAGS:
        return FLAGS[name][0 if holds else 1]
    said = VOCABULARY[name].meaning.partition(";")[0].removeprefix("whether ")
    return said if holds else f"it is not so that {said}"


def is_or_are(name: str) -> str:
    """Names of several end in s, unless in that of a loss or a bias."""
    several = name.endswith("s") and name != "eps" and not name.endswith(("ss", "bias"))
    return "are" if several else "is"


def unit_of(name: str) -> str:
    """What to say behind a number: nothing where the name says it."""
    fact = VOCABULARY.get(name)
    unit = fact.unit if fact is not None else ""
    if unit in UNITS and name.endswith(unit):
        return ""
    return unit if unit in UNITS or unit.startswith("share") else ""
