from __future__ import annotations

from pathlib import Path

import pytest

from advisor.tui.picker.entries import Entry, completions, grouped, is_path, kind_of


def test_a_folder_is_told_by_what_it_holds(tmp_path: Path) -> None:
    (tmp_path / "session").mkdir()
    (tmp_path / "session" / "session.db").touch()
    (tmp_path / "trial").mkdir()
    (tmp_path / "trial" / "events.jsonl").touch()
    (tmp_path / "board").mkdir()
    (tmp_path / "board" / "events.out.tfevents.1.host").touch()
    kinds = {each.title: each.kind for each in completions(f"{tmp_path}/")}
    assert kinds == {"board/": "log", "session/": "session", "trial/": "log"}
    assert kind_of(tmp_path) == "folder"


@pytest.mark.parametrize(
    ("name", "kind"), [("a.yaml", "recipe"), ("a.YML", "recipe"), ("a.csv", "log"), ("a", "log")]
)
def test_a_file_is_told_by_its_name(name: str, kind: str, tmp_path: Path) -> None:
    assert kind_of(tmp_path / name) == kind


def test_completion_leaves_out_what_cannot_be_opened_and_hidden_files(tmp_path: Path) -> None:
    for name in ("digits.yaml", "dogs.csv", "do.py", ".dot.yaml", "else.yaml"):
        (tmp_path / name).touch()
    assert [e.title for e in completions(f"{tmp_path}/d")] == ["digits.yaml", "dogs.csv"]
    assert [e.title for e in completions(f"{tmp_path}/.")] == [".dot.yaml"]
    assert completions(f"{tmp_path}/none/x") == ()
    assert completions("/\0/") == ()


def test_names_with_control_characters_are_shown_not_obeyed(tmp_path: Path) -> None:
    (tmp_path / "a\x1b[2J.yaml").touch()
    [entry] = completions(f"{tmp_path}/")
    assert entry.title == "a\\x1b[2J.yaml"
    assert entry.path.exists()


@pytest.mark.parametrize("text", ["/", "./a", "../a", "~", "~/a", "runs/a"])
def test_paths_are_known_by_their_look(text: str) -> None:
    assert is_path(text)
    assert not is_path("digits")


def test_every_word_must_fit_and_groups_keep_their_order() -> None:
    one = Entry("example", Path("/x/digits.yaml"), "digits", "classification")
    other = Entry("session", Path("/runs/wine"), "wine", "accuracy")
    assert one.has(["digits", "class"])
    assert not one.has(["digits", "wine"])
    assert one.has([])
    assert grouped([one, other]) == [("Recent sessions", [other]), ("Examples", [one])]
