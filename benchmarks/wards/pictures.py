"""Procedural pictures: ten kinds of shapes, grey or coloured, at random places and sizes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
SIZE, KINDS = 12, 10


def write_pictures(folder: Path) -> None:
    grey, y = shapes(1200, seed=10)
    np.savez(folder / "shapes.npz", allow_pickle=False, x_train=grey[:1000], y_train=y[:1000])
    few = {"x_train": grey[:600], "y_train": y[:600], "x_val": grey[600:700], "y_val": y[600:700]}
    rest = {"x_test": grey[700:], "y_test": y[700:]}
    np.savez(folder / "shapes-few-validate.npz", allow_pickle=False, **few, **rest)
    rare, labels = _long_tail(*shapes(4000, seed=12))
    np.savez(folder / "shapes-rare.npz", allow_pickle=False, x_train=rare, y_train=labels)
    colour, y = coloured(1000, seed=11)
    np.savez(folder / "colours.npz", allow_pickle=False, x_train=colour, y_train=y)


def shapes(n: int, seed: int) -> tuple[Array, NDArray[np.int64]]:
    """(n, SIZE, SIZE) in about [0, 1], and which kind of shape each is."""
    random = np.random.default_rng(seed)
    y = np.arange(n) % KINDS
    centre = SIZE / 2 - 0.5 + random.uniform(-1.2, 1.2, (n, 2, 1, 1))
    radius = random.uniform(3.2, 5.0, (n, 1, 1))
    row, column = np.mgrid[:SIZE, :SIZE]
    u, v = (column - centre[:, 0]) / radius, (row - centre[:, 1]) / radius
    drawn = np.choose(y[:, None, None], _kinds(u, v))
    ink = random.uniform(0.6, 1.0, (n, 1, 1))
    return ink * drawn + 0.12 * random.standard_normal((n, SIZE, SIZE)), y


def _kinds(u: Array, v: Array) -> list[NDArray[np.bool_]]:
    across, along = np.abs(u), np.abs(v)
    far, near = np.maximum(across, along), np.minimum(across, along)
    round_ = u**2 + v**2
    return [
        round_ < 0.8,
        (round_ > 0.4) & (round_ < 1.1),
        far < 0.8,
        (far > 0.55) & (far < 1),
        (near < 0.28) & (far < 1),
        (np.abs(across - along) < 0.3) & (far < 1),
        (along < 0.3) & (across < 1),
        (across < 0.3) & (along < 1),
        (across < (v + 1) / 2) & (along < 0.9),
        (across - 0.65) ** 2 + v**2 < 0.12,
    ]


def coloured(n: int, seed: int) -> tuple[Array, NDArray[np.int64]]:
    """(n, SIZE, SIZE, 3) whole numbers from 0 to 255, as cameras give them."""
    grey, y = shapes(n, seed)
    random = np.random.default_rng(seed + 1)
    ink, paper = random.uniform(0.5, 1, (n, 1, 1, 3)), random.uniform(0, 0.3, (n, 1, 1, 3))
    mixed = grey[..., None] * ink + (1 - grey[..., None]) * paper
    return np.round(255 * np.clip(mixed, 0, 1)), y


def _long_tail(x: Array, y: NDArray[np.int64]) -> tuple[Array, NDArray[np.int64]]:
    """Discs and squares, and rings, twenty times rarer than either."""
    rows = [np.flatnonzero(y == 0), np.flatnonzero(y == 2), np.flatnonzero(y == 1)[:20]]
    classes = np.concatenate([np.full(len(found), kind) for kind, found in enumerate(rows)])
    return x[np.concatenate(rows)], classes
