"""`advisor diagnose`: what it prints, its exit codes, and that nothing ends in a traceback."""

from __future__ import annotations

import itertools
import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from advisor.cli import diagnose, main
from tests.diagnosis import logs
from tests.diagnosis.ours import write_trial
from tests.logs import makers


def run(capsys: pytest.CaptureFixture[str], *words: object, code: int = 0) -> str:
    assert main(["diagnose", *map(str, words)]) == code
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    return out if code == 0 else err


def objects(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def history(tmp_path: Path) -> Path:
    path = tmp_path / "history.csv"
    path.write_bytes(logs.keras())
    return path


def test_findings_are_told_with_numbers_advice_and_what_was_not_judged(
    history: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = run(capsys, history)
    assert told.startswith(f"{history}: a log (csv), 30 epochs, classification judged by accuracy")
    for part in (
        "1. overfitting  validation lags behind",
        "seen    training accuracy is",
        "first   ",
        "could not be judged:",
        "for want of what options tell: --classes (4)",
        "for want of what is not in the log: gradient norms; ",
        "17 for want of checks before the training",
        "1 needs the loss of every step, logged from the first on: loss floor",
        "taken for granted:",
        "train loss: the mean of what was logged",
    ):
        assert part in told
    assert "clear: " in told
    assert "clear: 1 symptom:" not in told


def test_all_names_what_is_clear(history: Path, capsys: pytest.CaptureFixture[str]) -> None:
    brief, whole = run(capsys, history), run(capsys, history, "--all")
    (line,) = (line for line in whole.splitlines() if line.startswith("clear:"))
    assert "non finite" in line
    assert line not in brief


def test_what_could_not_be_judged_is_told_in_few_lines_or_one_by_one(
    history: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    brief, whole = run(capsys, history), run(capsys, history, "--all")
    assert "[--validation-examples]" not in brief
    assert "what ignoring the input would cost [--classes]: not better than chance" in whole
    *_, summary = objects(run(capsys, history, "--json"))
    unjudged = {
        name
        for group in ("not_told", "not_enough")
        for each in summary[group].values()
        for name in each
    }
    (head,) = (line for line in brief.splitlines() if line.startswith("could not be judged"))
    assert head == f"could not be judged: {len(unjudged)} symptoms (--all names them)"
    below = _below(brief, "could not be judged")
    assert sum(int(line.split()[0]) for line in below) == len(unjudged)
    assert len(below) <= 5
    named = ", ".join(line.rpartition(": ")[2] for line in _below(whole, "could not be judged"))
    assert {name.replace(" ", "_") for name in named.split(", ")} == unjudged


def _below(text: str, heading: str) -> list[str]:
    """The lines under a heading that are indented."""
    lines = text.splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith(heading)) + 1
    return list(itertools.takewhile(lambda line: line.startswith("  "), lines[first:]))


def test_conditions_of_advice_are_told_in_words(
    history: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = run(capsys, history)
    assert "the inputs are images and crop augmentation is off" in told
    assert "==" not in told
    first, *_ = objects(run(capsys, history, "--json"))
    assert any("augment_crop == 0" in option["depends"] for option in first["others"])


RULE = """\
id: {id}
title: My own {id}
stage: finish
rank: 900
{treats}
when: {when}
change: {{set: {{regularization.dropout: 0.5}}}}
expect: A smaller gap.
why: The gap is large.
examples: {{fires: [{{}}], silent: [{{}}]}}
"""


@pytest.fixture
def my_rules(tmp_path: Path) -> Path:
    folder = tmp_path / "my_rules"
    folder.mkdir()
    rules = {
        "by-facts": ("", ["last_train_val_gap > 0.1"]),
        "by-symptom": (
            "treats: overfitting",
            ["overfitting", "dropout < 0.3", "l1 < 1", "l2 < 1", "eps < 1"],
        ),
        "in-part": ("", ["last_train_val_gap > 0.1", "dropout < 0.3"]),
        "not-known": ("", ["dropout < 0.3"]),
        "not-so": ("", ["last_train_val_gap < 0.1"]),
    }
    for name, (treats, when) in rules.items():
        text = RULE.format(id=name, treats=treats, when=json.dumps(when))
        (folder / f"{name}.yaml").write_text(text)
    return folder


def test_rules_of_ones_own_are_told_where_they_hold(
    history: Path, my_rules: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = run(capsys, history, "--rules", my_rules)
    assert "or      My own by-symptom (by-symptom), if dropout is below 0.3, " in told
    assert _below(told, "your rules that hold:") == [
        "  My own by-facts (by-facts)",
        "  My own in-part (in-part), if dropout is below 0.3",
    ]
    *_, summary = objects(run(capsys, history, "--rules", my_rules, "--json"))
    assert [one["rule"] for one in summary["own_rules"]] == ["by-facts", "in-part"]
    assert "your rules" not in run(capsys, history)


def test_rules_of_ones_own_wait_while_something_blocks(
    my_rules: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "log.csv"
    rows = logs.keras().decode().splitlines()
    rows[15] = "14,0.9,nan,0.6,0.9"
    path.write_text("\n".join([*rows, ""]))
    told = run(capsys, path, "--rules", my_rules)
    assert "1. non finite" in told
    assert "your rules that hold, once nothing blocks:" in told
    assert "My own by-symptom" in told


def test_what_is_told_is_used(history: Path, capsys: pytest.CaptureFixture[str]) -> None:
    more = ("--classes", 10, "--validation-examples", 5000, "--epochs", 30, "--batch-size", 32)
    told = run(capsys, history, *more, "--train-examples", 10_000, "--metric", "accuracy")
    assert "10 classes, taken as equally frequent" in told
    assert "[--validation-examples]" not in told


def test_json_is_a_finding_a_line_and_a_summary_last(
    history: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    *findings, summary = objects(run(capsys, history, "--json"))
    assert summary["event"] == "summary"
    assert [one["symptom"] for one in findings] == summary["fired"]
    assert all(one["event"] == "finding" and one["outcome"] == "fired" for one in findings)
    assert {"first", "waits", "expect", "unless", "references", "others", "rule", "change"} <= set(
        findings[0]
    )
    assert (summary["kind"], summary["format"], summary["entry"]) == ("log", "csv", "epoch")
    assert "grad_norm" in summary["not_told"]
    *every, _ = objects(run(capsys, history, "--json", "--all"))
    assert {one["outcome"] for one in every} == {"fired", "clear", "not enough data"}


def test_a_plot_on_a_terminal_only(
    history: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "┤" not in run(capsys, history)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "90")
    told = run(capsys, history)
    assert "┤" in told
    assert "validation" in told


def test_a_trial_with_its_exact_change(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = run(capsys, write_trial(tmp_path / "trial"))
    assert "a trial of this program" in told
    assert "change  optimizer.lr 5 -> 0.5" in told
    assert "rule    lower-lr-after-divergence" in told
    assert "what blocks comes first" in told


def test_a_recipe_makes_changes_of_a_log_exact(
    history: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = write_trial(tmp_path / "trial", "healthy-digits-mlp") / "recipe.yaml"
    words = ("--recipe", recipe, "--classes", 10, "--json")
    findings = objects(run(capsys, history, *words))[:-1]
    assert any(one["change"] for one in findings)
    assert "recipe says it" in run(capsys, history, "--recipe", recipe, "--epochs", 3, code=2)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00\x01\x02" * 50,
        b"hello\nworld\n",
        b'{"speed": 1}\n{"speed": 2}\n',
        b"{" * 100_000,
    ],
)
def test_what_cannot_be_read_is_said(
    data: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "log"
    path.write_bytes(data)
    assert run(capsys, path, code=2).startswith("error: ")


def test_no_such_path_and_an_empty_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(capsys, tmp_path / "none", code=2).startswith("error: ")
    assert run(capsys, tmp_path, code=2).startswith("error: ")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--classes", "1"), "from 2"),
        (("--classes", "many"), "--classes"),
        (("--task", "ranking"), "allowed: classification"),
        (("--task", "regression", "--metric", "f1"), "allowed: r2"),
        (("--recipe", "none.yaml"), "none.yaml"),
        (("--metric", "rmse"), "history.csv: metric: found rmse"),
        (("--epochs", "5"), "history.csv: epochs: found 5, but the log holds 30"),
        (("--metric", "rmse", "--classes", "3"), "a regression has none"),
    ],
)
def test_wrong_options_are_refused(
    history: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    assert said in run(capsys, history, *words, code=2)


def test_text_of_a_log_is_shown_and_not_obeyed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "[red]\x1b[2J"
    rows = [{"step": i, "loss": 1 / i, f"train/{name}": 1 / i} for i in range(1, 60)]
    rows[30] |= {"loss": math.nan}
    path = tmp_path / "lo\x1bg.jsonl"
    path.write_bytes(makers.json_lines(rows))
    told = run(capsys, path)
    assert "\x1b" not in told
    assert "1. non finite" in told


def test_a_log_that_grows_is_looked_at_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(logs.steps(lambda i: 1 / i, 60))
    added = iter([b"", b'{"step": 61, "train_loss": NaN}\n', b""])

    def wait(seconds: float) -> None:
        new = next(added, None)
        if new is None:
            raise KeyboardInterrupt
        with path.open("ab") as file:
            file.write(new)

    monkeypatch.setattr(diagnose.time, "sleep", wait)
    assert main(["diagnose", str(path), "--follow", "--json"]) == 130
    summaries = [one for one in objects(capsys.readouterr().out) if one["event"] == "summary"]
    assert [one["fired"] for one in summaries] == [[], ["non_finite"]]
    assert all("end" not in one["assumed"] for one in summaries)


def test_a_log_that_is_begun_anew_is_waited_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(logs.steps(lambda i: 1 / i, 60))
    contents = iter([b"", logs.steps(lambda i: 2 / i, 60)])

    def wait(seconds: float) -> None:
        new = next(contents, None)
        if new is None:
            raise KeyboardInterrupt
        path.write_bytes(new)

    monkeypatch.setattr(diagnose.time, "sleep", wait)
    assert main(["diagnose", str(path), "--follow", "--json"]) == 130
    told = capsys.readouterr()
    assert "waiting for it to grow again" in told.err
    assert [one["event"] for one in objects(told.out)].count("summary") == 2


def test_an_encoding_without_bars_gets_question_marks(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes(logs.keras())
    done = subprocess.run(
        [sys.executable, "-m", "advisor.cli", "diagnose", str(path), "--classes", "10"],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert b"overfitting" in done.stdout


def test_whoever_has_seen_enough_may_leave(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes(logs.keras())
    command = f"{sys.executable} -m advisor.cli diagnose {path} | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, check=False)
    assert done.returncode in (0, 141), done.stderr
    assert b"Traceback" not in done.stderr


def test_curves_come_before_the_findings(history: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, *rest = objects(run(capsys, history, "--json", "--curves"))
    assert rest == objects(run(capsys, history, "--json"))
    assert first["event"] == "curves"
    assert first["axis"] in ("epoch", "step")
    names = [curve["name"] for curve in first["curves"]]
    assert {"train_loss", "validation_loss"} <= {*names}
    assert all(len(c["x"]) == len(c["y"]) <= 400 for c in first["curves"])
    assert "--json" in run(capsys, history, "--curves", code=2)
