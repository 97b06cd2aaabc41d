from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor import data
from advisor.data.tokens import Tokenizer, blocks, units_of
from advisor.recipe import Data

CHARACTERS, WORDS = (Data(source="text:x", tokens=kind) for kind in ("characters", "words"))


@given(st.text(), st.integers(2, 20))
def test_characters_come_back(text: str, most: int) -> None:
    tokenizer = Tokenizer.learned([units_of(text, CHARACTERS)], most)
    found = tokenizer.encode(text)
    assert found.dtype == np.int32
    assert len(found) == len(text)
    assert len(tokenizer.names) == 2 + min(most, len(set(text)))
    for character, token in zip(text, found, strict=True):
        assert token >= 1
        assert token == 1 or tokenizer.names[token] == character
    if len(set(text)) <= most:
        assert "".join(tokenizer.names[token] for token in found) == text


@given(st.lists(st.sampled_from(["a", "Bee", "c3", "don't", "...", "é!"]), max_size=30))
def test_words_come_back_in_lower_case(words: list[str]) -> None:
    text = " \n".join(words)
    units = units_of(text, WORDS)
    tokenizer = Tokenizer.learned([units], 100)
    found = [tokenizer.names[token] for token in tokenizer.encode(units)]
    assert found == units
    assert "".join(found) == "".join(text.lower().split())


def test_frequent_tokens_come_first_and_others_are_unknown() -> None:
    tokenizer = Tokenizer.learned(["ccbbba", "a"], 2)
    assert tokenizer.names == ("<padding>", "<unknown>", "b", "a")
    assert tokenizer.encode("abc?").tolist() == [3, 2, 1, 1]
    assert tokenizer.table(["", "b", "baabb"], 3).tolist() == [[1, 0, 0], [2, 0, 0], [2, 3, 3]]


def test_long_texts_are_counted_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "sphinx of black quartz \U0001f600" * 3 + "é"
    short = Tokenizer.learned([text, text[:9]], 12)
    monkeypatch.setattr("advisor.data.tokens.LONG_TEXT", 0)
    assert Tokenizer.learned([text, text[:9]], 12) == short


