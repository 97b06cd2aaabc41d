"""The report of a session: one HTML file that answers what was done and how that is known.

`replay` tells a session again from its record, `gather` puts what it says into the plain values
of `model`, `charts` draws, and `page` lays out.
"""

from __future__ import annotations

from pathlib import Path

from advisor import files
from advisor.report.gather import gather
from advisor.report.page import render
from advisor.report.replay import Collector, Story, replay

__all__ = ["FILE", "Collector", "Story", "replay", "write"]

FILE = "report.html"
"""In the session's folder."""


def write(story: Story, out: Path | None = None) -> Path:
    """Write the report of a session; returns where it is. Raises OSError."""
    path = out or story.record.folder / FILE
    files.write_text(path, render(gather(story)))
    return path
