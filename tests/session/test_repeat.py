"""A real session with an ensemble: its files, its record, and that its result repeats."""

from __future__ import annotations

import getpass
import hashlib
import json
import platform
import shutil
from pathlib import Path
from typing import Any

import pytest
from safetensors.numpy import load_file

from advisor import recipe_file
from advisor.auto import drive, first_proposal
from advisor.facts import VOCABULARY
from advisor.ledger import Ledger, read
from advisor.rulebook import installed
from advisor.session import Session
from advisor.summary import conclude
from tests.test_auto import Silent, auto, summary_of

RECIPE = """
name: small digits
task: classification
data: {source: "sklearn:digits"}
model: {kind: mlp, hidden: [16]}
optimizer: {kind: adam, lr: 1e-3}
train: {batch_size: 64, epochs: 3}
tune: {budget: 7t, ensemble: 2}
"""


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    pytest.importorskip("torch")
    place = tmp_path_factory.mktemp("repeat")
    (place / "digits.yaml").write_text(RECIPE)
    command = ("auto", "digits.yaml", "--out", "s", "--backend", "torch", "--device", "cpu")
    return place / "s", summary_of(auto(place, *command))


def test_the_best_recipe_gives_the_very_number_again(ended: tuple[Path, dict[str, Any]]) -> None:
    folder, found = ended
    told = json.loads((folder / "record.json").read_text())
    assert told["repeat"]["exact"], told["repeat"]["why_not_exact"]
    command = told["repeat"]["best"].partition("advisor run ")[2].split()
    again = summary_of(auto(folder, "run", *command, "--out", "again"))
    validation = again["validation"]
    assert isinstance(validation, dict)
    assert validation == found["best"]
    assert validation["value"] == told["best"]["validation"]
    weights = (folder / "again" / "best.safetensors").read_bytes()
    assert hashlib.sha256(weights).hexdigest() == told["best"]["weights_sha256"]
    assert weights == (folder / "best.safetensors").read_bytes()


def test_the_record_tells_of_no_person_and_no_machine(ended: tuple[Path, dict[str, Any]]) -> None:
    text = (ended[0] / "record.json").read_text()
    for name in (platform.node(), getpass.getuser()):
        assert f'"{name}' not in text
        assert f"/{name}" not in text
    told = json.loads(text)
    assert told["machine"]["cpu"]
    assert told["versions"]["torch"]
    assert told["test_opened"] == 1


def test_the_ensemble_is_kept_and_tested_in_the_one_opening(
    ended: tuple[Path, dict[str, Any]],
) -> None:
    folder, found = ended
    told = json.loads((folder / "ensemble" / "ensemble.json").read_text())
    assert len(told["members"]) == 2
    assert told["value"] == found["ensemble"]["value"]
    for member in told["members"]:
        kept = (folder / "ensemble" / member["file"]).read_bytes()
        trial = folder / "trials" / f"{member['trial']:03d}" / "best.safetensors"
        assert kept == trial.read_bytes()
    first = load_file(folder / "ensemble" / told["members"][0]["file"])
    assert first.keys() == load_file(folder / "best.safetensors").keys()
    assert found["test"]["opened"] == 1
    assert read(folder).openings == 1
    for name in ("baseline", "ensemble"):
        assert 0 < found["test"][name]["value"] <= 1


def test_a_replay_concludes_the_same(ended: tuple[Path, dict[str, Any]]) -> None:
    folder, found = ended
    names = ("record.json", "best.yaml", "ensemble/ensemble.json")
    before = [(folder / name).read_text() for name in names]
    session = Session(recipe_file.read(folder / "start.yaml"), installed(VOCABULARY))
    with Ledger.open(folder) as ledger:
        state = drive(session, ledger, None, Silent(), first_proposal)  # type: ignore[arg-type]
    again = conclude(state, folder)
    for name in ("estimate", "finalists", "ensemble", "test", "best"):
        assert again[name] == found[name]
    assert [(folder / name).read_text() for name in names] == before


def test_a_best_recipe_that_was_edited_is_kept_beside_the_new_one(
    ended: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(ended[0], tmp_path / "session"))
    text = (folder / "best.yaml").read_text()
    (folder / "best.yaml").write_text(text + "# mine\n")
    session = Session(recipe_file.read(folder / "start.yaml"), installed(VOCABULARY))
    with Ledger.open(folder) as ledger:
        state = drive(session, ledger, None, Silent(), first_proposal)  # type: ignore[arg-type]
    conclude(state, folder)
    assert (folder / "best.yaml").read_text() == text
    assert (folder / "best.before.yaml").read_text() == text + "# mine\n"
    conclude(state, folder)
    assert (folder / "best.before.yaml").read_text() == text + "# mine\n"
