"""Small data sets, made or bundled with scikit-learn, written as files. No network, seeded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn import datasets

from wards.pictures import write_pictures
from wards.sequences import write_sequences

Array = NDArray[np.float64]
Labels = NDArray[np.int64]


def write_fixtures(folder: Path) -> None:
    """Every file that the recipes of `wards.twins` and the cases name."""
    folder.mkdir(parents=True, exist_ok=True)
    write_pictures(folder)
    write_sequences(folder)
    _write_tables(folder)
    _write_regressions(folder)
    _write_spirals(folder)
    _write_digits(folder)
    _write_leaks(folder)


def _save(folder: Path, name: str, **arrays: NDArray[np.generic]) -> None:
    np.savez(folder / f"{name}.npz", allow_pickle=False, **arrays)


def _table(classes: int, n: int = 1000, **options: object) -> tuple[Array, Labels]:
    usual = {"n_features": 20, "n_informative": 10, "n_redundant": 4, "class_sep": 1.6}
    x, y = datasets.make_classification(
        n, n_classes=classes, flip_y=0.0, random_state=0, **{**usual, **options}
    )
    return x, y


def _write_tables(folder: Path) -> None:
    for classes in (2, 5, 10):
        x, y = _table(classes)
        _save(folder, f"table{classes}", x_train=x, y_train=y)
    easy, y = _table(2, class_sep=4.0)
    _save(folder, "easy", x_train=easy, y_train=y)
    for name, share, n in (("rare99", 0.99, 3000), ("rare91", 0.91, 1500)):
        x, y = _table(2, n, weights=[share], n_clusters_per_class=1)
        _save(folder, name, x_train=x, y_train=y)
    _save_small_validation(folder)
    random = np.random.default_rng(1)
    x, y = _table(2)
    heavy = np.sign(x) * np.abs(x) ** 1.8
    _save(folder, "heavy-tails", x_train=heavy, y_train=y)
    bits = random.integers(0, 2, (1600, 12))
    _save(folder, "parity", x_train=2.0 * bits - 1, y_train=bits[:, :3].sum(1) % 2)


def _save_small_validation(folder: Path) -> None:
    """60 validation examples."""
    x, y = _table(2)
    parts = {"x_train": x[:600], "x_val": x[600:660], "x_test": x[660:]}
    labels = {"y_train": y[:600], "y_val": y[600:660], "y_test": y[660:]}
    _save(folder, "few-validate", **parts, **labels)


def _write_regressions(folder: Path) -> None:
    x, y = datasets.make_friedman1(1000, n_features=10, noise=0.5, random_state=0)
    _save(folder, "friedman", x_train=x, y_train=y)
    random = np.random.default_rng(2)
    strange = np.where(random.random(len(y)) < 0.05, 20.0, 1.0)
    strange[600:] = 1.0  # what validates and tests is clean, so that it shows what was learned
    parts = {"x_train": x[:600], "x_val": x[600:800], "x_test": x[800:]}
    spoiled = y * strange
    labels = {"y_train": spoiled[:600], "y_val": y[600:800], "y_test": y[800:]}
    _save(folder, "outliers", **parts, **labels)


def _write_spirals(folder: Path) -> None:
    random = np.random.default_rng(3)
    arm = np.arange(900) % 3
    turn = 0.5 + 3.5 * np.sqrt(random.random(900))
    angle = turn + arm * 2 * np.pi / 3
    x = turn[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)
    x += 0.1 * random.standard_normal(x.shape)
    _save(folder, "spirals", x_train=x, y_train=arm)
    wrong = np.where(random.random(900) < 0.15, random.integers(0, 3, 900), arm)
    _save(folder, "noisy-spirals", x_train=x, y_train=wrong)


def _write_digits(folder: Path) -> None:
    """Variants of the handwritten digits, in one shuffled order."""
    random = np.random.default_rng(4)
    bunch = datasets.load_digits()
    order = random.permutation(len(bunch.target))
    x, y = bunch.data[order] / 16, bunch.target[order].astype(np.int64)
    test = {"x_test": x[1400:], "y_test": y[1400:]}
    held = {"x_val": x[1000:1400], "y_val": y[1000:1400], **test}
    _save(folder, "digits150", x_train=x[:150], y_train=y[:150], **held)
    _save(folder, "digits-permuted", x_train=x, y_train=random.permutation(y))
    noisy = np.where(random.random(1000) < 0.3, random.integers(0, 10, 1000), y[:1000])
    _save(folder, "digits-noisy", x_train=x[:1000], y_train=noisy, **held)
    there = y[:1000] < 7
    images = {f"x_{part}": held[f"x_{part}"] for part in ("val", "test")}
    labels = {f"y_{part}": held[f"y_{part}"] for part in ("val", "test")}
    _save(
        folder, "digits-seven", x_train=x[:1000][there], y_train=y[:1000][there], **images, **labels
    )
    large = {key: 20 * part if key.startswith("x_") else part for key, part in held.items()}
    _save(folder, "digits-pixels", x_train=20 * x[:1000], y_train=y[:1000], **large)
    _save(folder, "digits-clean", x_train=x[:1000], y_train=y[:1000], **held)


def _write_leaks(folder: Path) -> None:
    bunch = datasets.load_breast_cancer()
    random = np.random.default_rng(5)
    order = random.permutation(len(bunch.target))
    x, y = bunch.data[order], bunch.target[order]
    copied = random.choice(340, 23, replace=False)  # a fifth of what validates
    held_x, held_y = x[340:455].copy(), y[340:455].copy()
    held_x[:23], held_y[:23] = x[copied], y[copied]
    parts = {"x_train": x[:340], "x_val": held_x, "x_test": x[455:]}
    labels = {"y_train": y[:340], "y_val": held_y, "y_test": y[455:]}
    _save(folder, "leak", **parts, **labels)
    centres = random.standard_normal((100, 20))
    groups = np.repeat(np.arange(100), 8)
    near = centres[groups] + 0.1 * random.standard_normal((800, 20))
    kind = (centres[:, :3].sum(1) > 0).astype(np.int64)[groups]
    _save(folder, "grouped", x_train=near, y_train=kind, groups=groups)
