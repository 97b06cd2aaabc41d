from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from advisor import trust
from advisor.recipe import Recipe
from advisor.runner import Runner, UserError


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADVISOR_CONFIG", str(tmp_path / "settings"))


def recipe(folder: Path, **changes: Any) -> Recipe:
    for name in ("made.py", "nets.py"):
        if folder.is_dir() and not (folder / name).exists():
            (folder / name).write_text("")
    raw: dict[str, Any] = {
        "task": "classification",
        "data": {"source": f"python:{folder}/made.py:examples"},
        "model": {"kind": "own", "torch": f"{folder}/nets.py:Net"},
    }
    return Recipe.model_validate(raw | changes)


def test_every_file_that_a_recipe_names_is_known(tmp_path: Path) -> None:
    found = trust.code_files(recipe(tmp_path))
    assert found == [tmp_path / "nets.py", tmp_path / "made.py"]
    plain = recipe(tmp_path, data={"source": "sklearn:iris"}, model={"kind": "mlp"})
    assert trust.code_files(plain) == []
    trust.check(plain)


def test_code_needs_consent_for_its_folder(tmp_path: Path) -> None:
    inner = tmp_path / "project" / "inner"
    inner.mkdir(parents=True)
    with pytest.raises(trust.UntrustedError, match=r"nets\.py(.|\n)*advisor trust"):
        trust.check(recipe(inner))
    trust.trust(inner.parent)
    trust.trust(inner.parent)
    assert trust.trusted_folders() == [inner.parent.resolve()]
    trust.check(recipe(inner))
    with pytest.raises(trust.UntrustedError):
        trust.check(recipe(tmp_path))
    assert trust.distrust(inner.parent)
    assert not trust.distrust(inner.parent)
    with pytest.raises(trust.UntrustedError):
        trust.check(recipe(inner))


def test_a_link_does_not_lead_out_of_the_trusted_folder(tmp_path: Path) -> None:
    trusted, other = tmp_path / "trusted", tmp_path / "other"
    trusted.mkdir()
    other.mkdir()
    (other / "nets.py").write_text("")
    (trusted / "nets.py").symlink_to(other / "nets.py")
    trust.trust(trusted)
    made = recipe(trusted, data={"source": "sklearn:iris"})
    with pytest.raises(trust.UntrustedError):
        trust.check(made)


def test_code_that_is_not_there_needs_no_consent(tmp_path: Path) -> None:
    made = recipe(tmp_path, data={"source": f"python:{tmp_path}/nope.py:f"}, model={"kind": "mlp"})
    with pytest.raises(trust.UntrustedError, match="no file"):
        trust.check(made)


def test_a_damaged_list_is_said_and_trusts_nothing(tmp_path: Path) -> None:
    file = trust.trust_file()
    file.parent.mkdir(parents=True)
    for content in ("{", '{"a": 1}', "[1]"):
        file.write_text(content)
        with pytest.raises(trust.UntrustedError, match="mend or delete"):
            trust.check(recipe(tmp_path))


def test_what_is_no_folder_cannot_be_trusted(tmp_path: Path) -> None:
    with pytest.raises(trust.UntrustedError, match="not a folder"):
        trust.trust(tmp_path / "nowhere")


def test_a_worker_never_gets_a_recipe_without_consent(tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    (tmp_path / "made.py").write_text(f"open({str(marker)!r}, 'w').close()\n")
    made = recipe(tmp_path, model={"kind": "mlp"})
    with Runner("torch", "cpu") as runner, pytest.raises(UserError, match="advisor trust"):
        runner.check(made)
    assert not marker.exists()
