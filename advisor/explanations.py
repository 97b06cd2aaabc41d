"""What there is to know of a rule, a symptom or a fact, by heading.

`advisor explain` prints it, and `advisor.pages` writes it down.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from advisor.facts import VOCABULARY, FactDefinition, FactValue
from advisor.rulebook import Example, Rule
from advisor.session_symptoms import SESSION_DETECTORS, SessionDetector
from advisor.signals import SIGNALS
from advisor.symptoms import DETECTORS, Detector
from advisor.symptoms.causes import leads_to
from advisor.symptoms.finding import Severity
from advisor.symptoms.remedies import REMEDIES
from advisor.text import counted, number

Kind = Literal["rule", "symptom", "fact"]
SEVERITIES: Mapping[Severity, str] = {
    "block": "nothing else is worth trying before it is cured",
    "optimisation": "training could be better",
    "generalisation": "validation lags behind",
    "info": "worth knowing, no fault in itself",
}
CLASSES: Mapping[int, str] = {
    1: "the data, and what goes into the model and comes out of it",
    2: "numbers that are not finite, and what stops a training",
    3: "nothing is learned",
    4: "signal flow",
    5: "step size",
    6: "batch",
    7: "capacity",
    8: "generalisation",
    9: "quality of the evaluation",
}
"""Of arbitration: of causes that are as grave those of a lower class are treated first."""


@dataclass(frozen=True)
class Row:
    """What stands under one heading."""

    heading: str
    content: str | tuple[str, ...]
    """one text, or a list of some"""
    names: tuple[str, ...] = ()
    """what each text begins with and speaks of; none where they are plain texts"""
    of: Literal["rule", "fact"] = "fact"
    """what the names are of; symptoms are facts"""
    code: bool = False
    """whether the texts are conditions or changes, as rule files have them"""
    joined: bool = False
    """whether the texts, of a word each, go on one line"""

    @property
    def texts(self) -> tuple[str, ...]:
        return (self.content,) if isinstance(self.content, str) else self.content

    @property
    def lines(self) -> tuple[str, ...]:
        """For people."""
        return (", ".join(self.texts),) if self.joined else self.texts

    @property
    def value(self) -> str | list[str]:
        """For programs: names alone where the texts are of these."""
        plain = self.names or self.texts
        return plain[0] if isinstance(self.content, str) else list(plain)


@dataclass(frozen=True)
class Explanation:
    """Everything about one name."""

    kind: Kind
    name: str
    title: str
    rows: tuple[Row, ...]
    source: str = ""
    """the rule's file"""

    @property
    def values(self) -> dict[str, str | list[str]]:
        """By heading, for programs."""
        return {row.heading: row.value for row in self.rows}


def explained(name: str, rules: Sequence[Rule]) -> tuple[Explanation, ...]:
    """The rule of this name, and the symptom or the fact; a rule and a fact may share theirs."""
    found = [of_rule(rule) for rule in rules if rule.id == name]
    if name in DETECTORS:
        found.append(of_symptom(DETECTORS[name], rules))
    elif name in SESSION_DETECTORS:
        found.append(of_session_symptom(SESSION_DETECTORS[name]))
    elif name in VOCABULARY:
        found.append(of_fact(VOCABULARY[name], rules))
    return tuple(found)


def plain(name: str) -> str:
    """What names are compared by: `Loss floor`, `loss-floor` and `loss_floor` are one."""
    return re.sub(r"[\W_]+", "_", name.casefold()).strip("_")


def names_like(name: str, rules: Sequence[Rule]) -> tuple[str, ...]:
    """Names that can be explained and are this one: as it stands, or else but for upper case,
    blanks, dashes and underscores."""
    known = all_names(rules)
    return (name,) if name in known else tuple(one for one in known if plain(one) == plain(name))


def all_names(rules: Sequence[Rule]) -> tuple[str, ...]:
    """All that can be explained, each once."""
    return tuple(dict.fromkeys((*(rule.id for rule in rules), *VOCABULARY, *SESSION_DETECTORS)))


def of_rule(rule: Rule) -> Explanation:
    """When it fires, what it changes, and why."""
    changes = tuple(f"{path} = {_value(value)}" for path, value in rule.change.items())
    rows = (
        Row("stage", rule.stage),
        _treats(rule),
        Row("when", tuple(condition.text for condition in rule.when), code=True),
        Row("probe", f"{rule.probe}, where what it measures is not known" if rule.probe else ""),
        Row("change", changes, code=True),
        Row("why", _paragraph(rule.why)),
        Row("expect", _paragraph(rule.expect)),
        Row("caution", _paragraph(rule.caution)),
        Row("kept if", _criterion(rule)),
        Row("references", rule.references),
        Row("maturity", rule.maturity + ("" if rule.active else ", so it proposes nothing")),
        Row("replaces", rule.replaces or ""),
        Row("examples", tuple(_examples(rule))),
        _facts(rule),
    )
    return Explanation("rule", rule.id, rule.title, _filled(rows), rule.source)


