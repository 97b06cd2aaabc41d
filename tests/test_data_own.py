from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from advisor import data
from advisor.recipe import Data

IMPORTS = "import numpy as np\n"


def written(tmp_path: Path, body: str, **settings: Any) -> Data:
    (tmp_path / "own.py").write_text(IMPORTS + body, encoding="utf-8")
    return Data(source=f"python:{tmp_path / 'own.py'}:make", **settings)


def made(returned: str) -> str:
    return f"def make():\n    n = np.arange(60)\n    return {returned}\n"


def test_arrays_of_a_function_are_data(tmp_path: Path) -> None:
    source = written(tmp_path, made("dict(x_train=n[:, None] * 1.0, y_train=(n % 3).tolist())"))
    dataset = data.load(source, "classification")
    assert dataset.input_shape == (1,)
    assert dataset.outputs == 3
    assert len(dataset.fingerprint) == 64
    assert dataset.fingerprint == data.load(source, "classification").fingerprint


def test_a_function_that_wants_one_gets_the_seed_of_the_split(tmp_path: Path) -> None:
    body = (
        "def make(seed):\n    x = np.random.default_rng(seed).normal(size=(60, 2))\n"
        "    return {'x_train': x, 'y_train': x[:, 0], 'groups': np.arange(60) // 4}\n"
    )
    first, again = (data.load(written(tmp_path, body, split="group"), "regression"),) * 2
    other = data.load(written(tmp_path, body, split="group", split_seed=1), "regression")
    assert first.fingerprint == again.fingerprint != other.fingerprint


def test_with_a_vocabulary_inputs_are_tokens(tmp_path: Path) -> None:
    tokens = "1 + (n[:, None] + np.arange(4)) % 8"
    source = written(tmp_path, made(f"dict(x_train={tokens}, y_train=n % 2, vocabulary=9)"))
    dataset = data.load(source, "binary")
    assert dataset.train.inputs.dtype == np.int32
    assert dataset.vocabulary == 9
    assert (dataset.outputs, dataset.tokens) == (1, ())
    assert dataset.train.inputs.min() == 1
    body = made(f"dict(x_train={tokens}, y_train={tokens}, vocabulary=9)")
    dataset = data.load(written(tmp_path, body), "language_model")
    assert (dataset.outputs, dataset.classes) == (9, None)
    assert dataset.train.targets.dtype == np.int64
    np.testing.assert_array_equal(dataset.train.inputs, dataset.train.targets)


def test_several_labels(tmp_path: Path) -> None:
    body = made("dict(x_train=n[:, None], y_train=np.stack([n % 2, n % 3 == 0, n < 9], 1))")
    source = written(tmp_path, body)
    dataset, test = data.load(source, "multilabel"), data.load_test(source, "multilabel")
    assert dataset.outputs == 3
    assert dataset.classes is None
    assert dataset.train.targets.dtype == np.float32
    assert dataset.train.targets.shape == (len(dataset.train.inputs), 3)
    assert test.targets.shape[1] == 3
    assert data.report(dataset).class_shares is None
    np.savez(tmp_path / "d.npz", x_train=np.ones((9, 1)), y_train=np.full((9, 2), 2))
    with pytest.raises(data.DataError, match="2 in row 0, label 0; task multilabel needs 0 and 1"):
        data.load(Data(source=f"npz:{tmp_path / 'd.npz'}"), "multilabel")
    (tmp_path / "t.csv").write_text("a,b\n" + "1,0\n0,1\n" * 9)
    with pytest.raises(data.DataError, match=r"allowed for task multilabel: \(n, labels\).*npz"):
        data.load(Data(source=f"csv:{tmp_path / 't.csv'}"), "multilabel")


GOOD = "x_train=n[:, None], y_train=n % 2"
TOKENS = "x_train=np.ones((60, 3), int)"


@pytest.mark.parametrize(
    ("body", "task", "said"),
    [
        ("mak = 1", "binary", ["has no 'make'", "did you mean 'mak'?"]),
        ("make = 1", "binary", ["own.py:make is int; allowed: a function"]),
        ("def make(n): pass", "binary", ["make fails", "TypeError"]),
        ("def make():\n    1 / 0", "binary", ["make fails, line 3: ZeroDivisionError: division"]),
        ("def make():\n    assert 0", "binary", ["make fails, line 3: AssertionError"]),
        (made("n"), "binary", ["returns ndarray; allowed: a dict of arrays"]),
        (made("dict(x_trian=n)"), "binary", ["returns 'x_trian'", "did you mean 'x_train'?"]),
        (made("dict(x_train=n)"), "binary", ["no array 'y_train'"]),
        (made("dict(x_train=[[1], [2, 3]], y_train=n)"), "binary", ["x_train is no array"]),
        (made("dict(x_train=np.array([{}] * 60), y_train=n)"), "binary", ["x_train holds object"]),
        (made("dict(x_train=n[:, None] / 0, y_train=n)"), "binary", ["make fails", "Warning"]),
        (made("dict(x_train=1, y_train=n)"), "binary", ["x_train has shape ()"]),
        (made("dict(x_train=n, y_train=1)"), "binary", ["y_train has shape ()"]),
        (made(f"dict({GOOD}, groups=n[:3])"), "binary", ["groups has shape (3,)"]),
        (made(f"dict({GOOD}, vocabulary=2.5)"), "binary", ["vocabulary is 2.5"]),
        (
            made("dict(x_train=np.zeros((60, 3), int), y_train=n % 2, vocabulary=9)"),
            "binary",
            ["row 0 has no token but padding"],
        ),
        (made(f"dict({TOKENS}, y_train=n % 2, vocabulary=1)"), "binary", ["vocabulary is 1"]),
        (
            made("dict(x_train=np.full((60, 3), 9), y_train=n % 2, vocabulary=9)"),
            "binary",
            ["row 0 has a token outside 0 to 8"],
        ),
        (
            made("dict(x_train=np.tile([1, 0, 1], (60, 1)), y_train=n % 2, vocabulary=9)"),
            "binary",
            ["row 0 has padding (0) before other tokens"],
        ),
        (
            made(f"dict({TOKENS} * 1.0, y_train=n % 2, vocabulary=9)"),
            "binary",
            ["allowed with a vocabulary: (n, time) whole numbers"],
        ),
        (made(f"dict({GOOD})"), "language_model", ["holds no tokens", "text:PATH"]),
        (made(f"dict({TOKENS}, y_train=n, vocabulary=3)"), "language_model", ["(n, time)"]),
        (
            made(f"dict({TOKENS}, y_train=np.full((60, 3), 7), vocabulary=3)"),
            "language_model",
            ["y_train: row 0 has a token outside 0 to 2"],
        ),
        (
            made(f"dict({TOKENS}, y_train=np.ones((60, 2), int), vocabulary=3)"),
            "language_model",
            ["allowed: the next token"],
        ),
    ],
)
def test_what_a_function_got_wrong_is_said(
    tmp_path: Path, body: str, task: Any, said: list[str]
) -> None:
    with pytest.raises(data.DataError, match=r"^data\.source: ") as caught:
        data.load(written(tmp_path, body), task)
    for part in said:
        assert part in str(caught.value)


def test_missing_files(tmp_path: Path) -> None:
    with pytest.raises(data.DataError, match=r"cannot read .*no such file"):
        data.load(Data(source=f"python:{tmp_path / 'no.py'}:make"), "binary")
