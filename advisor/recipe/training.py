"""How long to train, in which portions, from which seed; and what tuning may do."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from advisor.recipe.section import Section


class EarlyStopping(Section):
    """Stop when the validation metric has not improved. The best weights are always kept."""

    patience: Annotated[int, Field(ge=1)] = Field(10, description="evaluations")
    min_delta: Annotated[float, Field(ge=0)] = 0.0


class Train(Section):
    """How long, in which portions, and from which seed."""

    batch_size: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        32, description="examples of one optimizer step"
    )
    accumulation: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        1, description="portions in which a batch goes through the model, to save memory"
    )
    epochs: Annotated[int, Field(ge=1, le=100_000)] = 10
    seed: Annotated[int, Field(ge=0, lt=2**32)] = Field(
        0, description="governs initial weights, order of examples, augmentation and dropout"
    )
    sampling: Literal["shuffle", "balanced"] = Field(
        "shuffle",
        description="shuffle: each example once an epoch; balanced: every class as often, "
        "examples of rare ones repeated",
    )
    precision: Literal["float32", "bfloat16", "float16"] = Field(
        "float32",
        description="of products inside layers; weights, normalisation and loss stay float32, "
        "float16 scales its loss",
    )
    early_stopping: EarlyStopping | None = None

    @model_validator(mode="after")
    def _equal_portions(self) -> Self:
        if self.batch_size % self.accumulation:
            raise ValueError(
                f"train.batch_size must be a multiple of train.accumulation; found "
                f"{self.batch_size} and {self.accumulation}"
            )
        return self


class Tune(Section):
    """What tuning may spend, and what it must not touch."""

    budget: str = Field("12t", description="40e (epochs), 12t (full trainings) or 10m (minutes)")
    locked: tuple[str, ...] = Field((), description="fields that tuning must leave as they are")

    @field_validator("budget")
    @classmethod
    def _readable_budget(cls, budget: str) -> str:
        number, unit = budget[:-1], budget[-1:]
        if unit not in ("e", "t", "m") or not number.isdecimal() or int(number) < 1:
            raise ValueError("must be a whole number and a unit: 40e, 12t or 10m")
        return budget
