"""From the file into a session, through its ledger, and back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from advisor.auto import Start, begin
from advisor.experience import Counts, Experience, TrackRecord, learning, outcomes, store
from advisor.requests import Decided
from tests import simulation
from tests.experience.making import decided, rule

A, B = rule("a"), rule("b", {"optimizer.beta1": 0.8})
DECISIONS = (decided(A, "accepted"), decided(A, "accepted"), decided(B, "rejected"))


class NoTrouble:
    """A runner that finds every recipe good."""

    def check(self, recipe: object) -> dict[str, str]:
        return {"fingerprint": "x"}

    def info(self) -> dict[str, str]:
        return {}


def header(folder: Path, experience: Experience | None) -> dict[str, Any]:
    """What a ledger that is begun now says."""
    start = Start(simulation.recipe(), (A, B), "torch", "cpu", experience=experience)
    with begin(start, folder, NoTrouble()) as ledger:  # type: ignore[arg-type]
        return ledger.header()


def silent(text: str) -> None:
    raise AssertionError(f"nothing should be told: {text}")


def unusable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "experience.db").mkdir()
    monkeypatch.setenv("ADVISOR_DATA", str(tmp_path))


def test_what_a_session_came_to_is_known_in_the_next(tmp_path: Path) -> None:
    before = learning.known((A, B), silent)
    assert before == Experience()
    learning.remember(header(tmp_path / "1", before), DECISIONS, silent)
    after = learning.known((A, B), silent)
    assert after is not None
    assert after.track_record(A) == TrackRecord(Counts(accepted=2))
    assert after.track_record(B) == TrackRecord(Counts(rejected=1))


def test_a_session_goes_on_with_what_was_known_when_it_began(tmp_path: Path) -> None:
    store.record("earlier", outcomes(DECISIONS), silent)
    known = learning.known((A, B), silent)
    written = json.loads(json.dumps(header(tmp_path / "1", known)))
    store.record("meanwhile", outcomes(DECISIONS), silent)
    assert learning.begun_with(written) == known
    assert learning.known((A, B), silent) != known


def test_a_session_that_is_summed_up_again_is_not_counted_again(tmp_path: Path) -> None:
    first, second = header(tmp_path / "1", Experience()), header(tmp_path / "2", Experience())
    for written in (first, first, second, first):
        learning.remember(written, DECISIONS, silent)
    twice = {version: counts + counts for version, counts in outcomes(DECISIONS).items()}
    assert store.read(silent) == twice


@pytest.mark.parametrize("older", [False, True], ids=["without learning", "of an older version"])
def test_some_sessions_leave_nothing(tmp_path: Path, older: bool) -> None:
    written = {} if older else header(tmp_path / "1", None)
    learning.remember(written, DECISIONS, silent)
    assert store.read(silent) == {}
    assert learning.begun_with(written) == Experience()


def test_what_cannot_be_read_is_said_once_and_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unusable(tmp_path, monkeypatch)
    told: list[str] = []
    known = learning.known((A, B), told.append)
    assert known is None
    learning.remember(header(tmp_path / "1", known), DECISIONS, told.append)
    (line,) = told
    assert "cannot be used" in line
    assert line.endswith("this session goes without what was learned")


def test_what_cannot_be_written_is_said_and_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = header(tmp_path / "1", learning.known((A, B), silent))
    unusable(tmp_path, monkeypatch)
    told: list[str] = []
    learning.remember(written, DECISIONS, told.append)
    (line,) = told
    assert line.endswith("nothing is learned from this session")


def test_a_session_learns_from_a_file_that_was_set_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADVISOR_DATA", str(tmp_path))
    (tmp_path / "experience.db").write_text("no data base at all" * 50)
    told: list[str] = []
    known = learning.known((A, B), told.append)
    assert known == Experience()
    assert len(told) == 1
    decisions: tuple[Decided, ...] = DECISIONS
    learning.remember(header(tmp_path / "1", known), decisions, silent)
    assert store.read(silent) == outcomes(decisions)
