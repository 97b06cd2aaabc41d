"""`images:FOLDER`: image files by class, read with Pillow."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import psutil

from advisor.data.folders import ClassFolders, Files, class_folders
from advisor.data.optional import package
from advisor.data.values import Array, DataError, Part, Source
from advisor.recipe import Data

KINDS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm")
GREY = ("1", "L", "LA", "La", "I;16", "I;16B", "I;16L", "I;16N")
SHOWN = 5
"""So many unreadable files are named."""
T = TypeVar("T")


@dataclass(frozen=True)
class _Header:
    size: tuple[int, int]
    """width, height, turned upright"""
    grey: bool


@dataclass(frozen=True)
class _Format:
    """What every image becomes."""

    width: int
    height: int
    grey: bool

    @property
    def channels(self) -> int:
        return 1 if self.grey else 3


class _UnreadableError(Exception):
    """One image cannot be used; the message says why."""


def read_images(folder: Path, data: Data) -> Source:
    """uint8 (n, height, width, channels), grey (1) where the whole set is, else RGB (3).

    Images are turned upright as their EXIF data says, transparency is dropped, and where
    `data.image_size` is given they are resized to a square. Raises DataError, OSError.
    """
    package("PIL.Image", "pillow", "images:FOLDER")
    folders = class_folders(folder, KINDS)
    parts = [part for part in (folders.train, folders.validation, folders.test) if part]
    paths = [path for part in parts for path in part.paths]
    made = _format(paths, _each(_header, paths), data.image_size)
    _check_memory(folder, len(paths), made)
    pixels = np.empty((len(paths), made.height, made.width, made.channels), dtype=np.uint8)
    digests = _each(partial(_read, made, pixels), range(len(paths)), paths)
    digest = hashlib.sha256()
    for path, each in zip(paths, digests, strict=True):
        digest.update(str(path.relative_to(folder)).encode() + each)
    return _source(folder, folders, pixels, digest.hexdigest())


def _source(folder: Path, folders: ClassFolders, pixels: Array, digest: str) -> Source:
    start, parts = 0, list[Part | None]()
    for name, files in (
        ("images", folders.train), ("val", folders.validation), ("test", folders.test)
    ):  # fmt: skip
        parts.append(None if files is None else _part(name, files, pixels[start:]))
        start += 0 if files is None else len(files.paths)
    train, validation, test = parts
    assert train is not None
    return Source(
        f"images:{folder}", train, validation, test, digest, folders.classes, True, ordered=False
    )


def _part(name: str, files: Files, pixels: Array) -> Part:
    labels = np.array(files.labels, dtype=np.int64)
    return Part(pixels[: len(labels)], labels, name, f"the classes of {name}")


def _format(paths: Sequence[Path], headers: Sequence[_Header], size: int | None) -> _Format:
    grey = all(header.grey for header in headers)
    if size is not None:
        return _Format(size, size, grey)
    first = headers[0].size
    for path, header in zip(paths, headers, strict=True):
        if header.size != first:
            raise DataError(
                f"data.image_size is needed, since the images differ in size: {paths[0]} has "
                f"{first[0]}x{first[1]} pixels, {path} {header.size[0]}x{header.size[1]}"
            )
    return _Format(*first, grey)


def _check_memory(folder: Path, n: int, made: _Format) -> None:
    needed = n * made.width * made.height * made.channels
    free = psutil.virtual_memory().available
    if needed > free // 2:
        raise DataError(
            f"data.source: {folder}: {n} images of {made.width}x{made.height} pixels take "
            f"{needed / 1e9:.1f} GB and {free / 1e9:.1f} GB are free; allowed: a smaller "
            f"data.image_size, or memmap:FOLDER, which stays on disk"
        )


def _each(work: Callable[..., T], *arguments: Sequence[Any]) -> list[T]:
    """`work` on each image, on several threads; names the ones that are unreadable."""
    results, broken = list[T](), list[str]()
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        for done in [pool.submit(work, *each) for each in zip(*arguments, strict=True)]:
            try:
                results.append(done.result())
            except _UnreadableError as error:
                broken.append(str(error))
    if broken:
        more = f" and {len(broken) - SHOWN} more" if len(broken) > SHOWN else ""
        raise DataError(
            f"data.source: {len(broken)} images cannot be read: {'; '.join(broken[:SHOWN])}{more}"
        )
    return results


def _header(path: Path) -> _Header:
    return _opened(path, path, _described)


def _described(image: Any) -> _Header:
    if image.mode in ("I", "F"):
        raise _UnreadableError("pixels of 32 bits; allowed: 8 or 16")
    turned = image.getexif().get(0x0112, 1) >= 5  # EXIF orientation: width and height change
    size = image.size[::-1] if turned else image.size
    return _Header((int(size[0]), int(size[1])), image.mode in GREY)


def _read(made: _Format, pixels: Array, row: int, path: Path) -> bytes:
    """Fill one row; the digest of the file."""
    content = path.read_bytes()
    pixels[row] = _opened(path, io.BytesIO(content), partial(_decoded, made))
    return hashlib.sha256(content).digest()


def _decoded(made: _Format, image: Any) -> Array:
    images = package("PIL.ImageOps", "pillow", "images:FOLDER")
    image = images.exif_transpose(image)
    if image.mode.startswith("I;16"):  # Pillow would cut off all above 255
        image = package("PIL.Image", "pillow", "images:FOLDER").fromarray(
            (np.asarray(image) >> 8).astype(np.uint8)
        )
    image = image.convert("L" if made.grey else "RGB")
    if image.size != (made.width, made.height):
        image = image.resize((made.width, made.height), resample=2)  # bilinear, over the area
    return np.asarray(image).reshape(made.height, made.width, made.channels)


def _opened(path: Path, file: Any, use: Callable[[Any], T]) -> T:
    try:
        with package("PIL.Image", "pillow", "images:FOLDER").open(file) as image:
            return use(image)
    except _UnreadableError as error:
        raise _UnreadableError(f"{path} ({error})") from error
    except Exception as error:  # decoders raise anything for damaged files
        raise _UnreadableError(f"{path} ({str(error) or type(error).__name__})") from error
