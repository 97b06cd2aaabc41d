"""Every field that some recipe has, by path, and what may stand there."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import TypeAdapter, ValidationError

from advisor.recipe import Recipe, Section, sections_with_kinds


@dataclass
class RecipeField:
    """One path. Sections that are chosen by `kind` may give it several annotations."""

    annotations: list[Any] = field(default_factory=list)

    @cached_property
    def choices(self) -> tuple[Any, ...]:
        """All values that are allowed, where they can be listed."""
        parts = [part for annotation in self.annotations for part in _parts(annotation)]
        listed = all(get_origin(part) is Literal for part in parts)
        return tuple(dict.fromkeys(v for p in parts for v in get_args(p))) if listed else ()

    @cached_property
    def numeric(self) -> bool:
        """Whether it holds a number, which a rule may compute."""
        return self._types <= {int, float} and bool(self._types)

    @cached_property
    def integer(self) -> bool:
        return self._types == {int}

    @cached_property
    def _types(self) -> set[Any]:
        parts = [part for annotation in self.annotations for part in _parts(annotation)]
        values = [p for p in parts if get_origin(p) is not Literal and p is not type(None)]
        return {*values, *(type(choice) for p in parts for choice in _listed(p))}

    def allows(self, value: Any) -> str | None:
        """What is wrong with this value whatever the rest of the recipe; None when nothing is."""
        problem = "no value of a recipe"
        try:
            text = json.dumps(value, allow_nan=False)
        except (TypeError, ValueError):
            return problem
        for annotation in self.annotations:
            try:
                TypeAdapter(annotation).validate_json(text, strict=True)
            except ValidationError as error:
                problem = error.errors()[0]["msg"].lower()
            else:
                return None
        return problem


@lru_cache(maxsize=1)
def recipe_fields() -> Mapping[str, RecipeField]:
    """The fields of all kinds of recipe together."""
    found: dict[str, RecipeField] = {}
    for path, annotation in _walk(Recipe, ""):
        found.setdefault(path, RecipeField()).annotations.append(annotation)
    return found


def _walk(cls: type[Section], prefix: str) -> Iterator[tuple[str, Any]]:
    kinds = sections_with_kinds()
    for name, info in cls.model_fields.items():
        if cls is Recipe and name in kinds:
            for section in kinds[name].values():
                yield from _walk(section, f"{name}.")
            continue
        annotation = info.annotation
        if info.metadata:
            annotation = Annotated[annotation, *info.metadata]  # type: ignore[assignment]
        parts = list(_parts(annotation))
        sections = [p for p in parts if isinstance(p, type) and issubclass(p, Section)]
        for section in sections:
            yield from _walk(section, f"{prefix}{name}.")
        if sections != parts:
            yield prefix + name, annotation


def _parts(annotation: Any) -> Sequence[Any]:
    """The members of a union, without their constraints; the annotation itself when it is none."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _parts(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return [part for inner in get_args(annotation) for part in _parts(inner)]
    return [annotation]


def _listed(part: Any) -> tuple[Any, ...]:
    return get_args(part) if get_origin(part) is Literal else ()
