from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from advisor.ledger import Entry, Ledger, LedgerError, read
from advisor.report import Story, replay
from advisor.report.replay import Moment
from advisor.requests import Train
from tests import simulation
from tests.report import made


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Story:
    return made.recorded(tmp_path_factory.mktemp("sessions") / "whole")


def keys(moments: tuple[Moment, ...]) -> list[tuple[str, float]]:
    return [(repr(moment.request)[:200], moment.epochs) for moment in moments]


def test_a_replay_tells_what_an_observer_of_the_session_saw(whole: Story) -> None:
    told = replay(made.again(), whole.record)
    assert keys(told.moments) == keys(whole.moments)
    assert told.pending is None
    assert told.state.incumbent is not None
    assert whole.state.incumbent is not None
    assert told.state.incumbent.recipe == whole.state.incumbent.recipe
    assert told.state.decisions == whole.state.decisions
    assert told.record.openings == 1


def test_side_by_side_trainings_are_told_too(tmp_path: Path) -> None:
    told = made.recorded(tmp_path / "s", workers=3)
    assert keys(replay(made.again(workers=3), told.record).moments) == keys(told.moments)


def test_a_session_that_was_killed_is_told_as_far_as_it_got(whole: Story) -> None:
    for count in range(0, len(whole.record.entries), 4):
        part = replace(whole.record, entries=whole.record.entries[:count])
        told = replay(made.again(), part)
        assert told.pending is not None
        assert keys(told.moments) == keys(whole.moments)[: len(told.moments)]


def test_answers_to_other_questions_are_refused_with_the_version_to_use(whole: Story) -> None:
    first, *others = whole.record.entries
    other = replace(whole.record, entries=(Entry("preflight 1 other", first.answer), *others))
    with pytest.raises(LedgerError, match=r"begun with \(0\.1\.0\)"):
        replay(made.again(), other)


def test_a_trial_without_its_files_is_refused(tmp_path: Path) -> None:
    told = made.recorded(tmp_path / "s")
    trained = next(m.request for m in told.moments if isinstance(m.request, Train))
    (tmp_path / "s" / "trials" / f"{trained.number:03d}" / "events.jsonl").unlink()
    with pytest.raises(LedgerError, match="files are gone"):
        replay(made.again(), told.record)


def test_a_session_at_work_can_be_read(tmp_path: Path) -> None:
    with Ledger.create(tmp_path / "s", made.header(simulation.recipe())) as held:
        held.append(Entry("a", {"b": 1}))
        found = read(tmp_path / "s")
        held.count_opening()
        assert found.entries == (Entry("a", {"b": 1}),)
        assert len(found.times) == 1
        assert (found.openings, read(tmp_path / "s").openings) == (0, 1)
        assert found.header["backend"] == "torch"


@pytest.mark.parametrize("content", [None, b"", b"no database", b"SQLite format 3\x00"])
def test_what_is_no_session_is_said_so(content: bytes | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "session.db").write_bytes(content)
    with pytest.raises(LedgerError, match=r"holds no session|cannot be read"):
        read(tmp_path)
