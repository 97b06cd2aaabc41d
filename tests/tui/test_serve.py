"""The interface in a browser: on this machine only, and for pages of its own only."""

from __future__ import annotations

import contextlib
import http.client
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import psutil
import pytest

from advisor.tui import serve

pytest.importorskip("textual_serve")


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def wait_for(port: int) -> None:
    """Until somebody listens there."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.02)
    raise AssertionError("nobody listens")


@contextlib.contextmanager
def served(port: int) -> Iterator[subprocess.Popen[str]]:
    code = f"from advisor.tui.serve import serve; serve(['tui', 'a b.yaml'], {port})"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline().startswith("serving on http://127.0.0.1:")
            wait_for(port)
            yield process
        finally:
            process.terminate()


def asked(port: int, path: str, **headers: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    found = answer.status, answer.read().decode("utf-8", errors="replace")
    connection.close()
    return found


def test_it_listens_on_the_loopback_address_only_and_answers_its_own_pages() -> None:
    port = free_port()
    with served(port) as process:
        listening = [
            each.laddr
            for each in psutil.Process(process.pid).net_connections(kind="inet")
            if each.status == psutil.CONN_LISTEN
        ]
        assert [(each.ip, each.port) for each in listening] == [("127.0.0.1", port)]
        status, page = asked(port, "/")
        assert status == 200
        assert "advisor" in page
        assert f"ws://127.0.0.1:{port}/ws" in page
        assert asked(port, "/", Host=f"localhost:{port}")[0] == 200
        assert asked(port, "/", Host="evil.example")[0] == 403
        assert asked(port, "/ws", Origin="http://evil.example", Upgrade="websocket")[0] == 403


def test_a_port_that_is_taken_is_said() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-c", f"from advisor.tui.serve import serve; serve(port={port})"],
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert done.returncode != 0
    told = f"--port {port}: cannot listen on 127.0.0.1: address already in use; name another with"
    assert told in done.stderr


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "textual_serve", None)
    monkeypatch.setitem(sys.modules, "textual_serve.server", None)
    with pytest.raises(serve.ServeError, match=r"tuning-advisor\[serve\]"):
        serve.make_server([], 8000)


def test_the_command_is_quoted_for_the_shell() -> None:
    made = serve.make_server(["tui", "a; rm -rf b.yaml"], 8000)
    assert made.command.endswith("tui 'a; rm -rf b.yaml'")
    assert made.host == "127.0.0.1"


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("tui --serve", "tui"),
        ("tui --serve --port 9000 a.yaml --seed 1", "tui a.yaml --seed 1"),
        ("tui a.yaml --port=9000 --serve", "tui a.yaml"),
        ("tui --serve -- --serve", "tui -- --serve"),
    ],
)
def test_what_only_the_server_needs_is_left_out(words: str, shown: str) -> None:
    assert serve.shown_words(words.split()) == shown.split()
