"""Where the examples come from, how they are split, and how they are scaled."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from advisor.recipe.section import Section

SCHEMES = ("sklearn", "npz", "csv", "parquet", "images", "text", "memmap", "python")
SOURCES = (
    "sklearn:NAME, npz:PATH, csv:PATH, parquet:PATH, images:FOLDER, text:PATH, memmap:FOLDER "
    "or python:FILE.py:FUNCTION"
)


class Data(Section):
    """Where the examples come from, how they are split, and how they are scaled."""

    source: str = Field(description=SOURCES, examples=["sklearn:digits"])
    target: str | int | None = Field(
        None,
        description="csv and parquet only: target column, by name or position; "
        "the last when not given",
    )
    header: bool | None = Field(
        None, description="csv only: first row is a header; guessed if null"
    )
    validation: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.2, description="share of all examples that validates (unless the source has x_val)"
    )
    test: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.2, description="share of all examples that is sealed until the end (unless given)"
    )
    split: Literal["random", "group", "time"] = Field(
        "random",
        description="random: stratified by class; group: no group in two splits (needs "
        "group); time: the oldest train, the newest test",
    )
    group: str | int | None = Field(
        None,
        description="csv and parquet: the column of group names, which is no input (npz, memmap "
        "and python bring an array `groups`)",
    )
    time: str | int | None = Field(
        None,
        description="csv and parquet: the column that orders the examples, which is no input; "
        "the rows' own order when not given",
    )
    split_seed: Annotated[int, Field(ge=0)] = Field(0, description="seed of the split")
    normalization: Literal["standard", "none"] = Field(
        "standard", description="standard: training mean 0 and deviation 1, per feature or channel"
    )
    image_size: Annotated[int, Field(ge=4, le=1024)] | None = Field(
        None, description="images only: resize to this many pixels squared"
    )
    tokens: Literal["characters", "words"] = Field(
        "characters", description="text only: what a token is"
    )
    vocabulary: Annotated[int, Field(ge=2, le=1_000_000)] = Field(
        10_000, description="text only: at most so many different tokens, the most frequent"
    )
    length: Annotated[int, Field(ge=2, le=65536)] = Field(
        128, description="text only: tokens of an example; longer texts are cut"
    )

    @field_validator("source")
    @classmethod
    def _known_source(cls, source: str) -> str:
        scheme, separator, rest = source.partition(":")
        if scheme not in SCHEMES or not separator or not rest:
            raise ValueError(f"must be {SOURCES}")
        if scheme == "python" and not rest.rpartition(":")[0]:
            raise ValueError("must be python:FILE.py:FUNCTION")
        return source

    @model_validator(mode="after")
    def _room_for_training(self) -> Self:
        if self.validation + self.test >= 0.9:
            raise ValueError("validation + test must leave at least a tenth for training")
        return self

    @property
    def scheme(self) -> str:
        return self.source.partition(":")[0]
