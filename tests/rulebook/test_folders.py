from __future__ import annotations

from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from advisor import rulebook
from advisor.rulebook import RuleError, load_folder, with_folders
from tests.rulebook.written import VOCABULARY, text


def write(folder: Path, name: str, **changes: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.yaml"
    path.write_text(text(id=name, **changes), encoding="utf-8")
    return path


def test_a_folder_is_read_in_order_of_path(tmp_path: Path) -> None:
    write(tmp_path / "learning_rate", "b")
    write(tmp_path / "learning_rate", "a")
    write(tmp_path / "epochs", "z", stage="epochs")
    (tmp_path / "notes.txt").write_text("not a rule")
    assert [found.id for found in load_folder(tmp_path, VOCABULARY)] == ["z", "a", "b"]


def test_a_file_must_have_the_names_it_is_found_under(tmp_path: Path) -> None:
    path = write(tmp_path, "a")
    path.rename(tmp_path / "b.yaml")
    with pytest.raises(RuleError, match="must be the file's name, 'b'"):
        load_folder(tmp_path, VOCABULARY)
    (tmp_path / "b.yaml").unlink()
    write(tmp_path / "loss", "c")
    with pytest.raises(RuleError, match="must be the folder's, 'loss'"):
        load_folder(tmp_path, VOCABULARY)


def test_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match="not a folder"):
        load_folder(tmp_path / "nowhere", VOCABULARY)
    (tmp_path / "a.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RuleError, match="cannot be read"):
        load_folder(tmp_path, VOCABULARY)


def test_an_id_is_used_once_unless_a_rule_replaces_the_other(tmp_path: Path) -> None:
    write(tmp_path / "ours", "a", title="ours")
    write(tmp_path / "ours", "b")
    ours = load_folder(tmp_path / "ours", VOCABULARY)
    write(tmp_path / "twice", "a", title="theirs")
    with pytest.raises(RuleError, match=r"'a' is already used by .*`replaces: a`"):
        with_folders(ours, [tmp_path / "twice"], VOCABULARY)
    write(tmp_path / "same", "a", title="theirs", replaces="a")
    found = with_folders(ours, [tmp_path / "same"], VOCABULARY)
    assert [(one.id, one.title) for one in found if one.id == "a"] == [("a", "theirs")]
    write(tmp_path / "other", "c", replaces="a")
    found = with_folders(ours, [tmp_path / "other"], VOCABULARY)
    assert sorted(one.id for one in found) == ["b", "c"]


def test_only_a_rule_that_is_there_is_replaced_and_only_once(tmp_path: Path) -> None:
    write(tmp_path / "ours", "larger-batch")
    ours = load_folder(tmp_path / "ours", VOCABULARY)
    write(tmp_path / "typo", "mine", replaces="large-batch")
    with pytest.raises(RuleError, match="there is no rule 'large-batch'; did you mean 'larger-"):
        with_folders(ours, [tmp_path / "typo"], VOCABULARY)
    write(tmp_path / "self", "mine", replaces="mine")
    with pytest.raises(RuleError, match="there is no rule 'mine'"):
        with_folders(ours, [tmp_path / "self"], VOCABULARY)
    write(tmp_path / "two", "mine", replaces="larger-batch")
    write(tmp_path / "two", "yours", replaces="larger-batch")
    with pytest.raises(RuleError, match="is already replaced by"):
        with_folders(ours, [tmp_path / "two"], VOCABULARY)


def test_installed_rules_are_found_through_entry_points(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "my_tuning_rules"
    write(package / "learning_rate", "mine")
    (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    points = [metadata.EntryPoint("mine", "my_tuning_rules", rulebook.ENTRY_POINTS)]
    monkeypatch.setattr(metadata, "entry_points", lambda group: points)
    assert [found.id for found in rulebook.installed(VOCABULARY)] == ["mine"]
    points.append(metadata.EntryPoint("gone", "no_such_rules", rulebook.ENTRY_POINTS))
    with pytest.raises(RuleError, match="rules 'gone': package 'no_such_rules' is not there"):
        rulebook.installed(VOCABULARY)
