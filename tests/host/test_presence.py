"""Who is at work on a session, and how it ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from advisor.host import presence
from advisor.host.presence import FILE, Process, announced, ended, host
from advisor.journal import FILE as JOURNAL
from advisor.journal.writer import Journal


def test_a_host_is_there_while_it_lasts(tmp_path: Path) -> None:
    assert host(tmp_path) is None
    with announced(tmp_path, "auto"):
        found = host(tmp_path)
        assert found is not None
        assert (found.pid, found.kind) == (os.getpid(), "auto")
    assert host(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_a_host_that_was_killed_is_not(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        import psutil

        created = psutil.Process(process.pid).create_time()
        content = {"pid": process.pid, "created": created, "kind": "host", "advisor": "0"}
        (tmp_path / FILE).write_text(json.dumps(content))
        assert host(tmp_path) is not None
        process.send_signal(signal.SIGKILL)
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert host(tmp_path) is None, "nobody has waited for it yet"
    assert host(tmp_path) is None


def test_another_process_of_the_same_number_is_not_the_host(tmp_path: Path) -> None:
    me = Process.this()
    content = {"pid": me.pid, "created": me.created - 60, "kind": "host", "advisor": "0"}
    (tmp_path / FILE).write_text(json.dumps(content))
    assert host(tmp_path) is None


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"pid": "x"}', "\x00", "null"])
def test_a_damaged_file_is_no_host(text: str, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(text)
    assert host(tmp_path) is None


def test_the_end_of_a_journal(tmp_path: Path) -> None:
    assert ended(tmp_path) is None
    with Journal(tmp_path) as journal:
        assert ended(tmp_path) is None
        journal.remark("x" * 5000)
        assert ended(tmp_path) is None
        journal.ended("idle")
    assert ended(tmp_path) == "idle"
    with (tmp_path / JOURNAL).open("a") as file:
        file.write('{"event": "torn')
    assert ended(tmp_path) is None


def test_waiting_for_a_host_that_never_comes(tmp_path: Path) -> None:
    assert not presence.wait_for_host(tmp_path, 0.0)
    with announced(tmp_path, "host"):
        assert presence.wait_for_host(tmp_path, 0.0)
