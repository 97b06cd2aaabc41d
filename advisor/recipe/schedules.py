"""Learning-rate schedules; their formulas are in `advisor.schedule`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from advisor.recipe.section import Fraction, Positive, Section

Factor = Annotated[float, Field(gt=0, lt=1)]
Final = Annotated[float, Field(ge=0, lt=1)]


class _Schedule(Section):
    warmup: Annotated[float, Field(ge=0, le=0.5)] = Field(
        0.0, description="share of all steps over which the rate rises linearly from 0"
    )


class Constant(_Schedule):
    """The same rate throughout."""

    kind: Literal["constant"] = "constant"


class Step(_Schedule):
    """Multiplied by `gamma` at each milestone (shares of all steps)."""

    kind: Literal["step"] = "step"
    gamma: Factor = 0.1
    milestones: Annotated[tuple[Fraction, ...], Field(min_length=1)] = (0.5, 0.75)


class Exponential(_Schedule):
    """Falls geometrically to `final` times the peak."""

    kind: Literal["exponential"] = "exponential"
    final: Factor = 0.01


class Linear(_Schedule):
    """Falls linearly to `final` times the peak."""

    kind: Literal["linear"] = "linear"
    final: Final = 0.0


class Polynomial(_Schedule):
    """Falls as (1 - progress)^power to `final` times the peak."""

    kind: Literal["polynomial"] = "polynomial"
    power: Annotated[Positive, Field(le=10)] = 2.0
    final: Final = 0.0


class Cosine(_Schedule):
    """Falls along half a cosine to `final` times the peak, as often as there are cycles."""

    kind: Literal["cosine"] = "cosine"
    final: Final = 0.0
    restarts: Annotated[int, Field(ge=0, le=100)] = Field(
        0, description="times the rate jumps back to the peak; the cycles are equally long"
    )


class OneCycle(Section):
    """Rises from peak/25 over `rise` of the steps, then falls to peak/250000; cosine both ways."""

    kind: Literal["one_cycle"] = "one_cycle"
    rise: Factor = 0.3


class Plateau(_Schedule):
    """Multiplied by `factor` after `patience` evaluations without a better validation loss."""

    kind: Literal["plateau"] = "plateau"
    factor: Factor = 0.1
    patience: Annotated[int, Field(ge=0)] = Field(10, description="evaluations")
    threshold: Final = Field(1e-4, description="relative")


Schedule = Annotated[
    Constant | Step | Exponential | Linear | Polynomial | Cosine | OneCycle | Plateau,
    Field(discriminator="kind"),
]
