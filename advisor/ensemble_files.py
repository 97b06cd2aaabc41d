"""The members of a session's ensemble on disk, and how to use them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from advisor.files import write_text
from advisor.finals_summary import ensemble
from advisor.recipe import Task
from advisor.requests import Ensemble
from advisor.state import State
from advisor.trial_files import trial_folder

PLACE, FILE = "ensemble", "ensemble.json"
FORMAT = 1

AVERAGED: dict[Task, str] = {
    "classification": "softmax probabilities",
    "language_model": "softmax probabilities of each token",
    "binary": "sigmoid probabilities",
    "multilabel": "sigmoid probabilities of each label",
    "regression": "outputs",
}


def keep(state: State, folder: Path) -> None:
    """Copy the members' weights to FOLDER/ensemble/NN.safetensors; nothing without an ensemble."""
    found = state.ensemble
    if found is None:
        return
    place = folder / PLACE
    place.mkdir(exist_ok=True)
    for name, number in zip(_names(found), found.members, strict=True):
        shutil.copyfile(trial_folder(folder, number) / "best.safetensors", place / name)
    write_text(place / FILE, json.dumps(_told(found, state), indent=2) + "\n")


def _names(found: Ensemble) -> list[str]:
    return [f"{place:02d}.safetensors" for place in range(1, len(found.members) + 1)]


def _told(found: Ensemble, state: State) -> dict[str, Any]:
    told = ensemble(found, state)
    averaged = AVERAGED[state.start.task]
    named = zip(_names(found), told["members"], strict=True)
    return {
        "format": FORMAT,
        "recipe": "best.yaml in the folder above",
        "use": "Build the recipe's model once for each file and load its weights. Predict the same "
        f"inputs with each, in evaluation mode, and take the mean of the {averaged}."
        + (" They are standardised, as the training targets were." * (averaged == "outputs")),
        **told,
        "members": [{"file": name, **member} for name, member in named],
    }
