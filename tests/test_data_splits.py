from __future__ import annotations

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

N = 60
X = np.arange(N * 2.0).reshape(N, 2)
Y = np.arange(N) % 3
GROUPS = np.arange(N) // 5


def wanted(**settings: Any) -> Data:
    return Data(source="npz:x", **settings)


def whole(rows: Any, n: int) -> None:
    together = np.concatenate([rows.train, rows.validation, rows.test])
    np.testing.assert_array_equal(np.sort(together), np.arange(n))


@given(
    st.lists(st.integers(1, 9), min_size=3, max_size=40),
    st.floats(0.05, 0.4),
    st.floats(0.05, 0.4),
    st.integers(0, 2**64),
)
@settings(deadline=None)
def test_no_group_lies_in_two_splits_and_shares_are_near(
    sizes: list[int], validation: float, test: float, seed: int
) -> None:
    groups = np.repeat([f"g{i}" for i in range(len(sizes))], sizes)
    n = len(groups)
    how = wanted(split="group", validation=validation, test=test, split_seed=seed)
    try:
        rows = split_rows(how, np.zeros(n), None, (False, False), groups)
    except data.DataError:
        assert n < 100  # a split of a single value
        return
    whole(rows, n)
    parts = [set(groups[part]) for part in (rows.train, rows.validation, rows.test)]
    assert all(parts)
    assert len(set.union(*parts)) == sum(map(len, parts))
    shares = (1 - validation - test, validation, test)
    for part, share in zip((rows.train, rows.validation, rows.test), shares, strict=True):
        assert abs(len(part) - share * n) <= 2 * max(sizes)


def test_equal_groups_are_dealt_out_exactly_and_stratified() -> None:
    labels = np.repeat([0, 1], 50)
    groups = np.arange(100) // 5
    how = wanted(split="group", validation=0.2, test=0.2)
    rows = split_rows(how, labels, ("a", "b"), (False, False), groups)
    found = [
        np.bincount(labels[part]).tolist() for part in (rows.train, rows.validation, rows.test)
    ]
    assert found == [[30, 30], [10, 10], [10, 10]]
    other = split_rows(
        wanted(split="group", split_seed=1), labels, ("a", "b"), (False, False), groups
    )
    assert set(other.test) != set(rows.test)


@given(
    st.lists(st.integers(0, 50), min_size=20, max_size=60), st.floats(0.1, 0.4), st.integers(0, 9)
)
@settings(deadline=None)
def test_the_oldest_train_and_the_newest_test(times: list[int], share: float, seed: int) -> None:
    clock, n = np.array(times), len(times)
    how = wanted(split="time", validation=share, test=share, split_seed=seed)
    for moments in (clock, None):
        rows = split_rows(how, np.zeros(n), None, (False, False), times=moments)
        whole(rows, n)
        seen = np.arange(n) if moments is None else moments
        assert seen[rows.train].max() <= seen[rows.validation].min()
        assert seen[rows.validation].max() <= seen[rows.test].min()
        assert len(rows.test) == len(rows.validation) == round(share * n)


Save = Callable[..., Data]


@pytest.fixture
def npz(tmp_path: Path) -> Save:
    def save(settings: dict[str, Any], **arrays: Any) -> Data:
        np.savez(tmp_path / "data.npz", x_train=X, y_train=Y, **arrays)
        return Data(source=f"npz:{tmp_path / 'data.npz'}", normalization="none", **settings)

    return save


