"""What all parts of a recipe have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

Value: TypeAlias = bool | int | float | str | tuple[int | float | str, ...] | None

Task = Literal["classification", "binary", "multilabel", "regression", "language_model"]

Fraction = Annotated[float, Field(ge=0, le=1)]
Rate = Annotated[float, Field(ge=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]
Units = Annotated[int, Field(ge=1, le=65536)]


class Section(BaseModel):
    """A frozen part of a recipe: unknown fields, NaN and infinity are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, strict=True)

    def __hash__(self) -> int:
        return hash((type(self), *(_hashable(value) for _, value in self)))


def _hashable(value: Any) -> Any:
    return frozenset(value.items()) if isinstance(value, Mapping) else value
