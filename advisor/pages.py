"""Rules, symptoms and facts as pages of Markdown, from the same texts as `advisor explain`."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from advisor.explanations import (
    CLASSES,
    Explanation,
    Kind,
    Row,
    of_fact,
    of_rule,
    of_session_symptom,
    of_symptom,
)
from advisor.facts import VOCABULARY, FactDefinition
from advisor.probe_facts import PROBED
from advisor.rulebook import Rule
from advisor.session_symptoms import SESSION_DETECTORS
from advisor.stages import STAGES, Stage
from advisor.symptoms import DETECTORS
from advisor.text import clean

MARK = "<!-- Written by `advisor rules docs`. What is changed here is lost. -->"
"""The first line of every page."""
INDEX, SYMPTOMS, FACTS = "rules/index.md", "symptoms.md", "facts.md"
_PROBED = frozenset(name for name, *_ in PROBED)
FACT_GROUPS: Mapping[str, Callable[[FactDefinition], bool]] = {
    "Of the recipe": lambda fact: fact.field is not None,
    "Of a training": lambda fact: fact.field is None and fact.name not in _PROBED,
    "Of checks and probes": lambda fact: fact.name in _PROBED,
}
_CODE = re.compile(r"(`[^`]+`)")
_SPECIAL = re.compile(r"([\\`*<\[\]|]|(?<!\w)_|_(?!\w))")
_AT_START = re.compile(r"^(\d+(?=[.)] )|(?=[#>+-]))")


def pages(rules: Sequence[Rule]) -> dict[str, str]:
    """Path, with `/`, below the folder of the pages -> text; `rules` in order of their stages."""
    found = {INDEX: _index(rules), SYMPTOMS: _symptoms(rules), FACTS: _facts(rules)}
    for stage in STAGES:
        found[_stage_page(stage.name)] = _stage(stage, rules)
    return {path: _page(lines) for path, lines in found.items()}


def is_page(text: str) -> bool:
    """Whether this was written here, and may be written again."""
    return text.startswith(MARK)


def escaped(text: str) -> str:
    """Plain text that Markdown shows as it is, but for `code`."""
    parts = _CODE.split(clean(text))
    plain = [part if _CODE.fullmatch(part) else _SPECIAL.sub(r"\\\1", part) for part in parts]
    return _AT_START.sub(r"\1\\", "".join(plain))


def _page(lines: Iterable[str]) -> str:
    return "\n\n".join([MARK, *lines]) + "\n"


def _index(rules: Sequence[Rule]) -> Iterator[str]:
    yield "# Rules"
    yield (
        f"What is tried, stage by stage, in this order. See also the [symptoms]({_to(SYMPTOMS)}) "
        f"that rules treat and the [facts]({_to(FACTS)}) that they read."
    )
    for stage in STAGES:
        there = [rule for rule in rules if rule.stage == stage.name]
        yield f"## [{stage.name}]({_to(_stage_page(stage.name))})"
        yield _about(stage)
        if there:
            yield _table([_table_row(rule) for rule in there])


def _table(rows: Iterable[str]) -> str:
    return "\n".join(["| rule | does | treats |", "| --- | --- | --- |", *rows])


def _table_row(rule: Rule) -> str:
    place = _linked("rule", rule.id, INDEX, {rule.id: rule.stage})
    treats = _linked("fact", rule.treats, INDEX, {}) if rule.treats else ""
    note = "" if rule.maturity == "stable" else f" ({rule.maturity})"
    return f"| {place} | {escaped(rule.title)}{note} | {treats} |"


def _stage(stage: Stage, rules: Sequence[Rule]) -> Iterator[str]:
    page, places = _stage_page(stage.name), _places(rules)
    yield f"# {stage.name}"
    yield f"{_about(stage)} All stages: [rules]({_to(INDEX, page)})."
    for rule in rules:
        if rule.stage == stage.name:
            yield from _section(of_rule(rule), page, places)


def _about(stage: Stage) -> str:
    return f"{stage.phase.capitalize()}: {escaped(stage.about)}."


def _symptoms(rules: Sequence[Rule]) -> Iterator[str]:
    places = _places(rules)
    yield "# Symptoms"
    yield (
        "Named faults, each fired, clear or not to be judged. Causes are treated before what they "
        "lead to, what is grave before the rest, and then by class, with the "
        f"[rules]({_to(INDEX, SYMPTOMS)}) that are named under each."
    )
    for number, about in CLASSES.items():
        yield f"## Class {number}: {about}"
        for detector in DETECTORS.values():
            if detector.order == number:
                yield from _section(of_symptom(detector, rules), SYMPTOMS, places)
    yield "## Of a whole session"
    yield (
        "Judged when a session is over, from all of its trainings, its decisions and the test. "
        "They say how far its numbers can be trusted; no rule reads them."
    )
    for found in SESSION_DETECTORS.values():
        yield from _section(of_session_symptom(found), SYMPTOMS, places)


def _facts(rules: Sequence[Rule]) -> Iterator[str]:
    places = _places(rules)
    yield "# Facts"
    yield (
        "What conditions may name, beside the "
        f"[symptoms]({_to(SYMPTOMS, FACTS)}): these are flags of the same names. A fact that was "
        "not measured, or does not apply, leaves a condition undecided."
    )
    for heading, belongs in FACT_GROUPS.items():
        yield f"## {heading}"
        for fact in VOCABULARY.values():
            if fact.name not in DETECTORS and belongs(fact):
                yield from _section(of_fact(fact, rules), FACTS, places)


def _section(entry: Explanation, page: str, places: Mapping[str, str]) -> Iterator[str]:
    """A heading, which is the anchor of links, the title, and a list of the rows."""
    yield f"### {entry.name}"
    yield f"**{escaped(entry.title)}**"
    yield "\n".join(line for row in entry.rows for line in _row(row, page, places))


def _row(row: Row, page: str, places: Mapping[str, str]) -> Iterator[str]:
    texts = [_text(row, place, page, places) for place in range(len(row.texts))]
    if isinstance(row.content, str) or row.joined:
        yield f"- {row.heading}: {', '.join(texts)}"
    else:
        yield f"- {row.heading}:"
        yield from (f"  - {text}" for text in texts)


def _text(row: Row, place: int, page: str, places: Mapping[str, str]) -> str:
    text = row.texts[place]
    if row.names:
        name = row.names[place]
        return _linked(row.of, name, page, places) + escaped(text.removeprefix(name))
    return f"`{clean(text)}`" if row.code else escaped(text)


def _places(rules: Iterable[Rule]) -> dict[str, str]:
    """Rule -> its stage."""
    return {rule.id: rule.stage for rule in rules}


def _linked(kind: Kind, name: str, page: str, places: Mapping[str, str]) -> str:
    """A link from this page to where the name is explained."""
    if kind == "rule":
        target = _stage_page(places[name])
    else:
        target = SYMPTOMS if name in DETECTORS else FACTS
    return f"[{name}]({'' if target == page else _to(target, page)}#{name})"


def _stage_page(stage: str) -> str:
    return f"rules/{stage}.md"


def _to(target: str, page: str = INDEX) -> str:
    """A page as another names it."""
    return posixpath.relpath(target, posixpath.dirname(page) or ".")
