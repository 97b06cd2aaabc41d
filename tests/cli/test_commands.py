"""Commands that need no training: help, schema, rules, explain."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from advisor.cli import main
from advisor.cli.parser import EPILOG, make_parser
from advisor.facts import VOCABULARY
from advisor.rulebook import installed
from advisor.stages import STAGES
from advisor.symptoms import DETECTORS

COMMANDS = ("run", "auto", "resume", "compare", "diagnose", "rules", "explain", "schema")
ACTIONS = tuple(("rules", name) for name in ("list", "show", "check", "docs", "experience"))

RULE = """\
id: double-the-epochs
title: Train for longer
stage: epochs
when:
  - best_position > 0.9
  - epochs < 100
change:
  set:
    train.epochs: min(2 * epochs, 100)
expect: A better validation metric.
why: The best evaluation came at the end.
examples:
  fires:
    - {best_position: 0.95, epochs: 10}
  silent:
    - {best_position: 0.5, epochs: 10}
    - {best_position: 0.95, epochs: 100}
"""


@pytest.fixture
def rule_file(tmp_path: Path) -> Path:
    path = tmp_path / "double-the-epochs.yaml"
    path.write_text(RULE)
    return path


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize("words", [*((name,) for name in COMMANDS), *ACTIONS], ids=" ".join)
def test_every_command_has_help_with_examples_that_parse(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([*words, "--help"])
    assert stopped.value.code == 0
    told = capsys.readouterr().out.partition("examples:")[2]
    examples = re.findall(r"^  advisor (.*?)(?:   .*|[|>].*)?$", told, re.MULTILINE)
    assert examples
    for example in examples:
        assert make_parser().parse_args(example.split()).execute


def test_main_help_names_every_command_and_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    told = capsys.readouterr().out
    for command in COMMANDS:
        assert f"    {command} " in told
    codes = re.findall(r"^  (\d+) ", EPILOG, re.MULTILINE)
    assert codes == ["0", "1", "2", "3", "70", "74", "130", "141"]


def test_schema_is_a_schema_of_recipes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    pretty = capsys.readouterr().out
    assert main(["schema", "--json"]) == 0
    (line,) = lines(capsys)
    assert json.loads(pretty) == line
    assert "lr" in line["$defs"]["Adam"]["properties"]


def test_rules_list_names_all_rules_in_the_order_of_stages(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["rules", "list", "--json"]) == 0
    *rules, last = lines(capsys)
    assert {rule["id"] for rule in rules} == {rule.id for rule in installed(VOCABULARY)}
    assert last == {"event": "summary", "rules": len(rules)}
    order = [stage.name for stage in STAGES]
    places = [order.index(rule["stage"]) for rule in rules]
    assert places == sorted(places)


def test_rules_list_takes_a_stage_and_folders(
    rule_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["rules", "list", "--stage", "epochs", "--rules", str(rule_file.parent)]
    assert main(words) == 0
    told = capsys.readouterr().out.splitlines()
    assert any("double-the-epochs" in line and "Train for longer" in line for line in told)
    assert all(line.startswith("epochs ") for line in told)
    assert main(["rules", "list", "--stage", "epoch"]) == 2
    assert "did you mean 'epochs'?" in capsys.readouterr().err


def test_rules_show_prints_the_file(rule_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "show", "double-the-epochs", "--rules", str(rule_file.parent)]) == 0
    assert capsys.readouterr().out == RULE
    assert main(["rules", "show", "double-the-epoch", "--rules", str(rule_file.parent)]) == 2
    assert "did you mean 'double-the-epochs'?" in capsys.readouterr().err


def test_rules_check_passes_a_good_rule(
    rule_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rules", "check", str(rule_file)]) == 0
    assert capsys.readouterr().out == "1 rule checked, 0 failed\n"
    assert main(["rules", "check"]) == 0


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("epochs < 100", "epoch < 100", "did you mean"),
        ("epochs < 100", "epochs < 200", "number 2"),
        ("    - {best_position: 0.95, epochs: 100}\n", "", "no silent example"),
        ("id: double-the-epochs", "id: other-name", "file's name"),
        ("stage: epochs", "stage: [epochs", "YAML"),
    ],
)
def test_rules_check_says_what_is_wrong(
    rule_file: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, told: str
) -> None:
    good = rule_file.with_name("also-good.yaml")
    good.write_text(RULE.replace("double-the-epochs", "also-good"))
    rule_file.write_text(RULE.replace(old, new))
    assert main(["rules", "check", str(rule_file.parent)]) == 2
    out = capsys.readouterr().out
    assert str(rule_file) in out
    assert told in out
    assert out.endswith("2 rules checked, 1 failed\n")
    assert main(["rules", "check", str(rule_file.parent), "--json"]) == 2
    *rules, last = lines(capsys)
    assert [bool(rule["problems"]) for rule in rules] == [False, True]
    assert last == {"event": "summary", "rules": 2, "failed": 1}


def test_rules_check_refuses_an_id_used_twice(
    rule_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    again = rule_file.parent / "again" / rule_file.name
    again.parent.mkdir()
    again.write_text(RULE)
    assert main(["rules", "check", str(rule_file.parent)]) == 2
    assert "already used" in capsys.readouterr().out


def test_rules_check_needs_something_to_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rules", "check", str(tmp_path)]) == 2
    assert "holds no rule" in capsys.readouterr().err
    assert main(["rules", "check", str(tmp_path / "none")]) == 2
    assert "no such file" in capsys.readouterr().err


def test_everything_that_has_a_name_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    rules = installed(VOCABULARY)
    sample = {"rule": rules[0].id, "symptom": next(iter(DETECTORS)), "fact": "train_val_gap"}
    for kind, name in sample.items():
        assert main(["explain", name, "--json"]) == 0
        (line,) = lines(capsys)
        assert (line["name"], line["kind"]) == (name, kind)
        assert main(["explain", name]) == 0
        told = capsys.readouterr().out
        assert told.startswith(f"{name} ({kind})\n{line['title']}\n")


def test_a_rule_is_explained_with_its_conditions_change_and_reason(
    rule_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", "double-the-epochs", "--rules", str(rule_file.parent)]) == 0
    told = capsys.readouterr().out
    for part in (
        "best_position > 0.9",
        "train.epochs = min(2 * epochs, 100)",
        "The best evaluation came at the end.",
        "1 fires, 2 are silent",
        "silent at best_position 0.5, epochs 10 (`best_position > 0.9` does not hold)",
    ):
        assert part in told


def test_a_name_that_a_rule_and_a_fact_share_is_explained_as_both(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["explain", "dropout", "--json"]) == 0
    assert [line["kind"] for line in lines(capsys)] == ["rule", "fact"]
    assert main(["explain", "dropout"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("dropout (rule)\n")
    assert "\n\ndropout (fact)\n" in told


def test_pages_are_written_with_rules_of_ones_own(
    rule_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["rules", "docs", str(tmp_path / "docs"), "--rules", str(rule_file.parent)]
    assert main(words) == 0
    assert capsys.readouterr().out == f"13 pages written to {tmp_path / 'docs'}\n"
    page = (tmp_path / "docs/rules/epochs.md").read_text(encoding="utf-8")
    assert "### double-the-epochs\n\n**Train for longer**" in page
    assert main([*words, "--json"]) == 0
    (line,) = lines(capsys)
    assert sorted(line["pages"]) == sorted(
        path.relative_to(tmp_path / "docs").as_posix() for path in (tmp_path / "docs").rglob("*.md")
    )


def test_pages_never_replace_a_file_of_somebody_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "symptoms.md").write_text("# Mine\n")
    assert main(["rules", "docs", str(tmp_path)]) == 2
    assert "symptoms.md: is there and was not written by this" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["symptoms.md"]


def test_explain_suggests_the_nearest_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "overfiting"]) == 2
    assert "did you mean 'overfitting'?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["loss floor"], "loss_floor"),
        (["loss", "floor"], "loss_floor"),
        (["Loss-Floor"], "loss_floor"),
        (["range test"], "range-test"),
        (["RANGE_TEST"], "range-test"),
        (["Train val gap"], "train_val_gap"),
        (["hidden non finite"], "hidden_non_finite"),
    ],
)
def test_names_are_found_however_they_are_written(
    words: list[str], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", *words, "--json"]) == 0
    assert [line["name"] for line in lines(capsys)] == [name]


def test_a_rule_and_a_fact_of_one_spoken_name_are_both_explained(
    rule_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = rule_file.with_name("best-position.yaml")
    other.write_text(RULE.replace("id: double-the-epochs", "id: best-position"))
    words = ["--rules", str(rule_file.parent), "--json"]
    assert main(["explain", "Best position", *words]) == 0
    assert [(one["name"], one["kind"]) for one in lines(capsys)] == [
        ("best-position", "rule"),
        ("best_position", "fact"),
    ]
    assert main(["explain", "best_position", *words]) == 0
    assert [one["kind"] for one in lines(capsys)] == ["fact"]


@pytest.mark.parametrize("words", [["RANGETEST"], ["rnge test"], ["range", "tset"]])
def test_explain_suggests_a_name_as_it_is_written(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", *words]) == 2
    assert "did you mean 'range-test'?" in capsys.readouterr().err


def test_text_of_a_rule_cannot_command_the_terminal(
    rule_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rule_file.write_text(RULE.replace("Train for longer", '"Train \\e[2J [red]for[/red] longer"'))
    folder = ["--rules", str(rule_file.parent)]
    for words in (
        ["explain", "double-the-epochs"],
        ["rules", "list"],
        ["rules", "show", "double-the-epochs"],
    ):
        assert main([*words, *folder]) == 0
        told = capsys.readouterr().out
        assert "\x1b" not in told
        assert "[red]for[/red]" in told
