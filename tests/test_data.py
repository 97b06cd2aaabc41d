from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor import data
from advisor.data.splits import split_rows
from advisor.recipe import Data

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(3, 2, (60, 4))
Y = np.arange(60) % 3
Save = Callable[..., Data]


@pytest.fixture
def npz(tmp_path: Path) -> Save:
    def save(settings: dict[str, Any] | None = None, **arrays: Any) -> Data:
        np.savez(tmp_path / "data.npz", **arrays)
        return Data(source=f"npz:{tmp_path / 'data.npz'}", **(settings or {}))

    return save


def refused(source: Data, task: Any, *said: str) -> None:
    with pytest.raises(data.DataError) as caught:
        data.load(source, task)
    assert str(caught.value).startswith("data.")
    for part in said:
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("name", "task", "shape", "outputs", "examples"),
    [
        ("digits", "classification", (8, 8, 1), 10, 1797),
        ("iris", "classification", (4,), 3, 150),
        ("wine", "classification", (13,), 3, 178),
        ("breast_cancer", "classification", (30,), 2, 569),
        ("breast_cancer", "binary", (30,), 1, 569),
        ("diabetes", "regression", (10,), 1, 442),
    ],
)
def test_bundled_data(
    name: str, task: Any, shape: tuple[int, ...], outputs: int, examples: int
) -> None:
    source = Data(source=f"sklearn:{name}")
    dataset, test = data.load(source, task), data.load_test(source, task)
    assert dataset.input_shape == shape
    assert dataset.outputs == outputs
    sizes = [len(split.targets) for split in (dataset.train, dataset.validation, test)]
    assert sum(sizes) == examples
    assert dataset.test_examples == sizes[2]
    assert abs(sizes[1] - examples / 5) <= outputs
    assert abs(sizes[2] - examples / 5) <= outputs
    for split in (dataset.train, dataset.validation, test):
        assert split.inputs.shape == (len(split.targets), *shape)
        assert split.inputs.dtype == np.float32
        assert split.targets.dtype == (np.int64 if task == "classification" else np.float32)


def test_targets_are_named_and_encoded() -> None:
    dataset = data.load(Data(source="sklearn:breast_cancer"), "binary")
    assert dataset.classes == ("malignant", "benign")
    assert set(dataset.train.targets) == {0.0, 1.0}
    assert dataset.train.targets.mean() == pytest.approx(357 / 569, abs=0.005)
    assert (dataset.target_mean, dataset.target_std) == (0.0, 1.0)


def test_regression_targets_are_standardised_by_the_training_split() -> None:
    dataset = data.load(Data(source="sklearn:diabetes"), "regression")
    assert dataset.classes is None
    assert dataset.train.targets.mean() == pytest.approx(0, abs=1e-6)
    assert dataset.train.targets.std() == pytest.approx(1, abs=1e-6)
    raw = dataset.validation.targets * dataset.target_std + dataset.target_mean
    np.testing.assert_allclose(raw, np.round(raw), atol=1e-4)
    assert raw.min() >= 25
    assert raw.max() <= 346


