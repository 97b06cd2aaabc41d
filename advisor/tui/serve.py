"""`advisor tui --serve`: the same interface in a browser on this machine, and nowhere else.

Whoever reaches the page can do what the interface can, so it listens on the loopback address only.
A page of another site could still ask the browser to connect: requests whose host or origin is not
this server's are refused.
"""

from __future__ import annotations

import logging
import os
import shlex
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aiohttp import web

HOST = "127.0.0.1"
PORT = 8000
NAMES = (HOST, "localhost")
MISSING = "--serve needs textual-serve, which is not installed: pip install 'tuning-advisor[serve]'"


class ServeError(Exception):
    """The interface cannot be served; the message is for people."""


def shown_words(words: Sequence[str]) -> list[str]:
    """The command line of the interface itself: that of the server without what only it needs."""
    found, skip = list[str](), False
    for place, word in enumerate(words):
        if word == "--":
            return [*found, *words[place:]]
        if not skip and word != "--serve" and not word.startswith("--port"):
            found.append(word)
        skip = word == "--port"
    return found


def serve(words: Sequence[str] = ("tui",), port: int = PORT) -> None:
    """Serve `advisor WORDS...` until Ctrl+C; each visit is an interface of its own. Raises
    ServeError."""
    server = make_server(words, port)
    try:
        server.serve()
    except OSError as error:
        reason = (os.strerror(error.errno) if error.errno else str(error)).lower()
        told = f"--port {port}: cannot listen on {HOST}: {reason}; name another with --port"
        raise ServeError(told) from error


def make_server(words: Sequence[str], port: int) -> Any:
    """A server that is not running yet. Raises ServeError without the extra."""
    try:
        from aiohttp import web
        from textual_serve.server import Server
    except ImportError as error:
        raise ServeError(MISSING) from error

    guard: Any = web.middleware(_guarded(port))

    class LocalServer(Server):
        async def _make_app(self) -> web.Application:
            app = await super()._make_app()
            app.middlewares.append(guard)
            return app

        def initialize_logging(self) -> None:
            """The address is to stay in sight: a line for each request would scroll it away."""
            super().initialize_logging()
            logging.getLogger("aiohttp.access").setLevel(logging.WARNING)

        async def on_startup(self, app: web.Application) -> None:
            address = f"serving on http://{HOST}:{port} (this machine only); Ctrl+C ends it"
            sys.stdout.write(address + "\n")
            sys.stdout.flush()

    command = shlex.join([sys.executable, "-m", "advisor.cli", *words])
    return LocalServer(command, host=HOST, port=port, title="advisor")


Handler = Callable[["web.Request"], Awaitable["web.StreamResponse"]]


def _guarded(port: int) -> Callable[[web.Request, Handler], Awaitable[web.StreamResponse]]:
    """Lets through what was meant for this server, from a page of this server."""
    hosts = {f"{name}:{port}" for name in NAMES} | ({*NAMES} if port == 80 else set())
    origins = {f"http://{host}" for host in hosts}

    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        from aiohttp import web

        origin = request.headers.get("Origin")
        if request.host not in hosts or (origin is not None and origin not in origins):
            raise web.HTTPForbidden(text="this server is for pages of its own")
        return await handler(request)

    return guard
