from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor import data
from advisor.data import streams
from advisor.data.scaling import Scaling
from advisor.recipe import Augmentation, Data

RANDOM = np.random.default_rng(0)
X = RANDOM.integers(0, 256, (60, 4, 4, 3), dtype=np.uint8)
Y = np.arange(60) % 3


def folder(tmp_path: Path, **arrays: Any) -> Data:
    every: dict[str, Any] = {"x_train": X, "y_train": Y, **arrays}
    for name, array in every.items():
        if array is not None:
            np.save(tmp_path / f"{name}.npy", array)
    return Data(source=f"memmap:{tmp_path}")


@pytest.fixture
def small_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "MOST_MAPPED", 100)


@pytest.mark.usefixtures("small_memory")
def test_streamed_data_is_the_same_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = folder(tmp_path, x_val=X[:6], y_val=Y[:6])
    streamed, test = data.load(source, "classification"), data.load_test(source, "classification")
    monkeypatch.undo()
    held = data.load(source, "classification")
    assert (streamed.streamed, held.streamed) == (True, False)
    for lazy, array in (
        (streamed.train, held.train),
        (streamed.validation, held.validation),
        (test, data.load_test(source, "classification")),
    ):
        assert isinstance(lazy.inputs, data.StreamedInputs)
        assert isinstance(array.inputs, np.ndarray)
        np.testing.assert_array_equal(lazy.inputs[:], array.inputs)
        np.testing.assert_array_equal(lazy.targets, array.targets)
        assert lazy.inputs.shape == array.inputs.shape
        assert lazy.inputs.dtype == np.float32
        assert lazy.inputs.ndim == 4
        assert len(lazy.inputs) == len(array.inputs)
    assert streamed.input_shape == held.input_shape
    assert data.report(streamed) == data.report(held)
    how = Augmentation(flip=True, crop=1, mixup=0.4)
    rows = data.epoch_rows(len(held.train.targets), 8, 0, 0)
    for one, other in zip(
        data.augmented_batches(streamed.train.inputs, rows, how, 0, 0),
        data.augmented_batches(held.train.inputs, rows, how, 0, 0),
        strict=True,
    ):
        np.testing.assert_array_equal(one, other)


SCALING = Scaling(np.array([1.0]), np.array([2.0]))


@given(st.data(), st.integers(1, 20))
def test_rows_are_read_as_an_array_would_give_them(draw: st.DataObject, n: int) -> None:
    array = RANDOM.normal(size=(30, 1))
    rows = RANDOM.permutation(30)[:n]
    inputs = streams.StreamedInputs("here", array, rows, SCALING)
    whole = ((array[rows] - 1) / 2).astype(np.float32)
    piece = draw.draw(st.slices(n))
    np.testing.assert_array_equal(inputs[piece], whole[piece])
    shape = draw.draw(st.lists(st.integers(0, 4), max_size=3).map(tuple))
    index = RANDOM.integers(-n, n, shape)
    found = inputs[index]
    assert found.shape == (*shape, 1)
    np.testing.assert_array_equal(found, whole[index])


def test_misuse_of_streamed_inputs() -> None:
    inputs = streams.StreamedInputs("here", np.zeros((9, 1)), np.arange(3), SCALING)
    with pytest.raises(TypeError, match="do not fit into memory"):
        np.asarray(inputs)
    with pytest.raises(IndexError):
        inputs[3]
    with pytest.raises(TypeError, match="whole numbers"):
        inputs[np.array([True, False, True])]
    far = streams.StreamedInputs("here", np.full((2, 1), 1e38), np.arange(2), SCALING)
    assert far[:].shape == (2, 1)
    near = Scaling(np.zeros(1), np.full(1, 1e-30))
    with pytest.raises(data.DataError, match="here: values lie too far"):
        streams.StreamedInputs("here", np.full((2, 1), 1e38), np.arange(2), near)[:]


def test_what_takes_too_much_of_the_memory_is_streamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.savez(tmp_path / "d.npz", x_train=X, y_train=Y)
    source = Data(source=f"npz:{tmp_path / 'd.npz'}")
    assert not data.load(source, "classification").streamed
    monkeypatch.setattr(streams, "SHARE_OF_MEMORY", 1e-12)
    assert data.load(source, "classification").streamed


def test_a_mapped_folder_is_not_read_as_a_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    monkeypatch.setattr("advisor.data.checks.CHUNK_VALUES", 1000)
    monkeypatch.setattr(streams, "MOST_MAPPED", 100)
    take = np.memmap.__getitem__

    def watched(self: np.memmap, index: Any) -> Any:
        found = take(self, index)
        if not isinstance(index, slice) and np.ndim(index) > 0:
            seen.append(found.size)
        return found

    monkeypatch.setattr(np.memmap, "__getitem__", watched)
    data.load(folder(tmp_path, x_train=X.astype(np.float32)), "classification")
    assert seen
    assert max(seen) <= 1000


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"y_train": None}, "no array 'y_train'; it holds: x_train"),
        ({"x_train": None}, "no array 'x_train'"),
        ({"x_train": np.array([object()] * 60)}, "x_train.npy holds Python objects"),
        ({"y_train": np.array([object()] * 60)}, "y_train.npy holds Python objects"),
        ({"y_train": Y[:5]}, "60 examples"),
        ({"x_val": X[:3]}, "no array 'y_val'"),
        ({"x_train": np.where(X < 9, np.nan, X)}, "NaN"),
    ],
)
def test_an_unusable_folder_is_refused(tmp_path: Path, arrays: dict[str, Any], said: str) -> None:
    with pytest.raises(data.DataError, match=r"^data\.") as caught:
        data.load(folder(tmp_path, **arrays), "classification")
    assert said in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"x", b"\x93NUMPY\x01\x00v\x00{'descr': '<f8'}"])
def test_a_damaged_array_is_named(tmp_path: Path, content: bytes) -> None:
    source = folder(tmp_path)
    for name in ("x_train.npy", "y_train.npy"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(data.DataError, match="cannot be read") as caught:
            data.load(source, "classification")
        assert "x_train.npy" in str(caught.value)


def test_missing_folders(tmp_path: Path) -> None:
    with pytest.raises(data.DataError, match="no such file"):
        data.load(Data(source=f"memmap:{tmp_path / 'no'}"), "binary")
    (tmp_path / "file").write_text("x")
    with pytest.raises(data.DataError, match="not a directory"):
        data.load(Data(source=f"memmap:{tmp_path / 'file'}"), "binary")
