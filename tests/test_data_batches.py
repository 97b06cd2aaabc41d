from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor import data
from advisor.recipe import Augmentation

SEEDS = st.integers(0, 2**32 - 1)


@given(st.integers(1, 300), st.integers(1, 50), SEEDS, st.integers(0, 1000))
def test_an_epoch_has_each_row_at_most_once(n: int, batch: int, seed: int, epoch: int) -> None:
    rows = data.epoch_rows(n, batch, seed, epoch)
    assert rows.shape == (data.steps_per_epoch(n, batch), batch) == (n // batch, batch)
    assert rows.dtype == np.int64
    assert len(np.unique(rows)) == rows.size
    assert rows.size == 0 or (rows.min() >= 0 and rows.max() < n)
    np.testing.assert_array_equal(rows, data.epoch_rows(n, batch, seed, epoch))


def test_the_order_changes_with_seed_and_epoch() -> None:
    orders = {
        data.epoch_rows(100, 10, seed, epoch).tobytes() for seed in range(3) for epoch in range(3)
    }
    assert len(orders) == 9


def test_the_batch_size_does_not_change_the_order() -> None:
    small, large = data.epoch_rows(60, 5, 3, 1), data.epoch_rows(60, 20, 3, 1)
    np.testing.assert_array_equal(small.ravel(), large.ravel())


def images(steps: int, batch: int, size: int = 6, channels: int = 2) -> np.ndarray:
    shape = (steps, batch, size, size, channels)
    return np.arange(1, 1 + np.prod(shape), dtype=np.float32).reshape(shape)


def test_nothing_to_augment_leaves_the_inputs() -> None:
    inputs = images(2, 3)
    assert data.augmented(inputs, Augmentation(), 0, 0) is inputs


def test_a_flip_mirrors_about_half_of_the_images_left_to_right() -> None:
    inputs = images(10, 40)
    found = data.augmented(inputs, Augmentation(flip=True), 0, 0)
    kept = (found == inputs).all(axis=(2, 3, 4))
    mirrored = (found == inputs[:, :, :, ::-1]).all(axis=(2, 3, 4))
    assert (kept ^ mirrored).all()
    assert 150 < mirrored.sum() < 250


def test_a_crop_shifts_by_at_most_the_margin_and_pads_with_zeros() -> None:
    inputs = images(10, 40)
    found = data.augmented(inputs, Augmentation(crop=2), 0, 0)
    seen = set()
    for before, after in zip(inputs.reshape(-1, 6, 6, 2), found.reshape(-1, 6, 6, 2), strict=True):
        padded = np.pad(before, ((2, 2), (2, 2), (0, 0)))
        shifts = [
            (down, right)
            for down in range(5)
            for right in range(5)
            if (padded[down : down + 6, right : right + 6] == after).all()
        ]
        assert len(shifts) == 1
        seen.update(shifts)
    assert len(seen) == 25


@given(
    st.integers(1, 6), st.integers(0, 6), SEEDS, st.integers(0, 10**6), st.booleans(),
    st.integers(0, 4),
)  # fmt: skip
def test_any_cut_into_pieces_gives_the_same_images(
    steps: int, cut: int, seed: int, step: int, flip: bool, crop: int
) -> None:
    inputs, how = images(steps, 3), Augmentation(flip=flip, crop=crop)
    before = inputs.copy()
    whole = data.augmented(inputs, how, seed, step)
    parts = [
        data.augmented(inputs[:cut], how, seed, step),
        data.augmented(inputs[cut:], how, seed, step + min(cut, steps)),
    ]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    np.testing.assert_array_equal(inputs, before)
    assert whole.dtype == np.float32


def test_steps_and_seeds_draw_anew() -> None:
    inputs, how = np.repeat(images(1, 8), 5, axis=0), Augmentation(crop=4)
    found = data.augmented(inputs, how, 0, 0)
    assert len({step.tobytes() for step in found}) == 5
    assert (data.augmented(inputs, how, 1, 0) != found).any()


def test_tables_cannot_be_augmented() -> None:
    with pytest.raises(data.DataError, match=r"needs images .* have shape \(4,\)"):
        data.augmented(np.zeros((2, 3, 4), dtype=np.float32), Augmentation(flip=True), 0, 0)
