from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from advisor import data
from advisor.recipe import Data

Image = pytest.importorskip("PIL.Image")
RANDOM = np.random.default_rng(0)


def save(path: Path, array: np.ndarray, **options: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path, **options)


def grey(size: tuple[int, int] = (6, 5)) -> np.ndarray:
    return RANDOM.integers(0, 256, size, dtype=np.uint8)


def folder(root: Path, n: int = 6, shape: tuple[int, ...] = (6, 5)) -> Path:
    for name in ("cat", "dog"):
        for number in range(n):
            array = RANDOM.integers(0, 256, shape, dtype=np.uint8)
            save(root / name / f"{number}.png", array)
    return root


def source(root: Path, **settings: Any) -> Data:
    return Data(source=f"images:{root}", **settings)


def refused(root: Path, *said: str, **settings: Any) -> None:
    with pytest.raises(data.DataError) as caught:
        data.load(source(root, **settings), "classification")
    assert str(caught.value).startswith("data.")
    for part in said:
        assert part in str(caught.value)


def test_subfolders_are_classes(tmp_path: Path) -> None:
    dataset = data.load(source(folder(tmp_path), normalization="none"), "classification")
    assert dataset.classes == ("cat", "dog")
    assert dataset.input_shape == (6, 5, 1)
    assert dataset.outputs == 2
    stored = {
        np.asarray(Image.open(path)).astype(np.float32).tobytes(): path.parent.name
        for path in tmp_path.rglob("*.png")
    }
    for split in (dataset.train, dataset.validation):
        for image, label in zip(split.inputs, split.targets, strict=True):
            assert stored[image.tobytes()] == dataset.classes[label]


def test_parts_of_its_own(tmp_path: Path) -> None:
    for part, n in (("train", 5), ("val", 3), ("test", 2)):
        folder(tmp_path / part, n, (4, 4, 3))
    dataset = data.load(source(tmp_path), "binary")
    assert dataset.input_shape == (4, 4, 3)
    assert (len(dataset.train.targets), len(dataset.validation.targets)) == (10, 6)
    assert dataset.test_examples == len(data.load_test(source(tmp_path), "binary").targets) == 4


def test_one_coloured_image_makes_all_rgb(tmp_path: Path) -> None:
    folder(tmp_path)
    save(tmp_path / "cat" / "colour.png", RANDOM.integers(0, 256, (6, 5, 3), dtype=np.uint8))
    assert data.load(source(tmp_path), "binary").input_shape == (6, 5, 3)


def test_images_are_resized_when_asked(tmp_path: Path) -> None:
    folder(tmp_path)
    save(tmp_path / "cat" / "large.png", grey((40, 20)))
    refused(tmp_path, "data.image_size is needed", "5x6 pixels", "large.png 20x40")
    assert data.load(source(tmp_path, image_size=8), "binary").input_shape == (8, 8, 1)


def test_images_are_turned_upright_and_keep_16_bits_in_proportion(tmp_path: Path) -> None:
    folder(tmp_path, shape=(6, 6))
    upright = grey((6, 6))
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    save(tmp_path / "cat" / "turned.png", upright[::-1, ::-1].copy(), exif=exif)
    deep = grey((6, 6)).astype(np.uint16) * 256
    save(tmp_path / "dog" / "deep.png", deep)
    dataset = data.load(source(tmp_path, normalization="none"), "binary")
    test = data.load_test(source(tmp_path, normalization="none"), "binary")
    found = np.concatenate([dataset.train.inputs, dataset.validation.inputs, test.inputs])[..., 0]
    for wanted in (upright, deep // 256):
        assert (found == wanted).all(axis=(1, 2)).sum() == 1


def test_unreadable_files_are_named(tmp_path: Path) -> None:
    folder(tmp_path)
    (tmp_path / "cat" / "broken.png").write_bytes(b"no image")
    content = (tmp_path / "dog" / "0.png").read_bytes()
    (tmp_path / "dog" / "0.png").write_bytes(content[: len(content) // 2])
    refused(tmp_path, "2 images cannot be read", "cat/broken.png", "dog/0.png")


def test_what_is_no_folder_of_classes(tmp_path: Path) -> None:
    refused(tmp_path / "no", "no such file")
    refused(tmp_path, "has 0 subfolders; allowed: one for each class")
    folder(tmp_path)
    (tmp_path / "cat" / "notes.txt").write_text("x")
    refused(tmp_path, "notes.txt is of another kind", ".png")
    (tmp_path / "cat" / "notes.txt").unlink()
    (tmp_path / "bird").mkdir()
    refused(tmp_path, "bird is empty")
    (tmp_path / "bird").rmdir()
    refused(tmp_path, "data.split: time does not fit", split="time")
    refused(tmp_path, "data.split: group needs groups", split="group")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "cat" / ".hidden").write_text("x")
    assert data.load(source(tmp_path), "binary").classes == ("cat", "dog")


def test_a_class_that_only_the_test_examples_have(tmp_path: Path) -> None:
    folder(tmp_path / "train")
    save(tmp_path / "test" / "fox" / "0.png", grey())
    refused(tmp_path, "fox is a class that the training examples lack")


def test_the_fingerprint_follows_files_and_names(tmp_path: Path) -> None:
    first = data.load(source(folder(tmp_path)), "binary").fingerprint
    assert data.load(source(tmp_path, image_size=4), "binary").fingerprint == first
    (tmp_path / "cat" / "0.png").rename(tmp_path / "cat" / "renamed.png")
    assert data.load(source(tmp_path), "binary").fingerprint != first


def test_a_missing_package_is_named(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['PIL'] = sys.modules['pyarrow'] = None\n"
        "from advisor import data; from advisor.recipe import Data\n"
        f"open('{tmp_path}/t.parquet', 'w').close()\n"
        f"for source in ('images:{tmp_path}', 'parquet:{tmp_path}/t.parquet'):\n"
        "    try: data.load(Data(source=source), 'binary')\n"
        "    except data.DataError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    for line, package in zip(done.stdout.splitlines(), ("pillow", "pyarrow"), strict=True):
        assert f"needs the package {package}" in line
        assert "pip install 'tuning-advisor[data]'" in line
