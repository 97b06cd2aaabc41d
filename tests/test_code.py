from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from advisor.code import CodeError, load_object


def written(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_an_object_is_loaded_with_its_neighbours(tmp_path: Path) -> None:
    written(tmp_path / "neighbour_of_code.py", "VALUE = 7\n")
    text = (
        "from dataclasses import dataclass\nfrom neighbour_of_code import VALUE\n"
        "@dataclass\nclass Net:\n    units: int = VALUE\n"
    )
    path = list(sys.path)
    net = load_object(written(tmp_path / "nets.py", text) + ":Net")
    assert net().units == 7
    assert sys.path == path


def test_a_file_runs_once_and_again_when_it_has_changed(tmp_path: Path) -> None:
    file = written(tmp_path / "a.py", "X = object(); Y = 1\n")
    assert load_object(file + ":X") is load_object(file + ":X")
    before = load_object(file + ":Y")
    written(tmp_path / "a.py", "X = object(); Y = 2\n")  # as long, and within the same second
    os.utime(tmp_path / "a.py", ns=(1, (tmp_path / "a.py").stat().st_mtime_ns + 1))
    assert (before, load_object(file + ":Y")) == (1, 2)


def test_files_of_the_same_name_stay_apart(tmp_path: Path) -> None:
    for number in (1, 2):
        (tmp_path / str(number)).mkdir()
        written(tmp_path / str(number) / "same.py", f"X = {number}\n")
    assert [load_object(f"{tmp_path / str(n)}/same.py:X") for n in (1, 2)] == [1, 2]


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        ("def make():\n    return (1\n", "make", ["not valid Python", "code.py, line 2"]),
        ("X = 1\n\nimport no_such_module_here\n", "X", ["line 3", "cannot import", "no_such_m"]),
        ("X = 1\n1 / 0\n", "X", ["code.py, line 2: fails when run: ZeroDivisionError"]),
        ("raise SystemExit(3)\n", "X", ["fails when run: SystemExit: 3"]),
        ("import os\nclass Network: pass\n", "Netwrk", ["it defines: Network", "'Network'?"]),
        ("", "X", ["has no 'X'; it defines: nothing"]),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    tmp_path: Path, text: str, name: str, said: list[str]
) -> None:
    file = written(tmp_path / "code.py", text)
    before = set(sys.modules)
    with pytest.raises(CodeError) as caught:
        load_object(f"{file}:{name}")
    assert file in str(caught.value)
    assert "\n" not in str(caught.value)
    for part in said:
        assert part in str(caught.value)
    ran = "it defines" in "".join(said)
    assert len({each for each in set(sys.modules) - before if "_own_" in each}) == ran


@pytest.mark.parametrize("reference", ["a.py", "a.py:", ":X", "a.txt:X", "code:X"])
def test_what_is_no_reference(reference: str) -> None:
    with pytest.raises(CodeError, match=r"allowed: FILE\.py:NAME"):
        load_object(reference)


def test_missing_files_and_folders(tmp_path: Path) -> None:
    with pytest.raises(CodeError, match="no such file"):
        load_object(f"{tmp_path / 'no.py'}:X")
    (tmp_path / "folder.py").mkdir()
    with pytest.raises(CodeError, match="is not a file"):
        load_object(f"{tmp_path / 'folder.py'}:X")
    with pytest.raises(CodeError, match="null"):
        load_object("a\0.py:X")
