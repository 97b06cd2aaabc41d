from __future__ import annotations

from pathlib import Path

import pytest

from advisor import bundled, recipe_file

ROOT = Path(__file__).resolve().parents[1]


def test_every_example_of_the_checkout_is_found_and_readable() -> None:
    assert bundled.examples() == tuple(sorted((ROOT / "examples").glob("*.yaml")))
    for path in bundled.examples():
        assert recipe_file.read(path).name
        assert bundled.is_bundled(path)


def test_an_installed_copy_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = tmp_path / "advisor" / "examples"
    installed.mkdir(parents=True)
    (installed / "one.yaml").write_text("task: classification\n")
    monkeypatch.setattr(bundled, "PLACES", (installed, ROOT / "examples"))
    assert bundled.examples() == (installed / "one.yaml",)
    assert not bundled.is_bundled(tmp_path / "one.yaml")


def test_nothing_installed_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundled, "PLACES", (tmp_path / "none",))
    assert bundled.examples() == ()
