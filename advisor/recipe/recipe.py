"""The recipe as a whole: its sections, what they demand of each other, and how it is changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import Field, ValidationInfo, field_validator, model_validator

from advisor.recipe.data import Data
from advisor.recipe.fit import MAPPINGS, misfits
from advisor.recipe.initialization import Initialization, Transfer
from advisor.recipe.losses import LOSSES, Loss, default_loss
from advisor.recipe.metrics import METRICS, Metric, default_metric
from advisor.recipe.models import Model
from advisor.recipe.optimizers import Adam, Optimizer
from advisor.recipe.regularization import Regularization
from advisor.recipe.schedules import Constant, Schedule
from advisor.recipe.section import Section, Task, Value
from advisor.recipe.training import Train, Tune


class Recipe(Section):
    """One training, wholly defined."""

    version: Literal[1] = 1
    name: Annotated[str, Field(min_length=1, max_length=80)] = "recipe"
    task: Task
    data: Data
    model: Model
    initialization: Initialization = Initialization()
    transfer: Transfer = Transfer()
    loss: Loss = Field(default_factory=lambda made: default_loss(made.get("task")))
    optimizer: Optimizer = Adam()
    schedule: Schedule = Constant()
    regularization: Regularization = Regularization()
    train: Train = Train()
    metric: Metric = Field(default_factory=lambda made: default_metric(made.get("task")))
    tune: Tune = Tune()

    @field_validator("loss", "metric")
    @classmethod
    def _fits_task(cls, value: Any, info: ValidationInfo) -> Any:
        task = info.data.get("task")
        allowed = (LOSSES if info.field_name == "loss" else METRICS).get(task, ())  # type: ignore[arg-type]
        name = getattr(value, "kind", value)
        if task is not None and name not in allowed:
            raise ValueError(f"{name} does not fit task {task}; allowed: {', '.join(allowed)}")
        return value

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        for misfit in misfits(self):
            raise ValueError(misfit)
        return self

    def flat(self) -> dict[str, Value]:
        """Every field by its path, such as `optimizer.lr`; of a mapping each item that is there."""
        return dict(self._flat)

    @cached_property
    def _flat(self) -> Mapping[str, Value]:
        return dict(_flatten(self.model_dump(), ""))

    def get(self, path: str) -> Value:
        """The value at `path`; KeyError when this recipe has no such field."""
        return self._flat[path]

    def has(self, path: str) -> bool:
        return path in self._flat

    def locks(self, path: str) -> bool:
        """Whether `tune.locked` names this field or a section that holds it."""
        return any(path == lock or path.startswith(lock + ".") for lock in self.tune.locked)

    def changed(self, values: Mapping[str, Any]) -> Recipe:
        """A new recipe with the fields at these paths replaced, validated as a whole.

        Changing a section's `kind` keeps the fields that the new kind also has. An item of a
        mapping is set by its own path, or the mapping as a whole.
        Raises pydantic.ValidationError when the result is not a valid recipe, which a field that
        its section does not have makes it; KeyError for a path through a plain value.
        """
        raw: dict[str, Any] = json.loads(self.model_dump_json())
        for path, value in sorted(values.items(), key=lambda item: not item[0].endswith(".kind")):
            _set(raw, path, value)
        return Recipe.model_validate_json(json.dumps(raw))

    def digest(self) -> str:
        """A hash of what defines the training: name and tuning settings do not count."""
        return self._digest

    @cached_property
    def _digest(self) -> str:
        content = self.model_dump(mode="json", exclude={"name", "tune"})
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def sections_with_kinds() -> dict[str, dict[str, type[Section]]]:
    """The sections that are chosen by `kind`, with the class of each kind."""
    found: dict[str, dict[str, type[Section]]] = {}
    for name, union in (
        ("model", Model),
        ("loss", Loss),
        ("optimizer", Optimizer),
        ("schedule", Schedule),
    ):
        classes = get_args(get_args(union)[0])
        found[name] = {cls.model_fields["kind"].default: cls for cls in classes}
    return found


def _set(raw: dict[str, Any], path: str, value: Any) -> None:
    *parents, last = _steps(path)
    place = raw
    for parent in parents:
        if place.get(parent) is None:
            place[parent] = {}
        place = place[parent]
        if not isinstance(place, dict):
            raise KeyError(path)
    place[last] = value
    if last == "kind" and len(parents) == 1:
        kinds = sections_with_kinds().get(parents[0], {})
        if value in kinds:
            for name in set(place) - set(kinds[value].model_fields):
                del place[name]


def _steps(path: str) -> list[str]:
    """The parts of a path; a name in a mapping may have dots in it."""
    for mapping in MAPPINGS:
        if path.startswith(f"{mapping}."):
            return [*mapping.split("."), path.removeprefix(f"{mapping}.")]
    return path.split(".")


def _flatten(value: Any, prefix: str) -> Any:
    for name, inner in value.items():
        if isinstance(inner, dict):
            yield from _flatten(inner, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", inner
