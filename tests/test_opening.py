"""Sessions that cannot be taken up again say why; the backends have no part in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from advisor import opening
from advisor.ledger import HeldError, Ledger, LedgerError
from tests import simulation
from tests.report import made


def test_rules_that_have_changed(tmp_path: Path) -> None:
    with Ledger.create(tmp_path / "s", made.header(simulation.recipe(), rules="others")):
        pass
    with (
        pytest.raises(LedgerError, match="the rules have changed"),
        opening.resumed(tmp_path / "s", trust=False),
    ):
        pytest.fail("it went on under other rules")


def test_a_session_that_another_process_holds(tmp_path: Path) -> None:
    header = made.header(simulation.recipe())
    with (
        Ledger.create(tmp_path / "s", header),
        pytest.raises(HeldError, match="another process"),
        opening.resumed(tmp_path / "s", trust=False),
    ):
        pytest.fail("two are at work on one session")


def test_a_folder_without_a_session(tmp_path: Path) -> None:
    with (
        pytest.raises(LedgerError, match="holds no session"),
        opening.resumed(tmp_path, trust=False),
    ):
        pytest.fail("there is nothing to take up")
