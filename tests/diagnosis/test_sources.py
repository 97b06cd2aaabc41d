"""Which training is found at a path, and what is said where there is none."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from advisor import record
from advisor.diagnosis import DiagnosisError, diagnose
from advisor.logs import LogError
from advisor.recipe_file import RecipeError
from tests import recorded
from tests.diagnosis import logs
from tests.diagnosis.ours import case_at, write_trial


def recording(folder: Path, steps: int = 60, **told: object) -> Path:
    with record.start(folder, epochs=3, batch_size=32, **told) as log:  # type: ignore[arg-type]
        for step in range(1, steps + 1):
            log.step(2.3 / step)
            if step % 20 == 0:
                log.evaluated(validation_loss=2.3 / step, validation_metric=1 - 1 / step)
    return folder


def test_a_trial_s_folder_and_its_events(tmp_path: Path) -> None:
    folder = write_trial(tmp_path / "trial")
    for path in (folder, folder / "events.jsonl"):
        case = case_at(path)
        assert case.kind == "trial"
        assert case.given == recorded.load("rate-too-high")[0]
        assert set(case.unknown) == {"preflight", "gradient_kept"}


def test_a_recording(tmp_path: Path) -> None:
    case = case_at(recording(tmp_path / "mine", classes=10))
    assert case.kind == "recording"
    assert case.given is None
    assert {"layers", "grad_norm", "recipe"} <= set(case.unknown)
    assert "10 classes" in case.assumed["chance_loss"]
    assert case.recipe.train.batch_size == 32
    assert diagnose(tmp_path / "mine").findings


def test_a_recording_with_its_recipe(tmp_path: Path) -> None:
    recipe = recorded.load("healthy-digits-mlp")[0]
    found = diagnose(recording(tmp_path / "mine", classes=10), recipe)
    assert found.case.given == recipe
    assert "recipe" not in found.case.unknown


def test_a_session_s_last_training(tmp_path: Path) -> None:
    for number, name in (("001", "rate-too-low"), ("002", "rate-too-high")):
        write_trial(tmp_path / "trials" / number, name)
    (tmp_path / "trials" / "003").mkdir()
    (tmp_path / "trials" / "003" / "events.jsonl").write_text('{"event": "probe_finished"}\n')
    (tmp_path / "session.db").touch()
    case = case_at(tmp_path)
    assert case.given is not None
    assert case.given.optimizer.lr == recorded.load("rate-too-high")[0].optimizer.lr
    assert "2 trainings" in case.notes[0].text


def test_a_session_with_one_training(tmp_path: Path) -> None:
    write_trial(tmp_path / "trials" / "001", "rate-too-low")
    (tmp_path / "session.db").touch()
    assert "a session of 1 training; " in case_at(tmp_path).notes[0].text


def test_a_session_without_a_training(tmp_path: Path) -> None:
    (tmp_path / "trials").mkdir()
    (tmp_path / "session.db").touch()
    with pytest.raises(LogError, match="without a training"):
        case_at(tmp_path)


def test_events_alone_need_a_recipe(tmp_path: Path) -> None:
    folder = write_trial(tmp_path / "trial")
    (folder / "recipe.yaml").rename(tmp_path / "elsewhere.yaml")
    with pytest.raises(DiagnosisError, match="--recipe"):
        diagnose(folder)
    assert diagnose(folder, tmp_path / "elsewhere.yaml").case.kind == "trial"


def test_what_events_say_cannot_be_told(tmp_path: Path) -> None:
    with pytest.raises(DiagnosisError, match="leave it out"):
        diagnose(write_trial(tmp_path / "trial"), classes=10)
    with pytest.raises(DiagnosisError, match="leave it out"):
        diagnose(recording(tmp_path / "mine"), classes=10)


@pytest.mark.parametrize(
    "content", ["{}", "[]", "{", '{"task": 3, "metric": "x", "classes": null}', "\x00"]
)
def test_a_damaged_description_is_said_to_be(tmp_path: Path, content: str) -> None:
    folder = recording(tmp_path / "mine")
    (folder / "record.json").write_text(content)
    with pytest.raises(DiagnosisError, match=r"record\.json"):
        diagnose(folder)


@pytest.mark.parametrize(
    "damage",
    [
        {"task": 3},
        {"metric": ["accuracy"]},
        {"batch_size": "x"},
        {"epochs": -1},
        {"unknown": {"a": 1}},
        {"unknown": [3, "lr", "\x1b[2J"]},
        {"assumed": [1]},
    ],
)
def test_odd_values_in_a_description_give_a_message_or_a_diagnosis(
    tmp_path: Path, damage: dict[str, object]
) -> None:
    folder = recording(tmp_path / "mine")
    about = json.loads((folder / "record.json").read_text()) | damage
    (folder / "record.json").write_text(json.dumps(about))
    assert said(folder) in ("diagnosed", "damaged")


def said(folder: Path) -> str:
    try:
        return "diagnosed" if diagnose(folder).findings else ""
    except DiagnosisError as error:
        return "damaged" if "record.json is damaged" in str(error) else str(error)


@pytest.mark.parametrize(
    ("field", "value"),
    [("steps_per_epoch", 1e308), ("steps_per_epoch", -3), ("epochs", 10**30), ("epochs", 1.5)],
)
def test_counts_that_are_none_are_refused(tmp_path: Path, field: str, value: float) -> None:
    folder = write_trial(tmp_path / "trial")
    first, *rest = (folder / "events.jsonl").read_text().splitlines()
    first = json.dumps(json.loads(first) | {field: value})
    (folder / "events.jsonl").write_text("\n".join([first, *rest]))
    with pytest.raises(DiagnosisError, match=field):
        diagnose(folder)


def test_a_recipe_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_bytes(logs.keras())
    (tmp_path / "recipe.yaml").write_text("task: [")
    with pytest.raises(RecipeError):
        diagnose(tmp_path / "log.csv", tmp_path / "recipe.yaml")


@pytest.mark.parametrize("name", ["nothing", "null\0character", "x" * 5000])
def test_no_path_at_all(tmp_path: Path, name: str) -> None:
    with pytest.raises(LogError):
        diagnose(tmp_path / name)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read anything")
def test_a_file_without_permission(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes(logs.keras())
    path.chmod(0)
    with pytest.raises(LogError, match="permission"):
        diagnose(path)
