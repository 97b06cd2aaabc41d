"""The pages in docs/ are what the files give, and their links lead somewhere."""

from __future__ import annotations

import posixpath
import re
from dataclasses import replace
from pathlib import Path

import pytest

from advisor.cli.rules import load
from advisor.facts import VOCABULARY
from advisor.pages import FACTS, SYMPTOMS, escaped, is_page, pages
from advisor.session_symptoms import SESSION_DETECTORS
from advisor.stages import STAGES
from advisor.symptoms import DETECTORS

DOCS = Path(__file__).resolve().parents[1] / "docs"
LINK = re.compile(r"(?<!\\)\]\(([^)#]*)(?:#([^)]+))?\)")


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    return pages(load(()))


def anchors(text: str) -> list[str]:
    """What headings are called as ends of links, by GitHub's rule."""
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return [re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles]


def broken(written: dict[str, str]) -> list[str]:
    """Links between these pages that lead nowhere."""
    found = []
    titles = {page: set(anchors(text)) for page, text in written.items()}
    for page, text in written.items():
        for target, anchor in LINK.findall(text):
            there = posixpath.normpath(posixpath.join(posixpath.dirname(page), target))
            there = there if target else page
            if there not in written or (anchor and anchor not in titles[there]):
                found.append(f"{page}: {target}#{anchor}")
    return found


def test_the_pages_in_docs_are_what_the_files_give(made: dict[str, str]) -> None:
    written = {
        path.relative_to(DOCS).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(DOCS.rglob("*.md"))
        if is_page(path.read_text(encoding="utf-8"))
    }
    stale = [path for path in {*made, *written} if made.get(path) != written.get(path)]
    assert not stale, f"run `make docs`: {', '.join(sorted(stale))}"


def test_every_link_leads_somewhere(made: dict[str, str]) -> None:
    assert broken(made) == []
    assert sum(len(LINK.findall(text)) for text in made.values()) > 500


def test_a_broken_link_is_noticed(made: dict[str, str]) -> None:
    without = {path: text.replace("### overfitting\n", "") for path, text in made.items()}
    assert "rules/index.md: ../symptoms.md#overfitting" in broken(without)
    del without[FACTS]
    assert any(link.startswith("rules/sanity.md: ../facts.md#") for link in broken(without))


def test_everything_has_one_place(made: dict[str, str]) -> None:
    rules = load(())
    for stage in STAGES:
        ids = [rule.id for rule in rules if rule.stage == stage.name]
        assert anchors(made[f"rules/{stage.name}.md"])[1:] == ids
    assert {*DETECTORS, *SESSION_DETECTORS} <= set(anchors(made[SYMPTOMS]))
    assert set(VOCABULARY) - set(DETECTORS) <= set(anchors(made[FACTS]))
    for text in made.values():
        assert len(anchors(text)) == len(set(anchors(text)))


def test_pages_do_not_depend_on_where_the_rules_lie(made: dict[str, str]) -> None:
    elsewhere = [replace(rule, source=f"/elsewhere/{rule.id}.yaml") for rule in load(())]
    assert pages(elsewhere) == made


def test_text_of_a_rule_is_shown_as_it_is() -> None:
    rule = load(())[0]
    title = "Not *this*, <b>that</b> | [x](y)\x1b[2J but `a * b` of train_loss"
    page = pages([replace(rule, title=title)])[f"rules/{rule.stage}.md"]
    shown = r"Not \*this\*, \<b>that\</b> \| \[x\](y)\\x1b\[2J but `a * b` of train_loss"
    assert f"**{shown}**" in page


@pytest.mark.parametrize(
    ("text", "shown"), [("# no", r"\# no"), ("1. no", r"1\. no"), ("- 3", r"\- 3"), ("3", "3")]
)
def test_plain_text_opens_no_block(text: str, shown: str) -> None:
    assert escaped(text) == shown
