"""From a session's story to what its report says."""

from __future__ import annotations

from advisor.report.gather.control import control
from advisor.report.gather.cost import elapsed, spent
from advisor.report.gather.differences import differences
from advisor.report.gather.head import data, head
from advisor.report.gather.learning import course, curves
from advisor.report.gather.outcomes import outcomes, verdict
from advisor.report.gather.repeat import repeat
from advisor.report.gather.symptoms import doubts, symptoms
from advisor.report.gather.visits import visits
from advisor.report.model import Probe, Report
from advisor.report.replay import Story

__all__ = ["gather"]


def gather(story: Story) -> Report:
    """Everything that the report of this session says."""
    state = story.state
    found, visited = outcomes(state), visits(story)
    probes = (step for visit in visited for step in visit.steps if isinstance(step, Probe))
    return Report(
        head(story, verdict(state, found, story.record.openings)),
        data(story),
        found,
        doubts(state),
        differences(state),
        visited,
        curves(state),
        course(story, visited),
        symptoms(state),
        tuple(probes),
        spent(story),
        elapsed(story),
        control(story.record.folder),
        repeat(story),
    )
