"""Consent to run code that a recipe names: asked once for each folder, kept for the user."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

from advisor.files import write_text
from advisor.recipe import Own, Recipe


class UntrustedError(ValueError):
    """A recipe names code in a folder that the user has not agreed to. For the user."""


def trust_file() -> Path:
    """`$ADVISOR_CONFIG/trusted.json`, else in the user's folder of settings."""
    own = os.environ.get("ADVISOR_CONFIG")
    if own:
        return Path(own).expanduser() / "trusted.json"
    from platformdirs import user_config_path

    return user_config_path("advisor", appauthor=False) / "trusted.json"


def code_files(recipe: Recipe) -> list[Path]:
    """The files of code that the recipe names."""
    references = []
    if isinstance(recipe.model, Own):
        references += [each for each in (recipe.model.torch, recipe.model.jax) if each]
    if recipe.data.scheme == "python":
        references.append(recipe.data.source.partition(":")[2])
    return [Path(each.rpartition(":")[0]) for each in references]


def check(recipe: Recipe) -> None:
    """Raise UntrustedError unless all code that the recipe names lies in trusted folders."""
    known = trusted_folders()
    for file in code_files(recipe):
        place = file.resolve()
        if not place.is_file():
            raise UntrustedError(f"the recipe names code in {file}, where there is no file")
        if not any(place.is_relative_to(folder) for folder in known):
            raise UntrustedError(
                f"the recipe names code that would run: {file}\n"
                f"Read it; then agree once for its folder with: advisor trust {place.parent}\n"
                f"or for this time only with: --trust"
            )


def trusted_folders() -> list[Path]:
    """The folders that the user has agreed to; what is in them is trusted, at any depth."""
    try:
        content = json.loads(trust_file().read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise UntrustedError(
            f"{trust_file()} cannot be read: {error}; mend or delete it"
        ) from error
    if not isinstance(content, list) or not all(isinstance(each, str) for each in content):
        raise UntrustedError(f"{trust_file()} is not a list of folders; mend or delete it")
    return [Path(each) for each in content]


def trust(folder: Path) -> None:
    """Agree to all code in this folder. Raises UntrustedError for what is no folder."""
    if not folder.is_dir():
        raise UntrustedError(f"{folder} is not a folder")
    place = folder.resolve()
    _keep([*(each for each in trusted_folders() if each != place), place])


def distrust(folder: Path) -> bool:
    """Take the consent back; says whether there was one."""
    place, known = folder.resolve(), trusted_folders()
    _keep([each for each in known if each != place])
    return place in known


def _keep(folders: Sequence[Path]) -> None:
    file = trust_file()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_text(file, json.dumps([str(folder) for folder in folders], indent=1) + "\n")
    except OSError as error:
        raise UntrustedError(f"{file} cannot be written: {error.strerror}") from error
