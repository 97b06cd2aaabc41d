"""Logs as they are found: cut off, mixed up, damaged. What can be read is, and the rest is told."""

from __future__ import annotations

import json
import os
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from advisor.logs import Log, LogError, read_bytes, read_log
from advisor.text import clean
from tests.logs import makers


def read(text: str | bytes) -> Log:
    return read_bytes(text.encode() if isinstance(text, str) else text, "log")


def note(log: Log, kind: str) -> str:
    found = [note.text for note in log.notes if note.kind == kind]
    assert found, f"no note on {kind}: {log.notes}"
    return found[0]


def kinds(log: Log) -> set[str]:
    return {note.kind for note in log.notes}


@pytest.mark.parametrize(
    "data", [b"hello\nworld\n", b"{}\n", b"[]", b"1,2\n3,4\n", b"\x00\x01" * 500, b"hello, you\n"]
)
def test_no_log_is_one_clear_error(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "train.log"
    path.write_bytes(data)
    with pytest.raises(LogError) as error:
        read_log(path)
    assert "train.log" in str(error.value)
    assert "Looked for:" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b"\n\n \n", "empty"),
        (b"epoch,loss,val_loss\n", "a header (epoch, loss, val_loss) and no numbers below it"),
        (b"epoch,loss,val_loss", "a header (epoch, loss, val_loss)"),
        (b"# begun at noon\nepoch\tloss\n\n", "a header (epoch, loss)"),
        (b'{"step": 1, "lo', "cut off or damaged"),
    ],
)
def test_nothing_logged_yet_is_one_clear_error(data: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "train.log"
    path.write_bytes(data)
    with pytest.raises(LogError) as error:
        read_log(path)
    assert str(error.value).startswith(f"{path}: ")
    assert said in str(error.value)
    assert "needs at least one entry" in str(error.value)
    assert "\n" not in str(error.value)


def test_paths_that_are_no_files(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="no such file"):
        read_log(tmp_path / "missing.csv")
    with pytest.raises(LogError, match="folder without a log"):
        read_log(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(LogError, match="neither a file nor a folder"):
        read_log(tmp_path / "pipe")
    with pytest.raises(LogError, match="no path"):
        read_log(Path("a\0b"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes(makers.csv_text())
    path.chmod(0)
    with pytest.raises(LogError, match="permission denied"):
        read_log(path)


@pytest.mark.parametrize("name", ["json lines", "csv", "trainer state", "tensorboard", "events"])
def test_cut_off_in_mid_line(name: str) -> None:
    data = makers.MAKERS[name][1]()
    log = read(data[: len(data) * 2 // 3])
    assert "truncated" in kinds(log)
    n = len(log.series["train_loss"].values)
    assert 5 < n < 20
    np.testing.assert_allclose(log.series["train_loss"].values, makers.LOSSES[:n], rtol=1e-6)


@pytest.mark.parametrize(
    ("last", "read_to"),
    [
        ("3,0.75,0.8512", 4),  # whole, without an end of line
        ("3,0.75,0.85\n", 4),  # shorter, but with an end
        ("3,0.75,0.85", 3),
        ("3,0.75,", 3),
        ("3,0.75", 3),
    ],
)
def test_a_number_that_is_cut_short_is_not_believed(last: str, read_to: int) -> None:
    log = read(f"epoch,loss,val_loss\n0,1.5,1.2345\n1,1.25,1.1234\n2,1.0,0.9123\n{last}")
    assert len(log.series["validation_loss"].values) == read_to
    assert ("truncated" in kinds(log)) == (read_to == 3)
    if read_to == 3:
        assert "line (5)" in note(log, "truncated")


def test_a_last_column_that_is_mostly_empty_does_not_look_cut_off() -> None:
    rows = "".join(f"{i},{1 / (i + 1):.4f},\n" for i in range(9)) + "9,0.1000,"
    assert "truncated" not in kinds(read("step,loss,val_loss\n5,0.5,0.5\n" + rows))


def test_unreadable_lines_are_counted() -> None:
    lines = makers.json_lines().decode().splitlines()
    lines[3:3] = ["Traceback (most recent call last):", "{broken", "[1, 2]"]
    log = read("\n".join(lines))
    assert note(log, "unreadable") == "3 lines without a JSON object left out, the first is 4"
    assert len(log.series["train_loss"].values) == 20


@pytest.mark.parametrize(
    "damage", [{"wait_seconds": "long"}, {"wait_seconds": [1]}, {"gradient_kept": "yes"}]
)
def test_events_with_values_of_the_wrong_type_are_left_out(damage: dict[str, object]) -> None:
    lists = {"loss": [2.0], "grad_norm": [1.0], "lr": [0.1]}
    sound = {"event": "steps_done", "epoch": 1.0, "layers": {}, "seconds": 0.5, **lists}
    lines = [{**sound, "step": 1}, {**sound, "step": 2, **damage}, {**sound, "step": 3}]
    log = read("\n".join(json.dumps(line) for line in lines))
    assert note(log, "unreadable").startswith("1 line left out")
    assert len(log.series["train_loss"].values) == 2


@pytest.mark.parametrize("written", ["NaN", "nan", '"nan"', "Infinity", "-inf"])
def test_values_that_are_not_finite_are_kept(written: str) -> None:
    log = read(f'{{"step": 1, "loss": 1.0}}\n{{"step": 2, "loss": {written}}}\n')
    assert len(log.series["train_loss"].values) == 2
    assert not np.isfinite(log.series["train_loss"].values[1])
    assert note(log, "not finite").endswith("the first at step 2")


def test_values_that_are_not_finite_in_csv() -> None:
    log = read("step,loss\n1,nan\n2,inf\n3,-Infinity\n4,1.0\n")
    assert np.isfinite(log.series["train_loss"].values).tolist() == [False] * 3 + [True]


def test_null_is_missing_and_noted() -> None:
    log = read('{"step": 1, "loss": 1.0}\n{"step": 2, "loss": null}\n')
    assert log.series["train_loss"].steps.tolist() == [1]
    assert "null for NaN" in note(log, "missing")


def test_lines_that_python_printed() -> None:
    log = read("{'loss': 0.5, 'epoch': 1.0, 'ok': True}\n{'loss': nan, 'epoch': 2.0, 'ok': None}\n")
    np.testing.assert_array_equal(log.series["train_loss"].values, [0.5, np.nan])


def test_steps_out_of_order_are_sorted_stably() -> None:
    rows = [(10, 1.0), (20, 2.0), (30, 3.0), (20, 2.5), (40, 4.0)]
    log = read("step,loss\n" + "".join(f"{step},{loss}\n" for step, loss in rows))
    assert log.series["train_loss"].steps.tolist() == [10, 20, 20, 30, 40]
    assert log.series["train_loss"].values.tolist() == [1.0, 2.0, 2.5, 3.0, 4.0]
    assert {"order", "repeated"} <= kinds(log)


@pytest.mark.parametrize("make", [makers.json_lines, makers.csv_text, lambda: makers.events()])
def test_of_several_runs_the_last_is_read(make: Callable[[], bytes]) -> None:
    log = read(make() + make() + make())
    assert log.series["train_loss"].values.tolist() == makers.LOSSES
    assert "3 runs in one log" in " ".join(n.text for n in log.notes if n.kind == "runs")


def test_steps_within_each_epoch_are_added_up() -> None:
    rows = [{"epoch": e, "step": s, "loss": 1.0 / (e + 1)} for e in range(3) for s in range(4)]
    log = read(makers.json_lines(rows))
    assert log.series["train_loss"].steps.tolist() == list(range(12))
    assert kinds(log) == {"steps", "ambiguous"}


def test_without_steps_entries_are_counted() -> None:
    log = read("loss\n3\n2\n1\n")
    assert log.series["train_loss"].steps.tolist() == [1, 2, 3]
    assert "counted" in note(log, "steps")


def test_entries_without_a_step_get_the_one_before() -> None:
    log = read('{"step": 5, "loss": 1.0}\n{"val_loss": 2.0}\n')
    assert log.series["validation_loss"].steps.tolist() == [5]
    assert "1 entry without a step" in note(log, "steps")


def test_zeros_that_a_filter_wrote() -> None:
    losses = [2.3, 2.2, 2.1, 2.0, 0.0, 0.0, 0.0]
    log = read(makers.trainer_state(losses))
    said = note(log, "filtered")
    assert "3 training losses of exactly 0, the first at step 25" in said
    assert "logging_nan_inf_filter" in said
    assert log.series["train_loss"].values.tolist() == losses


@pytest.mark.parametrize("losses", [[0.5, 0.01, 0.001, 0.0001, 0.0, 0.0], [0.0, 0.0, 0.0]])
def test_zeros_of_a_run_that_has_fitted(losses: list[float]) -> None:
    assert "filtered" not in kinds(read(makers.trainer_state(losses)))


def test_repeats_that_a_filter_wrote() -> None:
    losses = [2.3, 2.2, 2.1, *[2.0] * 6]
    assert "overwritten" in note(read(makers.trainer_state(losses)), "filtered")
    assert "filtered" not in kinds(read(makers.trainer_state()))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "utf-16-le"])
def test_encodings_of_other_programs(encoding: str) -> None:
    log = read(makers.csv_text().decode().encode(encoding))
    assert log.series["train_loss"].values.tolist() == makers.LOSSES
    assert log.notes == ()


def test_wrong_encoding_is_noted() -> None:
    log = read("step,loss,größe\n1,2,3\n2,1,3\n".encode("latin-1"))
    assert "line 1" in note(log, "encoding")
    assert log.series["train_loss"].values.tolist() == [2.0, 1.0]


def test_control_characters_are_kept_and_never_shown() -> None:
    name = "loss\x1b[2J"
    log = read(f"step,{name},{name}\n1,2,2\n2,1,1\n")
    assert log.series[f"other/{name}"].name == name
    assert all(note.text == clean(note.text) for note in log.notes)
    with pytest.raises(LogError) as error:
        read_log(Path("no/\x1b[2Jlog"))
    assert str(error.value) == clean(error.value)


@pytest.mark.parametrize(
    "text",
    [
        "step\tloss\n1\t2\n2\t1\n",
        "step;loss\n1;2,0\n2;1,0\n",
        "# made by a script\nstep,loss\n1,2\n2,1\n",
        "#step,loss\n1,2\n2,1\n",
        "step,loss\r\n1,2\r\n2,1\r\n",
        '"step","loss"\n1,"2"\n2,1\n',
        "step,loss\n1,2\n\n2,1",
        "step,loss\n1,2\n1,2,3,4\n2,1\n",
    ],
)
def test_dialects_of_csv(text: str) -> None:
    one = read(text).series["train_loss"]
    assert (one.steps.tolist(), one.values.tolist()) == ([1, 2], [2.0, 1.0])


def test_integers_and_steps_beyond_all_bounds() -> None:
    log = read(f'{{"step": {10**400}, "loss": 1{"0" * 400}}}\n{{"step": 2, "loss": 1e999}}\n')
    assert np.isinf(log.series["train_loss"].values).all()


def test_deep_nesting_is_no_crash() -> None:
    with pytest.raises(LogError):
        read('{"a":' * 100_000)
    with pytest.raises(LogError):
        read("[" * 100_000)


def test_damaged_record_of_tensorboard_is_left_out() -> None:
    data = bytearray(makers.tensorboard())
    data[data.index(b"loss/train") + 12] ^= 1
    log = read(bytes(data))
    assert log.series["train_loss"].steps.tolist() == list(range(1, 20))
    assert "1 record with a wrong checksum" in note(log, "unreadable")


def test_damaged_length_ends_a_tensorboard_file() -> None:
    records = [makers.event(i, [makers.simple("loss", i)]) for i in range(4)]
    data = bytearray(makers.tf_records(records))
    data[len(data) // 2] ^= 1
    log = read(bytes(data))
    assert log.series["train_loss"].values.tolist() == [0.0, 1.0]
    assert "nothing behind it can be read" in note(log, "unreadable")


def test_trainer_state_damaged_behind_its_history() -> None:
    data = makers.trainer_state()
    log = read(data[:-1])
    assert len(log.series["train_loss"].values) == 20
    assert "which is whole" in note(log, "unreadable")


def test_times_of_day_become_seconds_of_the_run() -> None:
    log = read("step,loss,timestamp\n1,2,1700000000\n2,1,1700000004\n")
    assert log.series["seconds"].values.tolist() == [0.0, 4.0]


def test_durations_of_single_steps_are_not_the_time() -> None:
    log = read("step,loss,time\n1,2,0.5\n2,1,0.4\n")
    assert "seconds" not in log.series
    assert log.series["other/time"].values.tolist() == [0.5, 0.4]


@pytest.mark.parametrize("make", [makers.long_json_lines, makers.long_csv])
def test_long_logs_take_little_memory(make: Callable[[int], bytes]) -> None:
    data = make(20_000)
    read(data[:1000])  # what is made once, such as patterns
    tracemalloc.start()
    try:
        read(data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak / 20_000 < 500  # bytes a line


@pytest.mark.parametrize("make", [makers.long_json_lines, makers.long_csv])
def test_long_logs_are_read_quickly(make: Callable[[int], bytes]) -> None:
    data = make(200_000)
    began = time.process_time()
    log = read(data)
    assert time.process_time() - began < 3
    assert len(log.series["train_loss"].values) == 200_000
