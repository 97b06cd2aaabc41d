from __future__ import annotations

import pytest

from advisor.facts import VOCABULARY
from advisor.probes import PROBES, probe_epochs, probe_key
from advisor.probes.plain import quiet
from tests.preflight.making import recipe_of


@pytest.mark.parametrize("probe", PROBES)
def test_every_probe_says_its_price_before(probe: str) -> None:
    short, long = (recipe_of(train__epochs=epochs) for epochs in (10, 1000))
    assert 0 <= probe_epochs(probe, short, 5000) <= probe_epochs(probe, long, 5000)
    assert probe_epochs(probe, long, 5000) < 0.6 * 1000


def test_an_unknown_probe_has_no_price() -> None:
    with pytest.raises(KeyError):
        probe_epochs("palm_reading", recipe_of(), 1000)


@pytest.mark.parametrize("probe", PROBES)
def test_results_hold_for_another_rate_but_not_for_another_model(probe: str) -> None:
    recipe = recipe_of()
    key = probe_key(probe, recipe)
    assert probe_key(probe, recipe.changed({"optimizer.lr": 0.5, "train.epochs": 3})) == key
    assert probe_key(probe, recipe.changed({"model.hidden": (8,)})) != key


def test_the_present_batch_size_is_no_matter_to_what_compares_batch_sizes() -> None:
    recipe = recipe_of(train__accumulation=4)
    other = recipe.changed({"train.batch_size": 64, "train.seed": 7})
    for probe in PROBES:
        same = probe_key(probe, recipe) == probe_key(probe, other)
        assert same == (probe in ("batch_size", "noise_scale"))
    portions = recipe.changed({"train.accumulation": 2})
    assert probe_key("batch_size", portions) != probe_key("batch_size", recipe)


def test_the_facts_of_probes_are_in_the_vocabulary() -> None:
    for name in ("knee_batch", "largest_batch", "noise_scale_high", "overfits_sample"):
        assert name in VOCABULARY


@pytest.mark.parametrize("probe", PROBES)
def test_a_lock_may_name_a_field_that_goes_away(probe: str) -> None:
    recipe = recipe_of(train__early_stopping={"patience": 5})
    locked = recipe.changed({"tune.locked": ["train.early_stopping.patience"]})
    assert probe_key(probe, locked) == probe_key(probe, recipe)
    averaged = recipe_of(regularization__average={"kind": "ema"})
    kind = averaged.changed({"tune.locked": ["regularization.average.kind"]})
    assert quiet(kind).regularization.average is None