def parts(source: Data) -> list[set[int]]:
    dataset, test = data.load(source, "classification"), data.load_test(source, "classification")
    splits = (dataset.train, dataset.validation, test)
    return [{int(row[0]) // 2 for row in split.inputs} for split in splits]


def test_groups_and_times_of_npz(npz: Save) -> None:
    found = parts(npz({"split": "group"}, groups=GROUPS.astype(str)))
    groups = [{GROUPS[row] for row in part} for part in found]
    assert [len(part) for part in groups] == [7, 2, 3]
    assert len(set.union(*groups)) == 12
    clock = np.datetime64("2026-01-01") - np.arange(N)
    assert [max(part) for part in parts(npz({"split": "time"}, times=clock))] == [59, 23, 11]
    assert [max(part) for part in parts(npz({"split": "time"}))] == [35, 47, 59]


def test_sealed_rows_are_never_in_what_load_returns(npz: Save) -> None:
    for how in ("random", "group", "time"):
        source = npz({"split": how}, groups=GROUPS)
        train, validation, test = parts(source)
        assert not test & (train | validation)
        assert test | train | validation == set(range(N))


@pytest.mark.parametrize(
    ("settings", "arrays", "said"),
    [
        ({"split": "group"}, {}, "data.split: group needs groups"),
        ({"split": "group"}, {"groups": Y[:9]}, "groups has shape (9,); allowed: (60,)"),
        ({"split": "group"}, {"groups": Y // 2}, "needs 3 groups at least, one for each split"),
        ({"split": "group"}, {"groups": Y}, "no training example of class"),
        ({"split": "time"}, {"times": Y * np.nan}, "data.split: time needs numbers"),
        ({"split": "time"}, {"times": Y.astype(str)}, "data.split: time needs numbers"),
        ({"split": "time"}, {"times": Y}, "no training example of class"),
        (
            {"split": "time"},
            {"times": (Y == 0) * (np.arange(N) > 15)},
            "fewer than two classes among the test examples",
        ),
    ],
)
def test_splits_that_cannot_be(
    npz: Save, settings: dict[str, Any], arrays: dict[str, Any], said: str
) -> None:
    with pytest.raises(data.DataError, match=r"^data\.") as caught:
        data.load(npz(settings, **arrays), "classification")
    assert said in str(caught.value)


def test_group_and_time_columns_of_csv_are_no_inputs(tmp_path: Path) -> None:
    lines = [f"{i},2026-01-{1 + i // 2:02},p{i // 6},{('no', 'yes')[i % 2]}" for i in range(60)]
    path = tmp_path / "t.csv"
    path.write_text("x,day,who,y\n" + "\n".join(reversed(lines)))
    roles: dict[str, Any] = {"group": "who", "time": 1, "normalization": "none"}
    for how in ("random", "group", "time"):
        source = Data(source=f"csv:{path}", split=how, **roles)
        dataset, test = data.load(source, "binary"), data.load_test(source, "binary")
        assert dataset.input_shape == (1,)
        oldest = [split.inputs.min() for split in (dataset.train, dataset.validation, test)]
        assert (oldest == [0, 36, 48]) == (how == "time")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"group": "whom"}, "data.group: .* did you mean 'who'"),
        ({"group": -1}, "data.group: .* 'y' as data.target already"),
        ({"time": "who", "split": "time"}, "'p0' in row 0 .* dates such as"),
    ],
)
def test_roles_that_cannot_be(tmp_path: Path, settings: dict[str, Any], said: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text("x,who,y\n" + "\n".join(f"{i},p{i // 6},{i % 2}" for i in range(60)))
    with pytest.raises(data.DataError, match=said):
        data.load(Data(source=f"csv:{path}", **settings), "binary")


SEEDS = st.integers(0, 2**32 - 1)


@given(
    st.lists(st.integers(0, 4), min_size=1, max_size=80),
    st.integers(1, 20),
    SEEDS,
    st.integers(0, 9),
)
def test_a_balanced_epoch(labels: list[int], batch: int, seed: int, epoch: int) -> None:
    targets, n = np.array(labels), len(labels)
    rows = data.epoch_rows(n, batch, seed, epoch, targets)
    assert rows.shape == data.epoch_rows(n, batch, seed, epoch).shape
    np.testing.assert_array_equal(rows, data.epoch_rows(n, batch, seed, epoch, targets))
    often = np.bincount(rows.ravel(), minlength=n)
    for each in (often[targets == label] for label in np.unique(targets)):
        assert each.max() - each.min() <= 1
    classes = [often[targets == label].sum() for label in np.unique(targets)]
    assert max(classes) - min(classes) <= 1


def test_balanced_epochs_differ() -> None:
    labels = np.repeat([0, 1], [90, 10])
    epochs = {data.epoch_rows(100, 10, 0, epoch, labels).tobytes() for epoch in range(5)}
    assert len(epochs) == 5


@given(st.lists(st.integers(0, 80), min_size=60, max_size=120), st.integers(0, 1000))
@settings(deadline=None)
def test_copies_stay_on_one_side_of_a_random_split(values: list[int], seed: int) -> None:
    inputs = np.array(values, dtype=np.float32)[:, np.newaxis]
    rare = np.bincount(values)[values] > 1
    rows = split_rows(
        wanted(split_seed=seed), np.arange(len(values)), None, (False, False), inputs=inputs
    )
    whole(rows, len(values))
    parts = [set(inputs[part, 0]) for part in (rows.train, rows.validation, rows.test)]
    if rare.mean() <= 0.5:
        assert len(set.union(*parts)) == sum(map(len, parts))


def test_where_inputs_must_coincide_the_split_is_the_usual_one() -> None:
    inputs = np.tile([0.0, 1.0], 30)[:, np.newaxis]
    found = split_rows(wanted(), Y, ("a", "b", "c"), (False, False), inputs=inputs)
    usual = split_rows(wanted(), Y, ("a", "b", "c"), (False, False))
    for ours, theirs in zip(
        (found.train, found.validation, found.test),
        (usual.train, usual.validation, usual.test),
        strict=True,
    ):
        np.testing.assert_array_equal(ours, theirs)


def test_copies_do_not_move_the_test_rows_with_the_share_of_validation() -> None:
    inputs = np.arange(N)[:, np.newaxis] // np.where(np.arange(N) < 20, 2, 1)[:, np.newaxis]
    found = [
        split_rows(wanted(validation=v), Y, ("a", "b", "c"), (False, False), inputs=inputs).test
        for v in (0.1, 0.3)
    ]
    np.testing.assert_array_equal(*found)