def of_symptom(detector: Detector, rules: Iterable[Rule]) -> Explanation:
    """When it fires, what it needs, what can fool it, what comes of it, and what to do."""
    name, remedy = detector.name, REMEDIES.get(detector.name)
    near = [rule for rule in rules if name in (rule.treats, *rule.reads)]
    rows = (
        *_rank(detector),
        Row("fires when", detector.threshold),
        Row("needs", tuple(SIGNALS.get(signal, signal) for signal in detector.needs)),
        Row("beware", detector.traps),
        Row("known from", detector.source),
        Row("first", remedy.first if remedy else ""),
        Row("expect", remedy.expect if remedy else ""),
        Row("not when", remedy.unless if remedy else ""),
        _rules("treated by", (rule for rule in near if rule.treats == name)),
        _rules("read by", (rule for rule in near if rule.treats != name)),
        _leads_to(name),
    )
    return Explanation("symptom", name, detector.about, _filled(rows))


def of_session_symptom(detector: SessionDetector) -> Explanation:
    """The same of one that is judged at the end of a session; no rule reads it."""
    rows = (
        *_rank(detector),
        Row("judged", "at the end of a session, over all of it"),
        Row("fires when", detector.threshold),
        Row("needs", detector.needs),
        Row("beware", detector.traps),
        Row("known from", detector.source),
        Row("first", detector.first),
        Row("expect", detector.expect),
    )
    return Explanation("symptom", detector.name, detector.about, rows)


def of_fact(fact: FactDefinition, rules: Iterable[Rule]) -> Explanation:
    """What it is measured in, and which rules read it."""
    rows = (
        Row("type", fact.type),
        Row("unit", fact.unit),
        Row("field", fact.field or "", code=True),
        _rules("read by", (rule for rule in rules if fact.name in rule.reads)),
    )
    return Explanation("fact", fact.name, fact.meaning, _filled(rows))


def _rank(detector: Detector | SessionDetector) -> tuple[Row, Row]:
    return (
        Row("severity", f"{detector.severity}: {SEVERITIES[detector.severity]}"),
        Row("class", f"{detector.order} of {max(CLASSES)}: {CLASSES[detector.order]}"),
    )


def _filled(rows: Iterable[Row]) -> tuple[Row, ...]:
    return tuple(row for row in rows if row.content)


def _treats(rule: Rule) -> Row:
    if rule.treats is None:
        return Row("treats", "")
    known = DETECTORS.get(rule.treats)
    about = known.about if known else _meaning(rule.treats)
    return Row("treats", f"{rule.treats}: {about}", (rule.treats,))


def _facts(rule: Rule) -> Row:
    """Facts and symptoms with their meaning."""
    names = tuple(sorted(rule.reads))
    return Row("facts", tuple(f"{name}: {_meaning(name)}" for name in names), names)


def _leads_to(symptom: str) -> Row:
    """Symptoms that it explains where both have fired."""
    names = tuple(name for name in leads_to(symptom) if name in DETECTORS)
    return Row("leads to", names, names, joined=True)


def _meaning(name: str) -> str:
    fact = VOCABULARY[name]
    return fact.meaning + (f" ({fact.unit})" if fact.unit else "")


def _rules(heading: str, rules: Iterable[Rule]) -> Row:
    """Rules with their titles."""
    found = tuple(rules)
    texts = tuple(f"{rule.id}: {rule.title}" for rule in found)
    return Row(heading, texts, tuple(rule.id for rule in found), of="rule")


def _criterion(rule: Rule) -> str:
    if rule.criterion == "no worse":
        return "the metric gets no worse: the change pays in something else"
    if rule.price:
        spread = f"{counted(rule.price, 'standard deviation')} of one training"
        return f"the metric gains more than {spread}: the price of a less simple recipe"
    return ""


def _examples(rule: Rule) -> Iterator[str]:
    fires = sum(example.fires for example in rule.examples)
    silent = len(rule.examples) - fires
    told = f"{fires} {'fires' if fires == 1 else 'fire'}"
    yield f"{told}, {silent} {'is' if silent == 1 else 'are'} silent"
    for example in rule.examples:
        facts = ", ".join(f"{name} {_fact(value)}" for name, value in example.facts.items())
        yield f"{'fires' if example.fires else 'silent'} at {facts}{_against(rule, example)}"


def _against(rule: Rule, example: Example) -> str:
    """Which lines keep it silent, and how."""
    said = {False: "does not hold", None: "cannot be judged"}
    judged = zip(rule.when, rule.judge(example.facts).lines, strict=True)
    told = [f"`{line.text}` {said[held]}" for line, held in judged if not held]
    return f" ({'; '.join(told)})" if told else ""


def _fact(value: FactValue) -> str:
    return "not measured" if value is None else number(value)


def _value(value: Any) -> str:
    """As a rule file has it."""
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, list | tuple):
        return f"[{', '.join(_value(inner) for inner in value)}]"
    return str(getattr(value, "text", value))


def _paragraph(text: str) -> str:
    return " ".join(text.split())
