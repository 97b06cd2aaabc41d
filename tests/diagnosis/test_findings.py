"""What is found in logs with one thing wrong, and what is not found in good ones."""

from __future__ import annotations

import math

import numpy as np
import pytest

from advisor.diagnosis import hidden, pinned
from tests.diagnosis import logs
from tests.diagnosis.logs import diagnosed, fired
from tests.logs import makers

NOISE = np.random.default_rng(1).standard_normal(100_000)


def test_a_history_of_epochs_that_overfits() -> None:
    found = fired(diagnosed(logs.keras()))
    assert {"overfitting", "overtraining"} <= set(found)
    assert "underfitting" not in found
    assert "training accuracy" in found["overfitting"].reads


@pytest.mark.parametrize("seed", range(10))
def test_a_good_history_raises_no_alarm(seed: int) -> None:
    found = diagnosed(logs.healthy(seed=seed), classes=10, validation_examples=2000)
    assert [f for f in fired(found).values() if f.severity != "info"] == []


def test_divergence_in_a_sparse_log_is_placed_in_its_own_steps() -> None:
    data = logs.steps(lambda i: 2.3 * 0.9**i if i < 30 else 0.3 * 1.4 ** (i - 30), 60, stride=100)
    found = fired(diagnosed(data))
    assert found["divergence"].severity == "block"


def test_divergence_in_a_short_history_is_seen_and_the_assumption_told() -> None:
    rows = [{"loss": 2.0 * 0.6**e if e < 8 else 3.0 * 1.8 ** (e - 8)} for e in range(14)]
    history = {"loss": [row["loss"] for row in rows], "val_loss": [1.0] * 14}
    found = diagnosed(makers.json.dumps(history).encode())
    assert "divergence" in fired(found)
    assert "an epoch is taken to have" in found.assumed["updates"]


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_is_placed(bad: float) -> None:
    data = logs.steps(lambda i: bad if i == 7 else 1 / i, 20, stride=10)
    found = fired(diagnosed(data))["non_finite"]
    assert found.evidence["step"] == 70
    assert "step 70" in found.reads


def test_a_validation_loss_that_is_not_finite_is_found_too() -> None:
    data = logs.keras().replace(b"\n20,", b"\n20.0,").decode().splitlines()
    data[21] = data[21].rpartition(",")[0] + ",nan"
    found = fired(diagnosed("\n".join(data).encode()))["non_finite"]
    assert found.evidence["step"] == 20
    assert "validation loss was not finite at epoch 20" in found.reads


def test_a_log_that_begins_when_most_was_learned_is_not_called_stuck() -> None:
    data = logs.steps(lambda i: 0.9 * (1 + 0.003 * NOISE[i]), 300, stride=500)
    found = diagnosed(data)
    assert not {"no_learning", "loss_floor"} & set(fired(found))
    assert any("begins late" in reason for reason in found.not_enough)
    assert "no_learning" not in fired(diagnosed(data, classes=10))


def test_a_sparse_log_at_chance_is_called_stuck_where_chance_is_known() -> None:
    data = logs.steps(lambda i: math.log(10) * (1 + 0.02 * NOISE[i]), 60, stride=50)
    assert fired(diagnosed(data, classes=10))["no_learning"].severity == "block"


@pytest.mark.parametrize("k", [2, 3, 5, 10, 20])
def test_pinned_at_the_prior_of_k_classes(k: int) -> None:
    data = logs.steps(lambda i: math.log(k) * (1 + 0.002 * NOISE[i]), 40, 50, train_accuracy=1 / k)
    found = fired(diagnosed(data))["loss_floor"]
    assert (found.severity, found.evidence["classes"]) == ("block", k)
    assert f"k = {k}:" in found.reads
    assert fired(diagnosed(data, classes=k))["loss_floor"].severity == "block"


def test_what_fits_many_numbers_of_classes_is_said_so_and_blocks_nothing() -> None:
    data = logs.steps(lambda i: math.log(100) * (1 + 0.002 * NOISE[i]), 40, 50, train_accuracy=0.01)
    found = fired(diagnosed(data))["loss_floor"]
    assert found.severity == "optimisation"
    assert "98 to 102" in found.reads
    assert fired(diagnosed(data, classes=100))["loss_floor"].severity == "block"


def test_nothing_but_a_flat_loss_is_no_proof_of_a_classifier() -> None:
    data = logs.steps(lambda i: math.log(10) * (1 + 0.002 * NOISE[i]), 40, 50)
    assert fired(diagnosed(data))["loss_floor"].severity == "optimisation"


