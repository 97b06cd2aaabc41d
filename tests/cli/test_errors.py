"""Failures: exit codes, one message on standard error, nothing on standard output."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from advisor.backend import BackendMissingError
from advisor.cli.errors import CliError, Exit, Interrupted, reported
from advisor.ledger import LedgerError
from advisor.recipe_file import RecipeError, parse
from advisor.rulebook import RuleError
from advisor.runner import UserError


def raising(error: BaseException) -> int:
    raise error


@pytest.mark.parametrize("kind", [CliError, BackendMissingError, LedgerError, RuleError, UserError])
def test_bad_input_is_one_message_and_exit_2(
    kind: type[Exception], capsys: pytest.CaptureFixture[str]
) -> None:
    assert reported(lambda: raising(kind("what is wrong"))) == Exit.BAD_INPUT == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == "error: what is wrong\n"


def test_a_bad_recipe_is_told_whole(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RecipeError) as caught:
        parse("task: classifying\nepochs: 3\n", "r.yaml")
    assert reported(lambda: raising(caught.value)) == Exit.BAD_INPUT
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == f"error: {caught.value}\n"
    assert "r.yaml:1" in told.err
    assert "r.yaml:2" in told.err


def test_an_interrupted_session_names_the_command_that_resumes_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert reported(lambda: raising(Interrupted("advisor resume runs/x"))) == Exit.INTERRUPTED
    assert capsys.readouterr().err == "interrupted; go on with: advisor resume runs/x\n"


def test_an_interrupt_elsewhere(capsys: pytest.CaptureFixture[str]) -> None:
    before = signal.getsignal(signal.SIGINT)
    assert reported(lambda: raising(KeyboardInterrupt())) == 130
    assert signal.getsignal(signal.SIGINT) is before
    assert capsys.readouterr().err == "interrupted\n"


def test_a_fault_of_ours_is_not_disguised(capsys: pytest.CaptureFixture[str]) -> None:
    assert reported(lambda: raising(ZeroDivisionError("ours"))) == Exit.FAULT
    told = capsys.readouterr().err
    assert "Traceback" in told
    assert "ZeroDivisionError: ours" in told


def test_control_characters_reach_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    reported(lambda: raising(CliError("first\nsecond \x1b[2J\x07\r")))
    assert capsys.readouterr().err == "error: first\nsecond \\x1b[2J\\x07\\r\n"


def test_the_code_of_the_work_is_passed_on() -> None:
    assert reported(lambda: Exit.NOTHING_TRAINED) == 3


def test_a_reader_that_leaves_early_is_no_fault() -> None:
    command = [sys.executable, "-m", "advisor.cli", "rules", "list"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        told = process.stderr.read()
        assert process.wait() == Exit.PIPE_CLOSED
    assert told == b""
