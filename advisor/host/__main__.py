"""`python -m advisor.host ANSWER`: a session's host; what it is to do comes on standard input.

Front ends start it by `advisor.host.client`.
"""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

from advisor.host.answer import Answer
from advisor.host.watched import Stopped
from advisor.mistakes import explained

INTERRUPTED, FAILED = 130, 2
ENDS = ("SIGINT", "SIGTERM", "SIGHUP")


def main() -> int:
    """Serve one session; returns the exit code."""
    wanted, answer = json.load(sys.stdin), Answer(Path(sys.argv[1]))
    for name in ENDS:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _end)
    try:
        from advisor.host.serving import serve

        serve(wanted, answer)
    except Stopped as stop:
        if not answer.given:
            answer.give({"error": stop.why, "kind": "stopped", "detail": ""})
        return INTERRUPTED
    except Exception as error:
        found = explained(error)
        if not answer.given:
            kind = "held" if type(error).__name__ == "HeldError" else found.kind
            answer.give({"error": found.message, "kind": kind, "detail": found.detail})
        sys.stderr.write(f"{found.message}\n{found.detail}".rstrip() + "\n")
        return FAILED
    return 0


def _end(signum: int, frame: object) -> None:
    """The first request to end is heard; more would only cut short what it set off."""
    for name in ENDS:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    raise Stopped


if __name__ == "__main__":
    sys.exit(main())
