"""Whole sessions: what they leave behind, and when."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from advisor.cli import main
from advisor.experience import store
from advisor.ledger import Ledger

RECIPE = """\
name: wine
task: classification
data: {source: "sklearn:wine"}
model: {kind: mlp, hidden: [8]}
initialization: zeros
optimizer: {kind: sgd, lr: 0.01}
train: {batch_size: 16, epochs: 1}
tune: {budget: 3e}
"""
VERDICTS = ("accepted", "rejected", "undecided")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "wine.yaml").write_text(RECIPE)


def decided(capsys: pytest.CaptureFixture[str]) -> dict[str, int]:
    """The verdicts on proposals of rules, as the last command told them."""
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    rules = {line["id"] for line in _rules(capsys)}
    verdicts = [
        line["verdict"] for line in told if line["event"] == "decision" and line["rule"] in rules
    ]
    return {name: verdicts.count(name) for name in VERDICTS}


def _rules(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    assert main(["rules", "list", "--json"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()[:-1]]


def known() -> dict[str, int]:
    found = store.read(print).values()
    return {name: sum(getattr(one, name) for one in found) for name in VERDICTS}


def test_a_session_is_learned_from_once_when_it_has_ended(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["auto", "wine.yaml", "--backend", "torch", "--out", "s", "--json"]) == 0
    verdicts = decided(capsys)
    assert sum(verdicts.values()) > 0
    assert known() == verdicts
    assert main(["resume", "s", "--json"]) == 0
    assert known() == verdicts
    with Ledger.open(Path("s")) as ledger:
        assert ledger.header()["experience"] == {}


def test_a_session_without_experience_neither_reads_nor_writes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    store.experience_file().mkdir(parents=True)  # reading it would be told
    words = ["auto", "wine.yaml", "--backend", "torch", "--out", "s", "--json"]
    assert main([*words, "--no-experience"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out.splitlines()[-1])["accepted"] > 0
    assert told.err == ""
    assert list(store.experience_file().iterdir()) == []
    with Ledger.open(Path("s")) as ledger:
        assert ledger.header()["experience"] is None
