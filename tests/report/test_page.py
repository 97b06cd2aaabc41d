"""The page as a file: whole, self-contained, and safe whatever the session's texts hold."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Mapping
from functools import cache
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor import report as reports
from advisor.report.gather import gather
from advisor.report.model import Change, Proposed, Report, Trial
from advisor.report.page import render
from advisor.text import clean
from tests import simulation
from tests.report import made

VOID = {"meta", "link", "br", "hr", "img", "input"}
LARGEST = 3_000_000


class Read(HTMLParser):
    """Tags, attributes and text of a page; complains about what is not closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.found: list[tuple[str, str, str]] = []
        self.text: list[str] = []
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.found += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def values(self, name: str) -> list[str]:
        return [value for _, known, value in self.found if known == name]


@cache
def whole() -> Report:
    changes = {"tune.ensemble": 3, "tune.budget": "200e"}
    return gather(made.story(simulation.recipe(**changes)))


@cache
def page() -> Read:
    return Read(render(whole()))


def test_headings_descend_one_by_one() -> None:
    levels = [int(found) for found in re.findall(r"<h([1-6])", render(whole()))]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_every_link_leads_to_a_place_on_the_page() -> None:
    ids = page().values("id")
    assert len(set(ids)) == len(ids)
    links = [value for value in page().values("href") if value != "data:,"]
    assert links
    assert {link[0] for link in links} == {"#"}
    assert {link[1:] for link in links} <= set(ids)


def test_nothing_is_fetched_and_nothing_runs() -> None:
    assert page().tags["script"] == 0
    assert page().values("src") == []
    assert not [name for _, name, _ in page().found if name.startswith("on")]
    text = render(whole())
    assert "http:" not in text
    assert "https:" not in text
    assert "url(" not in text
    assert "@import" not in text


def test_tables_say_what_their_heads_are_for() -> None:
    assert page().tags["table"] == page().tags["caption"] > 2
    assert {value for tag, name, value in page().found if (tag, name) == ("th", "scope")} == {
        "row",
        "col",
    }
    assert page().tags["th"] == len(page().values("scope"))


def test_every_picture_has_a_label() -> None:
    drawn = page().tags["svg"]
    assert drawn > 10
    assert page().values("role").count("img") == drawn
    labels = [value for tag, name, value in page().found if (tag, name) == ("svg", "aria-label")]
    assert len(labels) == drawn
    assert all(labels)


def test_verdicts_are_words_and_not_only_colours() -> None:
    text = " ".join(page().text)
    verdicts = {
        t.verdict.verdict
        for v in whole().visits
        for t in v.steps
        if isinstance(t, Trial) and t.verdict
    }
    assert verdicts
    for verdict in verdicts:
        assert verdict in text


def test_every_trial_and_probe_has_its_place() -> None:
    numbers = [t.number for v in whole().visits for t in v.steps if isinstance(t, Trial)]
    assert {f"trial-{number}" for number in numbers} <= set(page().values("id"))
    assert {f"probe-{probe.number}" for probe in whole().probes} <= set(page().values("id"))


@pytest.mark.parametrize("steps", [0, 1, 2, 3, 5, 8])
def test_an_unfinished_session_says_so(steps: int) -> None:
    read = Read(render(gather(made.story(steps=steps))))
    assert "Unfinished." in read.text
    assert "advisor resume" in read.text


def test_an_early_report_does_not_call_the_start_the_best() -> None:
    text = render(gather(made.story(steps=0)))
    assert "No recipe has given a finite result so far" in text
    assert "<p>Nothing yet.</p>" in text


def test_a_gain_of_repeats_says_so() -> None:
    other = dataclasses.replace

    def repeated(step: Any) -> Any:
        if not isinstance(step, Trial) or not step.verdict or not step.verdict.gain:
            return step
        gain = other(step.verdict.gain, own=False, seeds=3)
        return other(step, verdict=other(step.verdict, gain=gain, seeds=3))

    visits = tuple(other(v, steps=tuple(map(repeated, v.steps))) for v in whole().visits)
    assert "the gain is that of the repeats" not in render(whole())
    assert "the gain is that of the repeats, over 3 seeds" in render(other(whole(), visits=visits))


def test_a_headline_interval_says_what_it_holds() -> None:
    assert "is what the validation examples alone leave open" in render(whole())


HOSTILE = st.one_of(
    st.sampled_from(
        [
            "</style><script>alert(1)</script>",
            '"><img src=x onerror=alert(1)>',
            "{{ 7 * 7 }}{% raw %}",
            "javascript:alert(1)",
            "&amp;&#0;\x00\x1b[2J\u202e",
            "]]></svg><svg/onload=alert(1)>",
            "'" * 50,
        ]
    ),
    st.text(max_size=60),
)


def poisoned(value: Any, text: str) -> Any:
    """The same value with every text in it replaced, but for words that the page itself chose."""
    if isinstance(value, str):
        return text
    if isinstance(value, tuple):
        return tuple(poisoned(inner, text) for inner in value)
    if isinstance(value, Mapping):
        return {f"{text}{name}": poisoned(inner, text) for name, inner in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        made = {name: poisoned(inner, text) for name, inner in fields.items()}
        return dataclasses.replace(value, **made)
    return value


@cache
def harmless() -> Read:
    return Read(render(poisoned(whole(), "harmless")))


@settings(max_examples=25)
@given(HOSTILE)
def test_texts_from_outside_stay_texts(text: str) -> None:
    shape = harmless()
    found = Read(render(poisoned(whole(), text)))
    allowed = shape.tags.keys()
    assert found.tags.keys() <= allowed
    assert found.tags["script"] == found.tags["img"] == 0
    assert found.tags["style"] == 1
    assert not [name for _, name, _ in found.found if name.startswith("on")]
    assert {link[:1] for link in found.values("href")} <= {"#", "d"}
    shown = "".join(found.text)
    assert clean(text) in shown
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", shown)


def many(found: Report, count: int) -> Report:
    """The same session with so many candidates in one stage."""
    visit = next(
        v for v in found.visits if any(isinstance(t, Trial) and t.verdict for t in v.steps)
    )
    trial = next(t for t in visit.steps if isinstance(t, Trial) and t.verdict)
    changes = tuple(Change(f"field.{n}", n, n + 1) for n in range(3))
    about = Proposed("rule", "Title of a rule " * 3, "why " * 60, changes, (("fact", 0.123),) * 5)
    trials = tuple(
        dataclasses.replace(trial, number=1000 + n, spent=float(n), proposed=about)
        for n in range(count)
    )
    marks = found.course.marks * (1 + count // len(found.course.marks))
    return dataclasses.replace(
        found,
        visits=(dataclasses.replace(visit, steps=trials),),
        course=dataclasses.replace(found.course, marks=marks),
        curves=found.curves * 12,
    )


def test_a_thousand_trials_still_make_a_page() -> None:
    text = render(many(whole(), 1000))
    assert len(text.encode()) < LARGEST
    assert text.count("<article") > 1000


def test_the_file_is_written_whole(tmp_path: Path) -> None:
    story = made.story(folder=tmp_path)
    assert reports.write(story) == tmp_path / "report.html"
    assert reports.write(story, tmp_path / "other.html") == tmp_path / "other.html"
    assert (tmp_path / "report.html").read_bytes() == (tmp_path / "other.html").read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {"report.html", "other.html"}
