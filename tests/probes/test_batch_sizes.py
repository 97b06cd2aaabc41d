from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from advisor import data
from advisor.backend import load_backend
from advisor.probes import batch_size, probe_epochs
from advisor.probes.asking import Measured, MeasuringError, measure
from advisor.probes.batch_sizes import affordable_sizes, knee, runs_of
from advisor.recipe import Recipe
from tests.preflight.making import recipe_of

PLENTY = 1 << 50


def digits(**changes: Any) -> tuple[Recipe, data.Dataset]:
    usual = {"data__source": "sklearn:digits", "train__epochs": 5}
    recipe = recipe_of(**(usual | changes))
    return recipe, data.load(recipe.data, recipe.task)


def asked(recipe: Recipe, sizes: list[int], backend: str = "torch") -> dict[str, Any]:
    return {
        "recipe": json.loads(recipe.model_dump_json()),
        "backend": backend,
        "device": "cpu",
        "sizes": [(size, runs_of(size)) for size in sizes],
    }


def test_sizes_are_measured_in_a_process_of_its_own(backend_name: str) -> None:
    recipe, dataset = digits(optimizer={"kind": "adam"})
    n = len(dataset.train.targets)
    probed = batch_size(recipe, dataset, load_backend(backend_name), "cpu")
    sizes = probed.curve["batch_size"]
    assert sizes == [16.0, 32.0]
    assert all(speed > 0 for speed in probed.curve["examples_per_second"])
    assert probed.facts["largest_batch"] == sizes[-1]
    assert probed.facts["knee_batch"] in sizes
    assert 0 < probed.epochs <= probe_epochs("batch_size", recipe, n)
    assert probed.steps == sum(2 * (1 + runs_of(int(size))) for size in sizes)


def test_nothing_fits_into_no_memory() -> None:
    pytest.importorskip("torch")
    recipe, dataset = digits()
    probed = batch_size(recipe, dataset, load_backend("torch"), "cpu", memory=20 << 20)
    assert probed.facts == {"knee_batch": None, "largest_batch": None}
    assert probed.message == "memory is not enough for 16 examples"


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
def test_sizes_that_take_too_much_are_refused() -> None:
    """A real process that is given little more than it needs before it trains."""
    pytest.importorskip("torch")
    recipe, _ = digits(model__hidden=(65_536,))
    limit = _peak(asked(recipe, [16])) + (40 << 20)
    found = measure(asked(recipe, [16, 256]), limit)
    assert [*found.seconds] == [16]
    assert found.refused == 256


def _peak(request: dict[str, Any]) -> int:
    """Bytes that the process takes at most. Its `ru_maxrss` would hold what these tests took
    before they began it."""
    code = "from advisor.probes.measured_sizes import main; import sys; main(); "
    code += "lines = open('/proc/self/status').read().splitlines(); "
    code += "sys.stderr.write(next(x.split()[1] for x in lines if x.startswith('VmHWM'))); "
    code += "sys.stderr.flush(); import os; os._exit(0)"
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.write(json.dumps(request) + "\n")
        process.stdin.flush()
        return int(process.stderr.read().split()[-1]) * 1024


@pytest.mark.skipif(os.name != "posix", reason="ulimit")
def test_an_exception_for_want_of_memory_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """... by the process that had it, of which the address space is limited."""
    pytest.importorskip("torch")
    limited = tmp_path / "python"
    limited.write_text(f'#!/bin/sh\nulimit -v 4000000\nexec {sys.executable} "$@"\n')
    limited.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(limited))
    recipe, _ = digits(model__hidden=(60_000, 60_000))  # 29 GB of weights
    found = measure(asked(recipe, [16, 32]), PLENTY)
    assert found.seconds == {}
    assert found.refused == 16


def test_another_failure_is_no_want_of_memory() -> None:
    recipe, _ = digits()
    with pytest.raises(MeasuringError, match="nobackend"):
        measure(asked(recipe, [16], "nobackend"), PLENTY)


def test_the_process_ends_with_whoever_asked(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    recipe, _ = digits(train__epochs=1000)
    process = subprocess.Popen(
        [sys.executable, "-m", "advisor.probes.measured_sizes"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    many = asked(recipe, [16]) | {"sizes": [(16, 9)] * 100_000}
    process.stdin.write(json.dumps(many) + "\n")
    process.stdin.flush()
    assert "trying" in process.stdout.readline()
    process.stdin.close()
    process.stdout.read()
    assert process.wait(120) == 0
    process.stdout.close()


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_what_the_system_kills_ran_out_of_memory() -> None:
    from advisor.probes.asking import _for_memory

    assert _for_memory(-signal.SIGKILL, "")
    assert _for_memory(-signal.SIGABRT, "terminate called after std::bad_alloc")
    assert not _for_memory(-signal.SIGSEGV, "")
    assert not _for_memory(1, "out of memory, said an exception that is another's to judge")


@pytest.mark.parametrize(
    ("speeds", "expected"),
    [
        ([100, 190, 360, 400, 410], 64),
        ([100, 190, 360, 680], 128),
        ([100, 110, 115], 16),
        ([100, 60, 360, 400, 410], 64),  # an accident of timing
        ([100], 16),
        ([100, 125], 16),
        ([], None),
    ],
)
def test_the_knee(speeds: list[float], expected: int | None) -> None:
    assert knee(dict(zip((16, 32, 64, 128, 256), speeds, strict=False))) == expected


def test_two_sizes_in_a_row_are_past_the_knee() -> None:
    found = Measured()
    for size, speed in ((16, 100.0), (32, 190.0), (64, 200.0)):
        found.seconds[size] = size / speed
    assert not found.past_knee()
    found.seconds[128] = 128 / 205.0
    assert found.past_knee()


def test_sizes_fit_the_training_set_its_portions_and_the_price() -> None:
    assert affordable_sizes(recipe_of(train__epochs=10_000), 1000) == [16, 32, 64, 128]
    assert affordable_sizes(recipe_of(train__epochs=1), 1000) == []
    portions = recipe_of(train__batch_size=64, train__accumulation=64, train__epochs=10_000)
    assert affordable_sizes(portions, 1000) == [64, 128]
    recipe = recipe_of(train__epochs=10)
    assert probe_epochs("batch_size", recipe, 1000) <= 3.0


@pytest.mark.parametrize("size", [16, 32, 64, 128, 8192])
def test_each_size_takes_3_to_20_steps(size: int) -> None:
    assert 3 <= 2 * (1 + runs_of(size)) <= 20
