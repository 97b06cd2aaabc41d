"""From the text of a recipe file and its overrides to a recipe."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path as FilePath
from typing import Any, get_args

from pydantic import ValidationError

from advisor import yaml_lines
from advisor.recipe import Recipe, Task, default_loss
from advisor.recipe.models import implied_kind
from advisor.recipe_file.faults import explained
from advisor.recipe_file.fields import DEFAULT_KINDS, Path, node_at, shorthands
from advisor.recipe_file.overrides import Override, apply, parse_overrides
from advisor.recipe_file.problems import Problem, RecipeError
from advisor.text import counted

PATHS: Sequence[tuple[str, str, tuple[str, ...]]] = (
    ("data", "source", ("npz", "csv", "parquet", "images", "text", "memmap", "python")),
    ("transfer", "weights", ()),
    ("model", "torch", ()),
    ("model", "jax", ()),
)
"""Fields that hold a path, with the schemes before it where there are any."""
MOST_BYTES = 100_000
"""A recipe has a few kilobytes; the limit keeps a wrong file from being parsed for minutes."""


def read(path: str | FilePath, overrides: Sequence[str] = (), *, to_tune: bool = False) -> Recipe:
    """The recipe in a file, changed by overrides such as `optimizer.lr=0.1`. Raises RecipeError,
    with `to_tune` also for a budget that no training fits into.

    A relative path in `data.source` starts at the recipe's folder; in an override, at the
    current one.
    """
    name = str(path)
    try:
        with open(path, "rb") as file:
            content = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise RecipeError([Problem(name, None, "", f"cannot be read: {reason}")]) from error
    if len(content) > MOST_BYTES:
        found = f"longer than {MOST_BYTES:,} bytes; is this a recipe?"
        raise RecipeError([Problem(name, None, "", found)])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise RecipeError([Problem(name, line, "", "not UTF-8 text")]) from error
    return _parsed(text, name, overrides, FilePath(path).parent, to_tune)


def parse(text: str, name: str = "<recipe>", overrides: Sequence[str] = ()) -> Recipe:
    """The recipe in a text; `name` stands for the file in messages. Raises RecipeError."""
    if len(text) > MOST_BYTES:
        found = f"longer than {MOST_BYTES:,} characters; is this a recipe?"
        raise RecipeError([Problem(name, None, "", found)])
    return _parsed(text, name, overrides, None)


def _parsed(
    text: str,
    name: str,
    overrides: Sequence[str],
    folder: FilePath | None,
    to_tune: bool = False,
) -> Recipe:
    changes = parse_overrides(overrides)
    try:
        document = yaml_lines.read(text)
    except yaml_lines.YamlError as error:
        raise RecipeError([Problem(name, error.line, "", str(error))]) from error
    raw = document.content
    for change in changes:
        apply(raw, change)
    _fill(raw)
    _anchor_paths(raw, changes, folder)

    def place(path: Path) -> tuple[str, int | None]:
        by = _responsible(changes, path)
        return (by.label, None) if by else (name, document.line(path))

    try:
        recipe = Recipe.model_validate_json(json.dumps(raw, default=str))
    except ValidationError as error:
        raise RecipeError(explained(error, raw, place)) from error
    if to_tune and (found := _too_little(recipe)):
        path = ("tune", "budget")
        least = f"{recipe.train.epochs}e or more, 1t or more, or minutes, such as 10m"
        raise RecipeError([Problem(*place(path), ".".join(path), found, least)])
    return recipe


def _too_little(recipe: Recipe) -> str:
    """What is wrong with a budget below one training; empty where nothing is. What minutes come
    to is not known before."""
    limit, unit, epochs = recipe.tune.budget[:-1], recipe.tune.budget[-1], recipe.train.epochs
    if unit != "e" or int(limit) >= epochs:
        return ""
    return f"{recipe.tune.budget} is less than one training ({counted(epochs, 'epoch')})"


def _responsible(changes: Sequence[Override], path: Path) -> Override | None:
    """The last override of this field, of a section around it, or of its kind."""
    for change in reversed(changes):
        if path[: len(change.path)] == change.path or (*path, "kind") == change.path:
            return change
    return None


def _fill(raw: dict[str, Any]) -> None:
    """Write out the shorthands: `loss: mse`, a section left empty, a kind left to its default."""
    for section in list(raw):
        node = node_at((section,), {}) or {}
        if raw[section] is None and ("oneOf" in node or node.get("type") == "object"):
            raw[section] = {}
        if section in shorthands() and isinstance(raw[section], str):
            raw[section] = {"kind": raw[section]}
        if section == "model":
            raw[section] = implied_kind(raw[section])
        if isinstance(raw[section], dict) and "kind" not in raw[section]:
            if section == "loss" and raw.get("task") in get_args(Task):
                raw[section]["kind"] = default_loss(raw["task"]).kind
            elif section in DEFAULT_KINDS:
                raw[section]["kind"] = DEFAULT_KINDS[section]


def _anchor_paths(
    raw: Mapping[str, Any], changes: Sequence[Override], folder: FilePath | None
) -> None:
    """Make relative paths absolute, so that the recipe means the same from any folder."""
    for section, name, prefixes in PATHS:
        inner = raw.get(section)
        value = inner.get(name) if isinstance(inner, dict) else None
        base = FilePath.cwd() if _responsible(changes, (section, name)) else folder
        if not isinstance(inner, dict) or not isinstance(value, str) or base is None:
            continue
        prefix, rest = "", value
        if prefixes:
            scheme, _, rest = value.partition(":")
            if scheme not in prefixes:
                continue
            prefix = f"{scheme}:"
        if rest:
            inner[name] = f"{prefix}{os.path.abspath(base / os.path.expanduser(rest))}"
