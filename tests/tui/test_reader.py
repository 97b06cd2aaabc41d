"""From files that grow to snapshots."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from advisor.tui.reader import MOST_STEPS, Reader, Snapshot, parsed, thinned
from advisor.tui.session import base
from advisor.tui.session.base import moved, news
from advisor.tui.session.screen import SessionScreen
from advisor.tui.tail import Tail
from tests.tui import fed
from tests.tui.model.test_live import STARTED, STEPS
from tests.tui.session.shown import Shown


def write(path: Path, lines: Iterable[Mapping[str, Any]], mode: str = "a") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open(mode) as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "journal.jsonl", [*fed.began(), fed.asked(), *fed.tried()])
    write(tmp_path / "trials/001/events.jsonl", [STARTED, fed.evaluated(8.0, 0.02, 20.0)])
    return tmp_path


def test_no_files_yet(tmp_path: Path) -> None:
    found = Reader(tmp_path).look()
    assert not found.session.known
    assert found.live == ()


def test_a_glance_is_at_the_journal_alone(folder: Path) -> None:
    reader = Reader(folder, lambda: "host")
    first = reader.glance()
    assert (first.session.name, first.driver, first.reading) == ("digits", "host", True)
    assert first.live == ()
    then = reader.look()
    assert then.session.revision == len([*fed.began(), fed.asked(), *fed.tried()])
    assert not then.reading
    assert Reader(folder / "nowhere").glance() == Snapshot(reading=True)


def test_a_glance_at_a_long_journal_is_short(tmp_path: Path) -> None:
    write(
        tmp_path / "journal.jsonl", [*fed.began(), *[{"event": "remark", "text": "x" * 99}] * 999]
    )
    reader = Reader(tmp_path)
    assert reader.glance().session.revision < 200
    assert reader.look().session.revision == len(fed.began()) + 999


def test_the_journal_and_the_trials_are_followed(folder: Path) -> None:
    reader = Reader(folder, lambda: "host")
    first = reader.look()
    assert [trial.status for trial in first.live] == ["waiting"]
    assert first.driver == "host"
    assert first.incumbent is not None
    assert first.incumbent.validation_metric.x == (8.0,)
    write(folder / "trials/003/events.jsonl", [STARTED, STEPS])
    second = reader.look()
    assert second.live[0].epoch == 2.0
    assert second.session.revision == first.session.revision
    write(folder / "journal.jsonl", fed.decided())
    third = reader.look()
    assert third.session.running == ()
    assert third.live[0].number == 3


def test_nothing_new_is_no_difference(folder: Path) -> None:
    reader = Reader(folder)
    one = reader.look()
    assert not news(one, reader.look())
    assert not moved(one, reader.look())


def test_curves_that_grow_are_no_news_but_what_the_session_says_is(folder: Path) -> None:
    reader = Reader(folder)
    one = reader.look()
    write(folder / "trials/003/events.jsonl", [STARTED])
    two = reader.look()
    assert (news(one, two), moved(one, two)) == (False, True)
    write(folder / "journal.jsonl", fed.decided()[:1])
    assert news(two, reader.look())
    assert news(two, replace(two, driver="host"))


async def test_growing_curves_are_drawn_now_and_then_and_news_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(base, "INTERVAL", 0.001)
    monkeypatch.setattr(base, "PAUSE", 3600.0)
    first, last = fed.training(), fed.asking()
    looks = iter([first, *(replace(first, live=(fed.live(3),)) for _ in range(5)), last])

    class Source:
        def look(self) -> Snapshot:
            return next(looks, last)

    app = Shown(Snapshot())
    app.session = SessionScreen(app.driver, Source())
    async with app.run_test() as pilot:
        while app.session.snapshot is not last:
            await pilot.pause(0.01)
        read = app.of(SessionScreen.SnapshotRead)
    assert all(message.snapshot in (first, last) for message in read)


def test_a_journal_that_is_written_anew_is_read_anew(folder: Path) -> None:
    reader = Reader(folder)
    assert reader.look().session.revision > 5
    write(folder / "new", [fed.BEGUN])
    (folder / "new").replace(folder / "journal.jsonl")
    found = reader.look().session
    assert found.revision == 1
    assert len(found.trials) == 0


def test_a_torn_line_waits_for_its_rest(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_bytes(b'{"a": 1}\n{"b"')
    tail = Tail(path)
    assert tail.read() == [b'{"a": 1}']
    with path.open("ab") as file:
        file.write(b": 2}\n")
    assert tail.read() == [b'{"b": 2}']


def test_a_long_file_is_read_in_parts(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_bytes(b"".join(b"%d\n" % n for n in range(1000)))
    tail = Tail(path)
    found = tail.read(100)
    assert tail.more
    while tail.more:
        found += tail.read(100)
    assert found == [b"%d" % n for n in range(1000)]


def test_a_file_that_shrank_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_bytes(b"1\n2\n3\n")
    tail = Tail(path)
    tail.read()
    path.write_bytes(b"4\n")
    assert tail.read() == [b"4"]
    assert tail.restarted


def test_a_flood_of_steps_is_thinned_and_all_else_is_kept() -> None:
    steps = [json.dumps(STEPS | {"step": n}).encode() for n in range(10_000)]
    other = json.dumps(fed.evaluated(1.0, 0.1, 1.0)).encode()
    found = thinned([*steps[:5000], other, *steps[5000:]])
    assert other in found
    assert found[-1] == steps[-1]
    assert len(found) <= MOST_STEPS + 1


@pytest.mark.parametrize("line", [b"", b"[1]", b"{", b"\xff"])
def test_what_is_no_event_is_passed_over(line: bytes) -> None:
    assert parsed(line) is None
