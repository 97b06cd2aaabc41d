"""Paired comparison of a candidate with the incumbent. Pure.

Both predicted the same validation examples, after training with the same seeds, order of
examples and budget. What decides is the interval of the mean gain, never a single number; and
"undecided" is an outcome, after which the simpler recipe, the incumbent, stays.

The rule follows the noise-aware acceptance that the tuning literature advises: a single
seed screens (accept only beyond three standard deviations of one training), more seeds confirm.
The same bound, 2.12 standard errors of a difference, holds at every look: three looks at 1.99 would
keep the chance of accepting a change that does nothing at 5 % in all if the errors were known
(Pocock 1977, one-sided); they are estimated, hence a little more.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from advisor import metrics, paired
from advisor.architecture import Floats
from advisor.metrics import oriented
from advisor.recipe import LOWER_IS_BETTER, Recipe
from advisor.rulebook import Criterion

Verdict = Literal["accepted", "rejected", "undecided"]

Z = 3 / math.sqrt(2)
"""Three standard deviations of one training, in standard errors of a difference."""
MOST_SEEDS = 3
WORTH_REPEATING = 1.0
"""A near-tie is given more seeds when its gain is above so many deviations of one training; of
what the examples explain, since how much seeds differ is only known from more of them."""
FITTED_LOSS, UNFITTED_LOSS, LEAST_SPREAD, MOST_SPREAD = 0.1, 0.6, 0.5, 3.5
"""Training loss as a share of chance's, and standard errors; see `prior_spread`."""
AHEAD_SPREAD = 2.5
"""Standard errors at most for a training that is clearly better than chance."""
SPREAD_A_FALL = 50.0
"""Standard errors for a whole of chance's loss that is lost in the last third of a training."""
PRIOR_WEIGHT = 3.0
"""The spread between seeds is estimated as if this many degrees of freedom had shown the prior."""
MOST_KNOWN = 6.0
"""Degrees of freedom that earlier comparisons count for at most: they share an incumbent."""
NO_WORSE_Z = 1.64
NO_WORSE_MARGIN = 0.01
"""How much of a whole of the metric (see `Comparison.unit`) a change that pays otherwise may
cost."""
RACE_ERRORS = 5.0
"""A trial that is this many standard errors behind at the same epoch is hopeless."""
RACE_FROM = 0.5
"""No race before this share of the epochs."""


@dataclass(frozen=True)
class Predictions:
    """Raw validation outputs of one trial at its best evaluation."""

    outputs: Floats
    """(n, outputs), or (n, time, outputs) for language_model"""
    targets: NDArray[Any]
    """(n,), or (n, labels) or (n, time)"""
    spread: float = 0.0
    """deviation between seeds to be expected beyond that of the examples; see `prior_spread`"""


@dataclass(frozen=True)
class Comparison:
    """The candidate's gain over the incumbent, larger is better, in units of the metric."""

    gain: float
    error: float
    """standard error of the gain"""
    seeds: int
    examples: int
    unit: float = 1.0
    """what counts as a whole of the metric: 1 for shares and r2, chance's value for errors, the
    incumbent's for perplexity"""
    deviation: float = 0.0
    """standard deviation of one training; 0: taken from the error"""
    step: float = 0.0
    """what one example more or less changes, where examples are counted: the correction for
    continuity of McNemar's test (Edwards 1948)"""
    better: int = 0
    worse: int = 0
    """examples on which the candidate does better, and worse"""
    resampled: tuple[float, float] | None = None
    """bootstrap interval over the examples, where it could change the decision"""
    least: float = 0.0
    """standard deviation of one training if seeds differed by no more than the examples explain"""
    between: float = 0.0
    """variance of the gain between seeds as it was seen, on `freedom` degrees of freedom; 0 with
    one seed"""
    expected: float = 0.0
    """the same as the trainings themselves let expect"""

    @property
    def freedom(self) -> int:
        """Both recipes show how much seeds differ."""
        return _freedom(self.seeds)

    @property
    def low(self) -> float:
        normal = self.gain - self.step - Z * self.error
        return min(normal, self.resampled[0]) if self.resampled else normal

    @property
    def high(self) -> float:
        normal = self.gain + self.step + Z * self.error
        return max(normal, self.resampled[1]) if self.resampled else normal

    @property
    def error_at_most_seeds(self) -> float:
        """What the error would be on MOST_SEEDS seeds."""
        return self.error * math.sqrt(self.seeds / MOST_SEEDS)

    @property
    def mcnemar(self) -> float:
        """Chance of counts so uneven if neither were better."""
        return paired.mcnemar(self.better, self.worse)

    def __str__(self) -> str:
        seeds = "1 seed" if self.seeds == 1 else f"{self.seeds} seeds"
        return (
            f"gain {self.gain:+.4f}, interval [{self.low:+.4f}, {self.high:+.4f}], "
            f"{self.examples} examples ({self.better} better, {self.worse} worse), {seeds}"
        )

    @property
    def sigma(self) -> float:
        """Standard deviation of one training."""
        return self.deviation or self.error * math.sqrt(self.seeds / 2)


