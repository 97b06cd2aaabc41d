"""Generated event streams of healthy trainings: shapes that look like faults and are none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from advisor.events import Event
from advisor.recipe import Recipe
from wards.streams import Shape, stream

COUNT = 200
Floats = NDArray[np.float64]
Random = np.random.Generator


@dataclass(frozen=True)
class Curve:
    """One healthy training that never happened."""

    kind: str
    seed: int
    recipe: Recipe
    events: list[Event]


def curves(count: int = COUNT) -> list[Curve]:
    """The same ones for the same count; kinds take turns."""
    names = list(KINDS)
    return [_curve(names[seed % len(names)], seed) for seed in range(count)]


def _curve(kind: str, seed: int) -> Curve:
    random = np.random.default_rng(seed)
    shape = KINDS[kind](random)
    recipe, events = stream(shape, random)
    return Curve(kind, seed, recipe, events)


def usual(random: Random) -> Shape:
    """Falls fast, then slowly, and ends fitted; pace, noise and sizes vary."""
    floor, pace = float(random.uniform(0.002, 0.03)), float(random.uniform(6, 25))
    return Shape(
        epochs=int(random.choice([8, 12, 20, 30])),
        classes=int(random.choice([2, 3, 10, 50])),
        batch_size=int(random.choice([16, 32, 64, 128])),
        left=lambda share: floor + (1 - floor) * np.exp(-pace * share),
        lag=float(random.uniform(0.005, 0.03)),
        step_noise=float(random.uniform(0.05, 0.5)),
        evaluation_noise=float(random.uniform(0.002, 0.03)),
        validation_examples=int(10 ** random.uniform(2.4, 3.5)),
        schedule=str(random.choice(["constant", "cosine", "linear", "one_cycle"])),
    )


def power_law(random: Random) -> Shape:
    exponent = float(random.uniform(1.2, 2.2))
    return replace(usual(random), left=lambda share: (1 + 40 * share) ** -exponent)


def plateau_then_success(random: Random) -> Shape:
    """Near chance for a fifth of the run, then all at once, as parity is learned."""
    where, sharp = float(random.uniform(0.1, 0.25)), float(random.uniform(20, 50))

    def left(share: Floats) -> Floats:
        return np.asarray(0.01 + 0.98 / (1 + np.exp(sharp * (share - where))))

    return replace(usual(random), left=left, epochs=30)


def recovering_spike(random: Random) -> Shape:
    return replace(usual(random), spikes=1, spike=float(random.uniform(3, 10)))


def noisy_at_convergence(random: Random) -> Shape:
    shape = usual(random)
    return replace(shape, step_noise=0.8, batch_size=16, schedule="constant", epochs=20)


def edge_of_stability(random: Random) -> Shape:
    """Up and down from step to step, and down in the long run."""
    return replace(usual(random), ringing=float(random.uniform(0.1, 0.3)), step_noise=0.01)


def cosine_end(random: Random) -> Shape:
    return replace(usual(random), schedule="cosine", epochs=30)


def small_validation(random: Random) -> Shape:
    return replace(usual(random), validation_examples=int(random.integers(40, 120)), lag=0.01)


def saturated_metric(random: Random) -> Shape:
    """Everything right from the third epoch on; the loss still falls."""
    return replace(usual(random), lag=0.002, left=lambda share: 0.0005 + np.exp(-40 * share))


def label_smoothing(random: Random) -> Shape:
    """The steps' loss has a floor; the loss in evaluation has not."""
    return replace(usual(random), smoothing=0.1, classes=10)


def fine_tuning(random: Random) -> Shape:
    """Starts far below chance."""
    return replace(usual(random), left=lambda share: 0.01 + 0.12 * np.exp(-8 * share), started=0.13)


def dropout(random: Random) -> Shape:
    """Steps cost more than evaluation, and training is no better than validation."""
    return replace(usual(random), dropout=0.3, lag=-0.004)


def skipped_steps(random: Random) -> Shape:
    """float16: two gradients overflow and are skipped."""
    return replace(usual(random), skipped=2)


def overconfident(random: Random) -> Shape:
    """Validation loss rises in the end while the metric holds."""
    return replace(usual(random), confidence=float(random.uniform(0.2, 0.8)), lag=0.02)


def early_stopped(random: Random) -> Shape:
    """All that can be learned is learned in the first fifth; then it waits and stops."""
    return replace(
        usual(random), patience=5, epochs=30, left=lambda share: 0.01 + np.exp(-40 * share)
    )


def warmed_up(random: Random) -> Shape:
    return replace(usual(random), warmup=0.05)


def regression(random: Random) -> Shape:
    floor = float(random.uniform(0.02, 0.2))
    pace = float(random.uniform(6, 25))
    return replace(
        usual(random), classes=0, left=lambda share: floor + (1 - floor) * np.exp(-pace * share)
    )


KINDS: Mapping[str, Callable[[Random], Shape]] = {
    kind.__name__.replace("_", " "): kind
    for kind in (
        usual,
        power_law,
        plateau_then_success,
        recovering_spike,
        noisy_at_convergence,
        edge_of_stability,
        cosine_end,
        small_validation,
        saturated_metric,
        label_smoothing,
        fine_tuning,
        dropout,
        skipped_steps,
        overconfident,
        early_stopped,
        warmed_up,
        regression,
    )
}