def test_normalisation_uses_training_statistics_only(npz: Save) -> None:
    far = X[:6] + 100
    source = npz(x_train=X, y_train=Y, x_val=far, y_val=Y[:6], x_test=far, y_test=Y[:6])
    dataset, test = data.load(source, "classification"), data.load_test(source, "classification")
    np.testing.assert_allclose(dataset.train.inputs.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(dataset.train.inputs.std(axis=0), 1, atol=1e-6)
    expected = (far - X.mean(axis=0)) / X.std(axis=0)
    np.testing.assert_allclose(dataset.validation.inputs, expected, rtol=1e-5)
    np.testing.assert_array_equal(dataset.validation.inputs, test.inputs)


def test_images_are_normalised_per_channel(npz: Save) -> None:
    images = RANDOM.integers(0, 256, (60, 5, 4, 3)).astype(np.uint8)
    images[..., 2] = 7  # a constant channel must not divide by zero
    dataset = data.load(npz(x_train=images, y_train=Y), "classification")
    assert dataset.input_shape == (5, 4, 3)
    flat = dataset.train.inputs.reshape(-1, 3)
    np.testing.assert_allclose(flat.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(flat.std(axis=0), [1, 1, 0], atol=1e-6)


def test_without_normalisation_values_stay(npz: Save) -> None:
    images = RANDOM.integers(0, 256, (60, 5, 4)).astype(np.uint8)
    source = npz({"normalization": "none"}, x_train=images, y_train=Y)
    dataset = data.load(source, "classification")
    assert dataset.input_shape == (5, 4, 1)
    known = {image.tobytes() for image in images.astype(np.float32)}
    assert all(image.tobytes() in known for image in dataset.train.inputs)


def test_a_constant_column_that_rounds_badly_stays_at_zero(npz: Save) -> None:
    constant = np.full((60, 1), 0.1)
    large = 1.7e9 + np.arange(60.0)[:, None]  # float32 alone could not tell these apart
    source = npz(x_train=np.hstack([constant, large]), y_train=Y)
    inputs = data.load(source, "classification").train.inputs
    assert (inputs[:, 0] == 0).all()
    assert len(np.unique(inputs[:, 1])) == len(inputs)


def rows_of(split: data.Split) -> set[bytes]:
    return {row.tobytes() for row in split.inputs}


def splits(source: Data) -> tuple[set[bytes], set[bytes], set[bytes]]:
    dataset = data.load(source, "classification")
    test = data.load_test(source, "classification")
    return rows_of(dataset.train), rows_of(dataset.validation), rows_of(test)


def test_splits_share_no_example_and_only_the_split_seed_moves_them(npz: Save) -> None:
    def made(**settings: Any) -> tuple[set[bytes], set[bytes], set[bytes]]:
        return splits(npz({"normalization": "none", **settings}, x_train=X, y_train=Y))

    train, validation, test = made()
    assert len(train | validation | test) == 60
    assert made() == (train, validation, test)
    assert made(split_seed=1)[2] != test
    other = made(validation=0.4)
    assert other[2] == test
    assert other[1] > validation


@given(
    st.lists(st.integers(3, 40), min_size=1, max_size=5),
    st.floats(0.01, 0.6),
    st.floats(0.01, 0.29),
    st.integers(0, 2**64),
    st.tuples(st.booleans(), st.booleans()),
)
@settings(deadline=None)
def test_splits_are_stratified(
    counts: list[int], validation: float, test: float, seed: int, own: tuple[bool, bool]
) -> None:
    labels = np.repeat(np.arange(len(counts)), counts)
    settings = Data(source="sklearn:x", validation=validation, test=test, split_seed=seed)
    rows = split_rows(settings, labels, tuple("abcde"[: len(counts)]), own)
    together = np.concatenate([rows.train, rows.validation, rows.test])
    np.testing.assert_array_equal(np.sort(together), np.arange(len(labels)))
    for part, share, given_ in ((rows.validation, validation, own[0]), (rows.test, test, own[1])):
        found = np.bincount(labels[part], minlength=len(counts))
        if given_:
            assert len(part) == 0
            continue
        assert (found >= 1).all()
        exact = share * np.array(counts)
        assert (found <= np.maximum(1, np.ceil(exact))).all()
        assert (found >= np.minimum(np.floor(exact), np.array(counts) - 2)).all()
    assert (np.bincount(labels[rows.train], minlength=len(counts)) >= 1).all()


def test_training_rows_are_shuffled_the_others_in_the_order_of_the_source() -> None:
    labels = np.repeat([0, 1], 50)
    rows = split_rows(Data(source="sklearn:x"), labels, ("a", "b"), (False, False))
    assert 10 < labels[rows.train[:30]].sum() < 20  # not one class after the other
    assert (np.diff(rows.validation) > 0).all()
    assert (np.diff(rows.test) > 0).all()


def test_the_fingerprint_follows_the_content(npz: Save) -> None:
    first = data.load(npz(x_train=X, y_train=Y), "classification").fingerprint
    assert len(first) == 64
    assert data.load(npz(x_train=X + 1, y_train=Y), "classification").fingerprint != first
    digits, iris = (
        data.load(Data(source=f"sklearn:{n}"), "classification") for n in ("digits", "iris")
    )
    assert digits.fingerprint != iris.fingerprint


def with_value(value: float) -> np.ndarray:
    changed = X.copy()
    changed[7, 2] = changed[9, 0] = value
    return changed


@pytest.mark.parametrize(
    ("task", "arrays", "said"),
    [
        ("classification", {"x": X, "y": Y}, ["no array 'x_train'", "it holds: x, y"]),
        ("classification", {"x_train": X}, ["no array 'y_train'", "it holds: x_train"]),
        ("classification", {"X_train": X, "y_train": Y}, ["did you mean 'X_train'?"]),
        ("classification", {"x_train": X, "y_train": Y, "x_val": X}, ["no array 'y_val'"]),
        (
            "classification",
            {"x_train": with_value(np.nan), "y_train": Y},
            ["x_train has 2 values that are NaN", "nan in row 7"],
        ),
        ("classification", {"x_train": with_value(-np.inf), "y_train": Y}, ["-inf in row 7"]),
        ("classification", {"x_train": with_value(1e39), "y_train": Y}, ["too large", "1e+39"]),
        (
            "classification",
            {"x_train": X, "y_train": Y, "x_test": with_value(np.nan), "y_test": Y},
            ["x_test has 2 values"],
        ),
        ("regression", {"x_train": X, "y_train": with_value(np.nan)[:, 2]}, ["y_train has 1"]),
        ("classification", {"x_train": X, "y_train": Y[:50]}, ["60 examples", "50"]),
        ("classification", {"x_train": X[:0], "y_train": Y[:0]}, ["x_train is empty"]),
        ("classification", {"x_train": X, "y_train": Y * 0}, ["one class only: 0"]),
        ("binary", {"x_train": X, "y_train": Y * 0}, ["one class only: 0"]),
        ("binary", {"x_train": X, "y_train": Y}, ["3 values (0, 1, 2)", "binary needs two"]),
        ("classification", {"x_train": X, "y_train": Y - 1}, ["out of range", "found -1"]),
        ("classification", {"x_train": X, "y_train": Y + 1}, ["out of range", "0 to 2", "found 3"]),
        ("classification", {"x_train": X, "y_train": Y * 5}, ["out of range", "found 5"]),
        ("classification", {"x_train": X, "y_train": Y + 0.5}, ["0.5", "whole numbers"]),
        (
            "classification",
            {"x_train": X, "y_train": Y, "x_val": X[:3], "y_val": np.array([0, 3, 1])},
            ["y_val has labels out of range: 3 in row 1"],
        ),
        (
            "classification",
            {"x_train": X, "y_train": np.where(np.arange(60) < 2, 2, Y % 2)},
            ["class '2' has 2 training examples", "at least 3"],
        ),
        ("regression", {"x_train": X, "y_train": Y * 0.0 + 0.1}, ["is constant", "0.1"]),
        ("regression", {"x_train": X[:5], "y_train": Y[:5]}, ["5 examples are too few", "6"]),
        ("regression", {"x_train": X, "y_train": np.array(["1", "x"] * 30)}, ["'x' in row 1"]),
        ("classification", {"x_train": X.astype(str), "y_train": Y}, ["allowed: numbers"]),
        ("classification", {"x_train": X * 1j, "y_train": Y}, ["allowed: numbers"]),
        ("classification", {"x_train": X, "y_train": np.eye(3)[Y]}, ["shape (60, 3)", "one class"]),
        (
            "classification",
            {"x_train": X.reshape(60, 1, 1, 2, 2), "y_train": Y},
            ["allowed: (n, f"],
        ),
        (
            "classification",
            {"x_train": np.zeros((60, 3, 8, 8)), "y_train": Y},
            ["looks like channels first"],
        ),
        (
            "classification",
            {"x_train": X, "y_train": Y, "x_val": X[:6, :3], "y_val": Y[:6]},
            ["x_val have shape (3,)", "x_train (4,)"],
        ),
    ],
)
def test_an_unusable_npz_is_refused_with_the_reason(
    npz: Save, task: Any, arrays: dict[str, Any], said: list[str]
) -> None:
    refused(npz(**arrays), task, *said)


def test_python_objects_are_never_unpickled(npz: Save) -> None:
    source = npz(x_train=np.array([object()] * 60, dtype=object), y_train=Y)
    refused(source, "classification", "x_train holds Python objects")


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04 broken", b"\x93NUMPY"])
def test_a_file_that_is_no_npz(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "data.npz").write_bytes(content)
    refused(Data(source=f"npz:{tmp_path / 'data.npz'}"), "classification", "npz file")


@given(st.integers(0, 2**32), st.binary(min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_a_damaged_npz_is_loaded_or_refused(
    tmp_path_factory: pytest.TempPathFactory, place: int, junk: bytes
) -> None:
    path = tmp_path_factory.mktemp("damaged") / "data.npz"
    np.savez_compressed(path, x_train=X, y_train=Y)
    content = bytearray(path.read_bytes())
    start = place % len(content)
    content[start : start + len(junk)] = junk
    path.write_bytes(content)
    try:
        found = data.load(Data(source=f"npz:{path}"), "classification")
    except data.DataError:
        return
    assert found.outputs == 3


def test_missing_files_and_folders(tmp_path: Path) -> None:
    for scheme in ("npz", "csv"):
        refused(Data(source=f"{scheme}:{tmp_path / 'no'}"), "binary", "no such file")
        refused(Data(source=f"{scheme}:{tmp_path}"), "binary", "directory")
        refused(Data(source=f"{scheme}:a\0b"), "binary", "is not a path")


def test_an_unknown_bundled_data_set_gets_advice() -> None:
    refused(Data(source="sklearn:digit"), "binary", "did you mean 'digits'?", "breast_cancer")
    refused(Data(source="sklearn:diabetes"), "classification", "214 different values")
    refused(Data(source="sklearn:iris"), "binary", "task binary needs two")


def test_fewer_rows_than_the_batch_size(npz: Save) -> None:
    dataset = data.load(npz(x_train=X, y_train=Y), "classification")
    data.check_batch_size(dataset, 36)
    with pytest.raises(data.DataError, match="found 37, but there are 36 training examples"):
        data.check_batch_size(dataset, 37)


def test_report_describes_the_training_inputs(npz: Save) -> None:
    scaled = X * [1, 10, 1, 0] + [0, 0, 50, 0]
    source = npz({"normalization": "none"}, x_train=scaled, y_train=Y)
    dataset = data.load(source, "classification")
    report = data.report(dataset)
    assert (report.train_examples, report.validation_examples) == (36, 12)
    assert report.class_shares == pytest.approx([1 / 3] * 3)
    assert report.input_max_abs == pytest.approx(float(np.abs(dataset.train.inputs).max()))
    assert report.input_mean_off == pytest.approx(dataset.train.inputs[:, 2].mean(), rel=1e-5)
    deviations = dataset.train.inputs.std(axis=0)[:3]
    assert report.input_std_ratio == pytest.approx(deviations.max() / deviations.min(), rel=1e-4)
    binary = data.report(data.load(Data(source="sklearn:breast_cancer"), "binary"))
    assert binary.class_shares == pytest.approx([212 / 569, 357 / 569], abs=0.005)
    regression = data.report(data.load(Data(source="sklearn:diabetes"), "regression"))
    assert regression.class_shares is None
    assert 60 < regression.target_std < 90


def test_scikit_learn_is_imported_only_for_its_own_data(tmp_path: Path) -> None:
    np.savez(tmp_path / "data.npz", x_train=X, y_train=Y)
    code = (
        "import sys; from advisor import data; from advisor.recipe import Data\n"
        f"data.load(Data(source='npz:{tmp_path / 'data.npz'}'), 'classification')\n"
        "assert 'sklearn' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
