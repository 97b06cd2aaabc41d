"""How long to train, in which portions, from which seed; and what tuning may do."""

from __future__ import annotations

from typing import Annotated, Literal, Self, get_args

from pydantic import Field, field_validator, model_validator

from advisor.recipe.section import Section

StageName = Literal[
    "sanity",
    "initialization",
    "batch_size",
    "epochs",
    "learning_rate",
    "architecture",
    "loss",
    "activation",
    "regularization",
    "finish",
]
"""The steps of the tuning order."""
STAGE_NAMES: tuple[StageName, ...] = get_args(StageName)


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


class OwnStage(Section):
    """A stage of the user's own, for rules that name it."""

    name: Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$", max_length=40, examples=["quantize"])]
    about: Annotated[str, Field(max_length=200)] = "a stage of your own"
    until: Annotated[float, Field(gt=0, le=1)] = Field(
        0.9, description="share of the budget that may be spent by its end"
    )
    trials: Annotated[int, Field(ge=1, le=1000)] = Field(4, description="the most of a visit")

    @field_validator("name")
    @classmethod
    def _new(cls, name: str) -> str:
        if name in STAGE_NAMES:
            raise ValueError(f"{name} is a stage already; name it without settings")
        return name


class Tune(Section):
    """What tuning may spend, what it must not touch, and in which order it works."""

    budget: str = Field("12t", description="40e (epochs), 12t (full trainings) or 10m (minutes)")
    locked: tuple[str, ...] = Field((), description="fields that tuning must leave as they are")
    stages: tuple[StageName | OwnStage, ...] | None = Field(
        None, description="the stages, in the order that is wanted; none: the usual ones"
    )
    skip: tuple[StageName, ...] = Field((), description="stages to leave out")
    ensemble: Annotated[int, Field(ge=0, le=10)] = Field(
        0,
        description="average the predictions of the best recipe over so many seeds (2 to 10) at "
        "the end, and say whether that pays; 0: no",
    )

    @field_validator("stages")
    @classmethod
    def _each_once(
        cls, stages: tuple[StageName | OwnStage, ...] | None
    ) -> tuple[StageName | OwnStage, ...] | None:
        names = [one.name if isinstance(one, OwnStage) else one for one in stages or ()]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice or stages == ():
            raise ValueError(f"each may be named once: {', '.join(twice)}" if twice else "is empty")
        return stages

    @field_validator("ensemble")
    @classmethod
    def _several(cls, ensemble: int) -> int:
        if ensemble == 1:
            raise ValueError("one training is no ensemble; allowed: 2 to 10, or 0 for none")
        return ensemble

    @field_validator("budget")
    @classmethod
    def _readable_budget(cls, budget: str) -> str:
        number, unit = budget[:-1], budget[-1:]
        if unit not in ("e", "t", "m") or not number.isdecimal() or int(number) < 1:
            raise ValueError("must be a whole number and a unit: 40e, 12t or 10m")
        return budget
