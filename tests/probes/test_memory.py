from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from advisor.probes import memory
from advisor.probes.memory import MemoryWatch, available_memory

GREEDY = "import sys; held = bytearray(300 << 20); print('held', flush=True); sys.stdin.read()"


@pytest.mark.parametrize(("limit", "killed"), [(100 << 20, True), (4 << 30, False)])
def test_a_process_that_takes_too_much_is_ended(limit: int, killed: bool) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", GREEDY], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        with MemoryWatch(process.pid, limit) as watch:
            assert process.stdout is not None
            told = process.stdout.readline()  # empty when it died before it could say so
            if killed:
                process.wait(60)
        assert watch.killed == killed
        assert told == b"held\n" or killed
        process.kill()
        process.wait()
        assert process.returncode == -signal.SIGKILL


def test_a_container_may_have_less_than_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "CGROUP", tmp_path)
    whole = psutil.virtual_memory().total
    assert 0 < available_memory() <= whole
    (tmp_path / "memory.current").write_text("600\n")
    (tmp_path / "memory.max").write_text("1000\n")
    assert available_memory() == 400
    (tmp_path / "memory.max").write_text("max\n")
    assert available_memory() > 400
    (tmp_path / "memory.max").write_text("500\n")
    assert available_memory() == 0
