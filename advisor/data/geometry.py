"""Images (n, height, width, channels) moved, turned and blanked; what is laid bare is 0.

0 is the mean of standardised images. Everything works on each image by itself, so that it does
not matter how many come together.
"""

from __future__ import annotations

import numpy as np

from advisor.architecture import Floats
from advisor.data.values import Array, Rows

PIECE = 64
"""So many images are turned at once: what that needs stays in the processor's cache."""


def mirror(images: Floats, which: Array) -> None:
    """Mirror these images (n,) left to right, in place."""
    before = images[which]
    after = np.empty_like(before)
    for channel in range(images.shape[-1]):  # quicker than short runs of channels, pixel by pixel
        after[..., channel] = before[:, :, ::-1, channel]
    images[which] = after


def shifted(images: Floats, down: Rows, right: Rows) -> Floats:
    """New images, moved by whole pixels (n,)."""
    result = np.zeros_like(images)
    height, width = images.shape[1:3]
    for number, (dy, dx) in enumerate(zip(down.tolist(), right.tolist(), strict=True)):
        to_y, from_y = _overlap(dy, height)
        to_x, from_x = _overlap(dx, width)
        result[number, to_y, to_x] = images[number, from_y, from_x]
    return result


def blank_squares(images: Floats, rows: Rows, columns: Rows, size: int) -> None:
    """Set a square of `size` pixels around (rows, columns) of each image to 0, in place; what
    would lie outside is cut off."""
    tops, lefts = (rows - size // 2).tolist(), (columns - size // 2).tolist()
    for image, top, left in zip(images, tops, lefts, strict=True):
        image[max(0, top) : top + size, max(0, left) : left + size] = 0


def rotate(images: Floats, cosines: Floats, sines: Floats) -> None:
    """Turn each image about its centre, in place, by bilinear interpolation."""
    for start in range(0, len(images), PIECE):
        piece = slice(start, start + PIECE)
        images[piece] = _rotated(images[piece], cosines[piece], sines[piece])


def _overlap(shift: int, size: int) -> tuple[slice, slice]:
    """Where pixels go, and where they come from, along one axis."""
    kept = max(0, size - abs(shift))
    to, source = max(0, shift), max(0, -shift)
    return slice(to, to + kept), slice(source, source + kept)


def _rotated(images: Floats, cosines: Floats, sines: Floats) -> Floats:
    n, height, width, channels = images.shape
    # channel by channel in a margin of zeros: long runs of numbers are quick to work through
    planes = np.zeros((channels, n, height + 3, width + 3), dtype=np.float32)
    planes[:, :, 1:-2, 1:-2] = images.transpose(3, 0, 1, 2)
    flat = planes.reshape(channels, -1)
    y, x = _sources(height, width, cosines, sines)
    top, left = np.floor(y), np.floor(x)
    below, beside = (y - top).ravel(), (x - left).ravel()
    first = np.arange(n, dtype=np.intp)[:, None, None] * planes[0, 0].size
    corner = (first + (top.astype(np.intp) + 1) * (width + 3) + left.astype(np.intp) + 1).ravel()
    upper = _between(flat, corner, beside)
    upper += (_between(flat, corner + (width + 3), beside) - upper) * below
    return upper.reshape(channels, n, height, width).transpose(1, 2, 3, 0)


def _sources(height: int, width: int, cosines: Floats, sines: Floats) -> tuple[Floats, Floats]:
    """(n, height, width) where each pixel comes from, at most one pixel outside the image."""
    y = np.arange(height, dtype=np.float32)[:, None] - np.float32((height - 1) / 2)
    x = np.arange(width, dtype=np.float32)[None, :] - np.float32((width - 1) / 2)
    cosine, sine = (a.astype(np.float32)[:, None, None] for a in (cosines, sines))
    rows = cosine * y + sine * x + np.float32((height - 1) / 2)
    columns = cosine * x - sine * y + np.float32((width - 1) / 2)
    return np.clip(rows, -1, height), np.clip(columns, -1, width)


def _between(flat: Floats, left: Rows, share: Floats) -> Floats:
    """Between each pixel and its right-hand neighbour, in every channel."""
    # clip lets NumPy skip its check of every index; they are all inside
    found = flat.take(left, axis=1, mode="clip")
    found += (flat.take(left + 1, axis=1, mode="clip") - found) * share
    return found
