from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor import data
from advisor.data.geometry import rotate
from advisor.recipe import Augmentation, Data

RANDOM = np.random.default_rng(0)
KINDS: dict[str, Any] = {
    "flip": True, "crop": 2, "rotation": 30, "translation": 0.3, "color": 0.4, "cutout": 3,
    "noise": 0.2, "mixup": 0.3, "cutmix": 1,
}  # fmt: skip
SEEDS = st.integers(0, 2**32 - 1)


def images(n: int, size: tuple[int, int] = (6, 5), channels: int = 3) -> np.ndarray:
    return np.asarray(RANDOM.normal(size=(n, *size, channels)), dtype=np.float32)


def rows_of(steps: int, batch: int, n: int) -> np.ndarray:
    return np.asarray(RANDOM.integers(0, n, (steps, batch)))


def changed(inputs: np.ndarray, **kinds: Any) -> np.ndarray:
    return np.asarray(data.augmented(inputs[None], Augmentation(**kinds), 0, 0)[0])


@given(
    st.sets(st.sampled_from(sorted(KINDS))), st.integers(1, 5), st.integers(0, 5), SEEDS,
    st.integers(0, 10**6), st.sampled_from([1, 3]),
)  # fmt: skip
@settings(deadline=None)
def test_any_cut_of_an_epoch_gives_the_same_examples(
    kinds: set[str], steps: int, cut: int, seed: int, step: int, channels: int
) -> None:
    inputs, rows = images(20, channels=channels), rows_of(steps, 4, 20)
    before = inputs.copy()
    how = Augmentation(**{kind: KINDS[kind] for kind in kinds})
    whole = data.augmented_batches(inputs, rows, how, seed, step)
    parts = [
        data.augmented_batches(inputs, piece, how, seed, first)
        for piece, first in ((rows[:cut], step), (rows[cut:], step + min(cut, steps)))
    ]
    for name in ("inputs", "partners", "shares"):
        found = getattr(whole, name)
        if found is None:
            assert not kinds & {"mixup", "cutmix"}
            assert all(getattr(part, name) is None for part in parts)
        else:
            np.testing.assert_array_equal(
                np.concatenate([getattr(part, name) for part in parts]), found
            )
    assert whole.inputs.dtype == np.float32
    assert whole.inputs.shape == (*rows.shape, *inputs.shape[1:])
    np.testing.assert_array_equal(inputs, before)


@given(st.sampled_from(["flip", "crop", "rotation", "translation", "color", "cutout"]), SEEDS)
@settings(deadline=None)
def test_switching_one_kind_on_leaves_what_others_draw(kind: str, seed: int) -> None:
    """Noise is added last, so that it is the difference of two runs that share all else."""
    inputs = images(12)[None]

    def noise(**others: Any) -> np.ndarray:
        plain = data.augmented(inputs, Augmentation(**others), seed, 3)
        return data.augmented(inputs, Augmentation(noise=0.5, **others), seed, 3) - plain

    np.testing.assert_allclose(noise(**{kind: KINDS[kind]}), noise(), atol=1e-5)


def test_noise_has_its_deviation_on_any_numbers() -> None:
    for shape in ((4000, 5), (400, 7, 5)):
        found = changed(np.zeros(shape, np.float32), noise=0.3)
        assert found.std() == pytest.approx(0.3, rel=0.05)
        assert abs(found.mean()) < 0.01


def test_a_quarter_turn_is_exact_and_bilinear_in_between() -> None:
    inputs = images(3, (5, 5))
    found = inputs.copy()
    rotate(found, np.zeros(3), np.ones(3))
    np.testing.assert_allclose(found, np.rot90(inputs, 1, axes=(1, 2)), atol=1e-5)
    spot = np.zeros((1, 5, 5, 1), np.float32)
    spot[0, 2, 3] = 1
    rotate(spot, np.full(1, np.sqrt(0.5)), np.full(1, np.sqrt(0.5)))
    assert spot[0, 1, 3, 0] == pytest.approx(2 - np.sqrt(2), abs=1e-5)
    assert spot.sum() < 1.5


