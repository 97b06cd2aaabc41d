from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor import bundled, recipe_file
from advisor.tui.editor import files
from advisor.tui.editor.checking import checked
from advisor.tui.yaml_text import coloured, spans

WINE = """\
name: wine
task: classification
data: {source: "sklearn:wine"}
model: {kind: mlp, hidden: [4]}
"""


def test_a_valid_recipe_says_what_it_is() -> None:
    found = checked(WINE)
    assert found.ok
    assert found.told[0] == "wine: classification judged by accuracy"


def test_faults_are_those_of_the_reader_with_their_lines() -> None:
    text = WINE + "optimizer:\n  kind: adam\n  lrr: 0.1\n"
    with pytest.raises(recipe_file.RecipeError) as raised:
        recipe_file.parse(text)
    [fault], [problem] = checked(text).faults, raised.value.problems
    assert (fault.line, fault.field, fault.suggestion) == (7, "optimizer.lrr", "lr")
    assert fault.found == problem.found
    assert checked(text).lines == {7}


@given(st.text(max_size=60))
def test_no_text_whatever_is_too_odd_to_be_checked(text: str) -> None:
    found = checked(text)
    assert found.ok or all(fault.found.isprintable() for fault in found.faults)


@given(st.text(alphabet="ab:#'\"{}[]-., 12\t\n", max_size=80))
def test_colours_never_change_the_text(text: str) -> None:
    assert coloured(text).plain == "\n".join(
        "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)
        for line in (line.expandtabs(4) for line in text.split("\n"))
    )
    for line in text.split("\n"):
        places = [place for begin, end, _ in spans(line) for place in (begin, end)]
        assert places == sorted(places)
        assert all(0 <= place <= len(line) for place in places)


@pytest.mark.parametrize(
    ("line", "roles"),
    [
        ("lr: 1e-3 # low", {"lr": "key", "1e-3": "number", "# low": "comment"}),
        ('source: "sklearn:digits"', {"source": "key", '"sklearn:digits"': "string"}),
        ("model: {kind: mlp, hidden: [4]}", dict.fromkeys(("model", "kind", "hidden"), "key")),
        ("budget: 60e", {"budget": "key"}),
        ("on: true", {"on": "key", "true": "constant"}),
    ],
)
def test_parts_are_told_apart(line: str, roles: dict[str, str]) -> None:
    found = {line[begin:end]: role for begin, end, role in spans(line)}
    assert roles.items() <= found.items()
    assert "60e" not in found


def test_a_saved_file_is_what_was_written_with_its_old_mode(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("old")
    path.chmod(0o640)
    files.save(path, "new ü\n")
    assert files.load(path) == "new ü\n"
    assert path.stat().st_mode & 0o777 == 0o640
    assert [each.name for each in tmp_path.iterdir()] == ["a.yaml"]


def test_a_link_is_kept_and_what_it_points_to_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "real.yaml").write_text("old")
    (tmp_path / "link.yaml").symlink_to(tmp_path / "real.yaml")
    files.save(tmp_path / "link.yaml", "new")
    assert (tmp_path / "link.yaml").is_symlink()
    assert (tmp_path / "real.yaml").read_text() == "new"


def test_a_change_by_somebody_else_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    assert not files.changed_since(path, None)
    path.write_text("one")
    assert not files.changed_since(path, "one")
    assert files.changed_since(path, "two")


def test_the_examples_are_valid() -> None:
    assert all(checked(files.load(path)).ok for path in bundled.examples())