@given(st.integers(1, 60), st.integers(1, 9))
def test_blocks_predict_the_next_token(n: int, length: int) -> None:
    tokens = np.arange(n, dtype=np.int32)
    inputs, targets = blocks(tokens, length)
    assert inputs.shape == targets.shape == ((n - 1) // length, length)
    np.testing.assert_array_equal(inputs.ravel(), tokens[: inputs.size])
    np.testing.assert_array_equal(targets, inputs + 1)
    assert targets.dtype == np.int64


def text_of(rows: np.ndarray, names: tuple[str, ...]) -> str:
    return "".join(names[token] for token in rows.ravel())


def test_a_language_model_reads_on_in_time(tmp_path: Path) -> None:
    text = "".join(chr(97 + i % 7) for i in range(600)) + "y" * 200 + "z" * 200
    (tmp_path / "a.txt").write_text(text, encoding="utf-8")
    settings = Data(source=f"text:{tmp_path / 'a.txt'}", length=9)
    dataset = data.load(settings, "language_model")
    test = data.load_test(settings, "language_model")
    assert dataset.vocabulary == dataset.outputs == len(dataset.tokens) == 9
    assert dataset.input_shape == (9,)
    assert dataset.train.inputs.dtype == np.int32
    assert dataset.train.targets.dtype == np.int64
    assert dataset.classes is None
    np.testing.assert_array_equal(dataset.train.inputs[:, 1:], dataset.train.targets[:, :-1])
    assert set(text_of(dataset.train.inputs, dataset.tokens)) == set("abcdefg")
    for split in (dataset.validation, test):  # y and z were never seen in training
        assert (split.inputs == 1).all()
        assert (split.targets == 1).all()
    assert len(dataset.train.targets) == 599 // 9
    assert dataset.test_examples == 199 // 9
    report = data.report(dataset)
    assert report.class_shares is None
    assert (report.input_max_abs, report.input_mean_off, report.input_std_ratio) == (0, 0, 1)


def test_a_folder_is_read_in_the_order_of_its_names(tmp_path: Path) -> None:
    for number, letter in enumerate("abc"):
        (tmp_path / f"{number}.txt").write_bytes((letter * 10 + "\r\n").encode() * 10)
    settings = Data(source=f"text:{tmp_path}", length=20, validation=0.3, test=0.3)
    dataset = data.load(settings, "language_model")
    assert set(dataset.tokens[2:]) == {"a", "b", "\n"}


def folder(root: Path, n: int = 10) -> Path:
    for name, word in (("good", "fine"), ("bad", "poor")):
        (root / name).mkdir(parents=True)
        for number in range(n):
            (root / name / f"{number}.txt").write_text(f"{word} film {number}!")
    return root


def test_texts_by_class(tmp_path: Path) -> None:
    settings = Data(source=f"text:{folder(tmp_path)}", tokens="words", length=6)
    dataset = data.load(settings, "classification")
    assert dataset.classes == ("bad", "good")
    assert dataset.input_shape == (6,)
    assert dataset.vocabulary == len(dataset.tokens)
    for row, label in zip(dataset.train.inputs, dataset.train.targets, strict=True):
        words = [dataset.tokens[token] for token in row]
        assert words[0] == ("poor", "fine")[label]
        assert words[1] == "film"
        assert words[3:] == ["!", "<padding>", "<padding>"]
    seen = {dataset.tokens[token] for row in dataset.train.inputs for token in row}
    assert set(dataset.tokens[2:]) == seen - {"<padding>"}  # of the training rows only


def test_texts_in_a_table(tmp_path: Path) -> None:
    long = "x" * 200_000
    rows = [(f'one, "{i}"\nand {long}', ("no", "yes")[i % 2], i) for i in range(12)]
    for suffix, delimiter in ((".csv", ","), (".tsv", "\t")):
        with (tmp_path / f"t{suffix}").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, delimiter=delimiter).writerows([("text", "label", "id"), *rows])
        settings = Data(source=f"text:{tmp_path}/t{suffix}", length=12)
        dataset = data.load(settings, "binary")
        assert dataset.classes == ("no", "yes")
        assert text_of(dataset.train.inputs[0], dataset.tokens).startswith('one, "')
    assert csv.field_size_limit() == 131072


@pytest.mark.parametrize(
    ("content", "task", "settings", "said"),
    [
        (b"abc" * 30, "language_model", {"length": 40}, "90 tokens, too few"),
        (b"\xff\xfe", "language_model", {}, "not UTF-8 text: byte 0"),
        (b"abc" * 300, "language_model", {"split": "group"}, "data.split: group does not fit"),
        (b"abc", "regression", {}, "does not fit task regression"),
        (b"abc", "multilabel", {}, "does not fit task multilabel"),
        (b"text,lable\na,b\n", "binary", {}, "0 columns called 'label'"),
        (b"", "binary", {}, "0 columns called 'text'"),
        (b"text,label\na\n", "binary", {}, "line 2"),
        (b"text,label\na, \n", "binary", {}, "line 2"),
        (b'text,label\n"a,b\n', "binary", {}, "not readable as a table"),
        (b"text,label\na,b\n", "classification", {}, "one class only"),
        (b"text,label\n", "classification", {}, "is empty"),
    ],
)
def test_an_unusable_text_is_refused(
    tmp_path: Path, content: bytes, task: Any, settings: dict[str, Any], said: str
) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(data.DataError, match=r"^data\.") as caught:
        data.load(Data(source=f"text:{tmp_path / 't.csv'}", **settings), task)
    assert said in str(caught.value)


def test_unusable_paths(tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text("x")
    (tmp_path / "empty").mkdir()
    cases: tuple[tuple[str, Any, str], ...] = (
        ("t.txt", "binary", "allowed for task binary"),
        ("no", "binary", "no such file"),
        ("no", "language_model", "no such file"),
        ("empty", "language_model", "no .txt file"),
        ("empty", "binary", "has 0 subfolders"),
    )
    for path, task, said in cases:
        with pytest.raises(data.DataError, match=r"^data\.") as caught:
            data.load(Data(source=f"text:{tmp_path / path}"), task)
        assert said in str(caught.value)
