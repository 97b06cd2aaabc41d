"""`advisor tui`: the terminal session."""

from __future__ import annotations

import argparse
import gc
import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.cli import options
from advisor.cli.commands import Commands, add_command, refuse
from advisor.cli.errors import CliError

if TYPE_CHECKING:
    from advisor.tui.opening import Opening
    from advisor.tui.picker.entries import Kind

THEMES = ("dark", "light", "contrast")
PORT = 8000
WEB = "TEXTUAL_DRIVER"
"""is set where a browser is the terminal"""
OF_NEW = (
    *("--set", "--device", "--deterministic", "--backend", "--seed", "--budget", "--workers"),
    *("--out", "--rules", "--no-experience"),
)
"""Options that a session is begun with, and keeps."""
ABOUT = """\
Tunes a recipe together with you: shows the training under way, what it shows symptoms of, and
what the rules propose next and why; you accept, edit, refuse, or hand over to the autopilot. It
is the same session as that of `advisor auto`, in the same folder, and either goes on with what the
other began. The session runs in a process of its own, which closing the terminal does not end:
`advisor tui DIR` comes back to it. Without an argument it asks what to work on.

With a DIR it attaches to that session, under way or not; with a LOG it watches the log of a
training. F1 on any screen says what its keys do."""

EXAMPLES = """\
  advisor tui                                      pick a recipe, an example or a recent session
  advisor tui recipe.yaml --budget 40e
  advisor tui recipe.yaml --backend jax --set optimizer.lr=0.01
  advisor tui runs/digits-20250131-120000          come back to a session
  advisor tui trainer_state.json                   watch the log of a training
  advisor tui --serve                              the same in a browser, on this machine only
"""


def add(commands: Commands) -> None:
    parser = add_command(commands, "tui", "tune in the terminal", ABOUT, EXAMPLES, execute)
    parser.add_argument(
        "what",
        metavar="RECIPE|DIR|LOG",
        type=Path,
        nargs="?",
        help="a recipe to tune, a session's folder, or the log of a training",
    )
    options.add_changes(parser)
    options.add_backend(parser)
    options.add_seed(parser)
    options.add_budget(parser)
    parser.add_argument(
        "--workers",
        metavar="N",
        type=options.count,
        default=1,
        help="trainings side by side, each in a process of its own (default 1)",
    )
    options.add_out(parser, "the session")
    options.add_rules(parser)
    parser.add_argument(
        "--no-experience",
        dest="experience",
        action="store_false",
        help="do not use what was learned of the rules in earlier sessions, nor learn",
    )
    parser.add_argument(
        "--autopilot", action="store_true", help="let it decide by itself from the start; A ends it"
    )
    parser.add_argument(
        "--theme", choices=THEMES, help="colours (default: dark, contrast where there are only 16)"
    )
    parser.add_argument(
        "--serve",
        action="store_true",
        help="show it in a browser instead, on the loopback address only",
    )
    parser.add_argument(
        "--port",
        metavar="N",
        type=options.port,
        default=PORT,
        help=f"of --serve (default {PORT})",
    )


def execute(arguments: argparse.Namespace) -> int:
    if arguments.serve:
        _opening(arguments)  # what is wrong with it is told here, not to each visit
        return _serve(arguments)
    refuse(arguments, ("--port",), "without --serve")
    opening = _opening(arguments)
    check_terminal()
    return start(opening)


def check_terminal() -> None:
    """Raise CliError where no screen can be drawn."""
    if os.environ.get(WEB):
        return
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise CliError(
            "advisor tui needs a terminal; standard input or output is none\n"
            "without one: advisor auto RECIPE"
        )
    if os.environ.get("TERM", "") in ("", "dumb"):
        raise CliError(
            "advisor tui needs a terminal that can draw, and TERM says that this one cannot\n"
            "in this one: advisor auto RECIPE"
        )


def start(opening: Opening) -> int:
    """Run the app, and say how to come back."""
    from advisor.cli.output import say

    gc.disable()  # what is imported stays; the app turns it on again when it is on the screen
    from advisor.tui.app import AdvisorApp

    app = AdvisorApp(opening)
    app.run()
    for client in app.clients[-1:]:
        told = "the session" if client.finished() else "come back with"
        place = str(client.folder)
        say(f"{told}  {place if client.finished() else f'advisor tui {shlex.quote(place)}'}")
    return app.return_code or 0


def opening_without_options() -> Opening:
    """For `advisor` alone: the picker."""
    from advisor.tui.opening import Opening

    return Opening()


def _opening(arguments: argparse.Namespace) -> Opening:
    from advisor.host.client import NewSession
    from advisor.tui.opening import Opening
    from advisor.tui.picker.entries import kind_of

    what: Path | None = arguments.what
    kind = None if what is None else kind_of(what)
    if kind == "folder" or (what is not None and kind != "recipe" and not what.exists()):
        found = "holds no session and no log" if kind == "folder" else "is not there"
        raise CliError(f"{what} {found}; name a recipe, a session's folder or a log")
    _check_form(arguments, kind)
    options.check_once(arguments.changes, "train.seed", arguments.seed, "--seed")
    options.check_once(arguments.changes, "tune.budget", arguments.budget, "--budget")
    new = NewSession(
        recipe=what or Path(),
        overrides=arguments.changes,
        seed=arguments.seed,
        budget=arguments.budget,
        backend=arguments.backend,
        device=arguments.device,
        deterministic=arguments.deterministic,
        workers=arguments.workers,
        rules=arguments.rules,
        out=arguments.out,
        trust=arguments.trust,
        experience=arguments.experience,
        autopilot=arguments.autopilot,
    )
    return Opening(
        recipe=what if kind == "recipe" else None,
        folder=what if kind == "session" else None,
        log=what if kind == "log" else None,
        options=new,
        theme=f"advisor-{arguments.theme}" if arguments.theme else "",
    )


def _check_form(arguments: argparse.Namespace, kind: Kind | None) -> None:
    """Raise CliError for options that mean nothing to what was named."""
    from advisor.host import presence

    what = arguments.what
    if kind == "session":
        why = f"with {what}: a session goes on as it was begun; allowed: "
        refuse(arguments, OF_NEW, why + "--trust, --autopilot, --theme, --serve")
        if presence.ended(what) == "finished":
            why = f"with {what}: this session has ended; allowed: --theme, --serve"
            refuse(arguments, ("--trust", "--autopilot"), why)
    elif kind == "log":
        why = f"with {what}: a log is watched, nothing is trained; allowed: --theme, --serve"
        refuse(arguments, (*OF_NEW, "--trust", "--autopilot"), why)


def _serve(arguments: argparse.Namespace) -> int:
    from advisor.tui.serve import ServeError, serve, shown_words

    try:
        serve(shown_words(sys.argv[1:]), arguments.port)
    except ServeError as error:
        raise CliError(str(error)) from error
    return 0
