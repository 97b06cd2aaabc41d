"""The file of commands: many write, one reads, and nothing that is in it does harm."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from advisor.host import commands
from advisor.host.audience import Audience
from advisor.host.commands import FILE, MOST_BYTES, Inbox
from advisor.host.presence import Process


def test_each_command_is_read_once_and_in_order(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path)
    assert inbox.new() == []
    for number in range(3):
        commands.send(tmp_path, {"do": "choose", "ask": number})
    assert [found["ask"] for found in inbox.new()] == [0, 1, 2]
    assert inbox.new() == []
    commands.send(tmp_path, {"do": "stop"})
    assert [found["do"] for found in inbox.new()] == ["stop"]


def test_the_beginning_of_a_command_waits_for_its_end(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path)
    with (tmp_path / FILE).open("w") as file:
        file.write('{"do": "sto')
        file.flush()
        assert inbox.new() == []
        file.write('p"}\n')
    assert inbox.new() == [{"do": "stop"}]


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"[1]",
        b"null",
        b'{"do": 3}',
        b"{}",
        b"\xff\xfe",
        b'{"do": "stop"',
        pytest.param(b"[" * 9999, id="deep"),
    ],
)
def test_what_is_no_command_is_passed_over(line: bytes, tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(line + b'\n{"do": "stop"}\n')
    assert Inbox(tmp_path).new() == [{"do": "stop"}]


def test_a_line_without_an_end_does_not_keep_the_rest_from_being_heard(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"x" * (2 * MOST_BYTES + 7) + b'\n{"do": "stop"}\n')
    inbox = Inbox(tmp_path)
    assert [found for _ in range(4) for found in inbox.new()] == [{"do": "stop"}]


def test_front_ends_that_write_at_once_do_not_mix_their_lines(tmp_path: Path) -> None:
    def write(name: str) -> None:
        for _ in range(200):
            commands.send(tmp_path, {"do": "choose", "name": name * 50})

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = Inbox(tmp_path).new()
    assert len(found) == 800
    assert {each["name"] for each in found} == {name * 50 for name in "abcd"}


def test_only_its_owner_writes_commands(tmp_path: Path) -> None:
    commands.send(tmp_path, {"do": "stop"})
    assert (tmp_path / FILE).stat().st_mode & 0o077 == 0


# Who watches


def test_a_front_end_is_there_from_hello_to_bye() -> None:
    audience = Audience()
    assert not audience.anyone()
    audience.heed([commands.hello()])
    assert audience.anyone()
    audience.heed([commands.bye()])
    assert not audience.anyone()


def test_a_front_end_that_is_gone_does_not_count() -> None:
    me = Process.this()
    audience = Audience()
    audience.heed([{"do": "hello", "pid": me.pid, "created": me.created - 100}])
    assert not audience.anyone()


@pytest.mark.parametrize(
    "command",
    [
        {"do": "hello"},
        {"do": "hello", "pid": "x", "created": 1},
        {"do": "hello", "pid": 1, "created": None},
        {"do": "hello", "pid": -1, "created": 0},
        {"do": "hello", "pid": 10**30, "created": 0},
        {"do": "bye", "pid": [1]},
    ],
)
def test_a_greeting_that_makes_no_sense_does_no_harm(command: dict[str, object]) -> None:
    audience = Audience()
    audience.heed([json.loads(json.dumps(command))])
    assert not audience.anyone()
