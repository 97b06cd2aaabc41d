"""Real hosts, as front ends start, watch, kill and rejoin them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from advisor import recent
from advisor.host import presence, starting
from advisor.host.client import Client, HostError, NewSession
from advisor.host.serving import serve
from advisor.ledger import Entry, read
from advisor.mistakes import explained
from advisor.trial_files import trial_folder
from tests.journal.told import lines

RECIPE = """\
name: iris
task: classification
data: {source: "sklearn:iris"}
model: {kind: mlp, hidden: [16], activation: sigmoid}
initialization: xavier_normal
optimizer: {kind: adam, lr: 1e-5}
train: {batch_size: 1, epochs: 12, seed: 1}
tune: {budget: 4t}
"""
PATIENCE = 120.0
TIMES = ("seconds", "cost", "session", "best_recipe")


def wait(what: Callable[[], Any], client: Client | None = None) -> Any:
    """What it returns, once that is true."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if found := what():
            return found
        if client is not None and not client.alive():
            if found := what():
                return found
            pytest.fail(f"the host is gone: {client.last_words()} {lines(client.folder)[-2:]}")
        time.sleep(0.02)
    pytest.fail("it took too long")


def last(client: Client, event: str) -> Callable[[], Any]:
    """The journal's last line, when it is of this event."""

    def found() -> Any:
        told = lines(client.folder)
        return told[-1] if told and told[-1]["event"] == event else None

    return found


def training(client: Client) -> Callable[[], Any]:
    """The training in progress, once it has begun to report and left a checkpoint or not."""

    def found() -> Any:
        line = last(client, "trial")()
        events = trial_folder(client.folder, line["trial"]) / "events.jsonl" if line else None
        return line if events and events.exists() and "steps_done" in events.read_text() else None

    return found


def host_of(client: Client) -> int:
    found = presence.host(client.folder)
    assert found is not None
    return found.pid


def gone(client: Client) -> None:
    wait(lambda: not client.alive())


def decisions(client: Client) -> list[Entry]:
    """The ledger without what differs from run to run."""
    return [
        Entry(one.request, {k: v for k, v in one.answer.items() if k not in (*TIMES, "by")})
        for one in read(client.folder).entries
    ]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("torch")
    place = tmp_path_factory.mktemp("hosts")
    (place / "iris.yaml").write_text(RECIPE)
    return place


@pytest.fixture(scope="module")
def left_alone(place: Path) -> Client:
    """A session that the autopilot brought to its end."""
    new = NewSession(place / "iris.yaml", out=place / "alone", backend="torch", autopilot=True)
    client = Client.start(new)
    gone(client)
    client.close()
    assert client.finished(), client.last_words()
    return client


@pytest.fixture
def begun(place: Path, tmp_path: Path) -> Iterator[Client]:
    client = Client.start(NewSession(place / "iris.yaml", out=tmp_path / "s", backend="torch"))
    yield client
    if client.alive():
        os.kill(host_of(client), signal.SIGKILL)
    client.close()


def test_a_session_that_the_autopilot_drove_is_whole(left_alone: Client) -> None:
    told = lines(left_alone.folder)
    assert [line["n"] for line in told] == list(range(len(told)))
    assert [line["event"] for line in told[-2:]] == ["summary", "ended"]
    assert told[1] == {"n": 1, "event": "mode", "autopilot": True}
    summary = dict(told[-2])
    del summary["n"]
    assert summary == json.loads((left_alone.folder / "summary.json").read_text())
    assert (left_alone.folder / "report.html").exists()
    assert left_alone.kind() is None
    assert left_alone.last_words() == ""
    with pytest.raises(HostError, match="resume it first"):
        left_alone.autopilot(True)


def test_a_host_that_ends_at_any_moment_loses_nothing(begun: Client, left_alone: Client) -> None:
    client = begun
    assert client.kind() == "host"
    assert recent.sessions()[0].folder == client.folder
    wait(training(client), client)
    os.kill(host_of(client), signal.SIGKILL)  # a training is in progress
    gone(client)
    assert presence.ended(client.folder) is None

    client.resume()
    asked = wait(last(client, "proposal"), client)
    before = decisions(client)
    os.kill(host_of(client), signal.SIGTERM)  # a question is open
    gone(client)
    assert presence.ended(client.folder) == "stopped"
    assert not (client.folder / presence.FILE).exists()

    client.resume()
    again = wait(last(client, "proposal"), client)
    assert again["proposals"] == asked["proposals"]
    client.choose(again["n"], "try")
    wait(training(client), client)
    client.stop()  # a training is in progress, which somebody chose
    gone(client)
    assert presence.ended(client.folder) == "stopped"

    client.resume(autopilot=True)
    gone(client)
    assert client.finished(), client.last_words()
    assert decisions(client)[: len(before)] == before
    assert decisions(client) == decisions(left_alone)
    found, expected = (
        {k: v for k, v in lines(one.folder)[-2].items() if k not in (*TIMES, "n")}
        for one in (client, left_alone)
    )
    assert found == expected
    assert {line["by"] for line in lines(client.folder) if line["event"] == "choice"} == {
        "person",
        "autopilot",
    }


