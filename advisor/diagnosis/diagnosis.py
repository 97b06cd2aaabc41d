"""What is wrong with a training that somebody ran, and what to change next."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from advisor import recipe_file
from advisor.diagnosis.case import Case
from advisor.diagnosis.counsel import Counsel, Counsellor
from advisor.diagnosis.looking import CLASSES, look
from advisor.diagnosis.remarks import Option, Remark, in_agreement, option_of, remark
from advisor.diagnosis.sources import opened
from advisor.diagnosis.told import checked
from advisor.diagnosis.windows import window_of
from advisor.facts import VOCABULARY
from advisor.recipe import Recipe
from advisor.rulebook import Rule, installed
from advisor.signals import SIGNALS
from advisor.stages import DATA_CLASS
from advisor.symptoms import DETECTORS, Finding

Window = tuple[float, float]


def _counsels(finding: Finding, fired: Sequence[Finding], counsellor: Counsellor) -> list[Counsel]:
    """What the rules say to a cause, and then what they say to what came of it, for settings that
    no rule of their own speaks to. Faults of the data are not mended by treating what came of
    them."""
    found = counsellor.on(finding.symptom)
    if CLASSES.get(finding.symptom, 1) > DATA_CLASS and not finding.explained_by:
        led = [one.symptom for one in fired if one.explained_by == finding.symptom]
        found += [each for symptom in led for each in counsellor.on(symptom)]
    unique: dict[str, Counsel] = {}
    for each in found:
        unique.setdefault(each.rule.id, each)
    return list(unique.values())


@dataclass(frozen=True)
class Diagnosis:
    """Everything that was found, and everything that could not be looked for."""

    case: Case
    findings: tuple[Finding, ...]
    """every symptom's outcome, in order of arbitration, those that block first"""
    remarks: tuple[Remark, ...]
    """on those that fired, in the same order"""
    assumed: Mapping[str, str]
    """what was filled in or taken for granted, and where from"""
    own: tuple[Option, ...] = ()
    """the user's own rules that hold, but are not among the remarks' advice"""

    @property
    def clear(self) -> list[str]:
        """Symptoms that were looked for and are not there."""
        return [one.symptom for one in self.findings if one.outcome == "clear"]

    @property
    def not_told(self) -> dict[str, list[str]]:
        """Signals that are missing -> the symptoms that could not be judged without them."""
        found: dict[str, list[str]] = {}
        for one in self._open:
            for signal in self._missing(one.symptom):
                found.setdefault(signal, []).append(one.symptom)
        return dict(sorted(found.items(), key=lambda item: list(SIGNALS).index(item[0])))

    @property
    def not_enough(self) -> dict[str, list[str]]:
        """What there is too little of, in words -> the symptoms that could not be judged."""
        found: dict[str, list[str]] = {}
        for one in self._open:
            if not self._missing(one.symptom):
                found.setdefault(one.reads, []).append(one.symptom)
        return found

    def window(self, finding: Finding) -> Window | None:
        """First and last share of the log in which a finding was made."""
        return window_of(finding, self.case)

    @property
    def _open(self) -> list[Finding]:
        return [one for one in self.findings if one.outcome == "not enough data"]

    def _missing(self, symptom: str) -> list[str]:
        detector = DETECTORS.get(symptom)
        needs = detector.needs if detector else ()
        return [name for name in needs if name in self.case.unknown]


def diagnose(
    path: str | Path,
    recipe: Recipe | str | Path | None = None,
    *,
    rules: Sequence[Rule] | None = None,
    own: Collection[str] = (),
    growing: bool = False,
    **told: Any,
) -> Diagnosis:
    """The diagnosis of the training at `path`: any log that `advisor.logs` reads, the folder of a
    trial or of a recording, or a session.

    `recipe`: the training's own, where the log has none; with it changes become exact.
    `rules`: those installed when not given; `own`: ids of those among them that the user brought
    along, all of which are told where they hold. `growing`: whether the training still goes on.
    `told`: what the log does not say, as `advisor.diagnosis.Told` names it.
    Raises LogError, DiagnosisError, RecipeError or RuleError.
    """
    given = recipe_file.read(recipe) if isinstance(recipe, str | Path) else recipe
    known = checked(told, given is not None)
    case = opened(Path(path), given, known, growing)
    return judged(case, installed(VOCABULARY) if rules is None else rules, known.classes, own)


def judged(
    case: Case, rules: Sequence[Rule], classes: int | None = None, own: Collection[str] = ()
) -> Diagnosis:
    """The diagnosis of a case. Pure."""
    findings, assumed = look(case, classes)
    counsellor = Counsellor(case, findings, rules, own)
    fired = [one for one in findings if one.outcome == "fired"]
    remarks = in_agreement([remark(one, _counsels(one, fired, counsellor), own) for one in fired])
    told = {option.rule for one in remarks for option in one.options}
    beside = tuple(option_of(each) for each in counsellor.beside(told))
    return Diagnosis(case, tuple(findings), remarks, {**case.assumed, **assumed}, beside)
