"""Folders with one subfolder per class, perhaps inside train, val and test."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from advisor.data.values import DataError

PARTS = ("train", "val", "test")


@dataclass(frozen=True)
class Files:
    """The files of one part, in the order of their names, and the class number of each."""

    paths: tuple[Path, ...]
    labels: tuple[int, ...]


@dataclass(frozen=True)
class ClassFolders:
    train: Files
    validation: Files | None
    test: Files | None
    classes: tuple[str, ...]


def class_folders(folder: Path, kinds: Collection[str]) -> ClassFolders:
    """Files with one of these suffixes, by part and class. Raises DataError, OSError.

    The layout has parts where the folder's subfolders are among train, val and test, train is one
    of them, and it holds folders; otherwise the subfolders are the classes.
    """
    inside = _subfolders(folder)
    names = {each.name for each in inside}
    if "train" in names and names <= set(PARTS) and _subfolders(folder / "train"):
        classes = tuple(each.name for each in _subfolders(folder / "train"))
        train, validation, test = (
            _files(folder / part, classes, kinds) if part in names else None for part in PARTS
        )
    else:
        classes = tuple(each.name for each in inside)
        train, validation, test = _files(folder, classes, kinds), None, None
    assert train is not None
    if len(classes) < 2:
        raise DataError(
            f"data.source: {folder} has {len(classes)} subfolders; allowed: one for each class, "
            f"at least two, or train, val and test with these inside"
        )
    return ClassFolders(train, validation, test, classes)


def _subfolders(folder: Path) -> list[Path]:
    return sorted(each for each in folder.iterdir() if each.is_dir() and each.name[0] != ".")


def _files(folder: Path, classes: tuple[str, ...], kinds: Collection[str]) -> Files:
    for inside in _subfolders(folder):
        if inside.name not in classes:
            raise DataError(
                f"data.source: {inside} is a class that the training examples lack; "
                f"allowed: {', '.join(classes[:20])}"
            )
    paths, labels = list[Path](), list[int]()
    for label, name in enumerate(classes):
        found = _members(folder / name, kinds) if (folder / name).is_dir() else []
        paths += found
        labels += [label] * len(found)
    return Files(tuple(paths), tuple(labels))


def _members(folder: Path, kinds: Collection[str]) -> list[Path]:
    found = sorted(each for each in folder.iterdir() if each.name[0] != ".")
    for path in found:
        if path.is_dir() or path.suffix.lower() not in kinds:
            raise DataError(
                f"data.source: {path} is {'a folder' if path.is_dir() else 'of another kind'}; "
                f"allowed in the folder of a class: {', '.join(kinds)}"
            )
    if not found:
        raise DataError(f"data.source: {folder} is empty; allowed in it: {', '.join(kinds)}")
    return found
