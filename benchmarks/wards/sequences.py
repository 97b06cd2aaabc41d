"""Sequences: a memory task in vectors, a Markov chain of characters, and labelled sentences."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

LENGTH = 12
LETTERS = "abcdefghijkl"
UNSHIFTED = '''"""Targets that are the inputs themselves: the shift by one was forgotten."""

import numpy as np


def examples(seed: int) -> dict[str, object]:
    tokens = np.load({file!r}, allow_pickle=False)
    return {{"x_train": tokens, "y_train": tokens, "vocabulary": 13}}
'''


def write_sequences(folder: Path) -> None:
    _write_memory(folder)
    _write_chain(folder)
    _write_sentences(folder)


def _write_memory(folder: Path) -> None:
    """(n, LENGTH, 2) vectors; the target is the sum of two values that are marked."""
    random = np.random.default_rng(20)
    x = np.zeros((1000, LENGTH, 2))
    x[..., 0] = random.uniform(-1, 1, (1000, LENGTH))
    x[:, 0, 1] = x[:, LENGTH // 2, 1] = 1
    y = x[:, 0, 0] + x[:, LENGTH // 2, 0]
    np.savez(folder / "memory.npz", allow_pickle=False, x_train=x, y_train=y)


def _write_chain(folder: Path) -> None:
    random = np.random.default_rng(21)
    moves = random.dirichlet(np.full(len(LETTERS), 0.15), len(LETTERS))
    state, states = 0, []
    for _ in range(10_000):
        state = int(random.choice(len(LETTERS), p=moves[state]))
        states.append(state)
    (folder / "chain.txt").write_text("".join(LETTERS[i] for i in states), encoding="utf-8")
    tokens = np.array(states[:9600]).reshape(300, 32) + 1
    np.save(folder / "chain.npy", tokens, allow_pickle=False)
    code = UNSHIFTED.format(file=str(folder / "chain.npy"))
    (folder / "unshifted.py").write_text(code, encoding="utf-8")


def _write_sentences(folder: Path) -> None:
    """Sentences of 12 of 30 words; the label is the kind of word that most of them are."""
    random = np.random.default_rng(22)
    rows = []
    for n in range(900):
        kind = n % 3
        likely = np.where(np.arange(30) % 3 == kind, 1.7, 1.0)
        words = random.choice(30, 12, p=likely / likely.sum())
        counts = np.bincount(words % 3, minlength=3)
        rows.append([" ".join(f"w{word}" for word in words), f"kind{int(counts.argmax())}"])
    with (folder / "sentences.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["text", "label"], *rows])