@dataclass(frozen=True)
class SeenSpread:
    """What earlier comparisons of a session showed of the spread between seeds."""

    ratio: float = 1.0
    """variance that was seen / variance that was expected"""
    freedom: float = 0.0
    """on how many degrees of freedom that rests"""

    @classmethod
    def of(cls, comparisons: Iterable[Comparison]) -> SeenSpread:
        """From all that saw more than one seed."""
        found = [one for one in comparisons if one.seeds > 1 and one.expected > 0]
        freedom = sum(one.freedom for one in found)
        if not freedom:
            return cls()
        seen = sum(one.freedom * one.between / one.expected for one in found)
        return cls(seen / freedom, min(float(freedom), MOST_KNOWN))


NOTHING_SEEN = SeenSpread()


@dataclass(frozen=True)
class Decision:
    """What became of a proposal, and the numbers that decided it."""

    verdict: Verdict
    reason: str
    comparison: Comparison | None = None
    may_be_shown: bool = False
    """a near-tie that would be accepted if as many seeds as there may be bore it out: others are
    not worth more seeds by themselves"""

    @property
    def more_seeds_may_help(self) -> bool:
        """A near-tie on the better side, seen on few seeds."""
        comparison = self.comparison
        if self.verdict != "undecided" or comparison is None:
            return False
        noise = comparison.least or comparison.sigma
        return comparison.seeds < MOST_SEEDS and comparison.gain > WORTH_REPEATING * noise


def prior_spread(
    error: float, train_loss: float, chance_loss: float, falling: float = math.inf
) -> float:
    """How much whole trainings differ from seed to seed, beyond what the examples explain.

    A training that has hardly learned is mostly its initial weights: its metric was seen to
    deviate by up to 3.5 standard errors between seeds while the training loss is near chance, and
    by half of one, beyond the examples, below 0.1 of chance (76 recipes on seven data sets, 10 to
    16 seeds each). In between it is taken to fall linearly. But a loss may stay high because the
    answers are uncertain, and not because little is learned: where it hardly falls any more, seeds
    differ little as well. `falling`: by how much the validation loss fell over the last third, as
    a share of chance's; seeds that are ahead or behind in time differ by about that (42 recipes
    on seven data sets, 10 seeds each). Infinite: not known, or not better than chance.
    Of ten recipes that are better than chance, sick and sound (24 to 40 seeds each), none deviated
    by more than 2.1. `error` is the metric's standard error.
    """
    unlearned = (train_loss / max(chance_loss, 1e-12) - FITTED_LOSS) / (UNFITTED_LOSS - FITTED_LOSS)
    of_loss = MOST_SPREAD * min(unlearned, 1.0)
    if math.isfinite(falling):
        of_loss = min(of_loss, AHEAD_SPREAD, SPREAD_A_FALL * max(falling, 0.0))
    return error * max(LEAST_SPREAD, of_loss)


