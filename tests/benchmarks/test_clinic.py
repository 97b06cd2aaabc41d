"""The cases of `benchmarks/clinic.py` are what they claim, and are judged rightly."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from advisor import data, symptoms
from advisor.recipe import Recipe
from advisor.symptoms import Finding

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
FAMILIES = (
    "compound",
    "contract",
    "data",
    "healthy",
    "models",
    "optimizers",
    "regularization",
    "schedules",
)


@pytest.fixture(autouse=True)
def benchmarks_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))


def module(name: str) -> Any:
    return importlib.import_module(name)


def recipe(**sections: Any) -> Recipe:
    content = {
        "task": "classification",
        "data": {"source": "sklearn:digits"},
        "model": {"kind": "mlp", "hidden": [64]},
        "optimizer": {"kind": "sgd", "lr": 0.1},
        **sections,
    }
    return Recipe.model_validate_json(json.dumps(content))


def finding(name: str, outcome: str = "fired", severity: str = "optimisation") -> Finding:
    return Finding(name, outcome, severity, {}, "", "", "")  # type: ignore[arg-type]


def test_ids_are_unique() -> None:
    found = [case.id for name in FAMILIES for case in module(f"wards.cases.{name}").CASES]
    missing = [case.id for case in module("wards.cases").MISSING]
    assert sorted(found) == sorted(module("wards.cases").CASES)
    assert len({*found, *missing}) == len(found) + len(missing)


def test_every_number_of_the_list_is_put_or_says_why_not() -> None:
    cases = module("wards.cases")
    there = {*cases.CASES, *(case.id for case in cases.MISSING)}
    numbers = {*(str(n) for n in range(1, 81)), *(f"C{n}" for n in range(1, 11))}
    numbers |= {f"H{n}" for n in range(1, 18)}
    assert numbers - there == {"75"}  # which is healthy, hence H75


def test_every_case_is_a_valid_recipe_that_differs_from_its_twin(tmp_path: Path) -> None:
    twins = module("wards.twins")
    for case in module("wards.cases").CASES.values():
        twin, made = twins.twin_recipe(case.twin, tmp_path, 3), twins.case_recipe(case, tmp_path, 3)
        assert made.train.seed == 3
        assert bool(case.changes) == (made.digest() != twin.digest()), case.id
        assert case.healthy or bool(case.changes) != bool(case.loop) or case.id == "58", case.id


def test_expected_symptoms_are_known_by_name() -> None:
    known = module("wards.names").NAMES
    for case in module("wards.cases").CASES.values():
        assert case.truths <= known, case.id
    assert known >= module("wards.names").FIRST


def test_cases_without_causes_are_the_healthy_ones() -> None:
    cases = module("wards.cases")
    assert all(case.healthy for case in cases.HEALTHY.values())
    assert not any(case.healthy for case in cases.SICK.values())


def test_accepted_moves_undo_something_that_the_recipe_has(tmp_path: Path) -> None:
    """A path that no recipe has would make a right proposal look wrong for ever."""
    from advisor.recipe_fields import recipe_fields

    fields = set(recipe_fields())
    for case in module("wards.cases").CASES.values():
        for move in (*case.accepted, *case.must_not):
            section = any(field.startswith(f"{move.path}.") for field in fields)
            assert move.path in fields or section, (case.id, move.path)


def test_twins_read_their_data(tmp_path: Path) -> None:
    module("wards.fixtures").write_fixtures(tmp_path)
    twins = module("wards.twins")
    seen = set()
    for name in twins.TWINS:
        made = twins.twin_recipe(name, tmp_path, 0)
        if (made.data, made.task) not in seen:
            seen.add((made.data, made.task))
            assert len(data.load(made.data, made.task).train.targets) >= 100


def test_fixtures_are_the_same_every_time(tmp_path: Path) -> None:
    pictures = module("wards.pictures")
    first, again = pictures.shapes(30, 5), pictures.shapes(30, 5)
    assert np.array_equal(first[0], again[0])
    assert set(first[1]) == set(range(10))


@pytest.mark.parametrize(
    ("way", "path", "values", "change", "made"),
    [
        ("up", "optimizer.lr", (), {"optimizer.lr": 0.3}, True),
        ("up", "optimizer.lr", (), {"optimizer.lr": 0.01}, False),
        ("up", "optimizer.lr", (), {"model.hidden": [128]}, False),
        ("down", "optimizer.lr", (), {"optimizer.lr": 0.01}, True),
        ("up", "model.hidden", (), {"model.hidden": [64, 64]}, True),
        ("down", "model.hidden", (), {"model.hidden": [16]}, True),
        ("on", "optimizer.clip_norm", (), {"optimizer.clip_norm": 1.0}, True),
        ("up", "optimizer.clip_norm", (), {"optimizer.clip_norm": 1.0}, False),
        ("on", "train.early_stopping", (), {"train.early_stopping.patience": 3}, True),
        ("off", "train.early_stopping", (), {"train.early_stopping.patience": 3}, False),
        ("on", "model.residual", (), {"model.residual": True}, True),
        ("to", "model.activation", ("relu", "gelu"), {"model.activation": "gelu"}, True),
        ("to", "model.activation", ("relu", "gelu"), {"model.activation": "tanh"}, False),
        ("to", "model.activation", ("relu",), {"optimizer.lr": 0.3}, False),
        ("away", "model.activation", ("relu",), {"model.activation": "gelu"}, True),
        ("away", "model.activation", ("tanh",), {"model.activation": "gelu"}, False),
        ("on", "loss.class_weights", (), {"loss.class_weights": "balanced"}, True),
    ],
)
def test_moves(
    way: str, path: str, values: tuple[Any, ...], change: dict[str, Any], made: bool
) -> None:
    before = recipe()
    move = module("wards.moves").Move(path, way, values)
    assert move.made(before, before.changed(change)) is made
    assert not move.made(before, before)


def test_a_diagnosis_is_judged_by_the_order_of_what_is_reported() -> None:
    records, case = module("wards.records"), module("wards.cases").SICK["3"]
    visit = records.Visit("3", "torch", 0)
    found = [
        finding("leakage", severity="block"),
        finding("validation_too_small", severity="info"),
        finding("unnormalized_input"),
        finding("slow_learning", outcome="clear"),
    ]
    records.diagnosed(visit, case, found)
    assert visit.reported == ["leakage", "unnormalized_input"]
    assert visit.place == 2
    assert visit.wrong == ["leakage"]


def test_notes_count_where_the_case_is_about_them() -> None:
    records, case = module("wards.records"), module("wards.cases").SICK["58"]
    visit = records.Visit("58", "torch", 0)
    records.diagnosed(visit, case, [finding("validation_too_small", severity="info")])
    assert visit.place == 1


def test_only_block_and_optimisation_are_alarms() -> None:
    found = [finding("a"), finding("b", severity="info"), finding("c", severity="block")]
    found += [finding("d", severity="generalisation"), finding("e", outcome="not enough data")]
    assert module("wards.records").alarms(found) == ["a", "c"]


@pytest.mark.parametrize(
    ("metric", "value", "twin", "good"),
    [
        ("accuracy", 0.96, 1.0, True),
        ("accuracy", 0.94, 1.0, False),
        ("accuracy", None, 1.0, False),
        ("accuracy", 0.9, None, False),
    ],
)
def test_what_counts_as_cured(
    metric: str, value: float | None, twin: float | None, good: bool
) -> None:
    assert module("wards.records").reached(recipe(metric=metric), value, twin) is good


def test_errors_are_cured_when_they_are_small() -> None:
    reached = module("wards.records").reached
    errors = recipe(task="regression", data={"source": "sklearn:diabetes"}, metric="mae")
    assert reached(errors, 1.04, 1.0)
    assert not reached(errors, 1.10, 1.0)


def test_wilson_intervals() -> None:
    wilson = module("wards.scores").wilson
    assert wilson(0, 0) == (0.0, 1.0)
    low, high = wilson(9, 10)  # 0.596 to 0.982 in any table
    assert low == pytest.approx(0.596, abs=1e-3)
    assert high == pytest.approx(0.982, abs=1e-3)
    assert wilson(0, 200)[1] == pytest.approx(0.0188, abs=1e-3)


def test_figures_say_what_falls_short() -> None:
    records, scores = module("wards.records"), module("wards.scores")
    good = records.Visit("3", "torch", 0, ["unnormalized_input"], 1, right=True, cured=True)
    bad = records.Visit("3", "jax", 0, ["dead_units"], None, right=False, cured=False)
    quiet = {f"curve {n}": [] for n in range(100)}
    controls = {"twin": ["divergence"], "H1": [], **quiet}
    found = {f.name: f for f in scores.figures([good, bad], controls)}
    assert found["cause first"].share == 0.5
    assert found["backends agree"].hits == 0
    assert found["false alarms on healthy trainings"].share == 0.5
    assert found["false alarms on healthy trainings"].meets is False
    assert found["false alarms on healthy curves"].meets is True
    told = scores.shortcomings([good, bad], {"twin": ["divergence"]})
    assert any("missed unnormalized_input; reported dead_units" in line for line in told)
    assert any("false alarm on a healthy training: divergence" in line for line in told)


@pytest.mark.parametrize(
    ("hits", "of", "at_most", "expected"),
    [(15, 18, False, False), (3, 18, False, True), (2, 54, True, False), (30, 54, True, True)],
)
def test_few_visits_fail_only_what_is_surely_short(
    hits: int, of: int, at_most: bool, expected: bool
) -> None:
    scores = module("wards.scores")
    figure = scores.Figure("x", hits, of, 0.02 if at_most else 0.85, at_most)
    assert figure.meets is False
    assert figure.is_surely_short is expected


def test_a_visit_that_failed_is_no_hit() -> None:
    records, scores = module("wards.records"), module("wards.scores")
    found = {f.name: f for f in scores.figures([records.Visit("3", "torch", 0, error="x")], {})}
    assert found["visits that ran"].hits == 0
    assert "cause first" not in found


def test_random_search_draws_valid_recipes_and_longer_searches_go_on(tmp_path: Path) -> None:
    search, twins = module("wards.search"), module("wards.twins")
    for case in module("wards.cases").SICK.values():
        if case.curable:
            sick = twins.case_recipe(case, tmp_path, 0)
            long = list(search.samples(sick, 4, seed=1))
            assert long[:2] == list(search.samples(sick, 2, seed=1))
            assert len({one.digest() for one in long}) == 4


def test_curves_are_seeded_and_of_every_kind() -> None:
    curves = module("wards.curves")
    first, again = curves.curves(40), curves.curves(40)
    assert [one.events for one in first] == [one.events for one in again]
    assert {one.kind for one in first} == set(curves.KINDS)


def test_the_recipe_of_a_recording_is_enough_for_every_detector(tmp_path: Path) -> None:
    from advisor.record.about import About

    recorded = module("wards.recorded")
    made = recorded.assumed_recipe(About("regression", "r2", None, 32, 10, 25))
    found = symptoms.detect(made, [], recorded.UNTOLD)
    assert not any(one.outcome == "fired" for one in found)


def test_options_choose_cases_parts_and_seeds() -> None:
    clinic = module("clinic")
    plan = clinic.planned(clinic.asked(["--case", "3", "--backend", "jax", "--seeds", "1", "2"]))
    assert [case.id for case in plan.cases] == ["3"]
    assert (plan.backends, plan.seeds) == (("jax",), (1, 2))
    short = clinic.planned(clinic.asked(["--short"]))
    assert (len(short.seeds), len(short.backends)) == (1, 2)


def test_one_case_from_training_to_cure(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    rounds = module("wards.rounds")
    case = module("wards.cases").SICK["66"]
    plan = rounds.Plan([case], ["torch"], [1], ["diagnosis", "cure"], 1, 0)
    found = rounds.Rounds(plan, lambda text: None)
    found.go()
    (visit,) = found.visits
    assert not visit.error
    assert visit.reported[0] == "unnormalized_input"
    assert visit.change == {"data.normalization": "standard"}
    assert visit.right
    assert visit.cured


def test_the_recurrent_models_start_from_the_same_numbers_in_both_frameworks() -> None:
    pytest.importorskip("torch")
    pytest.importorskip("jax")
    ours, theirs = (
        importlib.import_module(f"wards.own_{name}").recurrent_weights(2, 5, 1, 1.5)
        for name in ("torch", "jax")
    )
    assert ours.keys() == theirs.keys()
    for name, array in ours.items():
        np.testing.assert_array_equal(array, theirs[name])
    onwards = ours["onwards.weight"]
    np.testing.assert_allclose(onwards @ onwards.T, 1.5**2 * np.eye(5), atol=1e-5)