def test_a_turn_agrees_with_interpolation_point_by_point() -> None:
    inputs, angle = images(1, (6, 5), 2), 0.7
    found = inputs.copy()
    rotate(found, np.array([np.cos(angle)]), np.array([np.sin(angle)]))
    padded = np.pad(inputs[0], ((9, 9), (9, 9), (0, 0)))
    for row in range(6):
        for column in range(5):
            y, x = row - 2.5, column - 2
            at_y = np.cos(angle) * y + np.sin(angle) * x + 2.5 + 9
            at_x = np.cos(angle) * x - np.sin(angle) * y + 2 + 9
            top, left = int(np.floor(at_y)), int(np.floor(at_x))
            dy, dx = at_y - top, at_x - left
            expected = (
                (1 - dy) * (1 - dx) * padded[top, left] + (1 - dy) * dx * padded[top, left + 1]
                + dy * (1 - dx) * padded[top + 1, left] + dy * dx * padded[top + 1, left + 1]
            )  # fmt: skip
            np.testing.assert_allclose(found[0, row, column], expected, atol=1e-5)


def test_turns_stay_within_their_angle_and_leave_the_centre() -> None:
    inputs = np.zeros((500, 9, 9, 1), np.float32)
    inputs[:, 4, 4] = 1
    np.testing.assert_allclose(changed(inputs, rotation=180)[:, 4, 4], 1, atol=1e-6)
    inputs[:, 4, 8] = 1
    found = changed(inputs, rotation=10)
    assert (found[:, :, :3] == 0).all()
    assert len(np.unique(found[:, 4, 8])) > 400


def test_translations_are_whole_pixels_up_to_their_share() -> None:
    inputs = images(400, (10, 6), 1)
    seen = set()
    for before, after in zip(inputs, changed(inputs, translation=0.2), strict=True):
        padded = np.pad(before, ((2, 2), (1, 1), (0, 0)))
        fits = [
            (y, x)
            for y in range(5)
            for x in range(3)
            if (padded[y : y + 10, x : x + 6] == after).all()
        ]
        assert len(fits) == 1
        seen.update(fits)
    assert len(seen) == 15


def test_cutout_blanks_one_square() -> None:
    inputs = np.ones((300, 8, 8, 2), np.float32)
    found = changed(inputs, cutout=3)
    blank = (found == 0).sum(axis=(1, 2, 3)) / 2
    assert set(blank) == {4, 6, 9}  # in corners, at edges, inside
    for image in found[..., 0]:
        rows, columns = np.nonzero(image == 0)
        assert (np.ptp(rows) + 1) * (np.ptp(columns) + 1) == len(rows)


def test_color_changes_brightness_contrast_and_saturation() -> None:
    inputs = images(400)
    found = changed(inputs, color=0.3)
    shift = found.mean(axis=(1, 2, 3)) - inputs.mean(axis=(1, 2, 3))
    assert np.abs(shift).max() <= 0.3
    assert np.abs(shift).max() > 0.25
    grey, new_grey = inputs.mean(axis=3), found.mean(axis=3)
    contrast = new_grey.std(axis=(1, 2)) / grey.std(axis=(1, 2))
    assert 0.7 <= contrast.min() < 0.75
    assert 1.25 < contrast.max() <= 1.3 + 1e-5
    colourful = found - new_grey[..., None]
    saturation = colourful.std(axis=(1, 2, 3)) / (inputs - grey[..., None]).std(axis=(1, 2, 3))
    assert (saturation / contrast).min() >= 0.7 - 1e-5
    assert (saturation / contrast).max() <= 1.3 + 1e-5
    assert (saturation / contrast).std() > 0.1
    assert (changed(images(4, channels=1), color=0.3) != 0).all()


def test_mixup_blends_with_partners_of_the_batch() -> None:
    for inputs in (images(50), RANDOM.normal(size=(50, 4)).astype(np.float32)):
        rows = rows_of(6, 10, 50)
        found = data.augmented_batches(inputs, rows, Augmentation(mixup=1), 0, 0)
        assert found.partners is not None
        assert found.shares is not None
        np.testing.assert_array_equal(np.sort(found.partners), np.sort(rows))
        share = found.shares.reshape(6, 10, *[1] * (inputs.ndim - 1))
        expected = share * inputs[rows] + (1 - share) * inputs[found.partners]
        np.testing.assert_allclose(found.inputs, expected, atol=1e-5)
        assert 0 <= found.shares.min() < 0.1
        assert 0.9 < found.shares.max() <= 1


