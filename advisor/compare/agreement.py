"""What a comparison of two backends found, as a value; its sentence for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from advisor.compare.equivalence import ALPHA, LEAST_SEEDS, Equivalence, seeds_to_decide
from advisor.compare.gates import Gate
from advisor.compare.margins import scale_name
from advisor.compare.speed import Speed
from advisor.compare.trainings import Trainings
from advisor.recipe import Metric


@dataclass(frozen=True)
class Agreement:
    """All gates and reports for one recipe and one pair of backends."""

    backends: tuple[str, str]
    metric: Metric
    gates: tuple[Gate, ...]
    """gates 1 to 3; empty for a model of the user's own"""
    losses: Mapping[str, Sequence[float]]
    """training loss of each step in float64, by backend"""
    notes: tuple[str, ...]
    trainings: Mapping[str, Trainings] = field(default_factory=dict)
    """by backend; empty when no whole trainings were asked for"""
    equivalence: Equivalence | None = None
    """gate 4"""
    speed: Mapping[str, Speed] = field(default_factory=dict)
    """gate 5, by backend"""

    @property
    def ok(self) -> bool:
        """Nothing shows that the backends disagree; "undecided" does not."""
        different = self.equivalence is not None and self.equivalence.outcome == "different"
        return all(gate.ok for gate in self.gates) and not different

    @property
    def sentence(self) -> str:
        """The result for a person."""
        one, other = self.backends
        failed = ", ".join(gate.name for gate in self.gates if not gate.ok)
        whole = "" if self.equivalence is None else self._whole(self.equivalence)
        if failed:
            also = f" {_capitalised(whole)}." if whole else ""
            return f"{one} and {other} do not agree: {failed} beyond the limit.{also}"
        if not self.ok:
            steps = " although single steps agree" if self.gates else ""
            return f"{one} and {other} do not agree{steps}: {whole}."
        return f"{self._steps()}{'; ' if whole else '; whole trainings were not compared'}{whole}."

    def _steps(self) -> str:
        one, other = self.backends
        if not self.gates:
            return f"{one} and {other} can only be compared by whole trainings here"
        return f"{one} and {other} take the same training steps from this recipe"

    def _whole(self, found: Equivalence) -> str:
        """What whole trainings showed, as a clause."""
        if any(found.failed):
            return self._failures(found)
        seeds, metric = len(found.differences), scale_name(self.metric)
        measured = (
            f"the {1 - 2 * ALPHA:.0%} interval of the mean difference in {metric}, "
            f"[{found.low:+.2g}, {found.high:+.2g}] over {seeds} seeds,"
        )
        match found.outcome:
            case "equivalent":
                return f"whole trainings are equivalent: {measured} is within ±{found.margin:.2g}"
            case "different":
                better = self.backends[0 if found.mean > 0 else 1]
                return f"{better}'s trainings are better: {measured} is beyond ±{found.margin:.2g}"
            case "undecided":
                return (
                    "whole trainings are neither shown to be equivalent nor to differ: "
                    f"{measured} reaches across ±{found.margin:.2g}{_more(found)}"
                )
        return (
            f"not enough seeds for a verdict on whole trainings: {seeds} where at least "
            f"{LEAST_SEEDS} are needed"
        )

    def _failures(self, found: Equivalence) -> str:
        counts = ", ".join(
            f"{count} on {backend} alone"
            for backend, count in zip(self.backends, found.failed, strict=True)
            if count
        )
        whole = f"trainings without a finite result: {counts}"
        if found.outcome == "different":
            return f"{whole}, every seed"
        return f"{whole}; the others decide nothing while that is so"


def _more(found: Equivalence) -> str:
    needed = seeds_to_decide(found)
    if needed is None:
        return "; they are too close to the margin, or too noisy, for more seeds to decide soon"
    return f"; about {needed} seeds would decide (--seeds)"


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]
