"""The trials of one search on disk: JSON lines, the first of which says what search it is.

A line is on disk before the next trial begins, so that a search which is killed loses at most the
trial that it was at, whose training goes on from its last checkpoint.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from advisor.control.trial import ControlTrial
from advisor.files import write_text
from advisor.runner import UserError

FORMAT = 1


class ControlError(UserError):
    """A control cannot be made, or taken up, as asked; the message is for people."""


class Journal:
    """The lines of one search."""

    def __init__(self, path: Path, about: Mapping[str, Any]) -> None:
        """Take up what is there, or begin. `about` must be what the search was begun with.

        Raises ControlError.
        """
        self.path = path
        head = json.loads(json.dumps({"format": FORMAT, **about}))
        lines = _whole_lines(path)
        try:
            found = [json.loads(line) for line in lines]
            self.trials = [ControlTrial.of(raw) for raw in found[1:]]
        except (ValueError, KeyError, TypeError) as error:
            raise ControlError(f"{path} is damaged ({error}); {self._begin_anew}") from error
        if found and found[0] != head:
            differs = ", ".join(sorted(k for k in head if found[0].get(k) != head[k]))
            raise ControlError(
                f"{path} holds a search that was begun otherwise ({differs}); {self._begin_anew}"
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, "".join(f"{line}\n" for line in lines or [json.dumps(head)]))

    @property
    def _begin_anew(self) -> str:
        return f"to begin anew, delete it and the folder {self.path.with_suffix('')}"

    def check(self, number: int, change: Mapping[str, Any] | None) -> None:
        """Raise ControlError unless this is what was tried as this trial."""
        if json.loads(json.dumps(change)) != self.trials[number].change:
            raise ControlError(
                f"{self.path}: this version of the program would have tried something else as "
                f"trial {number}; {self._begin_anew}"
            )

    def append(self, trial: ControlTrial) -> None:
        """Write one line; it is on disk when this returns."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(trial.as_dict()) + "\n")
            file.flush()
            os.fsync(file.fileno())


def _whole_lines(path: Path) -> list[str]:
    """A last line that a kill has torn is passed over."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    return text[: text.rfind("\n") + 1].splitlines()
