"""The list of recent sessions: whoever writes, and whatever lies there."""

from __future__ import annotations

import json
import multiprocessing
import os
from pathlib import Path
from typing import Any

import pytest

from advisor import recent

HEADER: dict[str, Any] = {
    "recipe": {"name": "digits", "task": "classification", "metric": "accuracy"},
    "backend": "torch",
    "began": "2026-01-31T12:00:00+00:00",
}


def session(folder: Path) -> Path:
    """A folder that looks like a session's."""
    folder.mkdir(parents=True)
    (folder / recent.SESSION).touch()
    return folder


def test_the_latest_comes_first(tmp_path: Path) -> None:
    assert recent.sessions() == ()
    first, second = session(tmp_path / "first"), session(tmp_path / "second")
    for folder in (first, second):
        recent.remember(folder, HEADER)
    assert [each.folder for each in recent.sessions()] == [second, first]
    recent.remember(first, HEADER)
    assert [each.folder for each in recent.sessions()] == [first, second]
    assert [each.folder for each in recent.sessions(1)] == [first]
    found = recent.sessions()[0]
    assert (found.name, found.task, found.metric) == ("digits", "classification", "accuracy")
    assert (found.backend, found.began) == ("torch", HEADER["began"])


def test_a_relative_folder_is_found_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session(tmp_path / "here")
    monkeypatch.chdir(tmp_path)
    recent.remember(Path("here"), HEADER)
    monkeypatch.chdir("/")
    assert [each.folder for each in recent.sessions()] == [tmp_path / "here"]


def test_a_session_that_was_deleted_is_left_out(tmp_path: Path) -> None:
    folder = session(tmp_path / "s")
    recent.remember(folder, HEADER)
    (folder / recent.SESSION).unlink()
    assert recent.sessions() == ()


def test_so_many_are_kept_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent, "MOST", 3)
    folders = [session(tmp_path / str(number)) for number in range(5)]
    for number, folder in enumerate(folders):
        recent.remember(folder, HEADER)
        for file in recent.recent_folder().iterdir():  # clocks of file systems are coarse
            if json.loads(file.read_text())["folder"] == str(folder):
                os.utime(file, (number, number))
    assert len(list(recent.recent_folder().iterdir())) == 3
    assert [each.folder for each in recent.sessions()] == folders[:1:-1]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"folder": 3}',
        '{"folder": "\\u0000"}',
        "\x00",
        "null",
        pytest.param("[" * 9999, id="deep"),
    ],
)
def test_a_broken_file_is_passed_over(text: str, tmp_path: Path) -> None:
    folder = session(tmp_path / "s")
    recent.remember(folder, HEADER)
    (recent.recent_folder() / "broken.json").write_text(text)
    whole: dict[str, str] = dict.fromkeys(
        ("name", "task", "metric", "backend", "began", "opened"), ""
    )
    (recent.recent_folder() / "odd.json").write_text(json.dumps({**whole, "folder": "a\x00b"}))
    assert [each.folder for each in recent.sessions()] == [folder]


def test_a_header_of_another_version_does_no_harm(tmp_path: Path) -> None:
    recent.remember(session(tmp_path / "s"), {})
    assert recent.sessions()[0].name == ""


def test_where_nothing_can_be_written_nothing_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("ADVISOR_DATA", str(tmp_path / "file"))
    recent.remember(session(tmp_path / "s"), HEADER)
    assert recent.sessions() == ()


def _remember(data: str, folder: Path) -> None:
    os.environ["ADVISOR_DATA"] = data
    for _ in range(20):
        recent.remember(folder, HEADER)


def test_processes_that_write_at_once(tmp_path: Path) -> None:
    folders = [session(tmp_path / str(number)) for number in range(3)]
    spawn = multiprocessing.get_context("spawn")
    data = os.environ["ADVISOR_DATA"]
    processes = [spawn.Process(target=_remember, args=(data, folder)) for folder in folders]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0
    assert {each.folder for each in recent.sessions()} == set(folders)
