"""Who answers a session's questions; trainings are make-believe, commands and threads are not."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from advisor.auto import drive
from advisor.host import commands
from advisor.host.host import Host
from advisor.host.watched import Stopped
from advisor.journal.writer import Journal
from advisor.ledger import Ledger
from advisor.requests import Choose
from advisor.session import Session
from tests import simulation
from tests.journal.told import begun, driven, lines
from tests.report import made

PATIENCE = 30.0


class Crew(made.Crew):
    """Counts how often its trainings were to end."""

    def __init__(self) -> None:
        super().__init__()
        self.stopped = 0

    def stop(self) -> None:
        self.stopped += 1


class OverError(Exception):
    """The test has seen enough."""


class Hosted:
    """A session with its host, and what a front end does with them."""

    def __init__(self, ledger: Ledger, journal: Journal, **settings: Any) -> None:
        self.folder, self.ledger, self.journal = ledger.folder, ledger, journal
        self.session = Session(simulation.recipe(), made.known_rules())
        self.crew: Any = Crew()
        self.over = threading.Event()
        self.threads: list[threading.Thread] = []
        self.host = Host(self.folder, journal, self.crew, **{"autopilot": False, **settings})

    def drive(self) -> None:
        with self.host:
            drive(self.session, self.ledger, self.crew, self.journal, self.host.choose)

    def send(self, do: str, **fields: Any) -> None:
        commands.send(self.folder, {"do": do, **fields})

    def keep_sending(self, do: str, **fields: Any) -> None:
        """For a question of which nothing says when it is open."""
        while not self.over.wait(0.05):
            self.send(do, **fields)

    def told(self, event: str, count: int = 1) -> list[dict[str, Any]]:
        """Lines of this event, once there are so many."""
        for _ in range(int(PATIENCE / 0.01)):
            found = [line for line in lines(self.folder) if line["event"] == event]
            if len(found) >= count:
                return found
            if self.over.wait(0.01):
                raise OverError
        raise AssertionError(f"no {event}: {[line['event'] for line in lines(self.folder)]}")

    def beside(self, work: Callable[[], None]) -> None:
        """A front end, for as long as the test takes."""

        def until_the_end() -> None:
            try:
                work()
            except OverError:
                pass
            except BaseException:
                self.send("autopilot", on=True)  # nobody is left to answer
                raise

        self.threads.append(threading.Thread(target=until_the_end))
        self.threads[-1].start()

    def leave(self) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join()


@contextmanager
def hosted(folder: Path, **settings: Any) -> Iterator[Hosted]:
    with begun(folder) as ledger, Journal(ledger.folder) as journal:
        found = Hosted(ledger, journal, **settings)
        try:
            yield found
        finally:
            found.leave()


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Hosted]:
    with hosted(tmp_path / "s") as found:
        yield found


def test_a_session_answered_by_a_person_is_that_of_the_autopilot(
    one: Hosted, tmp_path: Path
) -> None:
    with begun(tmp_path / "auto") as ledger:
        driven(ledger)
    expected = [line for line in lines(tmp_path / "auto") if line["event"] != "session"]

    def front_end() -> None:
        for count in itertools.count(1):
            ask = one.told("proposal", count)[-1]["n"]
            one.send("choose", ask=ask, action="try", index=0)

    one.beside(front_end)
    one.drive()
    found = lines(one.folder)
    assert {line["by"] for line in found if line["event"] == "choice"} == {"person"}
    for line in [*found, *expected]:
        line.pop("by", None)
        line["n"], line["ask"] = 0, 0  # there is no line for the session here
    assert found == expected


@pytest.mark.parametrize(
    ("answer", "remark"),
    [
        ({"ask": 10_000, "action": "try"}, "no longer open"),
        ({"ask": None, "action": "try"}, "no longer open"),
        ({"action": "try", "index": 99}, "no proposal 99"),
        ({"action": "dance"}, "no action"),
        ({"action": "own", "change": {"optimizer.lr": -1}}, "no valid recipe"),
        ({"action": "lock", "fields": "optimizer.lr"}, "fields must be a list"),
        ({"index": 0}, "not written as answers are"),
        ({"action": "back", "trial": 99}, "trial 99"),
    ],
)
def test_an_answer_that_cannot_be_carried_out_is_refused_and_the_question_stays_open(
    one: Hosted, answer: dict[str, Any], remark: str
) -> None:
    def front_end() -> None:
        ask = one.told("proposal")[0]["n"]
        one.send("choose", **{"ask": ask, **answer})
        one.told("remark")
        one.send("choose", ask=ask, action="finish")

    one.beside(front_end)
    one.drive()
    assert remark in one.told("remark")[0]["text"]
    assert [line["action"] for line in one.told("choice")] == ["finish"]


def test_an_answer_without_a_question_is_refused_at_once(one: Hosted) -> None:
    with one.host:
        one.send("choose", ask=3, action="try")
        assert "no question is open" in one.told("remark")[0]["text"]


def question(one: Hosted) -> Choose:
    """The session's first, reached without a host."""
    while not isinstance(request := one.session.request, Choose):
        assert request is not None
        one.session.tell(simulation.answer(request))
    return request


