"""Commands in processes of their own: what they say is heard, and they end when they should."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from advisor.tui.child import Child

LOG = "epoch,loss,val_loss\n" + "".join(f"{n},{2 / n},{2.1 / n}\n" for n in range(1, 9))


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "history.csv"
    path.write_text(LOG)
    return path


def following(log: Path) -> tuple[str, ...]:
    return ("diagnose", "--json", "--follow", "--", str(log))


def test_what_it_says_is_heard_until_it_ends() -> None:
    child = Child(["rules", "list", "--json"])
    assert len(list(child.lines())) > 50
    assert child.failure == ""


def test_what_went_wrong_is_told() -> None:
    child = Child(["diagnose", "--json", "none.csv"])
    assert list(child.lines()) == []
    assert "none.csv" in child.failure
    assert child.failure.isprintable()


def test_one_that_goes_on_ends_when_it_is_told_to(log: Path) -> None:
    child = Child(following(log))
    told = child.lines()
    assert next(told)["event"] in ("finding", "summary")
    child.end()
    child.end()
    rest = list(told)
    assert all(line["event"] in ("finding", "summary") for line in rest)
    assert child.failure == ""
    assert child._process is not None
    assert child._process.returncode is not None


def test_one_that_was_ended_before_it_began_never_begins(log: Path) -> None:
    child = Child(following(log))
    child.end()
    assert list(child.lines()) == []
    assert child._process is None


def test_it_does_not_outlive_the_interface(log: Path) -> None:
    """The process that started it is killed: nothing can be tidied up there."""
    code = (
        "import sys\nfrom advisor.tui.child import Child\n"
        f"child = Child({following(log)!r})\nnext(child.lines())\n"
        "print(child._process.pid, flush=True)\nsys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        child = psutil.Process(pid)
        parent.kill()
    _, alive = psutil.wait_procs([child], timeout=60)
    assert not alive


def test_ending_from_another_thread_is_safe(log: Path) -> None:
    child = Child(following(log))
    threads = [threading.Thread(target=child.end) for _ in range(4)]
    lines = child.lines()
    next(lines)
    for thread in threads:
        thread.start()
    list(lines)
    for thread in threads:
        thread.join()
    assert child.failure == ""