def test_cutmix_pastes_a_box_and_shares_are_its_area() -> None:
    inputs, rows = images(50, (8, 9)), rows_of(6, 10, 50)
    found = data.augmented_batches(inputs, rows, Augmentation(cutmix=1), 0, 0)
    assert found.partners is not None
    assert found.shares is not None
    own = (found.inputs == inputs[rows]).all(axis=4)
    other = (found.inputs == inputs[found.partners]).all(axis=4)
    assert (own | other).all()
    different = rows != found.partners
    np.testing.assert_allclose(own.mean(axis=(2, 3))[different], found.shares[different], atol=1e-6)
    for taken in ~own.reshape(-1, 8, 9):
        y, x = np.nonzero(taken)
        assert len(y) == 0 or (np.ptp(y) + 1) * (np.ptp(x) + 1) == len(y)


def test_each_batch_draws_mixup_or_cutmix() -> None:
    inputs, rows = images(40), rows_of(60, 4, 40)
    kinds: tuple[dict[str, Any], ...] = ({"mixup": 1, "cutmix": 1}, {"mixup": 1}, {"cutmix": 1})
    both, mixup, cutmix = (
        data.augmented_batches(inputs, rows, Augmentation(**how), 0, 0).inputs for how in kinds
    )
    blended = (both == mixup).all(axis=(1, 2, 3, 4))
    pasted = (both == cutmix).all(axis=(1, 2, 3, 4))
    assert (blended | pasted).all()  # both where every example was paired with its like
    assert 15 < (blended & ~pasted).sum() < 45
    assert 15 < (pasted & ~blended).sum() < 45


def test_without_augmentation_rows_come_as_they_are() -> None:
    inputs, rows = images(9), rows_of(2, 3, 9)
    found = data.augmented_batches(inputs, rows, Augmentation(), 0, 0)
    np.testing.assert_array_equal(found.inputs, inputs[rows])
    assert found[1:] == (None, None)


def npz(tmp_path: Path, inputs: np.ndarray) -> data.Dataset:
    np.savez(tmp_path / "d.npz", x_train=inputs, y_train=np.arange(60) % 2)
    return data.load(Data(source=f"npz:{tmp_path / 'd.npz'}"), "binary")


def test_what_does_not_fit_is_said_before_training(tmp_path: Path) -> None:
    table, pictures = npz(tmp_path, RANDOM.normal(size=(60, 4))), npz(tmp_path, images(60, (6, 5)))
    for kind, value in KINDS.items():
        how = Augmentation(**{kind: value})
        data.check_augmentation(pictures, how)
        if kind in ("noise", "mixup"):
            data.check_augmentation(table, how)
        else:
            with pytest.raises(
                data.DataError, match=rf"augmentation\.{kind} needs images .*\(4,\)"
            ):
                data.check_augmentation(table, how)
            with pytest.raises(data.DataError, match="needs images"):
                data.augmented_batches(table.train.inputs, rows_of(1, 2, 9), how, 0, 0)
    data.check_augmentation(table, Augmentation())
    with pytest.raises(data.DataError, match=r"cutout: found 5, .* 5x6 pixels; allowed: less than"):
        data.check_augmentation(pictures, Augmentation(cutout=5))
    (tmp_path / "t.txt").write_text("some text " * 99)
    tokens = data.load(Data(source=f"text:{tmp_path / 't.txt'}", length=9), "language_model")
    data.check_augmentation(tokens, Augmentation())
    with pytest.raises(data.DataError, match=r"noise needs numbers, and the examples are tokens"):
        data.check_augmentation(tokens, Augmentation(noise=0.1))


def test_portions_of_one_example_and_batch_normalisation(tmp_path: Path) -> None:
    dataset = npz(tmp_path, images(60))
    data.check_batch_size(dataset, 8, 4, "batch")
    data.check_batch_size(dataset, 8, 8, "layer")
    with pytest.raises(data.DataError, match=r"8 in 8 portions .* of 1 example.*at least 2"):
        data.check_batch_size(dataset, 8, 8, "batch")