def compare(
    recipe: Recipe,
    pairs: Sequence[tuple[Predictions, Predictions]],
    scale: float = 1.0,
    known: SeenSpread = NOTHING_SEEN,
) -> Comparison:
    """Compare candidate and incumbent on one pair of trials a seed, over the same examples.

    The error is the larger of two: over examples (of the gain averaged over seeds) and between
    seeds (shrunk towards what the trainings let expect, as far as `known` bears that out). For
    shares of correct answers the first has a floor, the binomial noise of one training:
    sqrt(error rate / n); for rankings, labels and tokens, whose noise is not binomial, the
    standard error of one training's metric.
    """
    gains = np.array([_gains(recipe, ours, theirs, scale) for ours, theirs in pairs])
    seeds, n = gains.shape
    over_examples = float(np.std(gains.mean(axis=0), ddof=1)) / math.sqrt(n)
    single = float(np.mean([np.var(row, ddof=1) for row in gains])) / n
    if floor := _floor(recipe, pairs, scale):
        single, over_examples = max(single, floor), max(over_examples, math.sqrt(floor / seeds))
    expected = single + float(np.mean([a.spread**2 + b.spread**2 for a, b in pairs]))
    spread, freedom = _between(recipe, pairs, scale), _freedom(seeds)
    before = (PRIOR_WEIGHT + known.freedom * known.ratio) * expected
    pooled = (before + freedom * spread) / (PRIOR_WEIGHT + known.freedom + freedom)
    error = max(over_examples, math.sqrt(pooled / seeds))
    gain, step = float(gains.mean()), _step(recipe, pairs[0][0].targets) / seeds
    clear = abs(gain) - step > Z * error  # where it is not, resampling changes no decision
    return Comparison(
        gain,
        error,
        seeds,
        n,
        _unit(recipe, pairs, scale),
        math.sqrt(pooled / 2),
        step,
        *paired.discordant(gains),
        paired.bootstrap(gains.mean(axis=0)) if clear else None,
        math.sqrt(single / 2),
        spread,
        expected,
    )


def _freedom(seeds: int) -> int:
    """Degrees of freedom of `_between`."""
    return 2 * (seeds - 1)


def _between(
    recipe: Recipe, pairs: Sequence[tuple[Predictions, Predictions]], scale: float
) -> float:
    """Variance of the gain between seeds: that of the candidate's metrics and the incumbent's, each
    by itself, which is twice the degrees of freedom of their differences. The same seed makes two
    recipes hardly more alike (differences of pairs had 0.84 of this variance: phoneme, 16 recipes,
    4 seeds each), and where it does, this errs on the safe side. 0 with one seed."""
    if len(pairs) < 2:
        return 0.0
    first = pairs[0][1]
    sides = [
        [float(_gains(recipe, one, first, scale).mean()) for one in side]
        for side in zip(*pairs, strict=True)
    ]
    return float(sum(np.var(side, ddof=1) for side in sides))


def _step(recipe: Recipe, targets: NDArray[Any]) -> float:
    """What one example more changes in a metric that counts examples; 0 for others."""
    counts = recipe.metric in ("accuracy", "balanced_accuracy")
    if not counts or recipe.task not in ("classification", "binary"):
        return 0.0
    return 1 / _effective(recipe, targets)


def _unit(recipe: Recipe, pairs: Sequence[tuple[Predictions, Predictions]], scale: float) -> float:
    if recipe.metric not in LOWER_IS_BETTER:
        return 1.0
    targets = pairs[0][1].targets
    if recipe.metric == "perplexity":  # a hundredth of it is a hundredth of a nat a token
        found = [metrics.score(recipe.task, "perplexity", one.outputs, targets) for _, one in pairs]
        return float(np.mean(found))
    chance = np.zeros((len(targets), 1))
    return max(metrics.score(recipe.task, recipe.metric, chance, targets, scale), 1e-12)


def _floor(recipe: Recipe, pairs: Sequence[tuple[Predictions, Predictions]], scale: float) -> float:
    """The least variance of one training's metric; 0 for those without a perfect score."""
    if recipe.task == "regression" or recipe.metric == "perplexity":
        return 0.0
    targets = pairs[0][0].targets
    if recipe.task in ("classification", "binary") and recipe.metric != "roc_auc":
        return _error_rate(recipe, pairs) / _effective(recipe, targets)
    n = len(targets)
    spreads = [np.var(_shortfalls(recipe, one, scale), ddof=1) for pair in pairs for one in pair]
    return max(float(np.mean(spreads)), 1 / n) / n


def _gains(recipe: Recipe, ours: Predictions, theirs: Predictions, scale: float) -> Floats:
    return metrics.gains(
        recipe.task, recipe.metric, ours.outputs, theirs.outputs, ours.targets, scale
    )


def _effective(recipe: Recipe, targets: NDArray[Any]) -> float:
    """Examples that would tell as much if all counted alike: metrics that average over classes
    rest on the rarest."""
    if recipe.metric == "accuracy":
        return float(len(targets))
    _, counts = np.unique(targets, return_counts=True)
    return float(len(counts) ** 2 / np.sum(1 / counts))