def test_the_autopilot_takes_the_open_question_and_hands_back_the_next(one: Hosted) -> None:
    asked = question(one)
    one.journal.asked(asked, one.session.state)
    with one.host:
        one.send("autopilot", on=True)
        assert one.host.choose(asked, one.session.state).by == "autopilot"
        assert one.host.choose(asked, one.session.state).by == "autopilot"
        one.send("autopilot", on=False)
        assert [line["autopilot"] for line in one.told("mode", 2)] == [True, False]
        one.beside(lambda: one.keep_sending("choose", ask=one.journal.ask, action="leave"))
        choice = one.host.choose(asked, one.session.state)
    assert (choice.action, choice.by) == ("leave", "person")


def hours() -> Callable[[], float]:
    """A clock that is an hour later whenever it is looked at."""
    now = itertools.count(0, 3600)
    return lambda: float(next(now))


def test_a_question_with_nobody_attached_ends_the_host(tmp_path: Path) -> None:
    with (
        hosted(tmp_path / "s", clock=hours()) as one,
        one.host,
        pytest.raises(Stopped) as caught,
    ):
        one.host.choose(question(one), one.session.state)
    assert caught.value.why == "idle"


def test_a_question_waits_for_whoever_is_attached(tmp_path: Path) -> None:
    later = hours()

    def clock() -> float:
        now = later()
        if now > 0:  # the question is open, and the host looks whether anyone is there
            one.send("stop")
        return now

    with hosted(tmp_path / "s") as one:
        commands.send(one.folder, commands.hello())  # to an earlier host
        one.host = Host(one.folder, one.journal, one.crew, False, clock=clock)
        with one.host, pytest.raises(Stopped) as caught:
            one.host.choose(question(one), one.session.state)
    assert caught.value.why == "stopped"


def test_one_who_said_good_bye_is_not_waited_for(tmp_path: Path) -> None:
    with hosted(tmp_path / "s") as one:
        commands.send(one.folder, commands.hello())
        commands.send(one.folder, commands.bye())
        one.host = Host(one.folder, one.journal, one.crew, False, clock=hours())
        with one.host, pytest.raises(Stopped) as caught:
            one.host.choose(question(one), one.session.state)
    assert caught.value.why == "idle"


def test_what_an_earlier_host_was_told_is_not_heard_again(tmp_path: Path) -> None:
    with hosted(tmp_path / "s") as one:
        one.send("stop")
        one.send("autopilot", on=True)
        one.host = Host(one.folder, one.journal, one.crew, False, clock=hours())
        with one.host, pytest.raises(Stopped) as caught:
            one.host.choose(question(one), one.session.state)
    assert caught.value.why == "idle"


def test_giving_up_reaches_the_trainings_in_progress(one: Hosted) -> None:
    with one.host:
        one.send("give_up")
        until = time.monotonic() + PATIENCE
        while not one.crew.stopped and time.monotonic() < until:
            time.sleep(0.01)
    assert one.crew.stopped == 1


def test_stopping_while_the_main_thread_is_busy_interrupts_it(
    one: Hosted, monkeypatch: pytest.MonkeyPatch
) -> None:
    called = threading.Event()
    monkeypatch.setattr("advisor.host.host.interrupt", called.set)
    with one.host:
        one.send("stop")
        assert called.wait(PATIENCE)
        with pytest.raises(Stopped):
            one.host.choose(question(one), one.session.state)
