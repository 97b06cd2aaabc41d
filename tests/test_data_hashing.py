from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from advisor.data import hashing
from advisor.data.hashing import Rows

SMALL = arrays.arrays(
    st.sampled_from([np.float32, np.int32]),
    st.tuples(st.integers(1, 12), st.integers(1, 3)),
    elements=st.integers(-1, 1),
)


@given(SMALL)
def test_rows_are_of_one_kind_when_they_are_equal(array: np.ndarray) -> None:
    kinds = Rows(array).kinds
    for i, one in enumerate(array):
        for j, other in enumerate(array):
            assert (kinds[i] == kinds[j]) == np.array_equal(one, other)


@given(SMALL, st.integers(1, 11))
def test_rows_are_found_among_others(array: np.ndarray, cut: int) -> None:
    ours, theirs = array[:cut], array[cut:]
    found = Rows(ours).among(Rows(theirs))
    assert found.tolist() == [any(np.array_equal(a, b) for b in theirs) for a in ours]


@given(SMALL)
def test_equal_columns_have_equal_hashes(array: np.ndarray) -> None:
    hashes = Rows(array).column_hashes()
    for i in range(array.shape[1]):
        for j in range(array.shape[1]):
            assert (hashes[i] == hashes[j]) == np.array_equal(array[:, i], array[:, j])


def test_rows_that_only_share_a_hash_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashing, "_factors", lambda count: np.zeros(count, np.uint64))
    rows = Rows(np.array([[1, 2], [3, 4], [1, 2]], np.float32))
    assert len(set(rows.hashes.tolist())) == 1
    assert len(set(rows.kinds[:2].tolist())) == 2
    assert rows.kinds[0] == rows.kinds[2]
    assert not Rows(np.array([[9, 9]], np.float32)).among(rows).any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64, np.uint8, np.int16, bool])
def test_any_numbers_can_be_compared(dtype: Any) -> None:
    array = np.array([[0, 1], [1, 0], [0, 1]]).astype(dtype)
    kinds = Rows(array).kinds
    assert (kinds[0] == kinds[2], kinds[0] == kinds[1]) == (True, False)


def test_zero_has_no_sign() -> None:
    kinds = Rows(np.array([[0.0], [-0.0]], np.float32)).kinds
    assert kinds[0] == kinds[1]


def test_images_are_compared_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    images = np.random.default_rng(0).random((50, 5, 4, 3)).astype(np.float32)
    images[40] = images[7]
    whole = Rows(images).kinds
    monkeypatch.setattr(hashing, "WORDS_AT_ONCE", 100)  # in pieces
    pieces = Rows(images).kinds
    assert len(set(whole.tolist())) == 49
    assert whole[40] == whole[7]
    assert np.array_equal(whole, pieces)
