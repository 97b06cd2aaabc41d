"""Every format is recognised by its content and read in full."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from advisor.history import History
from advisor.logs import LogError, read_bytes, read_log
from advisor.logs.tfrecord import masked_crc
from tests.logs import makers
from tests.recorded import FOLDER, NAMES, load


@pytest.mark.parametrize("name", makers.MAKERS)
def test_format_is_recognised_whatever_the_file_is_called(name: str, tmp_path: Path) -> None:
    expected, make = makers.MAKERS[name]
    path = tmp_path / "something.bin"
    path.write_bytes(make())
    log = read_log(path)
    assert log.format == expected
    np.testing.assert_allclose(log.series["train_loss"].values, makers.LOSSES, rtol=1e-6)
    assert "validation_loss" in log.series
    assert {note.kind for note in log.notes} <= {"ambiguous", "steps"}


@pytest.mark.parametrize("name", ["json lines", "list", "csv", "tsv"])
def test_rows_keep_their_steps_and_epochs(name: str) -> None:
    log = read_bytes(makers.MAKERS[name][1](), "log")
    train, held = log.series["train_loss"], log.series["validation_metric/accuracy"]
    assert train.steps.tolist() == list(range(1, 21))
    assert train.steps.dtype == np.int64
    assert train.epochs is not None
    np.testing.assert_allclose(train.epochs, np.arange(1, 21) / 10)
    assert (held.steps.tolist(), held.values.tolist()) == ([10, 20], [0.59, 0.69])
    assert log.notes == ()


def test_sparse_rows_of_lightning() -> None:
    log = read_bytes(makers.lightning(), "log")
    assert log.series["train_loss"].name == "train_loss_step"
    assert len(log.series["other/train_loss_epoch"].values) == 2
    assert log.series["validation_loss"].steps.tolist() == [9, 19]
    assert log.series["validation_metric/accuracy"].values.tolist() == [0.59, 0.69]
    assert len(log.series["lr"].values) == 20


def test_trainer_state_takes_the_logged_losses_and_not_their_final_mean() -> None:
    log = read_bytes(makers.trainer_state(), "log")
    assert log.series["train_loss"].steps.tolist() == list(range(5, 105, 5))
    assert log.series["other/train_loss"].values.tolist() == [1.1]
    assert log.series["validation_loss"].values.tolist() == [0.9, 0.9]
    assert "other/eval_samples_per_second" in log.series
    assert {"lr", "grad_norm", "epoch", "validation_metric/accuracy"} <= set(log.series)


def test_own_events_come_back_as_events() -> None:
    log = read_bytes(makers.events(), "log")
    assert [type(event).__name__ for event in log.events][::5] == ["TrialStarted", "TrialFinished"]
    assert log.series["train_loss"].steps.tolist() == list(range(1, 21))
    assert log.series["lr"].values.tolist() == [0.1] * 20


def test_events_of_a_run_are_what_the_symptoms_read(tmp_path: Path) -> None:
    recipe, events = load(NAMES[0])
    text = (FOLDER / f"{NAMES[0]}.jsonl").read_text(encoding="utf-8")
    log = read_bytes(text.partition("\n")[2].encode(), "log")
    assert list(log.events) == events
    np.testing.assert_array_equal(log.series["train_loss"].values, History(recipe, events).loss)


def test_events_with_the_trial_that_sent_them() -> None:
    lines = [json.loads(line) for line in makers.events().decode().splitlines()]
    told = "\n".join(json.dumps({**line, "trial": 3}) for line in lines)
    assert len(read_bytes(told.encode(), "log").events) == len(lines)


def test_checksum_is_that_of_the_standard() -> None:
    known = 0xE3069283  # CRC-32C of "123456789", RFC 3720
    masked = ((known >> 15 | known << 17) + 0xA282EAD8) & 0xFFFFFFFF
    assert masked_crc(b"123456789") == masked == makers.crc(b"123456789")


@pytest.mark.parametrize("dtype", [1, 2])
@pytest.mark.parametrize("content", [True, False])
def test_tensors_of_one_number(dtype: int, content: bool) -> None:
    values = [makers.tensor("loss", 0.5, dtype, content)]
    data = makers.tf_records([makers.event(-1, values), makers.event(7, values)])
    one = read_bytes(data, "log").series["train_loss"]
    assert (one.steps.tolist(), one.values.tolist()) == ([-1, 7], [0.5, 0.5])


def test_epochs_of_tensorboard_are_matched_by_step() -> None:
    records = [makers.event(i, [makers.simple("loss", 1.0)]) for i in range(4)]
    records += [makers.event(i, [makers.simple("epoch", i / 2)]) for i in (0, 2)]
    epochs = read_bytes(makers.tf_records(records), "log").series["train_loss"].epochs
    assert epochs is not None
    assert epochs.tolist() == [0, 0, 1, 1]


def test_a_folder_of_several_event_files_is_one_run(tmp_path: Path) -> None:
    for i in range(2):
        steps = range(10 * i, 10 * i + 10)
        records = [makers.event(step, [makers.simple("train/loss", step + 1)]) for step in steps]
        (tmp_path / f"events.out.tfevents.{i}").write_bytes(makers.tf_records(records))
    (tmp_path / "hparams.yaml").write_text("lr: 0.1")
    log = read_log(tmp_path)
    assert log.series["train_loss"].values.tolist() == list(range(1, 21))
    assert log.notes == ()


def test_splits_in_folders_of_their_own(tmp_path: Path) -> None:
    for split in ("train", "validation"):
        (tmp_path / split).mkdir()
        records = [makers.event(i, [makers.simple("epoch_loss", i)]) for i in range(3)]
        (tmp_path / split / "events.out.tfevents.1").write_bytes(makers.tf_records(records))
    log = read_log(tmp_path)
    assert log.series["train_loss"].steps.tolist() == [0, 1, 2]
    assert log.series["validation_loss"].steps.tolist() == [0, 1, 2]


def test_several_runs_in_a_folder_are_named(tmp_path: Path) -> None:
    for run in ("run1", "run2"):
        (tmp_path / run).mkdir()
        (tmp_path / run / "events.out.tfevents.1").write_bytes(makers.tensorboard())
    with pytest.raises(LogError, match="run1, run2"):
        read_log(tmp_path)
    assert read_log(tmp_path / "run1").format == "tensorboard"


@pytest.mark.parametrize("name", ["events.jsonl", "trainer_state.json", "metrics.csv"])
def test_a_folder_with_a_known_file(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(makers.csv_text())
    (tmp_path / "other.txt").write_text("nothing")
    assert read_log(tmp_path).format == "csv"