def _error_rate(recipe: Recipe, pairs: Sequence[tuple[Predictions, Predictions]]) -> float:
    rates = [
        np.mean(metrics.predicted_classes(recipe.task, one.outputs) != one.targets)
        for pair in pairs
        for one in pair
    ]
    return max(float(np.mean(rates)), 1 / len(pairs[0][0].targets))


def decide(comparison: Comparison, criterion: Criterion = "better", price: float = 0.0) -> Decision:
    """Accept, reject, or leave undecided.

    `price` is what the candidate's added complexity costs, in standard deviations of one
    training. "no worse" is for changes that pay in something other than the metric.
    """
    if criterion == "no worse":
        return _decide_no_worse(comparison)
    needed = price * comparison.sigma
    if comparison.low > needed:
        return Decision("accepted", f"better beyond noise: {comparison}", comparison)
    if comparison.high < 0:
        return Decision("rejected", f"worse beyond noise: {comparison}", comparison)
    if comparison.gain <= (-comparison.sigma if comparison.seeds == 1 else 0):
        return Decision("rejected", f"no sign of a gain: {comparison}", comparison)
    shown = comparison.gain - comparison.step > needed + Z * comparison.error_at_most_seeds
    return _undecided(f"cannot be told from noise: {comparison}", comparison, shown)


def _undecided(reason: str, comparison: Comparison, shown: bool) -> Decision:
    """`shown`: whether a gain like this would be accepted on MOST_SEEDS seeds."""
    decision = Decision("undecided", reason, comparison)
    return replace(decision, may_be_shown=shown and decision.more_seeds_may_help)


def _decide_no_worse(comparison: Comparison) -> Decision:
    margin = NO_WORSE_MARGIN * comparison.unit
    if comparison.high < 0 or comparison.gain < -margin:
        return Decision("rejected", f"costs too much of the metric: {comparison}", comparison)
    if comparison.gain - NO_WORSE_Z * comparison.error > -2 * margin:
        return Decision("accepted", f"no worse, and it pays otherwise: {comparison}", comparison)
    shown = comparison.gain - NO_WORSE_Z * comparison.error_at_most_seeds > -2 * margin
    return _undecided(f"cannot be shown to be no worse: {comparison}", comparison, shown)


def metric_error(recipe: Recipe, predictions: Predictions, scale: float = 1.0) -> float:
    """Standard error of the metric itself over validation examples."""
    shares = _shortfalls(recipe, predictions, scale)
    counted = recipe.task != "regression" and recipe.metric != "perplexity"
    floor = 1 / len(shares) if counted else 0.0
    return max(float(np.std(shares, ddof=1)) / math.sqrt(len(shares)), floor)


def _shortfalls(recipe: Recipe, predictions: Predictions, scale: float) -> Floats:
    """(n,) each example's share of what is missing to a perfect score."""
    task, outputs, targets = recipe.task, predictions.outputs, predictions.targets
    if recipe.metric == "perplexity":
        losses = metrics.example_losses(recipe, outputs, targets)
        return losses * math.exp(min(float(losses.mean()), 700.0))
    if task == "language_model":
        return metrics.influences(task, recipe.metric, outputs, targets) - 1
    return _gains(recipe, predictions, _perfect(recipe, predictions), scale)


def _perfect(recipe: Recipe, predictions: Predictions) -> Predictions:
    targets = predictions.targets
    if recipe.task == "regression":
        outputs = targets[:, None].astype(float)
    elif recipe.task in ("binary", "multilabel"):
        outputs = 2.0 * targets.reshape(len(targets), -1) - 1
    else:
        outputs = np.eye(predictions.outputs.shape[1])[targets.astype(int)]
    return Predictions(outputs, targets)


def race_floors(recipe: Recipe, curve: Sequence[float], error: float) -> list[float | None]:
    """What a candidate must reach after each epoch so as not to be hopeless.

    `curve` is the incumbent's validation metric after each epoch. Values are turned so that
    larger is better. Empty when the curve is.
    """
    best = np.maximum.accumulate([oriented(recipe.metric, value) for value in curve] or [0.0])
    first = math.ceil(RACE_FROM * recipe.train.epochs)
    return [
        float(value) - RACE_ERRORS * math.sqrt(2) * error if epoch >= first else None
        for epoch, value in enumerate(best[: len(curve)], 1)
    ]
