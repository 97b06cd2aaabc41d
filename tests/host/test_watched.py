"""What the journal says when a session ends before its time."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from advisor import recent
from advisor.host import presence
from advisor.host.watched import RESERVE, Stopped, watched
from advisor.journal.writer import Journal
from advisor.ledger import LedgerError
from advisor.opening import Opened
from advisor.runner import UserError, WorkerError
from advisor.session import Session
from tests import simulation
from tests.journal.told import begun, lines
from tests.report import made

CREW: Any = None
WRITE = "advisor.journal.writer.os.write"


def cut_short(
    folder: Path,
    error: BaseException | None,
    first: Callable[[Journal], None] = lambda journal: None,
) -> list[dict[str, Any]]:
    """The lines of a session in which this happens."""
    with begun(folder) as ledger:
        session = Session(simulation.recipe(), made.known_rules())
        with watched(Opened(session, ledger, CREW), "auto", autopilot=True) as journal:
            assert presence.host(folder) is not None
            first(journal)
            if error is not None:
                raise error
    return lines(folder)


@pytest.mark.parametrize(
    ("error", "kind", "message", "detail"),
    [
        (UserError("no such data"), "user", "no such data", ""),
        (LedgerError("session.db cannot be written"), "user", "session.db cannot be written", ""),
        (OSError(errno.ENOSPC, "No space left", "/x/y"), "user", "/x/y: No space left", ""),
        (WorkerError("it died", "its last words"), "worker", "it died", "its last words"),
    ],
)
def test_an_error_is_told_before_the_end(
    error: Exception, kind: str, message: str, detail: str, tmp_path: Path
) -> None:
    with pytest.raises(type(error)):
        cut_short(tmp_path / "s", error)
    *_, told, end = lines(tmp_path / "s")
    assert told == {
        "n": 2, "event": "error", "kind": kind, "message": message, "detail": detail,
    }  # fmt: skip
    assert end == {"n": 3, "event": "ended", "why": "error"}
    assert presence.host(tmp_path / "s") is None


def test_a_fault_of_ours_comes_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        cut_short(tmp_path / "s", ZeroDivisionError("ours"))
    told = lines(tmp_path / "s")[-2]
    assert told["kind"] == "ours"
    assert "ZeroDivisionError: ours" in told["message"]
    assert "Traceback" in told["detail"]


@pytest.mark.parametrize(
    ("error", "why"),
    [(KeyboardInterrupt(), "stopped"), (Stopped(), "stopped"), (Stopped("idle"), "idle")],
)
def test_a_session_that_is_stopped_says_so(error: BaseException, why: str, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        cut_short(tmp_path / "s", error)
    assert lines(tmp_path / "s")[-1]["why"] == presence.ended(tmp_path / "s") == why


def test_a_session_at_its_end_says_so_and_is_remembered(tmp_path: Path) -> None:
    first, mode, end = cut_short(tmp_path / "s", None)
    assert (first["event"], mode["event"], end["why"]) == ("session", "mode", "finished")
    assert [each.folder for each in recent.sessions()] == [tmp_path / "s"]


def full_disk(
    monkeypatch: pytest.MonkeyPatch, write: Callable[[int, bytes], int]
) -> Callable[[Journal], None]:
    """From now on the journal is written like this, and there is one more line."""

    def begin(journal: Journal) -> None:
        monkeypatch.setattr(WRITE, write)
        journal.remark("one more")

    return begin


def test_room_is_kept_on_the_disk_for_the_last_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write

    def nearly_full(file: int, text: bytes) -> int:
        if (tmp_path / "s" / RESERVE).exists():
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(file, text)

    with pytest.raises(OSError, match=r"No space left.*journal"):
        cut_short(tmp_path / "s", None, full_disk(monkeypatch, nearly_full))
    *_, told, end = lines(tmp_path / "s")
    assert "No space left" in told["message"]
    assert end["why"] == "error"
    assert not (tmp_path / "s" / RESERVE).exists()


def test_where_not_even_the_error_can_be_told_it_goes_on_its_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(file: int, text: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match=r"No space left.*journal"):
        cut_short(tmp_path / "s", None, full_disk(monkeypatch, full))
    assert presence.host(tmp_path / "s") is None