def test_two_front_ends_share_a_host_and_a_second_host_is_refused(begun: Client) -> None:
    other = Client.attach(begun.folder)
    asked = wait(last(begun, "proposal"), begun)
    pid = host_of(begun)
    other.resume()  # there is one already
    assert host_of(other) == pid
    wanted = {"folder": str(begun.folder), "trust": False, "autopilot": False}
    with pytest.raises(starting.HeldError, match="another process is working on this session"):
        starting.launch(wanted, lambda: False)
    assert last(begun, "proposal")() == asked, "the second host touched nothing"
    begun.close()
    other.choose(asked["n"] + 100, "try")
    wait(last(begun, "remark"), begun)
    other.choose(asked["n"], "try")
    wait(training(begun), begun)
    other.give_up()
    result = wait(
        lambda: next(
            (x for x in lines(begun.folder) if x["event"] == "result" and x["n"] > asked["n"]), None
        )
    )
    assert result["status"] == "stopped"
    other.stop()
    gone(other)
    other.close()


def test_a_front_end_that_loses_patience_leaves_nothing_behind(place: Path, tmp_path: Path) -> None:
    new = NewSession(place / "iris.yaml", out=tmp_path / "s", backend="torch")
    with pytest.raises(HostError, match="cancelled"):
        Client.start(new, lambda: True)
    assert list(tmp_path.iterdir()) == []


def test_there_is_nothing_to_attach_to_in_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="holds no session"):
        Client.attach(tmp_path)


# Mistakes


def mistake(recipe: Path, **options: Any) -> str:
    """What is said of a session that cannot be begun, without a process for each."""
    from advisor.host.answer import Answer
    from advisor.host.client import plain

    answer = Answer(recipe.parent / "answer.json")
    with pytest.raises(Exception, match=r"\S") as caught:
        serve(plain(NewSession(recipe, **{"backend": "torch", **options})), answer)
    assert not answer.given
    assert isinstance(caught.value, Exception)
    found = explained(caught.value)
    assert found.kind == "user", found
    assert found.detail == ""
    return found.message


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"overrides": ("optimizer.rate=1",)}, "unknown field"),
        ({"budget": "many"}, "tune.budget"),
        ({"budget": "1e"}, "1e is less than one training"),
        ({"seed": -1}, "train.seed"),
        ({"backend": "troch"}, "did you mean 'torch'?"),
        ({"rules": (Path("none"),)}, "not a folder"),
        ({"out": Path(__file__).parent}, "not empty"),
        ({"out": Path(__file__)}, "cannot be the output folder"),
    ],
)
def test_a_mistake_is_told_in_words(place: Path, options: dict[str, Any], told: str) -> None:
    before = sorted(place.iterdir())
    assert told in mistake(place / "iris.yaml", **options)
    assert sorted(place.iterdir()) == before


def test_a_missing_recipe_is_told_in_words(tmp_path: Path) -> None:
    assert "none.yaml" in mistake(tmp_path / "none.yaml")


def test_data_that_cannot_be_read_come_back_as_one_message(place: Path, tmp_path: Path) -> None:
    change = "data.source=csv:none.csv"
    new = NewSession(place / "iris.yaml", (change,), out=tmp_path / "s", backend="torch")
    with pytest.raises(HostError, match=r"none\.csv") as caught:
        Client.start(new)
    assert "Traceback" not in str(caught.value)
    assert caught.value.detail == ""
    assert not (tmp_path / "s").exists()


def test_what_a_front_end_imports_is_quick() -> None:
    code = "import advisor.host.client, advisor.recent, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    names = {name.partition(".")[0] for name in done.stdout.split()}
    heavy = {"numpy", "scipy", "sklearn", "optuna", "torch", "jax", "pydantic", "yaml", "rich"}
    assert names & (heavy | {"filelock", "psutil", "platformdirs", "sqlite3"}) == set()
