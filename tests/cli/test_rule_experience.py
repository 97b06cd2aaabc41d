"""What is known of the rules: listed, shown with each rule and proposal, and forgotten."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from advisor.advice import Proposal
from advisor.cli import main
from advisor.cli.narrate import Narrator
from advisor.cli.options import AutoOptions
from advisor.cli.parser import make_parser
from advisor.experience import Counts, TrackRecord, rule_version, store
from advisor.facts import VOCABULARY
from advisor.journal.lines import asked as told
from advisor.requests import Choose
from advisor.rulebook import installed
from advisor.session import Session
from advisor.stages import STAGES
from advisor.state import State
from tests import simulation

RULES = {rule.id: rule for rule in installed(VOCABULARY)}
COSINE, MOMENTUM = rule_version(RULES["cosine"]), rule_version(RULES["momentum"])
KNOWN = {
    COSINE: Counts(7, 1, 1),
    MOMENTUM: Counts(1, 1, 0),
    ("momentum", "of old"): Counts(0, 4, 0),
    ("gone", "of old"): Counts(2, 0, 0),
}
SEVEN = {"accepted": 7, "rejected": 1, "undecided": 1, "chance": 0.7619, "ranks": -10}


@pytest.fixture
def known() -> None:
    store.record("a session", KNOWN, print)


def out(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> list[str]:
    assert main(words) == code
    return capsys.readouterr().out.splitlines()


def objects(capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out(capsys, *words, "--json")]


@pytest.mark.usefixtures("known")
def test_all_that_is_known_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    cosine, gone, *momentum, last = out(capsys, "rules", "experience")
    assert " ".join(cosine.split()) == (
        "cosine accepted 7 of 9 (1 rejected, 1 undecided), chance 0.76 [0.59, 0.91]; "
        "10 ranks earlier"
    )
    assert gone.endswith("; not used: there is no such rule here")
    assert sorted(line.rpartition("; ")[2] for line in momentum) == [
        "does not move it",
        "not used: the rule was another one then",
    ]
    assert last == f"4 rules ({store.experience_file()})"


@pytest.mark.usefixtures("known")
def test_all_that_is_known_as_objects(capsys: pytest.CaptureFixture[str]) -> None:
    *rules, summary = objects(capsys, "rules", "experience")
    assert summary == {"event": "summary", "rules": 4, "file": str(store.experience_file())}
    (cosine,) = (line for line in rules if line["rule"] == "cosine")
    assert cosine == cosine | SEVEN | {"version": COSINE[1], "used": True}
    assert cosine["low"] == pytest.approx(0.5878, abs=1e-4)
    assert [line["used"] for line in rules if line["version"] == "of old"] == [False, False]


def test_where_nothing_is_known_that_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert out(capsys, "rules", "experience")[0].startswith("nothing is known yet (")
    assert out(capsys, "rules", "experience", "--reset") == ["nothing was known"]
    assert not store.experience_file().exists()


@pytest.mark.usefixtures("known")
def test_each_rule_is_shown_with_what_became_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    listed = out(capsys, "rules", "list", "--stage", "learning_rate")
    told = {line.split()[1]: line.rpartition(" (")[2] for line in listed}
    assert told["cosine"] == "accepted 7 of 9 here)"
    assert told["momentum"] == "accepted 1 of 2 here)"
    assert sum("here)" in line for line in listed) == 2
    *found, _ = objects(capsys, "rules", "list")
    by_id = {line["id"]: line["experience"] for line in found}
    assert by_id["cosine"] == by_id["cosine"] | SEVEN
    assert [name for name, fared in by_id.items() if fared] == ["momentum", "cosine"]


@pytest.mark.usefixtures("known")
def test_explaining_a_rule_tells_how_it_fared(capsys: pytest.CaptureFixture[str]) -> None:
    told = [line.split(maxsplit=1) for line in out(capsys, "explain", "cosine")]
    assert ["fared", "accepted 7 of 9 here (1 rejected, 1 undecided); 10 ranks earlier"] in told
    (rule,) = objects(capsys, "explain", "cosine")
    assert rule["experience"] == rule["experience"] | SEVEN
    assert not any("fared" in line for line in out(capsys, "explain", "range-test"))
    (other,) = objects(capsys, "explain", "range-test")
    assert other["experience"] is None
    rule, fact = objects(capsys, "explain", "dropout")
    assert "experience" in rule
    assert "experience" not in fact


@pytest.mark.usefixtures("known")
def test_one_rule_is_forgotten(capsys: pytest.CaptureFixture[str]) -> None:
    told = out(capsys, "rules", "experience", "--reset", "momentum")
    assert len(told) == 2
    assert all(line.startswith("forgotten: momentum accepted") for line in told)
    assert store.read(print) == {v: c for v, c in KNOWN.items() if v[0] != "momentum"}


@pytest.mark.usefixtures("known")
def test_all_rules_are_forgotten(capsys: pytest.CaptureFixture[str]) -> None:
    *forgotten, summary = objects(capsys, "rules", "experience", "--reset")
    assert summary == {"event": "summary", "forgotten": 4}
    assert {(line["rule"], line["version"]) for line in forgotten} == set(KNOWN)
    assert store.read(print) == {}


@pytest.mark.usefixtures("known")
def test_a_rule_of_which_nothing_is_known_cannot_be_forgotten(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["rules", "experience", "--reset", "cosin"]) == 2
    assert "nothing is known of a rule 'cosin'; did you mean 'cosine'?" in capsys.readouterr().err
    assert store.read(print) == KNOWN


def test_what_cannot_be_read_is_one_message(capsys: pytest.CaptureFixture[str]) -> None:
    store.experience_file().mkdir(parents=True)
    assert main(["rules", "experience"]) == 2
    assert main(["rules", "list"]) == 0
    told = capsys.readouterr()
    assert len(told.err.splitlines()) == 2
    assert "cosine" in told.out


def test_a_damaged_file_is_one_message(capsys: pytest.CaptureFixture[str]) -> None:
    store.experience_file().parent.mkdir(parents=True)
    store.experience_file().write_text("no data base " * 99)
    assert main(["explain", "cosine"]) == 0
    assert main(["rules", "list"]) == 0
    (line,) = capsys.readouterr().err.splitlines()
    assert "was damaged; it is now experience.db.damaged-1" in line


def proposed(record: TrackRecord) -> tuple[Choose, State]:
    session = Session(simulation.recipe(), tuple(RULES.values()))
    while session.state.incumbent is None:
        session.tell(simulation.answer(session.request))  # type: ignore[arg-type]
    order = (5, False, 40, "cosine")
    proposal = Proposal(RULES["cosine"], {"schedule.kind": "cosine"}, {}, order, None, record)
    return Choose(STAGES[0], (proposal,)), session.state


def test_a_proposal_is_told_with_what_became_of_its_rule() -> None:
    choose, state = proposed(TrackRecord(Counts(7, 1, 1), 1))
    page = StringIO()
    Narrator(Console(file=page, width=200)).asked(choose, state)
    assert (
        "(cosine) accepted 7 of 9 here, refused once in this session, so 5 ranks later\n"
        in page.getvalue()
    )
    found = told(choose, state)
    assert found is not None
    assert found["experience"] == {
        "accepted": 7,
        "rejected": 1,
        "undecided": 1,
        "refused": 1,
        "ranks": 5,
    }


def test_nothing_is_said_of_a_rule_of_which_nothing_is_known() -> None:
    page = StringIO()
    choose, state = proposed(TrackRecord())
    Narrator(Console(file=page, width=200)).asked(choose, state)
    assert "(cosine)\n" in page.getvalue()


def test_a_session_may_go_without() -> None:
    parser = make_parser()
    assert AutoOptions.of(parser.parse_args(["auto", "r.yaml"])).experience
    without = parser.parse_args(["auto", "r.yaml", "--no-experience"])
    assert not AutoOptions.of(without).experience