SILENT = {
    "between two numbers": lambda i: 1.25 * (1 + 0.002 * NOISE[i]),
    "falling through": lambda i: math.log(10) * (1.1 - 0.005 * i),
    "noisy at the level": lambda i: math.log(10) * (1 + 0.1 * NOISE[i]),
    "label smoothing's floor": lambda i: 0.5 + 1.8 * math.exp(-i / 3),
    "beyond a thousand classes": lambda i: 7.5 * (1 + 0.002 * NOISE[i]),
}


@pytest.mark.parametrize("curve", SILENT)
def test_curves_that_stand_nowhere_in_particular(curve: str) -> None:
    data = logs.steps(SILENT[curve], 40, stride=50, train_accuracy=0.1)
    assert "loss_floor" not in fired(diagnosed(data))


def test_at_chance_s_loss_with_a_score_beyond_chance_nothing_is_said() -> None:
    data = logs.steps(lambda i: math.log(2) * (1 + 0.002 * NOISE[i]), 40, 50, train_accuracy=0.8)
    assert "loss_floor" not in fired(diagnosed(data))


def test_regression_and_texts_have_no_such_numbers() -> None:
    data = logs.steps(lambda i: math.log(10) * (1 + 0.002 * NOISE[i]), 40, stride=50)
    assert "loss_floor" not in fired(diagnosed(data, task="regression"))
    assert "loss_floor" not in fired(diagnosed(data, task="language_model"))
    assert "loss_floor" in fired(diagnosed(data, task="language_model", classes=10))


def test_epochs_are_too_coarse_to_say_where_a_loss_came_from() -> None:
    """A second softmax: from ln 10 to its floor within the first epoch, whose mean hides that."""
    floor = pinned.double_softmax(10)
    rows = "".join(f"{i},{floor + 0.1 * math.exp(-i)},{floor + 0.1}\n" for i in range(30))
    found = diagnosed(b"epoch,loss,val_loss\n" + rows.encode())
    assert "loss_floor" not in fired(found)
    assert found.not_enough[pinned.EVERY_STEP] == ["loss_floor"]
    told = diagnosed(b"epoch,loss,val_loss\n" + rows.encode(), task="regression")
    assert pinned.EVERY_STEP not in told.not_enough
    assert pinned.EVERY_STEP not in diagnosed(logs.steps(lambda i: 1 / i, 60)).not_enough


@pytest.mark.parametrize("k", [3, 10, 100])
def test_the_floor_of_a_softmax_taken_twice(k: int) -> None:
    floor, start = pinned.double_softmax(k), math.log(k)
    data = logs.steps(
        lambda i: floor + (start - floor) * math.exp(-i / 8) + 1e-3 * abs(NOISE[i]), 100, 50
    )
    found = diagnosed(data)
    assert fired(found)["loss_floor"].evidence["kind"] == pinned.TWICE
    remark = next(one for one in found.remarks if one.finding.symptom == "loss_floor")
    assert "raw outputs" in remark.first


def test_known_numbers_of_the_double_softmax() -> None:
    known = {2: 0.313, 5: 0.905, 10: 1.461, 100: 3.622}
    assert {k: round(pinned.double_softmax(k), 3) for k in known} == known


def test_zeros_that_were_nan_block_and_hide_nothing_else() -> None:
    data = makers.trainer_state([2.2, 1.9, 1.5, *[0.0] * 40])
    found = diagnosed(data)
    first = found.remarks[0].finding
    assert (first.symptom, first.severity) == (hidden.NAME, "block")
    assert first.evidence == {"zeros": 40, "step": 20}
    assert "non_finite" not in fired(found)
    assert "logging_nan_inf_filter" in found.remarks[0].first


def test_a_loss_that_repeats_itself_in_a_trainer_s_log_is_noted_without_blocking() -> None:
    data = makers.trainer_state([2.2, 1.9, 1.5, *[1.2345] * 8])
    assert fired(diagnosed(data))[hidden.NAME].severity == "optimisation"


def test_findings_come_in_the_order_of_arbitration_blocks_first() -> None:
    found = diagnosed(makers.trainer_state([2.2, 1.9, 1.5, *[0.0] * 40]), classes=10)
    severities = [remark.finding.severity for remark in found.remarks]
    assert severities == sorted(severities, key=lambda severity: severity != "block")


def test_every_symptom_is_fired_clear_or_told_why_not() -> None:
    found = diagnosed(logs.keras())
    missing = {name for who in found.not_told.values() for name in who}
    too_little = {name for who in found.not_enough.values() for name in who}
    groups = [set(fired(found)), set(found.clear), missing, too_little]
    assert set.union(*groups) == {finding.symptom for finding in found.findings}
    assert sum(map(len, groups)) == len(found.findings)


def test_windows_lie_within_the_log() -> None:
    found = diagnosed(logs.keras())
    windows = [found.window(remark.finding) for remark in found.remarks]
    assert any(windows)
    assert all(0 <= first <= last <= 1 for first, last in filter(None, windows))
