"""What kind of inputs a training has, where its task or its recipe gives that away."""

from __future__ import annotations

from collections.abc import Mapping

from advisor.diagnosis.case import Case
from advisor.recipe import Recipe

SCHEMES: Mapping[str, bool] = {"images": True, "csv": False, "parquet": False, "text": False}
MODELS: Mapping[str, bool] = {"cnn": True, "resnet": True, "rnn": False, "transformer": False}
"""Sources and models -> whether their examples are images; the others take both."""
OF_IMAGES = ("image", "image_size", "image_channels")


def are_images(case: Case) -> bool | None:
    """None where nobody can tell."""
    if case.recipe.task == "language_model":
        return False
    return _by_recipe(case.given) if case.given is not None else None


def _by_recipe(recipe: Recipe) -> bool | None:
    scheme, _, name = recipe.data.source.partition(":")
    if scheme == "sklearn":
        return name == "digits"
    return SCHEMES.get(scheme, MODELS.get(recipe.model.kind))
