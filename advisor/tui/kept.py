"""`python -m advisor.tui.kept ARGUMENTS` is `advisor ARGUMENTS` for as long as its standard input
stays open: a command that the interface started ends with it, whatever ended that."""

from __future__ import annotations

import os
import runpy
import signal
import threading
import time

PATIENCE = 10.0
"""seconds that a command may take to end its workers"""


def _end_with_input() -> None:
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(PATIENCE)
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_end_with_input, daemon=True).start()
    runpy.run_module("advisor.cli", run_name="__main__", alter_sys=True)
